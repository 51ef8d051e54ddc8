using System.Globalization;
using System.Text.RegularExpressions;
using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Seed;

/// <summary>The shapes of the seed's files. A member that is not <c>required</c> may be left out, which makes it unknown.</summary>
static class SeedFiles
{
    static readonly LocalTimePattern Clock = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    /// <summary><c>08:00-17:00</c>; an end that is not after the beginning is on the next day.</summary>
    public static Period? ParsePeriod(string text) =>
        text.Split('-') is [var opens, var closes] &&
        Clock.Parse(opens) is { Success: true, Value: var from } && Clock.Parse(closes) is { Success: true, Value: var to } &&
        (from != to || from == LocalTime.Midnight) ? new Period(from, to) : null;

    /// <summary>
    /// <c>2026-12-24</c>, <c>2026-12-24 to 2027-01-02</c>, <c>every 12-25</c>, <c>every 12-24 to 01-02</c>,
    /// <c>every fourth thursday of november</c>, <c>every last monday of may</c>.
    /// </summary>
    public static DateRule? ParseDateRule(string text)
    {
        var words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        try
        {
            return words switch
            {
                ["every", var nth, var weekday, "of", var month] =>
                    Array.IndexOf(Ordinals, nth) is >= 0 and var place &&
                    Enum.TryParse<IsoDayOfWeek>(weekday, ignoreCase: true, out var day) && !char.IsDigit(weekday[0]) &&
                    Array.FindIndex(CultureInfo.InvariantCulture.DateTimeFormat.MonthNames, name => name.Equals(month, StringComparison.OrdinalIgnoreCase)) is >= 0 and < 12 and var index
                        ? new DateRule.YearlyWeekday(place == 5 ? DateRule.YearlyWeekday.Last : place + 1, day, index + 1) : null,
                ["every", var from] when DayOfYear.Parse(from) is { Success: true, Value: var day } => new DateRule.Yearly(day, day),
                ["every", var from, "to", var to] when DayOfYear.Parse(from) is { Success: true, Value: var first } && DayOfYear.Parse(to) is { Success: true, Value: var last } =>
                    new DateRule.Yearly(first, last),
                [var on] when LocalDatePattern.Iso.Parse(on) is { Success: true, Value: var day } => new DateRule.Dates(day, day),
                [var from, "to", var to] when LocalDatePattern.Iso.Parse(from) is { Success: true, Value: var first } && LocalDatePattern.Iso.Parse(to) is { Success: true, Value: var last } =>
                    new DateRule.Dates(first, last),
                _ => null,
            };
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    static readonly string[] Ordinals = ["first", "second", "third", "fourth", "fifth", "last"];
    static readonly AnnualDatePattern DayOfYear = AnnualDatePattern.Iso;

    public static double? ParseDegrees(string text, double most) =>
        double.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var degrees) &&
        Math.Abs(degrees) <= most ? degrees : null;
}

/// <summary>What identifies something in a URL, and where it was read.</summary>
sealed partial record Slug(string Value)
{
    /// <summary>The line in the file, from 1; set by whoever reads it.</summary>
    public int Line { get; set; }

    public static Slug? Parse(string text) => Pattern().IsMatch(text) ? new Slug(text) : null;

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Pattern();
}

/// <summary>When an exception holds, and where that was read.</summary>
sealed record When(DateRule Rule)
{
    /// <summary>The line in the file, from 1; set by whoever reads it.</summary>
    public int Line { get; set; }

    public static When? Parse(string text) => SeedFiles.ParseDateRule(text) is { } rule ? new When(rule) : null;
}

/// <summary>A text of one line.</summary>
sealed record Text(string Value)
{
    public static Text? Parse(string text) =>
        string.IsNullOrWhiteSpace(text) || text.Any(char.IsControl) ? null : new Text(text.Trim().Normalize());
}

/// <summary>Degrees north.</summary>
sealed record Latitude(double Degrees)
{
    public static Latitude? Parse(string text) => SeedFiles.ParseDegrees(text, 90) is { } degrees ? new Latitude(degrees) : null;
}

/// <summary>Degrees east.</summary>
sealed record Longitude(double Degrees)
{
    public static Longitude? Parse(string text) => SeedFiles.ParseDegrees(text, 180) is { } degrees ? new Longitude(degrees) : null;
}

/// <summary><c>clinic.yaml</c></summary>
sealed class ClinicFile
{
    public required ClinicPart Clinic { get; init; }
    public required List<LocationPart> Locations { get; init; }
}

sealed class ClinicPart
{
    /// <summary>Where a location has no other.</summary>
    public required DateTimeZone TimeZone { get; init; }

    /// <summary>Those of every location.</summary>
    public List<ExceptionPart> Exceptions { get; init; } = [];
}

sealed class LocationPart
{
    public required Slug Slug { get; init; }
    public required Text Name { get; init; }
    public AddressPart Address { get; init; } = new();
    public Text? Telephone { get; init; }
    public Text? Email { get; init; }
    public CoordinatesPart? Coordinates { get; init; }
    public DateTimeZone? TimeZone { get; init; }
    public List<Access>? Access { get; init; }
    public bool? AcceptingNewPatients { get; init; }
    public bool? Telehealth { get; init; }
    public List<Text>? Languages { get; init; }
    public Text? AccessibilityNotes { get; init; }
    public ClosurePart? TemporaryClosure { get; init; }

