using System.Net;
using Api.Tests.Contact;
using Microsoft.Extensions.Options;

namespace Api.Tests.Http;

[AnyEngine]
public sealed class CorsTests
{
    const string Site = "https://www.example.com";

    static Task<ApiFactory> StartAsync(params string[] origins) =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(origins.Select((origin, index) => $"--Cors:Origins:{index}={origin}"))
        );

    public static TheoryData<string> Origins => [Site, Site + " https://other.example.com", "*"];

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task Every_answer_varies_by_Origin(string origins)
    {
        await using var api = await StartAsync(origins.Split(' '));
        var etag = (await api.SendAsync(HttpMethod.Get, "/v1/articles")).Headers.ETag!.ToString();
        foreach (var origin in new[] { null, Site, "https://evil.example" })
        {
            (string, string)[] from = origin is null ? [] : [("Origin", origin)];
            // Twice: out of the cache, too.
            for (var i = 0; i < 2; i++)
            {
                HttpResponseMessage[] answers =
                [
                    await api.SendAsync(HttpMethod.Get, "/v1/articles", from),
                    await api.SendAsync(HttpMethod.Head, "/v1/hours", from),
                    await api.SendAsync(HttpMethod.Get, "/v1/articles", [("If-None-Match", etag), .. from]),
                    await api.SendAsync(HttpMethod.Get, "/v1/articles/none", from),
                    await api.SendAsync(HttpMethod.Get, "/v1/articles?limit=x", from),
                    await api.SendAsync(HttpMethod.Get, "/nowhere", from),
                    await api.SendAsync(HttpMethod.Delete, "/v1/articles", from),
                    await api.SendAsync(HttpMethod.Get, "/health/live", from),
                    await api.SendAsync(HttpMethod.Get, "/openapi.json", from),
                    await api.SendAsync(HttpMethod.Get, "/docs/index.html", from),
                    await api.SendAsync(HttpMethod.Get, "/", from),
                    await api.SubmitAsync(Submissions.Valid(), from),
                    await api.SubmitAsync(new System.Text.Json.Nodes.JsonObject(), from),
                ];
                foreach (var answer in answers)
                {
                    // In one line: nginx before 1.23 looks at only one of several.
                    Assert.Single(answer.Headers.NonValidated["Vary"]);
                    Assert.Equal(1, answer.Headers.Vary.Count(header => header == "Origin"));
                    var expected =
                        origin is null || (origin != Site && origins != "*") ? null
                        : origins == "*" ? "*"
                        : Site;
                    Assert.Equal(
                        expected,
                        answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var allowed)
                            ? allowed.Single()
                            : null
                    );
                }
            }
        }
    }

    [Theory]
    [InlineData("GET", "/v1/staff/me", "authorization")]
    [InlineData("PUT", "/v1/staff/anything", "authorization, content-type, if-match")]
    [InlineData("DELETE", "/v1/staff/anything", "authorization, if-match")]
    public async Task A_page_of_an_allowed_origin_may_send_a_credential(string method, string path, string headers)
    {
        await using var api = await StartAsync(Site);
        using var preflight = await api.SendAsync(
            HttpMethod.Options,
            path,
            ("Origin", Site),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", headers)
        );
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        string[] Allowed(string what) =>
            preflight.Headers.GetValues($"Access-Control-Allow-{what}").Single().Split(',');
        Assert.Equal([Site], Allowed("Origin"));
        Assert.Contains(method, Allowed("Methods"));
        Assert.Equal(headers.Split(", "), Allowed("Headers"));
        // Cookies stay out of it.
        Assert.False(preflight.Headers.Contains("Access-Control-Allow-Credentials"));

        using var evil = await api.SendAsync(
            HttpMethod.Options,
            path,
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", method),
            ("Access-Control-Request-Headers", headers)
        );
        Assert.False(evil.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Fact]
    public async Task A_page_may_read_why_its_credential_is_refused()
    {
        await using var api = await StartAsync(Site);
        using var answer = await api.SendAsync(HttpMethod.Get, "/v1/staff/me", ("Origin", Site));
        await JsonAssert.ProblemAsync(answer, 401, "unauthorized");
        Assert.Equal(Site, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
        var exposed = answer.Headers.GetValues("Access-Control-Expose-Headers").Single().Split(',');
        Assert.Contains("WWW-Authenticate", exposed);
    }

    [Fact]
    public async Task Without_origins_nothing_varies_by_Origin()
    {
        await using var api = await ApiFactory.StartAsync();
        using var answer = await api.SendAsync(HttpMethod.Get, "/v1/articles", ("Origin", Site));
        Assert.DoesNotContain("Origin", answer.Headers.Vary);
    }

    [Theory]
    [MemberData(nameof(Origins))]
    public async Task A_shared_cache_never_locks_out_the_site_s_own_script(string origins)
    {
        await using var api = await StartAsync(origins.Split(' '));
        foreach (var path in new[] { "/v1/articles", "/v1/locations/jonesboro/status", "/v1/tags" })
        {
            var cache = new SharedCache(api);
            foreach (
                var origin in new[] { null, "https://evil.example", Site, null, "https://other.example.com", Site }
            )
            {
                var answer = await cache.GetAsync(path, origin);
                if (origin == Site)
                    Assert.Contains(
                        answer.Headers.GetValues("Access-Control-Allow-Origin").Single(),
                        new[] { "*", Site }
                    );
            }
        }
    }

    /// <summary>
    /// A cache as RFC 9111 has it: an answer serves those whose requests agree on all that its Vary names.
    /// </summary>
    sealed class SharedCache(ApiFactory api)
    {
        readonly List<(string Path, Dictionary<string, string?> Selecting, HttpResponseMessage Answer)> kept = [];

        public async Task<HttpResponseMessage> GetAsync(string path, string? origin)
        {
            string? Of(string header) => header == "Origin" ? origin : null;
            if (
                kept.Find(entry => entry.Path == path && entry.Selecting.All(pair => pair.Value == Of(pair.Key))) is
                { Answer: { } found }
            )
                return found;
            var answer = await api.SendAsync(HttpMethod.Get, path, origin is null ? [] : [("Origin", origin)]);
            Assert.True(answer.Headers.CacheControl!.Public);
            kept.Add((path, answer.Headers.Vary.ToDictionary(header => header, Of), answer));
            return answer;
        }
    }

    [Theory]
    [
        InlineData("traceparent"),
        InlineData("baggage,content-type,idempotency-key,sentry-trace,traceparent"),
        InlineData("x-requested-with"),
        InlineData("authorization"),
        InlineData("x-anything-else")
    ]
    public async Task Preflights_allow_any_header_and_no_credentials(string headers)
    {
        await using var api = await StartAsync(Site);
        foreach (var method in new[] { "GET", "POST" })
        {
            using var preflight = await api.SendAsync(
                HttpMethod.Options,
                "/v1/contact-submissions",
                ("Origin", Site),
                ("Access-Control-Request-Method", method),
                ("Access-Control-Request-Headers", headers)
            );
            Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
            Assert.Equal(
                headers.Split(',').Order(),
                preflight
                    .Headers.GetValues("Access-Control-Allow-Headers")
                    .SelectMany(value => value.Split(','))
                    .Select(value => value.Trim())
                    .Order()
            );
            Assert.False(preflight.Headers.Contains("Access-Control-Allow-Credentials"));
            Assert.Contains("Origin", preflight.Headers.Vary);
        }
        using var evil = await api.SendAsync(
            HttpMethod.Options,
            "/v1/contact-submissions",
            ("Origin", "https://evil.example"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", headers)
        );
        Assert.False(evil.Headers.Contains("Access-Control-Allow-Origin"));
    }

    [Theory]
    [
        InlineData("--Cors:Origins:0=https://www.example.com/"),
        InlineData("--Cors:Origins=https://www.example.com"),
        InlineData("--Cors:Origins=https://a.example, https://www.example.com")
    ]
    [InlineData("--Cors:Origins:0=HTTPS://WWW.Example.com:443")]
    public async Task An_origin_is_understood_however_it_is_written(string setting)
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add(setting));
        using var answer = await api.SendAsync(HttpMethod.Get, "/v1/articles", ("Origin", Site));
        Assert.Equal(Site, answer.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    [Theory]
    [
        InlineData("localhost:5173"),
        InlineData("www.example.com"),
        InlineData("https://www.example.com/page"),
        InlineData("ftp://www.example.com"),
        InlineData("null"),
        InlineData("https://a@example.com")
    ]
    public void An_invalid_origin_stops_the_start(string origin) =>
        Assert.Equal(
            [$"Cors:Origins has '{origin}', which is no origin like https://www.example.com: correct it."],
            Assert.Throws<OptionsValidationException>(() => Program.Compose([$"--Cors:Origins:0={origin}"])).Failures
        );
}
