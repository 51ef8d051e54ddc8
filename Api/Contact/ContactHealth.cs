using Api.Contact.Inbox;
using Api.Data;
using Api.Http;
using Api.Outbox;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>
/// The state of the mails and webhooks to the staff. Acknowledgements are counted separately: a sender's mistyped
/// address is nothing that the operator could repair.
/// </summary>
/// <param name="Status">Whether somebody should look.</param>
/// <param name="Waiting">How many deliveries wait for their first or next attempt.</param>
/// <param name="Failed">
/// How many deliveries were given up after their last attempt. They stay until they are sent again.
/// </param>
/// <param name="OldestWaitingSince">
/// When the oldest waiting delivery was queued (UTC); <c>null</c> when none waits.
/// </param>
/// <param name="FailedAcknowledgements">How many acknowledgements to senders were given up.</param>
/// <param name="Quarantined">
/// How many messages are set aside as spam. Nobody is notified about them, and some may be honest: the
/// `submissions list quarantine` command shows them.
/// </param>
public sealed record OutboxReport(
    OutboxStatus Status,
    int Waiting,
    int Failed,
    Instant? OldestWaitingSince,
    int FailedAcknowledgements,
    int Quarantined
);

/// <summary>Whether mails and webhooks are delivered.</summary>
public enum OutboxStatus
{
    /// <summary>No delivery was given up, and none has waited for more than an hour.</summary>
    Ok,

    /// <summary>A delivery was given up, or has waited for more than an hour.</summary>
    Failing,
}

static class ContactHealth
{
    static readonly Duration LongestWait = Duration.FromHours(1);

    public static void MapContactHealth(this IEndpointRouteBuilder routes) =>
        routes
            .MapGet("/health/outbox", GetAsync)
            .WithTags("Health")
            .WithName("getOutboxHealth")
            .WithProblems(ProblemTypes.Fault);

    /// <summary>Check whether mails and webhooks are delivered</summary>
    /// <remarks>
    /// For monitoring, not for a load balancer: messages are accepted in any case. The status is `failing` when a
    /// delivery was given up or has waited for more than an hour. The `outbox list` command shows which one and why.
    /// </remarks>
    static async Task<Results<Ok<OutboxReport>, Problem<Problems.Busy>>> GetAsync(
        OutboxStore outbox,
        InboxStore inbox,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        try
        {
            var counts = await outbox.CountAsync(ct);
            var quarantined = await inbox.CountSpamAsync(ct);
            var isFailing = counts.Failed > 0 || counts.OldestWaitingSince < time.GetCurrentInstant() - LongestWait;
            http.Response.Headers.CacheControl = "no-store";
            return TypedResults.Ok(
                new OutboxReport(
                    isFailing ? OutboxStatus.Failing : OutboxStatus.Ok,
                    counts.Waiting,
                    counts.Failed,
                    counts.OldestWaitingSince,
                    counts.FailedAcknowledgements,
                    quarantined
                )
            );
        }
        catch (StorageException)
        {
            return new Problem<Problems.Busy>(ProblemText.Get("DatabaseSilent"));
        }
    }
}
