using System.Collections.Concurrent;
using System.Globalization;
using System.Resources;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Hours;

/// <summary>Says hours in a language, as a sign on the door would. The words are in <c>HoursText.resx</c> and beside it.</summary>
sealed class HoursText
{
    static readonly ResourceManager Resources = new(typeof(HoursText));
    static readonly ConcurrentDictionary<string, HoursText> Languages = new();

    readonly CultureInfo language;
    readonly LocalTimePattern clock;
    readonly LocalDatePattern date, dateAndYear;
    readonly ConcurrentDictionary<string, string> words = new();

    HoursText(CultureInfo language)
    {
        this.language = language;
        clock = LocalTimePattern.CreateWithInvariantCulture(Word("ClockPattern"));
        date = LocalDatePattern.Create(Word("DatePattern"), language);
        dateAndYear = LocalDatePattern.Create(Word("DateAndYearPattern"), language);
    }

    public static HoursText In(CultureInfo language) => Languages.GetOrAdd(language.Name, _ => new HoursText(language));

    /// <summary>
    /// <c>Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed</c>: days with the same periods are said together,
    /// three or more in a row as a range.
    /// </summary>
    public string Of(WeeklyHours? hours)
    {
        if (hours is null) return Word("Unknown");
        if (hours.IsForGood) return Word("ClosedForGood");
        var groups = WeeklyHours.Week.GroupBy(day => Of(hours[day])).ToArray();
        return groups is [var one]
            ? Say("EveryDay", one.Key)
            : Sentence(string.Join("; ", groups.Select(group => $"{Days([.. group])} {group.Key}")));
    }

    /// <summary><c>8:00 am–noon and 1:00 pm–5:00 pm by appointment</c>, or <c>closed</c>.</summary>
    public string Of(IReadOnlyList<Period> periods) =>
        periods.Count == 0 ? Within("Closed") : List([.. periods.Select(Of)]);

    /// <summary><c>Open until 5:00 pm</c>, <c>Closed. Opens Monday at 8:00 am</c></summary>
    public string Of(in Status status, DateTimeZone zone)
    {
        var moment = status.Moment;
        var state = Word(moment.Period?.Access.ToString() ?? (moment.Day.Kind == DayKind.ClosedForGood ? "ClosedForGood" : moment.State.ToString()));
        var text = state;
        if (status.NamedEnd is { } end)
        {
            var local = end.InZone(zone).LocalDateTime;
            text = Named("Until", state, local.TimeOfDay, NamedDays.DayOfEnd(local), status.Date);
            if (status.Then is { } then) text = Say("Then", text, Within(then.ToString()));
        }
        if (status.NamedOpening is { } opening)
        {
            var local = opening.InZone(zone).LocalDateTime;
            text = Named("Opens", text, local.TimeOfDay, local.Date, status.Date);
        }
        return text;
    }

    /// <summary><c>Christmas Day, closed</c>, <c>Monday, 8:00 am–5:00 pm</c></summary>
    public string Reason(in Moment moment, TemporaryClosure? closure) =>
        moment.ClosedBy is { } part ? OfPart(part) : Reason(moment.Day, closure);

    /// <summary>The same for a whole day, with what is closed of it.</summary>
    public string Reason(in ScheduleDay day, IReadOnlyList<ScheduleException> closedParts, TemporaryClosure? closure) =>
        string.Join("; ", [Reason(day, closure), .. closedParts.Select(OfPart)]);

    string Reason(in ScheduleDay day, TemporaryClosure? closure) => day.Kind switch
    {
        DayKind.Unknown => Word("Unknown"),
        DayKind.TemporarilyClosed => closure?.Reason is { } reason
            ? Say("Because", reason, Within("TemporarilyClosed")) : Word("TemporarilyClosed"),
        DayKind.ClosedForGood => Word("ClosedForGood"),
        DayKind.Skipped => Say("Skipped", day.Date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture)),
        _ => Sentence(Say("Because", day.Exception?.Reason ?? Name(day.Date.DayOfWeek), Of(day.Periods!))),
    };

    string OfPart(ScheduleException part) => Say("Because", part.Reason, Say("ClosedPart", Span(part.Periods[0])));

    string Of(Period period)
    {
        var text = period.IsAllDay && period.Access == AccessMode.Open ? Word("AllDay") : Span(period);
        if (period.Access != AccessMode.Open) text += " " + Within(period.Access == AccessMode.WalkIn ? "WalkInPeriod" : period.Access.ToString());
        return period.Note is { } note ? $"{text} ({note})" : text;
    }

    string Span(Period period) => period.IsAllDay ? Word("TwentyFourHours") : $"{Of(period.Opens)}–{Of(period.Closes)}";

    // Noon and midnight are words everywhere, since many do not know which of the two 12:00 am is.
    string Of(LocalTime time) => time == LocalTime.Noon ? Word("Noon")
        : time == LocalTime.Midnight ? Word("Midnight")
        : clock.Format(time).ToLowerInvariant();

    // The same within a sentence. Each word there is in two forms: "the" time at which something ends, and "at" the time.
    string Say(string form, LocalTime time)
    {
        var word = time == LocalTime.Noon ? "Noon"
            : time == LocalTime.Midnight ? "Midnight"
            : time.Hour == 1 ? "ClockAtOne"
            : "Clock";
        return Say(form + word, Of(time));
    }

    // The day is named only when it is not today, and with its date when the weekday alone could be an earlier one.
    string Named(string verb, string state, LocalTime time, LocalDate day, LocalDate today)
    {
        var name = NamedDays.Name(day, today);
        var word = name switch
        {
            NamedDay.Today => "Time",
            NamedDay.Weekday => "Weekday",
            _ => "Date",
        };
        return Say(verb + word, state, Say("The", time), Say("At", time), Name(day.DayOfWeek),
            (name == NamedDay.DateAndYear ? dateAndYear : date).Format(day));
    }

    string Days(IsoDayOfWeek[] days)
    {
        var parts = new List<string>();
        for (var i = 0; i < days.Length;)
        {
            var last = i;
            while (last + 1 < days.Length && days[last + 1] == days[last] + 1) last++;
            if (last - i >= 2)
                parts.Add(Say("DayRange", Name(days[i]), Name(days[last])));
            else
                parts.AddRange(days[i..(last + 1)].Select(Name));
            i = last + 1;
        }
        return List(parts);
    }

    string Name(IsoDayOfWeek day) => language.DateTimeFormat.GetDayName((DayOfWeek)((int)day % 7));

    string List(List<string> parts) => parts.Count == 1
        ? parts[0] : Say("And", string.Join(", ", parts.SkipLast(1)), parts[^1]);

    string Say(string word, params ReadOnlySpan<object?> parts) => string.Format(language, Word(word), parts);

    string Word(string word) => words.GetOrAdd(word, key =>
        Resources.GetString(key, language) ?? throw new MissingManifestResourceException($"HoursText.resx has no {key}."));

    // Inside of a sentence and at its beginning.
    string Within(string word)
    {
        var text = Word(word);
        return char.ToLower(text[0], language) + text[1..];
    }

    string Sentence(string text) => char.ToUpper(text[0], language) + text[1..];
}
