using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using Api.Hours;
using NodaTime;

namespace Api.Locations;

/// <summary>A place where patients are seen. Unknown facts are <c>null</c>.</summary>
public sealed record Location
{
    /// <summary>The identifier: at most 64 lower-case letters, digits and hyphens. It never changes.</summary>
    public required string Slug { get; init; }

    /// <summary>The location's name for people.</summary>
    public required string Name { get; init; }

    /// <summary>The postal address. Unknown parts are <c>null</c>.</summary>
    public required Address Address { get; init; }

    /// <summary>The telephone number in E.164 format, <c>+</c> and up to 15 digits.</summary>
    public required string? Telephone { get; init; }

    /// <summary>The e-mail address for general questions.</summary>
    public required string? Email { get; init; }

    /// <summary>The position on the globe.</summary>
    public required Coordinates? Coordinates { get; init; }

    /// <summary>The IANA time zone of its hours.</summary>
    public required string TimeZone { get; init; }

    /// <summary>The ways in which patients are seen.</summary>
    public required IReadOnlyList<AccessMode>? Access { get; init; }

    /// <summary>Whether new patients are accepted.</summary>
    public required bool? AcceptingNewPatients { get; init; }

    /// <summary>Whether appointments by video or telephone are offered.</summary>
    public required bool? Telehealth { get; init; }

    /// <summary>The languages in which patients are seen, as BCP 47 tags.</summary>
    public required IReadOnlyList<string>? Languages { get; init; }

    /// <summary>What visitors with a disability should know, plain text.</summary>
    public required string? AccessibilityNotes { get; init; }

    /// <summary>The temporary closure, present or future; <c>null</c> if there is none.</summary>
    public required TemporaryClosure? TemporaryClosure { get; init; }

    /// <summary>
    /// The first local date on which it is permanently closed, past or future; otherwise <c>null</c>. From that date on
    /// it is never open, and <c>temporaryClosure</c> is <c>null</c>.
    /// </summary>
    public required LocalDate? ClosedForGoodOn { get; init; }

    /// <summary>
    /// The great-circle distance from the point <c>near</c>, in whole meters. Absent without <c>near</c>, and for a
    /// location without coordinates.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? DistanceMeters { get; init; }

    /// <summary>Whether it is open now, and what changes next. Absent without <c>include=status</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LocationStatus? Status { get; init; }

    /// <summary>The instant at which the temporary closure is over; <c>null</c> if it has no end.</summary>
    internal Instant? ClosureEndsAt =>
        TemporaryClosure?.LastDate(ClosedForGoodOn) is { } last
            ? DateTimeZoneProviders.Tzdb[TimeZone].StartOfDay(last.PlusDays(1))
            : null;
}

/// <summary>The parts of a postal address.</summary>
public sealed record Address
{
    /// <summary>Street and number.</summary>
    public required string? StreetAddress { get; init; }

    /// <summary>City or town.</summary>
    public required string? Locality { get; init; }

    /// <summary>State or province; in the United States its two-letter code.</summary>
    public required string? Region { get; init; }

    /// <summary>Postal code.</summary>
    public required string? PostalCode { get; init; }

    /// <summary>Country, as ISO 3166-1 alpha-2.</summary>
    public required string? Country { get; init; }
}

/// <summary>A point on the globe, WGS 84.</summary>
/// <param name="Latitude">Degrees north, -90 to 90.</param>
/// <param name="Longitude">Degrees east, -180 to 180.</param>
public sealed record Coordinates(
    [property: Range(-90, 90)] double Latitude,
    [property: Range(-180, 180)] double Longitude
)
{
    const double EarthRadiusMeters = 6_371_008.8;

    /// <summary>The great-circle distance by the haversine formula, in meters. The error is at most 0.5 %.</summary>
    internal double DistanceTo(Coordinates other)
    {
        static double Radians(double degrees) => degrees * Math.PI / 180;
        var halfLatitude = Radians(other.Latitude - Latitude) / 2;
        var halfLongitude = Radians(other.Longitude - Longitude) / 2;
        var h =
            Math.Pow(Math.Sin(halfLatitude), 2)
            + Math.Cos(Radians(Latitude)) * Math.Cos(Radians(other.Latitude)) * Math.Pow(Math.Sin(halfLongitude), 2);
        return 2 * EarthRadiusMeters * Math.Asin(Math.Min(1, Math.Sqrt(h)));
    }
}
