using NodaTime;
using NodaTime.Text;

namespace Api.Http;

/// <summary>One moment, told twice.</summary>
/// <param name="Utc">The instant, RFC 3339 in UTC.</param>
/// <param name="Local">The same by the location's clock, with its offset from UTC, RFC 3339.</param>
public sealed record PointInTime(Instant Utc, OffsetDateTime Local);

/// <summary>Instants and dates as callers give them and get them.</summary>
static class PointsInTime
{
    /// <summary>Beyond these nobody's hours are known, and the rules of the world's time zones neither.</summary>
    static readonly LocalDate Earliest = new(1900, 1, 1), Latest = new(2199, 12, 31);

    static readonly OffsetDateTimePattern[] Instants =
    [
        OffsetDateTimePattern.Rfc3339,
        OffsetDateTimePattern.CreateWithInvariantCulture("uuuu-MM-ddTHH:mmo<Z+HH:mm>"),
    ];

    /// <summary>Both forms of one instant; <c>null</c> of none.</summary>
    public static PointInTime? Of(Instant? instant, DateTimeZone zone) =>
        instant is { } utc ? new PointInTime(utc, utc.InZone(zone).ToOffsetDateTime()) : null;

    /// <summary>Reads an instant: a date and a time with an offset from UTC.</summary>
    /// <returns>What is wrong with it. A parameter that is left out is <c>null</c> without an error.</returns>
    public static FieldError? ReadInstant(string parameter, string? text, out Instant? instant)
    {
        instant = null;
        if (string.IsNullOrEmpty(text)) return null;
        foreach (var pattern in Instants)
        {
            // A + that was not escaped in the URL arrives as a space.
            if (!pattern.Parse(text.Replace(' ', '+')).TryGetValue(default, out var parsed)) continue;
            if (parsed.Date < Earliest || parsed.Date > Latest) return OutOfRange(parameter);
            instant = parsed.ToInstant();
            return null;
        }
        return FieldError.Of(parameter, ProblemText.Get("InstantWrong", parameter));
    }

    /// <summary>Reads a date.</summary>
    /// <inheritdoc cref="ReadInstant" path="/returns"/>
    public static FieldError? ReadDate(string parameter, string? text, out LocalDate? date)
    {
        date = null;
        if (string.IsNullOrEmpty(text)) return null;
        if (!LocalDatePattern.Iso.Parse(text).TryGetValue(default, out var parsed))
            return FieldError.Of(parameter, ProblemText.Get("DateWrong", parameter));
        if (parsed < Earliest || parsed > Latest) return OutOfRange(parameter);
        date = parsed;
        return null;
    }

    static FieldError OutOfRange(string parameter) =>
        FieldError.Of(parameter, ProblemText.Get("YearOutOfRange", parameter, Earliest.Year, Latest.Year));
}
