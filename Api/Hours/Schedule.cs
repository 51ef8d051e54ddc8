using NodaTime;

namespace Api.Hours;

/// <summary>
/// The rules that decide when a location is open: weekly hours, exceptions, closures, and the time zone of all their
/// dates and times. A schedule is immutable and answers for dates. <see cref="OpenNow"/> answers for instants.
/// </summary>
/// <remarks>
/// <para>A period belongs to the date on which it opens, and an exception decides which periods open on its dates. A
/// period of the evening before runs on into an exception or a closure. A closed part closes whatever runs into it.
/// </para>
/// <para>The most specific exception decides about a date: a dated one before a yearly one, then a location's before
/// the clinic's, then the one with fewer days, then the later entered. A closed part holds if it is more specific
/// than the exception that decides, or if no exception decides.</para>
/// </remarks>
sealed class Schedule
{
    static readonly IReadOnlyList<ScheduleException> NoExceptions = [];

    readonly WeeklyHours[] versions;
    readonly ScheduleException[] exceptions;

    /// <param name="zone">The time zone of every date and time of day.</param>
    /// <param name="versions">The weekly hours, each from its date on; empty if they are not known.</param>
    /// <param name="exceptions">The exceptions in the order in which they were entered.</param>
    /// <param name="closure">The temporary closure, if there is one.</param>
    /// <param name="closedForGoodOn">
    /// The first date on which the location is permanently closed; <c>null</c> if there is none. It overrides all else.
    /// </param>
    public Schedule(
        DateTimeZone zone,
        IEnumerable<WeeklyHours> versions,
        IEnumerable<ScheduleException> exceptions,
        TemporaryClosure? closure = null,
        LocalDate? closedForGoodOn = null
    )
    {
        Zone = zone;
        Closure = closure;
        ClosedForGoodOn = closedForGoodOn;
        this.versions =
        [
            .. versions
                .Where(version => !IsPermanentlyClosedOn(version.ValidFrom ?? LocalDate.MinIsoValue))
                .OrderBy(version => version.ValidFrom ?? LocalDate.MinIsoValue),
        ];
        // The permanent closure is a version without periods, so everything that lists the versions lists it too.
        if (closedForGoodOn is { } date)
            this.versions = [.. this.versions, WeeklyHours.PermanentlyClosed(date)];
        this.exceptions =
        [
            .. exceptions
                .Reverse()
                .OrderBy(exception => exception.When.IsYearly)
                .ThenBy(exception => exception.ClinicWide)
                .ThenBy(exception => exception.When.Days),
        ];
    }

    public DateTimeZone Zone { get; }

    public TemporaryClosure? Closure { get; }

    /// <summary>The first date on which the location is permanently closed; <c>null</c> if there is none.</summary>
    public LocalDate? ClosedForGoodOn { get; }

    /// <summary>
    /// Every version of the weekly hours, the oldest first, and the permanent closure as the last one.
    /// </summary>
    public IReadOnlyList<WeeklyHours> Versions => versions;

    /// <summary>Every exception, the most specific first.</summary>
    public IReadOnlyList<ScheduleException> Exceptions => exceptions;

    /// <summary>The last date of the temporary closure; <c>null</c> if it has no end.</summary>
    public LocalDate? LastDateOfClosure => Closure?.LastDate(ClosedForGoodOn);

    /// <summary>The local date at an instant.</summary>
    public LocalDate DateAt(Instant instant) => instant.InZone(Zone).Date;

    public bool IsPermanentlyClosedOn(LocalDate date) => ClosedForGoodOn is { } first && first <= date;

    /// <summary>Whether the location is permanently closed, even if last night's period is still running.</summary>
    public bool IsPermanentlyClosed(Instant instant) => IsPermanentlyClosedOn(DateAt(instant));

    /// <summary>The weekly hours that are valid on a date; <c>null</c> if they are not known.</summary>
    public WeeklyHours? WeeklyHoursOn(LocalDate date)
    {
        // A loop: a lambda that captures the date would allocate for each day.
        for (var i = versions.Length - 1; i >= 0; i--)
        {
            if (!versions[i].BeginsAfter(date))
                return versions[i];
        }
        return null;
    }

