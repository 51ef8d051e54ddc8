using System.ComponentModel.DataAnnotations;
using NodaTime;

namespace Api.Locations;

/// <summary>A place where patients are seen. What is not known of it is <c>null</c>.</summary>
public sealed record Location
{
    /// <summary>What identifies the location: lower-case letters, digits and hyphens, at most 64. It never changes.</summary>
    public required string Slug { get; init; }

    /// <summary>The location's name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is; its parts are <c>null</c> where they are not known.</summary>
    public required Address Address { get; init; }

    /// <summary>The telephone number in E.164 format, <c>+</c> and up to 15 digits.</summary>
    public required string? Telephone { get; init; }

    /// <summary>The e-mail address for general questions.</summary>
    public required string? Email { get; init; }

    /// <summary>Where it is on the globe.</summary>
    public required Coordinates? Coordinates { get; init; }

    /// <summary>The IANA time zone that its hours are local to.</summary>
    public required string TimeZone { get; init; }

    /// <summary>How patients are seen; several can be true.</summary>
    public required IReadOnlyList<Access>? Access { get; init; }

    /// <summary>Whether new patients are accepted.</summary>
    public required bool? AcceptingNewPatients { get; init; }

    /// <summary>Whether appointments by video or telephone are offered.</summary>
    public required bool? Telehealth { get; init; }

    /// <summary>The languages in which patients are seen, as BCP 47 tags.</summary>
    public required IReadOnlyList<string>? Languages { get; init; }

    /// <summary>What visitors with a disability should know, plain text.</summary>
    public required string? AccessibilityNotes { get; init; }

    /// <summary>Set while the location is closed for a time, or is going to be; otherwise <c>null</c>.</summary>
    public required TemporaryClosure? TemporaryClosure { get; init; }

    /// <summary>
    /// The first day on which it is closed for good, local, be it past or to come; <c>null</c> when it is not going to be. From
    /// then on it is not open whatever else is told, and <c>temporaryClosure</c> is <c>null</c>.
    /// </summary>
    public required LocalDate? ClosedForGoodOn { get; init; }

    /// <summary>
    /// The great-circle distance from the point that <c>near</c> gives, in whole metres; <c>null</c> when there is no
    /// <c>near</c> or the location's coordinates are not known.
    /// </summary>
    public int? DistanceMeters { get; init; }
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
public sealed record Coordinates([property: Range(-90, 90)] double Latitude, [property: Range(-180, 180)] double Longitude)
{
    const double EarthRadiusMeters = 6_371_008.8;

    /// <summary>The great-circle distance by the haversine formula, in metres; right to half a per cent.</summary>
    internal double DistanceTo(Coordinates other)
    {
        static double Radians(double degrees) => degrees * Math.PI / 180;
        var halfLatitude = Radians(other.Latitude - Latitude) / 2;
        var halfLongitude = Radians(other.Longitude - Longitude) / 2;
        var h = Math.Pow(Math.Sin(halfLatitude), 2) +
            Math.Cos(Radians(Latitude)) * Math.Cos(Radians(other.Latitude)) * Math.Pow(Math.Sin(halfLongitude), 2);
        return 2 * EarthRadiusMeters * Math.Asin(Math.Min(1, Math.Sqrt(h)));
    }
}

/// <summary>A way in which patients are seen.</summary>
public enum Access
{
    /// <summary>After making an appointment.</summary>
    ByAppointment,

    /// <summary>Without an appointment.</summary>
    WalkIn,
}

/// <summary>Says that a location is closed for a time.</summary>
/// <param name="ClosedFrom">The first day on which it is closed, local; <c>null</c> when that is not told.</param>
/// <param name="ReopensOn">The first day on which it is open again, local; <c>null</c> while that is not known.</param>
/// <param name="Reason">Why, for people; <c>null</c> when it is not told.</param>
public sealed record TemporaryClosure(LocalDate? ClosedFrom, LocalDate? ReopensOn, string? Reason);
