using System.Data.Common;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Api.Data;
using NodaTime;

namespace Api.Articles;

/// <summary>
/// Full-text search over articles. Each engine has its own index and ranking. Both split and fold words in the same way
/// and find the same articles.
/// </summary>
abstract partial class ArticleSearch
{
    /// <summary>The longest query, in UTF-16 units.</summary>
    public const int LongestQuery = 200;

    // Enough to reach every form of a word that is nearly complete. Shorter beginnings are found by the prefix itself.
    protected const int MaxCompletions = 24;

    // These control characters surround each match in a snippet until the text is escaped.
    protected const char MatchStart = '\u0002';
    protected const char MatchEnd = '\u0003';

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
        return words.Count == 0 ? [] : await FindAsync(now, words, tag, after, limit, ct);
    }

    protected abstract Task<IReadOnlyList<ArticleMatch>> FindAsync(
        Instant now,
        List<string> words,
        string? tag,
        (double Score, long Id)? after,
        int limit,
        CancellationToken ct
    );

    /// <summary>Replaces an article's words in the index, inside <see cref="Database.WriteAsync"/>.</summary>
    public abstract Task IndexAsync(DbConnection connection, long id, string title, string summary, string body);

    protected static List<string> SplitWords(string text) =>
        [.. WordPattern().Matches(text).Select(match => match.Value)];

    /// <summary>A word in lower case and without diacritics.</summary>
    protected static string FoldWord(string word)
    {
        var characters = word.Normalize(NormalizationForm.FormD)
            .Where(c => CharUnicodeInfo.GetUnicodeCategory(c) != UnicodeCategory.NonSpacingMark);
        return string.Concat(characters).ToLowerInvariant();
    }

    /// <summary>Removes line breaks, and the control characters that surround a match.</summary>
    protected static string ToOneLine(string text) => BlankPattern().Replace(text, " ");

    protected static string ToHtml(string snippet) =>
        WebUtility
            .HtmlEncode(snippet)
            .Replace(MatchStart.ToString(), "<mark>", StringComparison.Ordinal)
            .Replace(MatchEnd.ToString(), "</mark>", StringComparison.Ordinal);

    // Letters and digits of any script with their marks. The tokenizer decides the finer points.
    [GeneratedRegex(@"[\p{L}\p{N}][\p{L}\p{N}\p{M}]*")]
    protected static partial Regex WordPattern();

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
