using Api.Hours;
using NodaTime;

namespace Api.Formats;

/// <summary>
/// A schedule as other systems understand it: a usual week and dates that depart from it, in wall-clock time. Periods
/// belong to the day on which they open, without closed parts and overlaps, and last 24 hours at most.
/// </summary>
static class WallClock
{
    /// <summary>The last date to write for what has no end. Not every program reads later years.</summary>
    public static readonly LocalDate LastDate = new(2099, 12, 31);

    // No yearly rule is absent for longer.
    const int YearsUntilEveryRuleRepeats = 40;

    /// <summary>The last date of the coming year.</summary>
    public static LocalDate LastDateOfYear(LocalDate today) => today.PlusDays(HoursLimits.DaysAhead - 1);

    /// <summary>Lists the usual periods of each day of the week, from Monday.</summary>
    public static IReadOnlyList<IReadOnlyList<Period>> ListWeek(WeeklyHours hours)
    {
        // A week in UTC has no clock changes. The same week comes before it, so Sunday night runs into Monday.
        var monday = new LocalDate(2001, 1, 1);
        var periods = WeeklyHours.Week.SelectMany(day => hours[day].Select(period => (day, period)));
        var always = new WeeklyHours(periods.ToLookup(pair => pair.day, pair => pair.period));
        var days = ListDays(new Schedule(DateTimeZone.Utc, [always], []), monday, monday.PlusDays(6));
        return [.. days.Select(day => day.Periods!)];
    }

    /// <summary>Lists every date of the coming year.</summary>
    public static IReadOnlyList<WallDay> ListYear(Schedule schedule, LocalDate today)
    {
        var weeks = schedule.Versions.ToDictionary(version => version, ListWeek);
        return [.. ListDays(schedule, today, LastDateOfYear(today)).Select(day => day with { Departs = Departs(day) })];

        bool Departs(WallDay day)
        {
            if (schedule.WeeklyHoursOn(day.Date) is not { } hours)
                return day.Periods is not null || day.ClosedParts.Count > 0;
            return !day.Periods!.SequenceEqual(weeks[hours][(int)day.Date.DayOfWeek - 1]);
        }
    }

    /// <summary>
    /// Lists the dates of a year that depart from the weekly hours. Dates in a row with the same hours and reason are
    /// one run, also across usual dates with these hours, such as the weekends of a long closure.
    /// </summary>
    public static IReadOnlyList<WallRun> ListDepartures(Schedule schedule, IReadOnlyList<WallDay> year) =>
        [
            .. year.SplitIntoRuns((day, next) => next.HasSameHoursAs(day))
                .SelectMany(days => days.Where(day => day.NeedsMention).SplitIntoRuns(HaveSameReason))
                .Where(days => days.Any(day => day.Departs))
                .Select(days => ToRun(schedule, year, days)),
        ];

    static bool HaveSameReason(WallDay day, WallDay next) =>
        next.Reason == day.Reason && next.TemporarilyClosed == day.TemporarilyClosed;

    // A closure has the dates with which it was entered, even if it began before today or goes on after the year.
    static WallRun ToRun(Schedule schedule, IReadOnlyList<WallDay> year, IReadOnlyList<WallDay> days)
    {
        var (first, last) = (days[0], days[^1]);
        var run = new WallRun(first, first.Date, last.Date);
        if (!first.TemporarilyClosed)
            return run;
        return run with
        {
            First = first.Date == year[0].Date ? schedule.Closure!.ClosedFrom ?? first.Date : first.Date,
            Last = last.Date == year[^1].Date ? schedule.LastDateOfClosure : last.Date,
        };
    }

    /// <summary>The dates of a temporary closure that is not over; <c>null</c> if there is none.</summary>
    public static ClosureDates? FindClosure(Schedule schedule, LocalDate today)
    {
        if (schedule.Closure is not { } closure)
            return null;
        var dates = new ClosureDates(closure.ClosedFrom ?? today, schedule.LastDateOfClosure);
        return dates.EndsBefore(LocalDate.Max(dates.First, today)) ? null : dates;
    }

