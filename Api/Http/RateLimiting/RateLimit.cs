namespace Api.Http.RateLimiting;

/// <summary>What a client has left of a limit.</summary>
/// <param name="Remaining">How many requests.</param>
/// <param name="Seconds">
/// The seconds until the window ends, rounded up; those of the whole window if none has begun.
/// </param>
/// <param name="Window">The window that a permit was taken in.</param>
readonly record struct Quota(int Remaining, int Seconds, LinkedListNode<RateLimit.Window>? Window);

/// <summary>
/// Counts permits in windows of one length. A window begins with a client's first permit. It is forgotten when it ends,
/// or when all of its permits are returned. It uses <see cref="TimeProvider.GetTimestamp"/>, which no change of the
/// wall clock affects.
/// </summary>
// The framework's limiters do not fit: the RetryAfter of its fixed window names the whole window, a partition does not
// tell what remains, and none uses TimeProvider.
sealed class RateLimit(
    string name,
    bool isPerClient,
    LimitOptions options,
    TimeProvider time,
    int maximumClients = 100_000
)
{
    internal record struct Window(UInt128 Client, long Ends, int Used);

    readonly long length = options.WindowSeconds * time.TimestampFrequency;
    readonly Lock gate = new();
    readonly Dictionary<UInt128, LinkedListNode<Window>> windows = [];

    // All windows have one length, so the first to begin is the first to end.
    readonly LinkedList<Window> byAge = new();

    public string Name => name;
    public bool IsPerClient => isPerClient;

    /// <summary>The size of the IPv6 networks that it counts; <c>null</c> when it counts clients.</summary>
    public int? NetworkBits { get; init; }

    public int Requests { get; } = options.Requests;
    public int WindowSeconds { get; } = options.WindowSeconds;

    /// <summary>The number of clients with an open window.</summary>
    public int Clients
    {
        get
        {
            lock (gate)
                return windows.Count;
        }
    }

    /// <summary>Takes a permit, if one is left.</summary>
    public bool TryTake(UInt128 client, out Quota quota)
    {
        if (!isPerClient)
            client = default;
        lock (gate)
        {
            var now = time.GetTimestamp();
            var window = Find(client, now) ?? Begin(client, now);
            var isGranted = window.ValueRef.Used < Requests;
            if (isGranted)
                window.ValueRef.Used++;
            quota = QuotaOf(window, now);
            return isGranted;
        }
    }

    /// <summary>Returns a permit, unless its window has ended.</summary>
    public Quota GiveBack(UInt128 client, Quota taken)
    {
        lock (gate)
        {
            if (taken.Window is { List: not null } window && --window.ValueRef.Used == 0)
                Forget(window);
            return Peek(client);
        }
    }

    /// <summary>What a client has left, without taking anything.</summary>
    public Quota Peek(UInt128 client)
    {
        if (!isPerClient)
            client = default;
        lock (gate)
        {
            var now = time.GetTimestamp();
            return Find(client, now) is { } window ? QuotaOf(window, now) : new Quota(Requests, WindowSeconds, null);
        }
    }

    LinkedListNode<Window>? Find(UInt128 client, long now)
    {
        if (!windows.TryGetValue(client, out var window))
            return null;
        if (window.ValueRef.Ends > now)
            return window;
        Forget(window);
        return null;
    }

    LinkedListNode<Window> Begin(UInt128 client, long now)
    {
        // At most two expired windows for each new one, so that the cleanup is spread out.
        for (var i = 0; i < 2 && byAge.First is { } oldest && oldest.ValueRef.Ends <= now; i++)
            Forget(oldest);
        // With too many clients the oldest window ends early. An attacker with that many addresses gains nothing from
        // that, and the overall limit is not affected.
        if (windows.Count == maximumClients)
            Forget(byAge.First!);
        return windows[client] = byAge.AddLast(new Window(client, now + length, 0));
    }

    void Forget(LinkedListNode<Window> window)
    {
        windows.Remove(window.ValueRef.Client);
        byAge.Remove(window);
    }

    Quota QuotaOf(LinkedListNode<Window> window, long now)
    {
        var ticks = window.ValueRef.Ends - now;
        var seconds = (int)((ticks + time.TimestampFrequency - 1) / time.TimestampFrequency);
        return new Quota(Requests - window.ValueRef.Used, seconds, window);
    }
}
