using NodaTime;

namespace Api.Hours;

/// <summary>Finds the instants of local times, also where clocks change.</summary>
static class LocalTimes
{
    /// <summary>
    /// The first instant at which clocks show a local time. If they skip it, the instant of the change.
    /// </summary>
    public static Instant EarliestInstant(this DateTimeZone zone, LocalDateTime local)
    {
        var mapping = zone.MapLocal(local);
        return mapping.Count == 0 ? mapping.EarlyInterval.End : mapping.First().ToInstant();
    }

    /// <summary>
    /// The last instant at which clocks show a local time. If they skip it, the instant of the change.
    /// </summary>
    public static Instant LatestInstant(this DateTimeZone zone, LocalDateTime local)
    {
        var mapping = zone.MapLocal(local);
        return mapping.Count == 0 ? mapping.EarlyInterval.End : mapping.Last().ToInstant();
    }

    /// <summary>The first instant of a date.</summary>
    public static Instant StartOfDay(this DateTimeZone zone, LocalDate date) => zone.EarliestInstant(date.AtMidnight());

    /// <summary>The first instant of the next local date.</summary>
    public static Instant NextMidnight(this DateTimeZone zone, Instant now) =>
        zone.StartOfDay(now.InZone(zone).Date.PlusDays(1));

    /// <summary>Whether a zone skips a whole date, as Pacific/Apia did with 2011-12-30.</summary>
    public static bool Skips(this DateTimeZone zone, LocalDate date)
    {
        var mapping = zone.MapLocal(date.AtMidnight());
        return mapping.Count == 0 && mapping.LateInterval.IsoLocalStart.Date > date;
    }
}
