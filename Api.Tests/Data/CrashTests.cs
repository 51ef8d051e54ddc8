using System.Collections.Concurrent;
using System.Data.Common;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Api.Contact;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data;

/// <summary>
/// A process that is killed (SIGKILL) under load, again and again, while its clients do what clients do: each sends a
/// message with an Idempotency-Key until it has an answer, some of them twice at once, and some although they have one.
/// The staff do the same with what has arrived.
/// </summary>
public sealed class CrashTests
{
    const int Rounds = 6,
        Senders = 16,
        Messages = 2000;

    static readonly string[] Settings =
    [
        "--Contact:Limits:PerClient:Requests=0",
        "--Contact:Limits:Overall:Requests=0",
        // Nobody answers there, which is no matter of the sender's.
        "--Mail:Host=127.0.0.1",
        "--Mail:Port=9",
        "--Mail:Security=none",
        "--Mail:From=website@example.com",
        "--Mail:Recipients:*:0=staff@example.com",
        "--Webhooks:AllowInternal=true",
        "--Webhooks:Endpoints:crm:Url=http://127.0.0.1:9/",
        "--Webhooks:Endpoints:crm:Secrets:0=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    ];

    /// <summary>The process of the round, or the wait for the next.</summary>
    volatile TaskCompletionSource<HttpClient> serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A key of the staff.</summary>
    readonly TaskCompletionSource<string> key = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The messages that were released from spam, and those that were handled, as acknowledged.</summary>
    readonly ConcurrentBag<string> released = [],
        handled = [];

    [Fact]
    public async Task A_process_killed_under_load_has_stored_every_acknowledged_message_and_change_exactly_once()
    {
        using var folder = new TempFolder();
        // By message: the reference that was acknowledged first.
        var acknowledged = new ConcurrentDictionary<string, string>();
        var next = 0;
        async Task SendAllAsync()
        {
            for (int i; (i = Interlocked.Increment(ref next)) <= Messages; )
            {
                var (message, key) = ($"Message {i}", $"\"{Guid.NewGuid()}\"");
                var copies = i % 10 == 0 ? 2 : 1;
                // A person does not see this field.
                var website = IsSpam(i) ? "https://www.example.com" : "";
                foreach (
                    var reference in await Task.WhenAll(
                        Enumerable.Range(0, copies).Select(_ => SendAsync(message, website, key))
                    )
                )
                    Assert.Equal(reference, acknowledged.GetOrAdd(message, reference));
                if (i % 7 == 0)
                    Assert.Equal(acknowledged[message], await SendAsync(message, website, key));
                if (IsSpam(i))
                    await ReleaseAsync(acknowledged[message], copies);
                else if (i % 5 == 1)
                    await HandleAsync(acknowledged[message]);
            }
        }

        var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAllAsync)).ToArray();
        for (var round = 0; ; round++)
        {
            var (api, client) = await ApiProcess.ServeAsync(folder.Path, Settings);
            using (api)
            {
                if (round == 0)
                    key.SetResult(await MakeKeyAsync(folder.Path));
                var goal =
                    round == Rounds
                        ? Messages
                        : Math.Min(Messages - 1, acknowledged.Count + Random.Shared.Next(1, 2 * Messages / Rounds));
                serving.SetResult(client);
                while (acknowledged.Count < goal && !senders.Any(sender => sender.IsFaulted))
                    await Task.Delay(1);
                if (round == Rounds || senders.Any(sender => sender.IsFaulted))
                {
                    await Task.WhenAll(senders);
                    break;
                }
                serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
                await api.KillAsync();
            }
        }

