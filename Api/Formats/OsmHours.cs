using System.Globalization;
using Api.Hours;
using NodaTime;
using NodaTime.Text;

namespace Api.Formats;

/// <summary>
/// The hours as a value of OpenStreetMap's key <c>opening_hours</c>. Later rules override earlier ones on the days that they
/// name: the week, then what comes back every year, then dates.
/// </summary>
/// <remarks>
/// What runs over midnight is told in two parts, <c>22:00-24:00</c> and <c>00:00-02:00</c>, since readers differ in whether a
/// rule for one day cuts what came over from the day before. Every rule so tells the whole of its days. A yearly exception
/// stays a yearly rule where that comes to the same; where it does not, its dates of the coming year are told.
/// </remarks>
static class OsmHours
{
    static readonly LocalDatePattern Dated = LocalDatePattern.CreateWithInvariantCulture("uuuu MMM dd");
    static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    public static Formatted<string> Of(Schedule schedule, LocalDate today)
    {
        var rules = new List<Rule>();
        AddWeeks(rules, schedule, today);
        var yearly = schedule.Exceptions.Where(exception => exception.When.IsYearly).Reverse().ToArray();
        var staysYearly = schedule.Versions.All(version => WallClock.Week(version).All(day => day.Seen().All(IsWithinDay)));
        // When it is closed for good, nothing comes back.
        if (staysYearly && !(schedule.ClosedForGoodOn <= today))
            rules.AddRange(yearly.Where(CanStayYearly).Select(Yearly));
        if (schedule.Closure is { } closure && !(closure.ReopensOn <= today) && !(schedule.ClosedForGoodOn <= today)) rules.Add(Closed(closure, today));
        // After all that it takes the place of.
        if (schedule.ClosedForGoodOn > today) rules.Add(ClosedForGood(Range(schedule.ClosedForGoodOn.Value, null), date => date >= schedule.ClosedForGoodOn));
        AddDates(rules, schedule, today);

        var unsaid = WallClock.Unsaid(schedule, today, WallClock.Departures(schedule, today)).ToHashSet();
        // Here they can be said.
        unsaid.Remove(NotExpressed.UnknownHours);
        unsaid.Remove(NotExpressed.ClosedForGood);
        return new Formatted<string>(string.Join("; ", rules.Select(rule => rule.Text)), unsaid);
    }

    static void AddWeeks(List<Rule> rules, Schedule schedule, LocalDate today)
    {
        var current = schedule.WeeklyHoursOn(today);
        if (current is { IsForGood: true }) rules.Add(ClosedForGood("24/7", _ => true));
        else if (current is null) rules.Add(new Rule("24/7 unknown", _ => true, _ => null));
        else AddWeek(rules, current, "", _ => true);
        var changes = WallClock.ChangesToCome(schedule, today).Where(change => !change.IsForGood).ToArray();
        for (var i = 0; i < changes.Length; i++)
        {
            var from = changes[i].ValidFrom!.Value;
            var through = i + 1 < changes.Length ? changes[i + 1].ValidFrom!.Value.PlusDays(-1) : (LocalDate?)null;
            AddWeek(rules, changes[i], Range(from, through) + " ", date => from <= date && !(date > through));
        }
    }

    static void AddWeek(List<Rule> rules, WeeklyHours hours, string range, Func<LocalDate, bool> isIn)
    {
        var week = WallClock.Week(hours);
        var days = Enumerable.Range(0, 7).Select(day => Spans(week[(day + 6) % 7], week[day])).ToArray();
        foreach (var group in Enumerable.Range(0, 7).GroupBy(day => Text(days[day])))
        {
            var members = group.ToArray();
            var text = members.Length == 7 && group.Key == "00:00-24:00" && range.Length == 0 ? "24/7" : $"{range}{DaysText(members)} {group.Key}";
            rules.Add(new Rule(text, date => isIn(date) && members.Contains((int)date.DayOfWeek - 1), date => days[(int)date.DayOfWeek - 1]));
        }
    }

    static bool CanStayYearly(ScheduleException exception) =>
        exception.Effect == ExceptionEffect.Closed || (exception.Effect == ExceptionEffect.Periods && exception.Periods.Seen().All(IsWithinDay));

    static Rule Yearly(ScheduleException exception)
    {
        var spans = Spans([], [.. exception.Periods]);
        var days = exception.When switch
        {
            DateRule.Yearly rule when rule.From == rule.To => Day(rule.From),
            DateRule.Yearly rule => $"{Day(rule.From)}-{Day(rule.To)}",
            DateRule.YearlyWeekday rule => $"{Month(rule.Month)} {Abbreviation((int)rule.Day - 1)}[{rule.Nth.ToString(CultureInfo.InvariantCulture)}]",
            _ => throw new InvalidOperationException("Not yearly."),
        };
        return new Rule($"{days} {Text(spans, exception.Reason)}", exception.When.Includes, _ => spans);
    }

