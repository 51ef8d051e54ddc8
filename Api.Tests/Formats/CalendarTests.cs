using System.Globalization;
using System.Text;
using Api.Formats;
using Api.Hours;
using Api.Tests.Hours;
using NodaTime;

namespace Api.Tests.Formats;

public sealed class CalendarTests
{
    static readonly DateTimeZone Chicago = DateTimeZoneProviders.Tzdb["America/Chicago"];
    static readonly LocalDate Today = new(2026, 11, 25);

    // Every place in a line at which it may be folded.
    [Theory]
    [InlineData("🙂")]
    [InlineData("é")]
    [InlineData("e\u0301")]
    [InlineData("👩‍⚕️")]
    [InlineData("漢")]
    public void Folding_splits_no_character(string character)
    {
        for (var before = 1; before < 80; before++)
        {
            var reason = new string('X', before) + string.Concat(Enumerable.Repeat(character, 60));
            var bytes = new UTF8Encoding(false, throwOnInvalidBytes: true).GetBytes(Text(Closed(reason, Today)));
            var lines = Encoding.UTF8.GetString(bytes).Split("\r\n");
            Assert.All(lines, line => Assert.True(Encoding.UTF8.GetByteCount(line) <= 75, line));
            Assert.All(lines, line => Assert.DoesNotContain('\uFFFD', line));
            Assert.Contains(
                $"SUMMARY:{reason}\\, closed",
                string.Join("\r\n", lines).Replace("\r\n ", "", StringComparison.Ordinal),
                StringComparison.Ordinal
            );
        }
    }

    [Fact]
    public void A_calendar_without_events_still_has_a_component()
    {
        Assert.Equal(
            ["America/Chicago"],
            Load(
                HoursCalendar
                    .Of([(FormatTests.Somewhere, Schedule())], "Clinic", CultureInfo.InvariantCulture, Now(Today))
                    .Body
            )
                .TimeZones.Select(zone => zone.TzId)
        );
        Assert.Equal(
            ["UTC"],
            Load(HoursCalendar.Of([], "Clinic", CultureInfo.InvariantCulture, Now(Today)).Body)
                .TimeZones.Select(zone => zone.TzId)
        );
    }

    [Fact]
    public void A_calendar_has_its_name_in_the_new_and_the_old_property()
    {
        var lines = HoursCalendar
            .Of([(FormatTests.Somewhere, Schedule())], "Clinic; A, B", CultureInfo.InvariantCulture, Now(Today))
            .Body.Split("\r\n");
        Assert.Contains(@"NAME:Clinic\; A\, B", lines);
        Assert.Contains(@"X-WR-CALNAME:Clinic\; A\, B", lines);
    }

    [Theory]
    // A closure without a first date is the same event on every day.
    [InlineData("closure", 1)]
    [InlineData("closure", 30)]
    [InlineData("yearly", 1)]
    [InlineData("yearly", 366)]
    [InlineData("yearlyRange", 366)]
    [InlineData("weekday", 366)]
    [InlineData("timed", 366)]
    [InlineData("forGood", 30)]
    // One that goes on for years keeps its beginning.
    [InlineData("long", 366)]
    [InlineData("long", 1)]
    public void An_event_is_the_same_on_another_day(string kind, int days)
    {
        var christmas = new DateRule.Yearly(new AnnualDate(12, 25), new AnnualDate(12, 25));
        var schedule = kind switch
        {
            "closure" => new Schedule(Chicago, [], [], new TemporaryClosure(null, null, "Flood")),
            "forGood" => new Schedule(Chicago, [], [], null, Today.PlusDays(20)),
            "yearly" => Schedule(new ScheduleException(christmas, ExceptionEffect.Closed, "Christmas", [], false)),
            "timed" => Schedule(
                new ScheduleException(christmas, ExceptionEffect.Periods, "Christmas", [Period(10, 0, 12, 0)], false)
            ),
            "yearlyRange" => Schedule(
                new ScheduleException(
                    new DateRule.Yearly(new AnnualDate(12, 24), new AnnualDate(12, 26)),
                    ExceptionEffect.Closed,
                    "Christmas",
                    [],
                    false
                )
            ),
            "weekday" => Schedule(
                new ScheduleException(
                    new DateRule.YearlyWeekday(4, IsoDayOfWeek.Thursday, 11),
                    ExceptionEffect.Closed,
                    "Thanksgiving",
                    [],
                    false
                )
            ),
            _ => Schedule(
                new ScheduleException(
                    new DateRule.Dates(Today.PlusDays(-500), Today.PlusDays(800)),
                    ExceptionEffect.Closed,
                    "Works",
                    [],
                    false
                )
            ),
        };
        var now = Assert.Single(Load(Text(schedule)).Events).Uid!;
        Assert.True(Guid.TryParse(now, out _), now);
        Assert.Equal(now, Assert.Single(Load(Text(schedule, Today.PlusDays(days))).Events).Uid);
    }

