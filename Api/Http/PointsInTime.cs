using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Text;

namespace Api.Http;

/// <summary>One moment, told twice.</summary>
/// <param name="Utc">The instant, RFC 3339 in UTC.</param>
/// <param name="Local">The same by the location's clock, with its offset from UTC, RFC 3339.</param>
public sealed record PointInTime(Instant Utc, OffsetDateTime Local);

/// <summary>Instants and dates as callers give them and get them.</summary>
static partial class PointsInTime
{
    /// <summary>The length of the longest instant that is read.</summary>
    public const int LongestInstant = 64;

    // Outside this range neither hours nor time-zone rules are meaningful.
    static readonly LocalDate Earliest = new(1900, 1, 1),
        Latest = new(2199, 12, 31);

    static readonly OffsetDateTimePattern[] Instants =
    [
        OffsetDateTimePattern.Rfc3339,
        OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-ddTHH:mmo<Z+HH:mm>"),
    ];

    /// <summary>An instant in both forms; <c>null</c> for <c>null</c>.</summary>
    public static PointInTime? Of(Instant? instant, DateTimeZone zone) =>
        instant is { } utc ? new PointInTime(utc, utc.InZone(zone).ToOffsetDateTime()) : null;

    /// <summary>Reads an instant: a date and time with an offset from UTC (RFC 3339).</summary>
    /// <returns>The error, if it is not one. A missing parameter is no error, and its instant is <c>null</c>.</returns>
    public static FieldError? ReadInstant(string parameter, string? text, out Instant? instant)
    {
        instant = null;
        if (string.IsNullOrEmpty(text))
            return null;
        if (text.Length > LongestInstant)
            return NotAnInstant(parameter);
        // An unescaped + in a URL arrives as a space.
        var (usual, leap) = ToUsualForm(text.Replace(' ', '+'));
        foreach (var pattern in Instants)
        {
            if (!pattern.Parse(usual).TryGetValue(default, out var parsed))
                continue;
            if (parsed.Date < Earliest || parsed.Date > Latest)
                return OutOfRange(parameter);
            instant = parsed.ToInstant() + leap;
            return null;
        }
        return NotAnInstant(parameter);
    }

    /// <summary>
    /// Converts what RFC 3339 allows and the patterns do not: t and z, fractions of more than nine digits, and second
    /// 60. Clocks here have no leap seconds, so second 60 is the one after second 59. Leap seconds are announced half a
    /// year before, so any minute can have one.
    /// </summary>
    static (string Usual, Duration Leap) ToUsualForm(string text)
    {
        if (Rfc3339().Match(text) is not { Success: true } match)
            return (text, Duration.Zero);
        var isLeap = match.Groups["second"].Value == "60";
        var fraction = match.Groups["fraction"].Value;
        var usual =
            $"{match.Groups["date"]}T{match.Groups["minute"]}:{(isLeap ? "59" : match.Groups["second"].Value)}"
            + $"{fraction[..Math.Min(fraction.Length, 10)]}{match.Groups["offset"].Value.ToUpperInvariant()}";
        return (usual, isLeap ? Duration.FromSeconds(1) : Duration.Zero);
    }

    [GeneratedRegex(
        @"\A(?<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?<minute>[0-9]{2}:[0-9]{2}):(?<second>[0-9]{2})"
            + @"(?<fraction>\.[0-9]+)?(?<offset>[Zz]|[-+][0-9]{2}:[0-9]{2})\z"
    )]
    private static partial Regex Rfc3339();

    /// <summary>Reads a date.</summary>
    /// <inheritdoc cref="ReadInstant" path="/returns"/>
    public static FieldError? ReadDate(string parameter, string? text, out LocalDate? date)
    {
        date = null;
        if (string.IsNullOrEmpty(text))
            return null;
        if (!LocalDatePattern.Iso.Parse(text).TryGetValue(default, out var parsed))
            return FieldError.ForParameter(parameter, ProblemText.Get("DateWrong", parameter));
        if (parsed < Earliest || parsed > Latest)
            return OutOfRange(parameter);
        date = parsed;
        return null;
    }

    static FieldError NotAnInstant(string parameter) =>
        FieldError.ForParameter(parameter, ProblemText.Get("InstantWrong", parameter));

    static FieldError OutOfRange(string parameter) =>
        FieldError.ForParameter(parameter, ProblemText.Get("YearOutOfRange", parameter, Earliest.Year, Latest.Year));
}
