using System.Text.Json.Serialization;
using NodaTime;

namespace Api.Articles;

/// <summary>What a list tells of an article, and the article itself too.</summary>
public abstract record ArticleHead
{
    /// <summary>What identifies the article: lower-case letters, digits and hyphens, at most 64. It never changes.</summary>
    public required string Slug { get; init; }

    /// <summary>The headline, plain text.</summary>
    public required string Title { get; init; }

    /// <summary>One or two sentences on what the article says, plain text.</summary>
    public required string Summary { get; init; }

    /// <summary>The topics, as <c>/v1/tags</c> lists them: lower-case letters, digits and hyphens, at most 64. May be empty.</summary>
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Who wrote it; <c>null</c> when no author is named.</summary>
    public required string? Author { get; init; }

    /// <summary>Since when the article is public, UTC.</summary>
    public required Instant PublishedAt { get; init; }

    /// <summary>When its text, title or tags last changed, UTC; never before <c>publishedAt</c>.</summary>
    public required Instant UpdatedAt { get; init; }

    /// <summary>How long reading it takes, in whole minutes at 200 words a minute, rounded up.</summary>
    public required int ReadingMinutes { get; init; }

    /// <summary>The article's page on the web site, absolute.</summary>
    public string Url { get; init; } = "";
}

/// <summary>An article in a list, without its text.</summary>
public sealed record ArticleSummary : ArticleHead
{
    /// <summary>
    /// Only in the answer to a search, otherwise <c>null</c>: the passage that fits best, as HTML in which each match stands
    /// in a <c>mark</c> element and everything else is escaped.
    /// </summary>
    [JsonPropertyOrder(1)]
    public string? Snippet { get; init; }
}

/// <summary>An article with its text.</summary>
public sealed record Article : ArticleHead
{
    /// <summary>The text as it was written: CommonMark with pipe tables. Not sanitised.</summary>
    [JsonPropertyOrder(1)]
    public required string Markdown { get; init; }

    /// <summary>
    /// The text as HTML that can be put into a page as it is: sanitised, so without scripts, event handlers, styles and
    /// <c>javascript:</c> links. Cells of a table are aligned by the attribute <c>align</c>. Every heading carries the
    /// <c>id</c> that <c>sections</c> names.
    /// </summary>
    [JsonPropertyOrder(2)]
    public required string Html { get; init; }

    /// <summary>The outline: every heading of the text, in its order.</summary>
    [JsonPropertyOrder(3)]
    public required IReadOnlyList<Section> Sections { get; init; }
}

/// <summary>A heading of an article.</summary>
/// <param name="Level">1 to 6, as in HTML. The title of the article is not among them.</param>
/// <param name="Heading">The heading, plain text.</param>
/// <param name="Anchor">The heading's <c>id</c> in <c>html</c>, unique within the article and the same as long as the heading is.</param>
public sealed record Section(int Level, string Heading, string Anchor);

/// <summary>A topic, and how many published articles have it.</summary>
public sealed record Tag
{
    /// <summary>The topic's name, as articles carry it and the parameter <c>tag</c> takes it.</summary>
    public required string Name { get; init; }

    /// <summary>The number of published articles, at least 1.</summary>
    public required int Count { get; init; }
}

/// <summary>An article as it is written, before anything is made of it.</summary>
sealed record ArticleDraft(
    string Slug, string Title, string Summary, IReadOnlyList<string> Tags, string? Author, Instant? PublishedAt, string Markdown);
