using NodaTime;

namespace Api.Hours;

/// <summary>Finds the instants of local times, also where clocks change.</summary>
static class LocalTimes
{
    // No zone has ever changed its clocks by more than a day.
    static readonly Duration Margin = Duration.FromDays(2);

    /// <summary>
    /// The first instant at which clocks show a local time. If they skip it, the instant of the change.
    /// </summary>
    public static Instant EarliestInstant(this DateTimeZone zone, LocalDateTime local)
    {
        if (FindFarFromChanges(zone, local) is { } only)
            return only;
        var mapping = zone.MapLocal(local);
        return mapping.Count == 0 ? mapping.EarlyInterval.End : mapping.First().ToInstant();
    }

    /// <summary>
    /// The last instant at which clocks show a local time. If they skip it, the instant of the change.
    /// </summary>
    public static Instant LatestInstant(this DateTimeZone zone, LocalDateTime local)
    {
        if (FindFarFromChanges(zone, local) is { } only)
            return only;
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
        if (FindFarFromChanges(zone, date.AtMidnight()) is not null)
            return false;
        var mapping = zone.MapLocal(date.AtMidnight());
        return mapping.Count == 0 && mapping.LateInterval.IsoLocalStart.Date > date;
    }

    // On most days no clock changes, and MapLocal, which allocates, is not needed. Without this a status allocates more
    // than twice as much (a row of Api.Tests/Load).
    static Instant? FindFarFromChanges(DateTimeZone zone, LocalDateTime local)
    {
        var interval = zone.GetZoneInterval(local.InUtc().ToInstant());
        var instant = local.WithOffset(interval.WallOffset).ToInstant();
        var isAfterStart = !interval.HasStart || instant - interval.Start > Margin;
        var isBeforeEnd = !interval.HasEnd || interval.End - instant > Margin;
        return isAfterStart && isBeforeEnd ? instant : null;
    }
}
