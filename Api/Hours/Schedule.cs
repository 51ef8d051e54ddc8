using Api.Locations;
using NodaTime;

namespace Api.Hours;

/// <summary>
/// Everything that is needed to answer "is it open at this instant?": weekly hours, exceptions, closures for a time and for
/// good, and the time zone in which all of them are meant. Immutable, and without a clock of its own.
/// </summary>
/// <remarks>
/// <para>A period belongs to the day on which it opens. An exception decides which periods open on its days; one that
/// opened on the evening before runs on, as it does into a closure. A closed part, in contrast, is closed whatever runs into
/// it.</para>
/// <para>Of several exceptions on a day the most specific decides: a dated one before a yearly one, then a location's before
/// the clinic's, then the shorter, then the one that was entered later. Closed parts that are more specific than the
/// exception that decides, or than the weekly hours, all hold.</para>
/// <para>Of periods that overlap the one that lets in the most people says what holds, and of two alike the one that opens
/// first.</para>
/// <para>A local time that is skipped stands for the instant of the change; of one that happens twice the first is meant
/// where something begins and the second where it ends.</para>
/// </remarks>
sealed class Schedule
{
    readonly WeeklyHours[] versions;
    readonly ScheduleException[] exceptions;
    readonly bool hasClosedParts;

    /// <param name="zone">The zone that every date and time of day is local to.</param>
    /// <param name="versions">The weekly hours, each from its date on; none when they are not known.</param>
    /// <param name="exceptions">In the order in which they were entered.</param>
    /// <param name="closure">Set when the location is closed for a time.</param>
    /// <param name="closedForGoodOn">The date from which on it is closed for good, which wins over all else; <c>null</c> when it is not.</param>
    public Schedule(
        DateTimeZone zone, IEnumerable<WeeklyHours> versions, IEnumerable<ScheduleException> exceptions,
        TemporaryClosure? closure = null, LocalDate? closedForGoodOn = null)
    {
        Zone = zone;
        Closure = closure;
        ClosedForGoodOn = closedForGoodOn;
        // The last week is one without periods, so that whoever tells of weeks tells of it as well.
        this.versions =
        [
            .. versions.Where(version => !(version.ValidFrom >= closedForGoodOn)).OrderBy(version => version.ValidFrom ?? LocalDate.MinIsoValue),
            .. closedForGoodOn is { } date ? [WeeklyHours.ClosedForGood(date)] : Array.Empty<WeeklyHours>(),
        ];
        this.exceptions =
        [
            .. exceptions.Reverse()
                .OrderBy(exception => exception.When.IsYearly)
                .ThenBy(exception => exception.ClinicWide)
                .ThenBy(exception => exception.When.Days),
        ];
        hasClosedParts = this.exceptions.Any(exception => exception.Effect == ExceptionEffect.ClosedPart);
    }

    public DateTimeZone Zone { get; }
    public TemporaryClosure? Closure { get; }

    /// <summary>The first date on which the location is closed for good; <c>null</c> when it is not going to be.</summary>
    public LocalDate? ClosedForGoodOn { get; }

    /// <summary>Every version of the weekly hours, the oldest first. Where it is closed for good, the last one is without periods.</summary>
    public IReadOnlyList<WeeklyHours> Versions => versions;

    /// <summary>Every exception, the most specific first.</summary>
    public IReadOnlyList<ScheduleException> Exceptions => exceptions;

    /// <summary>The weekly hours in force on a date; <c>null</c> when they are not known.</summary>
    public WeeklyHours? WeeklyHoursOn(LocalDate date)
    {
        for (var i = versions.Length - 1; i >= 0; i--)
            if (versions[i].ValidFrom is not { } from || from <= date) return versions[i];
        return null;
    }

    /// <summary>What decides about a date, and which periods open on it.</summary>
    public ScheduleDay On(LocalDate date)
    {
        if (date >= ClosedForGoodOn) return new ScheduleDay(date, DayKind.ClosedForGood, null, []);
        if (Closure is { } closure && !(date < closure.ClosedFrom) && !(closure.ReopensOn <= date))
            return new ScheduleDay(date, DayKind.TemporarilyClosed, null, []);

        var weekly = WeeklyHoursOn(date)?[date.DayOfWeek];
        foreach (var exception in exceptions)
        {
            if (exception.Effect == ExceptionEffect.ClosedPart || !exception.When.Includes(date)) continue;
            if (exception.Effect != ExceptionEffect.AsUsual) return new ScheduleDay(date, DayKind.Exception, exception, exception.Periods);
            // As usual, where that is not known, is not known either.
            return weekly is null ? new ScheduleDay(date, DayKind.Unknown, null, null) : new ScheduleDay(date, DayKind.Exception, exception, weekly);
        }
        return new ScheduleDay(date, weekly is null ? DayKind.Unknown : DayKind.Usual, null, weekly);
    }

