using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Api.Http;

/// <summary>How many requests are taken in how much time; a section of the configuration.</summary>
sealed class LimitOptions
{
    /// <summary>How many; with 0 there is no limit.</summary>
    public int Requests { get; set; }

    /// <summary>The length of the window that begins with the first of them.</summary>
    public int WindowSeconds { get; set; }
}

/// <summary>Says in an endpoint's metadata that its answers carry <c>RateLimit</c> headers.</summary>
sealed record RateLimited;

/// <summary>
/// Limits how many requests a group takes from one client and from all together, tells everybody what is left
/// (draft-ietf-httpapi-ratelimit-headers), and answers 429 when nothing is. What is refused for its rules, or fails on our side,
/// does not count: the sender corrects it, or tries again. A body that cannot be read never gets as far as here; it changes
/// nothing, and is not counted either.
/// </summary>
// Why not the framework's limiters: the RetryAfter of its fixed window names the whole window, a partition does not tell what is left
// in it, and none of them runs on TimeProvider.
static class RateLimits
{
    const string PolicyHeader = "RateLimit-Policy", Header = "RateLimit";

    /// <summary>To be said before the group's validation, which is to run inside of it.</summary>
    /// <param name="group">Its endpoints share the limits.</param>
    /// <param name="name">What the limit of one client is called; that of all together is called <c>name-overall</c>.</param>
    /// <param name="perClient">The limit of one client: an IPv4 address, or an IPv6 network of 64 bits. A larger network has a multiple of it.</param>
    /// <param name="overall">The limit of all clients together.</param>
    public static RouteGroupBuilder WithRateLimits(this RouteGroupBuilder group, string name, LimitOptions perClient, LimitOptions overall)
    {
        group.Answers(ProblemTypes.QuotaExceeded).WithMetadata(new RateLimited());
        var time = ((IEndpointRouteBuilder)group).ServiceProvider.GetRequiredService<TimeProvider>();
        List<RateLimit> limits = [];
        if (perClient.Requests > 0)
        {
            limits.Add(new RateLimit(name, isPerClient: true, perClient, time));
            limits.AddRange(Networks.Select(network => new RateLimit(name, isPerClient: true, AllowanceOf(network.Times, perClient, overall), time) { NetworkBits = network.Bits }));
        }
        if (overall.Requests > 0) limits.Add(new RateLimit(name + "-overall", isPerClient: false, overall, time));
        if (limits.Count == 0) return group;

        var policies = string.Join(", ", limits.Where(limit => limit.NetworkBits is null).Select(limit => $"\"{limit.Name}\";q={limit.Requests};w={limit.WindowSeconds}"));
        var key = new ClientKey();
        return group.AddEndpointFilter(async (invocation, next) =>
        {
            var http = invocation.HttpContext;
            var permit = new Permit(limits, policies, key, http.Connection.RemoteIpAddress);
            // Not written yet: what handles an exception would clear it.
            http.Response.OnStarting(permit.TellAsync, http.Response);
            if (!permit.IsGranted) return permit.Refusal();
            try
            {
                var result = await next(invocation);
                if (StatusOf(result) == StatusCodes.Status422UnprocessableEntity || http.Items.ContainsKey(Uncounted)) permit.GiveBack();
                return result;
            }
            catch
            {
                permit.GiveBack();
                throw;
            }
        });
    }

    /// <summary>
    /// The IPv6 networks that one customer may have, and how many times as much is taken from one as from a client. A /48 has
    /// 65,536 networks of 64 bits: without this, one customer could use up what is taken from all together.
    /// </summary>
    static readonly (int Bits, int Times)[] Networks = [(56, 4), (48, 10)];

    // Never more than half of what is taken from all together, as far as that is more than one client may send.
    static LimitOptions AllowanceOf(int times, LimitOptions perClient, LimitOptions overall)
    {
        var requests = (long)perClient.Requests * times;
        if (overall.Requests > 0) requests = Math.Max(perClient.Requests, Math.Min(requests, overall.Requests / 2));
        return new LimitOptions { Requests = (int)Math.Min(requests, int.MaxValue), WindowSeconds = perClient.WindowSeconds };
    }

    static readonly object Uncounted = new();

    /// <summary>Says that a request is not to be counted, although it is answered with success: it repeats one that was.</summary>
    public static void DoNotCount(HttpContext http) => http.Items[Uncounted] = true;

