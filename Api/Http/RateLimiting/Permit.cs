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
    public string FormatHeader()
    {
        // A client and its networks come one after the other, and share a policy. The one with the least left counts.
        List<int> policies = [];
        for (var i = 0; i < quotas.Length; i++)
        {
            if (i == 0 || limits[i].Limit.Name != limits[i - 1].Limit.Name)
                policies.Add(i);
            else if (HasLess(quotas[i], quotas[policies[^1]]))
                policies[^1] = i;
        }
        return string.Join(
            ", ",
            policies.Select(i => $"\"{limits[i].Limit.Name}\";r={quotas[i].Remaining};t={quotas[i].Seconds}")
        );
    }

    // Of two that have as many left, the one that has to wait longer for more.
    static bool HasLess(Quota quota, Quota other) =>
        quota.Remaining < other.Remaining || (quota.Remaining == other.Remaining && quota.Seconds > other.Seconds);
}
