namespace Api.Http;

/// <summary>The section <c>Site</c> of the configuration: the public addresses of the API and the web site.</summary>
sealed class SiteOptions
{
    const string SlugPlaceholder = "{slug}";

    /// <summary>The address of this API as its callers see it. A slash at its end does not matter.</summary>
    public string ApiUrl
    {
        get;
        set => field = value.TrimEnd('/');
    } = "http://localhost:5080";

    /// <summary>
    /// The address of an article's page on the web site, with <c>{slug}</c> in place of its slug; <c>null</c> for the
    /// API's own.
    /// </summary>
    public string? ArticleUrl { get; set; }

    /// <summary>The title of the feeds.</summary>
    public string FeedTitle { get; set; } = "Health articles";

    /// <summary>The address of an article's page.</summary>
    public string UrlOfArticle(string slug) =>
        ArticleUrl?.Replace(SlugPlaceholder, slug, StringComparison.Ordinal) ?? $"{ApiUrl}/v1/articles/{slug}";

    /// <summary>The web site's home page.</summary>
    public string HomeUrl => new Uri(UrlOfArticle("x")).GetLeftPart(UriPartial.Authority) + "/";

    /// <summary>The path under which the API is served; empty when it has a host for itself.</summary>
    public PathString Prefix => PathPrefix.Read(new Uri(ApiUrl).AbsolutePath) ?? PathString.Empty;

    /// <summary>Whether no other machine can reach the API by its public address.</summary>
    public bool IsLocal => new Uri(ApiUrl).IsLoopback;

    public IEnumerable<string> FindMistakes()
    {
        if (!IsApiUrl(ApiUrl))
            yield return Settings.DescribeMistake(
                "Site:ApiUrl",
                ApiUrl,
                "an absolute URL like https://www.example.com/api"
            );
        if (ArticleUrl is not null && !IsArticleUrl(ArticleUrl))
            yield return Settings.DescribeMistake(
                "Site:ArticleUrl",
                ArticleUrl,
                "an absolute URL with {slug} in it, like https://www.example.com/articles/{slug}"
            );
        if (string.IsNullOrWhiteSpace(FeedTitle))
            yield return Settings.DescribeMistake("Site:FeedTitle", FeedTitle, "a text");
    }

    static bool IsApiUrl(string text) =>
        IsHttp(text, out var url)
        && url is { Query: "", Fragment: "", UserInfo: "" }
        && (url.AbsolutePath == "/" || PathPrefix.Read(url.AbsolutePath) is not null);

    bool IsArticleUrl(string template) =>
        template.Contains(SlugPlaceholder, StringComparison.Ordinal) && IsHttp(UrlOfArticle("x"), out _);

    static bool IsHttp(string text, out Uri url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url!)
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}
