using System.Text;
using System.Text.RegularExpressions;
using Api.Tests.Contact;

namespace Api.Tests.Http;

public sealed partial class AccessLogTests
{
    static async Task<ApiFactory> StartAsync(bool isOn)
    {
        return await ApiFactory.StartAsync(factory => factory.Settings.Add($"--AccessLog:Enabled={isOn}"));
    }

    static string[] LinesOf(ApiFactory api) => [.. Line().Matches(api.Log.Text).Select(line => line.Groups[1].Value)];

    [GeneratedRegex("^Information (.* bytes) *$", RegexOptions.Multiline)]
    private static partial Regex Line();

    /// <summary>Sends all kinds of requests, and returns each answer with its headers.</summary>
    static async Task<List<(string Head, byte[] Body)>> AnswersAsync(ApiFactory api)
    {
        var etag = (await api.Client.GetAsync("/v1/tags")).Headers.ETag!.ToString();
        (HttpMethod Method, string Path, string? Body, (string, string)[] Headers)[] requests =
        [
            (HttpMethod.Get, "/v1/articles?zzq=zzq", null, []),
            (HttpMethod.Get, "/v1/articles", null, [("Accept-Encoding", "gzip")]),
            (HttpMethod.Head, "/v1/articles", null, []),
            (HttpMethod.Get, "/v1/tags", null, [("If-None-Match", etag)]),
            (HttpMethod.Get, "/v1/articles/zzq", null, []),
            (HttpMethod.Get, "/v1/contact-receipts/zzq", null, [("User-Agent", "zzq")]),
            (HttpMethod.Get, "/zzq", null, []),
            (new HttpMethod("ZZQ"), "/zzq", null, []),
            (HttpMethod.Delete, "/v1/articles", null, []),
            (HttpMethod.Post, Submissions.Endpoint, "{\"name\":\"zzq", []),
            (HttpMethod.Get, "/docs", null, []),
            (HttpMethod.Get, "/openapi.yaml", null, []),
        ];
        List<(string, byte[])> answers = [];
        foreach (var (method, path, body, headers) in requests)
        {
            using var request = new HttpRequestMessage(method, path);
            if (body is not null)
                request.Content = new StringContent(body, Encoding.UTF8, "application/json");
            foreach (var (name, value) in headers)
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
            using var response = await api.Client.SendAsync(request);
            answers.Add((WithoutDate(response), await response.Content.ReadAsByteArrayAsync()));
        }
        // The last line is written after the answer.
        await api.AdvanceAsync(TimeSpan.Zero);
        return answers;
    }

    static string WithoutDate(HttpResponseMessage response)
    {
        response.Headers.Date = null;
        return $"{(int)response.StatusCode} {response.Headers}{response.Content.Headers}";
    }

    [Fact]
    public async Task Each_request_has_a_line_with_its_route_and_without_what_the_caller_wrote()
    {
        await using var api = await StartAsync(isOn: true);
        var answers = await AnswersAsync(api);
        string[] routes =
        [
            "GET /v1/articles/ 200",
            "GET /v1/articles/ 200",
            "HEAD /v1/articles/ 200",
            "GET /v1/tags/ 304",
            "GET /v1/articles/{slug} 404",
            "GET /v1/contact-receipts/{token} 404",
            "GET - 404",
            "- - 404",
            "DELETE - 405",
            "POST /v1/contact-submissions/ 400",
            "GET - 301",
            "GET /openapi.yaml 200",
        ];
        // The first line is that of the request for the ETag.
        Assert.Equal(
            routes.Zip(answers, (route, answer) => $"{route} 0.0 ms {answer.Body.Length} bytes"),
            LinesOf(api)[1..]
        );
        Assert.DoesNotContain("zzq", api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task The_line_of_a_fault_has_its_route()
    {
        await using var api = await StartAsync(isOn: true);
        await api.ExecuteAsync("ALTER TABLE articles RENAME TO away");
        (await api.Client.GetAsync("/v1/articles/zzq")).Dispose();
        await api.AdvanceAsync(TimeSpan.Zero);
        Assert.StartsWith("GET /v1/articles/{slug} 500 0.0 ms ", LinesOf(api).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_is_off_by_default_and_changes_no_answer()
    {
        await using var off = await ApiFactory.StartAsync();
        await using var on = await StartAsync(isOn: true);
        var answers = await AnswersAsync(off);
        Assert.Empty(LinesOf(off));
        // Trace ids differ, and have one length.
        Assert.Equal(
            answers.Select(answer => (answer.Head, answer.Body.Length)),
            (await AnswersAsync(on)).Select(answer => (answer.Head, answer.Body.Length))
        );
    }
}
