namespace Api.Http.RateLimiting;

/// <summary>Metadata of an endpoint: its answers have <c>RateLimit</c> headers.</summary>
/// <param name="Name">The name of the limit per client.</param>
sealed record RateLimited(string Name);

/// <summary>
/// Limits the requests to a group per client and overall, tells what remains (draft-ietf-httpapi-ratelimit-headers),
/// and answers 429 when nothing does. A request that breaks a rule, or fails on our side, does not count, since its
/// sender corrects it or tries again. A body that cannot be read is refused before; it changes nothing and does not
/// count either.
/// </summary>
static class RateLimits
{
    public const string PolicyHeader = "RateLimit-Policy",
        Header = "RateLimit";

    static readonly object Uncounted = new();

    /// <summary>
    /// The IPv6 networks that one customer may have, and how many times the limit of a client each has. A /48 has
    /// 65,536 networks of 64 bits: without this, one customer could use up the overall limit.
    /// </summary>
    static readonly (int Bits, int Times)[] Networks = [(56, 4), (48, 10)];

    /// <summary>
    /// Limits the requests to a group. Call it before <c>WithValidation</c>, so that the validation runs inside it.
    /// </summary>
    /// <param name="group">Its endpoints share the limits.</param>
    /// <param name="name">The name of the limit per client. The overall limit is called <c>name-overall</c>.</param>
    /// <param name="perClient">
    /// The limit of a client: an IPv4 address, or an IPv6 network of 64 bits. A larger network has a multiple of it.
    /// </param>
    /// <param name="overall">The limit of all clients together.</param>
    public static RouteGroupBuilder WithRateLimits(
        this RouteGroupBuilder group,
        string name,
        LimitOptions perClient,
        LimitOptions overall
    )
    {
        group.WithProblems(ProblemTypes.QuotaExceeded).WithMetadata(new RateLimited(name));
        var services = ((IEndpointRouteBuilder)group).ServiceProvider;
        var time = services.GetRequiredService<TimeProvider>();
        var metrics = services.GetRequiredService<RateLimitMetrics>();
        var limits = CreateLimits(name, perClient, overall, time);
        if (limits.Count == 0)
            return group;

        var policies = string.Join(
            ", ",
            limits
                .Where(limit => limit.NetworkBits is null)
                .Select(limit => $"\"{limit.Name}\";q={limit.Requests};w={limit.WindowSeconds}")
        );
        var key = new ClientKey();
        return group.AddEndpointFilter(
            async (invocation, next) =>
            {
                var http = invocation.HttpContext;
                var permit = new Permit(limits, key, http.Connection.RemoteIpAddress);
                // When the answer starts: what handles an exception clears the headers.
                http.Response.OnStarting(() =>
                {
                    http.Response.Headers[PolicyHeader] = policies;
                    http.Response.Headers[Header] = permit.FormatHeader();
                    return Task.CompletedTask;
                });
                if (!permit.IsGranted)
                {
                    var refusal = permit.Refuse();
                    foreach (var policy in refusal.ViolatedPolicies!)
                        metrics.CountRefusal(policy);
                    return refusal;
                }
                try
                {
                    var result = await next(invocation);
                    if (
                        StatusOf(result) == StatusCodes.Status422UnprocessableEntity
                        || http.Items.ContainsKey(Uncounted)
                    )
                        permit.GiveBack();
                    return result;
                }
                catch
                {
                    permit.GiveBack();
                    throw;
                }
            }
        );
    }

    /// <summary>Does not count a request although it succeeds: it repeats one that was counted.</summary>
    public static void DoNotCount(HttpContext http) => http.Items[Uncounted] = true;

    /// <summary>The status of a handler's result, if it has one.</summary>
    public static int? StatusOf(object? result)
    {
        while (result is INestedHttpResult nested)
            result = nested.Result;
        return (result as IStatusCodeHttpResult)?.StatusCode;
    }

    static List<RateLimit> CreateLimits(string name, LimitOptions perClient, LimitOptions overall, TimeProvider time)
    {
        List<RateLimit> limits = [];
        if (perClient.Requests > 0)
        {
            limits.Add(new RateLimit(name, isPerClient: true, perClient, time));
            limits.AddRange(
                Networks.Select(network => new RateLimit(
                    name,
                    isPerClient: true,
                    Multiply(perClient, network.Times, overall),
                    time
                )
                {
                    NetworkBits = network.Bits,
                })
            );
        }
        if (overall.Requests > 0)
            limits.Add(new RateLimit(name + "-overall", isPerClient: false, overall, time));
        return limits;
    }

    // At most half of the overall limit, unless a single client may send more than that.
    static LimitOptions Multiply(LimitOptions perClient, int times, LimitOptions overall)
    {
        var requests = (long)perClient.Requests * times;
        if (overall.Requests > 0)
            requests = Math.Max(perClient.Requests, Math.Min(requests, overall.Requests / 2));
        return new LimitOptions
        {
            Requests = (int)Math.Min(requests, int.MaxValue),
            WindowSeconds = perClient.WindowSeconds,
        };
    }
}
