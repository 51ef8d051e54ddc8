using System.Collections.Concurrent;
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

    [Fact]
    public async Task A_process_killed_under_load_has_stored_every_acknowledged_message_exactly_once()
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
                foreach (
                    var reference in await Task.WhenAll(
                        Enumerable.Range(0, copies).Select(_ => SendAsync(message, key))
                    )
                )
                    Assert.Equal(reference, acknowledged.GetOrAdd(message, reference));
                if (i % 7 == 0)
                    Assert.Equal(acknowledged[message], await SendAsync(message, key));
            }
        }

        var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAllAsync)).ToArray();
        for (var round = 0; ; round++)
        {
            var (api, client) = await ApiProcess.ServeAsync(folder.Path, Settings);
            using (api)
            {
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
        if (!Engine.IsPostgres)
            Assert.Equal("ok", connection.ExecuteScalar<string>("PRAGMA integrity_check"));
    }

    /// <summary>Sends until there is an answer, to whichever process there is.</summary>
    async Task<string> SendAsync(string message, string key)
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
