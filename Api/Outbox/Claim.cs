using NodaTime;

namespace Api.Outbox;

/// <summary>
/// Deliveries that one worker of one process has taken for itself. A claim has an end, and the worker renews it while
/// the work goes on. When the process dies, the claim ends by itself and others may take the deliveries.
/// </summary>
sealed class Claim(string name, IReadOnlyList<Delivery> deliveries, Instant until)
{
    /// <summary>How long a claim lasts. After a crash its deliveries are late by this time.</summary>
    public static readonly Duration Length = Duration.FromMinutes(1);

    /// <summary>How often a claim is renewed.</summary>
    public static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(20);

    /// <summary>
    /// A claim that ends later was made before the clock was set back. A valid claim ends within one length of now. Two
    /// are allowed, because clocks differ, and this process may have waited for the writer since it read the time.
    /// </summary>
    public static Instant LatestEnd(Instant now) => now + 2 * Length;

    readonly HashSet<long> open = [.. deliveries.Select(delivery => delivery.Id)];
    long untilMilliseconds = until.ToUnixTimeMilliseconds();

    /// <summary>Unique among the claims of all processes.</summary>
    public string Name => name;

    public IReadOnlyList<Delivery> Deliveries => deliveries;

    /// <summary>The rows whose new state is not recorded yet.</summary>
    public long[] Open
    {
        get
        {
            lock (open)
                return [.. open];
        }
    }

    /// <summary>Whether the claim still lasts. A machine that was suspended may have overslept its end.</summary>
    public bool Lasts(Instant now) => now.ToUnixTimeMilliseconds() < Interlocked.Read(ref untilMilliseconds);

    public void Extend(Instant until) => Interlocked.Exchange(ref untilMilliseconds, until.ToUnixTimeMilliseconds());

    public void Close(IEnumerable<DeliveryState> states)
    {
        lock (open)
            open.ExceptWith(states.Select(state => state.Id));
    }
}
