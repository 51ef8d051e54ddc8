using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.Contact;
using Api.Data;
using Api.Tests.Contact;
using Api.Tests.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data.Postgres;

/// <summary>
/// PostgreSQL stops as in a power cut and starts again, several times, while senders write to one instance.
/// </summary>
[AnyEngine]
public sealed partial class ServerLossTests : IDisposable
{
    const int Losses = 3,
        Senders = 6,
        MessagesBetweenLosses = 100;

    const StringComparison Ordinal = StringComparison.Ordinal;

    readonly Deployment deployment = Deployment.OnDurableServer();
    readonly CancellationTokenSource patience = new(TimeSpan.FromMinutes(4));
    readonly CancellationTokenSource enough = new();

    /// <summary>By reference: the message that was acknowledged.</summary>
    readonly ConcurrentDictionary<string, string> acknowledged = new();

    int refused;

    public void Dispose()
    {
        deployment.Dispose();
        patience.Dispose();
        enough.Dispose();
    }

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_service_goes_on_without_a_restart_of_the_program()
    {
        await using var receiver = await CallRecorder.StartAsync();
        var served = await deployment.ServeAsync(OutboxApi.Webhook("crm", receiver.Url, OutboxApi.NewSecret()));
        using var api = served.Process;
        using var client = served.Client;
        // What is asked for while the server is down was asked for before, so it is in memory.
        await client.GetStringAsync("/v1/locations/jonesboro/hours", patience.Token);

        var senders = Enumerable
            .Range(0, Senders)
            .Select(sender => Task.Run(() => SendAllAsync(client, sender)))
            .ToArray();
        for (var loss = 0; loss < Losses; loss++)
        {
            await UntilAcknowledgedAsync(acknowledged.Count + MessagesBetweenLosses, senders);
            deployment.Server.StopImmediately();
            await CheckWithoutServerAsync(client, loss);
            deployment.Server.Start();
            await UntilReadyAsync(client);
        }
        await UntilAcknowledgedAsync(acknowledged.Count + MessagesBetweenLosses, senders);
        // As for an update of PostgreSQL.
        deployment.Server.Restart();
        await UntilReadyAsync(client);
        await UntilAcknowledgedAsync(acknowledged.Count + MessagesBetweenLosses, senders);
        await enough.CancelAsync();
        await Task.WhenAll(senders);

        Assert.NotEqual(0, refused);
        await CheckMessagesAsync();
        // A worker that met a fault looks again after a quarter of a minute.
        while (deployment.Query<bool>("SELECT EXISTS (SELECT FROM outbox WHERE state <> 'delivered')"))
            await Task.Delay(50, patience.Token);
        Assert.Equal(deployment.Rows<string>("SELECT delivery_id FROM outbox").Order(), receiver.Calls.Keys.Order());
        CheckLog(api.Output + api.Errors);
    }

    async Task SendAllAsync(HttpClient client, int sender)
    {
        for (var i = 0; !enough.IsCancellationRequested; i++)
        {
            var message = $"Message {i} of sender {sender}";
            acknowledged[await SendAsync(client, message, $"\"{Guid.NewGuid()}\"")] = message;
        }
    }

    async Task<string> SendAsync(HttpClient client, string message, string key)
    {
        while (true)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, Submissions.Endpoint)
            {
                Content = JsonContent.Create(Submissions.Valid(("message", message))),
                Headers = { { "Idempotency-Key", key } },
            };
            using var response = await client.SendAsync(request, patience.Token);
            if (response.StatusCode == HttpStatusCode.Created)
                return (string)(await response.Content.ReadFromJsonAsync<JsonNode>(patience.Token))!["reference"]!;
            Interlocked.Increment(ref refused);
            await JsonAssert.ProblemAsync(response, 503, "busy");
            Assert.NotNull(response.Headers.RetryAfter);
            await Task.Delay(5, patience.Token);
        }
    }

    async Task UntilAcknowledgedAsync(int goal, Task[] senders)
    {
        while (acknowledged.Count < goal)
        {
            if (senders.FirstOrDefault(sender => sender.IsFaulted) is { } failed)
                await failed;
            await Task.Delay(1, patience.Token);
        }
    }

    async Task CheckWithoutServerAsync(HttpClient client, int loss)
    {
        using (var ready = await client.GetAsync("/health/ready", patience.Token))
            await JsonAssert.ProblemAsync(ready, 503, "busy");
        using (var live = await client.GetAsync("/health/live", patience.Token))
            Assert.Equal(HttpStatusCode.OK, live.StatusCode);
        using (var articles = await client.GetAsync($"/v1/articles?q=anxiety&limit={loss + 1}", patience.Token))
            await JsonAssert.ProblemAsync(articles, 503, "busy");
        // Another instant each time, so that the answer is worked out and does not come from the cache of answers.
        foreach (var hour in Enumerable.Range(loss * 5, 5))
        {
            var status = await client.GetFromJsonAsync<JsonNode>(
                $"/v1/locations/jonesboro/status?at=2026-07-01T{hour:00}:00:00-05:00",
                patience.Token
            );
            Assert.Equal(hour is >= 8 and < 17 ? "open" : "closed", (string?)status!["state"]);
        }
        foreach (var path in new[] { "/v1/hours?limit=", "/v1/locations/jonesboro/calendar?days=" })
        {
            using var response = await client.GetAsync($"{path}{loss + 1}", patience.Token);
            Assert.True(response.StatusCode == HttpStatusCode.OK, path);
        }
    }

    async Task UntilReadyAsync(HttpClient client)
    {
        while (true)
        {
            using var ready = await client.GetAsync("/health/ready", patience.Token);
            if (ready.StatusCode == HttpStatusCode.OK)
                return;
            await JsonAssert.ProblemAsync(ready, 503, "busy");
            await Task.Delay(10, patience.Token);
        }
    }

    async Task CheckMessagesAsync()
    {
        await using var app = Program.Compose(deployment.Settings);
        var seal = app.Services.GetRequiredService<SubmissionSeal>();
        var stored = deployment
            .Rows<(string Reference, byte[] Sealed)>("SELECT reference, sealed FROM submissions")
            .ToDictionary(row => row.Reference, row => seal.Open(row.Reference, row.Sealed).Message);
        Assert.Equal(
            acknowledged.OrderBy(row => row.Key, StringComparer.Ordinal),
            stored.OrderBy(row => row.Key, StringComparer.Ordinal)
        );
    }

    static void CheckLog(string log)
    {
        Assert.Contains(StorageFault.Unreachable.Sentence(), log, Ordinal);
        foreach (var text in new[] { "Npgsql", "   at ", "terminating connection", "Connection refused", "socket" })
            Assert.DoesNotContain(text, log, StringComparison.OrdinalIgnoreCase);
        // The stops are seconds apart, and such a line comes once a minute.
        Assert.InRange(OnceAMinute().Count(log), 1, 4);
    }

    [GeneratedRegex("reported once a minute")]
    private static partial Regex OnceAMinute();
}