    /// <summary>Whether a temporary closure begins, or goes on, after the coming year.</summary>
    public static bool HasLaterClosure(Schedule schedule, LocalDate today) =>
        FindClosure(schedule, today) is { } dates && !dates.EndsBefore(today.PlusDays(HoursLimits.DaysAhead));

    /// <summary>Whether a temporary closure begins after the coming year.</summary>
    public static bool ClosureBeginsLater(Schedule schedule, LocalDate today) =>
        FindClosure(schedule, today) is { } dates && dates.First > LastDateOfYear(today);

    /// <summary>The weekly hours that are valid today, if they are known, and those that replace them.</summary>
    public static IReadOnlyList<WeeklyHours> ListVersions(Schedule schedule, LocalDate today)
    {
        var changes = ListChanges(schedule, today);
        return schedule.WeeklyHoursOn(today) is { } current ? [current, .. changes] : [.. changes];
    }

    /// <summary>
    /// The weekly hours that begin within the coming year, and the permanent closure whenever it begins.
    /// </summary>
    public static IEnumerable<WeeklyHours> ListChanges(Schedule schedule, LocalDate today) =>
        schedule.Versions.Where(version =>
            version.BeginsAfter(today) && (version.IsPermanentlyClosed || !version.BeginsAfter(LastDateOfYear(today)))
        );

    /// <summary>Whether weekly hours begin after the coming year.</summary>
    public static bool HasLaterChanges(Schedule schedule, LocalDate today) =>
        schedule.Versions.Any(version => version.BeginsAfter(LastDateOfYear(today)) && !version.IsPermanentlyClosed);

    /// <summary>
    /// Whether an exception after the coming year is not expressed by the dates of that year: a dated one, or a yearly
    /// one that has no date in it, such as February 29.
    /// </summary>
    public static bool HasLaterExceptions(Schedule schedule, LocalDate today) =>
        schedule.Exceptions.Any(exception => AppliesLater(schedule, exception, today));

    public static bool AppliesLater(Schedule schedule, ScheduleException exception, LocalDate today)
    {
        var later = today.PlusDays(HoursLimits.DaysAhead);
        if (schedule.StaysTheSameFrom(later))
            return false;
        if (exception.When is DateRule.Dates dates)
            return Applies(schedule, exception, LocalDate.Max(dates.From, later), dates.To);
        return !Applies(schedule, exception, today, LastDateOfYear(today))
            && Applies(schedule, exception, later, later.PlusYears(YearsUntilEveryRuleRepeats));
    }

    static bool Applies(Schedule schedule, ScheduleException exception, LocalDate from, LocalDate to)
    {
        // An exception that applies on none of so many dates applies on none at all.
        var most = (YearsUntilEveryRuleRepeats + 1) * HoursLimits.DaysAhead;
        var count = Math.Clamp(NodaTime.Period.DaysBetween(from, to) + 1, 0, most);
        return Enumerable.Range(0, count).Any(days => Applies(schedule, exception, from.PlusDays(days)));
    }

    /// <summary>Whether an exception decides about a date or closes a part of it.</summary>
    public static bool Applies(Schedule schedule, ScheduleException exception, LocalDate date)
    {
        if (!exception.When.Includes(date))
            return false;
        var day = schedule.DayOn(date);
        return ReferenceEquals(day.Exception, exception)
            || day.ClosedParts.Any(part => ReferenceEquals(part, exception));
    }

    /// <summary>The periods in which patients are seen.</summary>
    public static IEnumerable<Period> WithoutTelephoneOnly(this IEnumerable<Period> periods) =>
        periods.Where(period => period.Access != AccessMode.TelephoneOnly);

