using System.Globalization;
using System.Text;
using Api.Hours;
using Api.Http;
using Api.Locations;
using Ical.Net.CalendarComponents;
using Ical.Net.DataTypes;
using Ical.Net.Serialization;
using NodaTime;
using NodaTime.Text;
using Calendar = Ical.Net.Calendar;

namespace Api.Formats;

/// <summary>
/// The closures, and the exceptions of the coming year, for a calendar program (RFC 5545). A closed day is an all-day
/// event; other periods and closed parts have their times. The usual week is not in the calendar.
/// </summary>
static class HoursCalendar
{
    // Chosen at random, once. With another one, every event would be new to every calendar program.
    static readonly Guid Namespace = new("5b0e1f0c-6f3a-4c58-9d0e-2f6b8a7d4c13");

    /// <param name="locations">The locations. Events that are equal at several of them become one.</param>
    /// <param name="name">The name of the calendar.</param>
    /// <param name="language">The language of the summaries.</param>
    /// <param name="now">The instant at which the coming year begins.</param>
    public static Formatted<string> Of(
        IReadOnlyList<(Location Location, Schedule Schedule)> locations,
        string name,
        CultureInfo language,
        Instant now
    )
    {
        var calendar = new Calendar { ProductId = "-//Clinic API//Hours//EN", Method = "PUBLISH" };
        // The name by RFC 7986, and as programs read it before.
        calendar.AddProperty("NAME", name);
        calendar.AddProperty("X-WR-CALNAME", name);
        calendar.AddProperty("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");

        // A calendar needs at least one component (RFC 5545, 3.6), so one without events still has its time zones.
        var zones = new SortedDictionary<string, LocalDate>(StringComparer.Ordinal);
        foreach (var (_, schedule) in locations)
            zones[schedule.Zone.Id] = schedule.DateAt(now);
        if (zones.Count == 0)
            zones[DateTimeZone.Utc.Id] = now.InUtc().Date;

        foreach (var same in GroupEvents(locations, HoursText.In(language), now))
        {
            var planned = same.Key;
            var names = string.Join(", ", same.Select(location => location.Name));
            var isEverywhere = same.Count() == locations.Count;
            // The summary names the locations unless all of them are meant.
            var summary = isEverywhere ? planned.Summary : $"{names}: {planned.Summary}";
            var slugs = isEverywhere && planned.ClinicWide ? [] : same.Select(location => location.Slug);
            calendar.Events.Add(ToEvent(planned, summary, names, CreateUid(planned, slugs), now));
            if (planned.Zone is { } zone)
                zones[zone.Id] = LocalDate.Min(zones[zone.Id], planned.First);
        }
        foreach (var (zone, earliest) in zones)
        {
            var since = earliest.PlusYears(-1).ToDateTimeUnspecified();
            calendar.AddTimeZone(VTimeZone.FromDateTimeZone(zone, since, includeHistoricalData: true));
        }

        var missing = locations.SelectMany(place => FindNotExpressed(place.Schedule, place.Schedule.DateAt(now)));
        return new Formatted<string>(
            FoldLines(new CalendarSerializer().SerializeToString(calendar)!),
            missing.ToHashSet()
        );
    }

    // Only exceptions of the whole clinic are the same event at several locations.
    static IEnumerable<IGrouping<PlannedEvent, Location>> GroupEvents(
        IReadOnlyList<(Location Location, Schedule Schedule)> locations,
        HoursText text,
        Instant now
    ) =>
        from place in locations
        from planned in PlanEvents(place.Schedule, text, place.Schedule.DateAt(now))
        let key = planned with
        {
            Location = planned.ClinicWide ? "" : place.Location.Slug,
        }
        group place.Location by key into same
        orderby same.Key.First
        select same;

