using NodaTime;

namespace Api.Outbox;

/// <summary>
/// Deliveries that one worker of one process has taken for itself. The database keeps a claim until its end; while its work goes on
/// it is renewed. When the process dies, the claim ends by itself and the deliveries are anybody's again.
/// </summary>
sealed class Claim(string name, IReadOnlyList<Delivery> deliveries, Instant until)
{
    /// <summary>How long a claim lasts: after a crash a delivery comes so much later.</summary>
    public static readonly Duration Length = Duration.FromMinutes(1);

    /// <summary>How often a claim is renewed while its work goes on.</summary>
    public static readonly TimeSpan RenewalPause = TimeSpan.FromSeconds(20);

    readonly HashSet<long> open = [.. deliveries.Select(delivery => delivery.Id)];
    long untilMilliseconds = until.ToUnixTimeMilliseconds();

    /// <summary>The same for no other claim of any process.</summary>
    public string Name => name;

    public IReadOnlyList<Delivery> Deliveries => deliveries;

    /// <summary>The rows that are not marked yet.</summary>
    public long[] Open
    {
        get
        {
            lock (open) return [.. open];
        }
    }

    /// <summary>Whether nobody else can have claimed the deliveries since: a machine that slept may have overslept its claim.</summary>
    public bool Holds(Instant now) => now.ToUnixTimeMilliseconds() < Interlocked.Read(ref untilMilliseconds);

    public void Renewed(Instant until) => Interlocked.Exchange(ref untilMilliseconds, until.ToUnixTimeMilliseconds());

    public void Close(IEnumerable<Mark> marks)
    {
        lock (open) open.ExceptWith(marks.Select(mark => mark.Id));
    }
}
