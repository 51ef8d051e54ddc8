using NodaTime;
using NodaTime.TimeZones;

namespace Api.Hours;

/// <summary>
/// A schedule in instants. It stands at one instant, knows what holds there, and moves on to the next instant at which
/// that may change.
/// </summary>
/// <remarks>
/// <para>Of periods that overlap, the one that lets in the most people decides, and of two alike the one that opens
/// first.</para>
/// <para>A local time that clocks skip stands for the instant of the change. One that happens twice means the first
/// where something begins and the second where it ends.</para>
/// </remarks>
sealed class Timeline
{
    readonly Schedule schedule;
    ZoneInterval interval;

    // Yesterday, today and tomorrow. A period may run on from yesterday. Where clocks go back over midnight, tomorrow
    // has begun once already.
    Day[] days;

    // Never added to.
    static readonly List<Stretch> NoStretches = [];

    public Timeline(Schedule schedule, Instant start)
    {
        this.schedule = schedule;
        Now = start;
        interval = schedule.Zone.GetZoneInterval(start);
        Date = start.WithOffset(interval.WallOffset).Date;
        days = LoadDaysAround(Date);
        Current = FindMoment();
    }

    /// <summary>The instant at which the timeline stands.</summary>
    public Instant Now { get; private set; }

    /// <summary>The local date of <see cref="Now"/>.</summary>
    public LocalDate Date { get; private set; }

    /// <summary>What holds from <see cref="Now"/> until the timeline moves on.</summary>
    public Moment Current { get; private set; }

    /// <summary>Moves on to the next instant at which a period, a closed part or a date begins or ends.</summary>
    public void Advance()
    {
        Now = FindNext();
        if (!interval.Contains(Now))
            interval = schedule.Zone.GetZoneInterval(Now);
        MoveTo(Now.WithOffset(interval.WallOffset).Date);
        Current = FindMoment();
    }

    void MoveTo(LocalDate date)
    {
        if (date == Date)
            return;
        days = date == Date.PlusDays(1) ? [days[1], days[2], LoadDay(date.PlusDays(1))] : LoadDaysAround(date);
        Date = date;
    }

    ScheduleDay Today => days[1].Rule;

    Instant FindNext()
    {
        // The next midnight by the clock that holds now. If clocks change before it, that instant comes first.
        var next = Date.PlusDays(1).AtMidnight().WithOffset(interval.WallOffset).ToInstant();
        if (interval.HasEnd)
            next = Instant.Min(next, interval.End);
        foreach (var day in days)
        {
            foreach (var stretch in day.Stretches)
            {
                if (stretch.Start > Now)
                    next = Instant.Min(next, stretch.Start);
                if (stretch.End > Now)
                    next = Instant.Min(next, stretch.End);
            }
        }
        return next;
    }

    Moment FindMoment()
    {
        Stretch? best = null;
        foreach (var day in days)
        {
            foreach (var stretch in day.Stretches)
            {
                if (Now < stretch.Start || stretch.End <= Now)
                    continue;
                if (stretch.ClosedBy is not null)
                    return ClosedMoment(stretch.ClosedBy);
                if (best is not { } other || Rank(stretch.Period.Access) > Rank(other.Period.Access))
                    best = stretch;
            }
        }
        return best is { Period: var period, Day: var rule }
            ? new Moment(StateDuring(period), period, rule)
            : MomentOutsidePeriods();
    }

    // In a closure, the closure is the reason.
    Moment ClosedMoment(ScheduleException closedBy) =>
        Today.IsInClosure ? MomentOutsidePeriods() : new Moment(State.Closed, null, Today, closedBy);

    Moment MomentOutsidePeriods()
    {
        var state = Today.Kind switch
        {
            DayKind.TemporarilyClosed => State.TemporarilyClosed,
            DayKind.Unknown => State.Unknown,
            _ => State.Closed,
        };
        return new Moment(state, null, Today);
    }

    static State StateDuring(Period period) =>
        period.Access switch
        {
            AccessMode.ByAppointment => State.ByAppointment,
            AccessMode.TelephoneOnly => State.Closed,
            _ => State.Open,
        };

    // The more people a period lets in, the higher.
    static int Rank(AccessMode access) =>
        access switch
        {
            AccessMode.WalkIn => 3,
            AccessMode.Open => 2,
            AccessMode.ByAppointment => 1,
            _ => 0,
        };

    Day[] LoadDaysAround(LocalDate date) => [LoadDay(date.PlusDays(-1)), LoadDay(date), LoadDay(date.PlusDays(1))];

    Day LoadDay(LocalDate date)
    {
        var rule = schedule.DayOn(date);
        if (rule.Periods is not { Count: > 0 } && rule.ClosedParts.Count == 0)
            return new Day(rule, NoStretches);
        if (schedule.Zone.Skips(date))
            return new Day(rule, NoStretches);
        var day = new Day(rule, new List<Stretch>((rule.Periods?.Count ?? 0) + rule.ClosedParts.Count));
        foreach (var period in rule.Periods ?? [])
            AddStretch(day, period, null);
        foreach (var part in rule.ClosedParts)
            AddStretch(day, part.Periods[0], part);
        return day;
    }

    void AddStretch(Day day, Period period, ScheduleException? closedBy)
    {
        var opening = day.Rule.Date;
        var closing = period.EndsNextDay ? opening.PlusDays(1) : opening;
        var start = schedule.Zone.EarliestInstant(opening.At(period.Opens));
        var end = schedule.Zone.LatestInstant(closing.At(period.Closes));
        // A period within an hour that clocks skip never happens.
        if (start < end)
            day.Stretches.Add(new Stretch(start, end, day.Rule, period, closedBy));
    }

    readonly record struct Day(ScheduleDay Rule, List<Stretch> Stretches);

    /// <summary>A period or a closed part in instants. It excludes its end.</summary>
    readonly record struct Stretch(
        Instant Start,
        Instant End,
        ScheduleDay Day,
        Period Period,
        ScheduleException? ClosedBy
    );
}
