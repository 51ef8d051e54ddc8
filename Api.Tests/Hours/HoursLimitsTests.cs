using Api.Hours;
using Api.Seed;
using NodaTime;

namespace Api.Tests.Hours;

/// <summary>Answers are bounded because the number of periods and closed parts of a day is.</summary>
public sealed class HoursLimitsTests
{
    [Theory]
    [InlineData(10, "2026-01-01 to 2026-12-31", null)]
    [InlineData(11, "2026-01-01 to 2026-12-31", "11 closed parts hold on 2026-01-01. At most 10 can hold on one date.")]
    [InlineData(11, "every 06-15 to 08-15", "11 closed parts hold on 2000-06-15. At most 10 can hold on one date.")]
    [InlineData(
        11,
        "every fifth monday of february",
        "11 closed parts hold on 2016-02-29. At most 10 can hold on one date."
    )]
    public void Closed_parts_on_one_date_are_limited(int count, string when, string? error) =>
        Assert.Equal(error, HoursLimits.Check([.. Enumerable.Range(0, count).Select(_ => Part(when))]));

    [Fact]
    public void Any_number_of_closed_parts_can_hold_on_different_dates() =>
        Assert.Null(
            HoursLimits.Check([
                .. Enumerable
                    .Range(0, 366)
                    .Select(day => Part($"{new LocalDate(2026, 1, 1).PlusDays(day):uuuu-MM-dd}")),
            ])
        );

    [Fact]
    public void Yearly_and_dated_closed_parts_are_counted_together() =>
        Assert.Equal(
            "11 closed parts hold on 2027-05-03. At most 10 can hold on one date.",
            HoursLimits.Check([
                .. Enumerable.Repeat(Part("every first monday of may"), 5),
                .. Enumerable.Repeat(Part("2027-05-03"), 5),
                Part("every 05-03"),
            ])
        );

    [Fact]
    public void The_periods_of_a_day_are_limited()
    {
        Period[] Periods(int count) =>
            [
                .. Enumerable
                    .Range(0, count)
                    .Select(i => new Period(
                        LocalTime.FromMinutesSinceMidnight(20 * i),
                        LocalTime.FromMinutesSinceMidnight((20 * i) + 10)
                    )),
            ];
        ScheduleException Exception(int count) =>
            new(
                SeedFiles.ParseDateRule("2026-12-24")!,
                ExceptionEffect.Periods,
                "Christmas Eve",
                Periods(count),
                clinicWide: false
            );
        WeeklyHours Mondays(int count) => new(Periods(count).ToLookup(_ => IsoDayOfWeek.Monday));
        Assert.Equal((null, null), (HoursLimits.Check(Mondays(24)), HoursLimits.Check([Exception(24)])));
        Assert.Equal("Monday has 25 periods. At most 24 can open on a day.", HoursLimits.Check(Mondays(25)));
        Assert.Equal(
            "'Christmas Eve' has 25 periods. At most 24 can open on a day.",
            HoursLimits.Check([Exception(25)])
        );
    }

    [Fact]
    public void A_seed_with_too_much_on_one_day_is_refused_with_its_line()
    {
        using var seed = new TempFolder();
        var parts = Enumerable
            .Range(0, 11)
            .Select(i =>
                $"  - {{ when: every 01-01 to 12-31, reason: Meeting, closedPart: {8 + i:00}:00-{8 + i:00}:30 }}"
            );
        File.WriteAllText(
            seed.File("clinic.yaml"),
            $"clinic:\n  timeZone: UTC\n  exceptions:\n{string.Join('\n', parts)}\nlocations:\n  - {{ slug: main, name: Main }}\n"
        );
        var fault = Assert.Throws<StartupFault>(() => SeedFolder.Read(seed.Path));
        Assert.EndsWith(
            "clinic.yaml, line 3: 11 closed parts hold on 2000-01-01. At most 10 can hold on one date.",
            fault.Message,
            StringComparison.Ordinal
        );
    }

    static ScheduleException Part(string when) =>
        new(
            SeedFiles.ParseDateRule(when)!,
            ExceptionEffect.ClosedPart,
            "Meeting",
            [SeedFiles.ParsePeriod("12:00-13:00")!],
            clinicWide: false
        );
}
