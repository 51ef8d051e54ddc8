using Api.Contact.Housekeeping;
using Api.Contact.Inbox;
using Api.Tests.Contact.Inbox;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Contact.Housekeeping;

public sealed class RetentionTests
{
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    static StoredMessage Handled(int daysAgo) =>
        new()
        {
            ReceivedAt = Now - Duration.FromDays(1000),
            State = SubmissionState.Handled,
            HandledAt = Now - Duration.FromDays(daysAgo),
        };

    static StoredMessage Received(int daysAgo, SubmissionState state) =>
        new() { ReceivedAt = Now - Duration.FromDays(daysAgo), State = state };

    /// <summary>Lets hours pass until the housekeeping, which runs on a thread of its own, has done it.</summary>
    static async Task PassHoursUntilAsync(ApiFactory api, Func<Task<bool>> done)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await done())
        {
            patience.Token.ThrowIfCancellationRequested();
            api.Clock.Advance(TimeSpan.FromHours(1));
            await Task.Delay(1);
        }
    }

    [Fact]
    public async Task Messages_are_erased_when_their_retention_is_over_and_no_others()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(["--Contact:Retention:HandledDays=90", "--Contact:Retention:SpamDays=30"])
        );
        // More than a step.
        StoredMessage[] expired =
        [
            .. Enumerable.Range(0, 110).Select(i => Handled(90 + i)),
            .. Enumerable.Range(0, 20).Select(i => Received(30 + i, SubmissionState.Spam)),
        ];
        StoredMessage[] kept =
        [
            Handled(80),
            Received(20, SubmissionState.Spam),
            Received(1000, SubmissionState.New),
            Received(1000, SubmissionState.Open),
        ];
        await api.StoreAsync([.. expired, .. kept]);
        var key = await api.InboxKeyAsync();
        foreach (var message in new[] { expired[0], kept[0] })
        {
            await api.ChangedAsync(key, message.Reference, "notes", InboxApi.Note("A note."));
            await api.ExecuteAsync(
                """
                INSERT INTO outbox (delivery_id, submission_id, channel, target, state, waiting_since)
                SELECT reference, id, 'webhook', 'crm', 'delivered', received_at
                FROM submissions
                WHERE reference = @Reference
                """,
                new { message.Reference }
            );
        }
        await PassHoursUntilAsync(
            api,
            () => Task.FromResult(api.Log.Text.Contains("were erased", StringComparison.Ordinal))
        );

        Assert.Contains(
            "Information Messages whose retention is over were erased: 130 ",
            api.Log.Text,
            StringComparison.Ordinal
        );
        Assert.Equal(
            kept.Select(message => message.Reference).Order(),
            (await api.RowsAsync<string>("SELECT reference FROM submissions")).Order()
        );
        Assert.Equal(1, await api.QueryAsync<long>("SELECT count(*) FROM submission_notes"));
        Assert.Equal([kept[0].Reference], await api.RowsAsync<string>("SELECT delivery_id FROM outbox"));
        Assert.Equal(
            [$"{key.Actor} noteAdded", "program submissionErased retention"],
            await api.AuditAsync(expired[0].Reference)
        );
        Assert.Equal(
            130,
            await api.QueryAsync<long>("SELECT count(*) FROM audit_entries WHERE actor = 'program' AND roles IS NULL")
        );
        Assert.Equal(130, await api.QueryAsync<long>("SELECT submissions FROM erasure_counts"));
    }

    [Theory]
    [InlineData("HandledDays", "handled"), InlineData("SpamDays", "spam"), InlineData(null, "")]
    public async Task Each_retention_is_off_unless_it_is_set(string? setting, string erased)
    {
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            if (setting is not null)
                factory.Settings.Add($"--Contact:Retention:{setting}=1");
        });
        await api.StoreAsync(Handled(999), Received(999, SubmissionState.Spam));
        // The housekeeping forgets a challenge at the start of each round, so after the second the first is over.
        for (var round = 0; round < 2; round++)
        {
            await api.ExecuteAsync(
                "INSERT INTO redeemed_challenges (digest, expires_at) VALUES (@digest, '2026-01-01T00:00:00.000Z')",
                new { digest = new byte[] { 1 } }
            );
            await PassHoursUntilAsync(
                api,
                async () => await api.QueryAsync<long>("SELECT count(*) FROM redeemed_challenges") == 0
            );
        }
        Assert.Equal(
            new[] { "handled", "spam" }.Except([erased]),
            await api.RowsAsync<string>("SELECT state FROM submissions ORDER BY state")
        );
    }

    [Fact]
    public async Task A_message_that_somebody_changes_meanwhile_is_not_erased()
    {
        await using var api = await ApiFactory.StartAsync();
        var (changed, other) = (Handled(10), Handled(10));
        await api.StoreAsync(changed, other);
        var store = api.App.Services.GetRequiredService<HousekeepingStore>();
        var expired = await store.FindExpiredAsync(Now, spamBefore: null, limit: 10, default);
        Assert.Equal(2, expired.Count);
        await api.SetStateAsync(changed.Reference, SubmissionState.Open);
        Assert.Equal(1, await api.Inbox().EraseAsync(expired, "retention", InboxUser.Program, Now, default));
        Assert.Equal([changed.Reference], await api.RowsAsync<string>("SELECT reference FROM submissions"));
    }
}
