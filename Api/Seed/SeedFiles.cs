using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Api.Contact;
using Api.Hours;
using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;

namespace Api.Seed;

/// <summary>
/// Reads the values in the files of a seed. Each method throws a <see cref="SeedMistake"/> that says what to write when
/// the text is something else.
/// </summary>
static partial class SeedFiles
{
    /// <summary>The longest slug. FHIR allows at most 64 characters in an id.</summary>
    public const int LongestSlug = 64;

    const int LongestEmail = 254;

    // Nothing on the web site is older. Dates are stored and sorted as text, so years must have four digits.
    static readonly LocalDate FirstDate = new(1900, 1, 1);

    static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth", "last"];
    static readonly string[] Weekdays = [.. WeeklyHours.Week.Select(day => $"{day}".ToLowerInvariant())];

    static readonly string[] Months =
    [
        .. CultureInfo.InvariantCulture.DateTimeFormat.MonthNames.Take(12).Select(month => month.ToLowerInvariant()),
    ];

    // The countries that have a time zone, which are all inhabited ones.
    static readonly HashSet<string> Countries =
    [
        .. TzdbDateTimeZoneSource.Default.ZoneLocations!.Select(location => location.CountryCode),
    ];

    /// <summary>Reads a period like <c>08:00-17:00</c>.</summary>
    /// <returns><c>null</c> when the text is not a period.</returns>
    public static Period? ParsePeriod(string text) => ParseOrNull(text, ReadPeriod);

    /// <summary>Reads the days of an exception.</summary>
    /// <returns><c>null</c> when the text does not name days.</returns>
    public static DateRule? ParseDateRule(string text) => ParseOrNull(text, ReadDateRule);

    static T? ParseOrNull<T>(string text, Func<string, int, T> read)
        where T : class
    {
        try
        {
            return read(text, 1);
        }
        catch (SeedMistake)
        {
            return null;
        }
    }

    /// <summary>Reads one line of text.</summary>
    public static string ReadText(string text, int line)
    {
        var trimmed = text.Trim();
        if (trimmed == "")
            throw new SeedMistake(line, "the text is empty: write it, or remove the line.");
        if (trimmed.Any(char.IsControl))
        {
            throw Mistake(
                trimmed,
                line,
                "has a line break or another control character in it: "
                    + "write one line of text without control characters."
            );
        }
        if (HasHalfCharacter(trimmed))
        {
            throw new SeedMistake(
                line,
                "the text has half of a character in it, written as \\u: write the character itself."
            );
        }
        return trimmed.Normalize();
    }

    // A surrogate without its other half, which the enumerator replaces.
    static bool HasHalfCharacter(string text) => string.Concat(text.EnumerateRunes()) != text;

    /// <summary>Reads an identifier in a URL.</summary>
    public static string ReadSlug(string text, int line)
    {
        if (!SlugPattern().IsMatch(text))
        {
            var likely = LikelySlug(text) ?? "one like main-street";
            throw Mistake(text, line, $"is not made of lower-case letters, digits and single hyphens: write {likely}.");
        }
        if (text.Length > LongestSlug)
            throw Mistake(text, line, $"has {text.Length} characters: write at most {LongestSlug}.");
        return text;
    }

    static string? LikelySlug(string text)
    {
        var unaccented = MarksPattern().Replace(text.Normalize(NormalizationForm.FormD), "");
        var slug = NoSlugPattern().Replace(unaccented.ToLowerInvariant(), "-").Trim('-');
        return slug is { Length: > 0 and <= LongestSlug } ? slug : null;
    }

    /// <summary>
    /// Reads a period like <c>08:00-17:00</c>. If the end is not after the beginning, it is on the next day.
    /// </summary>
    public static Period ReadPeriod(string text, int line)
    {
        if (
            text.Split('-') is [var opens, var closes]
            && TimePatterns.TimeOfDay.Parse(opens) is { Success: true, Value: var from }
        )
        {
            if (closes == "24:00")
                throw Mistake(text, line, $"does not end on this day: write {opens}-00:00, which ends at midnight.");
            if (TimePatterns.TimeOfDay.Parse(closes) is { Success: true, Value: var to })
            {
                if (from != to || from == LocalTime.Midnight)
                    return new Period(from, to);
                throw Mistake(
                    text,
                    line,
                    "closes when it opens: " + "write 00:00-00:00 for the whole day, or no period where it is closed."
                );
            }
        }

        var likely = LikelyPeriod(text) ?? "when it opens and closes, like 08:00-17:00";
        if (ClosedPattern().IsMatch(text))
            likely = "[] for a day on which it is closed";
        if (AllDayPattern().IsMatch(text))
            likely = "00:00-00:00 for the whole day";
        throw Mistake(text, line, $"is not a period: write {likely}.");
    }

