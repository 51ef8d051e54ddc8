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
/// <para>What runs over midnight is told in two parts, <c>22:00-24:00</c> and <c>00:00-02:00</c>, since readers differ in whether a
/// rule for one day cuts what came over from the day before. Every rule so tells the whole of its days. A yearly exception
/// stays a yearly rule where that comes to the same; where it does not, its dates of the coming year are told.</para>
/// <para>OpenStreetMap takes no longer value than <see cref="MaxLength"/>. A longer one loses its comments first, and then what
/// is furthest away.</para>
/// </remarks>
static class OsmHours
{
    /// <summary>How many characters the value of a key has at most (OpenStreetMap API 0.6).</summary>
    public const int MaxLength = 255;

    // Readers know no years before these.
    static readonly LocalDate FirstDate = new(2000, 1, 1);
    static readonly LocalDatePattern Dated = LocalDatePattern.CreateWithInvariantCulture("uuuu MMM dd");

    public static Formatted<string> Of(Schedule schedule, LocalDate today, int maxLength = MaxLength)
    {
        var days = Days(schedule, today);
        var whole = Write(schedule, today, days, WallClock.Days, withComments: true);
        if (IsShortEnough(whole)) return whole;
        var bare = Write(schedule, today, days, WallClock.Days, withComments: false);
        if (IsShortEnough(bare)) return bare;

        // The most days that there is room for: one that is near matters more than one that is far away.
        Formatted<string>? longest = null;
        for (var (fits, tooMany) = (0, WallClock.Days); fits + 1 < tooMany;)
        {
            var count = (fits + tooMany) / 2;
            var value = Write(schedule, today, days, count, withComments: false);
            if (IsShortEnough(value)) (fits, longest) = (count, value);
            else tooMany = count;
        }
        // A week that is too long by itself is left out as well, which is better than a wrong one.
        return longest ?? new Formatted<string>("unknown", bare.NotExpressed.Append(NotExpressed.Periods).ToHashSet());

        bool IsShortEnough(Formatted<string> value) => value.Body.Length <= maxLength;
    }

    /// <param name="schedule">What to tell.</param>
    /// <param name="today">The first date.</param>
    /// <param name="days">The dates of the coming year.</param>
    /// <param name="count">How many of them to tell. All of them, and what lies after them is told where it can be.</param>
    /// <param name="withComments">Whether to tell reasons.</param>
    static Formatted<string> Write(Schedule schedule, LocalDate today, IReadOnlyList<OsmDay> days, int count, bool withComments)
    {
        var limit = count < WallClock.Days ? today.PlusDays(count) : WallClock.LastDate.PlusDays(1);
        var unsaid = WallClock.Unsaid(schedule, today, []).ToHashSet();
        // Here they can be said.
        unsaid.ExceptWith([NotExpressed.UnknownHours, NotExpressed.ClosedForGood, NotExpressed.LaterExceptions]);
        unsaid.UnionWith(WallClock.UnsaidDetails(days.SelectMany(day => day.Periods ?? [])));

        var rules = new List<Rule>();
        AddWeeks(rules, schedule, today, limit, unsaid);
        AddYearly(rules, schedule, today, limit, unsaid);
        AddClosures(rules, schedule, today, limit, unsaid);
        if (!withComments && (rules.Any(rule => rule.Reason is not null) || days.Any(day => day.Reason is not null && day.Date < limit)))
            unsaid.Add(NotExpressed.Reasons);
        // Without reasons more dates are alike.
        AddDates(rules, withComments ? days : [.. days.Select(day => day with { Reason = null })], limit, unsaid);

        // 24/7 is meant for a value by itself. Before other rules stands the state alone.
        var text = rules is [{ Days: "" } always]
            ? always.Hours == OsmHoursOfDay.AllOpen ? "24/7" : $"24/7 {always.ToText(withComments)}"
            : string.Join("; ", rules.Select(rule => rule.ToText(withComments)));
        return new Formatted<string>(text, unsaid);
    }

    static void AddWeeks(List<Rule> rules, Schedule schedule, LocalDate today, LocalDate limit, HashSet<NotExpressed> unsaid)
    {
        var current = schedule.WeeklyHoursOn(today);
        if (current is { IsForGood: true }) rules.Add(ClosedForGood("", _ => true));
        else if (current is null) rules.Add(new Rule("", OsmHoursOfDay.AllUnknown, null, _ => true));
        else AddWeek(rules, current, "", _ => true);
        var changes = WallClock.ChangesToCome(schedule, today).Where(change => !change.IsForGood).ToArray();
        for (var i = 0; i < changes.Length; i++)
        {
            var from = changes[i].ValidFrom!.Value;
            if (from >= limit)
            {
                unsaid.Add(NotExpressed.ChangesToCome);
                break;
            }
            LocalDate? through = i + 1 < changes.Length ? changes[i + 1].ValidFrom!.Value.PlusDays(-1) : null;
            AddWeek(rules, changes[i], Range(from, through) + " ", date => from <= date && (through is null || date <= through), from);
        }
    }