    // The inventory is of the whole clinic, and stays one event although it is the third exception of a location and the
    // only one of another.
    [Fact]
    public void Exceptions_that_differ_in_their_reasons_alone_are_events_of_their_own()
    {
        ScheduleException Part(string reason, bool clinicWide) =>
            new(
                new DateRule.Dates(Today, Today),
                ExceptionEffect.ClosedPart,
                reason,
                [Period(10, 0, 12, 0)],
                clinicWide
            );
        var inventory = Part("Inventory", clinicWide: true);
        var here = FormatTests.Somewhere with { Slug = "here" };
        var there = FormatTests.Somewhere with { Slug = "there" };
        var events = Load(
            HoursCalendar
                .Of(
                    [
                        (here, Schedule(Part("Training", false), Part("Repairs", false), inventory)),
                        (there, Schedule(inventory)),
                    ],
                    "Clinic",
                    CultureInfo.InvariantCulture,
                    Now(Today)
                )
                .Body
        ).Events;
        Assert.Equal(3, events.Count);
        Assert.Distinct(events.Select(happening => happening.Uid));
    }

    [Fact]
    public void Every_event_of_a_random_calendar_has_a_unique_identifier()
    {
        foreach (var seed in RandomPlansAttribute.DrawSeeds(100))
        {
            var plan = new RandomSchedules(seed).Next();
            var events = Load(
                HoursCalendar
                    .Of([(FormatTests.Somewhere, plan.ToSchedule())], "Clinic", CultureInfo.InvariantCulture, plan.Now)
                    .Body
            ).Events;
            Assert.True(
                events.Select(happening => happening.Uid).Distinct().Count() == events.Count,
                $"seed {seed}\n{plan}"
            );
        }
    }

    [Theory]
    // 02:00 to 03:00 does not happen: the end is the moment of the change.
    [InlineData("2027-03-14", "00:00-02:30", "2027-03-14T06:00:00Z", "2027-03-14T08:00:00Z")]
    [InlineData("2027-03-14", "02:30-05:00", "2027-03-14T08:00:00Z", "2027-03-14T10:00:00Z")]
    [InlineData("2027-03-13", "20:00-02:30", "2027-03-14T02:00:00Z", "2027-03-14T08:00:00Z")]
    // 01:00 to 02:00 happens twice: it begins with the first and ends with the second.
    [InlineData("2027-11-07", "00:00-01:45", "2027-11-07T05:00:00Z", "2027-11-07T07:45:00Z")]
    [InlineData("2027-11-07", "01:15-05:00", "2027-11-07T06:15:00Z", "2027-11-07T11:00:00Z")]
    [InlineData("2027-11-06", "20:00-01:45", "2027-11-07T01:00:00Z", "2027-11-07T07:45:00Z")]
    [InlineData("2027-11-08", "00:00-01:45", "2027-11-08T06:00:00Z", "2027-11-08T07:45:00Z")]
    public void An_event_has_the_instants_of_the_engine_where_clocks_change(
        string date,
        string time,
        string start,
        string end
    )
    {
        var day = NodaTime.Text.LocalDatePattern.Iso.Parse(date).Value;
        var period = Period(
            int.Parse(time[..2], CultureInfo.InvariantCulture),
            int.Parse(time[3..5], CultureInfo.InvariantCulture),
            int.Parse(time[6..8], CultureInfo.InvariantCulture),
            int.Parse(time[9..], CultureInfo.InvariantCulture)
        );
        var text = Text(
            Schedule(
                new ScheduleException(new DateRule.Dates(day, day), ExceptionEffect.Periods, "Night", [period], false)
            ),
            day.PlusDays(-30)
        );
        var happening = Assert.Single(Load(text).Events);
        Assert.Equal(
            (start, end),
            ($"{happening.Start!.AsUtc:yyyy-MM-ddTHH:mm:ssZ}", $"{happening.End!.AsUtc:yyyy-MM-ddTHH:mm:ssZ}")
        );
    }

