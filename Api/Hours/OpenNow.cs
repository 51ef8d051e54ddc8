using NodaTime;
using NodaTime.TimeZones;

namespace Api.Hours;

/// <summary>Answers whether a location is open at an instant, and what changes next, from its schedule alone.</summary>
/// <remarks>
/// Three layers decide, and each uses only the one before it. <see cref="Schedule"/> decides which rule holds on a
/// date, <see cref="Timeline"/> decides what holds at an instant, and this class looks ahead along the timeline.
/// </remarks>
static class OpenNow
{
    /// <summary>Finds what holds at an instant, and what changes next.</summary>
    public static Status StatusAt(this Schedule schedule, Instant instant) =>
        new StatusSearch(schedule, instant).Find();

    /// <summary>Whether the location is open, with or without an appointment; <c>null</c> if it is not known.</summary>
    public static bool? IsOpen(this Schedule schedule, Instant instant) =>
        new Timeline(schedule, instant).Current.IsOpenIfKnown;

    /// <summary>
    /// Finds the instant by which the location has been open for a given time, counted from an instant.
    /// </summary>
    /// <returns>
    /// <c>null</c> if hours up to there are not known, or if it lies beyond the days that answers look ahead.
    /// </returns>
    public static Instant? AfterOpenTime(this Schedule schedule, Instant from, Duration time)
    {
        var timeline = new Timeline(schedule, from);
        var horizon = timeline.Date.PlusDays(HoursLimits.DaysAhead);
        while (timeline.Date <= horizon && !schedule.StaysTheSameFrom(timeline.Date))
        {
            var (start, moment) = (timeline.Now, timeline.Current);
            if (moment.State == State.Unknown)
                return null;
            timeline.Advance();
            if (!moment.IsOpen)
                continue;
            var openTime = timeline.Now - start;
            if (openTime >= time)
                return start + time;
            time -= openTime;
        }
        return null;
    }

    /// <summary>Walks along the timeline until it knows everything that a status has.</summary>
    struct StatusSearch
    {
        readonly Schedule schedule;
        readonly Timeline timeline;
        readonly Instant start;
        readonly Moment now;
        readonly LocalDate today,
            horizon;

        Instant? opensAt,
            closesAt,
            accessUntil,
            validUntil;
        AccessMode? nextAccess;

        // The date of the first change beyond the horizon that the status would name if it looked further.
        LocalDate? dateBeyondHorizon;

        // Nothing is known about the time after unknown hours.
        bool isForeseeable;

        public StatusSearch(Schedule schedule, Instant instant)
        {
            this.schedule = schedule;
            timeline = new Timeline(schedule, instant);
            start = instant;
            now = timeline.Current;
            today = timeline.Date;
            horizon = today.PlusDays(HoursLimits.DaysAhead);
            isForeseeable = now.State != State.Unknown;
        }

        public Status Find()
        {
            // A period of the evening before may still run. If the clock goes back past midnight, it is yesterday's
            // date again.
            if (schedule.StaysTheSameFrom(today.PlusDays(-1)))
                return new Status { Moment = now, Date = today };

            for (var before = now; !IsFinished(); before = timeline.Current)
            {
                timeline.Advance();
                CompareMoments(before, timeline.Current);
            }
            LimitValidityToNames();
            return new Status
            {
                Moment = now,
                Date = today,
                OpensAt = opensAt,
                ClosesAt = closesAt,
                AccessUntil = accessUntil,
                NextAccess = nextAccess,
                ValidUntil = validUntil,
            };
        }

        void CompareMoments(Moment before, Moment next)
        {
            var changesAccess = accessUntil is null && !next.HasSameAccessAs(now);
            var opens = isForeseeable && opensAt is null && next.IsOpen && !before.IsOpen;
            var closes = isForeseeable && closesAt is null && !next.IsOpen && before.IsOpen;
            if (timeline.Date > horizon)
            {
                if (opens || closes || (changesAccess && now.NamesEnd))
                    dateBeyondHorizon ??= timeline.Date;
            }
            else
            {
                if (opens)
                    opensAt = timeline.Now;
                if (closes)
                    closesAt = timeline.Now;
                if (changesAccess)
                    (accessUntil, nextAccess) = (timeline.Now, next.Period?.Access);
                if (!next.HasSameAccessAs(now) || !next.HasSameReasonAs(now))
                    LimitValidity(timeline.Now);
            }
            if (next.State == State.Unknown)
                isForeseeable = false;
        }

        bool IsFinished()
        {
            var hasOpeningAndClosing = opensAt is not null && closesAt is not null;
            var isComplete = accessUntil is not null && (hasOpeningAndClosing || !isForeseeable);
            if (timeline.Date <= horizon)
                return isComplete && validUntil is not null;
            // A change that is still further away comes into view only after ValidUntil's own 366 days.
            var isFarAway = timeline.Date > horizon.PlusDays(HoursLimits.DaysAhead);
            return isComplete || isFarAway || dateBeyondHorizon is not null;
        }

        // The sentence calls a day "Monday" today and "December 7" on another day.
        void LimitValidityToNames()
        {
            if (dateBeyondHorizon is { } date)
                LimitValidity(date.PlusDays(-HoursLimits.DaysAhead));
            var clock = schedule.Zone.GetZoneInterval(start);
            if (now.NamesEnd && accessUntil is { } end)
                LimitValidityToName(DayNames.DayOfEnd(end.InZone(schedule.Zone).LocalDateTime), clock);
            if (now.NamesOpening && opensAt is { } opening)
                LimitValidityToName(schedule.DateAt(opening), clock);
        }

        void LimitValidityToName(LocalDate day, ZoneInterval clock)
        {
            if (DayNames.NextChange(day, today) is { } change)
                LimitValidity(change);
            if (clock.HasEnd && IsNamedDifferently(day, schedule.DateAt(clock.End)))
                LimitValidity(clock.End);
        }

        // If the clock goes back past midnight, it is yesterday's date again.
        bool IsNamedDifferently(LocalDate day, LocalDate dateAfterChange) =>
            dateAfterChange < today && DayNames.Choose(day, dateAfterChange) != DayNames.Choose(day, today);

        void LimitValidity(LocalDate date)
        {
            if (date <= today)
                return;
            var midnight = schedule.Zone.StartOfDay(date);
            // Where midnight comes twice, the first may be over.
            LimitValidity(midnight > start ? midnight : schedule.Zone.LatestInstant(date.AtMidnight()));
        }

        void LimitValidity(Instant instant)
        {
            if (validUntil is null || instant < validUntil)
                validUntil = instant;
        }
    }
}
