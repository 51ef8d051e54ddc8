using NodaTime;

namespace Api.Hours;

/// <summary>How a sentence names the day on which something happens.</summary>
enum DayName
{
    /// <summary>Not at all: the time alone is today's.</summary>
    Today,

    /// <summary>By the day of the week, which is unambiguous for the next six days.</summary>
    Weekday,

    /// <summary>By the day of the week and the date.</summary>
    Date,

    /// <summary>By the day of the week and the date with its year, which is not this year.</summary>
    DateAndYear,
}

static class DayNames
{
    // The seventh day from today has the same weekday as today.
    const int LastDayNamedByWeekday = 6;

    /// <summary>The name that a day has in a sentence that is shown today.</summary>
    public static DayName Choose(LocalDate day, LocalDate today) =>
        NodaTime.Period.DaysBetween(today, day) switch
        {
            <= 0 => DayName.Today,
            <= LastDayNamedByWeekday => DayName.Weekday,
            _ => day.Year == today.Year ? DayName.Date : DayName.DateAndYear,
        };

    /// <summary>
    /// The day that a sentence names for an end. An end at midnight has the name of the day that ends.
    /// </summary>
    public static LocalDate DayOfEnd(LocalDateTime end) =>
        end.TimeOfDay == LocalTime.Midnight ? end.Date.PlusDays(-1) : end.Date;

    /// <summary>The first date after today on which a day has another name; <c>null</c> if its name stays.</summary>
    public static LocalDate? NextChange(LocalDate day, LocalDate today)
    {
        var firstNamedByWeekday = day.PlusDays(-LastDayNamedByWeekday);
        return Choose(day, today) switch
        {
            DayName.Today => null,
            DayName.Weekday => day,
            DayName.Date => firstNamedByWeekday,
            _ => LocalDate.Min(firstNamedByWeekday, new LocalDate(day.Year, 1, 1)),
        };
    }
}
