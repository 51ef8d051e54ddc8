using System.Globalization;
using Api.Hours;
using NodaTime;

namespace Api.Tests.Hours;

/// <summary>
/// The engine against the <see cref="Oracle"/>, over random schedules at moments around changes of the clock. A failure
/// prints the seed, and <see cref="RandomPlansAttribute"/> says how to run it again.
/// </summary>
[AnyEngine]
public sealed class OracleTests
{
    const int Before = 2,
        After = 9;

    [RandomPlans(100)]
    public void State_and_next_changes_agree_with_the_oracle_of_every_minute(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var (schedule, oracle) = (plan.ToSchedule(), new Oracle(plan, Before, After));
        var end = plan.Now + Duration.FromDays(After);
        var random = new Random(seed);
        foreach (
            var now in Enumerable
                .Range(0, 12)
                .Select(_ => plan.Now + Duration.FromMinutes(random.Next(-Before * 1440, 4 * 1440)))
        )
        {
            var (status, minute) = (schedule.StatusAt(now), oracle.At(now));
            Check(
                plan,
                now,
                minute,
                new Oracle.Minute(
                    status.Moment.State,
                    status.Moment.Period?.Access,
                    status.Moment.Period?.Note,
                    minute.Opened,
                    minute.Rule
                )
            );
            var reason = HoursText.In(CultureInfo.GetCultureInfo("en")).FormatReason(status.Moment, schedule.Closure);
            Check(plan, now, minute.Rule, reason.Split(',')[0]);

            var access = oracle.First(
                now,
                end,
                (_, then) => (then.State, then.Access, then.Note) != (minute.State, minute.Access, minute.Note)
            );
            // The engine predicts nothing after unknown hours. Where the hours become unknown, it closes.
            var unknown =
                minute.State == State.Unknown ? now : oracle.First(now, end, (_, then) => then.State == State.Unknown);
            var known = unknown == now ? now : unknown + Duration.FromMinutes(1) ?? end;
            Next(plan, now, access, status.AccessUntil, end);
            Next(
                plan,
                now,
                oracle.First(now, known, (before, then) => then.IsOpen && !before.IsOpen),
                status.OpensAt,
                known
            );
            Next(
                plan,
                now,
                oracle.First(now, known, (before, then) => !then.IsOpen && before.IsOpen),
                status.ClosesAt,
                known
            );
            if (unknown is not null)
            {
                Check(plan, now, true, status.OpensAt is null || status.OpensAt < unknown);
                Check(plan, now, true, status.ClosesAt is null || (status.ClosesAt <= unknown && unknown > now));
            }
        }
    }

    [RandomPlans(100)]
    public void An_answer_is_valid_until_the_first_instant_at_which_it_changes(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var random = new Random(seed);
        foreach (var now in (Instant[])[plan.Now, plan.Now + Duration.FromMinutes(random.Next(-7 * 1440, 30 * 1440))])
            CheckValidity(plan, schedule, random, now);
    }

    static void CheckValidity(Plan plan, Schedule schedule, Random random, Instant now)
    {
        var answer = Answer(schedule, now);
        if (answer.ValidUntil is { } until)
        {
            Check(plan, until, true, until > now);
            var length = (until - now).TotalMinutes;
            foreach (var share in (double[])[0, random.NextDouble(), random.NextDouble(), random.NextDouble(), 1])
            {
                var then = now + Duration.FromMinutes(Math.Max(0, (long)(share * length) - 1));
                Check(plan, then, answer, Answer(schedule, then));
            }
            Check(plan, until, false, answer == Answer(schedule, until) with { ValidUntil = answer.ValidUntil });
        }
        else
        {
            Check(
                plan,
                now,
                answer,
                Answer(schedule, now + Duration.FromDays(random.Next(300))) with
                {
                    ValidUntil = null,
                }
            );
        }
    }

    [RandomPlans(100)]
    public void The_periods_of_a_calendar_agree_with_the_oracle_of_every_minute(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var oracle = new Oracle(plan, Before, After);
        var (from, to) = (plan.Today.PlusDays(-1), plan.Today.PlusDays(5));
        var days = CalendarDay.List(plan.ToSchedule(), from, to);
        foreach (var day in days.Where(day => day.Rule.Kind != DayKind.Skipped))
            Check(plan, plan.Now, plan.ClosedForGoodOn <= day.Date, day.Rule.Kind == DayKind.ClosedForGood);
        foreach (var day in days.Where(day => day.Rule.Kind is not (DayKind.Unknown or DayKind.Skipped)))
            Check(
                plan,
                plan.Now,
                (day.Date, oracle.OpenMinutes(day.Date)),
                (day.Date, (int)day.OpenTime!.Value.TotalMinutes)
            );

        var periods = days.SelectMany(day => (day.Periods ?? []).Select(period => (day.Date, period))).ToArray();
        for (
            var now = plan.Now - Duration.FromDays(Before);
            now < plan.Now + Duration.FromDays(7);
            now += Duration.FromMinutes(1)
        )
        {
            var minute = oracle.At(now);
            var found = periods.Where(entry => entry.period.Opens <= now && now < entry.period.Closes).ToArray();
            if (minute.Opened is { } opened && opened >= from && opened <= to)
                Check(
                    plan,
                    now,
                    (opened, minute.Access, minute.Note),
                    found is [var one] ? (one.Date, (AccessMode?)one.period.Access, one.period.Note) : default
                );
            else
                Check(plan, now, 0, found.Length);
        }
    }

    sealed record Answered(
        State State,
        AccessMode? Access,
        string? Note,
        Instant? OpensAt,
        Instant? ClosesAt,
        string Reason,
        string Text,
        string SpanishReason,
        string SpanishText,
        Instant? ValidUntil
    );

    static Answered Answer(Schedule schedule, Instant now)
    {
        var status = schedule.StatusAt(now);
        var (english, spanish) = (
            HoursText.In(CultureInfo.GetCultureInfo("en")),
            HoursText.In(CultureInfo.GetCultureInfo("es"))
        );
        return new Answered(
            status.Moment.State,
            status.Moment.Period?.Access,
            status.Moment.Period?.Note,
            status.OpensAt,
            status.ClosesAt,
            english.FormatReason(status.Moment, schedule.Closure),
            english.FormatStatus(status, schedule.Zone),
            spanish.FormatReason(status.Moment, schedule.Closure),
            spanish.FormatStatus(status, schedule.Zone),
            status.ValidUntil
        );
    }

    static void Next(Plan plan, Instant now, Instant? expected, Instant? actual, Instant limit)
    {
        if (expected is not null)
            Check(plan, now, expected, actual);
        else
            Check(plan, now, true, actual is null || actual >= limit);
    }

    static void Check<T>(Plan plan, Instant at, T expected, T actual)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, actual))
            Assert.Fail($"At {at}, {at.InZone(plan.TimeZone)}:\n  expected {expected}\n  but was  {actual}\n{plan}");
    }
}
