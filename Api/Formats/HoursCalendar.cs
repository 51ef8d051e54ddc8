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
    // Chosen at random, once. With another one every event would be new to every calendar.
    static readonly Guid Namespace = new("5b0e1f0c-6f3a-4c58-9d0e-2f6b8a7d4c13");

    /// <summary>How long ago what still goes on may have begun, and keeps its beginning.</summary>
    const int LongestBeginning = 10 * WallClock.Days;

    /// <param name="locations">Whose exceptions; what is the same at several is one event that names them.</param>
    /// <param name="name">What the calendar is called.</param>
    /// <param name="language">Of the summaries.</param>
    /// <param name="now">The moment from which on the coming year counts.</param>
    public static Formatted<string> Of(
        IReadOnlyList<(Location Location, Schedule Schedule)> locations, string name, CultureInfo language, Instant now)
    {
        var words = HoursText.In(language);
        var calendar = new Calendar { ProductId = "-//Clinic API//Hours//EN", Method = "PUBLISH" };
        // RFC 7986, and what programs took before it.
        calendar.AddProperty("NAME", name);
        calendar.AddProperty("X-WR-CALNAME", name);
        calendar.AddProperty("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");

        // RFC 5545, 3.6: a calendar has at least one component, and without events there are still the time zones.
        var zones = new SortedDictionary<string, LocalDate>(StringComparer.Ordinal);
        foreach (var (_, schedule) in locations) zones[schedule.Zone.Id] = now.InZone(schedule.Zone).Date;
        if (zones.Count == 0) zones[DateTimeZone.Utc.Id] = now.InUtc().Date;
        var events = locations.SelectMany(place => EventsOf(place.Schedule, words, now.InZone(place.Schedule.Zone).Date)
            .Select(planned => (place.Location, Planned: planned with { Location = planned.ClinicWide ? "" : place.Location.Slug })));
        foreach (var same in events.GroupBy(entry => entry.Planned, entry => entry.Location).OrderBy(group => group.Key.First))
        {
            var planned = same.Key;
            // The calendar of the clinic says which locations are meant, unless it is all of them.
            var names = string.Join(", ", same.Select(location => location.Name));
            var isAll = same.Count() == locations.Count;
            calendar.Events.Add(ToEvent(planned, isAll ? planned.Summary : $"{names}: {planned.Summary}", names,
                Uid(planned, isAll && planned.ClinicWide ? [] : same.Select(location => location.Slug)), now));
            if (planned.Zone.Length > 0) zones[planned.Zone] = LocalDate.Min(zones[planned.Zone], planned.First);
        }
        foreach (var (zone, earliest) in zones)
            calendar.AddTimeZone(VTimeZone.FromDateTimeZone(zone, earliest.PlusYears(-1).ToDateTimeUnspecified(), includeHistoricalData: true));

        var unsaid = locations.SelectMany(place => Unsaid(place.Schedule, now.InZone(place.Schedule.Zone).Date)).ToHashSet();
        return new Formatted<string>(Fold(new CalendarSerializer().SerializeToString(calendar)!), unsaid);
    }

    // Lines of at most 75 octets (RFC 5545, 3.1). Ical.Net cuts between UTF-16's units, which takes emoji apart.
    static string Fold(string text)
    {
        var folded = new StringBuilder(text.Length);
        var octets = 0;
        foreach (var rune in text.Replace("\r\n ", "", StringComparison.Ordinal).EnumerateRunes())
        {
            if (rune.Value is '\r' or '\n')
            {
                octets = 0;
            }
            else if (octets + rune.Utf8SequenceLength > 75)
            {
                folded.Append("\r\n ");
                octets = 1 + rune.Utf8SequenceLength;
            }
            else
            {
                octets += rune.Utf8SequenceLength;
            }
            folded.Append(rune);
        }
        return folded.ToString();
    }

    static IEnumerable<Planned> EventsOf(Schedule schedule, HoursText words, LocalDate today)
    {
        // A date that is further away than calendar programs go is not told.
        var forGood = schedule.ClosedForGoodOn is { } date && date <= WallClock.LastDate ? date : (LocalDate?)null;
        if (schedule.Closure is { } closure && !WallClock.BeginsLater(schedule, today))
        {
            var from = closure.ClosedFrom ?? today;
            var last = WallClock.LastDayOfClosure(schedule);
            if (last is null || (today <= last && from <= last))
            {
                yield return new Planned("closure", words.Reason(schedule.On(LocalDate.Max(from, today)), [], closure), false, from)
                {
                    Days = last is { } end ? NodaTime.Period.DaysBetween(from, end) + 1 : 1,
                    Rule = last is null ? "FREQ=DAILY" : "",
                    // One that has no first date is the same event tomorrow.
                    Begin = closure.ClosedFrom is null ? "" : Iso(from),
                };
            }
        }
        if (forGood is { } gone)
            yield return new Planned("closedForGood", words.Reason(schedule.On(gone), [], null), false, gone) { Days = 1, Rule = "FREQ=DAILY", Begin = Iso(gone) };
        foreach (var exception in schedule.Exceptions)
        {
            foreach (var (first, days, rule, left) in Occurrences(schedule, exception, today))
            {
                var id = Identify(exception);
                var last = rule.Length > 0 ? forGood?.PlusDays(-1) : null;
                var day = schedule.On(first);
                // One that comes back is the same event next year.
                var begin = rule.Length > 0 ? "" : Iso(first);
                if (exception.Effect is ExceptionEffect.Closed or ExceptionEffect.AsUsual)
                {
                    var summary = exception.Effect == ExceptionEffect.Closed ? words.Reason(day, [], null) : exception.Reason;
                    yield return new Planned(id, summary, exception.ClinicWide, first) { Days = days, Rule = rule, Left = left, Until = last, Begin = begin };
                    continue;
                }
                foreach (var span in Spans(exception.Periods))
                {
                    var summary = exception.Effect == ExceptionEffect.Periods
                        ? words.Reason(day, [], null) : words.Reason(new Moment(State.Closed, null, day, exception), null);
                    var planned = new Planned(id, summary, exception.ClinicWide, first) { Span = span, Zone = schedule.Zone.Id, Days = 1, Begin = begin };
                    // Where clocks change in it, a program could understand other instants, so these are told as they are.
                    var changed = Dates(rule, exception, first, days, today).Where(other => !IsAsRead(schedule.Zone, other, span)).ToArray();
                    if (rule.Length > 0 || changed.Length < days)
                    {
                        yield return planned with
                        {
                            // Not with COUNT: a time that is skipped does not count (RFC 5545, 3.3.10), which not every program knows.
                            Rule = rule.Length > 0 || days == 1 ? rule : "FREQ=DAILY",
                            Left = string.Join(",", left.Split(',', StringSplitOptions.RemoveEmptyEntries).Concat(changed.Select(Iso)).Distinct()),
                            Until = rule.Length > 0 || days == 1 ? last : first.PlusDays(days - 1),
                        };
                    }
                    foreach (var other in changed)
                    {
                        var (start, end) = Instants(schedule.Zone, other, span);
                        if (start < end && !Timeline.IsSkipped(schedule.Zone, other) && WallClock.Holds(schedule, exception, other))
                            yield return planned with { First = other, Begin = $"{Iso(other)} exact", Exact = (start, end) };
                    }
                }
            }
        }
    }

    // The periods of a day in minutes since its midnight; those that touch or overlap are one.
    static List<(int From, int To)> Spans(IEnumerable<Period> periods)
    {
        var spans = new List<(int From, int To)>();
        foreach (var span in periods.Select(period => (From: Minutes(period.Opens), To: Minutes(period.Closes) + (period.EndsNextDay ? 1440 : 0))).Order())
        {
            if (spans is [.., var last] && span.From <= last.To) spans[^1] = last with { To = Math.Max(last.To, span.To) };
            else spans.Add(span);
        }
        return spans;

        static int Minutes(LocalTime time) => (time.Hour * 60) + time.Minute;
    }

    // Those of an occurrence that are told: of one that comes back, those of the coming year.
    static IEnumerable<LocalDate> Dates(string rule, ScheduleException exception, LocalDate first, int days, LocalDate today)
    {
        if (rule.Length == 0) return Enumerable.Range(0, days).Select(first.PlusDays);
        var count = NodaTime.Period.DaysBetween(first, today.PlusDays(WallClock.Days));
        return Enumerable.Range(0, count).Select(first.PlusDays).Where(exception.When.Includes);
    }

    static (Instant Start, Instant End) Instants(DateTimeZone zone, LocalDate date, (int From, int To) span) =>
        (Timeline.ToInstant(zone, At(date, span.From), ends: false), Timeline.ToInstant(zone, At(date, span.To), ends: true));

    // RFC 5545, 3.3.5: a time that happens twice is the first, one that is skipped is by the clock before. Here an end that
    // happens twice is the second, and a time that is skipped is the moment of the change.
    static bool IsAsRead(DateTimeZone zone, LocalDate date, (int From, int To) span) =>
        !Timeline.IsSkipped(zone, date) && zone.MapLocal(At(date, span.From)).Count > 0 && zone.MapLocal(At(date, span.To)).Count == 1;

    static LocalDateTime At(LocalDate date, int minutes) => date.AtMidnight().PlusMinutes(minutes);

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
        while (runs[0].First.PlusDays(-1) is var before && runs[0].First <= today && before > today.PlusDays(-LongestBeginning) && Holds(before) &&
            !(exception.When is DateRule.Yearly { From: var day } && IsOn(runs[0].First, day)))
        {
            runs[0] = runs[0] with { First = before };
        }

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

        // A date that the zone skips ends a run: left out of it by its time, the next one would be, which begins at the same instant.
        bool Holds(LocalDate date) => WallClock.Holds(schedule, exception, date) && !Timeline.IsSkipped(schedule.Zone, date);
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
        var happening = new CalendarEvent
        {
            Uid = uid,
            // Of the day, and not of the request: the same answer until something changes.
            DtStamp = new CalDateTime(now.InUtc().Date.AtMidnight().ToDateTimeUnspecified(), "UTC", hasTime: true),
            Summary = summary,
            Location = where,
            Transparency = "TRANSPARENT",
            Start = planned.Exact is { } exact ? At(exact.Start) : At(first, planned.Span?.From, planned.Zone),
            End = planned.Exact is { } times ? At(times.End) : planned.Span is { } span ? At(first, span.To, planned.Zone) : At(first.PlusDays(planned.Days), null, ""),
        };
        if (planned.Rule.Length > 0) happening.RecurrenceRule = new RecurrenceRule(planned.Rule) { Until = Until(planned) };
        foreach (var date in planned.Left.Split(',', StringSplitOptions.RemoveEmptyEntries))
            happening.ExceptionDates.Add(At(LocalDatePattern.Iso.Parse(date).Value, planned.Span?.From, planned.Zone));
        return happening;
    }

    // In UTC where the event has a time (RFC 5545, 3.3.10).
    static CalDateTime? Until(Planned planned)
    {
        if (planned.Until is not { } last) return null;
        if (planned.Zone.Length == 0) return At(last, null, "");
        var end = Timeline.ToInstant(DateTimeZoneProviders.Tzdb[planned.Zone], last.PlusDays(1).AtMidnight(), ends: false) - NodaTime.Duration.FromSeconds(1);
        return At(end);
    }

    static CalDateTime At(LocalDate date, int? minutes, string zone) => minutes is { } time
        ? new CalDateTime(At(date, time).ToDateTimeUnspecified(), zone, hasTime: true)
        : new CalDateTime(date.Year, date.Month, date.Day);

    static CalDateTime At(Instant instant) => new(instant.ToDateTimeUtc(), "UTC", hasTime: true);

    static IEnumerable<NotExpressed> Unsaid(Schedule schedule, LocalDate today)
    {
        if (schedule.Versions.Any(version => version.ValidFrom > today && !version.IsForGood)) yield return NotExpressed.ChangesToCome;
        if (WallClock.HasLaterExceptions(schedule, today)) yield return NotExpressed.LaterExceptions;
        if (WallClock.BeginsLater(schedule, today)) yield return NotExpressed.TemporaryClosure;
        if (schedule.ClosedForGoodOn > WallClock.LastDate) yield return NotExpressed.ClosedForGood;
    }

    // The rule and what it does, but not the reason: a corrected word does not make another event.
    static string Identify(ScheduleException exception)
    {
        var when = exception.When switch
        {
            DateRule.Dates dates => $"{Iso(dates.From)} to {Iso(dates.To)}",
            DateRule.Yearly yearly => $"every {AnnualDatePattern.Iso.Format(yearly.From)} to {AnnualDatePattern.Iso.Format(yearly.To)}",
            DateRule.YearlyWeekday weekday => string.Create(CultureInfo.InvariantCulture, $"every {weekday.Nth} {weekday.Day} of {weekday.Month}"),
            _ => throw new ArgumentException("A rule of an unknown kind.", nameof(exception)),
        };
        var spans = Spans(exception.Periods).Select(span => string.Create(CultureInfo.InvariantCulture, $"{span.From}-{span.To}"));
        return $"{when} {exception.Effect} {string.Join(",", spans)}";
    }

    // RFC 7986, 5.3, and RFC 9562, 5.5: a UUID of the name alone, whatever the site's address is.
    static string Uid(Planned planned, IEnumerable<string> slugs)
    {
        var name = string.Join('\n', [planned.Id, $"{planned.Span?.From}", planned.Begin, .. slugs]);
#pragma warning disable CA5350 // The standard names SHA-1; nothing rests on its strength.
        var id = SHA1.HashData([.. Namespace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(name)]).AsSpan(0, 16);
#pragma warning restore CA5350
        id[6] = (byte)((id[6] & 0x0F) | 0x50);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return $"{new Guid(id, bigEndian: true)}";
    }

    static string Iso(LocalDate date) => LocalDatePattern.Iso.Format(date);

    /// <summary>An event before it is one, so that the same one of two locations is found to be the same.</summary>
    sealed record Planned(string Id, string Summary, bool ClinicWide, LocalDate First)
    {
        /// <summary>Minutes since midnight; <c>null</c> for whole days.</summary>
        public (int From, int To)? Span { get; init; }

        /// <summary>When it really happens, where a program could understand its times differently.</summary>
        public (Instant Start, Instant End)? Exact { get; init; }

        /// <summary>What tells it from the same at another time.</summary>
        public required string Begin { get; init; }

        public string Zone { get; init; } = "";
        public required int Days { get; init; }
        public string Rule { get; init; } = "";
        public string Left { get; init; } = "";
        public LocalDate? Until { get; init; }
        public string Location { get; init; } = "";
    }
}