    static void AddWeek(List<Rule> rules, WeeklyHours hours, string range, Func<LocalDate, bool> isIn, LocalDate? from = null)
    {
        var week = WallClock.Week(hours);
        var days = Enumerable.Range(0, 7).Select(day => OsmHoursOfDay.Of(week[(day + 6) % 7], week[day])).ToArray();
        // Days that do not change are not told again.
        var before = from is { } first ? rules.ToArray() : [];
        var changed = Enumerable.Range(0, 7).Where(day =>
            before.LastOrDefault(rule => rule.Includes(from!.Value.PlusDays((day - (int)from.Value.DayOfWeek + 8) % 7)))?.Hours != days[day]);
        foreach (var group in changed.GroupBy(day => days[day]))
        {
            var members = group.ToArray();
            var isAlways = members.Length == 7 && group.Key == OsmHoursOfDay.AllOpen && range.Length == 0;
            rules.Add(new Rule(isAlways ? "" : range + DaysText(members), group.Key, null, date => isIn(date) && members.Contains((int)date.DayOfWeek - 1)));
        }
    }

    static void AddYearly(List<Rule> rules, Schedule schedule, LocalDate today, LocalDate limit, HashSet<NotExpressed> unsaid)
    {
        // When it is closed for good, nothing comes back.
        var nothingComesBack = schedule.ClosedForGoodOn <= today;
        var weeksAreWithinDays = schedule.Versions.All(version => WallClock.Week(version).All(day => day.Seen().All(IsWithinDay)));
        // The least specific first.
        foreach (var exception in schedule.Exceptions.Reverse())
        {
            if (weeksAreWithinDays && CanStayYearly(exception))
            {
                if (nothingComesBack) continue;
                if (IsNear(exception))
                {
                    unsaid.UnionWith(WallClock.UnsaidDetails(exception.Periods));
                    rules.Add(new Rule(YearlyDays(exception.When), OsmHoursOfDay.Of([], exception.Periods), exception.Reason, exception.When.Includes)
                    {
                        IsOfLeapDay = exception.When is DateRule.Yearly { From: { Month: 2, Day: 29 } },
                    });
                    continue;
                }
                unsaid.Add(NotExpressed.LaterExceptions);
            }
            else if (WallClock.HoldsLater(schedule, exception, today))
            {
                unsaid.Add(NotExpressed.LaterExceptions);
            }
        }

        bool IsNear(ScheduleException exception)
        {
            if (limit > today.PlusDays(WallClock.Days)) return true;
            for (var date = today; date < limit; date = date.PlusDays(1)) if (exception.When.Includes(date)) return true;
            return false;
        }
    }

    static bool CanStayYearly(ScheduleException exception) => exception.When.IsYearly &&
        (exception.Effect == ExceptionEffect.Closed || (exception.Effect == ExceptionEffect.Periods && exception.Periods.Seen().All(IsWithinDay)));

    static string YearlyDays(DateRule when) => when switch
    {
        DateRule.Yearly rule when rule.From == rule.To => Day(rule.From),
        DateRule.Yearly rule => $"{Day(rule.From)}-{Day(rule.To)}",
        DateRule.YearlyWeekday rule => $"{Month(rule.Month)} {Abbreviation((int)rule.Day - 1)}[{rule.Nth.ToString(CultureInfo.InvariantCulture)}]",
        _ => throw new ArgumentException("Not yearly.", nameof(when)),
    };

    static void AddClosures(List<Rule> rules, Schedule schedule, LocalDate today, LocalDate limit, HashSet<NotExpressed> unsaid)
    {
        var forGood = schedule.ClosedForGoodOn;
        if (forGood <= today) return;
        if (schedule.Closure is { } closure)
        {
            var from = LocalDate.Max(closure.ClosedFrom ?? today, FirstDate);
            var through = WallClock.LastDayOfClosure(schedule);
            var isToCome = through is null || (today <= through && from <= through);
            if (isToCome && from < limit)
                rules.Add(new Rule(Range(from, through), OsmHoursOfDay.AllClosed, closure.Reason, date => from <= date && (through is null || date <= through)));
            else if (isToCome)
                unsaid.Add(NotExpressed.TemporaryClosure);
        }
        // After all that it takes the place of.
        if (forGood is not { } date) return;
        if (date < limit) rules.Add(ClosedForGood(Range(date, null), day => day >= date));
        else unsaid.Add(NotExpressed.ClosedForGood);
    }

    static Rule ClosedForGood(string days, Func<LocalDate, bool> isIn) => new(days, OsmHoursOfDay.AllClosed, null, isIn) { IsForGood = true };

