using Api.Outbox;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Outbox;

/// <summary>Several programs on one database, as during a rolling restart.</summary>
public sealed class ClaimTests
{
    static readonly string Secret = OutboxApi.NewSecret();
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    static OutboxStore Store(ApiFactory api) => api.App.Services.GetRequiredService<OutboxStore>();

    [Fact]
    public async Task Two_programs_on_one_database_send_each_mail_and_make_each_call_once()
    {
        const int Messages = 40;
        await using var server = new FaultyMailServer();
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        string[] settings =
        [
            .. OutboxApi.Mail(server, $"--Mail:Recipients:jonesboro:1={OutboxApi.Elsewhere}"),
            .. OutboxApi.Webhook("crm", receiver.Url, Secret),
        ];
        await using var one = await OutboxApi.StartAsync(settings);
        await using var other = await OutboxApi.StartOnAsync(one.Folder, settings);
        await Task.WhenAll(Enumerable.Range(0, Messages).Select(i => (i % 2 == 0 ? one : other).PostAsync()));
        // The signal of one is not heard by the other, which looks now and then.
        await one.UntilAsync(
            rows =>
            {
                other.Clock.Advance(OutboxApi.Step);
                return rows.Length == 3 * Messages && rows.All(row => row is { State: "delivered", Attempts: 1 });
            },
            step: OutboxApi.Step
        );
        await one.App.StopAsync();
        await other.App.StopAsync();
        var mails = (await server.TakenAsync(2 * Messages))
            .Select(mail =>
                mail.Text.Split('\n').Single(line => line.StartsWith("Message-Id: ", StringComparison.Ordinal))
            )
            .ToArray();
        Assert.Equal((2 * Messages, 2 * Messages), (mails.Length, mails.Distinct().Count()));
        var calls = (await receiver.ReceivedAsync(Messages)).Select(call => call.Id).ToArray();
        Assert.Equal((Messages, Messages), (calls.Length, calls.Distinct().Count()));
    }

    [Fact]
    public async Task A_claim_keeps_others_away_until_it_ends()
    {
        await using var api = await OutboxApi.StartAsync(
            OutboxApi.Webhook("crm", new Uri("https://crm.invalid/"), Secret)
        );
        await api.App.StopAsync();
        await using var server = new FaultyMailServer();
        await using var sender = await OutboxApi.StartOnAsync(api.Folder, OutboxApi.Mail(server));
        server.Refuse();
        await sender.PostAsync();
        await sender.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        var later = Now + Duration.FromMinutes(10);
        (string, string?)[] mail = [(Channel.Mail, null)];

        var claim = (await Store(sender).ClaimAsync(mail, later, 50, default))!;
        Assert.Single(claim.Deliveries);
        Assert.Null(await Store(sender).ClaimAsync(mail, later, 50, default));
        Assert.Null(
            await Store(sender).ClaimAsync(mail, later + Claim.Length - Duration.FromMilliseconds(1), 50, default)
        );
        // Another process has read its clock before, and waited for the writer, or its clock is behind.
        foreach (
            var behind in new[]
            {
                Duration.FromMilliseconds(1),
                Duration.FromSeconds(1),
                Claim.Length - Duration.FromMilliseconds(1),
            }
        )
            Assert.Null(await Store(sender).ClaimAsync(mail, later - behind, 50, default));
        // Renewed while the work goes on.
        await Store(sender).RenewAsync(claim, later + 2 * Claim.Length, default);
        Assert.Null(await Store(sender).ClaimAsync(mail, later + Claim.Length, 50, default));
        // Ended when its process has died.
        var next = (await Store(sender).ClaimAsync(mail, later + 2 * Claim.Length, 50, default))!;
        Assert.Equal(
            claim.Deliveries.Select(delivery => delivery.DeliveryId),
            next.Deliveries.Select(delivery => delivery.DeliveryId)
        );

        // Whoever has lost a claim neither renews nor gives back what is another's, and what failed there is not its
        // affair any more.
        await Store(sender).RenewAsync(claim, later + 9 * Claim.Length, default);
        await Store(sender).ReleaseAsync(claim);
        await Store(sender)
            .RecordAsync(claim, [RetryPlan.Decide(claim.Deliveries[0], new Outcome("too late"), later)], null, later);
        Assert.Null(await Store(sender).ClaimAsync(mail, later + 2 * Claim.Length, 50, default));
        Assert.Equal(1, Assert.Single(await sender.RowsAsync()).Attempts);

        await Store(sender).ReleaseAsync(next);
        Assert.NotNull(await Store(sender).ClaimAsync(mail, later + 2 * Claim.Length, 50, default));
        // A clock that was set back since does not make a claim last for ever.
        Assert.NotNull(await Store(sender).ClaimAsync(mail, later, 50, default));
        // What was delivered is delivered, whoever says so.
        await Store(sender)
            .RecordAsync(claim, [RetryPlan.Decide(claim.Deliveries[0], Outcome.Delivered, later)], null, later);
        Assert.Equal("delivered", Assert.Single(await sender.RowsAsync()).State);
    }

