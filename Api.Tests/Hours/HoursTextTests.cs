using System.Globalization;
using Api.Hours;
using Api.Seed;
using NodaTime;

namespace Api.Tests.Hours;

public sealed class HoursTextTests
{
    [Theory]
    [InlineData("8-17|8-17|8-17|8-17|8-17||", "Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed")]
    [InlineData("||||||", "Every day closed")]
    [InlineData("8-17|8-17|8-17|8-17|8-17|8-17|8-17", "Every day 8:00 am–5:00 pm")]
    [InlineData("8-17||8-17||8-17||", "Monday, Wednesday and Friday 8:00 am–5:00 pm; Tuesday, Thursday, Saturday and Sunday closed")]
    [InlineData("8-17|8-17|||8-17|8-17|8-17", "Monday, Tuesday and Friday to Sunday 8:00 am–5:00 pm; Wednesday and Thursday closed")]
    [InlineData("0-0|0-0|0-0|0-0|0-0|0-0|0-0", "Every day open 24 hours")]
    [InlineData("8-12,13-17||||||", "Monday 8:00 am–12:00 pm and 1:00 pm–5:00 pm; Tuesday to Sunday closed")]
    [InlineData("8-9,10-11,12-13||||||", "Monday 8:00 am–9:00 am, 10:00 am–11:00 am and 12:00 pm–1:00 pm; Tuesday to Sunday closed")]
    [InlineData("22-6||||||", "Monday 10:00 pm–6:00 am; Tuesday to Sunday closed")]
    public void Days_with_the_same_periods_are_said_together(string week, string text) => Assert.Equal(text, HoursText.In(English).Of(Week(week)));

    [Fact]
    public void Unknown_hours_are_said_to_be_unknown() => Assert.Equal("Hours are not known", HoursText.In(English).Of((WeeklyHours?)null));

    [Fact]
    public void A_period_that_closes_when_it_opens_is_the_whole_day_or_nothing()
    {
        _ = new Period(LocalTime.Midnight, LocalTime.Midnight);
        Assert.Throws<ArgumentException>(() => new Period(LocalTime.Noon, LocalTime.Noon));
        Assert.Null(SeedFiles.ParsePeriod("12:00-12:00"));
    }

    static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");

    static WeeklyHours Week(string text) => new(text.Split('|')
        .SelectMany((day, index) => day.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(period => (Day: (IsoDayOfWeek)(index + 1), Text: period)))
        .ToLookup(pair => pair.Day, pair => new Period(Hour(pair.Text.Split('-')[0]), Hour(pair.Text.Split('-')[1]))));

    static LocalTime Hour(string text) => new(int.Parse(text, null), 0);
}
