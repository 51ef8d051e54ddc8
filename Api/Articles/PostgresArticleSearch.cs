using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Articles;

/// <summary>
/// Full-text search with PostgreSQL's <c>tsvector</c>. Words are split and folded here and only stemmed by PostgreSQL,
/// whose parser would split them in another way than SQLite.
/// </summary>
sealed class PostgresArticleSearch(Database db) : ArticleSearch
{
    // Longer than any query. PostgreSQL takes no word of more than 2 KB.
    const int LongestWord = 255;

    const int SnippetWords = 24;

    // D, C, B, A: body, nothing, summary, title.
    static readonly float[] Weights = [0.1f, 0.1f, 0.4f, 1.0f];

    protected override Task<IReadOnlyList<ArticleMatch>> FindAsync(
        Instant now,
        List<string> words,
        string? tag,
        (double Score, long Id)? after,
        int limit,
        CancellationToken ct
    ) =>
        db.ReadAsync<IReadOnlyList<ArticleMatch>>(
            async connection =>
            {
                var stems = (
                    await connection.QueryAsync<string>(
                        new CommandDefinition(
                            "SELECT article_stem(word) FROM unnest(@words) WITH ORDINALITY AS w (word, n) ORDER BY n",
                            new { words = words.Select(FoldWord).ToArray() },
                            cancellationToken: ct
                        )
                    )
                ).AsList();
                var completions = await ListCompletionsAsync(connection, FoldWord(words[^1]), ct);
                var rows = await connection.QueryAsync<ArticleSummary, IndexedText, ArticleMatchKey, Found>(
                    new CommandDefinition(
                        $"""
                        WITH page AS MATERIALIZED (
                            SELECT m.id, m.score
                            FROM (SELECT s.article_id AS id,
                                         -ts_rank(@Weights, s.words, @expression::tsquery, 1)::double precision AS score
                                  FROM article_search s
                                  JOIN articles a ON a.id = s.article_id
                                  WHERE s.words @@ @expression::tsquery AND {ArticleStore.IsPublic}
                                    AND (@tag IS NULL
                                         OR EXISTS (SELECT 1 FROM article_tags t
                                             WHERE t.tag = @tag AND t.article_id = s.article_id))) m
                            WHERE @id IS NULL OR (m.score, m.id) > (@score, @id)
                            ORDER BY m.score, m.id
                            LIMIT @limit
                        )
                        SELECT {ArticleStore.SummaryColumns},
                               s.title AS indexed_title, s.summary AS indexed_summary, s.body, p.score, p.id
                        FROM page p
                        JOIN articles a ON a.id = p.id
                        JOIN article_search s ON s.article_id = p.id
                        ORDER BY p.score, p.id
                        """,
                        new
                        {
                            now,
                            tag,
                            limit,
                            expression = BuildExpression(stems, completions.Select(word => word.Stem)),
                            Weights,
                            score = after?.Score,
                            id = after?.Id,
                        },
                        cancellationToken: ct
                    ),
                    (article, text, key) => new Found(article, text, key),
                    splitOn: "indexed_title,score"
                );
                var matching = await ListMatchingWordsAsync(connection, stems, completions, ct);
                // Most words come again and again.
                var isMatch = new Dictionary<string, bool>(StringComparer.Ordinal);
                return
                [
                    .. rows.Select(row =>
                    {
                        var snippet = ToHtml(row.Text.MakeSnippet(IsMatch));
                        return new ArticleMatch(row.Article with { Snippet = snippet }, row.Key);
                    }),
                ];

                bool IsMatch(string word)
                {
                    if (!isMatch.TryGetValue(word, out var known))
                        isMatch[word] = known = matching.Contains(Shorten(FoldWord(word)));
                    return known;
                }
            },
            ct
        );

    static async Task<List<IndexedWord>> ListCompletionsAsync(
        DbConnection connection,
        string prefix,
        CancellationToken ct
    ) =>
        (
            await connection.QueryAsync<IndexedWord>(
                new CommandDefinition(
                    """
                    SELECT word, stem
                    FROM article_words
                    WHERE word > @prefix AND word < @end
                    ORDER BY word
                    LIMIT @MaxCompletions
                    """,
                    new
                    {
                        prefix,
                        end = prefix + char.MaxValue,
                        MaxCompletions,
                    },
                    cancellationToken: ct
                )
            )
        ).AsList();

    /// <summary>The words of all articles that the query finds, to mark them in snippets.</summary>
    static async Task<HashSet<string>> ListMatchingWordsAsync(
        DbConnection connection,
        List<string> stems,
        IEnumerable<IndexedWord> completions,
        CancellationToken ct
    )
    {
        var words = await connection.QueryAsync<string>(
            new CommandDefinition(
                "SELECT word FROM article_words WHERE stem = ANY (@all) OR (stem >= @last AND stem < @end)",
                new
                {
                    all = stems.Concat(completions.Select(word => word.Stem)).ToArray(),
                    last = stems[^1],
                    end = stems[^1] + char.MaxValue,
                },
                cancellationToken: ct
            )
        );
        return words.ToHashSet(StringComparer.Ordinal);
    }

