using System.Globalization;
using Api.Hours;
using NodaTime;

namespace Api.Tests.Hours;

/// <summary>A schedule in the plainest words, for tests that must not share code with the engine.</summary>
sealed record Plan(
    string Zone,
    IReadOnlyList<PlannedWeek> Weeks,
    IReadOnlyList<PlannedException> Exceptions,
    PlannedClosure? Closure,
    Instant Now
)
{
    public LocalDate? ClosedForGoodOn { get; init; }

    public DateTimeZone TimeZone => DateTimeZoneProviders.Tzdb[Zone];

    public LocalDate Today => Now.InZone(TimeZone).Date;

    public Schedule ToSchedule() =>
        new(
            TimeZone,
            Weeks.Select(week => new WeeklyHours(
                week.Days.SelectMany((slots, day) => slots.Select(slot => (Day: (IsoDayOfWeek)(day + 1), slot)))
                    .ToLookup(p => p.Day, p => p.slot.ToPeriod()),
                week.From
            )),
            Exceptions.Select(e => new ScheduleException(
                e.ToRule(),
                e.Effect,
                e.Reason,
                [.. e.Slots.Select(slot => slot.ToPeriod())],
                e.ClinicWide
            )),
            Closure is null ? null : new TemporaryClosure(Closure.From, Closure.Reopens, "Building works"),
            ClosedForGoodOn
        );

    // What a failed test shows.
    public override string ToString() =>
        string.Join(
            '\n',
            [
                $"{Zone} {Now}",
                .. Weeks.Select(week =>
                    $"week from {week.From}: {string.Join(" | ", week.Days.Select(day => string.Join(",", day)))}"
                ),
                .. Exceptions.Select(e => $"{e}"),
                $"closure: {Closure}",
                $"permanently closed: {ClosedForGoodOn}",
            ]
        );
}

/// <summary>A period in minutes since midnight.</summary>
sealed record Slot(int Opens, int Closes, AccessMode Access, string? Note)
{
    public Period ToPeriod() =>
        new(LocalTime.FromMinutesSinceMidnight(Opens), LocalTime.FromMinutesSinceMidnight(Closes), Access, Note);

    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Opens / 60:00}:{Opens % 60:00}-{Closes / 60:00}:{Closes % 60:00} {Access} {Note}"
        );
}

sealed record PlannedWeek(LocalDate? From, IReadOnlyList<IReadOnlyList<Slot>> Days);

sealed record PlannedClosure(LocalDate? From, LocalDate? Reopens);

/// <summary>
/// When is one of: From..To; YearlyFrom..YearlyTo as month * 100 + day; the Nth (-1: last) Weekday of Month.
/// </summary>
sealed record PlannedException(string Reason, ExceptionEffect Effect, IReadOnlyList<Slot> Slots, bool ClinicWide)
{
    public (LocalDate From, LocalDate To)? Dates { get; init; }
    public (int From, int To)? Yearly { get; init; }
    public (int Nth, int Weekday, int Month)? Weekday { get; init; }

    public DateRule ToRule() =>
        Dates is { } dates ? new DateRule.Dates(dates.From, dates.To)
        : Yearly is { } yearly
            ? new DateRule.Yearly(
                new AnnualDate(yearly.From / 100, yearly.From % 100),
                new AnnualDate(yearly.To / 100, yearly.To % 100)
            )
        : new DateRule.YearlyWeekday(Weekday!.Value.Nth, (IsoDayOfWeek)Weekday.Value.Weekday, Weekday.Value.Month);

    public override string ToString() =>
        $"{Reason}: {Dates} {Yearly} {Weekday} {Effect} {string.Join(",", Slots)} {(ClinicWide ? "clinic" : "own")}";
}

/// <summary>
/// Schedules of every kind, with a moment close to a change of the clock and exceptions around it. The same seed, the
/// same plan.
/// </summary>
sealed class RandomSchedules(int seed)
{
    public static readonly string[] Zones =
    [
        "America/Chicago",
        "Europe/London",
        "Australia/Lord_Howe",
        "America/Havana",
        "Asia/Beirut",
        "America/Sao_Paulo",
        "Pacific/Apia",
        "Africa/Casablanca",
        "Asia/Kathmandu",
        "Asia/Tehran",
        "America/St_Johns",
        "UTC",
        // At midnight, by two hours, over the date line, in winter backwards, for half an hour, twice a year's end.
        "America/Asuncion",
        "Africa/Cairo",
        "Antarctica/Troll",
        "Pacific/Kwajalein",
        "Pacific/Fakaofo",
        "Europe/Dublin",
        "Asia/Pyongyang",
        "America/Caracas",
        "America/Scoresbysund",
        "Asia/Gaza",
    ];

    // Every zone has whole minutes since then, which the oracle counts in.
    static readonly Instant Since = Instant.FromUtc(1990, 1, 1, 0, 0),
        Until = Instant.FromUtc(2026, 12, 31, 0, 0);

    readonly Random random = new(seed);

