using Api.Hours;
using NodaTime;

namespace Api.Tests.Hours;

/// <summary>
/// Answers by brute force, minute by minute, and shares no code with the engine. It uses only NodaTime's zone offsets
/// and date arithmetic.
/// </summary>
sealed class Oracle
{
    /// <summary>
    /// What holds in one minute: the state, of the period that it is in how patients are seen and on which date it
    /// opened, and which rule decides, in the first words of the reason.
    /// </summary>
    public readonly record struct Minute(State State, AccessMode? Access, string? Note, LocalDate? Opened, string Rule)
    {
        public bool IsOpen => State is State.Open or State.ByAppointment;
    }

    readonly Plan plan;
    readonly Instant start;
    readonly LocalDateTime[] local;

    // The same in minutes, which are found faster.
    readonly long[] wall;
    readonly Minute[] minutes;

    /// <summary>Works out all minutes from some days before a plan's moment to some days after it.</summary>
    public Oracle(Plan plan, int daysBefore, int daysAfter)
    {
        this.plan = plan;
        // Two days more on both sides, of which the periods are not complete.
        start = plan.Now - Duration.FromDays(daysBefore + 3);
        var zone = plan.TimeZone;
        local = new LocalDateTime[(daysBefore + daysAfter + 6) * 24 * 60];
        for (var i = 0; i < local.Length; i++)
        {
            var instant = start + Duration.FromMinutes(i);
            local[i] = instant.WithOffset(zone.GetUtcOffset(instant)).LocalDateTime;
        }
        wall = [.. local.Select(Minutes)];
        minutes = Work();
    }

    public Minute At(Instant instant) => minutes[Index(instant)];

    public LocalDate DateAt(Instant instant) => local[Index(instant)].Date;

    /// <summary>The first minute after an instant, and before a limit, of which something holds.</summary>
    public Instant? First(Instant after, Instant before, Func<Minute, Minute, bool> holds)
    {
        for (var i = Index(after) + 1; i < Index(before); i++)
            if (holds(minutes[i - 1], minutes[i]))
                return start + Duration.FromMinutes(i);
        return null;
    }

    /// <summary>How many minutes of a date it is open.</summary>
    public int OpenMinutes(LocalDate date) =>
        Enumerable.Range(0, local.Length).Count(i => local[i].Date == date && minutes[i].IsOpen);

    int Index(Instant instant) => (int)(instant - start).TotalMinutes;

    Minute[] Work()
    {
        var dates = local.Select(time => time.Date).Distinct().ToArray();
        var days = dates.ToDictionary(date => date, Decide);
        var closed = new PlannedException?[local.Length];
        var best = new (Slot Slot, LocalDate Date)?[local.Length];
        foreach (var date in dates)
        {
            foreach (var slot in days[date].Slots ?? [])
            {
                var (from, to) = Span(date, slot);
                for (var i = from; i < to; i++)
                    if (best[i] is not { } other || Wins((slot, date), other))
                        best[i] = (slot, date);
            }
            if (days[date].Closure)
                continue;
            foreach (var part in days[date].ClosedParts)
            {
                // Of two parts that overlap the earlier day's is the reason, then the more specific one's.
                var (from, to) = Span(date, part.Slots[0]);
                for (var i = from; i < to; i++)
                    closed[i] ??= part;
            }
        }
        return
        [
            .. Enumerable
                .Range(0, local.Length)
                .Select(i =>
                {
                    var day = days[local[i].Date];
                    // A closure is the reason for all of its days.
                    if (closed[i] is { } part && !day.Closure && !(plan.ClosedForGoodOn <= local[i].Date))
                        return new Minute(State.Closed, null, null, null, part.Reason);
                    if (closed[i] is null && best[i] is var (slot, date))
                    {
                        var state =
                            slot.Access == AccessMode.TelephoneOnly ? State.Closed
                            : slot.Access == AccessMode.ByAppointment ? State.ByAppointment
                            : State.Open;
                        return new Minute(state, slot.Access, slot.Note, date, days[date].Rule);
                    }
                    return new Minute(
                        day.Closure ? State.TemporarilyClosed
                            : day.Slots is null ? State.Unknown
                            : State.Closed,
                        null,
                        null,
                        null,
                        day.Rule
                    );
                }),
        ];
    }

