using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Api.Tests.Contact;
using Api.Tests.Outbox;

namespace Api.Tests;

/// <summary>The real program exports to a collector.</summary>
public sealed class TelemetryTests
{
    /// <summary>In everything that callers send and no caller may find there.</summary>
    const string Mark = "zzq";

    const string Telephone = "8705550177",
        Address = "198.51.100.77",
        Staff = "staff@example.com";

    static JsonObject Marked(params (string Name, JsonNode? Value)[] changes) =>
        Submissions.Valid([
            ("name", "Zzqname Sender"),
            ("email", "zzqmail@example.com"),
            ("telephone", "+1" + Telephone),
            ("message", "Zzqmessage of a person."),
            .. changes,
        ]);

    static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    static FormUrlEncodedContent Form(params (string Name, string Value)[] changes)
    {
        var fields = new Dictionary<string, string>
        {
            ["name"] = "Zzqname",
            ["email"] = "zzqmail@example.com",
            ["preferredContact"] = "email",
            ["location"] = "jonesboro",
            ["message"] = "Zzqmessage",
            ["consent"] = "on",
        };
        foreach (var (name, value) in changes)
            fields[name] = value;
        return new(fields);
    }

    [Fact]
    public async Task Nothing_that_a_caller_sent_is_exported_and_a_message_can_be_followed_to_its_deliveries()
    {
        using var folder = new TempFolder();
        await using var collector = await OtlpCollector.StartAsync();
        await using var mail = new FaultyMailServer();
        var (process, follower) = await ApiProcess.ServeAsync(
            folder.Path,
            [
                .. collector.Settings,
                "--Mail:Host=127.0.0.1",
                $"--Mail:Port={mail.Port}",
                "--Mail:Security=None",
                "--Mail:From=website@example.com",
                $"--Mail:Recipients:*:0={Staff}",
                "--Mail:Acknowledge=true",
                .. OutboxApi.Webhook("crm", new Uri(collector.Url, "/zzqhook"), OutboxApi.NewSecret()),
                "--Contact:Redirects:Success=https://www.example.com/thanks",
                "--Contact:Redirects:Failure=https://www.example.com/contact",
                "--Contact:Limits:PerClient:Requests=15",
                "--Proxies:Known:0=127.0.0.1",
                "--Cors:Origins:0=https://www.example.com",
            ]
        );
        using var _ = process;
        using var __ = follower;
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = follower.BaseAddress,
        };
        async Task<(int Status, string Body)> Send(string method, string path, HttpContent? content = null)
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = content };
            foreach (
                var (name, value) in new[]
                {
                    ("Host", "zzqhost.example.com"),
                    ("User-Agent", "zzqagent"),
                    ("Referer", "https://zzqreferer.example.com/"),
                    ("Origin", "https://zzqorigin.example.com"),
                    ("Cookie", "zzq=zzqcookie"),
                    ("Authorization", "Bearer zzqtoken"),
                    ("Accept-Language", "zzq"),
                    ("X-Forwarded-For", Address),
                    ("X-Forwarded-Proto", "zzqproto"),
                    ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                    ("tracestate", "zzq=zzqstate"),
                    ("baggage", "zzq=zzqbaggage"),
                    ("X-Zzq", "zzqheader"),
                }
            )
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
            using var response = await client.SendAsync(request);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
        }
        Task<(int Status, string Body)> Post(HttpContent content) => Send("POST", Submissions.Endpoint, content);

        // Delivered, after the mail server has refused the recipient.
        mail.Fail(SmtpStep.RcptTo, "550 5.1.1 zzqmail is not here");
        var (status, body) = await Post(Json(Marked()));
        Assert.Equal(201, status);
        await collector.UntilAsync(spans =>
            spans.Any(span => span is { Name: "deliver mail", HasFailed: true })
            && spans.Any(span => span is { Name: "deliver acknowledgement", HasFailed: true })
            && spans.Any(span => span is { Name: "deliver webhook", HasFailed: false })
        );
        mail.Behave();
        await collector.UntilAsync(spans =>
            spans.Any(span => span is { Name: "deliver mail", HasFailed: false })
            && spans.Any(span => span is { Name: "deliver acknowledgement", HasFailed: false })
        );
        var receipt = JsonNode.Parse(body)!;
        var (reference, token) = ((string)receipt["reference"]!, (string)receipt["token"]!);

        (int Expected, Task<(int Status, string)> Answer)[] answers =
        [
            // In quarantine, of plain HTML forms, refused, malformed, too large.
            (201, Post(Json(Marked(("website", "zzq"))))),
            (303, Post(Form())),
            (303, Post(Form(("email", "zzq"), ("zzq", "zzq")))),
            (303, Post(new MultipartFormDataContent { { new StringContent("zzq"), "name" } })),
            (422, Post(Json(Marked(("location", "zzq"), ("zzq", "zzq"))))),
            (422, Post(Json(Marked(("consent", "zzq"))))),
            (400, Post(new StringContent("{\"zzq", Encoding.UTF8, "application/json"))),
            (415, Post(new StringContent("zzq", Encoding.UTF8, "text/zzq"))),
            (413, Post(Json(Marked(("message", Mark + new string('x', 70_000)))))),
            // With marks in the path, the query and the method.
            (200, Send("GET", "/v1/contact-receipts/" + token)),
            (200, Send("HEAD", "/v1/contact-receipts/" + token)),
            (404, Send("GET", "/v1/contact-receipts/zzq")),
            (405, Send("DELETE", "/v1/contact-receipts/" + token)),
            (404, Send("GET", "/v1/articles/zzq?zzq=zzq")),
            (200, Send("GET", "/v1/articles?q=zzq")),
            (400, Send("GET", "/v1/articles?cursor=zzq")),
            (404, Send("GET", "/zzq/v1/articles")),
            (404, Send("ZZQ", "/zzq")),
            (405, Send("ZZQ", "/v1/articles")),
        ];
        await Task.WhenAll(answers.Select(answer => answer.Answer));
        Assert.Equal(answers.Select(answer => answer.Expected), answers.Select(answer => answer.Answer.Result.Status));
        await SendMalformedAsync(client.BaseAddress!.Port);

        // While the database is away, and over the limit.
        using (Engine.Hide(folder.Path))
            Assert.Equal(503, (await Post(Json(Marked()))).Status);
        (int Status, string) last;
        do last = await Post(Json(Marked()));
        while (last.Status == 201);
        Assert.Equal(429, last.Status);

        process.Terminate();
        Assert.Equal(0, await process.ExitAsync());
        var exports = collector.Count;
        // What the staff's commands read stays on the machine.
        var shown = await ApiProcess.RunAsync([
            "submissions",
            "show",
            reference,
            $"--Database:Folder={folder.Path}",
            .. collector.Settings,
        ]);
        Assert.Contains("Zzqname", shown.Output, StringComparison.Ordinal);
        Assert.Equal(exports, collector.Count);

        foreach (var mark in new[] { Mark, Telephone, Address, Staff, token, reference })
            Assert.DoesNotContain(mark, collector.Text, StringComparison.OrdinalIgnoreCase);

        // There is something to search.
        var spans = collector.Spans;
        var post = spans.First(span => span.Name == "POST /v1/contact-submissions/");
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", post.TraceId);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["http.request.method"] = "POST",
                ["http.response.status_code"] = "201",
                ["http.route"] = "/v1/contact-submissions/",
                ["network.protocol.version"] = "1.1",
            },
            post.Attributes
        );
        var write = spans.Single(span => span.Name == "ContactStore.AddAsync" && span.ParentId == post.SpanId);
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["db.system.name"] = Engine.IsPostgres ? "postgresql" : "sqlite",
                ["db.operation.name"] = "write",
            },
            write.Attributes
        );
        // In the queue, which PostgreSQL does without.
        string[] parts = Engine.IsPostgres ? [] : ["wait", "execute"];
        Assert.All(parts, part => Assert.Single(spans, span => span.Name == part && span.ParentId == write.SpanId));
        Assert.Contains(
            spans,
            span => span.Name == "ContactStore.FindAsync" && span.Attributes["db.operation.name"] == "read"
        );
        var deliveries = spans.Where(span =>
            span.ParentId == post.SpanId && span.Name.StartsWith("deliver ", StringComparison.Ordinal)
        );
        Assert.Equal(
            [
                ("acknowledgement", "1", "waiting", "the mail server answered 550 to the recipient"),
                ("acknowledgement", "2", "delivered", ""),
                ("mail", "1", "waiting", "the mail server answered 550 to the recipient"),
                ("mail", "2", "delivered", ""),
                ("webhook", "1", "delivered", ""),
            ],
            deliveries
                .Select(span =>
                    (
                        span.Attributes["clinic.delivery.channel"],
                        span.Attributes["clinic.delivery.attempt"],
                        span.Attributes["clinic.delivery.outcome"],
                        span.StatusText
                    )
                )
                .Order()
        );
        Assert.Contains(
            spans,
            span =>
                span is { Name: "ContactStore.AddAsync", HasFailed: true }
                && span.Attributes["error.type"] == (Engine.IsPostgres ? "Unreachable" : "Replaced")
        );
        Assert.Contains(spans, span => span.Name == "GET /v1/contact-receipts/{token}");
        Assert.Contains(spans, span => span.Name == "HTTP" && span.Attributes["http.request.method"] == "_OTHER");
        // What the program does by itself all the time is in no trace.
        Assert.DoesNotContain(spans, span => span.Name == "OutboxStore.CountAsync");
        Assert.DoesNotContain(spans, span => span.Name == "ContentVersion.RefreshAsync");
    }

    static async Task SendMalformedAsync(int port)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await socket.GetStream().WriteAsync("ZZQ zzq zzq\r\nzzq\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(socket.GetStream());
        Assert.StartsWith("HTTP/1.1 400 ", await reader.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_metrics_tell_what_happened(bool overGrpc)
    {
        using var folder = new TempFolder();
        await using var collector = await OtlpCollector.StartAsync();
        var (process, client) = await ApiProcess.ServeAsync(
            folder.Path,
            [
                .. overGrpc ? collector.GrpcSettings : collector.Settings,
                "--Contact:Limits:PerClient:Requests=2",
                "--OTEL_SERVICE_NAME=website",
            ]
        );
        using var _ = process;
        using var __ = client;
        for (var i = 0; i < 3; i++)
            Assert.True((await client.GetAsync("/v1/articles")).IsSuccessStatusCode);
        for (var i = 0; i < 5; i++)
            await client.PostAsync(Submissions.Endpoint, Json(Submissions.Valid()));
        process.Terminate();
        Assert.Equal(0, await process.ExitAsync());

        Assert.Contains(collector.Spans, span => span.Name == "GET /v1/articles/");
        Assert.Equal("website", collector.Resource["service.name"]);
        var measurements = collector.Measurements;
        Assert.Equal(("{request}", 2.0), Find("clinic.output_cache.requests", "clinic.output_cache.result", "hit"));
        Assert.Equal(("{request}", 1.0), Find("clinic.output_cache.requests", "clinic.output_cache.result", "miss"));
        Assert.Equal(("{request}", 3.0), Find("clinic.rate_limit.refused", "clinic.rate_limit.policy", "contact"));
        Assert.Equal(("{message}", 0.0), Find("clinic.submissions.quarantined"));
        Assert.Equal(("{delivery}", 0.0), Find("clinic.outbox.waiting"));
        Assert.Equal(("{delivery}", 0.0), Find("clinic.outbox.failed"));
        Assert.Equal(("s", 0.0), Find("clinic.outbox.oldest_waiting"));

        // PostgreSQL needs no queue.
        if (!Engine.IsPostgres)
        {
            Assert.Equal(("{write}", 0.0), Find("clinic.write_queue.length"));
            var waits = measurements.Single(found => found.Name == "clinic.write_queue.wait.duration");
            var batches = measurements.Single(found => found.Name == "clinic.write_queue.batch.size");
            Assert.Equal(("s", "{write}"), (waits.Unit, batches.Unit));
            Assert.InRange(waits.Value, 0, 60);
            // Each write is in one batch.
            Assert.True(waits.Count >= 2);
            Assert.Equal(waits.Count, batches.Value);
        }

        var posts = measurements
            .Where(found => found.Name == "http.server.request.duration")
            .Where(found => found.Attributes["http.request.method"] == "POST")
            .ToDictionary(found => found.Attributes["http.response.status_code"], found => found.Count);
        Assert.Equal(new Dictionary<string, long> { ["201"] = 2, ["429"] = 3 }, posts);
        Assert.Contains(measurements, found => found.Name == "dotnet.gc.collections");

        (string Unit, double Value) Find(string name, string? attribute = null, string? value = null)
        {
            var found = measurements.Single(found =>
                found.Name == name && (attribute is null || found.Attributes[attribute] == value)
            );
            return (found.Unit, found.Value);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [AnyEngine]
    public async Task Without_a_collector_nothing_of_OpenTelemetry_is_loaded(bool isOn)
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Only Linux shows the files that a process has loaded.");
        using var folder = new TempFolder();
        await using var collector = await OtlpCollector.StartAsync();
        var (process, client) = await ApiProcess.ServeAsync(folder.Path, isOn ? collector.Settings : []);
        using var _ = process;
        using var __ = client;
        await client.PostAsync(Submissions.Endpoint, Json(Submissions.Valid()));
        var files = await File.ReadAllTextAsync($"/proc/{process.Process.Id}/maps");
        Assert.Contains("/Api.dll", files, StringComparison.Ordinal);
        Assert.Equal(isOn, files.Contains("/OpenTelemetry", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(
        "OTEL_EXPORTER_OTLP_ENDPOINT is 'localhost:4317': set it to a URL like http://localhost:4317.",
        "--OTEL_EXPORTER_OTLP_ENDPOINT=localhost:4317"
    )]
    [InlineData(
        "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json': set it to grpc or http/protobuf.",
        "--OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318",
        "--OTEL_EXPORTER_OTLP_PROTOCOL=http/json"
    )]
    public async Task A_setting_that_the_exporter_would_ignore_stops_the_start(
        string sentence,
        params string[] settings
    )
    {
        using var folder = new TempFolder();
        var (exitCode, _, errors) = await Command.RunAsync([
            "migrate",
            $"--Database:Folder={folder.Path}",
            .. settings,
        ]);
        Assert.Equal((1, sentence), (exitCode, errors.Trim()));
    }
}