    public Plan Next()
    {
        var name = Pick(Zones);
        var zone = DateTimeZoneProviders.Tzdb[name];
        var changes = zone.GetZoneIntervals(Since, Until)
            .Where(interval => interval.HasEnd && interval.End < Until)
            .Select(interval => interval.End)
            .ToArray();
        var around = changes.Length > 0 && Chance(70) ? Pick(changes) : Since + Duration.FromDays(random.Next(13_000));
        var now =
            Instant.FromUnixTimeSeconds(around.ToUnixTimeSeconds() / 60 * 60)
            + Duration.FromMinutes(random.Next(-4320, 2880));
        var today = now.InZone(zone).Date;

        var weeks = new List<PlannedWeek>();
        if (!Chance(15))
            weeks.Add(new PlannedWeek(Chance(85) ? null : today.PlusDays(random.Next(-20, 3)), Days()));
        for (var i = 0; i < 2; i++)
            if (Chance(20))
                weeks.Add(new PlannedWeek(today.PlusDays(random.Next(-5, Chance(80) ? 60 : 500)), Days()));
        weeks = [.. weeks.DistinctBy(week => week.From)];
        var exceptions = Enumerable.Range(0, random.Next(7)).Select(i => Exception(today, i)).ToArray();
        PlannedClosure? closure = null;
        if (Chance(10))
        {
            LocalDate? from = Chance(50) ? null : today.PlusDays(random.Next(-4, Chance(80) ? 6 : 400));
            closure = new PlannedClosure(
                from,
                Chance(40) ? null : (from ?? today).PlusDays(random.Next(1, Chance(70) ? 9 : 400))
            );
        }
        LocalDate? forGood = Chance(12) ? today.PlusDays(Chance(80) ? random.Next(-4, 8) : random.Next(0, 500)) : null;
        return new Plan(name, weeks, exceptions, closure, now) { ClosedForGoodOn = forGood };
    }

    PlannedException Exception(LocalDate today, int number)
    {
        var effect = Chance(25) ? ExceptionEffect.ClosedPart : Pick(Enum.GetValues<ExceptionEffect>());
        IReadOnlyList<Slot> slots = effect switch
        {
            ExceptionEffect.Periods => [.. Slots(1)],
            ExceptionEffect.ClosedPart =>
            [
                .. Slots(1).Take(1).Select(slot => slot with { Access = AccessMode.Open, Note = null }),
            ],
            _ => [],
        };
        // Now and then two have the same reason.
        var exception = new PlannedException($"Reason {(Chance(10) ? 0 : number)}", effect, slots, Chance(50));
        var from = today.PlusDays(random.Next(-4, 8));
        if (Chance(10))
            from = today.PlusDays(random.Next(0, 500));
        var to = from.PlusDays(Chance(50) ? 0 : random.Next(1, 6));
        // Longer than a month, in which days are not what they are in a date's difference; up to all days of a year but
        // one.
        if (Chance(35))
        {
            from = from.PlusDays(-random.Next(0, 300));
            to = from.PlusDays(random.Next(1, 364));
        }
        return random.Next(4) switch
        {
            0 or 1 => exception with { Dates = (from, to) },
            2 => exception with { Yearly = Chance(10) ? (229, 229) : Yearly(from, to) },
            _ => exception with
            {
                Weekday = (
                    Pick([-1, 1, 2, 3, 4, 5, (from.Day + 6) / 7]),
                    Chance(60) ? (int)from.DayOfWeek : random.Next(1, 8),
                    from.Month
                ),
            },
        };

        static (int, int) Yearly(LocalDate from, LocalDate to)
        {
            var (first, last) = (from.Month * 100 + from.Day, to.Month * 100 + to.Day);
            return first == last || (first != 229 && last != 229) ? (first, last) : (first, first);
        }
    }

    IReadOnlyList<Slot>[] Days()
    {
        // Nights on which only the telephone is answered, after days that are often closed.
        if (Chance(10))
            return
            [
                .. Enumerable
                    .Range(0, 7)
                    .Select(_ =>
                        Chance(50)
                            ? []
                            : new[]
                            {
                                new Slot(
                                    60 * random.Next(16, 24),
                                    60 * random.Next(0, 9),
                                    AccessMode.TelephoneOnly,
                                    null
                                ),
                            }
                    ),
            ];
        var usual = Slots(0).ToArray();
        return [.. Enumerable.Range(0, 7).Select(_ => Chance(60) ? usual : [.. Slots(0)])];
    }

    IEnumerable<Slot> Slots(int least)
    {
        if (Chance(10))
            return [new Slot(0, 0, Mode(), null)];
        var times = new List<int>();
        // Often at night, when clocks change, and often where another one ends.
        for (var i = 0; i < 4; i++)
            times.Add(
                Chance(50) ? 15 * random.Next(0, 18)
                : Chance(30) ? 0
                : 30 * random.Next(16, 48)
            );
        return Enumerable
            .Range(0, random.Next(least, 4))
            .Select(_ => (Opens: Pick(times.ToArray()), Closes: Pick(times.ToArray())))
            .Select(slot => slot.Opens == slot.Closes ? (slot.Opens, Closes: (slot.Opens + 60) % 1440) : slot)
            .Select(slot => new Slot(slot.Opens, slot.Closes, Mode(), Chance(10) ? "Ring twice" : null))
            .DistinctBy(slot => slot.Opens);
    }

    AccessMode Mode() => Chance(60) ? AccessMode.Open : Pick(Enum.GetValues<AccessMode>());

    bool Chance(int percent) => random.Next(100) < percent;

    T Pick<T>(T[] choices) => choices[random.Next(choices.Length)];
}
