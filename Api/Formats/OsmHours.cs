using System.Globalization;
using Api.Hours;
using NodaTime;
using NodaTime.Text;

namespace Api.Formats;

/// <summary>
/// The hours as a value of the OpenStreetMap key <c>opening_hours</c>. A later rule overrides earlier rules on its
/// days: first the week, then what repeats every year, then dates.
/// </summary>
/// <remarks>
/// <para>A night is written in two parts, <c>22:00-24:00</c> and <c>00:00-02:00</c>, because readers differ in whether
/// a rule for one day cuts off the night before it. So every rule has the whole hours of its days. A yearly exception
/// stays a yearly rule where the result is the same; elsewhere it is written as its dates of the coming year.</para>
/// <para>A value that is longer than <see cref="MaxLength"/> loses its comments first, and then the dates that are
/// furthest away.</para>
/// </remarks>
static class OsmHours
{
    /// <summary>The largest number of characters in a value (OpenStreetMap API 0.6).</summary>
    public const int MaxLength = 255;

    // Readers know no earlier years.
    static readonly LocalDate FirstDate = new(2000, 1, 1);
    static readonly LocalDatePattern DatePattern = LocalDatePattern.CreateWithInvariantCulture("uuuu MMM dd");

    public static Formatted<string> Of(Schedule schedule, LocalDate today, int maxLength = MaxLength)
    {
        var year = ListYear(schedule, today);
        var whole = new Writer(schedule, today, year, HoursLimits.DaysAhead, withComments: true).Write();
        if (IsShortEnough(whole))
            return whole;
        var bare = new Writer(schedule, today, year, HoursLimits.DaysAhead, withComments: false).Write();
        if (IsShortEnough(bare))
            return bare;

        // Finds the largest number of dates for which there is room. The near ones matter more than those far away.
        Formatted<string>? longest = null;
        var (fits, tooMany) = (0, HoursLimits.DaysAhead);
        while (fits + 1 < tooMany)
        {
            var count = (fits + tooMany) / 2;
            var value = new Writer(schedule, today, year, count, withComments: false).Write();
            if (IsShortEnough(value))
                (fits, longest) = (count, value);
            else
                tooMany = count;
        }
        // A week that is too long by itself is left out too, which is better than a wrong one.
        return longest ?? new Formatted<string>("unknown", bare.NotExpressed.Append(NotExpressed.Periods).ToHashSet());

        bool IsShortEnough(Formatted<string> value) => value.Body.Length <= maxLength;
    }

    static List<OsmDay> ListYear(Schedule schedule, LocalDate today)
    {
        var days = new List<OsmDay>();
        IReadOnlyList<Period> before = [];
        foreach (var day in WallClock.ListDays(schedule, today.PlusDays(-1), WallClock.LastDateOfYear(today)))
        {
            var hours = day.Periods is { } periods
                ? OsmHoursOfDay.Of(before, periods)
                : OsmHoursOfDay.FromKnownStretches(WallClock.ListKnownStretches(schedule, day.Date));
            if (day.Date >= today)
                days.Add(new OsmDay(day.Date, hours, day.Periods, day.Reason));
            before = day.Periods ?? [];
        }
        return days;
    }

    /// <summary>Collects the rules of one value, and what they do not express.</summary>
    sealed class Writer
    {
        readonly Schedule schedule;
        readonly LocalDate today;
        readonly IReadOnlyList<OsmDay> year;
        readonly bool withComments;

        // The first date that is left out. A value of the whole year includes what lies after it, where possible.
        readonly LocalDate limit;
        readonly bool hasWholeYear;

        readonly List<Rule> rules = [];
        readonly HashSet<NotExpressed> missing;

        public Writer(Schedule schedule, LocalDate today, IReadOnlyList<OsmDay> year, int days, bool withComments)
        {
            (this.schedule, this.today, this.year, this.withComments) = (schedule, today, year, withComments);
            hasWholeYear = days >= HoursLimits.DaysAhead;
            limit = hasWholeYear ? WallClock.LastDate.PlusDays(1) : today.PlusDays(days);
            missing = WallClock.FindNotExpressed(schedule, today, []);
            // This format can express these.
            missing.ExceptWith([NotExpressed.UnknownHours, NotExpressed.ClosedForGood, NotExpressed.LaterExceptions]);
            missing.UnionWith(WallClock.FindNotExpressedDetails(year.SelectMany(day => day.Periods ?? [])));
        }