    [Fact]
    public void A_date_with_a_clock_change_is_an_event_of_its_own()
    {
        var first = new LocalDate(2027, 3, 12);
        var text = Text(
            Schedule(
                new ScheduleException(
                    new DateRule.Dates(first, first.PlusDays(4)),
                    ExceptionEffect.Periods,
                    "Nights",
                    [Period(0, 0, 2, 30)],
                    false
                )
            ),
            first.PlusDays(-3)
        );
        var events = Load(text).Events.OrderBy(happening => happening.Start).ToArray();
        Assert.Equal(
            ["20270312T000000 FREQ=DAILY;UNTIL=20270317T045959Z 20270314T000000", "20270314T060000Z  "],
            events.Select(happening =>
                $"{happening.Start!.Value:yyyyMMddTHHmmss}{(happening.Start.IsUtc ? "Z" : "")} {happening.RecurrenceRule} "
                + string.Join(
                    ",",
                    happening.ExceptionDates.GetAllDates().Select(date => $"{date.Value:yyyyMMddTHHmmss}")
                )
            )
        );
    }

    // The range is from 24 to 26 November, and the coming year ends on 25 November 2027.
    [Theory]
    [InlineData("2027-11-26", "2027-11-26", "20261124-20261127 FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=24")]
    [InlineData("2027-11-25", "2027-11-26", "20261124-20261127 ", "20271124-20271125 ")]
    [InlineData("2027-11-24", "2027-11-24", "20261124-20261127 ", "20271125-20271126 ")]
    [InlineData("2027-11-24", "2027-11-26", "20261124-20261127 ")]
    [InlineData("2026-11-25", "2026-11-26", "20271124-20271127 FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=24")]
    public void A_yearly_range_is_not_on_dates_on_which_another_exception_decides(
        string from,
        string to,
        params string[] expected
    )
    {
        var text = Text(
            Schedule(
                new ScheduleException(
                    new DateRule.Yearly(new AnnualDate(11, 24), new AnnualDate(11, 26)),
                    ExceptionEffect.Closed,
                    "Training",
                    [],
                    false
                ),
                new ScheduleException(
                    new DateRule.Dates(
                        NodaTime.Text.LocalDatePattern.Iso.Parse(from).Value,
                        NodaTime.Text.LocalDatePattern.Iso.Parse(to).Value
                    ),
                    ExceptionEffect.AsUsual,
                    "Open",
                    [],
                    false
                )
            )
        );
        Assert.Equal(
            expected,
            Load(text)
                .Events.Where(happening => happening.Summary == "Training, closed")
                .OrderBy(happening => happening.Start)
                .Select(happening =>
                    $"{happening.Start!.Value:yyyyMMdd}-{happening.End!.Value:yyyyMMdd} {happening.RecurrenceRule}"
                )
        );
    }

