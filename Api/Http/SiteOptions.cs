namespace Api.Http;

/// <summary>The section <c>Site</c> of the configuration: where people and programs find what is served here.</summary>
sealed class SiteOptions
{
    /// <summary>This API's own address as its callers see it. A slash at its end does not matter.</summary>
    public string ApiUrl { get; set; } = "http://localhost:5080";

    /// <summary>The page of an article on the web site; <c>{slug}</c> stands for its slug.</summary>
    public string ArticleUrl { get; set; } = "http://localhost:5080/v1/articles/{slug}";

    /// <summary>What the feeds are called.</summary>
    public string FeedTitle { get; set; } = "Health articles";

    /// <summary>The page of one article.</summary>
    public string UrlOfArticle(string slug) => ArticleUrl.Replace("{slug}", slug, StringComparison.Ordinal);

    /// <summary>The web site's first page.</summary>
    public string HomeUrl => new Uri(UrlOfArticle("x")).GetLeftPart(UriPartial.Authority) + "/";

    /// <summary>The path in front of all of this API's own, when it has none of a host for itself.</summary>
    public PathString Prefix => PathPrefix.Read(new Uri(ApiUrl).AbsolutePath) ?? PathString.Empty;

    /// <exception cref="StartupFault">A value makes no sense.</exception>
    public void Check()
    {
        ApiUrl = ApiUrl.TrimEnd('/');
        Require(IsHttp(ApiUrl, out var api) && api.Query == "" && api.Fragment == "" && api.UserInfo == "" &&
            (api.AbsolutePath == "/" || PathPrefix.Read(api.AbsolutePath) is not null),
            "Site:ApiUrl", "an absolute URL like https://www.example.com/api");
        Require(ArticleUrl.Contains("{slug}", StringComparison.Ordinal) && IsHttp(UrlOfArticle("x"), out _),
            "Site:ArticleUrl", "an absolute URL with {slug} in it, like https://www.example.com/articles/{slug}");
        Require(!string.IsNullOrWhiteSpace(FeedTitle), "Site:FeedTitle", "a text");

        static bool IsHttp(string text, out Uri url) =>
            Uri.TryCreate(text, UriKind.Absolute, out url!) && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);

        static void Require(bool holds, string setting, string rule)
        {
            if (!holds) throw new StartupFault($"{setting} must be {rule}: correct it.");
        }
    }
}
