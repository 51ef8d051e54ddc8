using System.Text.Json.Serialization;
using NodaTime;

namespace Api.Articles;

/// <summary>The part of an article that lists show too.</summary>
public abstract record ArticleHead
{
    /// <summary>
    /// The article's identifier: lower-case letters, digits and hyphens, at most 64 characters. It never changes.
    /// </summary>
    public required string Slug { get; init; }

    /// <summary>The headline in plain text.</summary>
    public required string Title { get; init; }

    /// <summary>One or two sentences about the article in plain text.</summary>
    public required string Summary { get; init; }

    /// <summary>
    /// The topics, as listed by <c>/v1/tags</c>: lower-case letters, digits and hyphens, at most 64 characters. May be
    /// empty.
    /// </summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The author; <c>null</c> when none is named.</summary>
    public required string? Author { get; init; }

    /// <summary>When the article became public (UTC).</summary>
    public required Instant PublishedAt { get; init; }

    /// <summary>When the article last changed (UTC); never before <c>publishedAt</c>.</summary>
    public required Instant UpdatedAt { get; init; }

    /// <summary>The reading time in whole minutes, at 200 words a minute, rounded up.</summary>
    public required int ReadingMinutes { get; init; }

    /// <summary>The absolute URL of the article's page on the web site.</summary>
    public string Url { get; init; } = "";
}

/// <summary>An article in a list, without its text.</summary>
public sealed record ArticleSummary : ArticleHead
{
    /// <summary>
    /// The passage that matches a search best; <c>null</c> without a search. It is HTML: each match is in a <c>mark</c>
    /// element, and everything else is escaped.
    /// </summary>
    [JsonPropertyOrder(1)]
    public string? Snippet { get; init; }
}

/// <summary>An article with its text.</summary>
public sealed record Article : ArticleHead
{
    /// <summary>The text as the author wrote it: CommonMark with pipe tables. It is not sanitized.</summary>
    [JsonPropertyOrder(1)]
    public required string Markdown { get; init; }

    /// <summary>
    /// The text as sanitized HTML, without scripts, event handlers, styles and <c>javascript:</c> links. It is safe to
    /// put into a page. The attribute <c>align</c> aligns the cells of tables. The <c>id</c> of each heading is its
    /// <c>anchor</c> in <c>sections</c>.
    /// </summary>
    [JsonPropertyOrder(2)]
    public required string Html { get; init; }

    /// <summary>The outline: all headings of the text in their order.</summary>
    [JsonPropertyOrder(3)]
    public required IReadOnlyList<Section> Sections { get; init; }
}

/// <summary>A heading of an article.</summary>
/// <param name="Level">The level, 1 to 6 as in HTML. The article's title is not among the headings.</param>
/// <param name="Heading">The heading in plain text.</param>
/// <param name="Anchor">
/// The heading's <c>id</c> in <c>html</c>. It is unique within the article, and stays the same as long as the heading
/// does.
/// </param>
public sealed record Section(int Level, string Heading, string Anchor);

/// <summary>A topic with its number of published articles.</summary>
public sealed record Tag
{
    /// <summary>The topic's name, as in an article's <c>tags</c> and in the parameter <c>tag</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The number of published articles, at least 1.</summary>
    public required int Count { get; init; }
}

/// <summary>An article as its author writes it.</summary>
sealed record ArticleDraft(
    string Slug,
    string Title,
    string Summary,
    IReadOnlyList<string> Tags,
    string? Author,
    Instant? PublishedAt,
    string Markdown
);