    // Programs take the skipped 02:30 for 03:30, which would be after the end.
    [Fact]
    public void A_yearly_event_begins_with_a_time_that_exists()
    {
        var date = new AnnualDate(3, 14);
        var exception = new ScheduleException(
            new DateRule.Yearly(date, date),
            ExceptionEffect.Periods,
            "Night",
            [Period(2, 30, 3, 15)],
            false
        );
        var events = Load(Text(Schedule(exception), new LocalDate(2027, 3, 1)))
            .Events.OrderBy(happening => happening.Start);
        Assert.Equal(
            ["20270314T080000 ", "20280314T023000 FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=14"],
            events.Select(happening => $"{happening.Start!.Value:yyyyMMddTHHmmss} {happening.RecurrenceRule}")
        );
    }

    [Fact]
    public void A_skipped_date_splits_a_range_into_two_events()
    {
        var zone = DateTimeZoneProviders.Tzdb["Pacific/Fakaofo"];
        var first = new LocalDate(2011, 12, 28);
        var exception = new ScheduleException(
            new DateRule.Dates(first, first.PlusDays(5)),
            ExceptionEffect.Periods,
            "Nights",
            [Period(0, 0, 8, 30)],
            false
        );
        var calendar = HoursCalendar.Of(
            [(FormatTests.Somewhere, new Schedule(zone, [], [exception]))],
            "Clinic",
            CultureInfo.InvariantCulture,
            Now(first.PlusDays(-3))
        );
        Assert.Equal(
            [
                "20111228T000000 FREQ=DAILY;UNTIL=20111230T105959Z 0",
                "20111231T000000 FREQ=DAILY;UNTIL=20120102T105959Z 0",
            ],
            Load(calendar.Body)
                .Events.OrderBy(happening => happening.Start)
                .Select(happening =>
                    $"{happening.Start!.Value:yyyyMMddTHHmmss} {happening.RecurrenceRule} {happening.ExceptionDates.GetAllDates().Count()}"
                )
        );
    }

    [Theory]
    [InlineData("08:00-12:00,12:00-17:00", "08:00-17:00")]
    [InlineData("08:00-13:00,12:00-17:00", "08:00-17:00")]
    [InlineData("08:00-17:00,09:00-10:00", "08:00-17:00")]
    [InlineData("20:00-00:00,22:00-02:00", "20:00-02:00")]
    [InlineData("08:00-12:00,13:00-17:00", "08:00-12:00,13:00-17:00")]
    public void Periods_that_touch_or_overlap_are_one_event(string periods, string expected)
    {
        var exception = new ScheduleException(
            new DateRule.Dates(Today, Today),
            ExceptionEffect.Periods,
            "Day",
            [
                .. periods
                    .Split(',')
                    .Select(time =>
                        Period(
                            int.Parse(time[..2], CultureInfo.InvariantCulture),
                            0,
                            int.Parse(time[6..8], CultureInfo.InvariantCulture),
                            0
                        )
                    ),
            ],
            false
        );
        Assert.Equal(
            expected,
            string.Join(
                ",",
                Load(Text(Schedule(exception)))
                    .Events.OrderBy(happening => happening.Start)
                    .Select(happening => $"{happening.Start!.Value:HH:mm}-{happening.End!.Value:HH:mm}")
            )
        );
    }

    static Schedule Schedule(params ScheduleException[] exceptions) => new(Chicago, [], exceptions);

    static Schedule Closed(string reason, LocalDate date) =>
        Schedule(new ScheduleException(new DateRule.Dates(date, date), ExceptionEffect.Closed, reason, [], false));

    static Period Period(int hour, int minute, int untilHour, int untilMinute) =>
        new(new LocalTime(hour, minute), new LocalTime(untilHour, untilMinute));

    static string Text(Schedule schedule, LocalDate? today = null) =>
        HoursCalendar
            .Of([(FormatTests.Somewhere, schedule)], "Clinic", CultureInfo.InvariantCulture, Now(today ?? Today))
            .Body;

    static Instant Now(LocalDate today) => today.AtMidnight().InZoneLeniently(Chicago).ToInstant();

    static Ical.Net.Calendar Load(string text) => Ical.Net.Calendar.Load(text)!;
}