    /// <summary>Whether the text is a usual word for being closed.</summary>
    public static bool MeansClosed(string text) =>
        text.ToUpperInvariant() is "CLOSED" or "NONE" or "OFF" or "NO" or "FALSE" or "-";

    /// <summary>Formats a period like <c>08:00-17:00</c>.</summary>
    public static string Format(Period period) =>
        $"{TimePatterns.TimeOfDay.Format(period.Opens)}-{TimePatterns.TimeOfDay.Format(period.Closes)}";

    /// <summary>Guesses the period that a text like <c>8am - 5pm</c> means.</summary>
    /// <returns><c>null</c> when there is no good guess.</returns>
    public static string? LikelyPeriod(string text)
    {
        if (LoosePeriodPattern().Match(text) is not { Success: true } match)
            return null;
        if (LikelyTime(match, "1") is not { } from || LikelyTime(match, "2") is not { } to)
            return null;
        if (from == to && from != LocalTime.Midnight)
            return null;
        // "9-5" ends in the afternoon rather than on the next day, so it is better not to guess.
        var mayMeanAfternoon = to < from && to != LocalTime.Midnight && !match.Groups["half2"].Success;
        return mayMeanAfternoon ? null : $"{TimePatterns.TimeOfDay.Format(from)}-{TimePatterns.TimeOfDay.Format(to)}";
    }

    static LocalTime? LikelyTime(Match match, string number)
    {
        var hour = ParseNumber(match, "hour" + number);
        var minute = match.Groups["minute" + number].Success ? ParseNumber(match, "minute" + number) : 0;
        if (match.Groups["half" + number] is { Success: true, Value: var half })
        {
            if (hour is < 1 or > 12)
                return null;
            hour = (hour % 12) + (half[0] is 'p' or 'P' ? 12 : 0);
        }
        if (hour == 24 && minute == 0)
            hour = 0;
        return hour < 24 && minute < 60 ? new LocalTime(hour, minute) : null;
    }

    /// <summary>Reads a date like <c>2026-12-24</c>.</summary>
    public static LocalDate ReadDate(string text, int line)
    {
        if (LocalDatePattern.Iso.Parse(text) is { Success: true, Value: var date })
        {
            if (date >= FirstDate)
                return date;
            throw Mistake(text, line, "is too long ago: write a date from 1900-01-01 on.");
        }
        if (MonthAndDayPattern().IsMatch(text))
            throw Mistake(text, line, $"has no year: write the date like 2026-{text}.");

        var correction = ExplainDate(text) ?? $"write {LikelyDate(text) ?? "it like 2026-12-24"}";
        throw Mistake(text, line, $"is not a date: {correction}.");
    }

    static string? ExplainDate(string text)
    {
        if (IsoDatePattern().Match(text) is not { Success: true } parts)
            return null;
        var year = ParseNumber(parts, "year");
        var month = ParseNumber(parts, "month");
        var day = ParseNumber(parts, "day");
        if (month is < 1 or > 12)
            return "write year, month and day, the month from 01 to 12";
        if (year < 1)
            return null;
        var lastDay = CalendarSystem.Iso.GetDaysInMonth(year, month);
        return day < 1 || day > lastDay ? $"the last day of that month is {year:0000}-{month:00}-{lastDay}" : null;
    }

    static string? LikelyDate(string text)
    {
        // The framework would guess the year of a date without one.
        if (!FourDigitsPattern().IsMatch(text))
            return null;
        var culture = CultureInfo.InvariantCulture;
        return DateTime.TryParse(text, culture, DateTimeStyles.RoundtripKind, out var date) && date.Year >= 1900
            ? date.ToString("yyyy-MM-dd", culture)
            : null;
    }