    /// <summary>The rule that decides about a date, and what it says.</summary>
    public ScheduleDay DayOn(LocalDate date)
    {
        if (IsPermanentlyClosedOn(date))
            return new ScheduleDay(date, DayKind.ClosedForGood, null, [], []);
        if (Closure?.Covers(date) == true)
            return new ScheduleDay(date, DayKind.TemporarilyClosed, null, [], []);

        var usual = WeeklyHoursOn(date)?[date.DayOfWeek];
        List<ScheduleException>? closedParts = null;
        foreach (var exception in exceptions)
        {
            if (!exception.When.Includes(date))
                continue;
            if (!exception.IsClosedPart)
                return DayWithException(date, exception, usual, closedParts ?? NoExceptions);
            (closedParts ??= []).Add(exception);
        }
        return new ScheduleDay(
            date,
            usual is null ? DayKind.Unknown : DayKind.Usual,
            null,
            usual,
            closedParts ?? NoExceptions
        );
    }

    static ScheduleDay DayWithException(
        LocalDate date,
        ScheduleException exception,
        IReadOnlyList<Period>? usual,
        IReadOnlyList<ScheduleException> closedParts
    )
    {
        if (exception.Effect != ExceptionEffect.AsUsual)
            return new ScheduleDay(date, DayKind.Exception, exception, exception.Periods, closedParts);
        // As usual is unknown where the usual hours are.
        if (usual is null)
            return new ScheduleDay(date, DayKind.Unknown, null, null, closedParts);
        return new ScheduleDay(date, DayKind.Exception, exception, usual, closedParts);
    }

    /// <summary>
    /// Whether all dates from this one on are alike: permanently closed, closed without a date of reopening, or
    /// unknown.
    /// </summary>
    public bool StaysTheSameFrom(LocalDate date)
    {
        if (ClosedForGoodOn is not null)
            return IsPermanentlyClosedOn(date);
        if (Closure is not null)
            return Closure.ReopensOn is null && Closure.Covers(date);
        return versions.Length == 0 && exceptions.Length == 0;
    }
}

/// <summary>The kind of rule that decides about a date.</summary>
public enum DayKind
{
    /// <summary>The weekly hours.</summary>
    Usual,

    /// <summary>An exception.</summary>
    Exception,

    /// <summary>The temporary closure.</summary>
    TemporarilyClosed,

    /// <summary>The permanent closure.</summary>
    ClosedForGood,

    /// <summary>Hours that are not known.</summary>
    Unknown,

    /// <summary>The time zone skips the date, so it does not exist there.</summary>
    Skipped,
}

/// <summary>A date and what the schedule says about it.</summary>
/// <param name="Date">The local date.</param>
/// <param name="Kind">The kind of rule that decides.</param>
/// <param name="Exception">The exception that decides, if one does.</param>
/// <param name="Periods">The periods that open on the date, in order; <c>null</c> if they are not known.</param>
/// <param name="ClosedParts">The exceptions that close a part of the date, the most specific first.</param>
readonly record struct ScheduleDay(
    LocalDate Date,
    DayKind Kind,
    ScheduleException? Exception,
    IReadOnlyList<Period>? Periods,
    IReadOnlyList<ScheduleException> ClosedParts
)
{
    /// <summary>Whether a closure decides, temporary or permanent.</summary>
    public bool IsInClosure => Kind is DayKind.TemporarilyClosed or DayKind.ClosedForGood;

    /// <summary>Whether an exception changes what the weekly hours say.</summary>
    public bool IsExceptional => ClosedParts.Count > 0 || Exception is { Effect: not ExceptionEffect.AsUsual };

    /// <summary>Whether the same sentence gives the reason for both days.</summary>
    public bool HasSameReasonAs(ScheduleDay other) =>
        Kind == other.Kind
        && Exception?.Reason == other.Exception?.Reason
        && (Kind != DayKind.Usual || Date.DayOfWeek == other.Date.DayOfWeek)
        && HasSamePeriodsAs(other);

    bool HasSamePeriodsAs(ScheduleDay other)
    {
        if (Periods is null || other.Periods is null)
            return Periods is null && other.Periods is null;
        return Periods.SequenceEqual(other.Periods);
    }
}
