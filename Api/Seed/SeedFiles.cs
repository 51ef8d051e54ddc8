using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Api.Contact;
using Api.Hours;
using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace Api.Seed;

/// <summary>
/// The values that stand in the files of a seed. Each has a function that reads it, and that says what to write when it is
/// something else.
/// </summary>
static partial class SeedFiles
{
    /// <summary>The longest slug: FHIR allows an id no more than 64 characters.</summary>
    public const int LongestSlug = 64;

    const int LongestEmail = 254;

    static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    // What is written about in years is not before this; the columns sort as text, so years have four digits.
    static readonly LocalDate FirstDate = new(1900, 1, 1);

    static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth", "last"];
    static readonly string[] Weekdays = [.. WeeklyHours.Week.Select(day => $"{day}".ToLowerInvariant())];
    static readonly string[] Months = [.. CultureInfo.InvariantCulture.DateTimeFormat.MonthNames.Take(12).Select(month => month.ToLowerInvariant())];

    // Of every country that has a time zone, which are all that anybody lives in.
    static readonly HashSet<string> Countries = [.. TzdbDateTimeZoneSource.Default.ZoneLocations!.Select(location => location.CountryCode)];

    /// <summary>A period, or <c>null</c> when the text is none.</summary>
    public static Period? ParsePeriod(string text) => OrNull(() => ReadPeriod(text, 1));

    /// <summary>The days on which an exception holds, or <c>null</c> when the text names none.</summary>
    public static DateRule? ParseDateRule(string text) => OrNull(() => ReadDateRule(text, 1));

    static T? OrNull<T>(Func<T> read) where T : class
    {
        try
        {
            return read();
        }
        catch (SeedMistake)
        {
            return null;
        }
    }

    /// <summary>One line of text.</summary>
    public static string ReadText(string text, int line)
    {
        var trimmed = text.Trim();
        if (trimmed == "") throw new SeedMistake(line, "the text is empty: write it, or remove the line.");
        for (var i = 0; i < trimmed.Length; i++)
        {
            if (char.IsControl(trimmed[i])) throw new SeedMistake(line, $"{Quote(trimmed)} has a line break or another control character in it: write one line of text without control characters.");
            if (char.IsSurrogate(trimmed[i]) && !(i + 1 < trimmed.Length && char.IsSurrogatePair(trimmed, i++)))
                throw new SeedMistake(line, "the text has half of a character in it, written as \\u: write the character itself.");
        }
        return trimmed.Normalize();
    }

    /// <summary>What identifies something in a URL.</summary>
    public static string ReadSlug(string text, int line)
    {
        if (!SlugPattern().IsMatch(text))
        {
            var likely = NoSlug().Replace(Marks().Replace(text.Normalize(NormalizationForm.FormD), "").ToLowerInvariant(), "-").Trim('-');
            throw new SeedMistake(line, $"{Quote(text)} is not made of lower-case letters, digits and single hyphens: write {(likely is { Length: > 0 and <= LongestSlug } ? likely : "one like main-street")}.");
        }
        return text.Length <= LongestSlug ? text
            : throw new SeedMistake(line, $"{Quote(text)} has {text.Length} characters: write at most {LongestSlug}.");
    }

    /// <summary><c>08:00-17:00</c>; an end that is not after the beginning is on the next day.</summary>
    public static Period ReadPeriod(string text, int line)
    {
        if (text.Split('-') is [var opens, var closes] && Clock.Parse(opens) is { Success: true, Value: var from })
        {
            if (Clock.Parse(closes) is { Success: true, Value: var to })
            {
                return from != to || from == LocalTime.Midnight ? new Period(from, to) : throw new SeedMistake(line,
                    $"{Quote(text)} closes when it opens: write 00:00-00:00 for the whole day, or no period where it is closed.");
            }
            if (closes == "24:00") throw new SeedMistake(line, $"{Quote(text)} does not end on this day: write {opens}-00:00, which ends at midnight.");
        }
        if (ClosedWord().IsMatch(text)) throw new SeedMistake(line, $"{Quote(text)} is not a period: write [] for a day on which it is closed.");
        if (AllDayWord().IsMatch(text)) throw new SeedMistake(line, $"{Quote(text)} is not a period: write 00:00-00:00 for the whole day.");
        throw new SeedMistake(line, $"{Quote(text)} is not a period: write {LikelyPeriod(text) ?? "when it opens and closes, like 08:00-17:00"}.");
    }

    /// <summary><c>08:00-17:00</c></summary>
    public static string Format(Period period) => $"{Clock.Format(period.Opens)}-{Clock.Format(period.Closes)}";

