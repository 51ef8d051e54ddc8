using System.Reflection;
using System.Security.Cryptography;
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
    /// <summary>How many articles a feed has at most.</summary>
    public const int Length = 20;

    // Chosen at random, once. With another one every article would be new to every reader.
    static readonly Guid Namespace = new("7c0de2a8-2f0c-4f5b-9a41-6f0d3b1c8e57");

    public static JsonFeed Json(SiteOptions site, IReadOnlyList<Article> articles) => new()
    {
        Title = site.FeedTitle,
        HomePageUrl = site.HomeUrl,
        FeedUrl = $"{site.ApiUrl}/v1/articles/feed.json",
        Items = [.. articles.Select(article => new JsonFeedItem
        {
            Id = Id($"articles/{article.Slug}"),
            Url = site.UrlOfArticle(article.Slug),
            Title = article.Title,
            Summary = article.Summary,
            ContentHtml = ArticleText.ResolveAddresses(article.Html, site.UrlOfArticle(article.Slug)),
            DatePublished = article.PublishedAt,
            DateModified = article.UpdatedAt,
            Tags = article.Tags,
            Authors = article.Author is null ? null : [new JsonFeedAuthor(article.Author)],
        })],
    };

    public static SyndicationFeed Atom(SiteOptions site, IReadOnlyList<Article> articles)
    {
        var self = new Uri($"{site.ApiUrl}/v1/articles/feed.atom");
        var feed = new SyndicationFeed(site.FeedTitle, null, new Uri(site.HomeUrl))
        {
            Id = Id("feed"),
            // Atom demands a date; of a feed without entries nothing is known, so it is the same every time.
            LastUpdatedTime = articles.Select(article => article.UpdatedAt).DefaultIfEmpty(Instant.FromUnixTimeSeconds(0)).Max().ToDateTimeOffset(),
            Items = [.. articles.Select(article => Entry(site, article))],
        };
        feed.Links.Add(SyndicationLink.CreateSelfLink(self, "application/atom+xml"));
        // RFC 4287, 4.1.1: an author here, unless every entry has one.
        feed.Authors.Add(new SyndicationPerson { Name = site.FeedTitle });
        return feed;
    }

    static SyndicationItem Entry(SiteOptions site, Article article)
    {
        var url = new Uri(site.UrlOfArticle(article.Slug));
        var item = new SyndicationItem
        {
            Id = Id($"articles/{article.Slug}"),
            Title = new TextSyndicationContent(Xml(article.Title)),
            Summary = new TextSyndicationContent(Xml(article.Summary)),
            Content = new TextSyndicationContent(
                Xml(ArticleText.ResolveAddresses(article.Html, url.OriginalString)), TextSyndicationContentKind.Html),
            PublishDate = article.PublishedAt.ToDateTimeOffset(),
            LastUpdatedTime = article.UpdatedAt.ToDateTimeOffset(),
        };
        item.Links.Add(SyndicationLink.CreateAlternateLink(url, "text/html"));
        foreach (var tag in article.Tags) item.Categories.Add(new SyndicationCategory(tag));
        if (article.Author is not null) item.Authors.Add(new SyndicationPerson { Name = Xml(article.Author) });
        return item;
    }

    // RFC 4287, 4.2.6: an id stays the same when the site moves, so it is made of the name alone (RFC 9562, 5.5: version 5).
    static string Id(string name)
    {
#pragma warning disable CA5350 // The standard names SHA-1; nothing rests on its strength.
        var id = SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        id[6] = (byte)((id[6] & 0x0F) | 0x50);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return $"urn:uuid:{new Guid(id, bigEndian: true)}";
    }

    // XML 1.0 cannot say every character; one that it cannot must not take the whole feed with it.
    static string Xml(string text) => string.Concat(text.EnumerateRunes()
        .Where(rune => rune.Value > 0xFFFF || XmlConvert.IsXmlChar((char)rune.Value)).Select(rune => rune.ToString()));
}

/// <summary>A JSON Feed 1.1.</summary>
public sealed record JsonFeed
{
    /// <summary>The version of the format.</summary>
    [JsonPropertyName("version")] public string Version { get; } = "https://jsonfeed.org/version/1.1";

    /// <summary>What the feed is called.</summary>
    [JsonPropertyName("title")] public required string Title { get; init; }

    /// <summary>The web site's first page.</summary>
    [JsonPropertyName("home_page_url")] public required string HomePageUrl { get; init; }

    /// <summary>This feed's own address.</summary>
    [JsonPropertyName("feed_url")] public required string FeedUrl { get; init; }

    /// <summary>The articles, newest first.</summary>
    [JsonPropertyName("items")] public required IReadOnlyList<JsonFeedItem> Items { get; init; }
}

/// <summary>An article in a JSON Feed.</summary>
public sealed record JsonFeedItem
{
    /// <summary>What identifies the article. It stays the same when the web site moves.</summary>
    [JsonPropertyName("id")] public required string Id { get; init; }

    /// <summary>The article's page on the web site.</summary>
    [JsonPropertyName("url")] public required string Url { get; init; }

    /// <summary>The headline.</summary>
    [JsonPropertyName("title")] public required string Title { get; init; }

    /// <summary>One or two sentences.</summary>
    [JsonPropertyName("summary")] public required string Summary { get; init; }

    /// <summary>The text, sanitised, with absolute links.</summary>
    [JsonPropertyName("content_html")] public required string ContentHtml { get; init; }

    /// <summary>Since when it is public.</summary>
    [JsonPropertyName("date_published")] public required Instant DatePublished { get; init; }

    /// <summary>When it last changed.</summary>
    [JsonPropertyName("date_modified")] public required Instant DateModified { get; init; }

    /// <summary>Its topics.</summary>
    [JsonPropertyName("tags")] public required IReadOnlyList<string> Tags { get; init; }

    /// <summary>Who wrote it; absent when nobody is named, as the format has it.</summary>
    [JsonPropertyName("authors"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public required IReadOnlyList<JsonFeedAuthor>? Authors { get; init; }
}

/// <summary>An author in a JSON Feed.</summary>
/// <param name="Name">The author's name.</param>
public sealed record JsonFeedAuthor([property: JsonPropertyName("name")] string Name);

/// <summary>200 with a JSON Feed.</summary>
sealed class JsonFeedResult(JsonFeed feed) : IResult, IEndpointMetadataProvider
{
    const string MediaType = "application/feed+json";

    public Task ExecuteAsync(HttpContext httpContext) => TypedResults.Json(feed, contentType: MediaType).ExecuteAsync(httpContext);

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(JsonFeed), [MediaType]));
}

/// <summary>200 with an Atom feed.</summary>
sealed class AtomFeedResult(SyndicationFeed feed) : IResult, IEndpointMetadataProvider
{
    const string MediaType = "application/atom+xml";

    public Task ExecuteAsync(HttpContext httpContext)
    {
        using var text = new MemoryStream();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = true }))
            feed.GetAtom10Formatter().WriteTo(xml);
        return TypedResults.Bytes(text.ToArray(), MediaType + "; charset=utf-8").ExecuteAsync(httpContext);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(string), [MediaType]));
}