    // Where periods overlap the one that lets in the most people wins, and of two alike the one that opens first.
    static bool Wins((Slot Slot, LocalDate Date) one, (Slot Slot, LocalDate Date) other) =>
        (-Rank(one.Slot.Access), one.Date, one.Slot.Opens).CompareTo(
            (-Rank(other.Slot.Access), other.Date, other.Slot.Opens)
        ) < 0;

    // From the first minute at which the wall's clock shows opens, to the last at which it shows closes. A time that it
    // never shows is the first minute at which it shows a later one.
    (int From, int To) Span(LocalDate date, Slot slot)
    {
        var opens = Minutes(date.AtMidnight()) + slot.Opens;
        var closes = Minutes(date.AtMidnight()) + slot.Closes + (slot.Closes <= slot.Opens ? 24 * 60 : 0);
        var from = Array.FindIndex(wall, time => time >= opens);
        var to = Array.LastIndexOf(wall, closes);
        if (to < 0)
            to = Array.FindIndex(wall, time => time > closes);
        return (from < 0 ? local.Length : from, to < 0 ? local.Length : to);
    }

    static long Minutes(LocalDateTime time) =>
        (NodaTime.Period.DaysBetween(default, time.Date) * 24L * 60) + (time.Hour * 60) + time.Minute;

    (bool Closure, IReadOnlyList<Slot>? Slots, IReadOnlyList<PlannedException> ClosedParts, string Rule) Decide(
        LocalDate date
    )
    {
        if (plan.ClosedForGoodOn <= date)
            return (false, [], [], "Permanently closed");
        if (
            plan.Closure is { } closure
            && (closure.From is null || closure.From <= date)
            && (closure.Reopens is null || date < closure.Reopens)
        )
            return (true, [], [], "Building works");
        var week = plan
            .Weeks.Where(version => version.From is null || version.From <= date)
            .MaxBy(version => version.From ?? LocalDate.MinIsoValue);
        var usual = week?.Days[(int)date.DayOfWeek - 1];
        var parts = new List<PlannedException>();
        var holding = plan
            .Exceptions.Select((exception, order) => (exception, order))
            .Where(e => Includes(e.exception, date))
            .OrderBy(e => e.exception.Dates is null ? 1 : 0)
            .ThenBy(e => e.exception.ClinicWide ? 1 : 0)
            .ThenBy(e => Length(e.exception))
            .ThenByDescending(e => e.order);
        foreach (var (exception, _) in holding)
        {
            if (exception.Effect == ExceptionEffect.ClosedPart)
            {
                parts.Add(exception);
                continue;
            }
            var slots = exception.Effect == ExceptionEffect.AsUsual ? usual : exception.Slots;
            return (false, slots, parts, slots is null ? "Hours are not known" : exception.Reason);
        }
        return (false, usual, parts, usual is null ? "Hours are not known" : $"{date.DayOfWeek}");
    }

    static bool Includes(PlannedException exception, LocalDate date)
    {
        if (exception.Dates is { } dates)
            return date >= dates.From && date <= dates.To;
        if (exception.Yearly is { } yearly)
        {
            var day = date.Month * 100 + date.Day;
            return yearly.From <= yearly.To
                ? day >= yearly.From && day <= yearly.To
                : day >= yearly.From || day <= yearly.To;
        }
        var (nth, weekday, month) = exception.Weekday!.Value;
        if (date.Month != month || (int)date.DayOfWeek != weekday)
            return false;
        // Counting the same weekdays of the month, from its beginning or from its end.
        var same = 1;
        for (
            var other = date.PlusDays(nth > 0 ? -7 : 7);
            other.Month == month;
            other = other.PlusDays(nth > 0 ? -7 : 7)
        )
            same++;
        return same == Math.Abs(nth);
    }

    static int Length(PlannedException exception)
    {
        if (exception.Dates is { } dates)
            return Enumerable.Range(0, 4000).First(days => dates.From.PlusDays(days) == dates.To);
        if (exception.Yearly is null)
            return 0;
        var days = 0;
        for (var date = new LocalDate(2000, 1, 1); date.Year == 2000; date = date.PlusDays(1))
            if (Includes(exception, date))
                days++;
        return days - 1;
    }

    static int Rank(AccessMode access) =>
        Array.IndexOf([AccessMode.TelephoneOnly, AccessMode.ByAppointment, AccessMode.Open, AccessMode.WalkIn], access);
}
