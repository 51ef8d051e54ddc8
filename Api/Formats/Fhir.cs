using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Formats;

/// <summary>A FHIR R4 <c>Location</c> resource. What is not known is left out.</summary>
public sealed record FhirLocation
{
    /// <summary>Always <c>Location</c>.</summary>
    public string ResourceType { get; } = "Location";

    /// <summary>The location's slug. One of more than 64 characters ends after 47, and with a hash of the whole: FHIR has no longer ids.</summary>
    public required string Id { get; init; }

    /// <summary><c>active</c>, <c>suspended</c> while it is closed for a time, or <c>inactive</c> since it is closed for good.</summary>
    public required string Status { get; init; }

    /// <summary>The location's name.</summary>
    public required string Name { get; init; }

    /// <summary>Always <c>instance</c>: one place, and not a kind of place.</summary>
    public string Mode { get; } = "instance";

    /// <summary>How it is reached.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ContactPoint>? Telecom { get; init; }

    /// <summary>Where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FhirAddress? Address { get; init; }

    /// <summary>Where it is on the globe, WGS 84.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FhirPosition? Position { get; init; }

    /// <summary>The usual week; left out when the hours are not known, or it is never open.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HoursOfOperation>? HoursOfOperation { get; init; }

    /// <summary>The exceptions of the coming 366 days and what else departs from the usual week, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AvailabilityExceptions { get; init; }

    const int LongestId = 64;

    internal static Formatted<FhirLocation> Of(Location location, Schedule schedule, LocalDate today)
    {
        var year = WallClock.Year(schedule, today);
        var exceptions = Exceptions(schedule, today, year);
        // FHIR knows neither empty lists nor empty texts.
        var hours = schedule.WeeklyHoursOn(today) is { } current ? Weekly(current) : [];
        ContactPoint?[] telecom = [ContactPoint.Of("phone", location.Telephone), ContactPoint.Of("email", location.Email)];
        var body = new FhirLocation
        {
            Id = IdOf(location.Slug),
            Status = schedule.On(today).Kind switch
            {
                DayKind.ClosedForGood => "inactive",
                DayKind.TemporarilyClosed => "suspended",
                _ => "active",
            },
            Name = location.Name,
            Telecom = telecom.OfType<ContactPoint>().ToArray() is { Length: > 0 } known ? known : null,
            Address = FhirAddress.Of(location.Address),
            Position = location.Coordinates is { } point ? new FhirPosition(point.Longitude, point.Latitude) : null,
            HoursOfOperation = hours.Length > 0 ? hours : null,
            AvailabilityExceptions = exceptions.Length > 0 ? exceptions : null,
        };
        return new Formatted<FhirLocation>(body, Unsaid(schedule, today, year).ToHashSet());
    }

    // The usual week is in fields that know open and closed only; all else of the coming year is told in words.
    static IEnumerable<NotExpressed> Unsaid(Schedule schedule, LocalDate today, IReadOnlyList<WallDay> year)
    {
        if (schedule.WeeklyHoursOn(today) is not { } week) yield return NotExpressed.UnknownHours;
        else foreach (var detail in WallClock.UnsaidDetails(WallClock.Week(week).SelectMany(day => day))) yield return detail;
        if (WallClock.HasLaterWeeks(schedule, today)) yield return NotExpressed.ChangesToCome;
        if (WallClock.HasLaterExceptions(schedule, today)) yield return NotExpressed.LaterExceptions;
        if (WallClock.BeginsLater(schedule, today)) yield return NotExpressed.TemporaryClosure;
        if (WallClock.HasUntoldParts(schedule, year, closedPartsAreTold: true)) yield return NotExpressed.Periods;
    }

    static string IdOf(string slug) => slug.Length <= LongestId
        ? slug : $"{slug[..(LongestId - 17)]}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(slug)).AsSpan(0, 8))}";