    public override async Task IndexAsync(DbConnection connection, long id, string title, string summary, string body)
    {
        var line = ToOneLine(body);
        var occurrences = SplitWords(title)
            .Select(word => (Word: word, Weight: 'A'))
            .Concat(SplitWords(summary).Select(word => (Word: word, Weight: 'B')))
            .Concat(SplitWords(line).Select(word => (Word: word, Weight: 'D')))
            .Select(pair => (Word: Shorten(FoldWord(pair.Word)), pair.Weight))
            .ToList();
        await connection.ExecuteAsync(
            """
            INSERT INTO article_words (word, stem)
            SELECT word, article_stem(word)
            FROM (SELECT DISTINCT word FROM unnest(@words) AS word) w
            -- In one order, so that two writers do not wait for each other.
            ORDER BY word
            ON CONFLICT (word) DO NOTHING
            """,
            new { words = occurrences.Select(occurrence => occurrence.Word).ToArray() }
        );
        await connection.ExecuteAsync(
            """
            INSERT INTO article_search (article_id, title, summary, body, words)
            SELECT @id, @title, @summary, @line,
                   coalesce(string_agg('''' || article_stem(o.word) || ''':' || o.position || o.weight, ' '), '')::tsvector
            FROM unnest(@words, @weights) WITH ORDINALITY AS o (word, weight, position)
            ON CONFLICT (article_id) DO UPDATE SET
                title = excluded.title, summary = excluded.summary, body = excluded.body, words = excluded.words
            """,
            new
            {
                id,
                title,
                summary,
                line,
                words = occurrences.Select(occurrence => occurrence.Word).ToArray(),
                weights = occurrences.Select(occurrence => occurrence.Weight.ToString()).ToArray(),
            }
        );
    }

    static string Shorten(string word) => word.Length <= LongestWord ? word : word[..LongestWord];

    // A word has letters and digits only, so nothing that a caller sends is read as an operator.
    static string BuildExpression(List<string> stems, IEnumerable<string> completions)
    {
        var complete = stems.SkipLast(1).Select(stem => $"'{stem}'");
        var last = completions.Select(stem => $"'{stem}'").Prepend($"'{stems[^1]}':*");
        return string.Join(" & ", complete.Append($"({string.Join(" | ", last)})"));
    }

    sealed record Found(ArticleSummary Article, IndexedText Text, ArticleMatchKey Key);

    sealed record IndexedWord
    {
        public required string Word { get; init; }
        public required string Stem { get; init; }
    }

    sealed record IndexedText
    {
        public required string IndexedTitle { get; init; }
        public required string IndexedSummary { get; init; }
        public required string Body { get; init; }

        /// <summary>The part of the text that has the most different matches, which are marked.</summary>
        public string MakeSnippet(Predicate<string> isMatch) =>
            new[] { IndexedTitle, IndexedSummary, Body }
                .Select(text => new Snippet(text, isMatch))
                .MaxBy(snippet => snippet.DifferentMatches)!
                .Mark();
    }

    /// <summary>The <see cref="SnippetWords"/> words in a row of a text that have the most different matches.</summary>
    sealed class Snippet
    {
        readonly string text;
        readonly Match[] words,
            matches;
        readonly int first;

        public Snippet(string text, Predicate<string> isMatch)
        {
            this.text = text;
            words = WordPattern().Matches(text).ToArray();
            int[] all = [.. Enumerable.Range(0, words.Length).Where(i => isMatch(words[i].Value))];
            for (var i = 0; i < all.Length; i++)
            {
                var end = all[i] + SnippetWords;
                var different = all.Skip(i)
                    .TakeWhile(match => match < end)
                    .DistinctBy(match => words[match].Value, StringComparer.OrdinalIgnoreCase)
                    .Count();
                if (different > DifferentMatches)
                    (DifferentMatches, first) = (different, all[i]);
            }
            // Near the end of the text it begins earlier.
            first = Math.Max(0, Math.Min(first, words.Length - SnippetWords));
            matches = [.. all.Where(i => i >= first && i < first + SnippetWords).Select(i => words[i])];
        }

        /// <summary>How many different words in it match.</summary>
        public int DifferentMatches { get; }

        public string Mark()
        {
            var last = Math.Min(first + SnippetWords, words.Length);
            var isStart = first == 0;
            var isEnd = last == words.Length;
            var position = isStart ? 0 : words[first].Index;
            var marked = new StringBuilder(isStart ? "" : "…");
            foreach (var match in matches)
            {
                marked.Append(text, position, match.Index - position);
                marked.Append(MatchStart).Append(match.Value).Append(MatchEnd);
                position = match.Index + match.Length;
            }
            var end = isEnd ? text.Length : words[last - 1].Index + words[last - 1].Length;
            return marked.Append(text, position, end - position).Append(isEnd ? "" : "…").ToString();
        }
    }
}
