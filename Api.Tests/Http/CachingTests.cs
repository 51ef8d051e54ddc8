using System.IO.Compression;
using Api.Articles;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Http;

public sealed class CachingTests : IAsyncLifetime
{
    readonly ApiFactory api = new();

    public ValueTask InitializeAsync() => api.InitializeAsync();
    public ValueTask DisposeAsync() => api.DisposeAsync();

    Task<int> RenameAsync(string name) => api.Database.WriteAsync(c => c.Execute("UPDATE locations SET name = @name WHERE slug = 'jonesboro'", new { name }), default);

    async Task<string?> NameAsync(string query = "") => (string?)(await api.GetAsync("/v1/locations/jonesboro" + query))["name"];

    [Fact]
    public async Task An_answer_is_kept_for_its_minute_and_no_longer()
    {
        Assert.Equal("Jonesboro", await NameAsync());
        await RenameAsync("Elsewhere");
        Assert.Equal("Jonesboro", await NameAsync());
        Assert.Equal("Elsewhere", await NameAsync("?unknown=1"));
        api.Clock.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal("Elsewhere", await NameAsync());
    }

    [Fact]
    public async Task HEAD_fills_the_cache_for_GET()
    {
        (await api.SendAsync(HttpMethod.Head, "/v1/locations/jonesboro")).Dispose();
        await RenameAsync("Elsewhere");
        Assert.Equal("Jonesboro", await NameAsync());
    }

    [Fact]
    public async Task Errors_are_not_kept()
    {
        await api.GetAsync("/v1/locations/new", 404);
        await api.Database.WriteAsync(c => c.Execute("UPDATE locations SET slug = 'new' WHERE slug = 'jonesboro'"), default);
        await api.GetAsync("/v1/locations/new");
    }

    [Theory]
    [InlineData("br", "br"), InlineData("gzip", "gzip"), InlineData("gzip, br", "br"), InlineData("gzip;q=1, br;q=0.5", "gzip"), InlineData("identity", null)]
    [InlineData("br;q=0", null), InlineData("zstd", null), InlineData("*", "br")]
    public async Task Bodies_worth_it_are_compressed_as_asked_and_kept_compressed(string accept, string? encoding)
    {
        using var plain = await api.SendAsync(HttpMethod.Get, "/v1/hours");
        for (var i = 0; i < 2; i++)
        {
            using var response = await api.SendAsync(HttpMethod.Get, "/v1/hours", ("Accept-Encoding", accept));
            Assert.Equal(encoding, response.Content.Headers.ContentEncoding.SingleOrDefault());
            Assert.Contains("Accept-Encoding", response.Headers.Vary);
            Assert.Equal(encoding is null, plain.Headers.ETag!.Equals(response.Headers.ETag));
            await using var body = await response.Content.ReadAsStreamAsync();
            await using var decoded = encoding switch { "br" => new BrotliStream(body, CompressionMode.Decompress), "gzip" => new GZipStream(body, CompressionMode.Decompress), _ => body };
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
    public async Task A_scheduled_article_appears_everywhere_at_its_time_and_max_age_never_reaches_past_it()
    {
        var at = Instant.FromDateTimeOffset(ApiFactory.Now) + Duration.FromSeconds(20.5);
        var store = api.App.Services.GetRequiredService<ArticleStore>();
        await api.Database.WriteAsync(c =>
        {
            store.Save(c, new ArticleDraft("scheduled", "Scheduled zebra", "Soon", ["zebra-tag"], null, at, "Text"));
            store.Save(c, new ArticleDraft("draft", "Draft zebra", "Never", ["zebra-tag"], null, null, "Text"));
            return 0;
        }, default);

        async Task<bool[]> SeenAsync(string slug) =>
        [
            (await api.GetAsync("/v1/articles"))["items"]!.AsArray().Any(a => (string?)a!["slug"] == slug),
            (await api.GetAsync("/v1/articles?tag=zebra-tag"))["items"]!.AsArray().Any(a => (string?)a!["slug"] == slug),
            (await api.GetAsync("/v1/articles?q=zebra"))["items"]!.AsArray().Any(a => (string?)a!["slug"] == slug),
            (await api.GetAsync("/v1/tags"))["items"]!.AsArray().Any(t => (string?)t!["name"] == "zebra-tag") && slug == "scheduled",
            (await api.GetAsync("/v1/articles/feed.json"))["items"]!.AsArray().Any(a => ((string?)a!["url"])!.EndsWith("/" + slug, StringComparison.Ordinal)),
            (await api.Client.GetStringAsync("/v1/articles/feed.atom")).Contains($"/{slug}<", StringComparison.Ordinal),
            (int)(await api.Client.GetAsync($"/v1/articles/{slug}")).StatusCode == 200,
        ];

        string[] kept = ["/v1/articles", "/v1/articles?tag=zebra-tag", "/v1/articles?q=zebra", "/v1/tags", "/v1/articles/feed.json", "/v1/articles/feed.atom"];
        foreach (var path in kept)
        {
            using var response = await api.Client.GetAsync(path);
            Assert.Equal("public, max-age=20", response.Headers.CacheControl!.ToString());
        }
        Assert.All(await SeenAsync("scheduled"), Assert.False);

        api.Clock.Advance(TimeSpan.FromSeconds(20.1));
        foreach (var path in kept)
        {
            using var response = await api.Client.GetAsync(path);
            Assert.Equal("no-cache " + path, response.Headers.CacheControl + " " + path);
        }
        Assert.All(await SeenAsync("scheduled"), Assert.False);

        api.Clock.Advance(TimeSpan.FromSeconds(0.4));
        Assert.All(await SeenAsync("scheduled"), Assert.True);
        Assert.All(await SeenAsync("draft"), Assert.False);
        Assert.Equal(1, (int?)(await api.GetAsync("/v1/tags"))["items"]!.AsArray().Single(t => (string?)t!["name"] == "zebra-tag")!["count"]);
    }
}
