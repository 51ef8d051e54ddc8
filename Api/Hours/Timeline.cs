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

    // Yesterday, today and tomorrow. A period may run on from yesterday. If the clock has gone back past midnight,
    // tomorrow's date was shown before.
    Day[] days;

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
        if (date == Date.PlusDays(1))
            (days[0], days[1], days[2]) = (days[1], days[2], LoadDay(date.PlusDays(1)));
        else
            days = LoadDaysAround(date);
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
        Moment? best = null;
        foreach (var day in days)
        {
            foreach (var stretch in day.Stretches)
            {
                if (Now < stretch.Start || stretch.End <= Now)
                    continue;
                if (stretch.ClosedBy is not null)
                    return ClosedMoment(stretch.ClosedBy);
                if (best is null || Rank(stretch.Period.Access) > Rank(best.Value.Period!.Access))
                    best = new Moment(StateDuring(stretch.Period), stretch.Period, day.Rule);
            }
        }
        return best ?? MomentOutsidePeriods();
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
        var (periods, closedParts) = (rule.Periods ?? [], rule.ClosedParts);
        var count = periods.Count + closedParts.Count;
        if (count == 0 || schedule.Zone.Skips(date))
            return new Day(rule, []);
        var stretches = new Stretch[count];
        for (var i = 0; i < periods.Count; i++)
            stretches[i] = ToStretch(date, periods[i], null);
        for (var i = 0; i < closedParts.Count; i++)
            stretches[periods.Count + i] = ToStretch(date, closedParts[i].Periods[0], closedParts[i]);
        return new Day(rule, stretches);
    }

    Stretch ToStretch(LocalDate opening, Period period, ScheduleException? closedBy)
    {
        var closing = period.EndsNextDay ? opening.PlusDays(1) : opening;
        return new Stretch(
            schedule.Zone.EarliestInstant(opening.At(period.Opens)),
            schedule.Zone.LatestInstant(closing.At(period.Closes)),
            period,
            closedBy
        );
    }

    readonly record struct Day(ScheduleDay Rule, Stretch[] Stretches);

    /// <summary>
    /// A period or a closed part in instants. It excludes its end. Within an hour that clocks skip it is empty.
    /// </summary>
    readonly record struct Stretch(Instant Start, Instant End, Period Period, ScheduleException? ClosedBy);
}
