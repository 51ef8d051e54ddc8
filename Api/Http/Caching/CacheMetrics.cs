using System.Diagnostics.Metrics;

namespace Api.Http.Caching;

/// <summary>The measurements of the output cache, under the meter <c>Clinic</c>.</summary>
sealed class CacheMetrics(IMeterFactory meters)
{
    readonly Counter<long> requests = meters
        .Create(Telemetry.Name)
        .CreateCounter<long>(
            "clinic.output_cache.requests",
            "{request}",
            "Requests that were looked up in the output cache, by result: hit or miss."
        );

    public void CountHit() => Count("hit");

    public void CountMiss() => Count("miss");

    void Count(string result) =>
        requests.Add(1, new KeyValuePair<string, object?>("clinic.output_cache.result", result));
}