        public Formatted<string> Write()
        {
            AddWeeks();
            AddYearlyExceptions();
            AddClosures();
            var hasReasons =
                rules.Any(rule => rule.Reason is not null)
                || year.Any(day => day.Reason is not null && day.Date < limit);
            if (hasReasons && !withComments)
                missing.Add(NotExpressed.Reasons);
            AddDates();
            return new Formatted<string>(Join(), missing);
        }

        // 24/7 may only stand alone. Before other rules, the state alone means the same.
        string Join()
        {
            if (rules is not [{ Days: "" } always])
                return string.Join("; ", rules.Select(rule => rule.Format(withComments)));
            return always.Hours == OsmHoursOfDay.AllOpen ? "24/7" : $"24/7 {always.Format(withComments)}";
        }

        void AddWeeks()
        {
            var current = schedule.WeeklyHoursOn(today);
            if (current is null)
                rules.Add(new Rule("", OsmHoursOfDay.AllUnknown, null, _ => true));
            else if (current.IsPermanentlyClosed)
                rules.Add(PermanentClosure("", _ => true));
            else
                AddWeek(current, "", _ => true);

            var changes = WallClock.ListChanges(schedule, today).Where(change => !change.IsPermanentlyClosed).ToArray();
            for (var i = 0; i < changes.Length; i++)
            {
                var first = changes[i].ValidFrom!.Value;
                if (first >= limit)
                {
                    missing.Add(NotExpressed.ChangesToCome);
                    break;
                }
                var last = changes.ElementAtOrDefault(i + 1)?.ValidFrom?.PlusDays(-1);
                AddWeek(changes[i], FormatRange(first, last) + " ", date => IsBetween(date, first, last), first);
            }
        }

        // Days of the week that stay the same from one version to the next need no rule.
        void AddWeek(WeeklyHours hours, string range, Func<LocalDate, bool> includes, LocalDate? from = null)
        {
            var week = WallClock.ListWeek(hours);
            var changed = new List<(IsoDayOfWeek Day, OsmHoursOfDay Hours)>();
            foreach (var day in WeeklyHours.Week)
            {
                var index = (int)day - 1;
                var ofDay = OsmHoursOfDay.Of(week[(index + 6) % 7], week[index]);
                var before = from is { } date ? FindRule(date.PlusDays(-1).Next(day))?.Hours : null;
                if (before != ofDay)
                    changed.Add((day, ofDay));
            }
            foreach (var group in changed.GroupBy(day => day.Hours, day => day.Day).ToArray())
            {
                var days = group.ToArray();
                var isAlwaysOpen = days.Length == 7 && group.Key == OsmHoursOfDay.AllOpen && range.Length == 0;
                rules.Add(
                    new Rule(
                        isAlwaysOpen ? "" : range + FormatDays(days),
                        group.Key,
                        null,
                        date => includes(date) && days.Contains(date.DayOfWeek)
                    )
                );
            }
        }

        // The least specific first.
        void AddYearlyExceptions()
        {
            var weeksEndByMidnight = schedule.Versions.All(version =>
                WallClock.ListWeek(version).All(day => day.WithoutTelephoneOnly().All(EndsByMidnight))
            );
            foreach (var exception in schedule.Exceptions.Reverse())
            {
                var canStayYearly = weeksEndByMidnight && CanBeYearlyRule(exception);
                if (canStayYearly && schedule.IsPermanentlyClosedOn(today))
                    continue;
                if (canStayYearly && IsNear(exception))
                    AddYearlyException(exception);
                else if (canStayYearly || WallClock.AppliesLater(schedule, exception, today))
                    missing.Add(NotExpressed.LaterExceptions);
            }
        }

        void AddYearlyException(ScheduleException exception)
        {
            missing.UnionWith(WallClock.FindNotExpressedDetails(exception.Periods));
            rules.Add(
                new Rule(
                    FormatYearly(exception.When),
                    OsmHoursOfDay.Of([], exception.Periods),
                    exception.Reason,
                    exception.When.Includes
                )
                {
                    IsOfLeapDay = exception.When is DateRule.Yearly { From: { Month: 2, Day: 29 } },
                }
            );
        }

