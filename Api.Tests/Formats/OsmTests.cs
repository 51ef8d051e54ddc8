using Api.Formats;
using Api.Hours;
using Api.Tests.Hours;
using Api.Tests.Npm;
using NodaTime;

namespace Api.Tests.Formats;

/// <summary>
/// What opening_hours.js makes of the values, minute by minute for a year. A failure names the seed, as for <see
/// cref="RandomPlansAttribute"/>.
/// </summary>
[AnyEngine]
public sealed class OsmTests
{
    [Fact]
    public async Task The_OpenStreetMap_library_agrees_with_the_engine()
    {
        await using var library = await OpeningHoursLibrary.StartAsync();
        foreach (var seed in RandomPlansAttribute.DrawSeeds(60))
        {
            var plan = new RandomSchedules(seed).Next();
            var schedule = plan.ToSchedule();
            var expected = Expected(schedule, plan.Today, HoursLimits.DaysAhead);

            var whole = OsmHours.Of(schedule, plan.Today, int.MaxValue);
            var wrong = FirstDifference(
                expected,
                await library.ReadAsync(whole.Body, plan.Today, HoursLimits.DaysAhead)
            );
            Assert.True(
                wrong is null,
                $"From {plan.Today.AtMidnight().PlusMinutes(wrong ?? 0)} on: {whole.Body}\nseed {seed}\n{plan}"
            );

            // In a shorter value the near dates are right, and the header names what is missing.
            var value = OsmHours.Of(schedule, plan.Today);
            Assert.True(
                value.Body.Length <= OsmHours.MaxLength,
                $"{value.Body.Length} characters: {value.Body}\nseed {seed}\n{plan}"
            );
            if (value.Body == whole.Body)
                continue;
            wrong = FirstDifference(expected, await library.ReadAsync(value.Body, plan.Today, HoursLimits.DaysAhead));
            NotExpressed[] excuses =
                wrong is null ? [NotExpressed.Reasons, NotExpressed.LaterExceptions, NotExpressed.ChangesToCome]
                : value.Body == "unknown" ? [NotExpressed.Periods]
                : wrong < 1440 ? []
                : [NotExpressed.LaterExceptions, NotExpressed.ChangesToCome];
            Assert.True(
                value.NotExpressed.Intersect(excuses).Any(),
                $"From {plan.Today.AtMidnight().PlusMinutes(wrong ?? 0)} on, {NotExpressedHeader.Format(value.NotExpressed)}: {value.Body}\nseed {seed}\n{plan}"
            );
        }
    }

    static int? FirstDifference(char[] expected, char[] actual)
    {
        for (var i = 0; i < expected.Length; i++)
            if (expected[i] != actual[i] && expected[i] != '?')
                return i;
        return null;
    }

    // The state of every minute in wall-clock time: ? for times that happen twice or not at all.
    static char[] Expected(Schedule schedule, LocalDate from, int days)
    {
        var states = new char[days * 1440];
        Array.Fill(states, '?');
        var begin = from.AtMidnight();
        for (var line = new Timeline(schedule, schedule.Zone.EarliestInstant(begin)); line.Date < from.PlusDays(days); )
        {
            var (start, state) = (line.Now.InZone(schedule.Zone).LocalDateTime, Letter(line.Current));
            var before = line.Now;
            line.Advance();
            var first = (int)NodaTime.Period.Between(begin, start, PeriodUnits.Minutes).Minutes;
            for (
                var i = Math.Max(first, 0);
                i < first + (int)(line.Now - before).TotalMinutes && i < states.Length;
                i++
            )
                states[i] = states[i] == '?' ? state : '!';
        }
        for (var i = 0; i < states.Length; i++)
            if (states[i] == '!')
                states[i] = '?';
        return states;

        static char Letter(Moment moment) =>
            moment.State == State.Unknown ? 'u'
            : moment.IsOpen ? 'o'
            : 'c';
    }

