using NodaTime;

namespace Api.Outbox;

/// <summary>The ways to deliver, as the column <c>channel</c> names them.</summary>
static class Channel
{
    /// <summary>A mail to the clinic's staff.</summary>
    public const string Mail = "mail";

    /// <summary>A mail to the person whom the delivery is about.</summary>
    public const string Acknowledgement = "acknowledgement";

    /// <summary>A call of a webhook.</summary>
    public const string Webhook = "webhook";
}

/// <summary>
/// A mail or webhook call that must still happen. A feature writes what it says: see <see cref="WriteMail"/>.
/// </summary>
sealed record Delivery
{
    public required long Id { get; init; }

    /// <summary>The same at every attempt, so that a receiver recognises a repetition.</summary>
    public required string DeliveryId { get; init; }

    public required string Channel { get; init; }

    /// <summary>A recipient's address, the name of a webhook, or an empty text for an acknowledgement.</summary>
    public required string Target { get; init; }

    /// <summary>The number of earlier attempts.</summary>
    public required int Attempts { get; init; }

    /// <summary>The row of the submission that it is about.</summary>
    public required long SubmissionId { get; init; }

    /// <summary>When it is due; <c>null</c>: at once.</summary>
    public required Instant? DueAt { get; init; }

    public required Instant WaitingSince { get; init; }

    /// <summary>The span of the request that it comes from (W3C traceparent); <c>null</c>: it was not traced.</summary>
    public required string? TraceParent { get; init; }
}

/// <summary>The result of an attempt to deliver.</summary>
/// <param name="Fault">
/// Why it failed, in this program's words and never in a peer's; <c>null</c> after a success.
/// </param>
/// <param name="RetryAfter">How long the peer asked to be left alone.</param>
/// <param name="IsFinal">Whether another attempt is useless.</param>
/// <param name="IsGone">Whether the receiver wants no more calls.</param>
/// <param name="IsOutOfReach">
/// Whether the receiver accepts nothing at the moment, so that other deliveries to it would fail, too.
/// </param>
sealed record Outcome(
    string? Fault,
    Duration? RetryAfter = null,
    bool IsFinal = false,
    bool IsGone = false,
    bool IsOutOfReach = false
)
{
    public static Outcome Delivered { get; } = new((string?)null);

    /// <summary>
    /// An exception that nobody expected. Its text could contain what a peer or a sender wrote; its type cannot.
    /// </summary>
    public static Outcome Unexpected(Exception e) => new($"a fault in this program ({e.GetType().Name})");
}

/// <summary>The new state of a delivery after an attempt. <see cref="RetryPlan.Decide"/> makes it.</summary>
/// <param name="Id">The delivery's row.</param>
/// <param name="State">As the column <c>state</c> names it.</param>
/// <param name="TriedAt">When the attempt ended.</param>
/// <param name="DueAt">When the next attempt is due; <c>null</c>: never.</param>
/// <param name="Fault">Why the attempt failed; <c>null</c> after a success.</param>
sealed record DeliveryState(long Id, string State, Instant TriedAt, Instant? DueAt, string? Fault);
