using System.Data.Common;
using System.Text;
using System.Text.RegularExpressions;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Articles;

/// <summary>
/// Full-text search with PostgreSQL's <c>tsvector</c>. Its terms are those of SQLite, since PostgreSQL's own parser and
/// stemmers would find other articles.
/// </summary>
sealed class PostgresArticleSearch(Database db, SearchTerms terms) : ArticleSearch
{
    // Longer than any query. PostgreSQL takes no term of more than 2 KB.
    const int LongestTerm = 255;

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
                var stems = Stem([.. words]);
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
        string[] stems,
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
        string[] words =
        [
            .. SplitWords($"{title} {summary} {line}")
                .Select(word => Shorten(FoldWord(word)))
                .Distinct(StringComparer.Ordinal)
                // In one order, so that two writers do not wait for each other.
                .Order(StringComparer.Ordinal),
        ];
        await connection.ExecuteAsync(
            """
            INSERT INTO article_words (word, stem)
            SELECT word, stem FROM unnest(@words, @stems) AS w (word, stem)
            ON CONFLICT (word) DO NOTHING
            """,
            new { words, stems = Stem(words) }
        );

        var texts = terms.Split([title, summary, line]);
        var indexed = texts.SelectMany(text => text.Select(term => (Term: Shorten(term), Weight: "ABD"[text.Key])));
        var vector = indexed.Select((entry, i) => $"{Quote(entry.Term)}:{i + 1}{entry.Weight}");
        await connection.ExecuteAsync(
            """
            INSERT INTO article_search (article_id, title, summary, body, words)
            VALUES (@id, @title, @summary, @line, @vector::tsvector)
            ON CONFLICT (article_id) DO UPDATE SET
                title = excluded.title, summary = excluded.summary, body = excluded.body, words = excluded.words
            """,
            new
            {
                id,
                title,
                summary,
                line,
                vector = string.Join(' ', vector),
            }
        );
    }

    /// <summary>The stem of each word. The tokenizer can find more than one term in a word of a rare script.</summary>
    string[] Stem(string[] words)
    {
        var split = terms.Split(words);
        return [.. words.Select((_, i) => Shorten(string.Join(' ', split[i])))];
    }

    static string Shorten(string text) => text.Length <= LongestTerm ? text : text[..LongestTerm];

    static string Quote(string term) =>
        $"'{term.Replace("\\", @"\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    // The tokenizer finds nothing in a word of letters that it does not know. Such a word is ignored, as in SQLite.
    static string BuildExpression(string[] stems, IEnumerable<string> completions)
    {
        var complete = stems.SkipLast(1).Where(stem => stem != "").Select(stem => Phrase(stem));
        var last = completions
            .Select(stem => Phrase(stem))
            .Concat(stems[^1] == "" ? [] : [Phrase(stems[^1], isPrefix: true)])
            .ToArray();
        return string.Join(" & ", last is [] ? complete : complete.Append($"({string.Join(" | ", last)})"));
    }

    // The terms of a word follow each other.
    static string Phrase(string stem, bool isPrefix = false)
    {
        var phrase = string.Join(" <-> ", stem.Split(' ').Select(Quote));
        return isPrefix ? $"({phrase}:*)" : $"({phrase})";
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
        readonly MatchCollection words;
        readonly Match[] matches;
        readonly int first;

        public Snippet(string text, Predicate<string> isMatch)
        {
            this.text = text;
            words = WordPattern().Matches(text);
            int[] all = [.. Enumerable.Range(0, words.Count).Where(i => isMatch(words[i].Value))];
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
            first = Math.Max(0, Math.Min(first, words.Count - SnippetWords));
            matches = [.. all.Where(i => i >= first && i < first + SnippetWords).Select(i => words[i])];
        }

        /// <summary>How many different words in it match.</summary>
        public int DifferentMatches { get; }

        public string Mark()
        {
            var last = Math.Min(first + SnippetWords, words.Count);
            var isStart = first == 0;
            var isEnd = last == words.Count;
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