        await using var app = Program.Compose(ApiProcess.Complete([$"--Database:Folder={folder.Path}"]));
        var seal = app.Services.GetRequiredService<SubmissionSeal>();
        using var connection = Engine.OpenConnection(folder.Path);
        var stored = connection
            .Query<(long Id, string Reference, byte[] Sealed)>("SELECT id, reference, sealed FROM submissions")
            .ToArray();
        Assert.Equal(Messages, acknowledged.Count);
        // Exactly once: as many as there were messages, each under the reference that was acknowledged.
        Assert.Equal(Messages, stored.Length);
        Assert.All(
            stored,
            row => Assert.Equal(row.Reference, acknowledged[seal.Open(row.Reference, row.Sealed).Message])
        );
        Assert.Equal(Messages, acknowledged.Values.Distinct().Count());
        var deliveries = connection
            .Query<(long Submission, string Channels)>(
                "SELECT submission_id, string_agg(channel, ',' ORDER BY channel) FROM outbox GROUP BY submission_id"
            )
            .ToDictionary();
        Assert.All(stored, row => Assert.Equal("mail,webhook", deliveries[row.Id]));
        Assert.Equal(2 * Messages, connection.ExecuteScalar<int>("SELECT count(DISTINCT delivery_id) FROM outbox"));
        CheckChanges(connection);
        if (!Engine.IsPostgres)
            Assert.Equal("ok", connection.ExecuteScalar<string>("PRAGMA integrity_check"));
    }

    static bool IsSpam(int message) => message % 5 == 0;

    static async Task<string> MakeKeyAsync(string folder)
    {
        var (exitCode, output, errors) = await ApiProcess.RunAsync([
            "keys",
            "create",
            "--name",
            "Front desk",
            "--role",
            "inbox",
            $"--Database:Folder={folder}",
        ]);
        Assert.True(exitCode == 0, errors);
        return output.Trim();
    }

    /// <summary>Releases a message from spam, perhaps twice at once.</summary>
    async Task ReleaseAsync(string reference, int times)
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, times)
                .Select(_ => ChangeAsync(HttpMethod.Put, $"{reference}/state", new { state = "open" }))
        );
        released.Add(reference);
    }

    async Task HandleAsync(string reference)
    {
        await ChangeAsync(HttpMethod.Get, reference, body: null);
        await ChangeAsync(HttpMethod.Put, $"{reference}/assignee", new { assignee = "me" });
        await ChangeAsync(HttpMethod.Post, $"{reference}/notes", new { text = "Called." });
        await ChangeAsync(HttpMethod.Put, $"{reference}/state", new { state = "handled", handledBy = "telephone" });
        handled.Add(reference);
    }

    /// <summary>Reads or changes a message until there is an answer.</summary>
    async Task ChangeAsync(HttpMethod method, string path, object? body)
    {
        var once = $"\"{Guid.NewGuid()}\"";
        while (true)
        {
            var client = await serving.Task;
            try
            {
                using var request = new HttpRequestMessage(method, $"/v1/staff/submissions/{path}")
                {
                    Content = body is null ? null : JsonContent.Create(body),
                    Headers = { { "Authorization", $"Bearer {await key.Task}" }, { "Idempotency-Key", once } },
                };
                using var response = await client.SendAsync(request);
                var answer = await response.Content.ReadAsStringAsync();
                Assert.True(response.StatusCode == HttpStatusCode.OK, answer);
                return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The answer is lost, and whether it was done nobody knows.
            }
        }
    }

    /// <summary>Each change that was acknowledged is there and in the audit, once; and so is each reading.</summary>
    void CheckChanges(DbConnection connection)
    {
        var states = connection.Query<(string, string)>("SELECT reference, state FROM submissions").ToDictionary();
        Assert.Equal(Messages / 5, released.Count);
        Assert.Equal(Messages / 5, handled.Count);
        Assert.All(released, reference => Assert.Equal("open", states[reference]));
        Assert.All(handled, reference => Assert.Equal("handled", states[reference]));
        Assert.Equal(handled.Count, connection.ExecuteScalar<int>("SELECT count(*) FROM submission_notes"));

        var audit = connection
            .Query<(string Reference, string Action, string? Details)>(
                "SELECT reference, action, details FROM audit_entries WHERE reference IS NOT NULL ORDER BY id"
            )
            .ToLookup(entry => entry.Reference, entry => $"{entry.Action} {entry.Details}".TrimEnd());
        Assert.All(released, reference => Assert.Equal(["stateChanged spam to open"], audit[reference]));
        string[] steps =
        [
            "submissionRead",
            "assigneeChanged to Front desk",
            "noteAdded",
            "stateChanged new to handled, telephone",
        ];
        // Only the reading leaves a trace each time that it is tried.
        Assert.All(handled, reference => Assert.Equal(steps, audit[reference].Distinct()));
        Assert.All(handled, reference => Assert.Equal(3, audit[reference].Count(entry => entry != "submissionRead")));
    }

    /// <summary>Sends until there is an answer, to whichever process there is.</summary>
    async Task<string> SendAsync(string message, string website, string key)
    {
        while (true)
        {
            var client = await serving.Task;
            try
            {
                var request = new HttpRequestMessage(HttpMethod.Post, "/v1/contact-submissions")
                {
                    Content = JsonContent.Create(
                        new
                        {
                            name = "Test Sender",
                            telephone = "870-555-0100",
                            preferredContact = "telephone",
                            location = "paragould",
                            message,
                            website,
                            consent = true,
                        }
                    ),
                    Headers = { { "Idempotency-Key", key } },
                };
                using var response = await client.SendAsync(request);
                Assert.Equal(HttpStatusCode.Created, response.StatusCode);
                return (string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reference"]!;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The answer is lost, and whether the message was stored nobody knows.
            }
        }
    }
}
