using System.Text;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Data;
using Api.Http;
using Api.Tests.Access;
using Api.Tests.Contact;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Http;

/// <summary>
/// A problem is in one language from its title to the last of its errors: the one that the request asks for.
/// </summary>
public sealed class LanguageTests(LanguageTests.Faulty faulty) : IClassFixture<LanguageTests.Faulty>
{
    /// <summary>An app that fails on demand, and one that takes no more messages.</summary>
    public sealed class Faulty : IAsyncLifetime
    {
        public ApiFactory Api { get; } =
            new()
            {
                Configure = builder => builder.Services.AddSingleton<IStartupFilter, Thrower>(),
                Map = app =>
                    app.MapGet("/stale", () => new Problem(ProblemTypes.Stale, ProblemTypes.Stale.Meaning))
                        .AllowAnonymous(),
            };

        /// <summary>A key that allows nothing.</summary>
        internal StaffKey Powerless { get; private set; } = null!;

        public ApiFactory Full { get; } = new() { Settings = { "--Contact:Limits:PerClient:Requests=1" } };

        public async ValueTask InitializeAsync()
        {
            await Api.InitializeAsync();
            await Full.InitializeAsync();
            await Full.ReceivedAsync(Submissions.Valid());
            Powerless = await Api.CreateKeyAsync([]);
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Full.DisposeAsync();
        }
    }

    static readonly Dictionary<string, Exception> Faults = new()
    {
        ["/fault"] = new InvalidOperationException(),
        ["/slow"] = new BadHttpRequestException("", StatusCodes.Status408RequestTimeout),
        ["/unreadable"] = new BadHttpRequestException(""),
        ["/queue"] = new WriteQueueFullException(""),
        ["/busy"] = new StorageException(StorageFault.Busy),
        ["/full"] = new StorageException(StorageFault.Full),
    };

