using NodaTime;

namespace Api.Hours;

/// <summary>Whether a location is open.</summary>
public enum State
{
    /// <summary>Patients are seen.</summary>
    Open,

    /// <summary>Nobody is seen. Outside of all periods, in one in which only the telephone is answered, or for good.</summary>
    Closed,

    /// <summary>Only patients with an appointment are seen.</summary>
    ByAppointment,

    /// <summary>The location is closed for a time.</summary>
    TemporarilyClosed,

    /// <summary>The hours are not known, which is not the same as closed.</summary>
    Unknown,
}

/// <summary>The answer at one instant. Open, here, is who sees patients: <see cref="State.Open"/> or <see cref="State.ByAppointment"/>.</summary>
readonly record struct Status
{
    /// <summary>How far ahead of the local date is looked: a year, a leap year's days.</summary>
    public const int HorizonDays = 366;

    /// <summary>What holds now.</summary>
    public required Moment Moment { get; init; }

    /// <summary>The local date now.</summary>
    public required LocalDate Date { get; init; }

    /// <summary>When it next becomes open, not having been; <c>null</c> when that is beyond the horizon or not known.</summary>
    public Instant? OpensAt { get; init; }

    /// <summary>When it next ceases to be open; <c>null</c> when that is beyond the horizon or not known.</summary>
    public Instant? ClosesAt { get; init; }

    /// <summary>When patients are next seen otherwise than now, or not at all; <c>null</c> when that is beyond the horizon.</summary>
    public Instant? AccessUntil { get; init; }

    /// <summary>How patients are seen after <see cref="AccessUntil"/>; <c>null</c> when they are not.</summary>
    public AccessMode? Then { get; init; }

    /// <summary>The first instant at which any of this, or its sentence, is another; <c>null</c> when that is beyond the horizon.</summary>
    public Instant? ValidUntil { get; init; }

    /// <summary>Finds the answer by walking on from where the line stands.</summary>
    public static Status Of(Schedule schedule, Timeline line)
    {
        var begin = line.Now;
        var now = line.Current;
        var today = line.Date;
        // Since yesterday: a period of the evening before runs on, and a clock that goes back over midnight leads there once more.
        if (schedule.IsSettledOn(today.PlusDays(-1))) return new Status { Moment = now, Date = today };

        Instant? opens = null, closes = null, accessUntil = null, changes = null;
        AccessMode? then = null;
        var horizon = today.PlusDays(HorizonDays);
        // The first date beyond the horizon on which something happens that the answer does not tell yet.
        LocalDate? beyond = null;
        // What comes after hours that are not known is not known either.
        var foreseeable = now.State != State.Unknown;
        var before = now;
        do
        {
            line.Advance();
            var moment = line.Current;
            var sameAccess = moment.HasAccessOf(now);
            // An end is told only of a period that is named.
            var happens = (!sameAccess && accessUntil is null && now.Period is not null) || (foreseeable && moment.IsOpen != before.IsOpen && (moment.IsOpen ? opens : closes) is null);
            if (line.Date <= horizon)
            {
                if (!sameAccess && accessUntil is null) (accessUntil, then) = (line.Now, moment.Period?.Access);
                if (!sameAccess || !moment.HasReasonOf(now)) changes ??= line.Now;
                if (foreseeable && moment.IsOpen && !before.IsOpen) opens ??= line.Now;
                if (foreseeable && !moment.IsOpen && before.IsOpen) closes ??= line.Now;
            }
            else if (happens)
            {
                beyond ??= line.Date;
            }
            if (moment.State == State.Unknown) foreseeable = false;
            before = moment;
        }
        while (!IsDone());

        bool IsDone()
        {
            var told = accessUntil is not null && ((opens is not null && closes is not null) || !foreseeable);
            return line.Date <= horizon ? told && changes is not null : told || beyond is not null || line.Date > horizon.PlusDays(HorizonDays);
        }

        var status = new Status { Moment = now, Date = today, OpensAt = opens, ClosesAt = closes, AccessUntil = accessUntil, Then = then };
        if (beyond is { } date) ChangeOn(date.PlusDays(-HorizonDays));
        // Where clocks go back over midnight, yesterday comes once more.
        var clock = schedule.Zone.GetZoneInterval(begin);
        var dateAfterClock = clock.HasEnd ? clock.End.InZone(schedule.Zone).Date : LocalDate.MaxIsoValue;
        foreach (var day in status.DaysNamed(schedule.Zone))
        {
            if (NamedDays.NextName(day, today) is { } next) ChangeOn(next);
            if (dateAfterClock < today && NamedDays.Name(day, dateAfterClock) != NamedDays.Name(day, today)) Change(clock.End);
        }
        return status with { ValidUntil = changes };

        void ChangeOn(LocalDate date)
        {
            if (date <= today) return;
            var midnight = date.AtMidnight();
            var start = Timeline.ToInstant(schedule.Zone, midnight, ends: false);
            Change(start > begin ? start : Timeline.ToInstant(schedule.Zone, midnight, ends: true));
        }

        void Change(Instant instant)
        {
            if (!(changes <= instant)) changes = instant;
        }
    }

    /// <summary>The end that the sentence names: of the period that holds now, whatever its access.</summary>
    public Instant? NamedEnd => Moment.Period is null ? null : AccessUntil;

    /// <summary>The opening that the sentence names: the next one, while it is not open.</summary>
    public Instant? NamedOpening => Moment.IsOpen ? null : OpensAt;

    IEnumerable<LocalDate> DaysNamed(DateTimeZone zone)
    {
        if (NamedEnd?.InZone(zone).LocalDateTime is { } end) yield return NamedDays.DayOfEnd(end);
        if (NamedOpening?.InZone(zone).Date is { } opening) yield return opening;
    }
}
