using NodaTime;

namespace Api.Hours;

/// <summary>One date of a calendar, with its periods in instants.</summary>
/// <param name="Rule">The rule that decides about the date.</param>
/// <param name="Periods">
/// The periods that open on the date, without closed parts and overlaps, and with those that touch joined; <c>null</c>
/// if they are not known.
/// </param>
/// <param name="OpenTime">
/// How long it is open between the beginning and the end of the date, counted in instants.
/// </param>
sealed record CalendarDay(ScheduleDay Rule, IReadOnlyList<ResolvedPeriod>? Periods, Duration? OpenTime)
{
    public LocalDate Date => Rule.Date;

    /// <summary>Lists every date of a range, including both ends.</summary>
    public static IReadOnlyList<CalendarDay> List(Schedule schedule, LocalDate from, LocalDate to)
    {
        var periods = new Dictionary<LocalDate, List<ResolvedPeriod>>();
        var openTime = new Dictionary<LocalDate, Duration>();
        var timeline = new Timeline(schedule, schedule.Zone.StartOfDay(from));
        // A period that opens on the last date may end on the day after it.
        while (timeline.Date <= to.PlusDays(1))
        {
            var (start, date, moment) = (timeline.Now, timeline.Date, timeline.Current);
            timeline.Advance();
            if (moment.Period is null)
                continue;
            if (moment.IsOpen)
                openTime[date] = openTime.GetValueOrDefault(date) + (timeline.Now - start);
            if (!periods.TryGetValue(moment.Day.Date, out var ofDay))
                periods[moment.Day.Date] = ofDay = [];
            AddOrExtend(ofDay, new ResolvedPeriod(start, timeline.Now, moment.Period.Access, moment.Period.Note));
        }

        var days = new List<CalendarDay>();
        for (var date = from; date <= to; date = date.PlusDays(1))
        {
            var rule = schedule.Zone.Skips(date)
                ? new ScheduleDay(date, DayKind.Skipped, null, null, [])
                : schedule.DayOn(date);
            IReadOnlyList<ResolvedPeriod> ofDay = periods.TryGetValue(date, out var resolved) ? resolved : [];
            days.Add(
                rule.Kind == DayKind.Unknown
                    ? new CalendarDay(rule, null, null)
                    : new CalendarDay(rule, ofDay, openTime.GetValueOrDefault(date))
            );
        }
        return days;
    }

    static void AddOrExtend(List<ResolvedPeriod> periods, ResolvedPeriod next)
    {
        if (periods is [.., var last] && next.Continues(last))
            periods[^1] = last with { Closes = next.Closes };
        else
            periods.Add(next);
    }
}

/// <summary>A period in instants.</summary>
/// <param name="Opens">The first instant of the period.</param>
/// <param name="Closes">The first instant after the period.</param>
/// <param name="Access">How patients are seen.</param>
/// <param name="Note">A note for visitors; <c>null</c> if there is none.</param>
sealed record ResolvedPeriod(Instant Opens, Instant Closes, AccessMode Access, string? Note)
{
    public bool Continues(ResolvedPeriod other) =>
        Opens == other.Closes && Access == other.Access && Note == other.Note;
}