    /// <summary>What a format does not express that only knows open and closed.</summary>
    public static HashSet<NotExpressed> FindNotExpressed(
        Schedule schedule,
        LocalDate today,
        IReadOnlyList<WallDay> year
    )
    {
        var periods = ListVersions(schedule, today)
            .SelectMany(version => ListWeek(version).SelectMany(day => day))
            .Concat(year.Where(day => day.Departs).SelectMany(day => day.Periods ?? []));
        var missing = FindNotExpressedDetails(periods).ToHashSet();
        if (schedule.WeeklyHoursOn(today) is null)
            missing.Add(NotExpressed.UnknownHours);
        if (HasLaterChanges(schedule, today))
            missing.Add(NotExpressed.ChangesToCome);
        if (HasLaterExceptions(schedule, today))
            missing.Add(NotExpressed.LaterExceptions);
        if (schedule.ClosedForGoodOn is not null)
            missing.Add(NotExpressed.ClosedForGood);
        return missing;
    }

    /// <summary>What a format does not express of periods if it only knows open and closed.</summary>
    public static IEnumerable<NotExpressed> FindNotExpressedDetails(IEnumerable<Period> periods)
    {
        foreach (var period in periods)
        {
            if (period.Access is AccessMode.ByAppointment or AccessMode.WalkIn)
                yield return NotExpressed.AccessModes;
            if (period.Access == AccessMode.TelephoneOnly)
                yield return NotExpressed.TelephoneOnly;
            if (period.Note is not null)
                yield return NotExpressed.Notes;
        }
    }

    /// <summary>
    /// Whether a part is known of a date whose hours are not. A format without unknown hours cannot express that part.
    /// </summary>
    /// <param name="schedule">The schedule.</param>
    /// <param name="year">The dates to look at.</param>
    /// <param name="expressesClosedParts">Whether the format expresses the closed parts of the date itself.</param>
    public static bool HasPartsOfUnknownDates(Schedule schedule, IReadOnlyList<WallDay> year, bool expressesClosedParts)
    {
        return year.Where(day => day.Periods is null).Any(day => day.CutOff.Count > 0 || HasClosedPart(day));

        bool HasClosedPart(WallDay day)
        {
            if (expressesClosedParts && day.ClosedParts.Count > 0)
                return false;
            return ListKnownStretches(schedule, day.Date).Any(stretch => stretch.IsClosedPart);
        }
    }

    /// <summary>Lists every date of a range, including both ends.</summary>
    public static IEnumerable<WallDay> ListDays(Schedule schedule, LocalDate from, LocalDate to)
    {
        List<Period> carriedOver = [];
        foreach (var day in CalendarDay.List(schedule, from.PlusDays(-1), to))
        {
            var periods = carriedOver;
            carriedOver = [];
            foreach (var period in day.Periods ?? [])
                AddPeriod(period, day.Date, periods, carriedOver);
            if (day.Date < from)
                continue;
            periods.Sort((one, other) => one.Opens.CompareTo(other.Opens));
            yield return new WallDay(day.Date, day.Periods is null ? null : periods, FindReason(schedule, day.Rule))
            {
                TemporarilyClosed = day.Rule.Kind == DayKind.TemporarilyClosed,
                ClosedParts = day.Rule.ClosedParts,
                CutOff = day.Periods is null ? periods : [],
            };
        }

        // The next date gets the end of a period that is longer than 24 hours, and what begins after midnight because
        // another period cut off its beginning.
        void AddPeriod(ResolvedPeriod period, LocalDate date, List<Period> ofDate, List<Period> ofNextDate)
        {
            var (opens, closes) = (ToLocal(period.Opens), ToLocal(period.Closes));
            // Where clocks go back over midnight, a closed part of the date before can outlast the first midnight.
            opens = LocalDateTime.Max(opens, date.AtMidnight());
            var isWholeDay = opens.PlusDays(1) == closes && opens.TimeOfDay == LocalTime.Midnight;
            if (opens.Date > date)
            {
                ofNextDate.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, period.Access, period.Note));
            }
            else if (opens.PlusDays(1) <= closes && !isWholeDay)
            {
                ofDate.Add(new Period(opens.TimeOfDay, LocalTime.Midnight, period.Access, period.Note));
                ofNextDate.Add(new Period(LocalTime.Midnight, closes.TimeOfDay, period.Access, period.Note));
            }
            // Wall-clock time has no room for a period that ends, in an hour that happens twice, before it began.
            else if (opens < closes)
            {
                ofDate.Add(new Period(opens.TimeOfDay, closes.TimeOfDay, period.Access, period.Note));
            }
        }

        LocalDateTime ToLocal(Instant instant) => instant.InZone(schedule.Zone).LocalDateTime;
    }

    static string? FindReason(Schedule schedule, ScheduleDay day)
    {
        if (day.Kind == DayKind.TemporarilyClosed)
            return schedule.Closure?.Reason;
        var reasons = day.ClosedParts.Select(part => part.Reason).ToList();
        if (day.Exception is { } exception)
            reasons.Insert(0, exception.Reason);
        return reasons.Count == 0 ? null : string.Join("; ", reasons);
    }

    /// <summary>
    /// Lists what is known of a date whose hours are not: the end of the night before it, and its closed parts.
    /// </summary>
    public static IReadOnlyList<KnownStretch> ListKnownStretches(Schedule schedule, LocalDate date)
    {
        var known = new List<KnownStretch>();
        var timeline = new Timeline(schedule, schedule.Zone.StartOfDay(date));
        var end = schedule.Zone.LatestInstant(date.PlusDays(1).AtMidnight());
        while (timeline.Now < end)
        {
            var (start, day, moment) = (timeline.Now, timeline.Date, timeline.Current);
            timeline.Advance();
            // Where clocks go back over midnight, the date before comes again.
            if (day != date || moment.State == State.Unknown)
                continue;
            // The timeline stops at each clock change, so both ends of a stretch are by the same clock.
            var opens = start.InZone(schedule.Zone).LocalDateTime;
            var from = (opens.Hour * 60) + opens.Minute;
            var span = new MinuteSpan(from, from + (int)(timeline.Now - start).TotalMinutes);
            known.Add(new KnownStretch(span, moment.IsOpen, IsClosedPart: moment.Period is null));
        }
        return known;
    }
}

