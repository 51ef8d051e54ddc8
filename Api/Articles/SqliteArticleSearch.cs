using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Articles;

/// <summary>
/// Full-text search over articles with SQLite's FTS5. The SQL in this file runs on no other database.
/// </summary>
sealed partial class SqliteArticleSearch(Database db)
{
    /// <summary>The longest query, in UTF-16 units.</summary>
    public const int LongestQuery = 200;

    // Enough to reach every form of a word that is nearly complete. Shorter beginnings are found by the prefix itself.
    const int MaxCompletions = 24;

    // These control characters surround each match in a snippet until the text is escaped.
    const char MatchStart = '\u0002';
    const char MatchEnd = '\u0003';

    // The rows that ArticleStore.IsPublic leaves out: few, and found through an index.
    const string IsHidden = "(a.published_at IS NULL OR a.published_at > @now)";

    /// <summary>
    /// Finds the public articles in which every word of <paramref name="query"/> occurs in any of its forms. The last
    /// word may be incomplete. The best matches come first: title before summary before text.
    /// </summary>
    public async Task<IReadOnlyList<ArticleMatch>> FindAsync(
        Instant now,
        string query,
        string? tag,
        (double Score, long Id)? after,
        int limit,
        CancellationToken ct
    )
    {
        var words = SplitWords(query);
        if (words.Count == 0)
            return [];

        return await db.ReadAsync(
            async connection =>
            {
                var completions = await ListCompletionsAsync(connection, FoldWord(words[^1]), ct);
                var matches = await connection.QueryAsync<ArticleSummary, ArticleMatchKey, ArticleMatch>(
                    new CommandDefinition(
                        $"""
                        WITH page AS MATERIALIZED (
                            SELECT s.rowid AS id, s.rank AS score,
                                   snippet(article_search, -1, @matchStart, @matchEnd, '…', 24) AS snippet
                            FROM article_search s
                            WHERE article_search MATCH @expression
                              AND s.rank MATCH 'bm25(10.0, 4.0, 1.0)'
                              -- A join would be slower: it reads the article of every match before it ranks them.
                              AND s.rowid NOT IN (SELECT a.id FROM articles a WHERE {IsHidden})
                              AND (@tag IS NULL
                                   OR EXISTS (SELECT 1 FROM article_tags t
                                       WHERE t.tag = @tag AND t.article_id = s.rowid))
                              AND (@id IS NULL OR (s.rank, s.rowid) > (@score, @id))
                            -- FTS5 sorts by rank alone itself, equal ranks by rowid. It makes snippets of
                            -- this page only.
                            ORDER BY s.rank
                            LIMIT @limit
                        )
                        SELECT {ArticleStore.SummaryColumns}, p.snippet, p.score, p.id
                        FROM page p
                        JOIN articles a ON a.id = p.id
                        WHERE {ArticleStore.IsPublic}
                        ORDER BY p.score, p.id
                        """,
                        new
                        {
                            now,
                            tag,
                            limit,
                            expression = BuildExpression(words, completions),
                            score = after?.Score,
                            id = after?.Id,
                            matchStart = MatchStart.ToString(),
                            matchEnd = MatchEnd.ToString(),
                        },
                        cancellationToken: ct
                    ),
                    (article, key) => new ArticleMatch(article with { Snippet = ToHtml(article.Snippet!) }, key),
                    splitOn: "score"
                );
                return matches.AsList();
            },
            ct
        );
    }

    static Task<IEnumerable<string>> ListCompletionsAsync(
        DbConnection connection,
        string prefix,
        CancellationToken ct
    ) =>
        connection.QueryAsync<string>(
            new CommandDefinition(
                "SELECT word FROM article_words WHERE word > @prefix AND word < @end ORDER BY word LIMIT "
                    + "@MaxCompletions",
                new
                {
                    prefix,
                    end = prefix + char.MaxValue,
                    MaxCompletions,
                },
                cancellationToken: ct
            )
        );

    /// <summary>Replaces an article's words in the index, inside <see cref="Database.WriteAsync"/>.</summary>
    public static Task IndexAsync(DbConnection connection, long id, string title, string summary, string body)
    {
        var words = SplitWords($"{title} {summary} {body}").Select(FoldWord).Distinct(StringComparer.Ordinal);
        return connection.ExecuteAsync(
            """
            DELETE FROM article_search WHERE rowid = @id;
            INSERT INTO article_search (rowid, title, summary, body) VALUES (@id, @title, @summary, @body);
            INSERT INTO article_words (word) SELECT value FROM json_each(@words) WHERE true ON CONFLICT DO NOTHING;
            """,
            new
            {
                id,
                title,
                summary,
                body = BlankPattern().Replace(body, " "),
                words = (IReadOnlyList<string>)[.. words],
            }
        );
    }

    // FTS5 reads a quoted string as a phrase, and a word contains no quotation mark. So nothing that a caller sends is
    // read as an operator.
    static string BuildExpression(List<string> words, IEnumerable<string> completions)
    {
        var complete = words.SkipLast(1).Select(word => $"\"{word}\"");
        var last = completions.Select(word => $"\"{word}\"").Prepend($"\"{words[^1]}\" *");
        return string.Join(" AND ", complete.Append($"({string.Join(" OR ", last)})"));
    }

    static List<string> SplitWords(string text) => [.. WordPattern().Matches(text).Select(match => match.Value)];

    static string FoldWord(string word)
    {
        var characters = word.Normalize(NormalizationForm.FormD)
            .Where(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark);
        return string.Concat(characters).ToLowerInvariant();
    }

    static string ToHtml(string snippet) =>
        WebUtility
            .HtmlEncode(snippet)
            .Replace(MatchStart.ToString(), "<mark>", StringComparison.Ordinal)
            .Replace(MatchEnd.ToString(), "</mark>", StringComparison.Ordinal);

    // Letters and digits of any script with their marks. The tokenizer decides the finer points.
    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")]
    private static partial Regex WordPattern();

    // White space, and the control characters that surround a match.
    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex BlankPattern();
}

/// <summary>An article that a search found, with its sort key.</summary>
sealed record ArticleMatch(ArticleSummary Article, ArticleMatchKey Key);

/// <summary>The sort key of a match. A lower score is a better match.</summary>
sealed record ArticleMatchKey
{
    public required double Score { get; init; }
    public required long Id { get; init; }
}