    /// <summary>The first day on which it is closed for good.</summary>
    public LocalDate? ClosedForGoodOn { get; init; }

    public HoursPart? Hours { get; init; }

    /// <summary>Weekly hours that take the place of <see cref="Hours"/>, each from its date on.</summary>
    public List<HoursChangePart> HoursChanges { get; init; } = [];

    public List<ExceptionPart> Exceptions { get; init; } = [];

    /// <summary>When somebody last made sure that the hours are right.</summary>
    public Instant? HoursVerifiedAt { get; init; }

    public IEnumerable<WeeklyHours> ToVersions() =>
        [.. Hours is null ? [] : new[] { Hours.ToWeeklyHours(null) }, .. HoursChanges.Select(change => change.ToWeeklyHours(change.ValidFrom))];

    public Location ToLocation(DateTimeZone clinicZone) => new()
    {
        Slug = Slug.Value,
        Name = Name.Value,
        Address = new Address
        {
            StreetAddress = Address.StreetAddress?.Value,
            Locality = Address.Locality?.Value,
            Region = Address.Region?.Value,
            PostalCode = Address.PostalCode?.Value,
            Country = Address.Country?.Value,
        },
        Telephone = Telephone?.Value,
        Email = Email?.Value,
        Coordinates = Coordinates is null ? null : new Coordinates(Coordinates.Latitude.Degrees, Coordinates.Longitude.Degrees),
        TimeZone = (TimeZone ?? clinicZone).Id,
        Access = Access,
        AcceptingNewPatients = AcceptingNewPatients,
        Telehealth = Telehealth,
        Languages = Languages?.Select(language => language.Value).ToArray(),
        AccessibilityNotes = AccessibilityNotes?.Value,
        TemporaryClosure = TemporaryClosure is null ? null : new TemporaryClosure(TemporaryClosure.ClosedFrom, TemporaryClosure.ReopensOn, TemporaryClosure.Reason?.Value),
        ClosedForGoodOn = ClosedForGoodOn,
    };
}

sealed class AddressPart
{
    public Text? StreetAddress { get; init; }
    public Text? Locality { get; init; }
    public Text? Region { get; init; }
    public Text? PostalCode { get; init; }
    public Text? Country { get; init; }
}

sealed class CoordinatesPart
{
    public required Latitude Latitude { get; init; }
    public required Longitude Longitude { get; init; }
}

sealed class ClosurePart
{
    public LocalDate? ClosedFrom { get; init; }
    public LocalDate? ReopensOn { get; init; }
    public Text? Reason { get; init; }
}

/// <summary>All seven days must be there, so that a forgotten one is not taken for closed.</summary>
class HoursPart
{
    public required List<Period> Monday { get; init; }
    public required List<Period> Tuesday { get; init; }
    public required List<Period> Wednesday { get; init; }
    public required List<Period> Thursday { get; init; }
    public required List<Period> Friday { get; init; }
    public required List<Period> Saturday { get; init; }
    public required List<Period> Sunday { get; init; }

    public WeeklyHours ToWeeklyHours(LocalDate? validFrom) => new(
        new[] { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday }
            .SelectMany((periods, index) => periods.Select(period => (Day: WeeklyHours.Week[index], Period: period)))
            .ToLookup(pair => pair.Day, pair => pair.Period), validFrom);
}

sealed class HoursChangePart : HoursPart
{
    public required LocalDate ValidFrom { get; init; }
}

/// <summary>A period that is more than its times. Without more it is written as <c>08:00-17:00</c>.</summary>
sealed class PeriodPart
{
    public required Period Time { get; init; }
    public AccessMode Access { get; init; }
    public Text? Note { get; init; }

    public Period ToPeriod() => new(Time.Opens, Time.Closes, Access, Note?.Value);
}

/// <summary>An exception: when, why, and one of the four effects.</summary>
sealed class ExceptionPart
{
    public required When When { get; init; }
    public required Text Reason { get; init; }
    public bool Closed { get; init; }
    public List<Period> Periods { get; init; } = [];
    public Period? ClosedPart { get; init; }
    public bool AsUsual { get; init; }

    /// <returns><c>null</c> when it has none of the effects, or more than one.</returns>
    public ScheduleException? ToException(bool clinicWide)
    {
        (bool Has, ExceptionEffect Effect, Period[] Periods)[] effects =
        [
            (Closed, ExceptionEffect.Closed, []),
            (Periods.Count > 0, ExceptionEffect.Periods, [.. Periods]),
            (ClosedPart is not null, ExceptionEffect.ClosedPart, [ClosedPart!]),
            (AsUsual, ExceptionEffect.AsUsual, []),
        ];
        return effects.Where(effect => effect.Has).ToArray() is [var one]
            ? new ScheduleException(When.Rule, one.Effect, Reason.Value, one.Periods, clinicWide) : null;
    }
}

/// <summary>What stands above an article's text.</summary>
sealed class FrontMatter
{
    public required Text Title { get; init; }
    public required Slug Slug { get; init; }
    public required Text Summary { get; init; }
    public List<Slug> Tags { get; init; } = [];
    public Text? Author { get; init; }

    /// <summary>Left out: a draft. In the future: scheduled.</summary>
    public Instant? Published { get; init; }
}
