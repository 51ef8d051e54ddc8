using System.Diagnostics.Metrics;

namespace Api.Http.RateLimiting;

/// <summary>The measurements of the rate limits, under the meter <c>Clinic</c>.</summary>
sealed class RateLimitMetrics(IMeterFactory meters)
{
    readonly Counter<long> refused = meters
        .Create(Telemetry.Name)
        .CreateCounter<long>(
            "clinic.rate_limit.refused",
            "{request}",
            "Requests that were refused, by policy. A request that several policies refuse counts for each."
        );

    public void CountRefusal(string policy) =>
        refused.Add(1, new KeyValuePair<string, object?>("clinic.rate_limit.policy", policy));
}
