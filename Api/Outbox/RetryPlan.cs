using NodaTime;

namespace Api.Outbox;

/// <summary>When something is tried again that could not be delivered: the delays that Standard Webhooks recommend, for mail too.</summary>
static class RetryPlan
{
    /// <summary>The largest part of a delay that is added to it, so that what failed together does not come back together.</summary>
    const double Jitter = 0.1;

    /// <summary>Longer than this no peer's Retry-After puts off an attempt.</summary>
    static readonly Duration LongestRetryAfter = Duration.FromHours(24);

    /// <summary>Before the first attempt, before the second, and so on.</summary>
    static readonly Duration[] Delays =
    [
        Duration.Zero, Duration.FromSeconds(5), Duration.FromMinutes(5), Duration.FromMinutes(30), Duration.FromHours(2), Duration.FromHours(5),
        Duration.FromHours(10), Duration.FromHours(14), Duration.FromHours(20), Duration.FromHours(24),
    ];

    /// <summary>How long to wait for the next attempt.</summary>
    /// <param name="attempts">How many were made.</param>
    /// <param name="retryAfter">What the peer asked for, if it did.</param>
    /// <param name="random">From 0 up to 1.</param>
    /// <returns><c>null</c> when that was the last attempt.</returns>
    public static Duration? DelayAfter(int attempts, Duration? retryAfter, double random)
    {
        if (attempts >= Delays.Length) return null;
        var planned = Delays[attempts] * (1 + Jitter * random);
        return retryAfter is { } asked ? Duration.Max(planned, Duration.Min(asked, LongestRetryAfter)) : planned;
    }
}