    // Last, each date on which the rules so far do not come to what really holds. Dates between them on which they do, and that
    // come to the same, are told with them.
    static void AddDates(List<Rule> rules, IReadOnlyList<OsmDay> days, LocalDate limit, HashSet<NotExpressed> unsaid)
    {
        var runs = new List<(OsmDay Day, LocalDate First, LocalDate Last)>();
        var goesOn = false;
        foreach (var day in days)
        {
            goesOn = goesOn && runs[^1].Day.Hours == day.Hours;
            if (rules.Last(rule => rule.Includes(day.Date)) is { IsOfLeapDay: false } said && said.Hours == day.Hours) continue;
            if (day.Date >= limit)
            {
                unsaid.Add(NotExpressed.LaterExceptions);
                break;
            }
            if (goesOn && runs[^1].Day.Reason == day.Reason && runs[^1].Day.ReasonIsOfClosed == day.ReasonIsOfClosed) runs[^1] = runs[^1] with { Last = day.Date };
            else runs.Add((day, day.Date, day.Date));
            goesOn = true;
        }
        // No date is in two of them, so they may be told in any order.
        foreach (var same in runs.GroupBy(run => (run.Day.Hours, run.Day.Reason, run.Day.ReasonIsOfClosed)).ToArray())
        {
            rules.Add(new Rule(string.Join(",", same.Select(run => Range(run.First, run.Last))), same.Key.Hours, same.Key.Reason, _ => false)
            {
                ReasonIsOfClosed = same.Key.ReasonIsOfClosed,
            });
        }
    }

    static List<OsmDay> Days(Schedule schedule, LocalDate today)
    {
        var days = new List<OsmDay>();
        IReadOnlyList<Period> before = [];
        foreach (var day in WallClock.Dates(schedule, today.PlusDays(-1), today.PlusDays(WallClock.Days - 1)))
        {
            var hours = day.Periods is { } periods ? OsmHoursOfDay.Of(before, periods) : OsmHoursOfDay.Of(WallClock.Known(schedule, day.Date));
            if (day.Date >= today) days.Add(new OsmDay(day.Date, hours, day.Periods, day.Reason));
            before = day.Periods ?? [];
        }
        return days;
    }

    static bool IsWithinDay(Period period) => !period.EndsNextDay || period.Closes == LocalTime.Midnight;

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

    // Not "2027 Jan 04+", which is in the grammar, but which opening_hours.js does not read.
    static string Range(LocalDate first, LocalDate? last) =>
        first == last ? Dated.Format(first) : $"{Dated.Format(first)}-{Dated.Format(LocalDate.Min(last ?? WallClock.LastDate, WallClock.LastDate))}";

    static string Day(AnnualDate day) => string.Create(CultureInfo.InvariantCulture, $"{Month(day.Month)} {day.Day:00}");
    static string Month(int month) => CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(month);
    static string Abbreviation(int day) => WeeklyHours.Week[day].ToString()[..2];

    /// <summary>A date and what to tell of it.</summary>
    sealed record OsmDay(LocalDate Date, OsmHoursOfDay Hours, IReadOnlyList<Period>? Periods, string? Reason)
    {
        /// <summary>Whether what is open came over from the day before, so that the reason is that of the hours after it.</summary>
        public bool ReasonIsOfClosed => Reason is not null && Periods?.Seen().Any() != true;
    }

    /// <summary>A rule: on which days, what holds on them, and why.</summary>
    sealed record Rule(string Days, OsmHoursOfDay Hours, string? Reason, Func<LocalDate, bool> Includes)
    {
        public bool IsForGood { get; init; }

        /// <summary>
        /// Whether it is for <c>Feb 29</c>, which opening_hours.js does not find ahead of it in another year than a leap year, so
        /// that the next one is told with its year as well.
        /// </summary>
        public bool IsOfLeapDay { get; init; }

        /// <summary>Whether the reason is that of the closed hours, because the open ones came over from the day before.</summary>
        public bool ReasonIsOfClosed { get; init; }

        public string ToText(bool withComments)
        {
            var comment = IsForGood ? " \"Permanently closed\"" : withComments ? Comment(Reason) : "";
            // A state without times is that of the whole day.
            if (Hours == OsmHoursOfDay.AllClosed) return Join(Days, "off" + comment);
            if (Hours == OsmHoursOfDay.AllUnknown) return Join(Days, "unknown" + comment);
            if (Hours == OsmHoursOfDay.AllOpen && Days.Length == 0) return "open" + comment;
            if (Hours.Unknown.Length == 0 && (!ReasonIsOfClosed || comment.Length == 0))
                return Join(Days, Hours.Open + (comment.Length == 0 ? "" : $" open{comment}"));

            var open = Hours.Open.Length > 0 ? Join(Days, $"{Hours.Open} open") : null;
            // A comma adds to the rule before it, where a semicolon would override it, unless the second one closes a part of the day.
            return Hours.Unknown.Length > 0
                ? $"{(open is null ? "" : $"{open}, ")}{Join(Days, $"{Hours.Unknown} unknown{comment}")}"
                : $"{open}; {Join(Days, $"{Hours.Closed} off{comment}")}";
        }

        static string Join(string days, string hours) => days.Length == 0 ? hours : $"{days} {hours}";

        // In one line, and without what ends it or what opening_hours.js takes for a rule.
        static string Comment(string? reason)
        {
            if (reason is null) return "";
            var text = string.Join(' ', reason.Replace('"', '\'').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("24/7", "24 / 7", StringComparison.Ordinal);
            return text.Length == 0 ? "" : $" \"{text}\"";
        }
    }
}
