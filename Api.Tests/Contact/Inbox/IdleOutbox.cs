using Api.Outbox;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

/// <summary>
/// An app whose messages have a mail to the staff, one to the sender and a call of a webhook. Nobody delivers them
/// unless a test does.
/// </summary>
public sealed class IdleOutbox : IAsyncLifetime
{
    public ApiFactory Api { get; } = new();

    internal OutboxStore Store => Api.App.Services.GetRequiredService<OutboxStore>();

    public async ValueTask InitializeAsync()
    {
        Api.Settings.AddRange([
            "--Mail:Host=127.0.0.1",
            "--Mail:Port=1",
            "--Mail:From=website@example.com",
            "--Mail:Recipients:*:0=staff@example.com",
            "--Mail:Acknowledge=true",
            "--Webhooks:AllowInternal=true",
            "--Webhooks:Endpoints:crm:Url=http://127.0.0.1:1/",
            "--Webhooks:Endpoints:crm:Secrets:0=whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        ]);
        await Api.InitializeAsync();
        await Api.StopDeliveringAsync();
    }

    public ValueTask DisposeAsync() => Api.DisposeAsync();

    /// <summary>Sends a message from another address, so that each is acknowledged.</summary>
    /// <returns>Its receipt.</returns>
    internal Task<System.Text.Json.Nodes.JsonObject> ReceivedAsync(bool isSpam = false) =>
        Api.ReceivedAsync(
            Submissions.Valid(("email", $"{Guid.NewGuid():N}@example.com"), ("website", isSpam ? "spam" : null))
        );

    /// <summary>The deliveries about a message, by channel: their states.</summary>
    internal Task<string[]> DeliveriesAsync(string reference) =>
        Api.RowsAsync<string>(
            """
            SELECT o.channel || ' ' || o.state
            FROM outbox o
            JOIN submissions s ON s.id = o.submission_id
            WHERE s.reference = @reference
            ORDER BY o.channel, o.id
            """,
            new { reference }
        );

    /// <summary>Claims what is due of a channel, as somebody who delivers it does.</summary>
    internal Task<Claim?> ClaimAsync(string channel, Duration later = default) =>
        Store.ClaimAsync([(channel, null)], Api.Now() + later, 50, default);

    /// <summary>Records the result of attempts.</summary>
    internal Task RecordAsync(Claim claim, Outcome outcome) =>
        Store.RecordAsync(
            claim,
            [.. claim.Deliveries.Select(delivery => RetryPlan.Decide(delivery, outcome, Api.Now()))],
            goneWebhook: null,
            Api.Now()
        );

    internal async Task DeliverAsync(string channel) =>
        await RecordAsync((await ClaimAsync(channel))!, Outcome.Delivered);
}
