using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Http;
using Api.Http.Caching;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Api.Articles;

static class ArticleEndpoints
{
    const string CacheTag = "articles";

    public static void MapArticles(this IEndpointRouteBuilder routes)
    {
        var articles = routes.MapGroup("/articles").WithTags("Articles").Cached(CacheTag, "limit", "cursor", "tag");
        articles.MapGet("/", ListAsync).WithName("listArticles").Paged();
        articles.MapGet("/feed.json", JsonFeedAsync).WithName("getJsonFeed");
        articles.MapGet("/feed.atom", AtomFeedAsync).WithName("getAtomFeed");
        articles.MapGet("/{slug}", GetAsync).WithName("getArticle");

        routes.MapGroup("/tags").WithTags("Articles").Cached(CacheTag)
            .MapGet("/", TagsAsync).WithName("listTags");
    }

    /// <summary>Lists or searches articles</summary>
    /// <remarks>
    /// Published articles without their texts, newest first. With `q` it is a full-text search, best match first: every
    /// word of `q` must occur in the title, the summary or the text, in any grammatical form, with or without accents; the
    /// last word may be the beginning of one. A word in the title counts for more than one in the summary, and that for more
    /// than one in the text. Any characters are safe in `q`; there are no operators. Nothing found is an empty list.
    /// </remarks>
    /// <param name="limit">How many items a page has at most, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the page before. Leave it out for the first page.</param>
    /// <param name="tag">Only articles that have this tag.</param>
    /// <param name="q">
    /// What to search for, at most 200 characters. Spaces, punctuation and symbols separate words. In a
    /// script without spaces, a run of characters is one word, and only its beginning is found.
    /// </param>
    /// <param name="store"></param>
    /// <param name="search"></param>
    /// <param name="site"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<ArticleSummary>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>> ListAsync(
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit, string? cursor, string? tag, [MaxLength(ArticleSearch.LongestQuery)] string? q,
        ArticleStore store, ArticleSearch search, IOptions<SiteOptions> site, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError?[] errors =
        [
            Paging.CheckLimit(limit),
            q?.Length > ArticleSearch.LongestQuery ? FieldError.ForParameter("q", ProblemText.Get("TooLong", "q", ArticleSearch.LongestQuery)) : null,
        ];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;

        if (tag is "") tag = null;
        var now = time.GetCurrentInstant();
        var filters = $"articles\n{tag}\n{q}";
        if (!Paging.TryReadCursor(cursor, filters, parts: 2, out var key)) return Problems.BadCursor();
        var size = limit ?? Paging.DefaultLimit;
        http.FreshUntil(now, await store.NextPublicationAsync(now, ct));

        ArticleSummary WithUrl(ArticleSummary article) => article with { Url = site.Value.UrlOfArticle(article.Slug) };
        if (q is null)
        {
            (Instant, string)? after = null;
            if (key is not null)
            {
                if (!InstantPattern.ExtendedIso.Parse(key[0]).TryGetValue(default, out var instant)) return Problems.BadCursor();
                after = (instant, key[1]);
            }
            var articles = await store.ListAsync(now, tag, after, size + 1, ct);
            return TypedResults.Ok(Paging.Page(http, [.. articles.Select(WithUrl)], size,
                last => Paging.Cursor(filters, InstantPattern.ExtendedIso.Format(last.PublishedAt), last.Slug)));
        }
        else
        {
            (double, long)? after = null;
            if (key is not null)
            {
                if (!double.TryParse(key[0], CultureInfo.InvariantCulture, out var score) ||
                    !long.TryParse(key[1], CultureInfo.InvariantCulture, out var id))
                {
                    return Problems.BadCursor();
                }

                after = (score, id);
            }
            var matches = await search.FindAsync(now, q, tag, after, size + 1, ct);
            var page = Paging.Page(http, matches, size, last => Paging.Cursor(filters,
                last.Key.Score.ToString("R", CultureInfo.InvariantCulture), last.Key.Id.ToString(CultureInfo.InvariantCulture)));
            return TypedResults.Ok(new Page<ArticleSummary>([.. page.Items.Select(match => WithUrl(match.Article))], page.NextCursor));
        }
    }

    /// <summary>Reads an article</summary>
    /// <remarks>One published article with its text, as Markdown and as HTML that is safe to put into a page, and its outline.</remarks>
    /// <param name="slug">The article's slug, as the list has it.</param>
    /// <param name="store"></param>
    /// <param name="site"></param>
    /// <param name="time"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Article>, Problem<Problems.NotFound>>> GetAsync(
        string slug, ArticleStore store, IOptions<SiteOptions> site, TimeProvider time, CancellationToken ct) =>
        await store.FindAsync(slug, time.GetCurrentInstant(), ct) is { } article
            ? TypedResults.Ok(article with { Url = site.Value.UrlOfArticle(slug) })
            : Problems.NoSuch("article", slug);

    /// <summary>Lists the tags</summary>
    /// <remarks>Every tag that a published article has, by name, with the number of those articles.</remarks>
    static async Task<Ok<Page<Tag>>> TagsAsync(ArticleStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, await store.NextPublicationAsync(now, ct));
        return TypedResults.Ok(new Page<Tag>(await store.TagsAsync(now, ct), null));
    }

    /// <summary>Reads the articles as a JSON Feed</summary>
    /// <remarks>The newest 20 articles with their texts as a JSON Feed 1.1 (https://jsonfeed.org/version/1.1).</remarks>
    static async Task<JsonFeedResult> JsonFeedAsync(
        ArticleStore store, IOptions<SiteOptions> site, TimeProvider time, HttpContext http, CancellationToken ct) =>
        new(ArticleFeed.Json(site.Value, await NewestAsync(store, time, http, ct)));

    /// <summary>Reads the articles as an Atom feed</summary>
    /// <remarks>The newest 20 articles with their texts as an Atom feed (RFC 4287).</remarks>
    static async Task<AtomFeedResult> AtomFeedAsync(
        ArticleStore store, IOptions<SiteOptions> site, TimeProvider time, HttpContext http, CancellationToken ct) =>
        new(ArticleFeed.Atom(site.Value, await NewestAsync(store, time, http, ct)));

    static async Task<IReadOnlyList<Article>> NewestAsync(ArticleStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, await store.NextPublicationAsync(now, ct));
        return await store.NewestAsync(now, ArticleFeed.Length, ct);
    }
}
