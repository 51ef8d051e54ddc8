using NodaTime;
using NodaTime.TimeZones;

namespace Api.Hours;

/// <summary>
/// A schedule as a line of instants, walked forward from one moment at which something may change to the next. Periods
/// that touch or overlap melt into one another here, since only the moments themselves are asked what holds at them.
/// </summary>
struct Timeline
{
    readonly Schedule schedule;
    readonly List<Stretch> stretches;
    ZoneInterval interval;
    ScheduleDay today;

    public Timeline(Schedule schedule, Instant start)
    {
        this.schedule = schedule;
        // Two periods on each of three days, and some more.
        stretches = new List<Stretch>(8);
        Now = start;
        interval = schedule.Zone.GetZoneInterval(start);
        Date = start.WithOffset(interval.WallOffset).Date;
        Load();
    }

    /// <summary>Where on the line it stands.</summary>
    public Instant Now { get; private set; }

    /// <summary>The local date of <see cref="Now"/>.</summary>
    public LocalDate Date { get; private set; }

    /// <summary>What holds from <see cref="Now"/> until <see cref="Next"/>.</summary>
    public readonly Moment Current
    {
        get
        {
            var best = -1;
            for (var i = 0; i < stretches.Count; i++)
            {
                var stretch = stretches[i];
                if (Now < stretch.Start || stretch.End <= Now) continue;
                // A closed part is closed, whatever runs into it.
                if (stretch.ClosedBy is not null)
                    return today.IsInClosure ? Outside : new Moment(State.Closed, null, today, stretch.ClosedBy);
                if (best < 0 || Rank(stretch.Period.Access) > Rank(stretches[best].Period.Access)) best = i;
            }
            if (best >= 0)
            {
                var stretch = stretches[best];
                return new Moment(StateOf(stretch.Period.Access), stretch.Period, stretch.Day, null);
            }
            return Outside;
        }
    }

    // What holds today outside of all periods.
    readonly Moment Outside => new(today.Kind switch
    {
        DayKind.TemporarilyClosed => State.TemporarilyClosed,
        DayKind.Unknown => State.Unknown,
        _ => State.Closed,
    }, null, today, null);

    /// <summary>The next instant at which a stretch begins or ends, or another date does.</summary>
    public readonly Instant Next
    {
        get
        {
            // By the clock that holds now; when it is changed first, that is a moment to look again.
            var next = Date.PlusDays(1).AtMidnight().WithOffset(interval.WallOffset).ToInstant();
            if (interval.HasEnd && interval.End < next) next = interval.End;
            foreach (var stretch in stretches)
            {
                if (stretch.Start > Now && stretch.Start < next) next = stretch.Start;
                if (stretch.End > Now && stretch.End < next) next = stretch.End;
            }
            return next;
        }
    }

    public void Advance()
    {
        Now = Next;
        if (!interval.Contains(Now)) interval = schedule.Zone.GetZoneInterval(Now);
        var date = Now.WithOffset(interval.WallOffset).Date;
        if (date == Date) return;
        var follows = date == Date.PlusDays(1);
        Date = date;
        if (follows) LoadNext();
        else Load();
    }

    // A period ends on the day after the one on which it opens, so the days around this one are all that matter. The day
    // after matters too: where clocks go back over midnight, it has begun once already.
    void Load()
    {
        stretches.Clear();
        Add(schedule.On(Date.PlusDays(-1)));
        today = schedule.On(Date);
        Add(today);
        Add(schedule.On(Date.PlusDays(1)));
    }

    void LoadNext()
    {
        var oldest = Date.PlusDays(-1);
        stretches.RemoveAll(stretch => stretch.Day.Date < oldest);
        today = schedule.On(Date);
        Add(schedule.On(Date.PlusDays(1)));
    }

    readonly void Add(in ScheduleDay day)
    {
        var parts = schedule.ClosedPartsOn(day.Date);
        if (day.Periods is not { Count: > 0 } && parts.Count == 0) return;
        if (!IsFarFromAChange(day.Date.AtMidnight(), out _) && IsSkipped(schedule.Zone, day.Date)) return;
        for (var i = 0; i < day.Periods?.Count; i++) Add(day, day.Periods[i], null);
        // Where a location is closed for a time or for good, that is the reason.
        if (day.IsInClosure) return;
        foreach (var part in parts) Add(day, part.Periods[0], part);
    }

