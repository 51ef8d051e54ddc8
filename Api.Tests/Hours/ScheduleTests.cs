using Api.Hours;
using Api.Seed;
using NodaTime;
using NodaTime.Text;

namespace Api.Tests.Hours;

/// <summary>
/// The edge cases of the engine, one in each row. Hours are written as in a seed, instants as local time with offset.
/// </summary>
[AnyEngine]
public sealed class ScheduleTests
{
    const string NewYork = "America/New_York";

    [Theory]
    // An end is exclusive.
    [InlineData(
        NewYork,
        "09:00-17:00",
        "2026-06-01T08:59:59-04",
        "Closed",
        "2026-06-01T09:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    [InlineData(
        NewYork,
        "09:00-17:00",
        "2026-06-01T09:00:00-04",
        "Open",
        "2026-06-02T09:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    [InlineData(
        NewYork,
        "09:00-17:00",
        "2026-06-01T16:59:59-04",
        "Open",
        "2026-06-02T09:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    [InlineData(
        NewYork,
        "09:00-17:00",
        "2026-06-01T17:00:00-04",
        "Closed",
        "2026-06-02T09:00:00-04",
        "2026-06-02T17:00:00-04"
    )]
    // A lunch break.
    [InlineData(
        NewYork,
        "08:00-12:00 13:00-17:00",
        "2026-06-01T12:30:00-04",
        "Closed",
        "2026-06-01T13:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    // Periods that touch, overlap or go on over midnight are one stay.
    [InlineData(
        NewYork,
        "08:00-12:00 12:00-17:00",
        "2026-06-01T09:00:00-04",
        "Open",
        "2026-06-02T08:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    [InlineData(
        NewYork,
        "08:00-13:00 12:00-17:00",
        "2026-06-01T09:00:00-04",
        "Open",
        "2026-06-02T08:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    [InlineData(
        NewYork,
        "00:00-03:00 22:00-00:00",
        "2026-06-01T23:00:00-04",
        "Open",
        "2026-06-02T22:00:00-04",
        "2026-06-02T03:00:00-04"
    )]
    [InlineData(
        NewYork,
        "22:00-06:00",
        "2026-06-02T05:59:59-04",
        "Open",
        "2026-06-02T22:00:00-04",
        "2026-06-02T06:00:00-04"
    )]
    // Always open never opens and never closes.
    [InlineData(NewYork, "00:00-00:00", "2026-06-01T12:00:00-04", "Open", null, null)]
    // Never open neither.
    [InlineData(NewYork, "", "2026-06-01T12:00:00-04", "Closed", null, null)]
    // Answering the telephone is not seeing anybody.
    [InlineData(
        NewYork,
        "08:00-09:00/telephoneOnly 09:00-17:00",
        "2026-06-01T08:30:00-04",
        "Closed",
        "2026-06-01T09:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    // By appointment and open are one stay, since neither is closed, and two states.
    [InlineData(
        NewYork,
        "08:00-09:00/byAppointment 09:00-17:00",
        "2026-06-01T08:30:00-04",
        "ByAppointment",
        "2026-06-02T08:00:00-04",
        "2026-06-01T17:00:00-04"
    )]
    // 2:30 is skipped: what opens in it opens at 3:00, and what ends in it ends there.
    [InlineData(
        NewYork,
        "02:30-05:00",
        "2026-03-08T01:59:59-05",
        "Closed",
        "2026-03-08T03:00:00-04",
        "2026-03-08T05:00:00-04"
    )]
    [InlineData(
        NewYork,
        "01:00-02:30",
        "2026-03-08T01:30:00-05",
        "Open",
        "2026-03-09T01:00:00-04",
        "2026-03-08T03:00:00-04"
    )]
    [InlineData(
        NewYork,
        "02:10-02:50",
        "2026-03-08T01:59:00-05",
        "Closed",
        "2026-03-09T02:10:00-04",
        "2026-03-09T02:50:00-04"
    )]
    // 1:30 comes twice: what opens in it opens the first time, and what ends in it ends the second.
    [InlineData(
        NewYork,
        "01:30-05:00",
        "2026-11-01T01:29:59-04",
        "Closed",
        "2026-11-01T01:30:00-04",
        "2026-11-01T05:00:00-05"
    )]
    [InlineData(
        NewYork,
        "00:00-01:30",
        "2026-11-01T01:45:00-04",
        "Open",
        "2026-11-02T00:00:00-05",
        "2026-11-01T01:30:00-05"
    )]
    [InlineData(
        NewYork,
        "00:00-01:00",
        "2026-11-01T00:30:00-04",
        "Open",
        "2026-11-02T00:00:00-05",
        "2026-11-01T01:00:00-05"
    )]
    [InlineData(
        NewYork,
        "01:00-02:00",
        "2026-11-01T00:30:00-04",
        "Closed",
        "2026-11-01T01:00:00-04",
        "2026-11-01T02:00:00-05"
    )]
    // Midnight comes twice.
    [InlineData(
        "America/Havana",
        "20:00-00:00",
        "2024-11-03T00:30:00-04",
        "Open",
        "2024-11-03T20:00:00-05",
        "2024-11-03T00:00:00-05"
    )]
    // Half an hour.
    [InlineData(
        "Australia/Lord_Howe",
        "02:15-05:00",
        "2026-10-04T01:59:00+10:30",
        "Closed",
        "2026-10-04T02:30:00+11",
        "2026-10-04T05:00:00+11"
    )]
    // At midnight, which does not exist then.
    [InlineData(
        "America/Havana",
        "00:00-08:00",
        "2024-03-09T23:00:00-05",
        "Closed",
        "2024-03-10T01:00:00-04",
        "2024-03-10T08:00:00-04"
    )]
    // A date that does not exist: nothing opens on it, and the night before it ends as the next date begins.
    [InlineData(
        "Pacific/Apia",
        "09:00-17:00",
        "2011-12-29T20:00:00-10",
        "Closed",
        "2011-12-31T09:00:00+14",
        "2011-12-31T17:00:00+14"
    )]
    [InlineData(
        "Pacific/Apia",
        "22:00-06:00",
        "2011-12-29T23:00:00-10",
        "Open",
        "2011-12-31T22:00:00+14",
        "2011-12-31T00:00:00+14"
    )]
    public void The_same_hours_every_day(
        string zone,
        string hours,
        string at,
        string state,
        string? opens,
        string? closes
    ) => Check(Schedule(zone, hours), at, state, opens, closes);

    [Theory]
    // 2026-12-25 is a Friday.
    [InlineData("every 12-25 closed", "2026-12-25T12:00:00-05", "Closed", "2026-12-26T09:00:00-05", "Christmas")]
    [InlineData(
        "every fourth thursday of november closed",
        "2026-11-26T12:00:00-05",
        "Closed",
        "2026-11-27T09:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "every last monday of may closed",
        "2026-05-25T12:00:00-04",
        "Closed",
        "2026-05-26T09:00:00-04",
        "Christmas"
    )]
    // In 2027 the last Monday of May is the 31st and in 2028 the 29th, which is the fifth in both.
    [InlineData("every last monday of may closed", "2027-05-24T12:00:00-04", "Open", "2027-05-25T09:00:00-04", null)]
    [InlineData(
        "every last monday of may closed",
        "2027-05-31T12:00:00-04",
        "Closed",
        "2027-06-01T09:00:00-04",
        "Christmas"
    )]
    [InlineData("every last monday of may closed", "2028-05-22T12:00:00-04", "Open", "2028-05-23T09:00:00-04", null)]
    [InlineData(
        "every last monday of may closed",
        "2028-05-29T12:00:00-04",
        "Closed",
        "2028-05-30T09:00:00-04",
        "Christmas"
    )]
    [InlineData(
        "every 12-24 to 01-02 closed",
        "2027-01-01T12:00:00-05",
        "Closed",
        "2027-01-03T09:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "2026-12-24 to 2026-12-26 closed",
        "2026-12-24T12:00:00-05",
        "Closed",
        "2026-12-27T09:00:00-05",
        "Christmas"
    )]
    [InlineData("every 02-29 closed", "2028-02-29T12:00:00-05", "Closed", "2028-03-01T09:00:00-05", "Christmas")]
    [InlineData("every 02-29 closed", "2027-02-28T12:00:00-05", "Open", "2027-03-01T09:00:00-05", null)]
    // Other hours, and what is closed of the usual ones.
    [InlineData("2026-12-25 10:00-11:00", "2026-12-25T12:00:00-05", "Closed", "2026-12-26T09:00:00-05", "Christmas")]
    [InlineData(
        "2026-12-25 part 12:00-13:00",
        "2026-12-25T12:00:00-05",
        "Closed",
        "2026-12-25T13:00:00-05",
        "Christmas"
    )]
    [InlineData("2026-12-25 part 12:00-13:00", "2026-12-25T13:00:00-05", "Open", "2026-12-26T09:00:00-05", null)]
    // The night before is closed with the evening on which it opened, not with the date on which it ends.
    [InlineData(
        "2026-12-25 22:00-03:00; 2026-12-26 closed",
        "2026-12-26T02:00:00-05",
        "Open",
        "2026-12-27T09:00:00-05",
        "Christmas"
    )]
    // A part that is closed is closed, whatever runs into it.
    [InlineData(
        "2026-12-25 22:00-03:00; 2026-12-26 part 01:00-02:00",
        "2026-12-26T01:30:00-05",
        "Closed",
        "2026-12-26T02:00:00-05",
        "Christmas"
    )]
    // Once before yearly, the location's own before the clinic's, a date before a range; and as usual lifts.
    [InlineData(
        "clinic 2026-12-25 closed; 2026-12-20 to 2026-12-31 10:00-14:00",
        "2026-12-25T13:00:00-05",
        "Open",
        "2026-12-26T10:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "2026-12-20 to 2026-12-31 closed; 2026-12-25 10:00-14:00",
        "2026-12-25T13:00:00-05",
        "Open",
        "2027-01-01T09:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "every 12-25 closed; 2026-12-25 10:00-14:00",
        "2026-12-25T13:00:00-05",
        "Open",
        "2026-12-26T09:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "clinic every 12-25 closed; 2026-12-25 usual",
        "2026-12-25T13:00:00-05",
        "Open",
        "2026-12-26T09:00:00-05",
        "Christmas"
    )]
    // The one with fewer days, in every month and over New Year.
    [InlineData(
        "every 07-04 closed; every 06-15 to 08-15 07:00-13:00",
        "2026-07-04T12:00:00-04",
        "Closed",
        "2026-07-05T07:00:00-04",
        "Christmas"
    )]
    [InlineData(
        "every 06-15 to 08-15 07:00-13:00; every 07-04 closed",
        "2026-07-04T12:00:00-04",
        "Closed",
        "2026-07-05T07:00:00-04",
        "Christmas"
    )]
    [InlineData(
        "every 12-24 to 01-02 closed; every 12-01 to 12-31 08:00-20:00",
        "2026-12-28T12:00:00-05",
        "Closed",
        "2027-01-03T09:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "every 12-24 to 01-02 closed; every 01-01 to 01-31 08:00-20:00",
        "2027-01-01T12:00:00-05",
        "Closed",
        "2027-01-03T08:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "every 11-01 to 03-31 closed; every 12-01 to 12-31 08:00-20:00",
        "2026-12-15T12:00:00-05",
        "Open",
        "2026-12-16T08:00:00-05",
        "Christmas"
    )]
    [InlineData(
        "2026-06-01 to 2026-08-31 07:00-13:00; 2026-05-15 to 2026-12-15 closed",
        "2026-07-04T12:00:00-04",
        "Open",
        "2026-07-05T07:00:00-04",
        "Christmas"
    )]
    public void An_exception_changes_the_status(
        string exceptions,
        string at,
        string state,
        string opens,
        string? reason
    )
    {
        var status = Check(Schedule(NewYork, "09:00-17:00", exceptions), at, state, opens, null, all: false);
        Assert.Equal(reason, (status.Moment.ClosedBy ?? status.Moment.Day.Exception)?.Reason);
    }

    [Theory]
    [InlineData("2026-05-31T12:00:00-04", "Open", "2026-06-01T07:00:00-04", "2026-05-31T17:00:00-04")]
    [InlineData("2026-06-01T16:00:00-04", "Closed", "2026-06-02T07:00:00-04", "2026-06-02T15:00:00-04")]
    // The past stays answerable.
    [InlineData("2020-06-01T16:00:00-04", "Open", "2020-06-02T09:00:00-04", "2020-06-01T17:00:00-04")]
    public void Summer_hours_are_valid_from_their_date_on(string at, string state, string opens, string closes) =>
        Check(
            new Schedule(
                DateTimeZoneProviders.Tzdb[NewYork],
                [Weekly("09:00-17:00"), Weekly("07:00-15:00", new LocalDate(2026, 6, 1))],
                []
            ),
            at,
            state,
            opens,
            closes
        );

    [Theory]
    [InlineData("2026-05-31", "2026-06-03", "2026-06-01T12:00:00-04", "TemporarilyClosed", "2026-06-03T09:00:00-04")]
    [InlineData("2026-05-31", "2026-06-03", "2026-06-03T12:00:00-04", "Open", "2026-06-04T09:00:00-04")]
    [InlineData("2026-06-02", null, "2026-06-01T12:00:00-04", "Open", null)]
    [InlineData(null, null, "2026-06-01T12:00:00-04", "TemporarilyClosed", null)]
    public void A_temporary_closure_changes_the_status(
        string? from,
        string? reopens,
        string at,
        string state,
        string? opens
    ) =>
        Check(
            new Schedule(
                DateTimeZoneProviders.Tzdb[NewYork],
                [Weekly("09:00-17:00")],
                [],
                new TemporaryClosure(Date(from), Date(reopens), "Works")
            ),
            at,
            state,
            opens,
            null,
            all: false
        );

    [Theory]
    [InlineData("2026-06-01T16:59:59-04", "Open", null, "2026-06-01T17:00:00-04", "2026-06-01T17:00:00-04")]
    [InlineData("2026-06-01T17:00:00-04", "Closed", null, null, "2026-06-02T00:00:00-04")]
    [InlineData("2026-06-02T00:00:00-04", "Closed", null, null, null)]
    [InlineData("2036-06-02T12:00:00-04", "Closed", null, null, null)]
    public void A_permanent_closure_overrides_everything_else(
        string at,
        string state,
        string? opens,
        string? closes,
        string? until
    )
    {
        var schedule = ForGood(
            "09:00-17:00",
            "2026-06-02 10:00-14:00; every 06-03 usual; 2026-06-02 to 2026-06-04 part 18:00-19:00; 2026-06-02 part 12:00-13:00",
            new TemporaryClosure(Date("2026-06-02"), Date("2026-06-03"), "Works"),
            Weekly("08:00-20:00", Date("2026-06-03"))
        );
        Assert.Equal(At(until), Check(schedule, at, state, opens, closes).ValidUntil);
    }

    [Theory]
    [InlineData("22:00-06:00", true), InlineData("22:00-06:00", false)]
    // One that a part of the evening interrupts goes on.
    [
        InlineData("22:00-06:00", true, "2026-06-01 part 23:00-03:00"),
        InlineData("22:00-06:00", false, "2026-06-01 part 23:00-03:00")
    ]
    public void A_period_of_the_evening_before_runs_on_into_a_closure(
        string hours,
        bool forGood,
        string exceptions = ""
    )
    {
        var schedule = forGood
            ? ForGood(hours, exceptions)
            : new Schedule(
                DateTimeZoneProviders.Tzdb[NewYork],
                [Weekly(hours)],
                [.. exceptions.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(Exception)],
                new TemporaryClosure(Date("2026-06-02"), null, "Works")
            );
        var closed = forGood ? "Closed" : "TemporarilyClosed";
        if (exceptions.Length > 0)
            Check(schedule, "2026-06-02T01:00:00-04", closed, "2026-06-02T03:00:00-04", "2026-06-02T06:00:00-04");
        var last = Check(schedule, "2026-06-02T04:00:00-04", "Open", null, "2026-06-02T06:00:00-04");
        Assert.Equal(At("2026-06-02T06:00:00-04"), last.ValidUntil);
        Assert.Null(Check(schedule, "2026-06-02T06:00:00-04", closed, null, null).ValidUntil);
        Assert.Equal(forGood, schedule.IsPermanentlyClosed(At("2026-06-02T00:00:00-04")!.Value));
        Assert.False(schedule.IsPermanentlyClosed(At("2026-06-01T23:59:59-04")!.Value));
    }

    [Fact]
    public void A_permanent_closure_overrides_unknown_hours_and_ends_a_temporary_closure()
    {
        var unknown = new Schedule(
            DateTimeZoneProviders.Tzdb[NewYork],
            [],
            [],
            new TemporaryClosure(Date("2026-06-02"), null, null),
            Date("2026-06-04")
        );
        Assert.Equal(
            At("2026-06-02T00:00:00-04"),
            Check(unknown, "2026-06-01T12:00:00-04", "Unknown", null, null).ValidUntil
        );
        Assert.Equal(
            At("2026-06-04T00:00:00-04"),
            Check(unknown, "2026-06-02T12:00:00-04", "TemporarilyClosed", null, null).ValidUntil
        );
        Assert.Null(Check(unknown, "2026-06-04T12:00:00-04", "Closed", null, null).ValidUntil);
        Assert.Equal(
            (false, false, true),
            (
                unknown.StaysTheSameFrom(Date("2026-06-01")!.Value),
                unknown.StaysTheSameFrom(Date("2026-06-03")!.Value),
                unknown.StaysTheSameFrom(Date("2026-06-04")!.Value)
            )
        );
        Assert.Equal(
            [DayKind.Unknown, DayKind.TemporarilyClosed, DayKind.TemporarilyClosed, DayKind.ClosedForGood],
            CalendarDay.List(unknown, Date("2026-06-01")!.Value, Date("2026-06-04")!.Value).Select(day => day.Rule.Kind)
        );
    }

    [Fact]
    public void Unknown_is_not_closed()
    {
        var unknown = new Schedule(DateTimeZoneProviders.Tzdb[NewYork], [], [Exception("2026-12-25 closed")]);
        Check(unknown, "2026-12-24T12:00:00-05", "Unknown", null, null);
        Check(unknown, "2026-12-25T12:00:00-05", "Closed", null, null);
    }

    [Theory]
    [InlineData(NewYork, "2026-03-07", 24 * 60)]
    [InlineData(NewYork, "2026-03-08", 23 * 60)]
    [InlineData(NewYork, "2026-11-01", 25 * 60)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", (24 * 60) + 30)]
    [InlineData("Pacific/Apia", "2011-12-30", 0)]
    public void Open_minutes_are_counted_in_instants(string zone, string date, int minutes)
    {
        var day = Assert.Single(CalendarDay.List(Schedule(zone, "00:00-00:00"), Date(date)!.Value, Date(date)!.Value));
        Assert.Equal(Duration.FromMinutes(minutes), day.OpenTime);
    }

    [Theory]
    [InlineData("every 01-01", 1), InlineData("every 02-29", 1), InlineData("every 01-01 to 12-31", 366)]
    [
        InlineData("every 06-15 to 08-15", 62),
        InlineData("every 03-10 to 04-19", 41),
        InlineData("every 12-24 to 01-02", 10)
    ]
    [
        InlineData("every 02-28 to 03-01", 3),
        InlineData("every 12-31 to 12-30", 366),
        InlineData("every 07-01 to 06-30", 366)
    ]
    [
        InlineData("every last monday of may", 1),
        InlineData("2026-06-15 to 2026-08-15", 62),
        InlineData("2027-02-28 to 2027-03-01", 2)
    ]
    [InlineData("2028-02-28 to 2028-03-01", 3), InlineData("2026-12-24 to 2028-01-02", 375)]
    public void A_rule_knows_its_number_of_days(string when, int days) =>
        Assert.Equal(days, SeedFiles.ParseDateRule(when)!.Days);

    // The location is open on Wednesdays from 8:00 to 12:00, and on Sundays the telephone is answered from 18:00 to
    // 7:00.
    [Theory]
    // Sunday evening: the sentence names Monday, and at midnight it no longer does.
    [InlineData(
        "2026-11-29T20:00:00-05",
        "2026-11-30T00:00:00-05",
        "By telephone only until Monday at 7:00 am. Opens Wednesday at 8:00 am"
    )]
    [InlineData(
        "2026-11-30T00:00:00-05",
        "2026-11-30T07:00:00-05",
        "By telephone only until 7:00 am. Opens Wednesday at 8:00 am"
    )]
    // An opening more than six days off is named with its date, until the sixth day before it.
    [InlineData("2026-11-25T12:00:00-05", "2026-11-26T00:00:00-05", "Closed. Opens Wednesday, December 2, at 8:00 am")]
    [InlineData("2026-11-26T00:00:00-05", "2026-11-27T00:00:00-05", "Closed. Opens Wednesday at 8:00 am")]
    public void An_answer_is_valid_until_the_midnight_at_which_its_sentence_changes(
        string at,
        string until,
        string text
    )
    {
        var periods = new[]
        {
            (IsoDayOfWeek.Wednesday, Periods("08:00-12:00")[0]),
            (IsoDayOfWeek.Sunday, Periods("18:00-07:00/telephoneOnly")[0]),
        };
        var schedule = new Schedule(
            DateTimeZoneProviders.Tzdb[NewYork],
            [new WeeklyHours(periods.ToLookup(pair => pair.Item1, pair => pair.Item2))],
            []
        );
        var status = schedule.StatusAt(At(at)!.Value);
        Assert.Equal(
            (text, At(until)),
            (
                HoursText.In(System.Globalization.CultureInfo.GetCultureInfo("en")).FormatStatus(status, schedule.Zone),
                status.ValidUntil
            )
        );
    }

    // In a closure the reason is the same every day, so only the way in which the sentence names the opening changes.
    [Theory]
    [InlineData(
        "2026-12-20T12:00:00-05",
        "2027-01-01T00:00:00-05",
        "Temporarily closed. Opens Monday, January 11, 2027, at 8:00 am"
    )]
    [InlineData(
        "2027-01-01T00:00:00-05",
        "2027-01-05T00:00:00-05",
        "Temporarily closed. Opens Monday, January 11, at 8:00 am"
    )]
    [InlineData("2027-01-05T00:00:00-05", "2027-01-11T00:00:00-05", "Temporarily closed. Opens Monday at 8:00 am")]
    [InlineData("2027-01-11T00:00:00-05", "2027-01-11T08:00:00-05", "Closed. Opens at 8:00 am")]
    public void An_answer_in_a_closure_is_valid_until_the_name_of_the_opening_day_changes(
        string at,
        string until,
        string text
    )
    {
        var schedule = new Schedule(
            DateTimeZoneProviders.Tzdb[NewYork],
            [Weekly("08:00-17:00")],
            [],
            new TemporaryClosure(null, Date("2027-01-11"), "Works")
        );
        var status = schedule.StatusAt(At(at)!.Value);
        Assert.Equal(
            (text, At(until)),
            (
                HoursText.In(System.Globalization.CultureInfo.GetCultureInfo("en")).FormatStatus(status, schedule.Zone),
                status.ValidUntil
            )
        );
    }

    [Fact]
    public void A_night_that_ends_in_unknown_hours_closes_at_its_end()
    {
        var schedule = new Schedule(DateTimeZoneProviders.Tzdb[NewYork], [], [Exception("2027-05-09 16:00-01:00")]);
        Check(schedule, "2027-05-09T12:00:00-04", "Closed", "2027-05-09T16:00:00-04", "2027-05-10T01:00:00-04");
        Check(schedule, "2027-05-10T00:30:00-04", "Open", null, "2027-05-10T01:00:00-04");
        Check(schedule, "2027-05-10T01:00:00-04", "Unknown", null, null);
    }

    static Status Check(Schedule schedule, string at, string state, string? opens, string? closes, bool all = true)
    {
        var status = schedule.StatusAt(At(at)!.Value);
        Assert.Equal(state, $"{status.Moment.State}");
        Assert.Equal(At(opens), status.OpensAt);
        if (all)
            Assert.Equal(At(closes), status.ClosesAt);
        // What is said to hold until a moment is still so just before it.
        if (status.ValidUntil is { } until)
        {
            var last = schedule.StatusAt(until - Duration.Epsilon);
            Assert.Equal(
                (status.Moment.State, status.OpensAt, status.ClosesAt),
                (last.Moment.State, last.OpensAt, last.ClosesAt)
            );
        }
        return status;
    }

    static Schedule Schedule(string zone, string hours, string exceptions = "") =>
        new(
            DateTimeZoneProviders.Tzdb[zone],
            [Weekly(hours)],
            exceptions.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(Exception)
        );

    // From 2026-06-02 on, a Tuesday.
    static Schedule ForGood(
        string hours,
        string exceptions,
        TemporaryClosure? closure = null,
        params WeeklyHours[] later
    ) =>
        new(
            DateTimeZoneProviders.Tzdb[NewYork],
            [Weekly(hours), .. later],
            exceptions.Split("; ", StringSplitOptions.RemoveEmptyEntries).Select(Exception),
            closure,
            Date("2026-06-02")
        );

    static WeeklyHours Weekly(string hours, LocalDate? from = null) =>
        new(
            WeeklyHours
                .Week.SelectMany(day => Periods(hours).Select(period => (day, period)))
                .ToLookup(pair => pair.day, pair => pair.period),
            from
        );

    // "clinic every 12-25 closed": whose, when, and one of closed, usual, part and a period, or periods.
    static ScheduleException Exception(string text)
    {
        var clinic = text.StartsWith("clinic ", StringComparison.Ordinal);
        if (clinic)
            text = text["clinic ".Length..];
        var (when, what) = (text[..text.LastIndexOf(' ')], text[(text.LastIndexOf(' ') + 1)..]);
        var part = when.EndsWith(" part", StringComparison.Ordinal);
        if (part)
            when = when[..^" part".Length];
        var effect = part
            ? ExceptionEffect.ClosedPart
            : what switch
            {
                "closed" => ExceptionEffect.Closed,
                "usual" => ExceptionEffect.AsUsual,
                _ => ExceptionEffect.Periods,
            };
        var periods = effect is ExceptionEffect.ClosedPart or ExceptionEffect.Periods ? Periods(what) : [];
        return new ScheduleException(SeedFiles.ParseDateRule(when)!, effect, "Christmas", periods, clinic);
    }

    static Period[] Periods(string hours) =>
        [
            .. hours
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(text =>
                {
                    var parts = text.Split('/');
                    var period = SeedFiles.ParsePeriod(parts[0])!;
                    return parts.Length == 1
                        ? period
                        : new Period(
                            period.Opens,
                            period.Closes,
                            Enum.Parse<AccessMode>(parts[1], ignoreCase: true),
                            null
                        );
                }),
        ];

    static Instant? At(string? text) =>
        text is null ? null : OffsetDateTimePattern.GeneralIso.Parse(text).Value.ToInstant();

    static LocalDate? Date(string? text) => text is null ? null : LocalDatePattern.Iso.Parse(text).Value;
}
