using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Api.Articles;

static class ArticleEndpoints
{
    const string About = "What the clinic publishes: lists, full-text search, single articles, and feeds.";

    const int LongestTag = 64;

    public static void MapArticles(this IEndpointRouteBuilder routes)
    {
        var articles = routes.MapGroup("/articles").WithTag("Articles", About).Cached("limit", "cursor", "tag");
        articles.MapGet("/", ListAsync).WithName("listArticles").Paged();
        articles.MapGet("/feed.json", GetJsonFeedAsync).WithName("getJsonFeed");
        articles.MapGet("/feed.atom", GetAtomFeedAsync).WithName("getAtomFeed");
        articles.MapGet("/{slug}", GetAsync).WithName("getArticle");

        var tags = routes.MapGroup("/tags").WithTag("Articles", About).Cached();
        tags.MapGet("/", ListTagsAsync).WithName("listTags");
    }

    /// <summary>List or search articles</summary>
    /// <remarks>
    /// Returns published articles without their texts. Without `q` the newest come first. With `q` the list is a
    /// full-text search, and the best matches come first.
    ///
    /// A search finds articles in which every word of `q` occurs, in the title, the summary or the text. It finds every
    /// grammatical form of a word, with or without accents. The last word may be incomplete. A match in the title
    /// counts for more than one in the summary, and that for more than one in the text. All characters are allowed in
    /// `q`; there are no operators. When nothing is found, the list is empty.
    /// </remarks>
    /// <param name="limit" example="20">The largest number of items on a page, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the previous page. Leave it out for the first page.</param>
    /// <param name="tag" example="anxiety">Returns only articles with this tag.</param>
    /// <param name="q" example="anxiety">
    /// The words to search for, at most 200 characters. Spaces, punctuation and symbols separate words. In a script
    /// without spaces, a run of characters is one word, and only its beginning is found.
    /// </param>
    static async Task<
        Results<Ok<Page<ArticleSummary>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>
    > ListAsync(
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit,
        [MaxLength(1000)] string? cursor,
        [MaxLength(LongestTag)] string? tag,
        [MaxLength(ArticleSearch.LongestQuery)] string? q,
        ArticleStore store,
        ArticleSearch search,
        IOptions<SiteOptions> site,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors =
        [
            Paging.CheckLimit(limit),
            TextRules.CheckText("tag", tag, LongestTag),
            TextRules.CheckText("q", q, ArticleSearch.LongestQuery),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        if (tag is "")
            tag = null;
        var list = $"articles\n{tag}\n{q}";
        if (!Paging.TryReadCursor(cursor, list, parts: 2, out var key))
            return Problems.BadCursor();

        var request = new ListRequest(time.GetCurrentInstant(), tag, limit ?? Paging.DefaultLimit, list, key);
        http.FreshUntil(request.Now, await store.FindNextPublicationAsync(request.Now, ct));
        var page = q is null
            ? await ListNewestAsync(request, store, http, ct)
            : await SearchAsync(request, q, search, http, ct);
        if (page is null)
            return Problems.BadCursor();

        var items = page.Items.Select(article => article with { Url = site.Value.UrlOfArticle(article.Slug) });
        return TypedResults.Ok(page with { Items = [.. items] });
    }

    /// <returns><c>null</c> when the cursor's key is not one of this list.</returns>
    static async Task<Page<ArticleSummary>?> ListNewestAsync(
        ListRequest request,
        ArticleStore store,
        HttpContext http,
        CancellationToken ct
    )
    {
        (Instant PublishedAt, string Slug)? after = null;
        if (request.CursorKey is [var publishedAt, var slug])
        {
            if (!InstantPattern.ExtendedIso.Parse(publishedAt).TryGetValue(default, out var instant))
                return null;
            after = (instant, slug);
        }

        var articles = await store.ListAsync(request.Now, request.Tag, after, request.Limit + 1, ct);
        return Paging.Page(
            http,
            articles,
            request.Limit,
            last => Paging.Cursor(request.List, InstantPattern.ExtendedIso.Format(last.PublishedAt), last.Slug)
        );
    }

    /// <inheritdoc cref="ListNewestAsync"/>
    static async Task<Page<ArticleSummary>?> SearchAsync(
        ListRequest request,
        string q,
        ArticleSearch search,
        HttpContext http,
        CancellationToken ct
    )
    {
        (double Score, long Id)? after = null;
        if (request.CursorKey is [var scoreText, var idText])
        {
            if (!double.TryParse(scoreText, CultureInfo.InvariantCulture, out var score))
                return null;
            if (!long.TryParse(idText, CultureInfo.InvariantCulture, out var id))
                return null;
            after = (score, id);
        }

        var matches = await search.FindAsync(request.Now, q, request.Tag, after, request.Limit + 1, ct);
        var page = Paging.Page(
            http,
            matches,
            request.Limit,
            last =>
                Paging.Cursor(
                    request.List,
                    last.Key.Score.ToString("R", CultureInfo.InvariantCulture),
                    last.Key.Id.ToString(CultureInfo.InvariantCulture)
                )
        );
        return new Page<ArticleSummary>([.. page.Items.Select(match => match.Article)], page.NextCursor);
    }

    /// <summary>A valid request for a page of articles.</summary>
    /// <param name="Now">The time that decides which articles are public.</param>
    /// <param name="Tag">The tag that the articles must have, or <c>null</c>.</param>
    /// <param name="Limit">The largest number of items on the page.</param>
    /// <param name="List">The list with its filters. A cursor is only valid for the list that it was made for.</param>
    /// <param name="CursorKey">
    /// The sort key of the last item of the previous page, or <c>null</c> for the first page.
    /// </param>
    sealed record ListRequest(Instant Now, string? Tag, int Limit, string List, string[]? CursorKey);

    /// <summary>Get an article</summary>
    /// <remarks>
    /// Returns one published article with its outline and its text, both as Markdown and as sanitized HTML that is safe
    /// to put into a page.
    /// </remarks>
    /// <param name="slug" example="understanding-anxiety">The article's slug, as in the list of articles.</param>
    static async Task<Results<Ok<Article>, Problem<Problems.NotFound>>> GetAsync(
        [MaxLength(64)] string slug,
        ArticleStore store,
        IOptions<SiteOptions> site,
        TimeProvider time,
        CancellationToken ct
    ) =>
        await store.FindAsync(slug, time.GetCurrentInstant(), ct) is { } article
            ? TypedResults.Ok(article with { Url = site.Value.UrlOfArticle(slug) })
            : Problems.NoSuch("article", slug);

    /// <summary>List the tags</summary>
    /// <remarks>
    /// Returns the tags of all published articles in alphabetical order, each with its number of articles.
    /// </remarks>
    static async Task<Ok<WholeList<Tag>>> ListTagsAsync(
        ArticleStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, await store.FindNextPublicationAsync(now, ct));
        return TypedResults.Ok(new WholeList<Tag>(await store.ListTagsAsync(now, ct)));
    }

    /// <summary>Get the newest articles as a JSON Feed</summary>
    /// <remarks>
    /// Returns the 20 newest articles with their texts as a JSON Feed 1.1 (https://jsonfeed.org/version/1.1).
    /// </remarks>
    static async Task<JsonFeedResult> GetJsonFeedAsync(
        ArticleStore store,
        IOptions<SiteOptions> site,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    ) => new(ArticleFeed.BuildJson(site.Value, await ListForFeedAsync(store, time, http, ct)));

    /// <summary>Get the newest articles as an Atom feed</summary>
    /// <remarks>Returns the 20 newest articles with their texts as an Atom feed (RFC 4287).</remarks>
    static async Task<AtomFeedResult> GetAtomFeedAsync(
        ArticleStore store,
        IOptions<SiteOptions> site,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    ) => new(ArticleFeed.BuildAtom(site.Value, await ListForFeedAsync(store, time, http, ct)));

    static async Task<IReadOnlyList<Article>> ListForFeedAsync(
        ArticleStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, await store.FindNextPublicationAsync(now, ct));
        return await store.ListWithTextAsync(now, ArticleFeed.Length, ct);
    }
}
