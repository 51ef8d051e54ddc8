using System.Net;
using Api.Access;
using Api.Contact;
using Api.Http;
using Api.Http.Caching;
using Api.Tests.Access;
using Api.Tests.Contact;
using FluentValidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Api.Tests.Http;

/// <summary>
/// The HTTP contract, held against every endpoint that the program maps: one that is added tomorrow is tested tomorrow,
/// without a word here, unless it has a route parameter that <see cref="values"/> does not know.
/// </summary>
public sealed class ContractTests(ContractTests.AllIsOn all) : IClassFixture<ContractTests.AllIsOn>
{
    /// <summary>An app in which what is off by default is on, so that all of its endpoints answer.</summary>
    public sealed class AllIsOn : IAsyncLifetime
    {
        public ApiFactory Api { get; } = new() { Settings = { "--Contact:Challenge:Mode=optional" } };

        /// <summary>Of a message that was taken in.</summary>
        public string ReceiptToken { get; private set; } = "";

        /// <inheritdoc cref="ReceiptToken"/>
        public string Reference { get; private set; } = "";

        /// <summary>A key for every endpoint of the staff.</summary>
        internal StaffKey Admin { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            await Api.InitializeAsync();
            await Api.ExecuteAsync("UPDATE locations SET latitude = 35, longitude = -90");
            Admin = await Api.CreateKeyAsync([Role.Admin]);
            var receipt = await Api.ReceivedAsync(Submissions.Valid());
            ReceiptToken = (string)receipt["token"]!;
            Reference = (string)receipt["reference"]!;
        }

        public ValueTask DisposeAsync() => Api.DisposeAsync();
    }

    readonly ApiFactory api = all.Api;

    readonly Dictionary<string, string> values = new()
    {
        ["/v1/contact-receipts/{token}"] = all.ReceiptToken,
        ["/v1/articles/{slug}"] = "combining-psychotropic-medication-with-therapy",
        ["/v1/locations/{slug}"] = "jonesboro",
        ["/v1/locations/{slug}/hours"] = "jonesboro",
        ["/v1/locations/{slug}/status"] = "jonesboro",
        ["/v1/locations/{slug}/calendar"] = "jonesboro",
        ["/v1/locations/{slug}/schema.jsonld"] = "jonesboro",
        ["/v1/locations/{slug}/fhir"] = "jonesboro",
        ["/v1/locations/{slug}/hours/google"] = "jonesboro",
        ["/v1/locations/{slug}/hours/osm"] = "jonesboro",
        ["/v1/locations/{slug}/hours.ics"] = "jonesboro",
        ["/v1/articles/{slug}/schema.jsonld"] = "combining-psychotropic-medication-with-therapy",
        ["/problems/{name}"] = "not-found",
        ["/v1/staff/submissions/{reference}"] = all.Reference,
        ["/v1/staff/submissions/{reference}/state"] = all.Reference,
        ["/v1/staff/submissions/{reference}/assignee"] = all.Reference,
        ["/v1/staff/submissions/{reference}/notes"] = all.Reference,
    };

    const string Staff = "/v1/staff/";

    /// <summary>GETs under /v1 that are no content: for who asks alone, and never to be kept.</summary>
    static readonly string[] NeverKept = ["/v1/contact-challenge", "/v1/contact-receipts/", Staff];

    static readonly string[] AllMethods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

    sealed record Route(string Path, string[] Methods, RouteEndpoint Endpoint)
    {
        /// <summary>Whether its template matches a path.</summary>
        public bool HasAddress(string path) =>
            new TemplateMatcher(new RouteTemplate(Endpoint.RoutePattern), []).TryMatch(path, []);

        public bool IsContent => Endpoint.Metadata.GetMetadata<CachedContent>() is not null;
        public bool AnswersGet => Methods.Contains("GET");
    }

    Route[] Routes() =>
        [
            .. api
                .App.Services.GetRequiredService<EndpointDataSource>()
                .Endpoints.Cast<RouteEndpoint>()
                .Select(endpoint =>
                {
                    var template = "/" + endpoint.RoutePattern.RawText!.Trim('/');
                    var path = endpoint.RoutePattern.Parameters.Aggregate(
                        template,
                        (path, parameter) =>
                            path.Replace($"{{{parameter.Name}}}", values[template], StringComparison.Ordinal)
                    );
                    return new Route(
                        path,
                        [.. endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods],
                        endpoint
                    );
                }),
        ];