    static Rule Closed(Api.Locations.TemporaryClosure closure, LocalDate today)
    {
        var from = closure.ClosedFrom ?? today;
        var through = closure.ReopensOn?.PlusDays(-1);
        return new Rule($"{Range(from, through)} {Text([], closure.Reason)}", date => from <= date && !(date > through), _ => []);
    }

    static Rule ClosedForGood(string when, Func<LocalDate, bool> isIn) => new($"{when} {Text([], "Permanently closed")}", isIn, _ => []);

    // Last, each date on which the rules so far do not come to what really holds.
    static void AddDates(List<Rule> rules, Schedule schedule, LocalDate today)
    {
        var dates = WallClock.Dates(schedule, today.PlusDays(-1), today.PlusDays(WallClock.Days - 1)).ToArray();
        var runs = new List<(LocalDate First, LocalDate Last, string Text)>();
        for (var i = 1; i < dates.Length; i++)
        {
            var day = dates[i];
            var spans = day.Periods is null ? null : Spans(dates[i - 1].Periods ?? [], day.Periods);
            var said = rules.Last(rule => rule.Includes(day.Date)).SpansOn(day.Date);
            if (spans is null ? said is null : said is not null && spans.SequenceEqual(said)) continue;
            var text = Text(spans, day.Reason);
            if (runs is [.., var run] && run.Last.PlusDays(1) == day.Date && run.Text == text) runs[^1] = run with { Last = day.Date };
            else runs.Add((day.Date, day.Date, text));
        }
        foreach (var (first, last, text) in runs) rules.Add(new Rule($"{Range(first, last)} {text}", date => first <= date && date <= last, _ => null));
    }

    // The open spans between midnight and midnight: what comes over from the day before, and what opens; 00:00 as an end is 24:00.
    static (LocalTime, LocalTime)[] Spans(IReadOnlyList<Period> before, IReadOnlyList<Period> periods)
    {
        const int Day = 24 * 60;
        var minutes = before.Seen().Where(period => !IsWithinDay(period)).Select(period => (From: 0, To: Minutes(period.Closes)))
            .Concat(periods.Seen().Select(period => (From: Minutes(period.Opens), To: period.EndsNextDay ? Day : Minutes(period.Closes))))
            .Order();
        var merged = new List<(int From, int To)>();
        foreach (var span in minutes)
        {
            if (merged is [.., var last] && span.From <= last.To) merged[^1] = last with { To = Math.Max(last.To, span.To) };
            else merged.Add(span);
        }
        return [.. merged.Select(span => (LocalTime.FromMinutesSinceMidnight(span.From), LocalTime.FromMinutesSinceMidnight(span.To % Day)))];

        static int Minutes(LocalTime time) => time.Hour * 60 + time.Minute;
    }

    static bool IsWithinDay(Period period) => !period.EndsNextDay || period.Closes == LocalTime.Midnight;

    static string Text((LocalTime, LocalTime)[]? spans, string? reason = null)
    {
        var comment = reason is null ? "" : $" \"{reason.Replace('"', '\'')}\"";
        if (spans is null) return "unknown" + comment;
        if (spans.Length == 0) return "off" + comment;
        // A comment alone would make it unknown whether it is open.
        return string.Join(",", spans.Select(span => $"{Clock.Format(span.Item1)}-{(span.Item2 == LocalTime.Midnight ? "24:00" : Clock.Format(span.Item2))}")) +
            (reason is null ? "" : " open" + comment);
    }

    static string DaysText(int[] days)
    {
        var parts = new List<string>();
        for (var i = 0; i < days.Length;)
        {
            var last = i;
            while (last + 1 < days.Length && days[last + 1] == days[last] + 1) last++;
            parts.Add(last == i ? Abbreviation(days[i]) : $"{Abbreviation(days[i])}{(last == i + 1 ? "," : "-")}{Abbreviation(days[last])}");
            i = last + 1;
        }
        return string.Join(",", parts);
    }

    static string Range(LocalDate first, LocalDate? last) =>
        last is null ? Dated.Format(first) + "+" : first == last ? Dated.Format(first) : $"{Dated.Format(first)}-{Dated.Format(last.Value)}";

    static string Day(AnnualDate day) => string.Create(CultureInfo.InvariantCulture, $"{Month(day.Month)} {day.Day:00}");
    static string Month(int month) => CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(month);
    static string Abbreviation(int day) => WeeklyHours.Week[day].ToString()[..2];

    /// <summary>A rule, and what it says of a date: its open spans, or <c>null</c> when it does not know.</summary>
    readonly record struct Rule(string Text, Func<LocalDate, bool> Includes, Func<LocalDate, (LocalTime, LocalTime)[]?> SpansOn);
}