    sealed class Thrower : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                next(app);
                app.Use(
                    (http, rest) =>
                        Faults.TryGetValue(http.Request.Path.Value!, out var fault) ? throw fault : rest(http)
                );
            };
    }

    const string Post = "/v1/contact-submissions";

    /// <summary>The type of problem, the address, and what is posted there.</summary>
    public static TheoryData<string, string, string?> Problems =>
        new()
        {
            { "malformed", "/v1/articles?limit=x", null },
            { "malformed", "/unreadable", null },
            { "malformed", Post, "{" },
            { "malformed", Post, "{\"\\ud800\":1}" },
            { "unauthorized", "/v1/staff/me", null },
            { "forbidden", "/v1/staff/audit", null },
            { "stale", "/stale", null },
            { "invalid-cursor", "/v1/articles?cursor=x", null },
            { "invalid-cursor", "/v1/locations?cursor=x", null },
            { "invalid-cursor", "/v1/hours?cursor=x", null },
            { "not-found", "/nowhere", null },
            { "not-found", "/problems/none", null },
            { "not-found", "/v1/articles/none", null },
            { "not-found", "/v1/articles/none/schema.jsonld", null },
            { "not-found", "/v1/locations/none", null },
            { "not-found", "/v1/locations/none/hours", null },
            { "not-found", "/v1/locations/none/status", null },
            { "not-found", "/v1/locations/none/calendar", null },
            { "not-found", "/v1/locations/none/hours.ics", null },
            { "not-found", "/v1/locations/none/fhir", null },
            { "not-found", "/v1/locations/none/schema.jsonld", null },
            { "not-found", "/v1/locations/none/hours/google", null },
            { "not-found", "/v1/locations/none/hours/osm", null },
            { "not-found", "/v1/contact-receipts/none", null },
            { "method-not-allowed", "/v1/articles", "{}" },
            { "timeout", "/slow", null },
            { "too-large", Post, new string(' ', 70_000) },
            { "unsupported-media-type", Post, "text" },
            { "unsupported-media-type", Post, "gzip" },
            { "invalid", "/v1/articles?limit=0", null },
            { "invalid", $"/v1/articles?q={new string('x', 201)}", null },
            { "invalid", "/v1/articles?limit=0&q=" + new string('x', 201), null },
            { "invalid", "/v1/locations?near=x&openAt=x&limit=0", null },
            { "invalid", "/v1/status?at=x&in=fr", null },
            { "invalid", "/v1/status?at=1000-01-01T00:00:00Z", null },
            { "invalid", "/v1/locations/jonesboro/calendar?from=x&to=y", null },
            { "invalid", "/v1/locations/jonesboro/calendar?from=2026-07-02&to=2026-07-01", null },
            { "invalid", "/v1/locations/jonesboro/calendar?from=2026-01-01&to=2028-01-01", null },
            { "invalid", "/v1/contact-form?in=fr", null },
            { "invalid", Post, "[]" },
            {
                "invalid",
                Post,
                """{ "name": 1, "email": "x", "telephone": "x", "preferredContact": "fax", "location": "none", "message": {}, "consent": "yes", "secondsToFill": "1", "altcha": [], "fax": 1 }"""
            },
            {
                "invalid",
                Post,
                $$"""{ "name": "{{new string('\u0301', 40)}}", "email": "{{new string('x', 300)}}", "message": "\u0001", "consent": false, "secondsToFill": -1 }"""
            },
            { "invalid", Post, $$"""{ {{string.Join(',', Enumerable.Range(0, 200).Select(i => $"\"m{i}\":1"))}} }""" },
            { "quota-exceeded", Post, Submissions.Valid().ToJsonString() },
            { "fault", "/fault", null },
            { "busy", "/queue", null },
            { "busy", "/busy", null },
            { "storage-full", "/full", null },
        };

    async Task<(JsonObject Problem, HttpResponseMessage Response)> SendAsync(
        string type,
        string path,
        string? body,
        string? accept
    )
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path);
        if (body is not null)
            request.Content = new StringContent(
                body,
                Encoding.UTF8,
                body == "text" ? "text/plain" : "application/json"
            );
        if (body == "gzip")
            request.Content!.Headers.ContentEncoding.Add("gzip");
        if (type == "forbidden")
            request.Headers.Add(faulty.Powerless.Header.Name, faulty.Powerless.Header.Value);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept-Language", accept);
        using var response = await (type == "quota-exceeded" ? faulty.Full : faulty.Api).Client.SendAsync(request);
        return (JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject(), response);
    }

    static string[] TextsOf(JsonObject problem) =>
        [
            (string)problem["title"]!,
            (string)problem["detail"]!,
            .. problem["errors"]?.AsArray().Select(error => (string)error!["detail"]!) ?? [],
        ];

    [Theory]
    [MemberData(nameof(Problems))]
    public async Task Every_text_of_a_problem_is_in_the_language_of_the_request(string type, string path, string? body)
    {
        var named = path + (path.Contains('?', StringComparison.Ordinal) ? "&in=" : "?in=");
        var namesAnother = path.Contains("in=fr", StringComparison.Ordinal);
        var (english, inEnglish) = await SendAsync(type, path, body, null);
        var (spanish, inSpanish) = await SendAsync(type, path, body, "fr, es-MX;q=0.9, en;q=0.5");
        Assert.Equal(["en"], inEnglish.Content.Headers.ContentLanguage);
        Assert.Equal(["es"], inSpanish.Content.Headers.ContentLanguage);
        Assert.Contains("Accept-Language", inEnglish.Headers.Vary);
        Assert.Contains("Accept-Language", inSpanish.Headers.Vary);
        Assert.Equal(inEnglish.Headers.Vary.Distinct(), inEnglish.Headers.Vary);
        if (!namesAnother)
        {
            var (inQuery, response) = await SendAsync(type, named + "es", body, "en");
            Assert.Equal(TextsOf(spanish), TextsOf(inQuery));
            Assert.Equal(["es"], response.Content.Headers.ContentLanguage);
            Assert.DoesNotContain("Accept-Language", response.Headers.Vary);
        }

        Assert.Equal($"/problems/{type}", (string?)english["type"]);
        // All that is no text is the same.
        Assert.Equal(Rest(english), Rest(spanish));
        var (texts, textos) = (TextsOf(english), TextsOf(spanish));
        Assert.Equal(texts.Length, textos.Length);
        foreach (var (text, texto) in texts.Zip(textos))
        {
            Assert.NotEqual(text, texto);
            Assert.DoesNotMatch(@"\b(the|this|must|there|is|are)\b", texto);
            Assert.DoesNotMatch(@"\b(el|la|esto|debe|hay|es)\b", text.Replace("en, es", "", StringComparison.Ordinal));
        }

        static string Rest(JsonObject problem) =>
            string.Join(
                '\n',
                problem
                    .Where(member => member.Key is not ("title" or "detail" or "traceId" or "errors"))
                    .Select(member => $"{member}")
                    .Concat(
                        problem["errors"]?.AsArray().Select(error => $"{error!["pointer"]} {error["parameter"]}") ?? []
                    )
            );
    }

    [Fact]
    public void Every_type_of_problem_is_tested_for_its_language() =>
        Assert.Equal(
            ProblemTypes.All.Select(type => type.Name).Order(),
            Problems.Select(row => row.Data.Item1).Distinct().Order()
        );

    [Fact]
    public void Every_text_has_both_languages()
    {
        foreach (var texts in new[] { typeof(ProblemText), typeof(AccessText), typeof(Api.Contact.ContactText) })
        {
            var resources = new System.Resources.ResourceManager(texts);
            string[] NamesIn(string language) =>
                [
                    .. resources
                        .GetResourceSet(
                            new System.Globalization.CultureInfo(language),
                            true,
                            tryParents: language == "en"
                        )!
                        .Cast<System.Collections.DictionaryEntry>()
                        .Select(entry => (string)entry.Key)
                        .Order(StringComparer.Ordinal),
                ];
            Assert.Equal(NamesIn("en"), NamesIn("es"));
        }
    }

    [Fact]
    public async Task The_page_of_a_problem_is_in_the_language_of_its_reader()
    {
        foreach (var type in ProblemTypes.All)
        {
            foreach (
                var (accept, language, link) in new[] { ("en", "en", "All of the API"), ("es", "es", "Toda la API") }
            )
            {
                using var response = await faulty.Api.SendAsync(HttpMethod.Get, type.Path, ("Accept-Language", accept));
                Assert.Equal([language], response.Content.Headers.ContentLanguage);
                Assert.Contains("Accept-Language", response.Headers.Vary);
                var page = await response.Content.ReadAsStringAsync();
                Assert.Contains($"<html lang=\"{language}\">", page, StringComparison.Ordinal);
                Assert.Contains(link, page, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task The_OpenAPI_document_is_in_English_whoever_asks_first()
    {
        await using var api = await ApiFactory.StartAsync();
        using var first = await api.SendAsync(HttpMethod.Get, "/openapi.yaml", ("Accept-Language", "es"));
        Assert.DoesNotContain(
            "No se ha cambiado nada",
            await first.Content.ReadAsStringAsync(),
            StringComparison.Ordinal
        );
    }
}
