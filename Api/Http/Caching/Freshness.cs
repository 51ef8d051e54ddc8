using NodaTime;

namespace Api.Http.Caching;

/// <summary>For how long an answer may be cached.</summary>
static class Freshness
{
    /// <summary>How long content may be cached when nothing is known to change it sooner.</summary>
    static readonly Duration Longest = Duration.FromMinutes(1);

    static readonly object Key = new();

    /// <summary>
    /// Ends the freshness of the answer when its content changes, if that is before the usual minute is over. If it is
    /// called several times, the earliest change counts.
    /// </summary>
    public static void FreshUntil(this HttpContext http, Instant now, Instant? change)
    {
        if (change - now is { } left && left < FreshnessOf(http))
            http.Items[Key] = left;
    }

    /// <summary>
    /// For how many seconds the answer may be cached. Cache-Control has no smaller unit, so 0 means not at all.
    /// </summary>
    public static long MaxAge(HttpContext http) => (long)FreshnessOf(http).TotalSeconds;

    static Duration FreshnessOf(HttpContext http) => (Duration?)http.Items[Key] ?? Longest;
}