    public static TheoryData<int, string, string> Lengths { get; } =
        new()
        {
            // Two dates and their reasons fit.
            {
                2,
                "Mo-Fr 08:00-17:00; Sa,Su off; 2026 Dec 01 off \"Reason number 0\"; 2026 Dec 08 off \"Reason number 1\"",
                ""
            },
            // Without the reasons they do.
            {
                10,
                "Mo-Fr 08:00-17:00; Sa,Su off; 2026 Dec 01,2026 Dec 08,2026 Dec 15,2026 Dec 22,2026 Dec 29,2027 Jan 05,2027 Jan 12,2027 Jan 19,2027 Jan 26,2027 Feb 02 off",
                "reasons"
            },
            // The nearest of them do.
            {
                30,
                "Mo-Fr 08:00-17:00; Sa,Su off; 2026 Dec 01,2026 Dec 08,2026 Dec 15,2026 Dec 22,2026 Dec 29,2027 Jan 05,2027 Jan 12,2027 Jan 19,2027 Jan 26,2027 Feb 02,2027 Feb 09,2027 Feb 16,2027 Feb 23,2027 Mar 02,2027 Mar 09,2027 Mar 16,2027 Mar 23,2027 Mar 30 off",
                "reasons, laterExceptions"
            },
        };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_value_that_is_too_long_loses_reasons_first_and_then_the_furthest_dates(
        int count,
        string expected,
        string unsaid
    )
    {
        var exceptions = Enumerable
            .Range(0, count)
            .Select(i => new LocalDate(2026, 12, 1).PlusWeeks(i))
            .Select(
                (date, i) =>
                    new ScheduleException(
                        new DateRule.Dates(date, date),
                        ExceptionEffect.Closed,
                        $"Reason number {i}",
                        [],
                        clinicWide: false
                    )
            );
        var value = OsmHours.Of(
            new Schedule(DateTimeZone.Utc, [Week("08:00", "17:00", 5)], exceptions),
            new LocalDate(2026, 11, 25)
        );
        Assert.Equal((expected, unsaid), (value.Body, NotExpressedHeader.Format(value.NotExpressed)));
    }

    static readonly Dictionary<string, (Schedule Schedule, string Value)> Values = new()
    {
        ["always open"] = (Make([Week("00:00", "00:00", 7)]), "24/7"),
        ["always open but for a day"] = (
            Make([Week("00:00", "00:00", 7)], On(12, 1)),
            "open; 2026 Dec 01 off \"Works\""
        ),
        ["unknown"] = (Make([]), "24/7 unknown"),
        ["unknown with a night"] = (
            Make([], On(12, 1, ExceptionEffect.Periods, new Period(new LocalTime(16, 0), new LocalTime(1, 0)))),
            "unknown; 2026 Dec 01 16:00-24:00 open \"Works\"; 2026 Dec 02 00:00-01:00 open, 2026 Dec 02 01:00-24:00 unknown"
        ),
        ["unknown with a closed part"] = (
            Make([], On(12, 1, ExceptionEffect.ClosedPart, new Period(new LocalTime(10, 0), new LocalTime(12, 0)))),
            "unknown; 2026 Dec 01 00:00-10:00,12:00-24:00 unknown \"Works\""
        ),
        ["a night into a closed day"] = (
            Make([Week("18:00", "02:00", 7)], On(12, 1)),
            "Mo-Su 00:00-02:00,18:00-24:00; 2026 Dec 01 00:00-02:00 open; 2026 Dec 01 02:00-24:00 off \"Works\"; 2026 Dec 02 18:00-24:00"
        ),
        ["other hours to come"] = (
            Make([Week("08:00", "17:00", 5), Week("09:00", "16:00", 5, new LocalDate(2027, 1, 4))]),
            "Mo-Fr 08:00-17:00; Sa,Su off; 2027 Jan 04-2099 Dec 31 Mo-Fr 09:00-16:00"
        ),
        ["closed without an end"] = (
            new Schedule(DateTimeZone.Utc, [Week("08:00", "17:00", 5)], [], new TemporaryClosure(null, null, "Fire")),
            "Mo-Fr 08:00-17:00; Sa,Su off; 2026 Nov 25-2099 Dec 31 off \"Fire\""
        ),
        ["a reason of another form"] = (
            Make(
                [Week("00:00", "00:00", 7)],
                new ScheduleException(
                    new DateRule.Dates(new(2026, 12, 1), new(2026, 12, 1)),
                    ExceptionEffect.Closed,
                    "The \"24/7\"\r\n line\t; is down",
                    [],
                    false
                )
            ),
            "open; 2026 Dec 01 off \"The '24 / 7' line ; is down\""
        ),
    };

