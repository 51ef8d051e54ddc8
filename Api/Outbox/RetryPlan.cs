using NodaTime;

namespace Api.Outbox;

/// <summary>
/// Decides when a failed delivery is tried again. The delays are those of Standard Webhooks, for mails, too.
/// </summary>
static class RetryPlan
{
    /// <summary>
    /// At most this part of a delay is added at random, so that deliveries that failed together do not return together.
    /// </summary>
    const double Jitter = 0.1;

    /// <summary>The longest time by which a peer's Retry-After puts off an attempt.</summary>
    static readonly Duration LongestRetryAfter = Duration.FromHours(24);

    /// <summary>The delays before the first attempt (which is made at once), the second and so on.</summary>
    static readonly Duration[] Delays =
    [
        Duration.Zero,
        Duration.FromSeconds(5),
        Duration.FromMinutes(5),
        Duration.FromMinutes(30),
        Duration.FromHours(2),
        Duration.FromHours(5),
        Duration.FromHours(10),
        Duration.FromHours(14),
        Duration.FromHours(20),
        Duration.FromHours(24),
    ];

    /// <summary>Decides whether a delivery is finished, tried again or given up after an attempt.</summary>
    public static DeliveryState Decide(Delivery delivery, Outcome outcome, Instant now)
    {
        if (outcome.Fault is null)
            return new DeliveryState(delivery.Id, "delivered", now, DueAt: null, Fault: null);
        var delay = DelayAfter(delivery.Attempts + 1, outcome.RetryAfter, Random.Shared.NextDouble());
        return delay is null || outcome.IsFinal
            ? new DeliveryState(delivery.Id, "failed", now, DueAt: null, outcome.Fault)
            : new DeliveryState(delivery.Id, "waiting", now, now + delay, outcome.Fault);
    }

    /// <summary>The time from one attempt to the next.</summary>
    /// <param name="attempts">The number of attempts so far.</param>
    /// <param name="retryAfter">What the peer asked for, if it did.</param>
    /// <param name="random">A random number from 0 up to 1.</param>
    /// <returns><c>null</c> after the last attempt.</returns>
    public static Duration? DelayAfter(int attempts, Duration? retryAfter, double random)
    {
        if (attempts >= Delays.Length)
            return null;
        var planned = Delays[attempts] * (1 + Jitter * random);
        return retryAfter is { } asked ? Duration.Max(planned, Duration.Min(asked, LongestRetryAfter)) : planned;
    }
}