    readonly void Add(in ScheduleDay day, Period period, ScheduleException? closedBy)
    {
        var start = ToInstant(day.Date.At(period.Opens), ends: false);
        var end = ToInstant((period.EndsNextDay ? day.Date.PlusDays(1) : day.Date).At(period.Closes), ends: true);
        // A period in an hour that is skipped is over as it begins.
        if (start < end) stretches.Add(new Stretch(start, end, day, period, closedBy));
    }

    readonly Instant ToInstant(LocalDateTime local, bool ends) =>
        IsFarFromAChange(local, out var instant) ? instant : ToInstant(schedule.Zone, local, ends);

    // Nearly every day the clock in force is the only one that matters, and the zone need not be asked.
    readonly bool IsFarFromAChange(LocalDateTime local, out Instant instant)
    {
        instant = local.WithOffset(interval.WallOffset).ToInstant();
        return interval.Contains(instant) && (!interval.HasStart || instant - interval.Start > FarFromAChange) &&
            (!interval.HasEnd || interval.End - instant > FarFromAChange);
    }

    // No zone has ever changed its clocks by more than a day.
    static readonly Duration FarFromAChange = Duration.FromDays(2);

    /// <summary>The instant that a local time stands for.</summary>
    public static Instant ToInstant(DateTimeZone zone, LocalDateTime local, bool ends)
    {
        var mapping = zone.MapLocal(local);
        return mapping.Count switch
        {
            0 => mapping.EarlyInterval.End,
            1 => mapping.Single().ToInstant(),
            _ => (ends ? mapping.Last() : mapping.First()).ToInstant(),
        };
    }

    /// <summary>Whether a zone leaves out a whole date, as Pacific/Apia did 2011-12-30 when it crossed the date line.</summary>
    public static bool IsSkipped(DateTimeZone zone, LocalDate date) =>
        zone.MapLocal(date.AtMidnight()) is { Count: 0, LateInterval: var after } && after.IsoLocalStart.Date > date;

    static State StateOf(AccessMode access) => access switch
    {
        AccessMode.ByAppointment => State.ByAppointment,
        AccessMode.TelephoneOnly => State.Closed,
        _ => State.Open,
    };

    // Where periods overlap, the one that lets in the most people says what holds.
    static int Rank(AccessMode access) => access switch
    {
        AccessMode.WalkIn => 3,
        AccessMode.Open => 2,
        AccessMode.ByAppointment => 1,
        _ => 0,
    };

    // A period, or a closed part, as instants; the end is exclusive.
    readonly record struct Stretch(Instant Start, Instant End, ScheduleDay Day, Period Period, ScheduleException? ClosedBy);
}

/// <summary>What holds at one moment.</summary>
/// <param name="State">The state.</param>
/// <param name="Period">The period that it is in, if any.</param>
/// <param name="Day">The day whose rule decides: that of the period, or else the date itself.</param>
/// <param name="ClosedBy">The exception that closes this part of the day, if one does.</param>
readonly record struct Moment(State State, Period? Period, ScheduleDay Day, ScheduleException? ClosedBy)
{
    /// <summary>Whether patients are seen.</summary>
    public bool IsOpen => State is State.Open or State.ByAppointment;

    /// <summary>Whether what it says of how patients are seen is the same.</summary>
    public bool HasAccessOf(in Moment other) =>
        State == other.State && Period?.Access == other.Period?.Access && Period?.Note == other.Period?.Note;

    /// <summary>Whether the reason is the same.</summary>
    public bool HasReasonOf(in Moment other) =>
        ClosedBy is null || other.ClosedBy is null
            ? ClosedBy == other.ClosedBy && Day.HasReasonOf(other.Day)
            : ClosedBy.Reason == other.ClosedBy.Reason && ClosedBy.Periods[0] == other.ClosedBy.Periods[0];
}