    public static TheoryData<string> Kinds { get; } = [.. Values.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task Each_kind_of_value_is_read_without_a_warning(string kind)
    {
        var (schedule, expected) = Values[kind];
        var today = new LocalDate(2026, 11, 25);
        Assert.Equal(expected, OsmHours.Of(schedule, today).Body);
        await using var library = await OpeningHoursLibrary.StartAsync();
        Assert.Null(
            FirstDifference(
                Expected(schedule, today, HoursLimits.DaysAhead),
                await library.ReadAsync(expected, today, HoursLimits.DaysAhead)
            )
        );
    }

    [Theory]
    [InlineData("2026-11-25", "Mo-Fr 08:00-17:00; Sa,Su off; Feb 29 10:00-12:00 open \"Leap day\"")]
    // The coming year has one.
    [InlineData(
        "2027-06-05",
        "Mo-Fr 08:00-17:00; Sa,Su off; Feb 29 10:00-12:00 open \"Leap day\"; 2028 Feb 29 10:00-12:00 open \"Leap day\""
    )]
    [InlineData(
        "2028-01-10",
        "Mo-Fr 08:00-17:00; Sa,Su off; Feb 29 10:00-12:00 open \"Leap day\"; 2028 Feb 29 10:00-12:00 open \"Leap day\""
    )]
    public async Task A_near_leap_day_has_its_year(string from, string expected)
    {
        var leapDay = new AnnualDate(2, 29);
        var schedule = Make(
            [Week("08:00", "17:00", 5)],
            new ScheduleException(
                new DateRule.Yearly(leapDay, leapDay),
                ExceptionEffect.Periods,
                "Leap day",
                [new Period(new LocalTime(10, 0), new LocalTime(12, 0))],
                clinicWide: false
            )
        );
        var today = NodaTime.Text.LocalDatePattern.Iso.Parse(from).Value;
        var value = OsmHours.Of(schedule, today);
        Assert.Equal((expected, ""), (value.Body, NotExpressedHeader.Format(value.NotExpressed)));
        await using var library = await OpeningHoursLibrary.StartAsync();
        Assert.Null(
            FirstDifference(
                Expected(schedule, today, HoursLimits.DaysAhead),
                await library.ReadAsync(expected, today, HoursLimits.DaysAhead)
            )
        );
    }

    static Schedule Make(WeeklyHours[] weeks, params ScheduleException[] exceptions) =>
        new(DateTimeZone.Utc, weeks, exceptions);

    static ScheduleException On(
        int month,
        int day,
        ExceptionEffect effect = ExceptionEffect.Closed,
        params Period[] periods
    ) =>
        new(
            new DateRule.Dates(new LocalDate(2026, month, day), new LocalDate(2026, month, day)),
            effect,
            "Works",
            periods,
            clinicWide: false
        );

    static WeeklyHours Week(string opens, string closes, int days, LocalDate? from = null)
    {
        var clock = TimePatterns.TimeOfDay;
        return new WeeklyHours(
            WeeklyHours
                .Week.Take(days)
                .ToLookup(day => day, _ => new Period(clock.Parse(opens).Value, clock.Parse(closes).Value)),
            from
        );
    }
}
