using NodaTime;

namespace Api.Hours;

/// <summary>One date of a calendar.</summary>
/// <param name="Day">What decides about the date.</param>
/// <param name="ClosedParts">The exceptions that close a part of it.</param>
/// <param name="Periods">
/// What there is of the periods that open on it, without what is closed or overlaps; those that touch are one. <c>null</c>
/// when that is not known.
/// </param>
/// <param name="OpenTime">How long it is open between the beginning and the end of the date, as the clock of physics has it.</param>
sealed record CalendarDay(
    ScheduleDay Day, IReadOnlyList<ScheduleException> ClosedParts, IReadOnlyList<ResolvedPeriod>? Periods, Duration? OpenTime)
{
    public static IReadOnlyList<CalendarDay> Range(Schedule schedule, LocalDate from, LocalDate to)
    {
        var length = NodaTime.Period.DaysBetween(from, to) + 1;
        var periods = new List<ResolvedPeriod>?[length];
        var open = new Duration[length];
        var line = new Timeline(schedule, Timeline.ToInstant(schedule.Zone, from.AtMidnight(), ends: false));
        // A period that opens on the last date ends on the day after it, or where something else takes its place.
        for (var last = to.PlusDays(1); line.Date <= last;)
        {
            var (start, date, moment) = (line.Now, line.Date, line.Current);
            line.Advance();
            if (moment.Period is not { } period) continue;
            if (moment.IsOpen && date >= from && date <= to) open[NodaTime.Period.DaysBetween(from, date)] += line.Now - start;
            if (moment.Day.Date < from || moment.Day.Date > to) continue;
            var ofDay = periods[NodaTime.Period.DaysBetween(from, moment.Day.Date)] ??= [];
            if (ofDay is [.., var before] && before.Closes == start && before.Access == period.Access && before.Note == period.Note)
                ofDay[^1] = before with { Closes = line.Now };
            else
                ofDay.Add(new ResolvedPeriod(start, line.Now, period.Access, period.Note));
        }

        var days = new CalendarDay[length];
        for (var i = 0; i < length; i++)
        {
            var day = schedule.On(from.PlusDays(i));
            if (Timeline.IsSkipped(schedule.Zone, day.Date)) day = new ScheduleDay(day.Date, DayKind.Skipped, null, []);
            var known = day.Kind != DayKind.Unknown;
            days[i] = new CalendarDay(day, day.IsInClosure || day.Kind == DayKind.Skipped ? [] : schedule.ClosedPartsOn(day.Date),
                known ? periods[i] ?? [] : null, known ? open[i] : null);
        }
        return days;
    }
}

/// <summary>A period as it really comes to pass.</summary>
/// <param name="Opens">Its first instant.</param>
/// <param name="Closes">The first instant after it.</param>
/// <param name="Access">How patients are seen.</param>
/// <param name="Note">What else is to be known.</param>
readonly record struct ResolvedPeriod(Instant Opens, Instant Closes, AccessMode Access, string? Note);
