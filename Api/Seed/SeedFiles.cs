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
}

/// <summary>What identifies something in a URL.</summary>
sealed partial record Slug(string Value)
{
    public static Slug? Parse(string text) => Pattern().IsMatch(text) ? new Slug(text) : null;

    [GeneratedRegex("^[a-z0-9]+(-[a-z0-9]+)*$")]
    private static partial Regex Pattern();
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
}

sealed class LocationPart
{
    public required Slug Slug { get; init; }
    public required string Name { get; init; }
    public AddressPart Address { get; init; } = new();
    public string? Telephone { get; init; }
    public string? Email { get; init; }
    public CoordinatesPart? Coordinates { get; init; }
    public DateTimeZone? TimeZone { get; init; }
    public List<Access>? Access { get; init; }
    public bool? AcceptingNewPatients { get; init; }
    public bool? Telehealth { get; init; }
    public List<string>? Languages { get; init; }
    public string? AccessibilityNotes { get; init; }
    public ClosurePart? TemporaryClosure { get; init; }
    public HoursPart? Hours { get; init; }

    public Location ToLocation(DateTimeZone clinicZone) => new()
    {
        Slug = Slug.Value,
        Name = Name,
        Address = new Address
        {
            StreetAddress = Address.StreetAddress,
            Locality = Address.Locality,
            Region = Address.Region,
            PostalCode = Address.PostalCode,
            Country = Address.Country,
        },
        Telephone = Telephone,
        Email = Email,
        Coordinates = Coordinates is null ? null : new Coordinates(Coordinates.Latitude, Coordinates.Longitude),
        TimeZone = (TimeZone ?? clinicZone).Id,
        Access = Access,
        AcceptingNewPatients = AcceptingNewPatients,
        Telehealth = Telehealth,
        Languages = Languages,
        AccessibilityNotes = AccessibilityNotes,
        TemporaryClosure = TemporaryClosure is null ? null : new TemporaryClosure(TemporaryClosure.ReopensOn, TemporaryClosure.Reason),
    };
}

sealed class AddressPart
{
    public string? StreetAddress { get; init; }
    public string? Locality { get; init; }
    public string? Region { get; init; }
    public string? PostalCode { get; init; }
    public string? Country { get; init; }
}

sealed class CoordinatesPart
{
    public required double Latitude { get; init; }
    public required double Longitude { get; init; }
}

sealed class ClosurePart
{
    public LocalDate? ReopensOn { get; init; }
    public string? Reason { get; init; }
}

/// <summary>All seven days must be there, so that a forgotten one is not taken for closed.</summary>
sealed class HoursPart
{
    public required List<Period> Monday { get; init; }
    public required List<Period> Tuesday { get; init; }
    public required List<Period> Wednesday { get; init; }
    public required List<Period> Thursday { get; init; }
    public required List<Period> Friday { get; init; }
    public required List<Period> Saturday { get; init; }
    public required List<Period> Sunday { get; init; }

    public WeeklyHours ToWeeklyHours() => new(
        new[] { Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday }
            .SelectMany((periods, index) => periods.Select(period => (Day: WeeklyHours.Week[index], Period: period)))
            .ToLookup(pair => pair.Day, pair => pair.Period));
}

/// <summary>What stands above an article's text.</summary>
sealed class FrontMatter
{
    public required string Title { get; init; }
    public required Slug Slug { get; init; }
    public required string Summary { get; init; }
    public List<Slug> Tags { get; init; } = [];
    public string? Author { get; init; }

    /// <summary>Left out: a draft. In the future: scheduled.</summary>
    public Instant? Published { get; init; }
}
