using NodaTime;

namespace Api.Hours;

/// <summary>
/// The recurring pattern of a week: for each day zero or more periods, in the order in which they open. A day without one
/// is closed. Hours that are not known are no <see cref="WeeklyHours"/> at all, but <c>null</c>.
/// </summary>
sealed class WeeklyHours
{
    readonly Period[][] days;

    public WeeklyHours(ILookup<IsoDayOfWeek, Period> periods) =>
        days = [.. Week.Select(day => periods[day].OrderBy(period => period.Opens).ToArray())];

    /// <summary>The days of the week, from Monday.</summary>
    public static IReadOnlyList<IsoDayOfWeek> Week { get; } =
    [
        IsoDayOfWeek.Monday, IsoDayOfWeek.Tuesday, IsoDayOfWeek.Wednesday, IsoDayOfWeek.Thursday,
        IsoDayOfWeek.Friday, IsoDayOfWeek.Saturday, IsoDayOfWeek.Sunday,
    ];

    /// <summary>The periods that open on a day.</summary>
    public IReadOnlyList<Period> this[IsoDayOfWeek day] => days[(int)day - 1];
}