    /// <summary>Reads an instant like <c>2026-01-12T15:00:00Z</c>.</summary>
    public static Instant ReadInstant(string text, int line)
    {
        if (InstantPattern.ExtendedIso.Parse(text) is { Success: true, Value: var instant })
        {
            if (instant.InUtc().Date >= FirstDate)
                return instant;
            throw Mistake(text, line, "is too long ago: write a time from 1900 on.");
        }
        if (OffsetDateTimePattern.Rfc3339.Parse(text) is { Success: true, Value: var local })
        {
            var utc = InstantPattern.ExtendedIso.Format(local.ToInstant());
            throw Mistake(text, line, $"is not in UTC: write {utc}.");
        }
        // If only the date is wrong, the sentence says that.
        if (text.Length > 10 && text[10] is 'T' or 't' && IsoDatePattern().IsMatch(text[..10]))
            ReadDate(text[..10], line);

        var date = LikelyDate(text) ?? "2026-01-12";
        throw Mistake(text, line, $"is not a time in UTC: write date and time with a Z, like {date}T15:00:00Z.");
    }

    /// <summary>
    /// Reads the days of an exception: <c>2026-12-24</c>, <c>2026-12-24 to 2027-01-02</c>, <c>every 12-25</c>,
    /// <c>every 12-24 to 01-02</c>, <c>every fourth thursday of november</c>, <c>every last monday of may</c>.
    /// </summary>
    public static DateRule ReadDateRule(string text, int line)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        switch (words)
        {
            case ["every", var nth, var weekday, "of", var month]:
                return ReadYearlyWeekday(nth, weekday, month, line);
            case ["every", var on] when MonthAndDayPattern().IsMatch(on):
                var annual = ReadDayOfYear(on, line);
                return new DateRule.Yearly(annual, annual);
            case ["every", var from, "to", var to]
                when MonthAndDayPattern().IsMatch(from) && MonthAndDayPattern().IsMatch(to):
                return ReadYearlyRange(text, from, to, line);
            case ["every", ..]:
                break;
            case [var from, "to", var to]:
                var (begin, end) = (ReadDate(from, line), ReadDate(to, line));
                if (begin <= end)
                    return new DateRule.Dates(begin, end);
                throw Mistake(text, line, $"ends before it begins: write the earlier date first, {to} to {from}.");
            case [var on] when MonthAndDayPattern().IsMatch(on):
                throw Mistake(text, line, $"has no year: write every {on} for every year, or the date like 2026-{on}.");
            case [var on] when IsoDatePattern().IsMatch(on):
                var date = ReadDate(on, line);
                return new DateRule.Dates(date, date);
        }