    static string Exceptions(Schedule schedule, LocalDate today, IReadOnlyList<WallDay> year)
    {
        var words = HoursText.In(CultureInfo.GetCultureInfo("en"));
        var changes = WallClock.ChangesToCome(schedule, today)
            .Select(change => $"From {Iso(change.ValidFrom!.Value)}: {words.Of(change)}");
        return string.Join(". ", changes.Concat(WallClock.Runs(schedule, year).Select(run => $"{Dates(run)}: {Words(run.Day)}")));

        string Words(WallDay day)
        {
            if (day.Periods is not { } periods) return words.Reason(schedule.On(day.Date), day.ClosedParts, null);
            if (day.TemporarilyClosed) return words.Reason(schedule.On(day.Date), [], schedule.Closure);
            return day.Reason is { } reason ? $"{reason}, {words.Of(periods)}" : words.Of(periods);
        }

        static string Dates(WallRun run) =>
            run.Last is not { } last ? $"From {Iso(run.First)}" : run.First == last ? Iso(last) : $"{Iso(run.First)} to {Iso(last)}";
    }

    // FHIR has times of one day only, without 24:00: what is open over midnight ends with the last second of the day, and goes
    // on at the beginning of the next.
    static HoursOfOperation[] Weekly(WeeklyHours hours) =>
    [
        .. WallClock.Week(hours).SelectMany((periods, day) => periods.Seen().SelectMany(period => Parts(day, period)))
            .GroupBy(part => (part.Opens, part.Closes), part => part.Day)
            .Select(days => new HoursOfOperation(
                [.. days.Distinct().Order().Select(Abbreviation)], days.Key is { Opens: null } ? true : null, days.Key.Opens, days.Key.Closes)),
    ];

    static IEnumerable<(int Day, string? Opens, string? Closes)> Parts(int day, Period period)
    {
        if (period.IsAllDay)
        {
            yield return (day, null, null);
        }
        else if (!period.EndsNextDay)
        {
            yield return (day, Time(period.Opens), Time(period.Closes));
        }
        else
        {
            yield return (day, Time(period.Opens), "23:59:59");
            if (period.Closes != LocalTime.Midnight) yield return ((day + 1) % 7, "00:00:00", Time(period.Closes));
        }
    }

    static string Abbreviation(int day) => WeeklyHours.Week[day].ToString()[..3].ToLowerInvariant();
    static string Time(LocalTime time) => LocalTimePattern.ExtendedIso.Format(time);
    static string Iso(LocalDate date) => LocalDatePattern.Iso.Format(date);
}

/// <summary>A period of the usual week.</summary>
/// <param name="DaysOfWeek"><c>mon</c> to <c>sun</c>.</param>
/// <param name="AllDay"><c>true</c> when it is open all day, otherwise left out.</param>
/// <param name="OpeningTime">The first moment, local, HH:mm:ss; left out when it is open all day.</param>
/// <param name="ClosingTime">The end, local, HH:mm:ss; 23:59:59 is the end of the day. Left out when it is open all day.</param>
public sealed record HoursOfOperation(
    IReadOnlyList<string> DaysOfWeek,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? AllDay,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? OpeningTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClosingTime);

/// <summary>A way to reach a location.</summary>
/// <param name="System"><c>phone</c> or <c>email</c>.</param>
/// <param name="Value">The number, E.164, or the address.</param>
/// <param name="Use">Always <c>work</c>.</param>
public sealed record ContactPoint(string System, string Value, string Use)
{
    internal static ContactPoint? Of(string system, string? value) => value is null ? null : new ContactPoint(system, value, "work");
}

/// <summary>A postal address. What is not known is left out.</summary>
public sealed record FhirAddress
{
    /// <summary>Street and number, in one line.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Line { get; init; }

    /// <summary>City or town.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? City { get; init; }

    /// <summary>State or province.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? State { get; init; }

    /// <summary>Postal code.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PostalCode { get; init; }

    /// <summary>Country, as ISO 3166-1 alpha-2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Country { get; init; }

    internal static FhirAddress? Of(Address address)
    {
        var known = new FhirAddress
        {
            Line = address.StreetAddress is { } street ? [street] : null,
            City = address.Locality,
            State = address.Region,
            PostalCode = address.PostalCode,
            Country = address.Country,
        };
        return known == new FhirAddress() ? null : known;
    }
}

/// <summary>A point on the globe, WGS 84.</summary>
/// <param name="Longitude">Degrees east.</param>
/// <param name="Latitude">Degrees north.</param>
public sealed record FhirPosition(double Longitude, double Latitude);