    /// <summary>The status that a handler's result will have, if it says so.</summary>
    public static int? StatusOf(object? result)
    {
        while (result is INestedHttpResult nested) result = nested.Result;
        return (result as IStatusCodeHttpResult)?.StatusCode;
    }

    /// <summary>What one request took of every limit that applies to it: of all of them, or of none.</summary>
    sealed class Permit
    {
        readonly string policies;
        readonly List<(RateLimit Limit, UInt128 Client)> limits = [];
        readonly Quota[] quotas;

        public Permit(List<RateLimit> all, string policies, ClientKey key, IPAddress? address)
        {
            this.policies = policies;
            var client = key.Of(address);
            foreach (var limit in all)
            {
                if (limit.NetworkBits is not { } bits) limits.Add((limit, client));
                else if (key.OfNetwork(address, bits) is { } network) limits.Add((limit, network));
            }
            quotas = new Quota[limits.Count];
            IsGranted = true;
            for (var i = 0; i < quotas.Length; i++)
            {
                var (limit, taker) = limits[i];
                if (!IsGranted)
                {
                    quotas[i] = limit.Look(taker);
                }
                else if (!limit.TryTake(taker, out quotas[i]))
                {
                    IsGranted = false;
                    GiveBack(before: i);
                }
            }
        }

        public bool IsGranted { get; }

        public void GiveBack() => GiveBack(before: quotas.Length);

        void GiveBack(int before)
        {
            for (var i = 0; i < before; i++) quotas[i] = limits[i].Limit.GiveBack(limits[i].Client, quotas[i]);
        }

        public Problem Refusal()
        {
            var violated = Enumerable.Range(0, quotas.Length).Where(i => quotas[i].Remaining == 0).OrderByDescending(i => quotas[i].Seconds).ToArray();
            var (limit, seconds) = (limits[violated[0]].Limit, quotas[violated[0]].Seconds);
            var text = limit.NetworkBits is not null ? "LimitReachedByNetwork" : limit.IsPerClient ? "LimitReachedByAddress" : "LimitReachedByAll";
            return new Problem(ProblemTypes.QuotaExceeded, ProblemText.Get(text, limit.Requests, limit.WindowSeconds, seconds))
            {
                RetryAfter = seconds,
                ViolatedPolicies = [.. violated.Order().Select(i => limits[i].Limit.Name).Distinct()],
            };
        }

        public Task TellAsync(object response)
        {
            var headers = ((HttpResponse)response).Headers;
            headers[PolicyHeader] = policies;
            headers[Header] = string.Join(", ", Enumerable.Range(0, quotas.Length).GroupBy(i => limits[i].Limit.Name).Select(Told));
            return Task.CompletedTask;
        }

        // Of a client and its networks, what has least left.
        string Told(IEnumerable<int> policy)
        {
            var least = policy.OrderBy(i => quotas[i].Remaining).ThenByDescending(i => quotas[i].Remaining == 0 ? quotas[i].Seconds : 0).First();
            return $"\"{limits[least].Limit.Name}\";r={quotas[least].Remaining};t={quotas[least].Seconds}";
        }
    }
}

/// <summary>
/// Stands for a client without saying who it is: 128 bits of an HMAC under a key that only this process has and that is
/// written nowhere. The address itself is not kept.
/// </summary>
sealed class ClientKey
{
    readonly byte[] secret = RandomNumberGenerator.GetBytes(32);

    /// <summary>The same for all of an IPv6 network of 64 bits, which is what one household or one server has.</summary>
    /// <param name="address">With a Unix socket there is none, and all who come through it are one client.</param>
    public UInt128 Of(IPAddress? address)
    {
        if (address is null) return Hash([]);
        var bytes = Canonical(address).GetAddressBytes();
        return Hash(bytes.AsSpan(..Math.Min(bytes.Length, 8)));
    }

    /// <summary>The same for all of a larger IPv6 network; <c>null</c> for an address of IPv4, which is in none.</summary>
    public UInt128? OfNetwork(IPAddress? address, int bits) =>
        address is not null && Canonical(address) is { AddressFamily: AddressFamily.InterNetworkV6 } own ? Hash(own.GetAddressBytes().AsSpan(..(bits / 8))) : null;

    UInt128 Hash(ReadOnlySpan<byte> network)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, network, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    static readonly System.Net.IPNetwork Nat64 = System.Net.IPNetwork.Parse("64:ff9b::/96"), SixToFour = System.Net.IPNetwork.Parse("2002::/16");

