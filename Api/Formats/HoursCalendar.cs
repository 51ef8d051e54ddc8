using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Api.Hours;
using Api.Locations;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Serialization;
using NodaTime;
using NodaTime.Text;
using Calendar = Ical.Net.Calendar;

namespace Api.Formats;

/// <summary>
/// The exceptions of the coming year and the closures, for a time and for good, for a calendar program (RFC 5545). A day that is
/// closed is an event of the whole day, other periods and closed parts have their times. What comes back every year does so here;
/// where something more specific takes the place of it, that date is left out. The usual week is not in it.
/// </summary>
static class HoursCalendar
{
    /// <param name="locations">Whose exceptions; what is the same at several is one event that names them.</param>
    /// <param name="name">What the calendar is called.</param>
    /// <param name="host">Makes the events' identifiers the clinic's own.</param>
    /// <param name="language">Of the summaries.</param>
    /// <param name="now">The moment from which on the coming year counts.</param>
    public static Formatted<string> Of(
        IReadOnlyList<(Location Location, Schedule Schedule)> locations, string name, string host, CultureInfo language, Instant now)
    {
        var words = HoursText.In(language);
        var calendar = new Calendar { ProductId = "-//Clinic API//Hours//EN", Method = "PUBLISH" };
        calendar.AddProperty("X-WR-CALNAME", name);
        calendar.AddProperty("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");

        var zones = new SortedDictionary<string, LocalDate>(StringComparer.Ordinal);
        var events = locations.SelectMany(place => EventsOf(place.Schedule, words, now.InZone(place.Schedule.Zone).Date)
            .Select(planned => (place.Location, Planned: planned with { Location = planned.ClinicWide ? "" : place.Location.Slug })));
        foreach (var same in events.GroupBy(entry => entry.Planned, entry => entry.Location).OrderBy(group => group.Key.First))
        {
            var planned = same.Key;
            // The calendar of the clinic says which locations are meant, unless it is all of them.
            var names = string.Join(", ", same.Select(location => location.Name));
            var isAll = same.Count() == locations.Count;
            calendar.Events.Add(ToEvent(planned, isAll ? planned.Summary : $"{names}: {planned.Summary}", names,
                Uid(planned, isAll && planned.ClinicWide ? [] : same.Select(location => location.Slug), host), now));
            if (planned.Zone.Length > 0)
                zones[planned.Zone] = zones.TryGetValue(planned.Zone, out var earlier) ? LocalDate.Min(earlier, planned.First) : planned.First;
        }
        foreach (var (zone, earliest) in zones)
            calendar.AddTimeZone(VTimeZone.FromDateTimeZone(zone, earliest.PlusYears(-1).ToDateTimeUnspecified(), includeHistoricalData: true));

        var unsaid = locations.SelectMany(place => Unsaid(place.Schedule, now.InZone(place.Schedule.Zone).Date)).ToHashSet();
        return new Formatted<string>(new CalendarSerializer().SerializeToString(calendar)!, unsaid);
    }

