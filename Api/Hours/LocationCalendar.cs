using System.Globalization;
using Api.Http;
using NodaTime;

namespace Api.Hours;

/// <summary>The actual hours of a location on each date of a range.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone of the dates.</param>
/// <param name="From">The first date.</param>
/// <param name="To">The last date.</param>
/// <param name="Days">Every date from the first to the last.</param>
/// <param name="OpenMinutes">
/// The open minutes of all dates together; <c>null</c> if they are not known for one of them.
/// </param>
public sealed record LocationCalendar(
    string Location,
    string TimeZone,
    LocalDate From,
    LocalDate To,
    IReadOnlyList<CalendarDate> Days,
    int? OpenMinutes
)
{
    internal static LocationCalendar Of(LocationSchedule location, LocalDate from, LocalDate to, CultureInfo language)
    {
        var schedule = location.Schedule;
        var text = HoursText.In(language);
        var days = CalendarDay.List(schedule, from, to);
        // One unknown date makes the sum unknown.
        var openTime = days.Aggregate((Duration?)Duration.Zero, (sum, day) => sum + day.OpenTime);
        return new LocationCalendar(
            location.Location,
            schedule.Zone.Id,
            from,
            to,
            [.. days.Select(day => CalendarDate.Of(day, schedule, text))],
            (int?)openTime?.TotalMinutes
        );
    }
}

/// <summary>One date of a calendar.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Day">The day of the week.</param>
/// <param name="Kind">
/// The kind of rule that decides. A closed part counts as an exception, even where the other hours are not known. An
/// exception that leaves the weekly hours as usual is <c>unknown</c> where those are not known.
/// </param>
/// <param name="Reason">The rule in words: <c>Christmas Day, closed</c>.</param>
/// <param name="Periods">
/// The periods that open on the date, without closed parts and overlaps, and with those that touch joined. The last one
/// may end on the next date. Empty if it is closed; <c>null</c> if the hours are not known.
/// </param>
/// <param name="OpenMinutes">
/// The minutes during which it is open, with or without appointment, between the beginning and the end of the date. All
/// day is 1380 minutes when clocks go forward and 1500 when they go back. <c>null</c> if the hours are not known.
/// </param>
public sealed record CalendarDate(
    LocalDate Date,
    IsoDayOfWeek Day,
    DayKind Kind,
    string Reason,
    IReadOnlyList<CalendarPeriod>? Periods,
    int? OpenMinutes
)
{
    internal static CalendarDate Of(CalendarDay day, Schedule schedule, HoursText text)
    {
        var hasOnlyClosedParts = day.Rule.Kind is DayKind.Usual or DayKind.Unknown && day.Rule.ClosedParts.Count > 0;
        return new CalendarDate(
            day.Date,
            day.Date.DayOfWeek,
            hasOnlyClosedParts ? DayKind.Exception : day.Rule.Kind,
            text.FormatDay(day.Rule, schedule.Closure),
            day.Periods?.Select(period => CalendarPeriod.Of(period, schedule.Zone)).ToArray(),
            (int?)day.OpenTime?.TotalMinutes
        );
    }
}

/// <summary>A period of a date.</summary>
/// <param name="Opens">The first moment of the period.</param>
/// <param name="Closes">The first moment after the period.</param>
/// <param name="Access">How patients are seen during the period.</param>
/// <param name="Note">A note for visitors; <c>null</c> if there is none.</param>
public sealed record CalendarPeriod(PointInTime Opens, PointInTime Closes, AccessMode Access, string? Note)
{
    internal static CalendarPeriod Of(ResolvedPeriod period, DateTimeZone zone) =>
        new(PointsInTime.Of(period.Opens, zone)!, PointsInTime.Of(period.Closes, zone)!, period.Access, period.Note);
}
