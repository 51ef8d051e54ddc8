using System.Globalization;
using NodaTime;

namespace Api.Hours;

/// <summary>The weekly hours of a location, and its exceptions in the coming year.</summary>
/// <param name="Location">The location's slug.</param>
/// <param name="TimeZone">The IANA time zone of all times of day.</param>
/// <param name="ValidFrom">The first local date of these hours; <c>null</c> if they have always been valid.</param>
/// <param name="Days">
/// All seven days from Monday; <c>null</c> if the hours are not known, which does not mean closed.
/// </param>
/// <param name="Text">
/// The hours for people: <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>.
/// </param>
/// <param name="Changes">
/// Weekly hours that replace these later, in order. Empty if none are planned. If the location closes permanently, the
/// last change has no periods.
/// </param>
/// <param name="Exceptions">
/// The dates of the coming 366 days on which an exception changes the weekly hours, in order.
/// </param>
/// <param name="VerifiedAt">When somebody last verified all this, UTC; <c>null</c> if that is not known.</param>
public sealed record LocationHours(
    string Location,
    string TimeZone,
    LocalDate? ValidFrom,
    IReadOnlyList<DayHours>? Days,
    string Text,
    IReadOnlyList<HoursChange> Changes,
    IReadOnlyList<ExceptionDays> Exceptions,
    Instant? VerifiedAt
)
{
    internal static LocationHours Of(LocationSchedule location, LocalDate today, CultureInfo language)
    {
        var schedule = location.Schedule;
        var text = HoursText.In(language);
        var current = schedule.WeeklyHoursOn(today);
        return new LocationHours(
            location.Location,
            schedule.Zone.Id,
            current?.ValidFrom,
            current is null ? null : DayHours.ListWeek(current),
            text.FormatWeek(current),
            [
                .. schedule
                    .Versions.Where(version => version.BeginsAfter(today))
                    .Select(version => HoursChange.Of(version, text)),
            ],
            ExceptionDays.List(schedule, today, text),
            location.VerifiedAt
        );
    }
}

/// <summary>The hours of one day of the week.</summary>
/// <param name="Day">The day of the week.</param>
/// <param name="Closed">Whether no period opens on that day.</param>
/// <param name="Periods">The periods that open on that day, in order.</param>
public sealed record DayHours(IsoDayOfWeek Day, bool Closed, IReadOnlyList<Period> Periods)
{
    internal static DayHours[] ListWeek(WeeklyHours hours) =>
        [.. WeeklyHours.Week.Select(day => new DayHours(day, hours[day].Count == 0, hours[day]))];
}

/// <summary>Weekly hours that become valid on a date.</summary>
/// <param name="ValidFrom">The first local date of the hours.</param>
/// <param name="Days">All seven days from Monday.</param>
/// <param name="Text">The hours for people.</param>
public sealed record HoursChange(LocalDate ValidFrom, IReadOnlyList<DayHours> Days, string Text)
{
    internal static HoursChange Of(WeeklyHours hours, HoursText text) =>
        new(hours.ValidFrom!.Value, DayHours.ListWeek(hours), text.FormatWeek(hours));
}

/// <summary>Dates in a row that depart from the weekly hours in the same way.</summary>
/// <param name="StartsOn">The first local date.</param>
/// <param name="EndsOn">The last local date.</param>
/// <param name="Closed">Whether no period opens on these dates.</param>
/// <param name="Periods">
/// The periods that open on each date, in order; <c>null</c> if only the closed parts are known.
/// </param>
/// <param name="ClosedParts">
/// Times within these dates when it is closed even though a period covers them. Usually empty, at most 20.
/// </param>
/// <param name="Text">The reason and the hours for people: <c>Christmas Day, closed</c>.</param>
public sealed record ExceptionDays(
    LocalDate StartsOn,
    LocalDate EndsOn,
    bool Closed,
    IReadOnlyList<Period>? Periods,
    IReadOnlyList<ClosedPart> ClosedParts,
    string Text
)
{
    internal static IReadOnlyList<ExceptionDays> List(Schedule schedule, LocalDate today, HoursText text) =>
        [
            .. Enumerable
                .Range(0, HoursLimits.DaysAhead)
                .Select(days => schedule.DayOn(today.PlusDays(days)))
                .Where(day => day.IsExceptional)
                .SplitIntoRuns(Continues)
                .Select(run => new ExceptionDays(
                    run[0].Date,
                    run[^1].Date,
                    run[0].Periods is { Count: 0 },
                    run[0].Periods,
                    [.. run[0].ClosedParts.Select(ClosedPart.Of)],
                    text.FormatDay(run[0], schedule.Closure)
                )),
        ];

    static bool Continues(ScheduleDay day, ScheduleDay next) =>
        next.Date == day.Date.PlusDays(1)
        && next.HasSameReasonAs(day)
        && next.ClosedParts.SequenceEqual(day.ClosedParts);
}

/// <summary>A part of a day during which it is closed.</summary>
/// <param name="From">The local time at which the part begins, HH:mm.</param>
/// <param name="To">
/// The local time at which the part ends, HH:mm; on the next day if it is not after <c>from</c>.
/// </param>
/// <param name="Reason">The reason, in the words in which it was entered.</param>
public sealed record ClosedPart(LocalTime From, LocalTime To, string Reason)
{
    internal static ClosedPart Of(ScheduleException exception) =>
        new(exception.Periods[0].Opens, exception.Periods[0].Closes, exception.Reason);
}