    static IEnumerable<Planned> EventsOf(Schedule schedule, HoursText words, LocalDate today)
    {
        var forGood = schedule.ClosedForGoodOn;
        if (schedule.Closure is { } closure && !(closure.ReopensOn <= today) && !(forGood <= today))
        {
            var from = closure.ClosedFrom ?? today;
            var end = closure.ReopensOn is { } reopens && !(forGood < reopens) ? reopens : forGood;
            if (from < today.PlusDays(WallClock.Days) && !(end <= from))
            {
                var summary = words.Reason(schedule.On(LocalDate.Max(from, today)), [], closure);
                yield return new Planned("closure", summary, false, from)
                {
                    Days = end is { } after ? NodaTime.Period.DaysBetween(from, after) : 1,
                    Rule = end is null ? "FREQ=DAILY" : "",
                };
            }
        }
        if (forGood is { } gone)
            yield return new Planned("closedForGood", words.Reason(schedule.On(gone), [], null), false, gone) { Days = 1, Rule = "FREQ=DAILY" };
        foreach (var exception in schedule.Exceptions)
        {
            foreach (var (first, days, rule, left) in Occurrences(schedule, exception, today))
            {
                var id = Identify(exception);
                var last = rule.Length > 0 ? forGood?.PlusDays(-1) : null;
                var day = schedule.On(first);
                if (exception.Effect is ExceptionEffect.Closed or ExceptionEffect.AsUsual)
                {
                    var summary = exception.Effect == ExceptionEffect.Closed ? words.Reason(day, [], null) : exception.Reason;
                    yield return new Planned(id, summary, exception.ClinicWide, first) { Days = days, Rule = rule, Left = left, Until = last };
                    continue;
                }
                foreach (var period in exception.Periods)
                {
                    var summary = exception.Effect == ExceptionEffect.Periods
                        ? words.Reason(day, [], null) : words.Reason(new Moment(State.Closed, null, day, exception), null);
                    yield return new Planned(id, summary, exception.ClinicWide, first)
                    {
                        Period = period,
                        Zone = schedule.Zone.Id,
                        Days = 1,
                        Rule = rule.Length > 0 || days == 1 ? rule : $"FREQ=DAILY;COUNT={days.ToString(CultureInfo.InvariantCulture)}",
                        Left = left,
                        Until = last,
                    };
                }
            }
        }
    }

    // The stretches of days in the coming year on which an exception holds; those that come back with their rule and the dates
    // on which something else takes their place.
    static IEnumerable<(LocalDate First, int Days, string Rule, string Left)> Occurrences(
        Schedule schedule, ScheduleException exception, LocalDate today)
    {
        var runs = new List<(LocalDate First, LocalDate Last)>();
        var last = today.PlusDays(WallClock.Days - 1);
        for (var date = today; date <= last; date = date.PlusDays(1))
        {
            if (!Holds(date)) continue;
            if (runs is [.., var run] && run.Last.PlusDays(1) == date) runs[^1] = run with { Last = date };
            else runs.Add((date, date));
        }
        if (runs.Count == 0) yield break;
        // One that has begun already keeps its beginning, or it would be another event every day.
        while (runs[0].First.PlusDays(-1) is var before && runs[0].First <= today && before > today.PlusDays(-WallClock.Days) && Holds(before))
            runs[0] = runs[0] with { First = before };

        if (exception.When is DateRule.Yearly or DateRule.YearlyWeekday && exception.When.Days == 1)
        {
            var left = new List<string>();
            for (var date = runs[0].First; date <= last; date = date.PlusDays(1))
                if (exception.When.Includes(date) && !Holds(date) && !(date >= schedule.ClosedForGoodOn)) left.Add(Iso(date));
            yield return (runs[0].First, 1, YearlyRule(exception.When), string.Join(",", left));
        }
        // Several days as one event that comes back, when none of them is left out and they are as many every year.
        else if (exception is { When: DateRule.Yearly range, Effect: ExceptionEffect.Closed or ExceptionEffect.AsUsual } &&
            !(range.From != range.To && range.Includes(new LocalDate(2000, 2, 29))) && runs.All(run => IsOn(run.First, range.From) && (IsOn(run.Last, range.To) || run.Last == last)))
        {
            var first = runs[0].First;
            var end = range.To.InYear(first.Year);
            if (end < first) end = range.To.InYear(first.Year + 1);
            yield return (first, NodaTime.Period.DaysBetween(first, end) + 1, YearlyRule(new DateRule.Yearly(range.From, range.From)), "");
        }
        else
        {
            foreach (var run in runs) yield return (run.First, NodaTime.Period.DaysBetween(run.First, run.Last) + 1, "", "");
        }

        bool Holds(LocalDate date) => exception.When.Includes(date) && schedule.On(date) is { IsInClosure: false } day &&
            (exception.Effect == ExceptionEffect.ClosedPart ? schedule.ClosedPartsOn(date).Contains(exception) : ReferenceEquals(day.Exception, exception));
        static bool IsOn(LocalDate date, AnnualDate day) => date.Month == day.Month && date.Day == day.Day;
    }

