using System.Net;

namespace Api.Http.RateLimiting;

/// <summary>A request's permit: it takes one from each limit that applies, or from none.</summary>
sealed class Permit
{
    readonly List<(RateLimit Limit, UInt128 Client)> limits = [];
    readonly Quota[] quotas;

    public Permit(List<RateLimit> all, ClientKey key, IPAddress? address)
    {
        var client = key.Of(address);
        foreach (var limit in all)
        {
            if (limit.NetworkBits is not { } bits)
                limits.Add((limit, client));
            else if (key.OfNetwork(address, bits) is { } network)
                limits.Add((limit, network));
        }
        quotas = new Quota[limits.Count];
        IsGranted = true;
        for (var i = 0; i < quotas.Length; i++)
        {
            var (limit, taker) = limits[i];
            if (!IsGranted)
            {
                quotas[i] = limit.Peek(taker);
            }
            else if (!limit.TryTake(taker, out quotas[i]))
            {
                IsGranted = false;
                GiveBackBefore(i);
            }
        }
    }

    public bool IsGranted { get; }

    public void GiveBack() => GiveBackBefore(quotas.Length);

    void GiveBackBefore(int end)
    {
        for (var i = 0; i < end; i++)
            quotas[i] = limits[i].Limit.GiveBack(limits[i].Client, quotas[i]);
    }

    /// <summary>The answer to a request whose permit is not granted.</summary>
    public Problem Refuse()
    {
        var violated = Enumerable.Range(0, quotas.Length).Where(i => quotas[i].Remaining == 0).ToArray();
        var longest = violated.MaxBy(i => quotas[i].Seconds);
        var (limit, seconds) = (limits[longest].Limit, quotas[longest].Seconds);
        var text = limit switch
        {
            { NetworkBits: not null } => "LimitReachedByNetwork",
            { IsPerClient: true } => "LimitReachedByAddress",
            _ => "LimitReachedByAll",
        };
        return new Problem(
            ProblemTypes.QuotaExceeded,
            ProblemText.Get(text, limit.Requests, limit.WindowSeconds, seconds)
        )
        {
            RetryAfter = seconds,
            ViolatedPolicies = [.. violated.Select(i => limits[i].Limit.Name).Distinct()],
        };
    }

    /// <summary>The value of the header <c>RateLimit</c>.</summary>
    public string FormatHeader() =>
        string.Join(", ", Enumerable.Range(0, quotas.Length).GroupBy(i => limits[i].Limit.Name).Select(FormatPolicy));

    // A client and its networks share a policy. The one with the least left counts.
    string FormatPolicy(IEnumerable<int> policy)
    {
        var least = policy
            .OrderBy(i => quotas[i].Remaining)
            .ThenByDescending(i => quotas[i].Remaining == 0 ? quotas[i].Seconds : 0)
            .First();
        return $"\"{limits[least].Limit.Name}\";r={quotas[least].Remaining};t={quotas[least].Seconds}";
    }
}
