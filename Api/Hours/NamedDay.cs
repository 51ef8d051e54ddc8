using NodaTime;

namespace Api.Hours;

/// <summary>How a sentence names the day on which something happens.</summary>
enum NamedDay
{
    /// <summary>Not at all: the time alone is today's.</summary>
    Today,

    /// <summary>By the day of the week, which says which day is meant for the next six days.</summary>
    Weekday,

    /// <summary>By the day of the week and the date.</summary>
    Date,

    /// <summary>The same with the year, because it is another one than today's.</summary>
    DateAndYear,
}

static class NamedDays
{
    // On the seventh day the weekday has the name of today's.
    const int LastDayOfThisWeek = 6;

    public static NamedDay Name(LocalDate day, LocalDate today) => NodaTime.Period.DaysBetween(today, day) switch
    {
        <= 0 => NamedDay.Today,
        <= LastDayOfThisWeek => NamedDay.Weekday,
        _ => day.Year == today.Year ? NamedDay.Date : NamedDay.DateAndYear,
    };

    /// <summary>The day on which something ends. A midnight is the end of a day, not the beginning of the next one.</summary>
    public static LocalDate DayOfEnd(LocalDateTime end) => end.TimeOfDay == LocalTime.Midnight ? end.Date.PlusDays(-1) : end.Date;

    /// <summary>The first date after today on which a day has another name; <c>null</c> when it keeps the one that it has.</summary>
    public static LocalDate? NextName(LocalDate day, LocalDate today)
    {
        LocalDate? next = null;
        foreach (var date in (ReadOnlySpan<LocalDate>)[new LocalDate(day.Year, 1, 1), day.PlusDays(-LastDayOfThisWeek), day])
        {
            if (date > today && Name(day, date) != Name(day, today) && !(next <= date)) next = date;
        }
        return next;
    }
}
