using NodaTime;

namespace Api.Hours;

/// <summary>Whether a location is open.</summary>
public enum State
{
    /// <summary>Patients are seen.</summary>
    Open,

    /// <summary>
    /// Nobody is seen: outside all periods, in a period in which only the telephone is answered, or permanently.
    /// </summary>
    Closed,

    /// <summary>Only patients with an appointment are seen.</summary>
    ByAppointment,

    /// <summary>The location is temporarily closed.</summary>
    TemporarilyClosed,

    /// <summary>The hours are not known, which does not mean closed.</summary>
    Unknown,
}

/// <summary>What holds at an instant.</summary>
/// <param name="State">Whether the location is open.</param>
/// <param name="Period">The period that is running, if there is one.</param>
/// <param name="Day">The day whose rule decides: the day of the period, or the date itself.</param>
/// <param name="ClosedBy">The exception that closes this part of the day, if there is one.</param>
readonly record struct Moment(State State, Period? Period, ScheduleDay Day, ScheduleException? ClosedBy = null)
{
    /// <summary>Whether patients are seen, with or without an appointment.</summary>
    public bool IsOpen => State is State.Open or State.ByAppointment;

    /// <summary><see cref="IsOpen"/>; <c>null</c> if the hours are not known.</summary>
    public bool? IsOpenIfKnown => State == State.Unknown ? null : IsOpen;

    /// <summary>Whether the sentence names the end of the period that is running.</summary>
    public bool NamesEnd => Period is not null;

    /// <summary>Whether the sentence names the next opening.</summary>
    public bool NamesOpening => !IsOpen;

    /// <summary>Whether patients are seen in the same way at both moments.</summary>
    public bool HasSameAccessAs(Moment other) =>
        State == other.State && Period?.Access == other.Period?.Access && Period?.Note == other.Period?.Note;

    /// <summary>Whether the same sentence gives the reason for both moments.</summary>
    public bool HasSameReasonAs(Moment other)
    {
        if (ClosedBy is null || other.ClosedBy is null)
            return ClosedBy is null && other.ClosedBy is null && Day.HasSameReasonAs(other.Day);
        return ClosedBy.Reason == other.ClosedBy.Reason && ClosedBy.Periods[0] == other.ClosedBy.Periods[0];
    }
}

/// <summary>What holds at an instant, and what changes next. Open means open with or without an appointment.</summary>
sealed record Status
{
    /// <summary>What holds now.</summary>
    public required Moment Moment { get; init; }

    /// <summary>The local date now.</summary>
    public required LocalDate Date { get; init; }

    /// <summary>
    /// The next opening; <c>null</c> if it is not known, or not within the days that answers look ahead.
    /// </summary>
    public Instant? OpensAt { get; init; }

    /// <summary>The next closing; <c>null</c> as for <see cref="OpensAt"/>.</summary>
    public Instant? ClosesAt { get; init; }

    /// <summary>The next change in how patients are seen; <c>null</c> as for <see cref="OpensAt"/>.</summary>
    public Instant? AccessUntil { get; init; }

    /// <summary>How patients are seen after <see cref="AccessUntil"/>; <c>null</c> if they are not seen.</summary>
    public AccessMode? NextAccess { get; init; }

    /// <summary>
    /// The first instant at which the status or its sentence is another one; <c>null</c> if none is near.
    /// </summary>
    public Instant? ValidUntil { get; init; }

    /// <summary>The end that the sentence names; <c>null</c> if it names none.</summary>
    public Instant? NamedEnd => Moment.NamesEnd ? AccessUntil : null;

    /// <summary>The opening that the sentence names; <c>null</c> if it names none.</summary>
    public Instant? NamedOpening => Moment.NamesOpening ? OpensAt : null;
}
