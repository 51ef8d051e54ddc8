namespace Api.Http;

/// <summary>The section <c>Site</c> of the configuration: where people and programs find what is served here.</summary>
sealed class SiteOptions
{
    /// <summary>This API's own address as its callers see it, without a slash at the end.</summary>
    public string ApiUrl { get; set; } = "http://localhost:5080";

    /// <summary>The page of an article on the web site; <c>{slug}</c> stands for its slug.</summary>
    public string ArticleUrl { get; set; } = "http://localhost:5080/v1/articles/{slug}";

    /// <summary>What the feeds are called.</summary>
    public string FeedTitle { get; set; } = "Health articles";

    /// <summary>The page of one article.</summary>
    public string UrlOfArticle(string slug) => ArticleUrl.Replace("{slug}", slug, StringComparison.Ordinal);

    /// <summary>The web site's first page.</summary>
    public string HomeUrl => new Uri(UrlOfArticle("x")).GetLeftPart(UriPartial.Authority) + "/";
}
