using NodaTime;

namespace Api.Hours;

/// <summary>
/// The recurring pattern of a week: zero or more periods for each day, in the order in which they open. A day without
/// periods is closed. Hours that are not known are <c>null</c> instead.
/// </summary>
sealed class WeeklyHours
{
    readonly Period[][] days;

    /// <param name="periods">The periods of each day of the week.</param>
    /// <param name="validFrom">The first local date of these hours; <c>null</c> if they have always been valid.</param>
    public WeeklyHours(ILookup<IsoDayOfWeek, Period> periods, LocalDate? validFrom = null)
    {
        days = [.. Week.Select(day => periods[day].OrderBy(period => period.Opens).ToArray())];
        ValidFrom = validFrom;
    }

    /// <summary>The week of a location that is permanently closed from a date on: no day has a period.</summary>
    public static WeeklyHours PermanentlyClosed(LocalDate from) =>
        new(Array.Empty<Period>().ToLookup(_ => IsoDayOfWeek.None), from) { IsPermanentlyClosed = true };

    /// <summary>The days of the week, from Monday.</summary>
    public static IReadOnlyList<IsoDayOfWeek> Week { get; } =
    [
        IsoDayOfWeek.Monday,
        IsoDayOfWeek.Tuesday,
        IsoDayOfWeek.Wednesday,
        IsoDayOfWeek.Thursday,
        IsoDayOfWeek.Friday,
        IsoDayOfWeek.Saturday,
        IsoDayOfWeek.Sunday,
    ];

    /// <summary>The first local date of these hours; <c>null</c> if they have always been valid.</summary>
    public LocalDate? ValidFrom { get; }

    /// <summary>Whether the location is permanently closed, so that no other hours follow.</summary>
    public bool IsPermanentlyClosed { get; private init; }

    /// <summary>The periods that open on a day.</summary>
    public IReadOnlyList<Period> this[IsoDayOfWeek day] => days[(int)day - 1];

    /// <summary>Whether these hours become valid after a date.</summary>
    public bool BeginsAfter(LocalDate date) => ValidFrom is { } first && first > date;
}
