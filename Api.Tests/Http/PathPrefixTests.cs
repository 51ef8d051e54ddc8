using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.Http;
using Api.Tests.Contact;
using Microsoft.Extensions.Options;

namespace Api.Tests.Http;

/// <summary>The API under a path of a web site.</summary>
[AnyEngine]
public sealed class PathPrefixTests
{
    static Task<ApiFactory> StartAsync(params string[] settings) =>
        ApiFactory.StartAsync(factory => factory.Settings.AddRange([.. settings, "--Contact:Challenge:Mode=optional"]));

    static async Task<JsonObject> JsonAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();

    /// <summary>Every link that the API makes begins with the prefix.</summary>
    static async Task AssertUnderAsync(
        ApiFactory api,
        string prefix,
        string requested,
        params (string, string)[] headers
    )
    {
        // Twice: also out of the cache.
        for (var i = 0; i < 2; i++)
        {
            using var home = await api.SendAsync(HttpMethod.Get, requested + "/", headers);
            Assert.Equal($"{prefix}/docs/index.html", home.Headers.Location!.ToString());
            using var page = await api.SendAsync(HttpMethod.Get, requested + "/v1/articles?limit=1", headers);
            Assert.StartsWith(
                $"<{prefix}/v1/articles?limit=1&cursor=",
                page.Headers.GetValues("Link").Single(),
                StringComparison.Ordinal
            );
            using var missing = await api.SendAsync(HttpMethod.Get, requested + "/v1/articles/none", headers);
            var problem = await JsonAsync(missing);
            Assert.Equal(
                ($"{prefix}/problems/not-found", $"{prefix}/v1/articles/none"),
                ((string?)problem["type"], (string?)problem["instance"])
            );
            using var form = await api.SendAsync(HttpMethod.Get, requested + "/v1/contact-form", headers);
            var described = await JsonAsync(form);
            Assert.Equal(
                ($"{prefix}/v1/contact-submissions", $"{prefix}/v1/contact-challenge"),
                ((string?)described["submitTo"], (string?)described["challenge"]!["url"])
            );
            using var json = await api.SendAsync(HttpMethod.Get, requested + "/openapi.json", headers);
            Assert.Equal(
                prefix == "" ? "/" : prefix,
                (string?)(await JsonAsync(json))["servers"]!.AsArray().Single()!["url"]
            );
            using var yaml = await api.SendAsync(HttpMethod.Get, requested + "/openapi.yaml", headers);
            Assert.Contains(
                $"\nservers:\n  - url: {(prefix == "" ? "/" : prefix)}\n",
                await yaml.Content.ReadAsStringAsync(),
                StringComparison.Ordinal
            );
        }
        var body = Submissions.Valid();
        var request = new HttpRequestMessage(HttpMethod.Post, requested + "/v1/contact-submissions")
        {
            Content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        using var created = await api.Client.SendAsync(request);
        Assert.Equal(
            $"{prefix}/v1/contact-receipts/{(string?)(await JsonAsync(created))["token"]}",
            created.Headers.Location!.ToString()
        );
    }

    [Theory]
    [
        InlineData("https://www.example.com/api", "/api"),
        InlineData("https://www.example.com/api/", "/api"),
        InlineData("https://www.example.com/clinic/api", "/clinic/api"),
        InlineData("https://www.example.com", "")
    ]
    public async Task Links_begin_with_the_site_s_path_whether_or_not_the_proxy_removes_it(string url, string prefix)
    {
        await using var api = await StartAsync($"--Site:ApiUrl={url}");
        await AssertUnderAsync(api, prefix, "");
        await AssertUnderAsync(api, prefix, prefix);
        Assert.Contains(
            $"\"feed_url\":\"{url.TrimEnd('/')}/v1/articles/feed.json\"",
            await api.Client.GetStringAsync("/v1/articles/feed.json"),
            StringComparison.Ordinal
        );
        var article = await api.GetAsync("/v1/articles/understanding-anxiety");
        Assert.Equal($"{url.TrimEnd('/')}/v1/articles/understanding-anxiety", (string?)article["url"]);
    }

    [Fact]
    public async Task A_prefix_may_equal_one_of_the_API_s_own_paths()
    {
        await using var api = await StartAsync("--Site:ApiUrl=https://www.example.com/v1");
        await AssertUnderAsync(api, "/v1", "");
        await AssertUnderAsync(api, "/v1", "/v1");
    }

    [Fact]
    public async Task Only_a_known_proxy_sets_the_prefix_and_caches_keep_its_answers_apart()
    {
        await using var api = await StartAsync("--Proxies:Known=127.0.0.1");
        await AssertUnderAsync(api, "/api", "", ("X-Forwarded-Prefix", "/api"), ("X-Forwarded-For", "203.0.113.1"));
        await AssertUnderAsync(api, "", "");
        await AssertUnderAsync(
            api,
            "/other",
            "",
            ("X-Forwarded-Prefix", "/other/"),
            ("X-Forwarded-For", "203.0.113.1")
        );
        await AssertUnderAsync(api, "", "");
        // A proxy may pass on what its client says, and its cache must not give that to others.
        using var forwarded = await api.SendAsync(
            HttpMethod.Get,
            "/v1/articles",
            ("X-Forwarded-Prefix", "/api"),
            ("X-Forwarded-For", "203.0.113.1")
        );
        Assert.Contains("X-Forwarded-Prefix", forwarded.Headers.Vary);
    }

    [Theory]
    [
        InlineData("//evil.example"),
        InlineData("/\\evil.example"),
        InlineData("https://evil.example"),
        InlineData("/a//b"),
        InlineData("/.."),
        InlineData("/a/../b"),
        InlineData("/<script>"),
        InlineData("/a?b"),
        InlineData("/%2f%2fevil.example"),
        InlineData("api"),
        InlineData("/")
    ]
    public async Task A_prefix_that_is_not_a_plain_path_is_ignored(string forged)
    {
        await using var api = await StartAsync("--Proxies:Known=127.0.0.1");
        await AssertUnderAsync(api, "", "", ("X-Forwarded-Prefix", forged), ("X-Forwarded-For", "203.0.113.1"));
    }

    [Theory]
    [InlineData("--Proxies:Known="), InlineData("--Proxies:Known:0=192.0.2.1")]
    public async Task A_prefix_from_an_unknown_proxy_is_ignored(string setting)
    {
        await using var api = await StartAsync(setting);
        await AssertUnderAsync(api, "", "", ("X-Forwarded-Prefix", "/evil"), ("X-Forwarded-For", "203.0.113.1"));
    }

    [Theory]
    [
        InlineData("ApiUrl=clinic.example"),
        InlineData("ApiUrl=ftp://x"),
        InlineData("ApiUrl="),
        InlineData("ApiUrl=https://x.example/?a"),
        InlineData("ApiUrl=/api"),
        InlineData("ApiUrl=https://x.example/a b")
    ]
    [
        InlineData("ArticleUrl=https://x.example/a"),
        InlineData("ArticleUrl=/a/{slug}"),
        InlineData("ArticleUrl=ftp://x.example/{slug}"),
        InlineData("FeedTitle= ")
    ]
    public void An_invalid_site_URL_stops_the_start_with_one_sentence(string setting) =>
        Assert.Matches(
            $"^Site:{setting.Split('=')[0]} is '{Regex.Escape(setting.Split('=', 2)[1])}': set it to .*\\.$",
            Assert.Throws<OptionsValidationException>(() => Program.Compose([$"--Site:{setting}"])).Failures.Single()
        );

    [Fact]
    public void A_prefix_that_is_too_long_is_ignored()
    {
        Assert.Equal("/" + new string('a', 99), PathPrefix.Read("/" + new string('a', 99))!.Value);
        Assert.Null(PathPrefix.Read("/" + new string('a', 100)));
    }
}
