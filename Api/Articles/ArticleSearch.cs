using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Api.Data;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Articles;

/// <summary>Full-text search over articles. SQL of SQLite's FTS5, and of no other database, is here only.</summary>
sealed partial class ArticleSearch(Database db)
{
    /// <summary>The longest query, in UTF-16 units.</summary>
    public const int LongestQuery = 200;

    // Enough to reach every form of a word that is nearly typed; the prefix itself covers the short ones.
    const int Completions = 24;

    // Stand where a match begins and ends until the text around them is escaped.
    const char Begin = '\u0002', End = '\u0003';

    /// <summary>
    /// Public articles in which every word of <paramref name="query"/> occurs, in any of its forms, the last one also as
    /// a prefix. Best first: title above summary above body.
    /// </summary>
    public async Task<IReadOnlyList<ArticleMatch>> FindAsync(
        Instant now, string query, string? tag, (double Score, long Id)? after, int limit, CancellationToken ct)
    {
        var words = Words(query);
        if (words.Count == 0) return [];

        await using var connection = await db.OpenAsync(ct);
        var completions = await connection.QueryAsync<string>(new CommandDefinition(
            "SELECT word FROM article_words WHERE word > @prefix AND word < @end ORDER BY word LIMIT @Completions",
            new { prefix = Fold(words[^1]), end = Fold(words[^1]) + char.MaxValue, Completions }, cancellationToken: ct));
        var rows = await connection.QueryAsync<ArticleSummary, ArticleMatchKey, ArticleMatch>(new CommandDefinition(
            $"""
            WITH page AS MATERIALIZED (
                SELECT s.rowid AS id, s.rank AS score, snippet(article_search, -1, @begin, @end, '…', 24) AS snippet
                FROM article_search s
                WHERE article_search MATCH @match
                  AND s.rank MATCH 'bm25(10.0, 4.0, 1.0)'
                  -- Not a join: fetching the article of every match would cost more than finding and ranking them all.
                  AND s.rowid NOT IN (SELECT a.id FROM articles a WHERE {ArticleStore.IsHidden})
                  AND (@tag IS NULL OR EXISTS (SELECT 1 FROM article_tags t WHERE t.tag = @tag AND t.article_id = s.rowid))
                  AND (@id IS NULL OR (s.rank, s.rowid) > (@score, @id))
                -- By rank alone FTS5 sorts by itself, equals by rowid, and makes snippets of this page only.
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
                match = Match(words, completions),
                score = after?.Score,
                id = after?.Id,
                begin = Begin.ToString(),
                end = End.ToString(),
            },
            cancellationToken: ct),
            (article, key) => new ArticleMatch(article with { Snippet = Mark(article.Snippet!) }, key), splitOn: "score");
        return [.. rows];
    }

    /// <summary>Puts an article's words into the index, in place of those it had.</summary>
    public static void Index(SqliteConnection connection, long id, string title, string summary, string body)
    {
        var words = Words($"{title} {summary} {body}").Select(Fold).Distinct(StringComparer.Ordinal);
        connection.Execute(
            """
            DELETE FROM article_search WHERE rowid = @id;
            INSERT INTO article_search (rowid, title, summary, body) VALUES (@id, @title, @summary, @body);
            INSERT INTO article_words (word) SELECT value FROM json_each(@words) WHERE true ON CONFLICT DO NOTHING;
            """,
            new { id, title, summary, body = Blank().Replace(body, " "), words = (IReadOnlyList<string>)[.. words] });
    }

    // A quoted string is a phrase to FTS5, whatever is in it, and a quotation mark cannot be in a word: nothing that a
    // caller sends is read as an operator.
    static string Match(List<string> words, IEnumerable<string> completions)
    {
        var all = words.Select(word => $"\"{word}\"");
        var last = completions.Select(word => $"\"{word}\"").Prepend($"\"{words[^1]}\" *");
        return string.Join(" AND ", all.SkipLast(1).Append($"({string.Join(" OR ", last)})"));
    }

    static List<string> Words(string text) => [.. Word().Matches(text).Select(match => match.Value)];

    static string Fold(string word) => string.Concat(word.Normalize(NormalizationForm.FormD)
        .Where(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark)).ToLowerInvariant();

    static string Mark(string snippet) => WebUtility.HtmlEncode(snippet)
        .Replace(Begin.ToString(), "<mark>", StringComparison.Ordinal)
        .Replace(End.ToString(), "</mark>", StringComparison.Ordinal);

    // Letters and digits of any script, with the marks that belong to them; the tokenizer decides the finer points.
    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")]
    private static partial Regex Word();

    // White space, and the control characters that mark matches.
    [GeneratedRegex(@"[\s\p{Cc}]+")]
    private static partial Regex Blank();
}

/// <summary>A found article with the key that it is sorted by.</summary>
sealed record ArticleMatch(ArticleSummary Article, ArticleMatchKey Key);

/// <summary>The lower the score, the better the match.</summary>
sealed record ArticleMatchKey
{
    public required double Score { get; init; }
    public required long Id { get; init; }
}
