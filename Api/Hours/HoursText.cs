using System.Collections.Concurrent;
using System.Globalization;
using Api.Http;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>
/// Describes hours in one language, as a sign on the door does. The words are in <c>HoursText.resx</c>.
/// </summary>
sealed class HoursText
{
    static readonly Texts Texts = new(typeof(HoursText));
    static readonly ConcurrentDictionary<string, HoursText> Known = new();

    readonly CultureInfo language;
    readonly LocalTimePattern clock;
    readonly LocalDatePattern date,
        dateAndYear;

    // By the minute of the day, each made when it is first needed.
    readonly TimeText?[] times = new TimeText?[NodaConstants.MinutesPerDay];

    HoursText(CultureInfo language)
    {
        this.language = language;
        clock = LocalTimePattern.CreateWithInvariantCulture(Text("ClockPattern"));
        date = LocalDatePattern.Create(Text("DatePattern"), language);
        dateAndYear = LocalDatePattern.Create(Text("DateAndYearPattern"), language);
    }

    public static HoursText In(CultureInfo language) => Known.GetOrAdd(language.Name, _ => new HoursText(language));

    /// <summary>
    /// Describes a week: <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>. Days with the same
    /// periods share a phrase.
    /// </summary>
    public string FormatWeek(WeeklyHours? hours)
    {
        if (hours is null)
            return Text("Unknown");
        if (hours.IsPermanentlyClosed)
            return Text("ClosedForGood");
        var groups = WeeklyHours.Week.GroupBy(day => FormatPeriods(hours[day])).ToArray();
        return groups is [var everyDay]
            ? Text("EveryDay", everyDay.Key)
            : Capitalize(string.Join("; ", groups.Select(group => $"{FormatWeekdays(group)} {group.Key}")));
    }

    /// <summary>Describes a day: <c>8:00 am–noon and 1:00 pm–5:00 pm by appointment</c>, or <c>closed</c>.</summary>
    public string FormatPeriods(IReadOnlyList<Period> periods) =>
        periods.Count == 0 ? LowercaseText("Closed") : JoinList([.. periods.Select(FormatPeriod)]);

    /// <summary>
    /// Describes a status: <c>Open until 5:00 pm</c>, or <c>Closed. Opens Monday at 8:00 am</c>.
    /// </summary>
    public string FormatStatus(Status status, DateTimeZone zone)
    {
        var text = FormatState(status.Moment);
        if (status.NamedEnd is { } end)
        {
            var local = end.InZone(zone).LocalDateTime;
            text = AppendTime(text, "Until", local.TimeOfDay, DayNames.DayOfEnd(local), status.Date);
            if (status.NextAccess is { } next)
                text = Text("Then", text, LowercaseText($"{next}"));
        }
        if (status.NamedOpening is { } opening)
        {
            var local = opening.InZone(zone).LocalDateTime;
            text = AppendTime(text, "Opens", local.TimeOfDay, local.Date, status.Date);
        }
        return text;
    }

    /// <summary>
    /// Describes the rule that decides about a moment: <c>Christmas Day, closed</c> or <c>Monday, 8:00 am–5:00 pm</c>.
    /// </summary>
    public string FormatReason(Moment moment, TemporaryClosure? closure) =>
        moment.ClosedBy is { } part ? FormatClosedPart(part) : FormatRule(moment.Day, closure);

    /// <summary>Describes the rule that decides about a date, and the closed parts of the date.</summary>
    public string FormatDay(ScheduleDay day, TemporaryClosure? closure) =>
        string.Join("; ", [FormatRule(day, closure), .. day.ClosedParts.Select(FormatClosedPart)]);

    /// <summary>Describes the rule that decides about a date: <c>Christmas Day, closed</c>.</summary>
    public string FormatRule(ScheduleDay day, TemporaryClosure? closure) =>
        day.Kind switch
        {
            DayKind.Unknown => Text("Unknown"),
            DayKind.TemporarilyClosed when closure?.Reason is { } reason => Text(
                "Because",
                reason,
                LowercaseText("TemporarilyClosed")
            ),
            DayKind.TemporarilyClosed => Text("TemporarilyClosed"),
            DayKind.ClosedForGood => Text("ClosedForGood"),
            DayKind.Skipped => Text("Skipped", LocalDatePattern.Iso.Format(day.Date)),
            _ => Capitalize(
                Text("Because", day.Exception?.Reason ?? FormatWeekday(day.Date.DayOfWeek), FormatPeriods(day.Periods!))
            ),
        };