/// <summary>A date in wall-clock time.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Periods">The periods that open on it; <c>null</c> if they are not known.</param>
/// <param name="Reason">The reason for its hours, as it was entered; <c>null</c> if there is none.</param>
sealed record WallDay(LocalDate Date, IReadOnlyList<Period>? Periods, string? Reason)
{
    /// <summary>Whether the date lies in a temporary closure.</summary>
    public bool TemporarilyClosed { get; init; }

    /// <summary>The exceptions that close a part of the date.</summary>
    public IReadOnlyList<ScheduleException> ClosedParts { get; init; } = [];

    /// <summary>What the day before carries over to the date if its own periods are not known.</summary>
    public IReadOnlyList<Period> CutOff { get; init; } = [];

    /// <summary>Whether the date departs from the weekly hours.</summary>
    public bool Departs { get; init; }

    /// <summary>Whether there is more to say about the date than that the weekly hours hold.</summary>
    public bool NeedsMention => Departs || Reason is not null || TemporarilyClosed;

    public bool HasSameHoursAs(WallDay other)
    {
        if (Periods is not null && other.Periods is not null)
            return Periods.SequenceEqual(other.Periods);
        return Periods is null && other.Periods is null && ClosedParts.SequenceEqual(other.ClosedParts);
    }
}

/// <summary>Dates in a row with the same hours and the same reason.</summary>
/// <param name="Day">The first of them that needs mention. It stands for all.</param>
/// <param name="First">The first date.</param>
/// <param name="Last">The last date; <c>null</c> if there is no end.</param>
sealed record WallRun(WallDay Day, LocalDate First, LocalDate? Last);

/// <summary>The dates of a temporary closure.</summary>
/// <param name="First">The first date.</param>
/// <param name="Last">The last date; <c>null</c> if there is no end.</param>
sealed record ClosureDates(LocalDate First, LocalDate? Last)
{
    public bool EndsBefore(LocalDate date) => Last is { } last && last < date;
}

/// <summary>A part of an unknown date for which the hours are known.</summary>
/// <param name="Span">The part, in wall-clock time.</param>
/// <param name="IsOpen">Whether patients are seen.</param>
/// <param name="IsClosedPart">Whether an exception closes it.</param>
readonly record struct KnownStretch(MinuteSpan Span, bool IsOpen, bool IsClosedPart);