        var likely =
            LikelyDateRule(text)
            ?? "them like 2026-12-24, 2026-12-24 to 2027-01-02, every 12-25, "
                + "every 12-24 to 01-02 or every fourth thursday of november";
        throw Mistake(text, line, $"does not name days: write {likely}.");
    }

    static DateRule.YearlyWeekday ReadYearlyWeekday(string nth, string weekday, string month, int line)
    {
        var ordinal = FindIndex(Ordinals, nth, line);
        var day = WeeklyHours.Week[FindIndex(Weekdays, weekday, line)];
        var isLast = Ordinals[ordinal] == "last";
        return new DateRule.YearlyWeekday(
            isLast ? DateRule.YearlyWeekday.Last : ordinal + 1,
            day,
            FindIndex(Months, month, line) + 1
        );
    }

    static DateRule.Yearly ReadYearlyRange(string text, string from, string to, int line)
    {
        var (first, last) = (ReadDayOfYear(from, line), ReadDayOfYear(to, line));
        if (first != last && (IsLeapDay(first) || IsLeapDay(last)))
        {
            throw Mistake(
                text,
                line,
                "begins or ends on February 29, which most years do not have: " + "write 02-28 or 03-01."
            );
        }
        return new DateRule.Yearly(first, last);
    }

    static string? LikelyDateRule(string text)
    {
        var likely = LooseRangePattern().Match(text) is { Success: true } range
            ? $"{range.Groups["every"].Value}{range.Groups["from"].Value} to {range.Groups["to"].Value}"
            : LikelyDay(text);
        return likely is not null && likely != text && ParseDateRule(likely) is not null ? likely : null;
    }

    static string? LikelyDay(string text)
    {
        if (!text.StartsWith("every ", StringComparison.OrdinalIgnoreCase))
            return LikelyDate(text);
        var date = LikelyDate($"{text["every ".Length..]} 2000");
        return date is null ? null : $"every {date["2000-".Length..]}";
    }

    static AnnualDate ReadDayOfYear(string text, int line)
    {
        if (AnnualDatePattern.Iso.Parse(text) is { Success: true, Value: var annual })
            return annual;
        var month = int.Parse(text[..2], CultureInfo.InvariantCulture);
        var day = int.Parse(text[3..], CultureInfo.InvariantCulture);
        var correction =
            month is >= 1 and <= 12 && day > 0
                ? $"the last day of that month is {month:00}-{CalendarSystem.Iso.GetDaysInMonth(2000, month)}"
                : "write month and day, like 12-25";
        throw Mistake(text, line, $"is not a day of the year: {correction}.");
    }

    static bool IsLeapDay(AnnualDate day) => day is { Month: 2, Day: 29 };

    static int FindIndex(string[] words, string word, int line)
    {
        var index = Array.FindIndex(words, known => known.Equals(word, StringComparison.OrdinalIgnoreCase));
        if (index >= 0)
            return index;
        throw Mistake(word, line, $"is none of {string.Join(", ", words)}: write one of them.");
    }

    /// <summary>Reads a time zone that is named after a place, so that its rules follow the law there.</summary>
    public static DateTimeZone ReadTimeZone(string text, int line)
    {
        var zones = TzdbDateTimeZoneSource.Default.CanonicalIdMap;
        var isAllowed = IsPlace(text) || text is "UTC" or "Etc/UTC";
        if (isAllowed && zones.ContainsKey(text))
            return DateTimeZoneProviders.Tzdb[text];

        var known = zones.Keys.FirstOrDefault(id => id.Equals(text, StringComparison.OrdinalIgnoreCase));
        string?[] guesses = [known, known is null ? null : zones[known], "America/Chicago"];
        var likely = guesses.First(guess => guess is not null && IsPlace(guess));
        throw Mistake(text, line, $"is not an IANA time zone that is named after a place: write one like {likely}.");

        static bool IsPlace(string id) =>
            id.Contains('/', StringComparison.Ordinal) && !id.StartsWith("Etc/", StringComparison.Ordinal);
    }

    /// <summary>Reads a telephone number with its country code, and returns it in E.164.</summary>
    public static string ReadTelephone(string text, int line)
    {
        var number = TelephonePattern().IsMatch(text) ? TelephoneNumber.Read(text, "ZZ") : null;
        if (number is { Extension: null })
            return number.E164;
        throw Mistake(text, line, "is not a telephone number with its country code: write it like +15555550100.");
    }

    public static string ReadEmail(string text, int line)
    {
        if (text.Length <= LongestEmail && EmailPattern().IsMatch(text))
            return text;
        throw Mistake(text, line, "is not an e-mail address: write it like front-desk@example.com.");
    }

    /// <summary>Reads a country's code (ISO 3166-1 alpha-2).</summary>
    public static string ReadCountry(string text, int line)
    {
        if (Countries.Contains(text))
            return text;
        var likely = LikelyCountry(text.Trim()) ?? "its two letters, like US";
        throw Mistake(text, line, $"is not the code of a country: write {likely}.");
    }

    static string? LikelyCountry(string text)
    {
        var code = text.ToUpperInvariant();
        if (Countries.Contains(code))
            return code;
        if (code is "UK")
            return "GB";
        if (code is "USA" or "U.S." or "U.S.A." or "UNITED STATES OF AMERICA")
            return "US";
        return TzdbDateTimeZoneSource
            .Default.ZoneLocations!.FirstOrDefault(location =>
                location.CountryName.Equals(text, StringComparison.OrdinalIgnoreCase)
            )
            ?.CountryCode;
    }

    /// <summary>
    /// Reads a state or province. In the United States it is the two-letter code of the postal service.
    /// </summary>
    public static string ReadRegion(string text, bool isInUnitedStates, int line)
    {
        if (!isInUnitedStates || TwoLettersPattern().IsMatch(text))
            return text;
        throw Mistake(text, line, "is not the code of a state: write its two letters, like AR.");
    }

    /// <summary>Reads the tag of a language (BCP 47).</summary>
    public static string ReadLanguage(string text, int line)
    {
        if (LanguagePattern().IsMatch(text))
            return text;
        throw Mistake(text, line, "is not the tag of a language: write it like en, es or mh.");
    }

    public static bool ReadBoolean(string text, int line) =>
        text.ToLowerInvariant() switch
        {
            "true" or "yes" or "on" or "y" => true,
            "false" or "no" or "off" or "n" => false,
            _ => throw Mistake(text, line, "is neither true nor false: write one of them."),
        };

    /// <summary>Reads a latitude or longitude.</summary>
    public static double ReadDegrees(string text, int largest, int line)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        var isNumber = double.TryParse(text, Style, CultureInfo.InvariantCulture, out var degrees);
        if (isNumber && Math.Abs(degrees) <= largest)
            return degrees;
        var example = largest > 90 ? "-90.7" : "35.84";
        throw Mistake(
            text,
            line,
            $"is not a number of degrees: write one from -{largest} to {largest}, like {example}."
        );
    }

    /// <summary>Reads the way in which patients are seen, by the same names as in JSON.</summary>
    public static T ReadName<T>(string text, int line)
        where T : struct, Enum
    {
        foreach (var value in Enum.GetValues<T>())
        {
            if ($"{value}".Equals(text, StringComparison.OrdinalIgnoreCase))
                return value;
        }
        var names = Enum.GetNames<T>().Select(JsonNamingPolicy.CamelCase.ConvertName);
        throw Mistake(text, line, $"is not a way in which patients are seen: write {string.Join(" or ", names)}.");
    }

    static SeedMistake Mistake(string text, int line, string rest) => new(line, $"{SeedMistake.Quote(text)} {rest}");

    static int ParseNumber(Match match, string group) =>
        int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[a-z0-9]+(-[a-z0-9]+)*\z")]
    private static partial Regex SlugPattern();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NoSlugPattern();

    [GeneratedRegex(@"^(?<year>[0-9]{4})-(?<month>[0-9]{2})-(?<day>[0-9]{2})\z")]
    private static partial Regex IsoDatePattern();

    [GeneratedRegex(@"^[0-9]{2}-[0-9]{2}\z")]
    private static partial Regex MonthAndDayPattern();

    [GeneratedRegex(@"\p{M}+")]
    private static partial Regex MarksPattern();

    [GeneratedRegex("[0-9]{4}")]
    private static partial Regex FourDigitsPattern();

    [GeneratedRegex(@"^ *(closed|none|off|no|false|-|x) *\z", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ClosedPattern();

    [GeneratedRegex(
        @"^ *(24 ?/ ?7|24 ?h(ours)?|all day|open|always|true|yes) *\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex AllDayPattern();

    [GeneratedRegex(
        @"^ *(?<hour1>[0-9]{1,2})([:.h](?<minute1>[0-9]{2}))?(:00)? ?(?<half1>[ap])?(\.?m\.?)?"
            + @" *(-|–|—|to|until) *"
            + @"(?<hour2>[0-9]{1,2})([:.h](?<minute2>[0-9]{2}))?(:00)? ?(?<half2>[ap])?(\.?m\.?)? *\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex LoosePeriodPattern();

    [GeneratedRegex(
        @"^ *(?<every>every )? *(?<from>([0-9]{4}-)?[0-9]{2}-[0-9]{2})"
            + @" *(-|–|—|\.\.+|/|until|till|through|thru|to|and) *"
            + @"(?<to>([0-9]{4}-)?[0-9]{2}-[0-9]{2}) *\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex LooseRangePattern();

    [GeneratedRegex(@"^\+[0-9 ().-]+\z")]
    private static partial Regex TelephonePattern();

    // HTML's rule for input type=email, with a dot in the domain.
    [GeneratedRegex(
        @"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@"
            + @"([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])\z"
    )]
    private static partial Regex EmailPattern();

    [GeneratedRegex(@"^[A-Z]{2}\z")]
    private static partial Regex TwoLettersPattern();

    [GeneratedRegex(
        @"^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(-([a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*\z",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex LanguagePattern();
}