    // A line has at most 75 octets (RFC 5545, 3.1). Ical.Net splits emoji, so its folding is undone first.
    static string FoldLines(string text)
    {
        const int LongestLine = 75;
        var folded = new StringBuilder(text.Length);
        var octets = 0;
        foreach (var rune in text.Replace("\r\n ", "", StringComparison.Ordinal).EnumerateRunes())
        {
            if (rune.Value is '\r' or '\n')
            {
                octets = 0;
            }
            else if (octets + rune.Utf8SequenceLength > LongestLine)
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

    static IEnumerable<PlannedEvent> PlanEvents(Schedule schedule, HoursText text, LocalDate today)
    {
        if (WallClock.FindClosure(schedule, today) is { } dates && !WallClock.ClosureBeginsLater(schedule, today))
            yield return PlanClosure(schedule, dates, text, today);
        if (FindPermanentClosure(schedule) is { } first)
            yield return PlanPermanentClosure(schedule, first, text);
        // Two closed parts may have the same times for different reasons. Exceptions of the whole clinic are counted
        // first, so that each has the same identifier at every location.
        foreach (var same in schedule.Exceptions.OrderByDescending(exception => exception.ClinicWide).GroupBy(CreateId))
        {
            foreach (var (index, exception) in same.Index())
            {
                var id =
                    index == 0 ? same.Key : string.Create(CultureInfo.InvariantCulture, $"{same.Key} #{index + 1}");
                foreach (var planned in PlanException(schedule, exception, id, text, today))
                    yield return planned;
            }
        }
    }

    static PlannedEvent PlanClosure(Schedule schedule, ClosureDates dates, HoursText text, LocalDate today)
    {
        var closure = schedule.Closure!;
        return new PlannedEvent
        {
            Id = "closure",
            Summary = text.FormatRule(schedule.DayOn(LocalDate.Max(dates.First, today)), closure),
            ClinicWide = false,
            First = dates.First,
            Days = dates.Last is { } last ? NodaTime.Period.DaysBetween(dates.First, last) + 1 : 1,
            Recurrence = dates.Last is null ? Recurrence.Daily : null,
            // A closure without a first date begins today, and is the same event tomorrow.
            Start = closure.ClosedFrom is null ? "" : FormatDate(dates.First),
        };
    }

    static PlannedEvent PlanPermanentClosure(Schedule schedule, LocalDate first, HoursText text) =>
        new()
        {
            Id = "closedForGood",
            Summary = text.FormatRule(schedule.DayOn(first), null),
            ClinicWide = false,
            First = first,
            Recurrence = Recurrence.Daily,
            Start = FormatDate(first),
        };

    // Calendar programs do not read years that are far away.
    static LocalDate? FindPermanentClosure(Schedule schedule) =>
        schedule.ClosedForGoodOn is { } first && first <= WallClock.LastDate ? first : null;

    static IEnumerable<PlannedEvent> PlanException(
        Schedule schedule,
        ScheduleException exception,
        string id,
        HoursText text,
        LocalDate today
    )
    {
        foreach (var occurrence in FindOccurrences(schedule, exception, today))
        {
            var isYearly = occurrence.Recurrence is not null;
            var planned = new PlannedEvent
            {
                Id = id,
                Summary = Summarize(exception, schedule.DayOn(occurrence.First), text),
                ClinicWide = exception.ClinicWide,
                First = occurrence.First,
                Days = occurrence.Days,
                Recurrence = occurrence.Recurrence,
                Until = isYearly ? FindPermanentClosure(schedule)?.PlusDays(-1) : null,
                SkippedDates = occurrence.SkippedDates,
                // A yearly event is the same event next year.
                Start = isYearly ? "" : FormatDate(occurrence.First),
            };
            if (exception.Effect is ExceptionEffect.Closed or ExceptionEffect.AsUsual)
            {
                yield return planned;
                continue;
            }
            foreach (var span in MinuteSpan.Merge(exception.Periods.Select(MinuteSpan.Of)))
            {
                foreach (var timed in PlanTimes(schedule, exception, planned, span, today))
                    yield return timed;
            }
        }
    }

    static string Summarize(ScheduleException exception, ScheduleDay day, HoursText text) =>
        exception.Effect switch
        {
            ExceptionEffect.AsUsual => exception.Reason,
            ExceptionEffect.ClosedPart => text.FormatClosedPart(exception),
            _ => text.FormatRule(day, null),
        };

    // The times of an exception on the dates of an event. Where clocks change, programs may understand the local times
    // as other instants, so these dates get events of their own in UTC.
    static IEnumerable<PlannedEvent> PlanTimes(
        Schedule schedule,
        ScheduleException exception,
        PlannedEvent planned,
        MinuteSpan span,
        LocalDate today
    )
    {
        var zone = schedule.Zone;
        var changed = ListDates(planned, exception, today).Where(date => !IsUnambiguous(zone, date, span)).ToArray();
        var timed = planned with { Span = span, Zone = zone, Days = 1 };
        var isRange = planned.Recurrence is null && planned.Days > 1;
        // Not with COUNT: a skipped time does not count (RFC 5545, 3.3.10), which not every program knows.
        var until = isRange ? planned.First.PlusDays(planned.Days - 1) : planned.Until;
        var hasOnlyChanges = planned.Recurrence is null && planned.Days == changed.Length;
        var first = hasOnlyChanges ? null : FindFirstDate(planned, exception, span, zone);
        if (first is { } begin && (until is not { } end || begin <= end))
        {
            yield return timed with
            {
                First = begin,
                Recurrence = isRange ? Recurrence.Daily : planned.Recurrence,
                Until = until,
                SkippedDates = new DateList(planned.SkippedDates.Union(changed)),
            };
        }
        foreach (var date in changed)
        {
            var start = zone.EarliestInstant(AtMinute(date, span.From));
            var ends = zone.LatestInstant(AtMinute(date, span.To));
            if (start >= ends || zone.Skips(date) || !WallClock.Applies(schedule, exception, date))
                continue;
            yield return timed with
            {
                First = date,
                Recurrence = null,
                Until = null,
                SkippedDates = DateList.Empty,
                Instants = (start, ends),
                Start = $"{FormatDate(date)} exact",
            };
        }
    }

    // Programs take a skipped time for a later one, so an event that began with one could end before it begins. A rule
    // on the day on which clocks change may have no other dates.
    static LocalDate? FindFirstDate(
        PlannedEvent planned,
        ScheduleException exception,
        MinuteSpan span,
        DateTimeZone zone
    )
    {
        const int YearsToSearch = 5;
        var days = planned.Recurrence is null ? planned.Days : YearsToSearch * HoursLimits.DaysAhead;
        return Enumerable
            .Range(0, days)
            .Select(planned.First.PlusDays)
            .Where(date => exception.When.Includes(date) && zone.MapLocal(AtMinute(date, span.From)).Count > 0)
            .Select(date => (LocalDate?)date)
            .FirstOrDefault();
    }

    // The dates of an event; of a yearly one, those of the coming year.
    static IEnumerable<LocalDate> ListDates(PlannedEvent planned, ScheduleException exception, LocalDate today)
    {
        if (planned.Recurrence is null)
            return Enumerable.Range(0, planned.Days).Select(planned.First.PlusDays);
        var count = NodaTime.Period.DaysBetween(planned.First, WallClock.LastDateOfYear(today)) + 1;
        return Enumerable.Range(0, count).Select(planned.First.PlusDays).Where(exception.When.Includes);
    }

    // RFC 5545, 3.3.5: a time that happens twice means the first, and one that is skipped is by the clock before. Here
    // an end that happens twice means the second, and a skipped time means the instant of the change.
    static bool IsUnambiguous(DateTimeZone zone, LocalDate date, MinuteSpan span) =>
        !zone.Skips(date)
        && zone.MapLocal(AtMinute(date, span.From)).Count > 0
        && zone.MapLocal(AtMinute(date, span.To)).Count == 1;

    static LocalDateTime AtMinute(LocalDate date, int minute) => date.AtMidnight().PlusMinutes(minute);

    static IEnumerable<Occurrence> FindOccurrences(Schedule schedule, ScheduleException exception, LocalDate today)
    {
        var last = WallClock.LastDateOfYear(today);
        (LocalDate First, LocalDate Last)[] runs =
        [
            .. Enumerable
                .Range(0, HoursLimits.DaysAhead)
                .Select(today.PlusDays)
                .Where(Applies)
                .SplitIntoRuns((date, next) => next == date.PlusDays(1))
                .Select(run => (run[0], run[^1])),
        ];
        if (runs.Length == 0)
            return [];
        if (runs[0].First == today)
            runs[0].First = FindBeginning(today);

        var first = runs[0].First;
        var skipped = new DateList(
            Enumerable
                .Range(0, NodaTime.Period.DaysBetween(first, last) + 1)
                .Select(first.PlusDays)
                .Where(date => exception.When.Includes(date) && !Applies(date) && !schedule.IsPermanentlyClosedOn(date))
        );
        if (exception.When is DateRule.Yearly or DateRule.YearlyWeekday && exception.When.Days == 1)
            return [new Occurrence(first, 1, Recurrence.Yearly(exception.When), skipped)];
        if (
            exception.When is DateRule.Yearly range
            && skipped.Count == 0
            && CanRepeatAsRange(exception, range, runs, last)
        )
        {
            var end = range.To.InYear(first.Year);
            if (end < first)
                end = range.To.InYear(first.Year + 1);
            var firstDay = new DateRule.Yearly(range.From, range.From);
            var days = NodaTime.Period.DaysBetween(first, end) + 1;
            return [new Occurrence(first, days, Recurrence.Yearly(firstDay), DateList.Empty)];
        }
        return runs.Select(run => new Occurrence(
            run.First,
            NodaTime.Period.DaysBetween(run.First, run.Last) + 1,
            null,
            DateList.Empty
        ));

        // A date that the zone skips ends a run: as a skipped time it would stand for the beginning of the next date.
        bool Applies(LocalDate date) => WallClock.Applies(schedule, exception, date) && !schedule.Zone.Skips(date);

        // An exception that began before today keeps its beginning. Otherwise it would be another event every day.
        LocalDate FindBeginning(LocalDate date)
        {
            var earliest = today.PlusDays(-10 * HoursLimits.DaysAhead);
            while (date.PlusDays(-1) > earliest && Applies(date.PlusDays(-1)) && !BeginsOn(exception.When, date))
                date = date.PlusDays(-1);
            return date;
        }
    }

    static bool BeginsOn(DateRule rule, LocalDate date) => rule is DateRule.Yearly range && IsOn(date, range.From);

    // A range of which no date is skipped is one yearly event if it has the same number of days every year, and no
    // permanent closure cuts it short.
    static bool CanRepeatAsRange(
        ScheduleException exception,
        DateRule.Yearly range,
        (LocalDate First, LocalDate Last)[] runs,
        LocalDate last
    )
    {
        if (exception.Effect is not (ExceptionEffect.Closed or ExceptionEffect.AsUsual))
            return false;
        if (range.From != range.To && range.Includes(new LocalDate(2000, 2, 29)))
            return false;
        return runs.All(run => IsOn(run.First, range.From) && (IsOn(run.Last, range.To) || run.Last == last));
    }

    static bool IsOn(LocalDate date, AnnualDate day) => date.Month == day.Month && date.Day == day.Day;

    static CalendarEvent ToEvent(PlannedEvent planned, string summary, string location, string uid, Instant now)
    {
        var (start, end) = FindStartAndEnd(planned);
        var happening = new CalendarEvent
        {
            Uid = uid,
            // The date instead of the instant of the request, so that the answer stays the same until something
            // changes.
            DtStamp = new CalDateTime(now.InUtc().Date.AtMidnight().ToDateTimeUnspecified(), "UTC", hasTime: true),
            Summary = summary,
            Location = location,
            Transparency = "TRANSPARENT",
            Start = start,
            End = end,
            RecurrenceRule = planned.Recurrence?.ToRule(FindUntil(planned)),
        };
        foreach (var date in planned.SkippedDates)
            happening.ExceptionDates.Add(FindStart(planned, date));
        return happening;
    }

    static (CalDateTime Start, CalDateTime End) FindStartAndEnd(PlannedEvent planned)
    {
        if (planned.Instants is { } instants)
            return (ToUtc(instants.Start), ToUtc(instants.End));
        var start = FindStart(planned, planned.First);
        return planned.Span is { } span
            ? (start, ToLocal(planned.First, span.To, planned.Zone!))
            : (start, ToDate(planned.First.PlusDays(planned.Days)));
    }

    static CalDateTime FindStart(PlannedEvent planned, LocalDate date) =>
        planned.Span is { } span ? ToLocal(date, span.From, planned.Zone!) : ToDate(date);

    // In UTC if the event has a time (RFC 5545, 3.3.10).
    static CalDateTime? FindUntil(PlannedEvent planned)
    {
        if (planned.Until is not { } last)
            return null;
        return planned.Zone is { } zone
            ? ToUtc(zone.StartOfDay(last.PlusDays(1)) - NodaTime.Duration.FromSeconds(1))
            : ToDate(last);
    }

    static CalDateTime ToDate(LocalDate date) => new(date.Year, date.Month, date.Day);

    static CalDateTime ToLocal(LocalDate date, int minute, DateTimeZone zone) =>
        new(AtMinute(date, minute).ToDateTimeUnspecified(), zone.Id, hasTime: true);

    static CalDateTime ToUtc(Instant instant) => new(instant.ToDateTimeUtc(), "UTC", hasTime: true);

    static IEnumerable<NotExpressed> FindNotExpressed(Schedule schedule, LocalDate today)
    {
        if (schedule.Versions.Any(version => version.BeginsAfter(today) && !version.IsPermanentlyClosed))
            yield return NotExpressed.ChangesToCome;
        if (WallClock.HasLaterExceptions(schedule, today))
            yield return NotExpressed.LaterExceptions;
        if (WallClock.ClosureBeginsLater(schedule, today))
            yield return NotExpressed.TemporaryClosure;
        if (schedule.ClosedForGoodOn > WallClock.LastDate)
            yield return NotExpressed.ClosedForGood;
    }

    // The rule and its effect without the reason: a corrected word does not make another event.
    static string CreateId(ScheduleException exception)
    {
        var when = exception.When switch
        {
            DateRule.Dates dates => $"{FormatDate(dates.From)} to {FormatDate(dates.To)}",
            DateRule.Yearly yearly => $"every {FormatDay(yearly.From)} to {FormatDay(yearly.To)}",
            DateRule.YearlyWeekday weekday => string.Create(
                CultureInfo.InvariantCulture,
                $"every {weekday.Nth} {weekday.Day} of {weekday.Month}"
            ),
            _ => throw new ArgumentException("Unknown kind of rule.", nameof(exception)),
        };
        var spans = MinuteSpan
            .Merge(exception.Periods.Select(MinuteSpan.Of))
            .Select(span => string.Create(CultureInfo.InvariantCulture, $"{span.From}-{span.To}"));
        return $"{when} {exception.Effect} {string.Join(",", spans)}";
    }

    // A UUID (RFC 7986, 5.3) that does not depend on the address of the site.
    static string CreateUid(PlannedEvent planned, IEnumerable<string> slugs)
    {
        var name = string.Join('\n', [planned.Id, $"{planned.Span?.From}", planned.Start, .. slugs]);
        return $"{NameUuid.Create(Namespace, name)}";
    }

    static string FormatDate(LocalDate date) => LocalDatePattern.Iso.Format(date);

    static string FormatDay(AnnualDate day) => AnnualDatePattern.Iso.Format(day);

    /// <summary>The dates on which an exception applies, as one event.</summary>
    sealed record Occurrence(LocalDate First, int Days, Recurrence? Recurrence, DateList SkippedDates);

    /// <summary>An event before it is written. Equal events of two locations become one.</summary>
    sealed record PlannedEvent
    {
        /// <summary>Identifies the event together with <see cref="Start"/>.</summary>
        public required string Id { get; init; }

        /// <summary>Distinguishes the event from the same one at another time.</summary>
        public required string Start { get; init; }

        public required string Summary { get; init; }
        public required bool ClinicWide { get; init; }
        public required LocalDate First { get; init; }
        public int Days { get; init; } = 1;

        /// <summary>The times of the event; <c>null</c> for whole days.</summary>
        public MinuteSpan? Span { get; init; }

        /// <summary>The time zone of the times; <c>null</c> for whole days.</summary>
        public DateTimeZone? Zone { get; init; }

        /// <summary>The instants of the event if programs could understand its local times differently.</summary>
        public (Instant Start, Instant End)? Instants { get; init; }

        public Recurrence? Recurrence { get; init; }

        /// <summary>The last date of a recurring event; <c>null</c> if it has no end.</summary>
        public LocalDate? Until { get; init; }

        /// <summary>The dates of a recurring event on which another rule decides.</summary>
        public DateList SkippedDates { get; init; } = DateList.Empty;

        /// <summary>The location's slug; empty for an event of the whole clinic.</summary>
        public string Location { get; init; } = "";
    }
}