    // A client of IPv4 that was translated on its way is still the client of its IPv4 address: RFC 4291 (mapped), 6052 (NAT64), 3056 (6to4).
    static IPAddress Canonical(IPAddress address) => address switch
    {
        { AddressFamily: not AddressFamily.InterNetworkV6 } => address,
        { IsIPv4MappedToIPv6: true } => address.MapToIPv4(),
        _ when Nat64.Contains(address) => new IPAddress(address.GetAddressBytes().AsSpan(12, 4)),
        _ when SixToFour.Contains(address) => new IPAddress(address.GetAddressBytes().AsSpan(2, 4)),
        _ => address,
    };
}

/// <summary>What a client has left of a limit.</summary>
/// <param name="Remaining">How many requests.</param>
/// <param name="Seconds">Until the window is over, rounded up; the whole window, if none has begun.</param>
/// <param name="Window">The window that a permit was taken in.</param>
readonly record struct Quota(int Remaining, int Seconds, LinkedListNode<RateLimit.Window>? Window);

/// <summary>
/// Counts what is taken in windows of one length. A window begins with the first permit and is forgotten when it is over or all of
/// its permits are given back. Goes by <see cref="TimeProvider.GetTimestamp"/>, which no change of the wall clock touches.
/// </summary>
sealed class RateLimit(string name, bool isPerClient, LimitOptions options, TimeProvider time, int mostClients = 100_000)
{
    internal record struct Window(UInt128 Client, long Ends, int Used);

    readonly long length = options.WindowSeconds * time.TimestampFrequency;
    readonly Lock gate = new();
    readonly Dictionary<UInt128, LinkedListNode<Window>> windows = [];
    // All are of one length, so the first to begin is the first to be over.
    readonly LinkedList<Window> byAge = new();

    public string Name => name;
    public bool IsPerClient => isPerClient;

    /// <summary>Counts IPv6 networks of so many bits rather than clients.</summary>
    public int? NetworkBits { get; init; }

    public int Requests { get; } = options.Requests;
    public int WindowSeconds { get; } = options.WindowSeconds;

    /// <summary>How many clients are remembered.</summary>
    public int Clients
    {
        get { lock (gate) return windows.Count; }
    }

    public bool TryTake(UInt128 client, out Quota quota)
    {
        if (!isPerClient) client = default;
        lock (gate)
        {
            var now = time.GetTimestamp();
            var window = Find(client, now) ?? Begin(client, now);
            var granted = window.ValueRef.Used < Requests;
            if (granted) window.ValueRef.Used++;
            quota = Of(window, now);
            return granted;
        }
    }

    /// <summary>Undoes a taking, unless its window is over and forgotten.</summary>
    public Quota GiveBack(UInt128 client, Quota taken)
    {
        lock (gate)
        {
            if (taken.Window is { List: not null } window && --window.ValueRef.Used == 0) Forget(window);
            return Look(client);
        }
    }

    public Quota Look(UInt128 client)
    {
        if (!isPerClient) client = default;
        lock (gate)
        {
            var now = time.GetTimestamp();
            return Find(client, now) is { } window ? Of(window, now) : new Quota(Requests, WindowSeconds, null);
        }
    }

    LinkedListNode<Window>? Find(UInt128 client, long now)
    {
        if (!windows.TryGetValue(client, out var window)) return null;
        if (window.ValueRef.Ends > now) return window;
        Forget(window);
        return null;
    }

    LinkedListNode<Window> Begin(UInt128 client, long now)
    {
        // Two go for one that comes, so that none stays for long and nobody waits until a crowd is cleared away.
        for (var i = 0; i < 2 && byAge.First is { } oldest && oldest.ValueRef.Ends <= now; i++) Forget(oldest);
        // With more clients than that, the one whose window is over soonest begins anew early. Who has so many addresses needs no
        // address twice, and the limit of all together is not touched.
        if (windows.Count == mostClients) Forget(byAge.First!);
        return windows[client] = byAge.AddLast(new Window(client, now + length, 0));
    }

    void Forget(LinkedListNode<Window> window)
    {
        windows.Remove(window.ValueRef.Client);
        byAge.Remove(window);
    }

    Quota Of(LinkedListNode<Window> window, long now)
    {
        var left = window.ValueRef.Ends - now;
        return new Quota(Requests - window.ValueRef.Used, (int)((left + time.TimestampFrequency - 1) / time.TimestampFrequency), window);
    }
}