    /// <summary>The exceptions that close a part of a date, the most specific first.</summary>
    public IReadOnlyList<ScheduleException> ClosedPartsOn(LocalDate date)
    {
        if (!hasClosedParts) return [];
        List<ScheduleException>? parts = null;
        foreach (var exception in exceptions)
        {
            if (!exception.When.Includes(date)) continue;
            if (exception.Effect != ExceptionEffect.ClosedPart) break;
            (parts ??= []).Add(exception);
        }
        return parts ?? [];
    }

    /// <summary>The status at an instant.</summary>
    public Status At(Instant instant) => Status.Of(this, new Timeline(this, instant));

    /// <summary>Whether the location is closed for good by an instant, be it that a period of the evening before still runs.</summary>
    public bool IsClosedForGood(Instant instant) => instant.InZone(Zone).Date >= ClosedForGoodOn;

    /// <summary>Whether patients are seen at an instant, be it by appointment; <c>null</c> when that is not known.</summary>
    public bool? IsOpen(Instant instant)
    {
        var moment = new Timeline(this, instant).Current;
        return moment.State == State.Unknown ? null : moment.IsOpen;
    }

    /// <summary>The instant by which it has been open for so long, counted from another.</summary>
    /// <returns><c>null</c> when the hours up to there are not known, or it is more than a year ahead.</returns>
    public Instant? AfterOpenTime(Instant from, Duration time)
    {
        var line = new Timeline(this, from);
        var horizon = line.Date.PlusDays(Status.HorizonDays);
        while (line.Date <= horizon && !IsSettledOn(line.Date))
        {
            var moment = line.Current;
            if (moment.State == State.Unknown) return null;
            if (moment.IsOpen)
            {
                var left = line.Next - line.Now;
                if (left >= time) return line.Now + time;
                time -= left;
            }
            line.Advance();
        }
        return null;
    }

    /// <summary>
    /// Whether all days from a date on are like that one: closed for good or until nobody knows when, or simply not known.
    /// </summary>
    public bool IsSettledOn(LocalDate date) => ClosedForGoodOn is { } end ? end <= date
        : Closure is null ? versions.Length == 0 && exceptions.Length == 0
        : Closure.ReopensOn is null && !(date < Closure.ClosedFrom);

    /// <summary>Every date of a range, both included, with what decides about it and its periods.</summary>
    public IReadOnlyList<CalendarDay> Calendar(LocalDate from, LocalDate to) => CalendarDay.Range(this, from, to);
}

/// <summary>What kind of rule decides about a day.</summary>
public enum DayKind
{
    /// <summary>The weekly hours.</summary>
    Usual,

    /// <summary>An exception.</summary>
    Exception,

    /// <summary>The location is closed for a time.</summary>
    TemporarilyClosed,

    /// <summary>The location is closed for good.</summary>
    ClosedForGood,

    /// <summary>Hours that were never entered.</summary>
    Unknown,

    /// <summary>The date does not exist there: the time zone's rules leave it out.</summary>
    Skipped,
}

/// <summary>What decides about a date.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Kind">The kind of rule.</param>
/// <param name="Exception">The exception that decides, if one does.</param>
/// <param name="Periods">The periods that open on it, in order; <c>null</c> when that is not known.</param>
readonly record struct ScheduleDay(LocalDate Date, DayKind Kind, ScheduleException? Exception, IReadOnlyList<Period>? Periods)
{
    /// <summary>Whether a closure decides, for a time or for good, so that no exception is a reason.</summary>
    public bool IsInClosure => Kind is DayKind.TemporarilyClosed or DayKind.ClosedForGood;

    /// <summary>Whether one sentence tells the reason for both: two exceptions with the same reason and periods say the same.</summary>
    public bool HasReasonOf(in ScheduleDay other) =>
        Kind == other.Kind && Exception?.Reason == other.Exception?.Reason &&
        (Kind != DayKind.Usual || Date.DayOfWeek == other.Date.DayOfWeek) &&
        (Periods == other.Periods || (Periods is not null && other.Periods is not null && Periods.SequenceEqual(other.Periods)));
}