    /// <summary>A period as it is meant where it is written another way, or <c>null</c>.</summary>
    public static string? LikelyPeriod(string text)
    {
        if (LoosePeriod().Match(text) is not { Success: true } match) return null;
        if (LikelyTime(match, "1") is not { } from || LikelyTime(match, "2") is not { } to || (from == to && from != LocalTime.Midnight)) return null;
        // "9-5" is an afternoon, not a night; better no guess.
        if (to < from && !match.Groups["half2"].Success) return to == LocalTime.Midnight ? $"{Clock.Format(from)}-00:00" : null;
        return $"{Clock.Format(from)}-{Clock.Format(to)}";
    }

    static LocalTime? LikelyTime(Match match, string number)
    {
        var hour = int.Parse(match.Groups["hour" + number].Value, CultureInfo.InvariantCulture);
        var minute = match.Groups["minute" + number] is { Success: true, Value: var minutes } ? int.Parse(minutes, CultureInfo.InvariantCulture) : 0;
        if (match.Groups["half" + number] is { Success: true, Value: var half })
        {
            if (hour is < 1 or > 12) return null;
            hour = (hour % 12) + (half[0] is 'p' or 'P' ? 12 : 0);
        }
        if (hour == 24 && minute == 0) hour = 0;
        return hour < 24 && minute < 60 ? new LocalTime(hour, minute) : null;
    }