        bool IsNear(ScheduleException exception)
        {
            if (hasWholeYear)
                return true;
            var count = NodaTime.Period.DaysBetween(today, limit);
            return Enumerable.Range(0, count).Any(days => exception.When.Includes(today.PlusDays(days)));
        }

        void AddClosures()
        {
            if (schedule.IsPermanentlyClosedOn(today))
                return;
            if (WallClock.FindClosure(schedule, today) is { } closure)
                AddTemporaryClosure(closure);
            if (schedule.ClosedForGoodOn is not { } date)
                return;
            // The last rule, which overrides all others.
            if (date < limit)
                rules.Add(PermanentClosure(FormatRange(date, null), day => day >= date));
            else
                missing.Add(NotExpressed.ClosedForGood);
        }

        void AddTemporaryClosure(ClosureDates closure)
        {
            var first = LocalDate.Max(closure.First, FirstDate);
            if (closure.EndsBefore(first))
                return;
            if (first >= limit)
            {
                missing.Add(NotExpressed.TemporaryClosure);
                return;
            }
            rules.Add(
                new Rule(
                    FormatRange(first, closure.Last),
                    OsmHoursOfDay.AllClosed,
                    schedule.Closure!.Reason,
                    date => IsBetween(date, first, closure.Last)
                )
            );
        }

        // Each date for which the rules so far give other hours than the actual ones. Dates between such dates that
        // have the same hours join them.
        void AddDates()
        {
            // Without reasons, more dates are alike.
            var days = withComments ? year : [.. year.Select(day => day with { Reason = null })];
            if (days.Any(day => day.Date >= limit && !IsExpressed(day)))
                missing.Add(NotExpressed.LaterExceptions);
            var runs = days.SplitIntoRuns((day, next) => next.Hours == day.Hours)
                .SelectMany(run =>
                    run.Where(day => day.Date < limit && !IsExpressed(day))
                        .SplitIntoRuns((day, next) => next.Content == day.Content)
                );
            // No date is in two of these rules, so their order does not matter.
            foreach (var same in runs.GroupBy(run => run[0].Content).ToArray())
            {
                var ranges = same.Select(run => FormatRange(run[0].Date, run[^1].Date));
                rules.Add(
                    new Rule(string.Join(",", ranges), same.Key.Hours, same.Key.Reason, _ => false)
                    {
                        ReasonIsForClosedHours = same.Key.ReasonIsForClosedHours,
                    }
                );
            }
        }

        bool IsExpressed(OsmDay day) => FindRule(day.Date) is { IsOfLeapDay: false } rule && rule.Hours == day.Hours;

        Rule? FindRule(LocalDate date) => rules.LastOrDefault(rule => rule.Includes(date));
    }

    static Rule PermanentClosure(string days, Func<LocalDate, bool> includes) =>
        new(days, OsmHoursOfDay.AllClosed, null, includes) { IsPermanentClosure = true };

    static bool CanBeYearlyRule(ScheduleException exception) =>
        exception.When.IsYearly
        && exception.Effect switch
        {
            ExceptionEffect.Closed => true,
            ExceptionEffect.Periods => exception.Periods.WithoutTelephoneOnly().All(EndsByMidnight),
            _ => false,
        };

    static bool EndsByMidnight(Period period) => !period.EndsNextDay || period.Closes == LocalTime.Midnight;

    static bool IsBetween(LocalDate date, LocalDate first, LocalDate? last) =>
        first <= date && (last is not { } end || date <= end);

    static string FormatYearly(DateRule when) =>
        when switch
        {
            DateRule.Yearly rule when rule.From == rule.To => FormatDay(rule.From),
            DateRule.Yearly rule => $"{FormatDay(rule.From)}-{FormatDay(rule.To)}",
            DateRule.YearlyWeekday rule => string.Create(
                CultureInfo.InvariantCulture,
                $"{AbbreviateMonth(rule.Month)} {AbbreviateDay(rule.Day)}[{rule.Nth}]"
            ),
            _ => throw new ArgumentException("The rule is not yearly.", nameof(when)),
        };

