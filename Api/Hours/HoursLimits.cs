using NodaTime;

namespace Api.Hours;

/// <summary>
/// The limits of schedules and of the answers made from them. They keep the answers small, and no clinic comes near
/// them.
/// </summary>
static class HoursLimits
{
    /// <summary>How many days answers look ahead: a year, counted as a leap year.</summary>
    public const int DaysAhead = 366;

    /// <summary>The largest number of periods that open on a day.</summary>
    public const int Periods = 24;

    /// <summary>
    /// The largest number of closed parts that a location has on one date. The clinic may have as many.
    /// </summary>
    public const int ClosedParts = 10;

    // Yearly rules meet on other dates each year, so the check looks at a whole century.
    static readonly LocalDate FirstDate = new(2000, 1, 1),
        LastDate = new(2099, 12, 31);

    /// <summary>Checks the weekly hours of a location.</summary>
    /// <returns>The limit that is exceeded, as a sentence; <c>null</c> if none is.</returns>
    public static string? Check(WeeklyHours hours)
    {
        foreach (var day in WeeklyHours.Week)
        {
            if (hours[day].Count > Periods)
                return $"{day} has {hours[day].Count} periods. At most {Periods} can open on a day.";
        }
        return null;
    }

    /// <summary>Checks the exceptions of a location or of the clinic.</summary>
    /// <inheritdoc cref="Check(WeeklyHours)" path="/returns"/>
    public static string? Check(IReadOnlyCollection<ScheduleException> exceptions)
    {
        if (exceptions.FirstOrDefault(exception => exception.Periods.Count > Periods) is { } many)
            return $"'{many.Reason}' has {many.Periods.Count} periods. At most {Periods} can open on a day.";
        var parts = exceptions.Where(exception => exception.IsClosedPart).ToArray();
        if (parts.Length <= ClosedParts)
            return null;
        for (var date = FirstDate; date <= LastDate; date = date.PlusDays(1))
        {
            var count = parts.Count(part => part.When.Includes(date));
            if (count > ClosedParts)
                return $"{count} closed parts hold on {date:uuuu-MM-dd}. At most {ClosedParts} can hold on one date.";
        }
        return null;
    }
}
