using System.Data.Common;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Articles;

/// <summary>Full-text search with SQLite's FTS5.</summary>
sealed class SqliteArticleSearch(Database db) : ArticleSearch
{
    // The rows that ArticleStore.IsPublic leaves out: few, and found through an index.
    const string IsHidden = "(a.published_at IS NULL OR a.published_at > @now)";

    protected override async Task<IReadOnlyList<ArticleMatch>> FindAsync(
        Instant now,
        List<string> words,
        string? tag,
        (double Score, long Id)? after,
        int limit,
        CancellationToken ct
    ) =>
        await db.ReadAsync(
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

    public override Task IndexAsync(DbConnection connection, long id, string title, string summary, string body)
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
                body = ToOneLine(body),
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
}