    // Two days in a row are a list, and more are a range.
    static string FormatDays(IEnumerable<IsoDayOfWeek> days) =>
        string.Join(
            ",",
            days.SplitIntoRuns()
                .Select(run =>
                    run.Count < 3
                        ? string.Join(",", run.Select(AbbreviateDay))
                        : $"{AbbreviateDay(run[0])}-{AbbreviateDay(run[^1])}"
                )
        );

    // The grammar has "2027 Jan 04+" for a range without an end, but opening_hours.js does not read it.
    static string FormatRange(LocalDate first, LocalDate? last)
    {
        if (first == last)
            return DatePattern.Format(first);
        var end = LocalDate.Min(last ?? WallClock.LastDate, WallClock.LastDate);
        return $"{DatePattern.Format(first)}-{DatePattern.Format(end)}";
    }

    static string FormatDay(AnnualDate day) =>
        string.Create(CultureInfo.InvariantCulture, $"{AbbreviateMonth(day.Month)} {day.Day:00}");

    static string AbbreviateMonth(int month) =>
        CultureInfo.InvariantCulture.DateTimeFormat.GetAbbreviatedMonthName(month);

    static string AbbreviateDay(IsoDayOfWeek day) => $"{day}"[..2];

    /// <summary>A date and its hours.</summary>
    sealed record OsmDay(LocalDate Date, OsmHoursOfDay Hours, IReadOnlyList<Period>? Periods, string? Reason)
    {
        /// <summary>What a rule for the date contains.</summary>
        public (OsmHoursOfDay Hours, string? Reason, bool ReasonIsForClosedHours) Content =>
            (Hours, Reason, ReasonIsForClosedHours);

        // The open hours are the night before, so the reason belongs to the closed hours after it.
        bool ReasonIsForClosedHours => Reason is not null && Periods?.WithoutTelephoneOnly().Any() != true;
    }

    /// <summary>A rule: the days, their hours and the reason.</summary>
    sealed record Rule(string Days, OsmHoursOfDay Hours, string? Reason, Func<LocalDate, bool> Includes)
    {
        public bool IsPermanentClosure { get; init; }

        /// <summary>
        /// Whether the rule is for <c>Feb 29</c>. From another year, opening_hours.js does not find the next leap day,
        /// so that one is written with its year too.
        /// </summary>
        public bool IsOfLeapDay { get; init; }

        /// <summary>
        /// Whether the reason belongs to the closed hours, because the open ones are the night before.
        /// </summary>
        public bool ReasonIsForClosedHours { get; init; }

        public string Format(bool withComments)
        {
            var comment = FormatComment(withComments);
            // A state without times holds the whole day.
            if (Hours == OsmHoursOfDay.AllClosed)
                return Join(Days, $"off{comment}");
            if (Hours == OsmHoursOfDay.AllUnknown)
                return Join(Days, $"unknown{comment}");
            if (Hours == OsmHoursOfDay.AllOpen && Days.Length == 0)
                return $"open{comment}";
            if (Hours.Unknown.Length > 0)
                return FormatWithUnknown(comment);
            if (comment.Length == 0)
                return Join(Days, Hours.Open);
            return ReasonIsForClosedHours
                ? $"{Join(Days, $"{Hours.Open} open")}; {Join(Days, $"{Hours.Closed} off{comment}")}"
                : Join(Days, $"{Hours.Open} open{comment}");
        }

        // A comma adds to the rule before it, where a semicolon would override it.
        string FormatWithUnknown(string comment)
        {
            var unknown = Join(Days, $"{Hours.Unknown} unknown{comment}");
            return Hours.Open.Length == 0 ? unknown : $"{Join(Days, $"{Hours.Open} open")}, {unknown}";
        }

        // On one line, without what ends a comment, and without what opening_hours.js takes for a rule.
        string FormatComment(bool withComments)
        {
            if (IsPermanentClosure)
                return " \"Permanently closed\"";
            if (!withComments || Reason is null)
                return "";
            var words = Reason.Replace('"', '\'').Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            var text = string.Join(' ', words).Replace("24/7", "24 / 7", StringComparison.Ordinal);
            return text.Length == 0 ? "" : $" \"{text}\"";
        }

        static string Join(string days, string hours) => days.Length == 0 ? hours : $"{days} {hours}";
    }
}
