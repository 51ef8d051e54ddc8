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

    /// <summary>The last date of what has no end, or not within the coming year: not every program reads years after it.</summary>
    public static readonly LocalDate LastDate = new(2099, 12, 31);

    /// <summary>Every date of the coming year, in order.</summary>
    public static IReadOnlyList<WallDay> Year(Schedule schedule, LocalDate today)
    {
        var weeks = schedule.Versions.ToDictionary(version => version, Week);
        return [.. Dates(schedule, today, today.PlusDays(Days - 1)).Select(day => day with { Departs = Departs(day) })];

        bool Departs(WallDay day) => schedule.WeeklyHoursOn(day.Date) is { } hours
            ? !day.Periods!.SequenceEqual(weeks[hours][(int)day.Date.DayOfWeek - 1])
            : day.Periods is not null || day.ClosedParts.Count > 0;
    }

    /// <summary>
    /// The dates of a year on which the weekly hours in force do not say all, those in a row of which the same is told
    /// together. Dates between them that are usually like that, as the weekends of a long closure, are told with them.
    /// </summary>
    public static IReadOnlyList<WallRun> Runs(Schedule schedule, IReadOnlyList<WallDay> year)
    {
        var runs = new List<(WallDay Day, LocalDate First, LocalDate Last, bool Departs)>();
        var goesOn = false;
        foreach (var day in year)
        {
            goesOn = goesOn && runs[^1].Day.HasSameHours(day);
            // Told only when the run goes on after it.
            if (!day.Departs && day.Reason is null && !day.TemporarilyClosed) continue;
            if (goesOn && runs[^1].Day.Reason == day.Reason && runs[^1].Day.TemporarilyClosed == day.TemporarilyClosed)
                runs[^1] = runs[^1] with { Last = day.Date, Departs = runs[^1].Departs || day.Departs };
            else
                runs.Add((day, day.Date, day.Date, day.Departs));
            goesOn = true;
        }
        return [.. runs.Where(run => run.Departs).Select(run => ToRun(schedule, year, run.Day, run.First, run.Last))];
    }

    // A closure is told as it was entered, be it that it began before today or goes on for longer than a year.
    static WallRun ToRun(Schedule schedule, IReadOnlyList<WallDay> year, WallDay day, LocalDate first, LocalDate last)
    {
        if (!day.TemporarilyClosed) return new WallRun(day, first, last);
        return new WallRun(day,
            first == year[0].Date ? schedule.Closure!.ClosedFrom ?? first : first, last == year[^1].Date ? LastDayOfClosure(schedule) : last);
    }

    /// <summary>The last date of the temporary closure; <c>null</c> when it has no end.</summary>
    public static LocalDate? LastDayOfClosure(Schedule schedule)
    {
        var (reopens, forGood) = (schedule.Closure?.ReopensOn, schedule.ClosedForGoodOn);
        var end = reopens is null || forGood < reopens ? forGood : reopens;
        return end?.PlusDays(-1);
    }

    /// <summary>Whether a temporary closure begins, or goes on, after the coming year.</summary>
    public static bool HasLaterClosure(Schedule schedule, LocalDate today) =>
        schedule.Closure is { } closure && LocalDate.Max(closure.ClosedFrom ?? today, today.PlusDays(Days)) is var from &&
        (LastDayOfClosure(schedule) is not { } last || from <= last);

    /// <summary>Whether a temporary closure begins after the coming year.</summary>
    public static bool BeginsLater(Schedule schedule, LocalDate today) =>
        HasLaterClosure(schedule, today) && schedule.Closure!.ClosedFrom >= today.PlusDays(Days);

    /// <summary>
    /// Whether a part is known of a date whose hours are not, which the day before does not tell: a format without unknown hours
    /// can say nothing of such a date.
    /// </summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="year">The dates to look at.</param>
    /// <param name="closedPartsAreTold">Whether the format tells the closed parts of the date itself.</param>
    public static bool HasUntoldParts(Schedule schedule, IReadOnlyList<WallDay> year, bool closedPartsAreTold) =>
        year.Any(day => day.Periods is null && (day.CutOff.Count > 0 ||
            (!(closedPartsAreTold && day.ClosedParts.Count > 0) && Known(schedule, day.Date).Any(stretch => stretch.IsClosedPart))));

    /// <summary>Whether there are weekly hours that begin after the coming year.</summary>
    public static bool HasLaterWeeks(Schedule schedule, LocalDate today) =>
        schedule.Versions.Any(version => version.ValidFrom >= today.PlusDays(Days) && !version.IsForGood);

    /// <summary>The weekly hours that take the place of those in force within the coming year; that it is closed for good, whenever.</summary>
    public static IEnumerable<WeeklyHours> ChangesToCome(Schedule schedule, LocalDate today) =>
        schedule.Versions.Where(version => version.ValidFrom > today && (version.ValidFrom < today.PlusDays(Days) || version.IsForGood));

    /// <summary>
    /// Whether exceptions hold after the coming year that are not told with it: dated ones, and yearly ones that hold on no date
    /// of it, as on February 29.
    /// </summary>
    public static bool HasLaterExceptions(Schedule schedule, LocalDate today) =>
        schedule.Exceptions.Any(exception => HoldsLater(schedule, exception, today));

    public static bool HoldsLater(Schedule schedule, ScheduleException exception, LocalDate today)
    {
        var later = today.PlusDays(Days);
        if (schedule.IsSettledOn(later)) return false;
        if (exception.When is DateRule.Dates dates) return Holds(schedule, exception, LocalDate.Max(dates.From, later), dates.To);
        // No yearly rule stays away for longer than these.
        return !Holds(schedule, exception, today, later.PlusDays(-1)) && Holds(schedule, exception, later, later.PlusYears(40));
    }

    static bool Holds(Schedule schedule, ScheduleException exception, LocalDate from, LocalDate to)
    {
        // What never holds in so many years is not looked for any longer.
        var count = Math.Min(NodaTime.Period.DaysBetween(from, to) + 1, 41 * Days);
        for (var i = 0; i < count; i++) if (Holds(schedule, exception, from.PlusDays(i))) return true;
        return false;
    }

    /// <summary>Whether an exception has a say on a date: it decides about it, or closes a part of it.</summary>
    public static bool Holds(Schedule schedule, ScheduleException exception, LocalDate date) =>
        exception.When.Includes(date) && schedule.On(date) is { IsInClosure: false } day &&
        (exception.Effect == ExceptionEffect.ClosedPart
            ? schedule.ClosedPartsOn(date).Contains(exception) : ReferenceEquals(day.Exception, exception));

    /// <summary>The periods in which patients are seen.</summary>
    public static IEnumerable<Period> Seen(this IEnumerable<Period> periods) =>
        periods.Where(period => period.Access != AccessMode.TelephoneOnly);

    /// <summary>What a format leaves unsaid that knows open and closed only.</summary>
    public static IEnumerable<NotExpressed> Unsaid(Schedule schedule, LocalDate today, IReadOnlyList<WallDay> year)
    {
        var current = schedule.WeeklyHoursOn(today);
        var told = schedule.Versions.Where(version => version == current).Concat(ChangesToCome(schedule, today))
            .SelectMany(version => Week(version).SelectMany(day => day))
            .Concat(year.Where(day => day.Departs).SelectMany(day => day.Periods ?? []));
        foreach (var detail in UnsaidDetails(told)) yield return detail;
        if (current is null) yield return NotExpressed.UnknownHours;
        if (HasLaterWeeks(schedule, today)) yield return NotExpressed.ChangesToCome;
        if (HasLaterExceptions(schedule, today)) yield return NotExpressed.LaterExceptions;
        if (schedule.ClosedForGoodOn is not null) yield return NotExpressed.ClosedForGood;
    }

    /// <summary>What is left unsaid of periods by a format that knows open and closed only.</summary>
    public static IEnumerable<NotExpressed> UnsaidDetails(IEnumerable<Period> periods)
    {
        foreach (var period in periods)
        {
            if (period.Access is AccessMode.ByAppointment or AccessMode.WalkIn) yield return NotExpressed.AccessModes;
            if (period.Access == AccessMode.TelephoneOnly) yield return NotExpressed.TelephoneOnly;
            if (period.Note is not null) yield return NotExpressed.Notes;
        }
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
            var periods = rest;
            rest = [];
            foreach (var period in day.Periods ?? [])
            {
                // Where clocks go back over midnight, a closed part of the date before can last longer than the first midnight.
                var (opens, closes) = (LocalDateTime.Max(Local(period.Opens), day.Day.Date.AtMidnight()), Local(period.Closes));
                var (access, note) = (period.Access, period.Note);
                if (opens.Date > day.Day.Date)
                {
                    rest.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, access, note));
                }
                else if (opens.PlusDays(1) < closes || (opens.PlusDays(1) == closes && opens.TimeOfDay != LocalTime.Midnight))
                {
                    periods.Add(new Period(opens.TimeOfDay, LocalTime.Midnight, access, note));
                    rest.Add(new Period(LocalTime.Midnight, closes.TimeOfDay, access, note));
                }
                // By the wall's clock nothing is left of what ends in an hour that comes twice before it began.
                else if (opens < closes)
                {
                    periods.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, access, note));
                }
            }
            if (day.Day.Date < from) continue;
            periods.Sort((one, other) => one.Opens.CompareTo(other.Opens));
            yield return new WallDay(day.Day.Date, day.Periods is null ? null : periods, ReasonOf(schedule, day))
            {
                TemporarilyClosed = day.Day.Kind == DayKind.TemporarilyClosed,
                ClosedParts = day.ClosedParts,
                CutOff = day.Periods is null ? periods : [],
            };
        }

        LocalDateTime Local(Instant instant) => instant.InZone(schedule.Zone).LocalDateTime;
    }

    /// <summary>What is known of a date whose hours are not: what runs into it from the evening before, and when it is closed.</summary>
    public static IReadOnlyList<KnownStretch> Known(Schedule schedule, LocalDate date)
    {
        var known = new List<KnownStretch>();
        var line = new Timeline(schedule, Timeline.ToInstant(schedule.Zone, date.AtMidnight(), ends: false));
        // Where clocks go back over midnight, the date before is in between once more.
        for (var end = Timeline.ToInstant(schedule.Zone, date.PlusDays(1).AtMidnight(), ends: true); line.Now < end;)
        {
            var (start, day, moment) = (line.Now, line.Date, line.Current);
            line.Advance();
            if (day != date || moment.State == State.Unknown) continue;
            // A stretch ends where the clock is changed, so that both its ends are by the same one.
            var opens = start.InZone(schedule.Zone).LocalDateTime;
            var minutes = (opens.Hour * 60) + opens.Minute;
            known.Add(new KnownStretch(minutes, minutes + (int)(line.Now - start).TotalMinutes, moment.IsOpen, moment.Period is null));
        }
        return known;
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
sealed record WallDay(LocalDate Date, IReadOnlyList<Period>? Periods, string? Reason)
{
    /// <summary>Whether it lies in a temporary closure.</summary>
    public bool TemporarilyClosed { get; init; }

    /// <summary>The exceptions that close a part of it.</summary>
    public IReadOnlyList<ScheduleException> ClosedParts { get; init; } = [];

    /// <summary>What the day before leaves to it when its own periods are not known.</summary>
    public IReadOnlyList<Period> CutOff { get; init; } = [];

    /// <summary>Whether the weekly hours in force do not say all about it.</summary>
    public bool Departs { get; init; }

    public bool HasSameHours(WallDay other) => Periods is null || other.Periods is null
        ? Periods is null && other.Periods is null && ClosedParts.SequenceEqual(other.ClosedParts) : Periods.SequenceEqual(other.Periods);
}

/// <summary>Dates in a row of which the same is told.</summary>
/// <param name="Day">The first of them that is told, and stands for all.</param>
/// <param name="First">The first date.</param>
/// <param name="Last">The last date; <c>null</c> when there is none.</param>
sealed record WallRun(WallDay Day, LocalDate First, LocalDate? Last);

/// <summary>A part of a date of which it is known whether it is open.</summary>
/// <param name="From">Its first minute since midnight by the clock on the wall.</param>
/// <param name="To">The first minute after it.</param>
/// <param name="IsOpen">Whether patients are seen.</param>
/// <param name="IsClosedPart">Whether an exception closes it.</param>
readonly record struct KnownStretch(int From, int To, bool IsOpen, bool IsClosedPart);
