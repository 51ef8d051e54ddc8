using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Api.CommandLine;
using Api.Outbox;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NodaTime;

namespace Api.Tests.Outbox;

public sealed class WebhookTests
{
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);
    static readonly string Secret = OutboxApi.NewSecret(),
        Next = OutboxApi.NewSecret();

    [Fact]
    public async Task A_receiver_gets_the_reference_the_location_and_the_time_and_nothing_that_the_sender_wrote()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await using var api = await OutboxApi.StartAsync(
            OutboxApi.Webhook("crm", new(receiver.Url, "/hooks?clinic=1"), Secret)
        );
        var reference = await api.PostAsync();
        var row = Assert.Single(await api.DeliveredAsync(1));

        var call = Assert.Single(await receiver.ReceivedAsync(1));
        Assert.True(call.Verified, call.Error);
        Assert.Equal(
            ("POST", "/hooks?clinic=1", row.DeliveryId, $"{Now.ToUnixTimeSeconds()}"),
            (call.Method, call.Path, call.Id, call.Timestamp)
        );
        Assert.Equal(
            [
                "content-length",
                "content-type",
                "host",
                "user-agent",
                "webhook-id",
                "webhook-signature",
                "webhook-timestamp",
            ],
            call.Headers.Keys.Order(StringComparer.Ordinal)
        );
        Assert.Equal("application/json", call.Headers["content-type"]);
        JsonAssert.Equal(
            $$"""
            {
              "type": "submission.received", "timestamp": "2026-07-01T12:00:00Z",
              "data": { "id": "{{reference}}", "location": "jonesboro", "receivedAt": "2026-07-01T12:00:00Z" }
            }
            """,
            JsonNode.Parse(call.Body)
        );
        Assert.Equal(("delivered", 1, null), row.Outcome);
        Assert.DoesNotContain(OutboxApi.Marked, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_call_is_signed_with_every_secret()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret, Next);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Next, Secret));
        await api.PostAsync();
        Assert.Equal([0, 1], Assert.Single(await receiver.ReceivedAsync(1)).VerifiedWith);
    }

    [Theory]
    [InlineData(500, "HTTP 500"), InlineData(400, "HTTP 400"), InlineData(304, "HTTP 304")]
    public async Task Only_2xx_is_success_and_every_attempt_has_the_same_id_and_body(int status, string fault)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(status);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        Assert.Equal(("waiting", 1, fault), (await api.UntilAsync(rows => rows is [{ Attempts: 1 }]))[0].Outcome);
        await receiver.AnswerAsync(202);
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await api.DeliveredAsync(1);
        var calls = await receiver.ReceivedAsync(2);
        Assert.Equal((calls[0].Id, calls[0].Body), (calls[1].Id, calls[1].Body));
        Assert.Equal($"{Now.ToUnixTimeSeconds() + 6}", calls[1].Timestamp);
        Assert.Contains(
            $"Warning Webhook crm: 1 of 1 could not be delivered: {fault}",
            api.Log.Text,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(302, headers: ("Location", new Uri(receiver.Url, "/elsewhere").ToString()));
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        Assert.Equal(("waiting", 1, "HTTP 302"), (await api.UntilAsync(rows => rows is [{ Attempts: 1 }]))[0].Outcome);
        Assert.Single(await receiver.ReceivedAsync(1));
    }

    [Theory]
    [
        InlineData("7200", "2026-07-01T14:00:00.000Z"),
        InlineData("Wed, 01 Jul 2026 15:00:00 GMT", "2026-07-01T15:00:00.000Z"),
        InlineData("9999999", "2026-07-02T12:00:00.000Z")
    ]
    public async Task Retry_After_is_heeded(string value, string due)
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(429, headers: ("Retry-After", value));
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        Assert.Equal(due, (await api.UntilAsync(rows => rows is [{ Attempts: 1 }]))[0].DueAt);
    }

    [Fact]
    public async Task A_receiver_that_is_gone_is_not_called_until_the_operator_retries()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(410);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        Assert.Equal(
            ("failed", 1, "HTTP 410: the receiver is gone"),
            (await api.UntilAsync(rows => rows is [{ State: "failed" }]))[0].Outcome
        );
        await receiver.BehaveAsync();
        await api.PostAsync();
        Assert.Equal(
            ("failed", 0, "the webhook is disabled since its receiver answered HTTP 410"),
            (await api.UntilAsync(rows => rows is [_, { State: "failed" }]))[1].Outcome
        );
        Assert.Single(await receiver.ReceivedAsync(1));

        Assert.Equal(0, await OutboxCommands.RetryAsync(api.App.Services, null, TextWriter.Null, default));
        // The command is another process as a rule, and wakes up nobody.
        await api.DeliveredAsync(2, step: OutboxApi.Step);
        Assert.Equal(3, (await receiver.ReceivedAsync(3)).Length);
    }

    [Fact]
    public async Task After_a_410_no_other_delivery_is_tried()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(503);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        await AddDeliveriesAsync(api, 40);
        await receiver.AnswerAsync(410);
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await api.UntilAsync(rows => rows.All(row => row.State == "failed"), step: OutboxApi.Step);
        // One before, and no more than are under way at once.
        Assert.InRange((await receiver.ReceivedAsync(2)).Length, 2, 5);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_left_alone_for_a_moment_after_the_time_out()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        await receiver.AnswerAsync(204, Duration.FromHours(1));
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        await api.PostAsync();
        await receiver.ReceivedAsync(1);
        await AddDeliveriesAsync(api, 1);
        api.Clock.Advance(TimeSpan.FromSeconds(20));
        await api.UntilAsync(rows => rows[0].Attempts == 1);
        await receiver.BehaveAsync();
        var givenUp = Instant.FromDateTimeOffset(api.Clock.GetUtcNow());
        await api.UntilAsync(rows => rows[1].State == "delivered", step: OutboxApi.Step);
        var second = (await receiver.ReceivedAsync(2))[1];
        Assert.InRange(
            long.Parse(second.Timestamp!, System.Globalization.CultureInfo.InvariantCulture),
            (givenUp + Duration.FromSeconds(5)).ToUnixTimeSeconds(),
            long.MaxValue
        );
    }

    static Task<int> AddDeliveriesAsync(ApiFactory api, int count) =>
        api.ExecuteAsync(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @count)
            INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since)
            SELECT 'delivery ' || i, (SELECT max(id) FROM submissions), 'webhook', 'crm', '2026-07-01T12:00:00.000Z' FROM n
            """,
            new { count }
        );

    [Fact]
    public async Task A_receiver_that_is_slow_or_cuts_the_connection_does_not_hold_up_another()
    {
        await using var slow = await WebhookReceiver.StartAsync(Now, Secret);
        await using var quick = await WebhookReceiver.StartAsync(Now, Next);
        await slow.AnswerAsync(204, Duration.FromHours(1));
        await using var api = await OutboxApi.StartAsync([
            .. OutboxApi.Webhook("slow", slow.Url, Secret),
            .. OutboxApi.Webhook("quick", quick.Url, Next),
        ]);
        await api.PostAsync();
        await slow.ReceivedAsync(1);
        await api.UntilAsync(rows => rows.Single(row => row.Target == "quick").State == "delivered");
        Assert.Equal(("waiting", 0, null), (await api.RowsAsync()).Single(row => row.Target == "slow").Outcome);
        api.Clock.Advance(TimeSpan.FromSeconds(20));
        Row SlowOne(Row[] rows) => rows.Single(row => row.Target == "slow");
        Assert.Equal(
            ("waiting", 1, "no answer within 20 seconds"),
            SlowOne(await api.UntilAsync(rows => SlowOne(rows).Attempts == 1)).Outcome
        );

        await slow.CutAsync();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        Assert.Equal(
            ("waiting", 2, "the connection was cut"),
            SlowOne(await api.UntilAsync(rows => SlowOne(rows).Attempts == 2)).Outcome
        );
    }

    static WebhookSender NewSender(WebhookOptions options) =>
        new(
            Options.Create(options),
            (_, _) => Task.FromResult<WebhookEvent?>(null),
            new FakeTimeProvider(ApiFactory.Now)
        );

    [Theory]
    [
        InlineData("127.0.0.1"),
        InlineData("localhost"),
        InlineData("[::1]"),
        InlineData("2130706433"),
        InlineData("[::ffff:127.0.0.1]"),
        InlineData("10.255.255.1"),
        InlineData("169.254.169.254")
    ]
    [
        InlineData("0.0.0.0"),
        InlineData("0"),
        InlineData("0x0"),
        InlineData("00.0"),
        InlineData("[::]"),
        InlineData("[0:0::0]"),
        InlineData("[::ffff:0.0.0.0]"),
        InlineData("[::0.0.0.0]")
    ]
    [
        InlineData("[64:ff9b::0.0.0.0]"),
        InlineData("0.1.2.3"),
        InlineData("255.255.255.255"),
        InlineData("[fe80::1]"),
        InlineData("[ff02::1]")
    ]
    public async Task An_internal_address_is_refused_before_a_connection_is_made(string host)
    {
        using var listener = new TcpListener(IPAddress.IPv6Any, 0) { Server = { DualMode = true } };
        listener.Start();
        var endpoint = new WebhookEndpoint(
            "crm",
            new Uri($"https://{host}:{((IPEndPoint)listener.LocalEndpoint).Port}/"),
            [new byte[24]]
        );
        using var sender = NewSender(new WebhookOptions());
        Assert.Equal("refused: internal address", (await sender.SendTestAsync(endpoint, default)).Fault);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task Faults_of_the_connection_are_described_in_the_programs_words()
    {
        using var plain = new TcpListener(IPAddress.Loopback, 0);
        plain.Start();
        var answering = Task.Run(async () =>
        {
            using var client = await plain.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("HTTP/1.1 200 MARKED\r\n\r\n"u8.ToArray());
        });
        using var sender = NewSender(new WebhookOptions { AllowInternal = true });
        async Task<string?> FaultAsync(string url) =>
            (await sender.SendTestAsync(new WebhookEndpoint("crm", new Uri(url), [new byte[24]]), default)).Fault;
        Assert.Equal(
            "TLS with the receiver failed: its certificate is not trusted here or not for that name",
            await FaultAsync($"https://127.0.0.1:{((IPEndPoint)plain.LocalEndpoint).Port}/")
        );
        await answering;
        Assert.Equal("the receiver cannot be reached", await FaultAsync($"http://127.0.0.1:{ApiProcess.FreePort()}/"));
        Assert.Equal("the receiver's name is not known", await FaultAsync("http://nowhere.invalid/"));
        Assert.Equal(
            "the receiver's name is not known",
            await FaultAsync($"http://{string.Join('.', Enumerable.Repeat(new string('a', 60), 5))}.invalid/")
        );
        // Allowed, it is this machine, where nobody listens at that port.
        Assert.Equal("the receiver cannot be reached", await FaultAsync($"http://0.0.0.0:{ApiProcess.FreePort()}/"));
        Assert.Equal("the receiver cannot be reached", await FaultAsync($"http://[::]:{ApiProcess.FreePort()}/"));
    }
}