    /// <summary>Describes a closed part: <c>Staff meeting, closed 12:30 pm–2:00 pm</c>.</summary>
    public string FormatClosedPart(ScheduleException part) =>
        Text("Because", part.Reason, Text("ClosedPart", FormatTimes(part.Periods[0])));

    string FormatState(Moment moment)
    {
        if (moment.Period is { } period)
            return Text($"{period.Access}");
        return Text(moment.Day.Kind == DayKind.ClosedForGood ? "ClosedForGood" : $"{moment.State}");
    }

    string FormatPeriod(Period period)
    {
        var text = period.IsAllDay && period.Access == AccessMode.Open ? Text("AllDay") : FormatTimes(period);
        if (period.Access != AccessMode.Open)
            text += " " + FormatAccess(period.Access);
        return period.Note is { } note ? $"{text} ({note})" : text;
    }

    string FormatAccess(AccessMode access) => LowercaseText(access == AccessMode.WalkIn ? "WalkInPeriod" : $"{access}");

    string FormatTimes(Period period) =>
        period.IsAllDay ? Text("TwentyFourHours") : $"{TextOf(period.Opens).Time}–{TextOf(period.Closes).Time}";

    TimeText TextOf(LocalTime time)
    {
        var minute = (time.Hour * NodaConstants.MinutesPerHour) + time.Minute;
        return times[minute] ??= FormatWithPrepositions(LocalTime.FromMinutesSinceMidnight(minute));
    }

    // Spanish has other words before noon, midnight and one o'clock than before other times.
    TimeText FormatWithPrepositions(LocalTime time)
    {
        var text = FormatTime(time);
        var kind = KindOfTime(time);
        return new TimeText(text, Text("The" + kind, text), Text("At" + kind, text));
    }

    // Noon and midnight are words, since many people do not know which of the two 12:00 am is.
    string FormatTime(LocalTime time)
    {
        if (time == LocalTime.Noon)
            return Text("Noon");
        if (time == LocalTime.Midnight)
            return Text("Midnight");
        return clock.Format(time).ToLowerInvariant();
    }

    static string KindOfTime(LocalTime time)
    {
        if (time == LocalTime.Noon)
            return "Noon";
        if (time == LocalTime.Midnight)
            return "Midnight";
        return time.Hour == 1 ? "ClockAtOne" : "Clock";
    }

    string AppendTime(string text, string verb, LocalTime time, LocalDate day, LocalDate today)
    {
        var name = DayNames.Choose(day, today);
        var form = name switch
        {
            DayName.Today => "Time",
            DayName.Weekday => "Weekday",
            _ => "Date",
        };
        var dateText = name switch
        {
            DayName.Date => date.Format(day),
            DayName.DateAndYear => dateAndYear.Format(day),
            _ => null,
        };
        var timeText = TextOf(time);
        return Text(verb + form, text, timeText.WithThe, timeText.WithAt, FormatWeekday(day.DayOfWeek), dateText);
    }

    // Three or more days in a row are a range.
    string FormatWeekdays(IEnumerable<IsoDayOfWeek> days) =>
        JoinList([
            .. days.SplitIntoRuns()
                .SelectMany(run =>
                    run.Count < 3
                        ? run.Select(FormatWeekday)
                        : [Text("DayRange", FormatWeekday(run[0]), FormatWeekday(run[^1]))]
                ),
        ]);

    string FormatWeekday(IsoDayOfWeek day) => language.DateTimeFormat.GetDayName(day.ToDayOfWeek());

    string JoinList(string[] parts) =>
        parts.Length == 1 ? parts[0] : Text("And", string.Join(", ", parts, 0, parts.Length - 1), parts[^1]);

    string Text(string name, params object?[] values) => Texts.In(language, name, values);

    string LowercaseText(string name)
    {
        var text = Text(name);
        return char.ToLower(text[0], language) + text[1..];
    }

    string Capitalize(string text) => char.IsUpper(text[0]) ? text : char.ToUpper(text[0], language) + text[1..];

    /// <summary>A time of day: <c>5:00 pm</c>, and with a word before it, as in <c>at 5:00 pm</c>.</summary>
    sealed record TimeText(string Time, string WithThe, string WithAt);
}