    static string YearlyRule(DateRule rule) => rule switch
    {
        DateRule.Yearly yearly => string.Create(CultureInfo.InvariantCulture, $"FREQ=YEARLY;BYMONTH={yearly.From.Month};BYMONTHDAY={yearly.From.Day}"),
        DateRule.YearlyWeekday weekday => string.Create(CultureInfo.InvariantCulture,
            $"FREQ=YEARLY;BYMONTH={weekday.Month};BYDAY={weekday.Nth}{weekday.Day.ToString()[..2].ToUpperInvariant()}"),
        _ => throw new ArgumentException("Not yearly.", nameof(rule)),
    };

    static CalendarEvent ToEvent(Planned planned, string summary, string where, string uid, Instant now)
    {
        var first = planned.First;
        var timed = planned.Period;
        var last = first.PlusDays(timed is null ? planned.Days : timed.EndsNextDay ? 1 : 0);
        var happening = new CalendarEvent
        {
            Uid = uid,
            // Of the day, and not of the request: the same answer until something changes.
            DtStamp = new CalDateTime(now.InUtc().Date.AtMidnight().ToDateTimeUnspecified(), "UTC", hasTime: true),
            Summary = summary,
            Location = where,
            Transparency = "TRANSPARENT",
            Start = At(first, timed?.Opens, planned.Zone),
            End = At(last, timed?.Closes, planned.Zone),
        };
        if (planned.Rule.Length > 0) happening.RecurrenceRule = new RecurrenceRule(planned.Rule) { Until = Until(planned) };
        foreach (var date in planned.Left.Split(',', StringSplitOptions.RemoveEmptyEntries))
            happening.ExceptionDates.Add(At(LocalDatePattern.Iso.Parse(date).Value, timed?.Opens, planned.Zone));
        return happening;
    }

    // In UTC where the event has a time (RFC 5545, 3.3.10).
    static CalDateTime? Until(Planned planned)
    {
        if (planned.Until is not { } last) return null;
        if (planned.Zone.Length == 0) return At(last, null, "");
        var end = Timeline.ToInstant(DateTimeZoneProviders.Tzdb[planned.Zone], last.PlusDays(1).AtMidnight(), ends: false) - NodaTime.Duration.FromSeconds(1);
        return new CalDateTime(end.ToDateTimeUtc(), "UTC", hasTime: true);
    }

    static CalDateTime At(LocalDate date, LocalTime? time, string zone) => time is { } clock
        ? new CalDateTime(date.At(clock).ToDateTimeUnspecified(), zone, hasTime: true)
        : new CalDateTime(date.Year, date.Month, date.Day);

    static IEnumerable<NotExpressed> Unsaid(Schedule schedule, LocalDate today)
    {
        if (schedule.Versions.Any(version => version.ValidFrom > today && !version.IsForGood)) yield return NotExpressed.ChangesToCome;
        if (WallClock.HasLaterExceptions(schedule, today)) yield return NotExpressed.LaterExceptions;
    }

    // The rule and what it does, but not the reason: a corrected word does not make another event.
    static string Identify(ScheduleException exception) =>
        $"{exception.When} {exception.Effect} {string.Join(",", exception.Periods.Select(period => $"{period.Opens}-{period.Closes}"))}";

    static string Uid(Planned planned, IEnumerable<string> slugs, string host)
    {
        // One that comes back is the same event next year.
        var begin = planned.Rule.StartsWith("FREQ=YEARLY", StringComparison.Ordinal) ? "" : Iso(planned.First);
        var text = string.Join('\n', [planned.Id, $"{planned.Period?.Opens}", begin, .. slugs]);
        return $"{Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 15))}@{host}";
    }

    static string Iso(LocalDate date) => LocalDatePattern.Iso.Format(date);

    /// <summary>An event before it is one, so that the same one of two locations is found to be the same.</summary>
    sealed record Planned(string Id, string Summary, bool ClinicWide, LocalDate First)
    {
        public Period? Period { get; init; }
        public string Zone { get; init; } = "";
        public required int Days { get; init; }
        public string Rule { get; init; } = "";
        public string Left { get; init; } = "";
        public LocalDate? Until { get; init; }
        public string Location { get; init; } = "";
    }
}
