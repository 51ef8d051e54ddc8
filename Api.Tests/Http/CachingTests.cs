using System.IO.Compression;
using Api.Articles;
using Api.Http.Caching;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Http;

public sealed class CachingTests : IAsyncLifetime
{
    readonly ApiFactory api = new();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    Task<int> RenameUnnoticedAsync(string name) =>
        api.ExecuteUnnoticedAsync("UPDATE locations SET name = @name WHERE slug = 'jonesboro'", new { name });

    async Task<string?> NameAsync(string query = "") =>
        (string?)(await api.GetAsync("/v1/locations/jonesboro" + query))["name"];

    [Fact]
    public async Task An_answer_is_cached_for_a_minute_and_no_longer()
    {
        // Only an answer from the cache has an age.
        async Task<TimeSpan?> AgeAsync()
        {
            using var response = await api.Client.GetAsync("/v1/locations/jonesboro");
            return response.Headers.Age;
        }
        Assert.Null(await AgeAsync());
        await api.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.NotNull(await AgeAsync());
        await api.AdvanceAsync(TimeSpan.FromSeconds(2));
        Assert.Null(await AgeAsync());
    }

    [Fact]
    public async Task An_unknown_parameter_does_not_bypass_the_cache()
    {
        Assert.Equal("Jonesboro", await NameAsync());
        await RenameUnnoticedAsync("Elsewhere");
        foreach (
            var query in new[]
            {
                "?x=1",
                "?X=2",
                "?utm_source=mail&x",
                "?limit=1",
                "?in=es",
                "?slug=paragould",
                "?=1",
                "?&&",
                "?%00=1",
            }
        )
            Assert.Equal("Jonesboro", await NameAsync(query));
        // A language has as many tags as one likes.
        var spanish = (string?)(await api.GetAsync("/v1/locations/jonesboro/hours?in=es"))["text"];
        await api.ExecuteUnnoticedAsync("DELETE FROM locations WHERE slug = 'jonesboro'");
        foreach (var tag in new[] { "es", "ES", "es-US", "es-x-1", "es-1234" })
            Assert.Equal(spanish, (string?)(await api.GetAsync($"/v1/locations/jonesboro/hours?in={tag}"))["text"]);
        await api.GetAsync("/v1/locations/jonesboro/hours?in=fr", 422);
        using var empty = await api.Client.GetAsync("/v1/locations/jonesboro/hours?in=");
        Assert.Equal((200, null), ((int)empty.StatusCode, empty.Headers.Age));
        // What another answer depends on is not in its link either.
        using var page = await api.Client.GetAsync("/v1/locations?limit=1&x=1&cursor=");
        Assert.Matches(
            "^</v1/locations\\?limit=1&cursor=[^&]+>; rel=\"next\"$",
            page.Headers.GetValues("Link").Single()
        );
    }