    [Fact]
    public async Task The_claims_of_a_killed_program_end_and_another_program_delivers()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.Data, FaultyMailServer.Silence);
        var (killed, client) = await ApiProcess.ServeAsync(folder.Path, OutboxApi.Mail(server));
        using (killed)
        {
            using var posted = await client.PostAsync(
                "/v1/contact-submissions",
                new StringContent(
                    """{ "name": "A", "email": "a@example.com", "preferredContact": "email", "location": "jonesboro", "message": "Hello.", "consent": true }""",
                    System.Text.Encoding.UTF8,
                    "application/json"
                )
            );
            Assert.Equal(201, (int)posted.StatusCode);
            await server.FailedAsync(1);
            await killed.KillAsync();
        }
        server.Behave();
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                $"--Database:Folder={folder.Path}",
                $"--Keys:Folder={folder.Keys}",
                .. OutboxApi.Mail(server),
            ]);
            // The killed one went by the real clock.
            factory.Clock.AdjustTime(TimeProvider.System.GetUtcNow());
        });
        Assert.Equal(("waiting", 0, null), Assert.Single(await api.RowsAsync()).Outcome);
        api.Clock.Advance(Claim.Length.ToTimeSpan() + TimeSpan.FromSeconds(1));
        await api.DeliveredAsync(1, step: OutboxApi.Step);
        Assert.Single(await server.TakenAsync(1));
    }

    [Fact]
    public async Task A_program_that_takes_long_keeps_its_claim()
    {
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.Data, FaultyMailServer.Silence);
        var settings = OutboxApi.Mail(server, "--Mail:TimeoutSeconds=120");
        await using var slow = await OutboxApi.StartAsync(settings);
        await slow.PostAsync();
        await server.FailedAsync(1);
        server.Behave();
        await using var other = await OutboxApi.StartOnAsync(slow.Folder, settings);
        // Without a renewal the claim would end after a minute.
        using var patience = new CancellationTokenSource(OutboxApi.Patience);
        for (var seconds = 0; seconds < 110; )
        {
            var until = await slow.QueryAsync<Instant>("SELECT claimed_until FROM outbox");
            if (until - Instant.FromDateTimeOffset(slow.Clock.GetUtcNow()) > Duration.FromSeconds(5))
            {
                slow.Clock.Advance(TimeSpan.FromSeconds(1));
                other.Clock.Advance(TimeSpan.FromSeconds(1));
                seconds++;
            }
            Assert.False(patience.IsCancellationRequested);
        }
        await slow.App.StopAsync();
        await other.DeliveredAsync(1, step: OutboxApi.Step);
        Assert.Single(await server.TakenAsync(1));
    }
}
