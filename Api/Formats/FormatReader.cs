using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Formats;

/// <summary>A location with its schedule, from which every format is made.</summary>
/// <param name="Location">The location.</param>
/// <param name="Schedule">Its schedule.</param>
/// <param name="Now">The instant at which it was read.</param>
sealed record FormatSource(Location Location, Schedule Schedule, Instant Now)
{
    /// <summary>The local date, on which the coming year begins.</summary>
    public LocalDate Today => Schedule.DateAt(Now);

    /// <summary>
    /// The instant at which the answer may change: the next midnight. Calendars have dates in UTC too.
    /// </summary>
    public Instant ChangesAt => Instant.Min(Schedule.Zone.NextMidnight(Now), DateTimeZone.Utc.NextMidnight(Now));
}

/// <summary>Reads the locations with their schedules.</summary>
sealed class FormatReader(LocationStore locations, TimeProvider time)
{
    public async Task<FormatSource?> FindAsync(string slug, CancellationToken ct) =>
        await locations.FindAsync(slug, ct) is { } found ? ToSource(found, time.GetCurrentInstant()) : null;

    public async Task<IReadOnlyList<FormatSource>> ListAsync(CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        return [.. (await locations.ListAsync(ct)).Values.Select(found => ToSource(found, now))];
    }

    static FormatSource ToSource(ScheduledLocation found, Instant now) =>
        new(found.Location, found.Hours.Schedule, now);
}
