using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Api.Contact;
using Api.Tests.Contact;
using Api.Tests.Hours;
using Api.Tests.Outbox;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data.Postgres;

/// <summary>
/// Three instances on one database. One after the other is killed (SIGKILL) under load and started again, and at last
/// all of them at once. Senders do what a front end behind a load balancer does: they send a message with an
/// Idempotency-Key until an instance has acknowledged it, whichever that is.
/// </summary>
[AnyEngine]
public sealed class InstancesTests : IDisposable
{
    const int Instances = 3,
        Kills = 3,
        Senders = 16;

    /// <summary>How many calls of a webhook each instance makes at once.</summary>
    const int SimultaneousCalls = 4;

    /// <summary><c>MESSAGES=10000</c> in the environment sends that many.</summary>
    static readonly int Messages = RandomPlansAttribute.ReadNumber("MESSAGES") ?? 1500;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    readonly Deployment deployment = Deployment.OnDurableServer();
    readonly (ApiProcess Process, HttpClient Client)[] instances = new (ApiProcess, HttpClient)[Instances];
    readonly CancellationTokenSource patience = new(Patience);

    /// <summary>By message: the reference that was acknowledged first.</summary>
    readonly ConcurrentDictionary<string, string> acknowledged = new();

    /// <summary>The deliveries that could be in flight when an instance was killed.</summary>
    readonly HashSet<string> inFlight = [];

    string[] settings = [];

    public void Dispose()
    {
        foreach (var (process, client) in instances)
        {
            process?.Dispose();
            client?.Dispose();
        }
        deployment.Dispose();
        patience.Dispose();
    }

    [Fact]
    public async Task Instances_killed_under_load_lose_nothing_and_do_nothing_twice()
    {
        var seed = RandomPlansAttribute.DrawSeeds(1).First();
        try
        {
            await RunAsync(seed);
        }
        catch (Exception e)
        {
            Assert.Fail($"SEED={seed} has the same plan again. {e}");
        }
    }

    async Task RunAsync(int seed)
    {
        await using var receiver = await CallRecorder.StartAsync();
        settings = OutboxApi.Webhook("crm", receiver.Url, OutboxApi.NewSecret());
        await Task.WhenAll(Enumerable.Range(0, Instances).Select(StartAsync));

        var next = 0;
        var senders = Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAllAsync)).ToArray();
        var killing = Task.Run(() => KillOneAfterTheOtherAsync(new Random(seed)));
        await Task.WhenAll([killing, .. senders]);
        await Task.WhenAll(instances.Select(instance => instance.Process.KillAsync()));
        RememberInFlight();
        // The claims of the dead end by themselves within a minute. The test does not wait for that.
        deployment.Execute("UPDATE outbox SET claimed_until = '' WHERE state = 'waiting'");
        await StartAsync(0);
        while (deployment.Query<bool>("SELECT EXISTS (SELECT FROM outbox WHERE state <> 'delivered')"))
            await Task.Delay(20, patience.Token);

        await CheckMessagesAsync();
        CheckDeliveries(receiver.Calls);

        async Task SendAllAsync()
        {
            for (int i; (i = Interlocked.Increment(ref next)) <= Messages; )
                await SendMessageAsync($"Message {i}", new Random(unchecked(seed * 65537 + i)));
        }
    }

    async Task StartAsync(int instance) => instances[instance] = await deployment.ServeAsync(settings);

    /// <summary>Each time after a random share of the messages.</summary>
    async Task KillOneAfterTheOtherAsync(Random plan)
    {
        for (var kill = 0; kill < Kills; kill++)
        {
            var goal = Math.Min(Messages - 1, acknowledged.Count + plan.Next(1, 2 * Messages / Kills));
            while (acknowledged.Count < goal)
                await Task.Delay(1, patience.Token);
            using (var process = instances[kill % Instances].Process)
                await process.KillAsync();
            RememberInFlight();
            await StartAsync(kill % Instances);
        }
    }

    void RememberInFlight() =>
        inFlight.UnionWith(
            deployment.Rows<string>("SELECT delivery_id FROM outbox WHERE state = 'waiting' AND claimed_by IS NOT NULL")
        );

    /// <summary>Some are sent to two instances at once, and some although they are acknowledged.</summary>
    async Task SendMessageAsync(string message, Random plan)
    {
        var key = $"\"{Guid.NewGuid()}\"";
        var (first, second) = (new Random(plan.Next()), new Random(plan.Next()));
        Task<string>[] copies =
            plan.Next(10) == 0
                ? [SendAsync(message, key, first), SendAsync(message, key, second)]
                : [SendAsync(message, key, first)];
        foreach (var reference in await Task.WhenAll(copies))
            Assert.Equal(reference, acknowledged.GetOrAdd(message, reference));
        if (plan.Next(7) == 0)
            Assert.Equal(acknowledged[message], await SendAsync(message, key, plan));
    }

    /// <summary>Sends to one random instance after the other, until one acknowledges it.</summary>
    async Task<string> SendAsync(string message, string key, Random plan)
    {
        while (true)
        {
            var client = instances[plan.Next(Instances)].Client;
            using var request = new HttpRequestMessage(HttpMethod.Post, Submissions.Endpoint)
            {
                Content = JsonContent.Create(Submissions.Valid(("message", message))),
                Headers = { { "Idempotency-Key", key } },
            };
            try
            {
                using var response = await client.SendAsync(request, patience.Token);
                var answer = await response.Content.ReadAsStringAsync(patience.Token);
                if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
                    continue;
                Assert.True(response.StatusCode == HttpStatusCode.Created, answer);
                return (string)JsonNode.Parse(answer)!["reference"]!;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                // The instance is down, or the answer is lost and nobody knows whether the message was stored.
            }
        }
    }

    async Task CheckMessagesAsync()
    {
        Assert.Equal(Messages, acknowledged.Count);
        Assert.Equal(Messages, acknowledged.Values.Distinct().Count());
        await using var app = Program.Compose(deployment.Settings);
        var seal = app.Services.GetRequiredService<SubmissionSeal>();
        var stored = deployment.Rows<(string Reference, byte[] Sealed)>("SELECT reference, sealed FROM submissions");
        // Exactly once: as many as there were messages, each under the reference that was acknowledged.
        Assert.Equal(Messages, stored.Length);
        Assert.All(
            stored,
            row => Assert.Equal(row.Reference, acknowledged[seal.Open(row.Reference, row.Sealed).Message])
        );
    }

    void CheckDeliveries(IReadOnlyDictionary<string, int> calls)
    {
        var deliveries = deployment.Rows<(string Id, string State)>("SELECT delivery_id, state FROM outbox");
        Assert.Equal(Messages, deliveries.Length);
        Assert.Equal(Messages, deployment.Query<int>("SELECT count(DISTINCT submission_id) FROM outbox"));
        Assert.Equal(deliveries.Select(delivery => delivery.Id).Order(), calls.Keys.Order());
        // A call that was in flight at a kill is made again, since nobody knows whether it arrived.
        var repeated = calls.Where(call => call.Value > 1).ToArray();
        Assert.Subset(inFlight, repeated.Select(call => call.Key).ToHashSet());
        Assert.InRange(repeated.Sum(call => call.Value - 1), 0, (Kills + Instances) * SimultaneousCalls);
    }
}
