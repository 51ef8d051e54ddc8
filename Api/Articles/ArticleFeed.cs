using System.Reflection;
using System.ServiceModel.Syndication;
using System.Text;
using System.Text.Json.Serialization;
using System.Xml;
using Api.Http;
using Microsoft.AspNetCore.Http.Metadata;
using NodaTime;

namespace Api.Articles;

/// <summary>The newest articles for feed readers.</summary>
static class ArticleFeed
{
    /// <summary>The largest number of articles in a feed.</summary>
    public const int Length = 20;

    // A random value that must never change: with another one, feed readers would show every article as new.
    static readonly Guid Namespace = new("7c0de2a8-2f0c-4f5b-9a41-6f0d3b1c8e57");

    public static JsonFeed BuildJson(SiteOptions site, IReadOnlyList<Article> articles) =>
        new()
        {
            Title = site.FeedTitle,
            HomePageUrl = site.HomeUrl,
            FeedUrl = $"{site.ApiUrl}/v1/articles/feed.json",
            Items =
            [
                .. articles.Select(article => new JsonFeedItem
                {
                    Id = BuildId($"articles/{article.Slug}"),
                    Url = site.UrlOfArticle(article.Slug),
                    Title = article.Title,
                    Summary = article.Summary,
                    ContentHtml = ArticleText.ResolveAddresses(article.Html, site.UrlOfArticle(article.Slug)),
                    DatePublished = article.PublishedAt,
                    DateModified = article.UpdatedAt,
                    Tags = article.Tags,
                    Authors = article.Author is null ? null : [new JsonFeedAuthor(article.Author)],
                }),
            ],
        };

    public static SyndicationFeed BuildAtom(SiteOptions site, IReadOnlyList<Article> articles)
    {
        var self = new Uri($"{site.ApiUrl}/v1/articles/feed.atom");
        var updates = articles.Select(article => article.UpdatedAt);
        var feed = new SyndicationFeed(site.FeedTitle, null, new Uri(site.HomeUrl))
        {
            Id = BuildId("feed"),
            // Atom requires a date. An empty feed always has the same one.
            LastUpdatedTime = updates.DefaultIfEmpty(Instant.FromUnixTimeSeconds(0)).Max().ToDateTimeOffset(),
            Items = [.. articles.Select(article => BuildEntry(site, article))],
        };
        feed.Links.Add(SyndicationLink.CreateSelfLink(self, "application/atom+xml"));
        // RFC 4287, 4.1.1: the feed needs an author unless every entry has one.
        feed.Authors.Add(new SyndicationPerson { Name = site.FeedTitle });
        return feed;
    }

    static SyndicationItem BuildEntry(SiteOptions site, Article article)
    {
        var url = new Uri(site.UrlOfArticle(article.Slug));
        var html = ArticleText.ResolveAddresses(article.Html, url.OriginalString);
        var item = new SyndicationItem
        {
            Id = BuildId($"articles/{article.Slug}"),
            Title = new TextSyndicationContent(KeepXmlCharacters(article.Title)),
            Summary = new TextSyndicationContent(KeepXmlCharacters(article.Summary)),
            Content = new TextSyndicationContent(KeepXmlCharacters(html), TextSyndicationContentKind.Html),
            PublishDate = article.PublishedAt.ToDateTimeOffset(),
            LastUpdatedTime = article.UpdatedAt.ToDateTimeOffset(),
        };
        item.Links.Add(SyndicationLink.CreateAlternateLink(url, "text/html"));
        foreach (var tag in article.Tags)
            item.Categories.Add(new SyndicationCategory(tag));
        if (article.Author is not null)
            item.Authors.Add(new SyndicationPerson { Name = KeepXmlCharacters(article.Author) });
        return item;
    }

    // RFC 4287, 4.2.6: an id stays the same when the site moves.
    static string BuildId(string name) => $"urn:uuid:{NameUuid.Create(Namespace, name)}";

    // XML 1.0 does not allow every character. One that is not allowed must not break the whole feed.
    static string KeepXmlCharacters(string text)
    {
        var allowed = text.EnumerateRunes()
            .Where(rune => rune.Value > 0xFFFF || XmlConvert.IsXmlChar((char)rune.Value));
        return string.Concat(allowed);
    }
}

/// <summary>A JSON Feed 1.1.</summary>
public sealed record JsonFeed
{
    /// <summary>The version of the format.</summary>
    [JsonPropertyName("version")]
    public string Version { get; } = "https://jsonfeed.org/version/1.1";

    /// <summary>The feed's title.</summary>
    [JsonPropertyName("title")]
    public required string Title { get; init; }

    /// <summary>The URL of the web site's home page.</summary>
    [JsonPropertyName("home_page_url")]
    public required string HomePageUrl { get; init; }

    /// <summary>The URL of this feed.</summary>
    [JsonPropertyName("feed_url")]
    public required string FeedUrl { get; init; }

    /// <summary>The articles, newest first.</summary>
    [JsonPropertyName("items")]
    public required IReadOnlyList<JsonFeedItem> Items { get; init; }
}

/// <summary>An article in a JSON Feed.</summary>
public sealed record JsonFeedItem
{
    /// <summary>The article's identifier. It stays the same when the web site moves.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary>The URL of the article's page on the web site.</summary>
    [JsonPropertyName("url")]
    public required string Url { get; init; }

    /// <summary>The headline.</summary>
    [JsonPropertyName("title")]
    public required string Title { get; init; }

    /// <summary>One or two sentences about the article.</summary>
    [JsonPropertyName("summary")]
    public required string Summary { get; init; }

    /// <summary>The text as sanitized HTML with absolute links.</summary>
    [JsonPropertyName("content_html")]
    public required string ContentHtml { get; init; }

    /// <summary>When the article became public (UTC).</summary>
    [JsonPropertyName("date_published")]
    public required Instant DatePublished { get; init; }

    /// <summary>When the article last changed (UTC).</summary>
    [JsonPropertyName("date_modified")]
    public required Instant DateModified { get; init; }

    /// <summary>The topics.</summary>
    [JsonPropertyName("tags")]
    public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>The author; absent when none is named, as the format requires.</summary>
    [JsonPropertyName("authors"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required IReadOnlyList<JsonFeedAuthor>? Authors { get; init; }
}

/// <summary>An author in a JSON Feed.</summary>
/// <param name="Name">The author's name.</param>
public sealed record JsonFeedAuthor([property: JsonPropertyName("name")] string Name);

/// <summary>A response with status 200 and a JSON Feed.</summary>
sealed class JsonFeedResult(JsonFeed feed) : IResult, IEndpointMetadataProvider
{
    const string MediaType = "application/feed+json";

    public Task ExecuteAsync(HttpContext httpContext) =>
        TypedResults.Json(feed, contentType: MediaType).ExecuteAsync(httpContext);

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(JsonFeed), [MediaType]));
}

/// <summary>A response with status 200 and an Atom feed.</summary>
sealed class AtomFeedResult(SyndicationFeed feed) : IResult, IEndpointMetadataProvider
{
    const string MediaType = "application/atom+xml";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        using var text = new MemoryStream();
        var settings = new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = true };
        using (var xml = XmlWriter.Create(text, settings))
            feed.GetAtom10Formatter().WriteTo(xml);
        return TypedResults.Bytes(text.ToArray(), MediaType + "; charset=utf-8").ExecuteAsync(httpContext);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [MediaType]));
}
