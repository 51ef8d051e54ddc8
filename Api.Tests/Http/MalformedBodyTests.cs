using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Api.Tests.Contact;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Http;

/// <summary>
/// Whatever a sender does wrong is the sender's fault: an answer that says so, and not a word in the log.
/// </summary>
public sealed class MalformedBodyTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    const string Json = "Content-Type: application/json\r\n",
        Chunked = Json + "Transfer-Encoding: chunked\r\n";

    /// <summary>Requests as bytes, one for each character, with the headers that differ from the usual.</summary>
    public static TheoryData<int, string, string?> Requests =>
        new()
        {
            // Text that is none: in names, at any depth, in the honeypot, as escapes and as bytes.
            { 400, "{\"\\ud800\":1}", null },
            { 400, "{\"\\udc00\":1}", null },
            { 400, "{\"\\udc00\\ud800\":1}", null },
            { 400, "{\"a\\ud800b\":1,\"name\":\"x\"}", null },
            { 400, "{\"\\ud800\":1,\"\\ud800\":1}", null },
            { 400, "{\"\u00FF\":1}", null },
            { 400, "{\"a\u00C0\u00AF\":1}", null },
            { 400, "{\"\u00ED\u00A0\u0080\":1}", null },
            { 400, "{\"\u00F4\u0090\u0080\u0080\":1}", null },
            { 400, "{\"a\u00E2\u0082\":1}", null },
            { 400, "{\"website\":\"\u00FF\"}", null },
            { 400, "{\"website\":\"\\ud800\"}", null },
            { 400, "{\"website\":\"\u00ED\u00A0\u0080\"}", null },
            { 422, "{\"name\":\"\u00FF\"}", null },
            { 422, "{\"name\":{\"\u00FF\":1,\"b\":2}}", null },
            { 422, "{\"message\":\"\\udfff\"}", null },
            { 422, "{\"preferredContact\":\"\\ud800\"}", null },
            { 422, "{\"altcha\":\"\u00ED\u00A0\u0080\"}", null },
            { 422, "{\"consent\":\"\\ud800\"}", null },
            // JSON that is none, and JSON that is no submission.
            { 400, "", null },
            { 400, " ", null },
            { 400, "{", null },
            { 400, "{}{}", null },
            { 400, "{\"a\":1,\"a\":2}", null },
            { 400, "\u00FF\u00FE{\0}\0", null },
            { 400, "{\"a\":\"\n\"}", null },
            { 400, "{\"a\":\"\\x\"}", null },
            { 400, "{\"a\":\"\\u12\"}", null },
            { 400, "{\"a\":01}", null },
            { 400, "NaN", null },
            { 400, "{'a':1}", null },
            { 400, string.Concat(Enumerable.Repeat("[", 70)) + string.Concat(Enumerable.Repeat("]", 70)), null },
            { 422, "[]", null },
            { 422, "null", null },
            { 422, "\"text\"", null },
            { 422, "\u00EF\u00BB\u00BF{}", null },
            { 422, "{\"secondsToFill\":1e999}", null },
            { 422, $"{{\"secondsToFill\":{new string('9', 1000)}}}", null },
            { 422, "{\"name\":{}}", null },
            // Media types and codings.
            { 415, "{}", "Content-Length: 2\r\n" },
            { 415, "{}", "Content-Type: text/plain\r\nContent-Length: 2\r\n" },
            { 415, "{}", "Content-Type: ;;;\r\nContent-Length: 2\r\n" },
            { 415, "{}", "Content-Type: application/json; charset=utf-16\r\nContent-Length: 2\r\n" },
            { 415, "{}", "Content-Type: application/json; charset=utf-7\r\nContent-Length: 2\r\n" },
            { 415, "{}", "Content-Type: application/json; charset=\"iso-8859-1\"\r\nContent-Length: 2\r\n" },
            { 415, "{}", "Content-Type: application/json; charset=nonsense\r\nContent-Length: 2\r\n" },
            { 422, "{}", "Content-Type: application/json; charset=\"UTF-8\"\r\nContent-Length: 2\r\n" },
            { 422, "{}", "Content-Type: application/problem+json\r\nContent-Length: 2\r\n" },
            // Framing.
            { 400, "80000000\r\n{}", Chunked },
            { 400, "7fffffffffffffff\r\n{}", Chunked },
            { 400, "ffffffffffffffffffffffffffffffff\r\n{}", Chunked },
            { 413, $"10001\r\n{new string(' ', 65537)}\r\n0\r\n\r\n", Chunked },
            { 400, "-2\r\n{}\r\n0\r\n\r\n", Chunked },
            { 400, "x\r\n{}\r\n0\r\n\r\n", Chunked },
            { 400, "2\r\n{}0\r\n\r\n", Chunked },
            { 400, "\r\n{}\r\n0\r\n\r\n", Chunked },
            { 400, "2;a=\nb\r\n{}\r\n0\r\n\r\n", Chunked },
            { 422, "2;a=b\r\n{}\r\n0\r\n\r\n", Chunked },
            { 400, "0\r\n\r\n", Chunked },
            { 413, "{}", Json + "Content-Length: 65537\r\n" },
            { 413, "{}", Json + "Content-Length: 9223372036854775807\r\n" },
            { 400, "{}", Json + "Content-Length: 9223372036854775808\r\n" },
            { 400, "{}", Json + "Content-Length: -1\r\n" },
            { 400, "{}", Json + "Content-Length: 2\r\nContent-Length: 3\r\n" },
        };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task An_unreadable_body_is_explained_to_its_sender_and_not_logged(
        int status,
        string body,
        string? headers
    )
    {
        if (
            headers?.Contains("Length", StringComparison.Ordinal) == false
            && !headers.Contains("chunked", StringComparison.Ordinal)
        )
            headers += $"Content-Length: {body.Length}\r\n";
        var answer = await RawRequest.SendAsync(api, RawRequest.Submission(body, headers));
        Assert.Equal(status, answer.Status);
        // What Kestrel refuses before the program sees it has no body.
        if (answer.Body.Length > 0)
        {
            Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
            Assert.Equal(
                (status, "/v1/contact-submissions"),
                ((int)answer.Json["status"]!, (string?)answer.Json["instance"])
            );
            Assert.NotEqual("/problems/fault", (string?)answer.Json["type"]);
        }
        AssertQuiet();
    }

    void AssertQuiet()
    {
        Assert.DoesNotMatch("(?m)^(Warning|Error|Critical) ", api.Log.Text);
    }

    [Theory]
    [InlineData("{\"\\ud800\":1}"), InlineData("{\"\u00FF\":1}"), InlineData("{\"website\":\"\\ud800\"}")]
    public async Task Bytes_that_are_not_text_are_reported_as_such(string body)
    {
        var answer = await RawRequest.SendAsync(api, RawRequest.Submission(body));
        Assert.Equal("/problems/malformed", (string?)answer.Json["type"]);
        Assert.Equal(
            "The body is not valid JSON: it has bytes or escapes that are not Unicode text.",
            (string?)answer.Json["detail"]
        );
    }

    [Theory]
    [
        InlineData("gzip"),
        InlineData("br"),
        InlineData("identity, gzip"),
        InlineData("nonsense"),
        InlineData("aes128gcm")
    ]
    public async Task A_compressed_body_gets_a_415_that_names_the_supported_codings(string encoding)
    {
        using var response = await api.SendAsync(Valid(), encoding);
        await JsonAssert.ProblemAsync(
            response,
            415,
            "unsupported-media-type",
            "Send the body without Content-Encoding: no encoding is supported."
        );
        Assert.Equal("identity", response.Headers.GetValues("Accept-Encoding").Single());
    }

    [Theory]
    [InlineData("identity"), InlineData("IDENTITY"), InlineData("")]
    public async Task The_coding_identity_is_accepted(string encoding)
    {
        using var response = await api.SendAsync(Valid(), encoding);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
    }

    [Theory]
    [
        InlineData(" "),
        InlineData("\\t"),
        InlineData("\\n"),
        InlineData("\\u0020"),
        InlineData("\\u00a0"),
        InlineData("\u00C2\u00A0"),
        InlineData("\\u2003 \\r\\n"),
        InlineData("")
    ]
    public async Task White_space_in_the_honeypot_counts_as_empty(string text)
    {
        var count = await api.QueryAsync<long>("SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL");
        var body = Valid().ToJsonString();
        Assert.Equal(
            201,
            (await RawRequest.SendAsync(api, RawRequest.Submission($"{body[..^1]},\"website\":\"{text}\"}}"))).Status
        );
        Assert.Equal(
            count,
            await api.QueryAsync<long>("SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL")
        );
        Assert.Equal(
            201,
            (await RawRequest.SendAsync(api, RawRequest.Submission($"{body[..^1]},\"website\":\"{text}x\"}}"))).Status
        );
        Assert.Equal(
            count + 1,
            await api.QueryAsync<long>("SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL")
        );
    }

    [Theory]
    [
        InlineData("{\"name\":\"x", "Content-Length: 500\r\n"),
        InlineData("{", "Content-Length: 5\r\n"),
        InlineData("5\r\n{\"na", "Transfer-Encoding: chunked\r\n"),
        InlineData("5", "Transfer-Encoding: chunked\r\n"),
        InlineData("", "Content-Length: 1\r\n")
    ]
    public async Task A_sender_who_disconnects_is_not_an_error(string body, string framing)
    {
        foreach (var reset in new[] { true, false })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
            if (reset)
                socket.LingerState = new LingerOption(true, 0);
            await socket.GetStream().WriteAsync(RawRequest.Submission(body, Json + framing));
            await api.GetAsync("/health/live");
        }
        for (var i = 0; i < 10; i++)
            await api.GetAsync("/v1/locations");
        AssertQuiet();
    }

    [Fact]
    public async Task The_first_hundred_errors_are_listed_and_the_others_counted()
    {
        async Task<JsonObject> ErrorsOfAsync(int members)
        {
            var body = new JsonObject(
                Enumerable.Range(0, members).Select(i => KeyValuePair.Create<string, JsonNode?>($"m{i}", 1))
            );
            foreach (var (name, value) in Valid())
                body[name] = value!.DeepClone();
            using var response = await api.SubmitAsync(body);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, response.StatusCode);
            return JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        }

        var all = await ErrorsOfAsync(100);
        Assert.Equal((100, "100 rules are broken."), (all["errors"]!.AsArray().Count, (string?)all["detail"]));
        var some = await ErrorsOfAsync(4000);
        Assert.Equal(
            (100, "4000 rules are broken; the first 100 are named."),
            (some["errors"]!.AsArray().Count, (string?)some["detail"])
        );
        Assert.Equal("#/m99", (string?)some["errors"]![99]!["pointer"]);
    }
}

static class EncodedSubmissions
{
    /// <summary>Sends a message that claims to have a content coding.</summary>
    public static Task<HttpResponseMessage> SendAsync(this ApiFactory api, JsonNode body, string encoding)
    {
        var content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        Assert.True(content.Headers.TryAddWithoutValidation("Content-Encoding", encoding));
        return api.Client.PostAsync(Endpoint, content);
    }
}
