using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Api.Contact.Inbox;
using Api.Tests.Access;
using Api.Tests.Contact.Inbox;
using Api.Tests.Outbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Api.Tests.Contact;

/// <summary>
/// Sends marked values through every path, failures included, and searches all that comes out: answers and their
/// headers, the log at its finest, exceptions, traces, metrics, mails, webhooks, and the files on the disk.
/// </summary>
public sealed class LeakTests
{
    /// <summary>What the sender writes. Each can be told from anything else, whatever is cut off of it.</summary>
    static readonly string[] Marks = ["Zzqname", "zzqmail", "5550177", "Zzqmessage"];

    static JsonObject Marked(params (string Name, JsonNode? Value)[] changes)
    {
        var body = Submissions.Valid(
            ("name", "Zzqname Sender"),
            ("email", "zzqmail@example.com"),
            ("telephone", "+18705550177"),
            ("message", "Zzqmessage of a person.")
        );
        foreach (var (name, value) in changes)
            body[name] = value?.DeepClone();
        return body;
    }

    [Fact]
    public async Task Nothing_that_a_sender_wrote_comes_out_anywhere()
    {
        await using var mail = new FaultyMailServer();
        await using var hooks = await Hooks.StartAsync();
        using var overheard = new Overheard();
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                "--Mail:Host=127.0.0.1",
                $"--Mail:Port={mail.Port}",
                "--Mail:Security=None",
                "--Mail:From=website@example.com",
                "--Mail:Recipients:*:0=staff@example.com",
                "--Mail:Acknowledge=true",
                "--Mail:Link=https://staff.example.com/messages/{reference}",
                "--Webhooks:AllowInternal=true",
                $"--Webhooks:Endpoints:crm:Url={hooks.Url}",
                "--Webhooks:Endpoints:crm:Secrets:0=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
                "--Contact:Challenge:Mode=optional",
                "--Database:WriteQueueCapacity=8",
                "--Contact:Limits:PerClient:Requests=200",
            ]);
            factory.Configure = builder =>
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace);
        });
        List<string> answers = [];
        async Task<HttpResponseMessage> Send(HttpContent content, params (string Name, string Value)[] headers)
        {
            var request = new HttpRequestMessage(HttpMethod.Post, Submissions.Endpoint) { Content = content };
            foreach (var (name, value) in headers)
                request.Headers.TryAddWithoutValidation(name, value);
            var response = await api.Client.SendAsync(request);
            answers.Add($"{response}\n{await response.Content.ReadAsStringAsync()}");
            return response;
        }
        Task<HttpResponseMessage> SendJson(JsonNode body, params (string Name, string Value)[] headers) =>
            Send(new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"), headers);

        // The clock goes on meanwhile: whoever delivers may have met the database while it was broken, and takes a
        // rest.
        async Task WaitAsync(Task arrival)
        {
            while (!arrival.IsCompleted)
            {
                await api.CountAsync();
                api.Clock.Advance(TimeSpan.FromMilliseconds(5));
            }
            await arrival;
        }

        // Taken in, repeated, with another message under the same key, taken for spam.
        var receipt = JsonNode.Parse(
            await (await SendJson(Marked(), ("Idempotency-Key", "\"one\""))).Content.ReadAsStringAsync()
        )!;
        // Delivered to the staff and to the sender, before other messages make more mail.
        await WaitAsync(mail.TakenAsync(2));
        await WaitAsync(hooks.ReceivedAsync(1));
        await SendJson(Marked(), ("Idempotency-Key", "\"one\""));
        await SendJson(Marked(("message", "Zzqmessage, another.")), ("Idempotency-Key", "\"one\""));
        await SendJson(Marked(("website", "Zzqmessage")), ("Accept-Language", "es"));
        // Refused: each rule, each type, unknown members' values, no JSON, other media types, half a body, too much of
        // it.
        foreach (var (member, _) in Submissions.Valid())
        {
            foreach (
                var value in new JsonNode?[]
                {
                    "Zzqname zzqmail 5550177 Zzqmessage\u0001",
                    5,
                    new JsonObject { ["Zzqname"] = "zzqmail" },
                    null,
                }
            )
                await SendJson(Marked((member, value)));
        }
        await SendJson(Marked(("fax", "Zzqmessage"), ("altcha", "Zzqmessage")));
        await SendJson(Marked(("altcha", Convert.ToBase64String("""{"Zzqname":"zzqmail"}"""u8))));
        await Send(
            new StringContent("{\"name\": \"Zzqname\", \"message\": \"Zzqmessage", Encoding.UTF8, "application/json")
        );
        await Send(
            new StringContent("name=Zzqname&message=Zzqmessage", Encoding.UTF8, "application/x-www-form-urlencoded")
        );
        await Send(
            new StringContent(
                $"{{\"message\": \"{new string('x', 70_000)}Zzqmessage\"}}",
                Encoding.UTF8,
                "application/json"
            )
        );
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync("127.0.0.1", api.Client.BaseAddress!.Port);
            await socket
                .GetStream()
                .WriteAsync(
                    "POST /v1/contact-submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"name\":\"Zzqname"u8.ToArray()
                );
        }

        // The database fails: full, broken, busy, its queue full.
        await using (await api.FillDiskAsync())
        {
            HttpResponseMessage full;
            do full = await SendJson(Marked(("message", "Zzqmessage" + new string('x', 4000))));
            while ((int)full.StatusCode == 201);
            Assert.Equal(507, (int)full.StatusCode);
        }
        await api.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        Assert.Equal(500, (int)(await SendJson(Marked())).StatusCode);
        await api.ExecuteAsync("ALTER TABLE away RENAME TO submissions");
        await using (await api.FillWithWritesAsync())
            Assert.Equal(503, (int)(await SendJson(Marked())).StatusCode);

        // Deliveries fail in several ways; those to the sender too.
        mail.Fail(SmtpStep.RcptTo, "550 5.1.1 zzqmail is not here");
        hooks.Answer = 500;
        await SendJson(Marked());
        await WaitAsync(mail.FailedAsync(2));
        mail.Fail(SmtpStep.InText, FaultyMailServer.Cut);
        await SendJson(Marked());
        await WaitAsync(mail.FailedAsync(3));

        // The staff's side.
        var reference = (string)receipt["reference"]!;
        Assert.Contains("Zzqmessage", (await api.OpenAsync(reference))!.Message, StringComparison.Ordinal);
        Assert.NotEmpty(await api.FindBySenderAsync("zzqmail@example.com", null));
        await api.SetStateAsync((await api.ListAsync(SubmissionState.Spam)).Single().Reference, SubmissionState.Open);
        answers.Add((await api.GetAsync($"/v1/contact-receipts/{receipt["token"]}")).ToJsonString());
        await api.EraseAsync(reference);
        answers.Add((await api.GetAsync("/health/outbox")).ToJsonString());
        // And over the limit.
        HttpResponseMessage limited;
        do limited = await SendJson(Marked());
        while ((int)limited.StatusCode == 201);
        Assert.Equal(429, (int)limited.StatusCode);

        await api.App.StopAsync();
        var mails = await mail.TakenAsync(2);
        // The one place where one of them must be: the envelope and the To of what is sent to the sender, and nothing
        // else of hers.
        Assert.Contains(mails, taken => taken.To is ["zzqmail@example.com"]);
        var outputs = new Dictionary<string, string>
        {
            ["answers"] = string.Join('\n', answers),
            ["log"] = api.Log.Text,
            ["exceptions"] = overheard.Exceptions,
            ["traces"] = overheard.Traces,
            ["metrics"] = overheard.Metrics,
            ["webhooks"] = string.Join('\n', await hooks.ReceivedAsync(1)),
            ["mails to the staff"] = string.Join(
                '\n',
                mails.Where(taken => taken.To is ["staff@example.com"]).Select(taken => taken.ToString() + taken.Text)
            ),
            ["mails to the sender"] = string.Join(
                '\n',
                mails
                    .Where(taken => taken.To is not ["staff@example.com"])
                    .Select(taken => taken.Text.Replace("zzqmail@example.com", "", StringComparison.Ordinal))
            ),
        };
        await AddFilesAsync(outputs, api);
        Search(outputs, Marks);
        Assert.Contains("POST", outputs["log"], StringComparison.Ordinal);
        Assert.Contains(reference, outputs["mails to the staff"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_sender_or_the_staff_wrote_comes_out_of_the_inbox_only_in_the_answers_that_have_it()
    {
        using var overheard = new Overheard();
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.Add("--Database:WriteQueueCapacity=8");
            factory.Configure = builder =>
                builder.Logging.SetMinimumLevel(LogLevel.Trace).AddFilter(null, LogLevel.Trace);
        });
        var admin = await api.AdminKeyAsync();
        var desk = await api.InboxKeyAsync();
        var unknown = desk with { Text = Api.Access.AccessKey.New() };
        var confined = await api.InboxKeyAsync(locations: ["paragould"]);
        string[] marks = [.. Marks, "Zzqnote", admin.Text, desk.Text, unknown.Text];
        var note = InboxApi.Note("Zzqnote about Zzqname.");
        var sender = new JsonObject { ["email"] = "zzqmail@example.com", ["telephone"] = "870 555 0177" };
        var reference = (string)(await api.ReceivedAsync(Marked(), ("Idempotency-Key", "\"one\"")))["reference"]!;
        var path = $"{InboxApi.Path}/{reference}";
        List<string> answers = [];

        async Task SendAsync(
            StaffKey key,
            HttpMethod method,
            string path,
            HttpContent? content,
            int status,
            string[] has,
            params (string Name, string Value)[] headers
        )
        {
            using var request = new HttpRequestMessage(method, path) { Content = content };
            foreach (var (name, value) in headers.Append(key.Header))
                Assert.True(request.Headers.TryAddWithoutValidation(name, value));
            using var response = await api.Client.SendAsync(request);
            var answer = $"{response}\n{await response.Content.ReadAsStringAsync()}";
            Assert.True((int)response.StatusCode == status, $"{method} {path}: {answer}");
            foreach (var mark in has)
            {
                Assert.Contains(mark, answer, StringComparison.Ordinal);
                answer = answer.Replace(mark, "", StringComparison.Ordinal);
            }
            answers.Add(answer);
        }
        Task GetAsync(StaffKey key, string path, int status = 200, params string[] has) =>
            SendAsync(key, HttpMethod.Get, path, null, status, has);
        Task PostAsync(StaffKey key, string path, JsonNode body, int status = 200, params string[] has) =>
            SendAsync(key, HttpMethod.Post, path, Json(body), status, has);
        Task PutAsync(StaffKey key, string path, JsonNode body, int status = 200, params string[] has) =>
            SendAsync(key, HttpMethod.Put, path, Json(body), status, has);
        static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

        // Each request as it should be, and those that have a body with each mistake.
        string[] everything = ["Zzqname", "zzqmail", "5550177", "Zzqmessage"];
        async Task ReadAllAsync(StaffKey key, int status)
        {
            string[] Has(params string[] has) => status == 200 ? has : [];
            await GetAsync(key, InboxApi.Path, status, Has("Zzqname"));
            await GetAsync(key, $"{InboxApi.Path}/counts", status);
            await GetAsync(key, "/v1/staff/attention", status);
            await GetAsync(key, path, status, Has(everything));
            await GetAsync(key, $"{InboxApi.Path}/export.csv", status, Has(everything));
            await PostAsync(key, $"{InboxApi.Path}/search", sender, status, Has("Zzqname"));
            await PostAsync(key, $"{InboxApi.Path}/export", sender, status, Has(everything));
        }
        await ReadAllAsync(desk, 200);
        await PostAsync(desk, $"{path}/notes", note, 200, "Zzqname");
        await PutAsync(desk, $"{path}/state", InboxApi.State("open"), 200, "Zzqname");
        await PutAsync(desk, $"{path}/assignee", InboxApi.Assignee("me"), 200, "Zzqname");
        await GetAsync(desk, path, 200, [.. everything, "Zzqnote"]);
        await PostAsync(desk, $"{InboxApi.Path}/export", sender, 200, [.. everything, "Zzqnote"]);

        // Refused: unknown and confined keys, the wrong role, an unknown message, an older version, the key of another
        // note.
        await ReadAllAsync(unknown, 401);
        await PostAsync(unknown, $"{path}/notes", note, 401);
        await PostAsync(confined, $"{path}/notes", note, 404);
        await PostAsync(confined, $"{InboxApi.Path}/search", sender);
        await PostAsync(desk, $"{InboxApi.Path}/erase", sender, 403);
        await PostAsync(desk, $"{InboxApi.Path}/0000-0000-0000/notes", note, 404);
        await SendAsync(
            desk,
            HttpMethod.Post,
            $"{path}/notes",
            Json(note),
            412,
            [],
            InboxApi.IfMatch("\"1\""),
            ("Idempotency-Key", "\"a\"")
        );
        foreach (var (text, status) in new[] { ("Zzqnote, one.", 200), ("Zzqnote, another.", 422) })
            await SendAsync(
                desk,
                HttpMethod.Post,
                $"{path}/notes",
                Json(InboxApi.Note(text)),
                status,
                status == 200 ? ["Zzqname"] : [],
                ("Idempotency-Key", "\"b\"")
            );
        // Each rule, each type, unknown members, no JSON, other media types, half a body.
        foreach (
            var value in new JsonNode[]
            {
                "Zzqname zzqmail 5550177 Zzqmessage Zzqnote \u0001",
                new string('x', 6000) + "Zzqnote",
                new JsonObject { ["Zzqname"] = "zzqmail" },
                new JsonArray("Zzqnote"),
            }
        )
        {
            foreach (var what in new[] { "state", "assignee", "text", "email", "telephone", "handledBy" })
            {
                var body = new JsonObject { [what] = value.DeepClone(), ["fax"] = "Zzqmessage" };
                await PutAsync(desk, $"{path}/state", body, 422);
                await PutAsync(desk, $"{path}/assignee", body, 422);
                await PostAsync(desk, $"{path}/notes", body, 422);
                await PostAsync(desk, $"{InboxApi.Path}/search", body, 422);
                await PostAsync(desk, $"{InboxApi.Path}/export", body, 422);
                await PostAsync(admin, $"{InboxApi.Path}/erase", body, 422);
            }
        }
        foreach (var address in new[] { $"{path}/notes", $"{InboxApi.Path}/search" })
        {
            await SendAsync(
                desk,
                HttpMethod.Post,
                address,
                new StringContent("{\"text\": \"Zzqnote", Encoding.UTF8, "application/json"),
                400,
                []
            );
            await SendAsync(
                desk,
                HttpMethod.Post,
                address,
                new StringContent("email=zzqmail&text=Zzqnote", Encoding.UTF8, "application/x-www-form-urlencoded"),
                415,
                []
            );
        }

        // The database fails: it refuses to write, is broken, or its queue is full.
        await using (await api.RefuseAsync("INSERT ON submission_notes"))
            await PostAsync(desk, $"{path}/notes", note, 500);
        await using (await api.RefuseAsync("INSERT ON audit_entries"))
        {
            await PostAsync(desk, $"{path}/notes", note, 500);
            await GetAsync(desk, path, 500);
            await PostAsync(desk, $"{InboxApi.Path}/search", sender, 500);
            await PostAsync(desk, $"{InboxApi.Path}/export", sender, 500);
            await PostAsync(admin, $"{InboxApi.Path}/erase", sender, 500);
        }
        await api.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        await PostAsync(desk, $"{path}/notes", note, 500);
        await PutAsync(desk, $"{path}/state", InboxApi.State("spam"), 500);
        await GetAsync(desk, path, 500);
        await PostAsync(desk, $"{InboxApi.Path}/search", sender, 500);
        await PostAsync(admin, $"{InboxApi.Path}/erase", sender, 500);
        await api.ExecuteAsync("ALTER TABLE away RENAME TO submissions");
        await using (await api.FillWithWritesAsync())
        {
            await PostAsync(desk, $"{path}/notes", note, 503);
            await GetAsync(desk, path, 503);
            await PostAsync(desk, $"{InboxApi.Path}/search", sender, 503);
            await PostAsync(desk, $"{InboxApi.Path}/export", sender, 503);
            await PostAsync(admin, $"{InboxApi.Path}/erase", sender, 503);
        }

        await PostAsync(admin, $"{InboxApi.Path}/erase", sender);
        await api.App.StopAsync();
        var outputs = new Dictionary<string, string>
        {
            ["answers"] = string.Join('\n', answers),
            ["log"] = api.Log.Text,
            ["exceptions"] = overheard.Exceptions,
            ["traces"] = overheard.Traces,
            ["metrics"] = overheard.Metrics,
        };
        await AddFilesAsync(outputs, api);
        Search(outputs, marks);
        Assert.Contains("noteAdded by", outputs["log"], StringComparison.Ordinal);
    }

    static async Task AddFilesAsync(Dictionary<string, string> outputs, ApiFactory api)
    {
        foreach (var file in Directory.GetFiles(api.Folder.Keys))
            outputs[file] = Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file));
        foreach (var (file, bytes) in Engine.ReadFiles(api.Folder.Path).Where(file => file.Value.Length > 0))
            outputs[file] = Encoding.Latin1.GetString(bytes);
        if (Engine.IsPostgres)
            outputs["server's log"] = PostgresServer.Shared.Log;
    }

    static void Search(Dictionary<string, string> outputs, string[] marks)
    {
        foreach (var (where, text) in outputs)
        {
            // There is something to search.
            Assert.True(text.Length > 0, where);
            foreach (var mark in marks)
                Assert.False(
                    text.Contains(mark, StringComparison.OrdinalIgnoreCase),
                    $"{mark} is in {where}: {Around(text, mark)}"
                );
        }
    }

    static string Around(string text, string mark)
    {
        var at = text.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? "" : text[Math.Max(0, at - 200)..Math.Min(text.Length, at + 100)];
    }

    /// <summary>All exceptions, activities with their tags, and measurements with theirs, of this process.</summary>
    sealed class Overheard : IDisposable
    {
        readonly ConcurrentQueue<string> exceptions = new(),
            traces = new(),
            measurements = new();
        readonly ActivityListener activities;
        readonly MeterListener meters;

        public Overheard()
        {
            AppDomain.CurrentDomain.FirstChanceException += OnException;
            activities = new ActivityListener
            {
                ShouldListenTo = _ => true,
                Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = activity =>
                    traces.Enqueue(
                        $"{activity.DisplayName} {string.Join(' ', activity.TagObjects)} {string.Join(' ', activity.Events.SelectMany(e => e.Tags))} {string.Join(' ', activity.Baggage)}"
                    ),
            };
            ActivitySource.AddActivityListener(activities);
            meters = new MeterListener
            {
                InstrumentPublished = (instrument, listener) => listener.EnableMeasurementEvents(instrument),
            };
            meters.SetMeasurementEventCallback<long>(Note);
            meters.SetMeasurementEventCallback<int>(Note);
            meters.SetMeasurementEventCallback<double>(Note);
            meters.Start();
        }

        public string Exceptions => string.Join('\n', exceptions);
        public string Traces => string.Join('\n', traces);
        public string Metrics => string.Join('\n', measurements);

        // All of this process, but for the one that says what the mail server said, which may name its recipient: it is
        // thrown by the library and must go no further, which the log shows.
        void OnException(object? sender, System.Runtime.ExceptionServices.FirstChanceExceptionEventArgs e)
        {
            if (e.Exception is not MailKit.Net.Smtp.SmtpCommandException)
                exceptions.Enqueue($"{e.Exception.GetType()} {e.Exception.Message}");
        }

        void Note<T>(
            Instrument instrument,
            T measurement,
            ReadOnlySpan<KeyValuePair<string, object?>> tags,
            object? state
        ) => measurements.Enqueue($"{instrument.Name} {measurement} {string.Join(' ', tags.ToArray())}");

        public void Dispose()
        {
            AppDomain.CurrentDomain.FirstChanceException -= OnException;
            activities.Dispose();
            meters.Dispose();
        }
    }

    /// <summary>The other end of a webhook: notes each request as it came, headers and body.</summary>
    sealed class Hooks(WebApplication app) : IAsyncDisposable
    {
        readonly Arrivals<string> received = new();

        public string Url => app.Urls.Single();

        /// <summary>The status that it answers with.</summary>
        public int Answer { get; set; } = 204;

        public Task<string[]> ReceivedAsync(int count) => received.WaitAsync(count);

        public static async Task<Hooks> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var hooks = new Hooks(builder.Build());
            hooks.Listen();
            await hooks.StartListeningAsync();
            return hooks;
        }

        void Listen() =>
            app.Run(async http =>
            {
                var body = await new StreamReader(http.Request.Body).ReadToEndAsync();
                received.Add(
                    $"{http.Request.Path}{http.Request.QueryString} {string.Join(' ', http.Request.Headers)} {body}"
                );
                http.Response.StatusCode = Answer;
            });

        Task StartListeningAsync() => app.StartAsync();

        public ValueTask DisposeAsync() => app.DisposeAsync();
    }
}
