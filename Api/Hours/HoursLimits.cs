using NodaTime;

namespace Api.Hours;

/// <summary>
/// How much there can be on one day. Answers list up to 366 dates with all that holds on each of them, so this is what keeps
/// them small. No clinic comes near it.
/// </summary>
static class HoursLimits
{
    /// <summary>How many periods can open on a day.</summary>
    public const int Periods = 24;

    /// <summary>How many closed parts a location can have on one date, and the clinic besides.</summary>
    public const int ClosedParts = 10;

    // Yearly rules meet on other dates each year, so a century of dates is looked through.
    static readonly LocalDate FirstDate = new(2000, 1, 1), LastDate = new(2099, 12, 31);

    /// <summary>The weekly hours of a location.</summary>
    /// <returns>What is too much, as a sentence; <c>null</c> when nothing is.</returns>
    public static string? Check(WeeklyHours hours)
    {
        foreach (var day in WeeklyHours.Week)
        {
            if (hours[day].Count > Periods) return $"{day} has {hours[day].Count} periods. At most {Periods} can open on a day.";
        }
        return null;
    }

    /// <summary>The exceptions of a location, or those of the clinic.</summary>
    /// <inheritdoc cref="Check(WeeklyHours)" path="/returns"/>
    public static string? Check(IReadOnlyCollection<ScheduleException> exceptions)
    {
        if (exceptions.FirstOrDefault(exception => exception.Periods.Count > Periods) is { } many)
            return $"'{many.Reason}' has {many.Periods.Count} periods. At most {Periods} can open on a day.";
        var parts = exceptions.Where(exception => exception.Effect == ExceptionEffect.ClosedPart).ToArray();
        if (parts.Length <= ClosedParts) return null;
        for (var date = FirstDate; date <= LastDate; date = date.PlusDays(1))
        {
            var count = parts.Count(part => part.When.Includes(date));
            if (count > ClosedParts) return $"{count} closed parts hold on {date:uuuu-MM-dd}. At most {ClosedParts} can hold on one date.";
        }
        return null;
    }
}
