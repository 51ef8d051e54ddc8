using Api.Hours;
using NodaTime;

namespace Api.Formats;

/// <summary>
/// A schedule as other systems have it: a usual week, and dates on which something else holds, all by the clock on the wall.
/// Every period is told on the day on which it opens, without what is closed of it or overlaps, and takes 24 hours at most.
/// </summary>
static class WallClock
{
    /// <summary>How many dates from today on are told: a year, a leap year's days.</summary>
    public const int Days = 366;

    /// <summary>The usual periods of each day of the week, from Monday.</summary>
    public static IReadOnlyList<IReadOnlyList<Period>> Week(WeeklyHours hours)
    {
        // Without changes of the clock, and between two weeks like it, so that what comes over from Sunday is there too.
        var monday = new LocalDate(2001, 1, 1);
        var week = ByDay(hours);
        var usual = new Schedule(DateTimeZone.Utc, [new WeeklyHours(week)], []);
        return [.. Dates(usual, monday, monday.PlusDays(6)).Select(day => day.Periods!)];
    }

    /// <summary>The dates of the coming year on which the weekly hours in force do not say all, in order.</summary>
    public static IReadOnlyList<WallDay> Departures(Schedule schedule, LocalDate today)
    {
        var weeks = schedule.Versions.ToDictionary(version => version, Week);
        return
        [
            .. Dates(schedule, today, today.PlusDays(Days - 1)).Where(day =>
                schedule.WeeklyHoursOn(day.Date) is not { } hours ? day.Periods is not null
                    : day.Periods is null || !day.Periods.SequenceEqual(weeks[hours][(int)day.Date.DayOfWeek - 1])),
        ];
    }

    /// <summary>The weekly hours that take the place of those in force within the coming year; that it is closed for good, whenever.</summary>
    public static IEnumerable<WeeklyHours> ChangesToCome(Schedule schedule, LocalDate today) =>
        schedule.Versions.Where(version => version.ValidFrom > today && (version.ValidFrom < today.PlusDays(Days) || version.IsForGood));

    /// <summary>Whether dated exceptions hold after the coming year.</summary>
    public static bool HasLaterExceptions(Schedule schedule, LocalDate today)
    {
        var later = today.PlusDays(Days);
        return !(later >= schedule.ClosedForGoodOn) && schedule.Exceptions.Any(exception =>
            exception.When is DateRule.Dates dates && dates.To >= later && !(dates.From >= schedule.ClosedForGoodOn));
    }

    /// <summary>The periods in which patients are seen.</summary>
    public static IEnumerable<Period> Seen(this IEnumerable<Period> periods) =>
        periods.Where(period => period.Access != AccessMode.TelephoneOnly);

    /// <summary>What a format leaves unsaid that knows open and closed only.</summary>
    public static IEnumerable<NotExpressed> Unsaid(Schedule schedule, LocalDate today, IEnumerable<WallDay> departures)
    {
        var current = schedule.WeeklyHoursOn(today);
        var told = schedule.Versions.Where(version => version == current).Concat(ChangesToCome(schedule, today))
            .SelectMany(version => Week(version).SelectMany(day => day))
            .Concat(departures.SelectMany(day => day.Periods ?? [])).ToArray();
        if (current is null || departures.Any(day => day.Periods is null)) yield return NotExpressed.UnknownHours;
        if (told.Any(period => period.Access is AccessMode.ByAppointment or AccessMode.WalkIn)) yield return NotExpressed.AccessModes;
        if (told.Any(period => period.Access == AccessMode.TelephoneOnly)) yield return NotExpressed.TelephoneOnly;
        if (told.Any(period => period.Note is not null)) yield return NotExpressed.Notes;
        if (schedule.Versions.Any(version => version.ValidFrom >= today.PlusDays(Days) && !version.IsForGood)) yield return NotExpressed.ChangesToCome;
        if (HasLaterExceptions(schedule, today)) yield return NotExpressed.LaterExceptions;
        if (schedule.ClosedForGoodOn is not null) yield return NotExpressed.ClosedForGood;
    }

    static ILookup<IsoDayOfWeek, Period> ByDay(WeeklyHours hours) =>
        WeeklyHours.Week.SelectMany(day => hours[day].Select(period => (day, period))).ToLookup(pair => pair.day, pair => pair.period);

    /// <summary>Every date of a range, both included.</summary>
    public static IEnumerable<WallDay> Dates(Schedule schedule, LocalDate from, LocalDate to)
    {
        // What a day leaves to the date after it, of periods longer than 24 hours and of those that another one cuts in two.
        List<Period> rest = [];
        foreach (var day in schedule.Calendar(from.PlusDays(-1), to))
        {
            var periods = day.Periods is null ? null : rest;
            rest = [];
            foreach (var period in day.Periods ?? [])
            {
                var (opens, closes) = (Local(period.Opens), Local(period.Closes));
                var (access, note) = (period.Access, period.Note);
                if (opens.Date > day.Day.Date)
                {
                    rest.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, access, note));
                }
                else if (opens.PlusDays(1) < closes || (opens.PlusDays(1) == closes && opens.TimeOfDay != LocalTime.Midnight))
                {
                    periods!.Add(new Period(opens.TimeOfDay, LocalTime.Midnight, access, note));
                    rest.Add(new Period(LocalTime.Midnight, closes.TimeOfDay, access, note));
                }
                // By the wall's clock nothing is left of what ends in an hour that comes twice before it began.
                else if (opens < closes)
                {
                    periods!.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, access, note));
                }
            }
            periods?.Sort((one, other) => one.Opens.CompareTo(other.Opens));
            if (day.Day.Date >= from) yield return new WallDay(day.Day.Date, periods, ReasonOf(schedule, day), day.Day.Kind == DayKind.TemporarilyClosed);
        }

        LocalDateTime Local(Instant instant) => instant.InZone(schedule.Zone).LocalDateTime;
    }

    static string? ReasonOf(Schedule schedule, CalendarDay day) =>
        day.Day.Kind == DayKind.TemporarilyClosed ? schedule.Closure?.Reason
            : (day.Day.Exception is { } exception ? [exception] : Array.Empty<ScheduleException>()).Concat(day.ClosedParts)
                .Select(exception => exception.Reason).ToArray() is { Length: > 0 } reasons ? string.Join("; ", reasons) : null;
}

/// <summary>A date by the clock on the wall.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Periods">The periods that open on it; <c>null</c> when they are not known.</param>
/// <param name="Reason">Why it departs from the week, as it was entered; <c>null</c> when it does not or that is not told.</param>
/// <param name="TemporarilyClosed">Whether it lies in a temporary closure.</param>
sealed record WallDay(LocalDate Date, IReadOnlyList<Period>? Periods, string? Reason, bool TemporarilyClosed);
