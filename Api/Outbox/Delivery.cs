using NodaTime;

namespace Api.Outbox;

/// <summary>The ways in which something is delivered, as the outbox names them.</summary>
static class Channel
{
    /// <summary>A mail to the clinic's staff.</summary>
    public const string Mail = "mail";

    /// <summary>A mail to the sender.</summary>
    public const string Acknowledgement = "acknowledgement";

    /// <summary>A call of a webhook.</summary>
    public const string Webhook = "webhook";
}

/// <summary>Something to deliver, with what may be told of its submission.</summary>
sealed record Delivery
{
    public required long Id { get; init; }

    /// <summary>The same at every attempt, so that a receiver knows what it has had before.</summary>
    public required string DeliveryId { get; init; }

    public required string Channel { get; init; }
    public required string Target { get; init; }

    /// <summary>How many attempts were made before.</summary>
    public required int Attempts { get; init; }

    public required string Reference { get; init; }

    /// <summary>The slug of the submission's location.</summary>
    public required string Location { get; init; }

    public required string LocationName { get; init; }
    public required string TimeZone { get; init; }
    public required Instant ReceivedAt { get; init; }

    /// <summary>Since when the submission counts as a message: since it was received, or released from quarantine.</summary>
    public required Instant OccurredAt { get; init; }

    public required Instant? ReplyBy { get; init; }
    public required string Language { get; init; }

    /// <summary>What the sender wrote, sealed; only for an acknowledgement, which needs the address in it.</summary>
    public required byte[]? Sealed { get; init; }
}

/// <summary>What came of an attempt.</summary>
/// <param name="Fault">Why it failed, in this program's own words and never in a peer's; <c>null</c>: it is delivered.</param>
/// <param name="RetryAfter">How long the peer asked to be left alone.</param>
/// <param name="Final">Whether trying again is of no use.</param>
/// <param name="Gone">Whether the receiver wants to be called no more.</param>
/// <param name="OutOfReach">Whether it is the receiver as a whole that takes nothing now, so that trying others is of no use either.</param>
sealed record Outcome(string? Fault, Duration? RetryAfter = null, bool Final = false, bool Gone = false, bool OutOfReach = false)
{
    public static Outcome Delivered { get; } = new((string?)null);

    /// <summary>For what nobody thought of. The exception's text could hold what a peer or a sender wrote; its type cannot.</summary>
    public static Outcome Unexpected(Exception e) => new($"a fault in this program ({e.GetType().Name})");
}

/// <summary>What to write down after an attempt.</summary>
/// <param name="Id">The delivery's row.</param>
/// <param name="State">As the outbox names it.</param>
/// <param name="TriedAt">When the attempt ended.</param>
/// <param name="DueAt">When to try again; <c>null</c>: not at all.</param>
/// <param name="Fault">Why it failed.</param>
sealed record Mark(long Id, string State, Instant TriedAt, Instant? DueAt, string? Fault)
{
    public static Mark Of(Delivery delivery, Outcome outcome, Instant now)
    {
        if (outcome.Fault is null) return new Mark(delivery.Id, "delivered", now, null, null);
        var delay = outcome.Final ? null : RetryPlan.DelayAfter(delivery.Attempts + 1, outcome.RetryAfter, Random.Shared.NextDouble());
        return delay is null
            ? new Mark(delivery.Id, "failed", now, null, outcome.Fault)
            : new Mark(delivery.Id, "waiting", now, now + delay, outcome.Fault);
    }
}
