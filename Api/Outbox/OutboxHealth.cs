using Api.Data;
using Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>
/// How the delivery of mails and webhooks to the staff goes. Acknowledgements are counted apart: that a sender mistyped an address
/// is nothing that anybody here could mend.
/// </summary>
/// <param name="Status">Whether somebody should look.</param>
/// <param name="Waiting">How many deliveries wait, for their first attempt or for another.</param>
/// <param name="Failed">How many were given up after their last attempt. They stay until they are sent again.</param>
/// <param name="OldestWaitingSince">Since when the one waits that has waited longest, UTC; <c>null</c> when none waits.</param>
/// <param name="FailedAcknowledgements">How many acknowledgements to senders were given up.</param>
/// <param name="Quarantined">
/// How many messages are set aside as spam. Nobody is told of them, and an honest one may be among them: the verb
/// `submissions list quarantine` shows them.
/// </param>
public sealed record OutboxReport(OutboxStatus Status, int Waiting, int Failed, Instant? OldestWaitingSince, int FailedAcknowledgements, int Quarantined);

/// <summary>Whether mails and webhooks are delivered.</summary>
public enum OutboxStatus
{
    /// <summary>None was given up, and none has waited for an hour.</summary>
    Ok,

    /// <summary>Some were given up, or have waited for more than an hour.</summary>
    Failing,
}

static class OutboxHealth
{
    static readonly Duration LongestWait = Duration.FromHours(1);

    public static void MapOutboxHealth(this IEndpointRouteBuilder routes) => routes.MapGet("/health/outbox", GetAsync)
        .WithTags("Health").WithName("getOutboxHealth").WithProblems(ProblemTypes.Fault);

    /// <summary>Tells whether mails and webhooks are delivered</summary>
    /// <remarks>
    /// For whoever watches over the service, and not for a load balancer: messages are taken in all the same. `failing` when a
    /// delivery was given up, or waits for more than an hour; the verb `outbox list` then tells which and why.
    /// </remarks>
    public static async Task<Results<Ok<OutboxReport>, Problem<Problems.Busy>>> GetAsync(OutboxStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        try
        {
            var counts = await store.CountAsync(ct);
            var failing = counts.Failed > 0 || counts.OldestWaitingSince < time.GetCurrentInstant() - LongestWait;
            http.Response.Headers.CacheControl = "no-store";
            return TypedResults.Ok(new OutboxReport(failing ? OutboxStatus.Failing : OutboxStatus.Ok, counts.Waiting, counts.Failed, counts.OldestWaitingSince,
                counts.FailedAcknowledgements, counts.Quarantined));
        }
        catch (StorageException)
        {
            return new Problem<Problems.Busy>(ProblemText.Get("DatabaseSilent"));
        }
    }
}