    [Fact]
    public void The_cache_knows_the_query_parameters_that_each_endpoint_declares()
    {
        var endpoints = api
            .App.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<CachedContent>() is not null)
            .ToDictionary(
                endpoint => endpoint.Metadata.GetRequiredMetadata<IEndpointNameMetadata>().EndpointName,
                endpoint => endpoint.Metadata.GetRequiredMetadata<QueryParameters>().Names
            );
        Assert.Equal(["near", "openAt", "include", "in", "limit", "cursor"], endpoints["listLocations"]);
        Assert.Equal(["limit", "cursor", "tag", "q"], endpoints["listArticles"]);
        Assert.Equal(["from", "to", "in"], endpoints["getLocationCalendar"]);
        Assert.Equal([], endpoints["getLocation"]);
        Assert.Equal([], endpoints["openapiJson"]);
    }

    [Theory]
    [
        InlineData("/v1/locations/jonesboro"),
        InlineData("/v1/articles?limit=2"),
        InlineData("/v1/status"),
        InlineData("/problems/busy"),
        InlineData("/v1/hours.ics")
    ]
    public async Task A_revalidation_warms_the_cache(string path)
    {
        using var first = await api.SendAsync(HttpMethod.Get, path);
        var (etag, body) = (first.Headers.ETag!.ToString(), await first.Content.ReadAsStringAsync());
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            await api.ForgetAnswersAsync();
            using var revalidated = await api.SendAsync(method, path, ("If-None-Match", etag));
            Assert.Equal(
                (304, etag, 0, null),
                (
                    (int)revalidated.StatusCode,
                    $"{revalidated.Headers.ETag}",
                    (await revalidated.Content.ReadAsByteArrayAsync()).Length,
                    revalidated.Content.Headers.ContentType
                )
            );
            Assert.Null(revalidated.Headers.Age);
            // From the cache, which alone says how old an answer is.
            using var cached = await api.SendAsync(HttpMethod.Get, path);
            Assert.Equal((200, body), ((int)cached.StatusCode, await cached.Content.ReadAsStringAsync()));
            Assert.NotNull(cached.Headers.Age);
        }
        await api.ForgetAnswersAsync();
        using var changed = await api.SendAsync(HttpMethod.Get, path, ("If-None-Match", "\"other\""));
        Assert.Equal((200, body), ((int)changed.StatusCode, await changed.Content.ReadAsStringAsync()));
    }

    [Theory]
    [
        InlineData("/v1/locations"),
        InlineData("/v1/articles?q=panic"),
        InlineData("/openapi.json"),
        InlineData("/v1/locations/nowhere"),
        InlineData("/health/live")
    ]
    public async Task The_directive_only_if_cached_is_not_an_error(string path)
    {
        using var usual = await api.SendAsync(HttpMethod.Get, path);
        foreach (var control in new[] { "only-if-cached", "max-stale=60, only-if-cached", "ONLY-IF-CACHED" })
        {
            await api.ForgetAnswersAsync();
            using var response = await api.SendAsync(HttpMethod.Get, path, ("Cache-Control", control));
            Assert.Equal(usual.StatusCode, response.StatusCode);
            Assert.Equal($"{usual.Headers.CacheControl}", $"{response.Headers.CacheControl}");
        }
    }

    [Fact]
    public void The_earliest_of_several_changes_limits_the_cache_in_any_order()
    {
        var now = Instant.FromDateTimeOffset(ApiFactory.Now);
        foreach (var seconds in new[] { new[] { 20, 40 }, [40, 20], [50, 20, 40], [90, 20] })
        {
            var http = new DefaultHttpContext();
            foreach (var second in seconds)
                http.FreshUntil(now, now + Duration.FromSeconds(second));
            http.FreshUntil(now, null);
            Assert.Equal(20, Freshness.MaxAge(http));
        }
    }

    [Fact]
    public async Task HEAD_fills_the_cache_for_GET()
    {
        (await api.SendAsync(HttpMethod.Head, "/v1/locations/jonesboro")).Dispose();
        await RenameUnnoticedAsync("Elsewhere");
        Assert.Equal("Jonesboro", await NameAsync());
    }

    [Fact]
    public async Task Errors_are_not_cached()
    {
        await api.GetAsync("/v1/locations/new", 404);
        await api.ExecuteAsync("UPDATE locations SET slug = 'new' WHERE slug = 'jonesboro'");
        await api.GetAsync("/v1/locations/new");
    }

    [Theory]
    [
        InlineData("br", "br"),
        InlineData("gzip", "gzip"),
        InlineData("gzip, br", "br"),
        InlineData("gzip;q=1, br;q=0.5", "gzip"),
        InlineData("identity", null)
    ]
    [InlineData("br;q=0", null), InlineData("zstd", null), InlineData("*", "br")]
    public async Task Large_bodies_are_compressed_as_requested_and_cached_compressed(string accept, string? encoding)
    {
        using var plain = await api.SendAsync(HttpMethod.Get, "/v1/hours");
        for (var i = 0; i < 2; i++)
        {
            using var response = await api.SendAsync(HttpMethod.Get, "/v1/hours", ("Accept-Encoding", accept));
            Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
            Assert.Contains("Accept-Encoding", response.Headers.Vary);
            Assert.Equal(encoding is null, plain.Headers.ETag!.Equals(response.Headers.ETag));
            await using var body = await response.Content.ReadAsStreamAsync();
            await using var decoded = encoding switch
            {
                "br" => new BrotliStream(body, CompressionMode.Decompress),
                "gzip" => new GZipStream(body, CompressionMode.Decompress),
                _ => body,
            };
            Assert.Equal(await plain.Content.ReadAsStringAsync(), await new StreamReader(decoded).ReadToEndAsync());
        }
    }

    [Fact]
    public async Task A_small_body_is_not_compressed()
    {
        using var response = await api.SendAsync(HttpMethod.Get, "/v1/locations/jonesboro", ("Accept-Encoding", "br"));
        Assert.Empty(response.Content.Headers.ContentEncoding);
    }

    [Fact]
    public async Task A_scheduled_article_appears_everywhere_on_time_and_max_age_ends_before_it()
    {
        var at = Instant.FromDateTimeOffset(ApiFactory.Now) + Duration.FromSeconds(20.5);
        await api.SaveArticlesAsync(
            new ArticleDraft("scheduled", "Scheduled zebra", "Soon", ["zebra-tag"], null, at, "Text"),
            new ArticleDraft("draft", "Draft zebra", "Never", ["zebra-tag"], null, null, "Text")
        );

        async Task<bool[]> SeenAsync(string slug) =>
            [
                (await api.GetAsync("/v1/articles"))["items"]!.AsArray().Any(a => (string?)a!["slug"] == slug),
                (await api.GetAsync("/v1/articles?tag=zebra-tag"))["items"]!
                    .AsArray()
                    .Any(a => (string?)a!["slug"] == slug),
                (await api.GetAsync("/v1/articles?q=zebra"))["items"]!.AsArray().Any(a => (string?)a!["slug"] == slug),
                (await api.GetAsync("/v1/tags"))["items"]!.AsArray().Any(t => (string?)t!["name"] == "zebra-tag")
                    && slug == "scheduled",
                (await api.GetAsync("/v1/articles/feed.json"))["items"]!
                    .AsArray()
                    .Any(a => ((string?)a!["url"])!.EndsWith("/" + slug, StringComparison.Ordinal)),
                (await api.Client.GetStringAsync("/v1/articles/feed.atom")).Contains(
                    $"/{slug}\"",
                    StringComparison.Ordinal
                ),
                (int)(await api.Client.GetAsync($"/v1/articles/{slug}")).StatusCode == 200,
            ];

        string[] kept =
        [
            "/v1/articles",
            "/v1/articles?tag=zebra-tag",
            "/v1/articles?q=zebra",
            "/v1/tags",
            "/v1/articles/feed.json",
            "/v1/articles/feed.atom",
        ];
        foreach (var path in kept)
        {
            using var response = await api.Client.GetAsync(path);
            Assert.Equal("public, max-age=20", response.Headers.CacheControl!.ToString());
        }
        Assert.All(await SeenAsync("scheduled"), Assert.False);

        await api.AdvanceAsync(TimeSpan.FromSeconds(20.1));
        foreach (var path in kept)
        {
            using var response = await api.Client.GetAsync(path);
            Assert.Equal("no-cache " + path, response.Headers.CacheControl + " " + path);
        }
        Assert.All(await SeenAsync("scheduled"), Assert.False);

        await api.AdvanceAsync(TimeSpan.FromSeconds(0.4));
        Assert.All(await SeenAsync("scheduled"), Assert.True);
        Assert.All(await SeenAsync("draft"), Assert.False);
        Assert.Equal(
            1,
            (int?)
                (await api.GetAsync("/v1/tags"))["items"]!.AsArray().Single(t => (string?)t!["name"] == "zebra-tag")![
                    "count"
                ]
        );
    }
}
