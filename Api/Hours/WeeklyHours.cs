using NodaTime;

namespace Api.Hours;

/// <summary>
/// The recurring pattern of a week: for each day zero or more periods, in the order in which they open. A day without one
/// is closed. Hours that are not known are no <see cref="WeeklyHours"/> at all, but <c>null</c>.
/// </summary>
sealed class WeeklyHours
{
    readonly Period[][] days;

    /// <param name="periods">The periods of each day of the week.</param>
    /// <param name="validFrom">The local date from which on they hold, until others do; <c>null</c> when they always did.</param>
    public WeeklyHours(ILookup<IsoDayOfWeek, Period> periods, LocalDate? validFrom = null)
    {
        days = [.. Week.Select(day => periods[day].OrderBy(period => period.Opens).ToArray())];
        ValidFrom = validFrom;
    }

    /// <summary>The week of a location that is closed for good from a date on: no day has a period.</summary>
    public static WeeklyHours ClosedForGood(LocalDate from) =>
        new(Enumerable.Empty<(IsoDayOfWeek Day, Period Period)>().ToLookup(pair => pair.Day, pair => pair.Period), from) { IsForGood = true };

    /// <summary>The days of the week, from Monday.</summary>
    public static IReadOnlyList<IsoDayOfWeek> Week { get; } =
    [
        IsoDayOfWeek.Monday, IsoDayOfWeek.Tuesday, IsoDayOfWeek.Wednesday, IsoDayOfWeek.Thursday,
        IsoDayOfWeek.Friday, IsoDayOfWeek.Saturday, IsoDayOfWeek.Sunday,
    ];

    /// <summary>The first local date on which they hold; <c>null</c> when they have no beginning.</summary>
    public LocalDate? ValidFrom { get; }

    /// <summary>Whether the location is closed for good, so that no other hours follow.</summary>
    public bool IsForGood { get; private init; }

    /// <summary>The periods that open on a day.</summary>
    public IReadOnlyList<Period> this[IsoDayOfWeek day] => days[(int)day - 1];
}
