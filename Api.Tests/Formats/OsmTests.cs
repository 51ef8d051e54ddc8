using Api.Formats;
using Api.Hours;
using Api.Tests.Hours;
using Api.Tests.Npm;
using NodaTime;

namespace Api.Tests.Formats;

/// <summary>
/// What opening_hours.js makes of the values, minute by minute for a year. A failure names the seed, as for <see cref="RandomPlansAttribute"/>.
/// </summary>
public sealed class OsmTests
{
    [Fact]
    public async Task OpenStreetMaps_own_library_says_what_the_engine_says()
    {
        await using var library = await OpeningHoursLibrary.StartAsync();
        foreach (var seed in RandomPlansAttribute.DrawSeeds(150))
        {
            var plan = new RandomSchedules(seed).Next();
            var schedule = plan.ToSchedule();
            var expected = Expected(schedule, plan.Today, WallClock.Days);

            var whole = OsmHours.Of(schedule, plan.Today, int.MaxValue);
            var wrong = FirstDifference(expected, await library.ReadAsync(whole.Body, plan.Today, WallClock.Days));
            Assert.True(wrong is null, $"From {plan.Today.AtMidnight().PlusMinutes(wrong ?? 0)} on: {whole.Body}\nseed {seed}\n{plan}");

            // Where there is room for less, what is near is right, and what is told otherwise is named.
            var value = OsmHours.Of(schedule, plan.Today);
            Assert.True(value.Body.Length <= OsmHours.MaxLength, $"{value.Body.Length} characters: {value.Body}\nseed {seed}\n{plan}");
            if (value.Body == whole.Body) continue;
            wrong = FirstDifference(expected, await library.ReadAsync(value.Body, plan.Today, WallClock.Days));
            NotExpressed[] excuses = wrong is null ? [NotExpressed.Reasons, NotExpressed.LaterExceptions, NotExpressed.ChangesToCome]
                : value.Body == "unknown" ? [NotExpressed.Periods] : wrong < 1440 ? [] : [NotExpressed.LaterExceptions, NotExpressed.ChangesToCome];
            Assert.True(value.NotExpressed.Intersect(excuses).Any(),
                $"From {plan.Today.AtMidnight().PlusMinutes(wrong ?? 0)} on, {NotExpressedHeader.Value(value.NotExpressed)}: {value.Body}\nseed {seed}\n{plan}");
        }
    }

    static int? FirstDifference(char[] expected, char[] actual)
    {
        for (var i = 0; i < expected.Length; i++) if (expected[i] != actual[i] && expected[i] != '?') return i;
        return null;
    }

    // What the engine says of every minute by the clock on the wall: ? where that shows a time twice, or not at all.
    static char[] Expected(Schedule schedule, LocalDate from, int days)
    {
        var states = new char[days * 1440];
        Array.Fill(states, '?');
        var begin = from.AtMidnight();
        for (var line = new Timeline(schedule, Timeline.ToInstant(schedule.Zone, begin, ends: false)); line.Date < from.PlusDays(days);)
        {
            var (start, state) = (line.Now.InZone(schedule.Zone).LocalDateTime, Letter(line.Current));
            var before = line.Now;
            line.Advance();
            var first = (int)NodaTime.Period.Between(begin, start, PeriodUnits.Minutes).Minutes;
            for (var i = Math.Max(first, 0); i < first + (int)(line.Now - before).TotalMinutes && i < states.Length; i++) states[i] = states[i] == '?' ? state : '!';
        }
        for (var i = 0; i < states.Length; i++) if (states[i] == '!') states[i] = '?';
        return states;

        static char Letter(Moment moment) => moment.State == State.Unknown ? 'u' : moment.IsOpen ? 'o' : 'c';
    }
}