    Task<HttpResponseMessage> SendAsync(HttpMethod method, Route route, string query = "") =>
        route.Path.StartsWith(Staff, StringComparison.Ordinal)
            ? api.SendAsync(method, route.Path + query, all.Admin.Header)
            : api.SendAsync(method, route.Path + query);

    [Fact]
    public void Every_endpoint_has_a_unique_name()
    {
        var names = Routes()
            .Select(route => route.Endpoint.Metadata.GetMetadata<IEndpointNameMetadata>()?.EndpointName)
            .ToArray();
        Assert.True(names.Length >= 14);
        Assert.Equal(
            [],
            Routes()
                .Where(route => route.Endpoint.Metadata.GetMetadata<IEndpointNameMetadata>() is null)
                .Select(route => route.Path)
        );
        Assert.Equal(names.Length, names.Distinct().Count());
    }

    [Fact]
    public async Task A_body_without_a_validator_stops_the_start()
    {
        await using var api = new ApiFactory
        {
            Configure = builder => builder.Services.RemoveAll<IValidator<ContactSubmission>>(),
        };
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(async () => await api.InitializeAsync());
        Assert.Contains("IValidator", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_null_character_in_a_parameter_is_never_a_fault()
    {
        var routes = Routes().Where(route => route.AnswersGet).ToArray();
        var tried = 0;
        foreach (var route in routes)
        {
            var names = route.Endpoint.Metadata.GetMetadata<QueryParameters>()?.Names ?? ["in", "at"];
            foreach (var name in names)
            {
                using var answer = await SendAsync(HttpMethod.Get, route, $"?{name}=a%00b");
                Assert.True((int)answer.StatusCode < 500, $"{route.Path}?{name}: {answer.StatusCode}");
                tried++;
            }
        }
        Assert.True(tried > 30, $"{tried}");
    }

    [Fact]
    public async Task Every_GET_also_answers_HEAD_with_the_same_headers_and_no_body()
    {
        foreach (var route in Routes().Where(route => route.AnswersGet))
        {
            using var get = await SendAsync(HttpMethod.Get, route);
            using var head = await SendAsync(HttpMethod.Head, route);
            Assert.True(
                get.StatusCode is HttpStatusCode.OK or HttpStatusCode.Redirect,
                $"{route.Path}: {get.StatusCode}"
            );
            Assert.Equal(get.StatusCode, head.StatusCode);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
            static string[] Headers(HttpResponseMessage response) =>
                [
                    .. response
                        .Headers.Concat(response.Content.Headers)
                        .Where(h =>
                            h.Key is not ("Date" or "Age" or "Transfer-Encoding")
                            && $"{h.Key}: {h.Value.First()}" != "Content-Length: 0"
                        )
                        .Select(h => $"{h.Key}: {string.Join(", ", h.Value)}")
                        .Order(StringComparer.Ordinal),
                ];
            Assert.Equal(Headers(get), Headers(head));
        }
    }

    [Fact]
    public async Task A_wrong_method_gets_a_405_that_lists_the_right_ones()
    {
        foreach (var group in Routes().GroupBy(route => route.Path))
        {
            // Another route can have the address, too, such as /submissions/{reference} that of /submissions/counts.
            var allowed = Routes()
                .Where(route => route.HasAddress(group.Key))
                .SelectMany(route => route.Methods)
                .Distinct()
                .SelectMany(method => method == "GET" ? ["GET", "HEAD"] : new[] { method })
                .ToArray();
            foreach (var method in AllMethods.Except(allowed))
            {
                using var response = await api.SendAsync(new HttpMethod(method), group.Key);
                Assert.Equal(allowed.Order(), response.Content.Headers.Allow.Order());
                if (method == "HEAD")
                    Assert.Equal(405, (int)response.StatusCode);
                else
                    await JsonAssert.ProblemAsync(
                        response,
                        405,
                        "method-not-allowed",
                        $"This address answers {string.Join(", ", response.Content.Headers.Allow)} only."
                    );
            }
        }
    }

    [Theory]
    [
        InlineData("/nowhere"),
        InlineData("/v1"),
        InlineData("/v1/articles/x/y"),
        InlineData("/V2/articles"),
        InlineData("/docs/nothing.js")
    ]
    [
        InlineData("/%00"),
        InlineData("/v1/locations/%F0%9F%98%80"),
        InlineData("/..%2f..%2fetc/passwd"),
        InlineData("/v1/articles/'%20OR%201=1--")
    ]
    public async Task An_unknown_address_gets_a_404_for_every_method(string path)
    {
        foreach (var method in AllMethods.Except(["HEAD"]))
        {
            using var response = await api.SendAsync(new HttpMethod(method), path);
            Assert.True((int)response.StatusCode is 404 or 405 or 400, $"{method} {path}: {response.StatusCode}");
            Assert.True(method != "GET" || (int)response.StatusCode is 404 or 400, $"{path}: {response.StatusCode}");
        }
    }

    [Fact]
    public async Task Every_answer_has_security_headers_even_errors_and_304()
    {
        var etag = (await api.SendAsync(HttpMethod.Get, "/v1/articles")).Headers.ETag!.ToString();
        HttpResponseMessage[] answers =
        [
            .. await Task.WhenAll(
                Routes().Where(route => route.AnswersGet).Select(route => SendAsync(HttpMethod.Get, route))
            ),
            await api.SendAsync(HttpMethod.Get, "/v1/staff/me"),
            await api.SendAsync(HttpMethod.Get, "/nowhere"),
            await api.SendAsync(HttpMethod.Post, "/v1/articles"),
            await api.SendAsync(HttpMethod.Get, "/v1/articles?limit=x"),
            await api.SendAsync(HttpMethod.Get, "/v1/articles", ("If-None-Match", etag)),
        ];
        foreach (var answer in answers)
        {
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
            Assert.StartsWith(
                "default-src 'none'",
                answer.Headers.GetValues("Content-Security-Policy").Single(),
                StringComparison.Ordinal
            );
            Assert.False(answer.Headers.Contains("Server"));
        }
    }

    [Fact]
    public async Task Content_has_a_strong_ETag_and_Cache_Control_and_If_None_Match_gives_304()
    {
        var content = Routes().Where(route => route.IsContent).ToArray();
        Assert.True(content.Length >= 10);
        // What is under /v1 and read is content, so that none can be forgotten.
        Assert.All(
            Routes().Where(route => route.AnswersGet && route.Path.StartsWith("/v1/", StringComparison.Ordinal)),
            route =>
                Assert.Equal(
                    !NeverKept.Any(path => route.Path.StartsWith(path, StringComparison.Ordinal)),
                    route.IsContent
                )
        );
        foreach (var route in content)
        {
            var path = route.Path;
            foreach (var isCached in new[] { true, false })
            {
                using var first = await api.SendAsync(HttpMethod.Get, path);
                Assert.False(first.Headers.ETag!.IsWeak);
                Assert.Matches("^public, max-age=[0-9]+$", first.Headers.CacheControl!.ToString());
                var etag = first.Headers.ETag.ToString();
                foreach (var value in new[] { etag, $"\"other\", {etag}", $"W/{etag}", "*" })
                {
                    foreach (var control in new[] { "max-age=60", "no-cache", "no-store", "max-age=0" })
                    {
                        if (!isCached)
                            await api.ForgetAnswersAsync();
                        using var again = await api.SendAsync(
                            HttpMethod.Get,
                            path,
                            ("If-None-Match", value),
                            ("Cache-Control", control)
                        );
                        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
                        Assert.Equal(etag, again.Headers.ETag!.ToString());
                        Assert.Equal(first.Headers.CacheControl.ToString(), again.Headers.CacheControl!.ToString());
                        Assert.Empty(await again.Content.ReadAsByteArrayAsync());
                    }
                }

                using var changed = await api.SendAsync(HttpMethod.Get, path, ("If-None-Match", "\"other\""));
                Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
            }
        }
    }

    [Fact]
    public async Task Answers_that_are_not_content_are_never_cached()
    {
        // AuthorizationTests asks for the same of those of the staff.
        var neverKept = NeverKept.Where(path => path != Staff).ToArray();
        var routes = Routes()
            .Where(route => neverKept.Any(path => route.Path.StartsWith(path, StringComparison.Ordinal)))
            .ToArray();
        Assert.Equal(neverKept.Length, routes.Length);
        foreach (var route in routes)
        {
            using var answer = await api.SendAsync(HttpMethod.Get, route.Path, ("If-None-Match", "*"));
            Assert.Equal(
                (HttpStatusCode.OK, "no-store", null),
                (answer.StatusCode, answer.Headers.CacheControl!.ToString(), answer.Headers.ETag)
            );
        }
    }

    [Fact]
    public async Task Every_address_answers_in_its_only_format_whatever_Accept_says()
    {
        string[] accepts =
        [
            "*/*",
            "text/html",
            "image/*",
            "application/rss+xml, text/xml",
            "application/json;charset=utf-8",
            "application/json;q=0",
            "application/xml;q=0.9, */*;q=0",
            "nonsense",
            "",
        ];
        foreach (var route in Routes().Where(route => route.AnswersGet))
        {
            using var usual = await api.SendAsync(HttpMethod.Get, route.Path);
            foreach (var accept in accepts)
            {
                using var response = await api.SendAsync(HttpMethod.Get, route.Path, ("Accept", accept));
                Assert.Equal(
                    (usual.StatusCode, usual.Content.Headers.ContentType?.ToString(), $"{usual.Headers.Vary}"),
                    (response.StatusCode, response.Content.Headers.ContentType?.ToString(), $"{response.Headers.Vary}")
                );
            }
        }
    }

    [Fact]
    public async Task Unreadable_parameters_get_a_400_that_names_them()
    {
        using var response = await api.SendAsync(HttpMethod.Get, "/v1/articles?limit=abc");
        await JsonAssert.ProblemAsync(
            response,
            400,
            "malformed",
            "The parameter limit cannot be read.",
            """[{ "parameter": "limit", "detail": "This has the wrong type." }]"""
        );
    }

    [Theory]
    [InlineData("/v1/articles"), InlineData("/v1/locations"), InlineData("/v1/hours")]
    public async Task Limits_out_of_range_get_a_422_and_forged_cursors_a_400(string path)
    {
        foreach (var limit in new[] { "0", "-1", "101" })
        {
            using var response = await api.SendAsync(HttpMethod.Get, $"{path}?limit={limit}");
            await JsonAssert.ProblemAsync(
                response,
                422,
                "invalid",
                "limit must be from 1 to 100.",
                """[{ "parameter": "limit", "detail": "limit must be from 1 to 100." }]"""
            );
        }
        var real = (string)(await api.GetAsync($"{path}?limit=1"))["nextCursor"]!;
        foreach (
            var cursor in new[]
            {
                "x",
                "%00",
                "bm9uc2Vuc2U",
                "é",
                real + "A",
                real[..^2],
                "A" + real,
                new string('A', 3000),
            }
        )
        {
            using var response = await api.SendAsync(HttpMethod.Get, $"{path}?cursor={cursor}");
            await JsonAssert.ProblemAsync(response, 400, "invalid-cursor");
        }
    }

    [Fact]
    public async Task An_empty_text_parameter_is_ignored_and_an_empty_number_is_refused_with_any_cache()
    {
        var all = await api.GetAsync("/v1/articles");
        foreach (var query in new[] { "cursor=", "tag=", "cursor=&tag=" })
        {
            JsonAssert.Equal(all.ToJsonString(), await api.GetAsync($"/v1/articles?{query}"));
            await api.ForgetAnswersAsync();
            JsonAssert.Equal(all.ToJsonString(), await api.GetAsync($"/v1/articles?{query}"));
        }
        await api.GetAsync("/v1/articles");
        await api.GetAsync("/v1/articles?limit=", 400);
    }

    /// <summary>Texts of any length: what stands between the bars is repeated.</summary>
    [Theory]
    [InlineData("/v1/articles", "tag", 64, "|x|"), InlineData("/v1/articles", "tag", 64, "|😀|")]
    [InlineData("/v1/articles", "q", 200, "|x|"), InlineData("/v1/articles", "q", 200, "|😀|")]
    [InlineData("/v1/hours", "in", 35, "es-|x|"), InlineData("/v1/locations", "in", 35, "es-|x|")]
    [InlineData("/v1/status", "at", 64, "2026-07-01T00:00:00.|0|-05:00")]
    [InlineData("/v1/locations", "openAt", 64, "2026-07-01T00:00:00.|0|-05:00")]
    [InlineData("/v1/locations", "near", 40, "35.|0|,-90")]
    public async Task A_text_can_be_as_long_as_documented_and_no_longer(
        string path,
        string parameter,
        int longest,
        string text
    )
    {
        var parts = text.Split('|');
        string Of(int length) =>
            Uri.EscapeDataString(
                parts[0]
                    + string.Concat(Enumerable.Repeat(parts[1], length - parts[0].Length - parts[2].Length))
                    + parts[2]
            );
        await api.GetAsync($"{path}?{parameter}={Of(longest)}");
        var problem = await api.GetAsync($"{path}?{parameter}={Of(longest + 1)}", 422);
        Assert.Equal(parameter, (string?)problem["errors"]![0]!["parameter"]);
    }

    [Fact]
    public async Task A_cursor_is_not_valid_for_other_filters()
    {
        var cursor = (string)(await api.GetAsync("/v1/articles?limit=1&tag=treatment"))["nextCursor"]!;
        await api.GetAsync($"/v1/articles?limit=1&tag=treatment&cursor={cursor}");
        await api.GetAsync($"/v1/articles?limit=1&cursor={cursor}", 400);
        await api.GetAsync($"/v1/articles?limit=1&tag=sleep&cursor={cursor}", 400);
    }

    [Fact]
    public async Task Every_problem_type_has_a_page()
    {
        foreach (var type in ProblemTypes.All)
        {
            using var response = await api.SendAsync(HttpMethod.Get, type.Path);
            Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
            Assert.Contains(
                WebUtility.HtmlEncode(type.Title),
                await response.Content.ReadAsStringAsync(),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public async Task A_fault_reveals_only_its_trace_id()
    {
        await using var broken = await ApiFactory.StartAsync(factory =>
            factory.Configure = builder => builder.Services.AddSingleton<IStartupFilter, Thrower>()
        );
        using var response = await broken.SendAsync(HttpMethod.Get, "/v1/throw");
        await JsonAssert.ProblemAsync(response, 500, "fault", "Something went wrong on our side.");
        Assert.DoesNotContain("secret", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    sealed class Thrower : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                next(app);
                app.Run(_ => throw new InvalidOperationException("a secret in /etc/passwd"));
            };
    }

    [Fact]
    public async Task Only_allowed_origins_may_read()
    {
        await using var site = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Cors:Origins:0=https://www.example.com")
        );
        // Twice: what is cached for one origin must not carry its headers to another.
        for (var i = 0; i < 2; i++)
        {
            using var allowed = await site.SendAsync(
                HttpMethod.Get,
                "/v1/locations",
                ("Origin", "https://www.example.com")
            );
            Assert.Equal("https://www.example.com", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
            Assert.Equal(
                "ETag,Link,Location,Retry-After,RateLimit,RateLimit-Policy,WWW-Authenticate,Not-Expressed",
                allowed.Headers.GetValues("Access-Control-Expose-Headers").Single()
            );
            using var other = await site.SendAsync(HttpMethod.Get, "/v1/locations", ("Origin", "https://evil.example"));
            Assert.False(other.Headers.Contains("Access-Control-Allow-Origin"));
        }
        using var preflight = await site.SendAsync(
            HttpMethod.Options,
            "/v1/contact-submissions",
            ("Origin", "https://www.example.com"),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "content-type")
        );
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal("https://www.example.com", preflight.Headers.GetValues("Access-Control-Allow-Origin").Single());
    }
}