    /// <summary><c>2026-12-24</c></summary>
    public static LocalDate ReadDate(string text, int line)
    {
        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date })
            return date >= FirstDate ? date : throw new SeedMistake(line, $"{Quote(text)} is too long ago: write a date from 1900-01-01 on.");
        if (IsoDate().Match(text) is { Success: true } parts)
        {
            var (year, month, day) = (Number(parts, 1), Number(parts, 2), Number(parts, 3));
            if (month is < 1 or > 12) throw new SeedMistake(line, $"{Quote(text)} is not a date: write year, month and day, the month from 01 to 12.");
            if (year >= 1 && (day < 1 || day > CalendarSystem.Iso.GetDaysInMonth(year, month)))
                throw new SeedMistake(line, $"{Quote(text)} is not a date: the last day of that month is {parts.Groups[1]}-{parts.Groups[2]}-{CalendarSystem.Iso.GetDaysInMonth(year, month)}.");
        }
        if (MonthAndDay().IsMatch(text)) throw new SeedMistake(line, $"{Quote(text)} has no year: write the date like 2026-{text}.");
        throw new SeedMistake(line, $"{Quote(text)} is not a date: write {LikelyDate(text) ?? "it like 2026-12-24"}.");
    }

    static string? LikelyDate(string text) =>
        FourDigits().IsMatch(text) && DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out var date) && date.Year >= 1900
            ? date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : null;

    /// <summary><c>2026-01-12T15:00:00Z</c></summary>
    public static Instant ReadInstant(string text, int line)
    {
        const string Example = "2026-01-12T15:00:00Z";
        if (InstantPattern.ExtendedIso.Parse(text) is { Success: true, Value: var instant })
            return instant.InUtc().Date >= FirstDate ? instant : throw new SeedMistake(line, $"{Quote(text)} is too long ago: write a time from 1900 on.");
        if (OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true, Value: var local })
            throw new SeedMistake(line, $"{Quote(text)} is not in UTC: write {InstantPattern.ExtendedIso.Format(local.ToInstant())}.");
        // Says so when it is the date that is wrong.
        if (text.Length > 10 && (text[10] is 'T' or 't') && IsoDate().IsMatch(text[..10])) ReadDate(text[..10], line);
        throw new SeedMistake(line, $"{Quote(text)} is not a time in UTC: write date and time with a Z, like {(LikelyDate(text) is { } date ? $"{date}T15:00:00Z" : Example)}.");
    }

    /// <summary>
    /// <c>2026-12-24</c>, <c>2026-12-24 to 2027-01-02</c>, <c>every 12-25</c>, <c>every 12-24 to 01-02</c>,
    /// <c>every fourth thursday of november</c>, <c>every last monday of may</c>.
    /// </summary>
    public static DateRule ReadDateRule(string text, int line)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["every", var nth, var weekday, "of", var month]:
                return new DateRule.YearlyWeekday(
                    OneOf(Ordinals, nth, line) + 1 is 6 ? DateRule.YearlyWeekday.Last : OneOf(Ordinals, nth, line) + 1,
                    WeeklyHours.Week[OneOf(Weekdays, weekday, line)], OneOf(Months, month, line) + 1);
            case ["every", var on] when MonthAndDay().IsMatch(on):
                return new DateRule.Yearly(ReadDayOfYear(on, line), ReadDayOfYear(on, line));
            case ["every", var from, "to", var to] when MonthAndDay().IsMatch(from) && MonthAndDay().IsMatch(to):
                var (first, last) = (ReadDayOfYear(from, line), ReadDayOfYear(to, line));
                if (first != last && (IsLeapDay(first) || IsLeapDay(last)))
                    throw new SeedMistake(line, $"{Quote(text)} begins or ends on February 29, which most years do not have: write 02-28 or 03-01.");
                return new DateRule.Yearly(first, last);
            case ["every", ..]:
                break;
            case [var from, "to", var to]:
                var (begin, end) = (ReadDate(from, line), ReadDate(to, line));
                return begin <= end ? new DateRule.Dates(begin, end)
                    : throw new SeedMistake(line, $"{Quote(text)} ends before it begins: write the earlier date first, {to} to {from}.");
            case [var on] when MonthAndDay().IsMatch(on):
                throw new SeedMistake(line, $"{Quote(text)} has no year: write every {on} for every year, or the date like 2026-{on}.");
            case [var on] when IsoDate().IsMatch(on):
                var date = ReadDate(on, line);
                return new DateRule.Dates(date, date);
        }

        var likely = LooseRange().Match(text) is { Success: true } range ? $"{range.Groups["every"].Value}{range.Groups["from"].Value} to {range.Groups["to"].Value}"
            : words is ["every" or "Every" or "EVERY", .. var rest] ? LikelyDate(string.Join(' ', rest) + " 2000") is { } yearly ? $"every {yearly[5..]}" : null
            : LikelyDate(text);
        if (likely == text || (likely is not null && ParseDateRule(likely) is null)) likely = null;
        throw new SeedMistake(line, $"{Quote(text)} does not name days: write {likely ?? "them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, every 12-24 to 01-02 or every fourth thursday of november"}.");
    }

    static AnnualDate ReadDayOfYear(string text, int line)
    {
        if (AnnualDatePattern.Iso.Parse(text) is { Success: true, Value: var day }) return day;
        var (month, number) = (text[..2], int.Parse(text[3..], CultureInfo.InvariantCulture));
        throw new SeedMistake(line, int.Parse(month, CultureInfo.InvariantCulture) is >= 1 and <= 12 and var index && number > 0
            ? $"{Quote(text)} is not a day of the year: the last day of that month is {month}-{CalendarSystem.Iso.GetDaysInMonth(2000, index)}."
            : $"{Quote(text)} is not a day of the year: write month and day, like 12-25.");
    }

    static bool IsLeapDay(AnnualDate day) => day is { Month: 2, Day: 29 };

    static int OneOf(string[] words, string word, int line)
    {
        var index = Array.FindIndex(words, known => known.Equals(word, StringComparison.OrdinalIgnoreCase));
        return index >= 0 ? index : throw new SeedMistake(line, $"{Quote(word)} is none of {string.Join(", ", words)}: write one of them.");
    }

    /// <summary>A zone by the name of a place, whose rules follow the law there.</summary>
    public static DateTimeZone ReadTimeZone(string text, int line)
    {
        var source = TzdbDateTimeZoneSource.Default;
        var isPlace = text is "UTC" or "Etc/UTC" || (text.Contains('/', StringComparison.Ordinal) && !text.StartsWith("Etc/", StringComparison.Ordinal));
        if (isPlace && source.CanonicalIdMap.ContainsKey(text)) return DateTimeZoneProviders.Tzdb[text];
        var known = source.CanonicalIdMap.Keys.FirstOrDefault(id => id.Equals(text, StringComparison.OrdinalIgnoreCase));
        var likely = known is null ? "America/Chicago" : isPlace ? known : source.CanonicalIdMap[known];
        if (!likely.Contains('/', StringComparison.Ordinal) || likely.StartsWith("Etc/", StringComparison.Ordinal)) likely = "America/Chicago";
        throw new SeedMistake(line, $"{Quote(text)} is not an IANA time zone that is named after a place: write one like {likely}.");
    }

    /// <summary>A number as it is dialled from abroad, in E.164.</summary>
    public static string ReadTelephone(string text, int line) =>
        TelephoneCharacters().IsMatch(text) && TelephoneNumber.Read(text, "ZZ") is { Extension: null, E164: var number } ? number
            : throw new SeedMistake(line, $"{Quote(text)} is not a telephone number with its country code: write it like +15555550100.");

    public static string ReadEmail(string text, int line) =>
        text.Length <= LongestEmail && EmailPattern().IsMatch(text) ? text
            : throw new SeedMistake(line, $"{Quote(text)} is not an e-mail address: write it like front-desk@example.com.");

    /// <summary>ISO 3166-1 alpha-2.</summary>
    public static string ReadCountry(string text, int line)
    {
        if (Countries.Contains(text)) return text;
        var upper = text.Trim().ToUpperInvariant();
        var named = TzdbDateTimeZoneSource.Default.ZoneLocations!.FirstOrDefault(location => location.CountryName.Equals(text.Trim(), StringComparison.OrdinalIgnoreCase));
        var likely = Countries.Contains(upper) ? upper : upper switch
        {
            "UK" => "GB",
            "USA" or "U.S." or "U.S.A." or "UNITED STATES OF AMERICA" => "US",
            _ => named?.CountryCode ?? "its two letters, like US",
        };
        throw new SeedMistake(line, $"{Quote(text)} is not the code of a country: write {likely}.");
    }

    /// <summary>A state or province; in the United States the code of the post.</summary>
    public static string ReadRegion(string text, bool isInUnitedStates, int line) => !isInUnitedStates || TwoLetters().IsMatch(text) ? text
        : throw new SeedMistake(line, $"{Quote(text)} is not the code of a state: write its two letters, like AR.");

    /// <summary>A BCP 47 tag.</summary>
    public static string ReadLanguage(string text, int line) => LanguageTag().IsMatch(text) ? text
        : throw new SeedMistake(line, $"{Quote(text)} is not the tag of a language: write it like en, es or mh.");

    public static bool ReadBoolean(string text, int line) => text.ToLowerInvariant() switch
    {
        "true" or "yes" or "on" or "y" => true,
        "false" or "no" or "off" or "n" => false,
        _ => throw new SeedMistake(line, $"{Quote(text)} is neither true nor false: write one of them."),
    };

    public static double ReadDegrees(string text, double most, int line) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var degrees) &&
        Math.Abs(degrees) <= most ? degrees
            : throw new SeedMistake(line, string.Create(CultureInfo.InvariantCulture, $"{Quote(text)} is not a number of degrees: write one from -{most} to {most}, like {(most > 90 ? "-90.7" : "35.84")}."));

    /// <summary>One of the names that JSON has for it, too.</summary>
    public static T ReadName<T>(string text, int line) where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
            if ($"{value}".Equals(text, StringComparison.OrdinalIgnoreCase)) return value;
        throw new SeedMistake(line, $"{Quote(text)} is not a way in which patients are seen: write {string.Join(" or ", NamesOf<T>())}.");
    }

    public static IEnumerable<string> NamesOf<T>() where T : struct, Enum =>
        Enum.GetValues<T>().Select(value => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName($"{value}"));

    static string Quote(string value) => SeedMistake.Quote(value);

    static int Number(Match match, int group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[a-z0-9]+(-[a-z0-9]+)*\z")]
    private static partial Regex SlugPattern();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoSlug();

    [GeneratedRegex(@"^([0-9]{4})-([0-9]{2})-([0-9]{2})\z")]
    private static partial Regex IsoDate();

    [GeneratedRegex(@"^[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex MonthAndDay();

    [GeneratedRegex(@"\p{M}+")]
    private static partial Regex Marks();

    [GeneratedRegex("[0-9]{4}")]
    private static partial Regex FourDigits();

    [GeneratedRegex(@"^ *(closed|none|off|no|false|-|x) *\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ClosedWord();

    [GeneratedRegex(@"^ *(24 ?/ ?7|24 ?h(ours)?|all day|open|always|true|yes) *\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex AllDayWord();

    [GeneratedRegex(@"^ *(?<hour1>[0-9]{1,2})([:.h](?<minute1>[0-9]{2}))?(:00)? ?(?<half1>[ap])?(\.?m\.?)? *(-|–|—|to|until) *(?<hour2>[0-9]{1,2})([:.h](?<minute2>[0-9]{2}))?(:00)? ?(?<half2>[ap])?(\.?m\.?)? *\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LoosePeriod();

    [GeneratedRegex(@"^ *(?<every>every )? *(?<from>([0-9]{4}-)?[0-9]{2}-[0-9]{2}) *(-|–|—|\.\.+|/|until|till|through|thru|to|and) *(?<to>([0-9]{4}-)?[0-9]{2}-[0-9]{2}) *\z", RegexOptions.CultureInvariant)]
    private static partial Regex LooseRange();

    [GeneratedRegex(@"^\+[0-9 ().-]+\z")]
    private static partial Regex TelephoneCharacters();

    // HTML's rule for input type=email, with a domain that has a dot.
    [GeneratedRegex(@"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])\z")]
    private static partial Regex EmailPattern();

    [GeneratedRegex(@"^[A-Z]{2}\z")]
    private static partial Regex TwoLetters();

    [GeneratedRegex(@"^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();
}
