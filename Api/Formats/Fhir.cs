using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Formats;

/// <summary>A FHIR R4 <c>Location</c> resource. Unknown facts are absent.</summary>
public sealed record FhirLocation
{
    /// <summary>Always <c>Location</c>.</summary>
    public string ResourceType { get; } = "Location";

    /// <summary>
    /// The location's slug. FHIR allows 64 characters, so a longer slug is cut after 47 and ends with a hash of the
    /// whole.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>
    /// <c>active</c>, <c>suspended</c> while temporarily closed, or <c>inactive</c> once permanently closed.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>The location's name.</summary>
    public required string Name { get; init; }

    /// <summary>Always <c>instance</c>: one place, not a kind of place.</summary>
    public string Mode { get; } = "instance";

    /// <summary>The telephone number and the e-mail address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ContactPoint>? Telecom { get; init; }

    /// <summary>The postal address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FhirAddress? Address { get; init; }

    /// <summary>The position on the globe, WGS 84.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public FhirPosition? Position { get; init; }

    /// <summary>The usual week; absent if the hours are not known, or if it is never open.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<HoursOfOperation>? HoursOfOperation { get; init; }

    /// <summary>What departs from the usual week in the coming 366 days, in words.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AvailabilityExceptions { get; init; }

    internal static Formatted<FhirLocation> Of(Location location, Schedule schedule, LocalDate today)
    {
        var year = WallClock.ListYear(schedule, today);
        var exceptions = DescribeExceptions(schedule, today, year);
        var hours = schedule.WeeklyHoursOn(today) is { } current ? ToHoursOfOperation(current) : [];
        var contacts = ContactPoint.List(location);
        // FHIR has neither empty lists nor empty texts.
        var body = new FhirLocation
        {
            Id = CreateId(location.Slug),
            Status = schedule.DayOn(today).Kind switch
            {
                DayKind.ClosedForGood => "inactive",
                DayKind.TemporarilyClosed => "suspended",
                _ => "active",
            },
            Name = location.Name,
            Telecom = contacts.Count > 0 ? contacts : null,
            Address = FhirAddress.Of(location.Address),
            Position = location.Coordinates is { } point ? new FhirPosition(point.Longitude, point.Latitude) : null,
            HoursOfOperation = hours.Length > 0 ? hours : null,
            AvailabilityExceptions = exceptions.Length > 0 ? exceptions : null,
        };
        return new Formatted<FhirLocation>(body, FindNotExpressed(schedule, today, year).ToHashSet());
    }

    // The fields of the usual week only know open and closed. The text expresses the rest of the coming year.
    static IEnumerable<NotExpressed> FindNotExpressed(Schedule schedule, LocalDate today, IReadOnlyList<WallDay> year)
    {
        var missing = schedule.WeeklyHoursOn(today) is { } week
            ? WallClock.FindNotExpressedDetails(WallClock.ListWeek(week).SelectMany(day => day))
            : [NotExpressed.UnknownHours];
        foreach (var detail in missing)
            yield return detail;
        if (WallClock.HasLaterChanges(schedule, today))
            yield return NotExpressed.ChangesToCome;
        if (WallClock.HasLaterExceptions(schedule, today))
            yield return NotExpressed.LaterExceptions;
        if (WallClock.ClosureBeginsLater(schedule, today))
            yield return NotExpressed.TemporaryClosure;
        if (WallClock.HasPartsOfUnknownDates(schedule, year, expressesClosedParts: true))
            yield return NotExpressed.Periods;
    }

    static string CreateId(string slug)
    {
        const int LongestId = 64,
            HashBytes = 8;
        if (slug.Length <= LongestId)
            return slug;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(slug)).AsSpan(0, HashBytes);
        return $"{slug[..(LongestId - (2 * HashBytes) - 1)]}-{Convert.ToHexStringLower(hash)}";
    }

    static string DescribeExceptions(Schedule schedule, LocalDate today, IReadOnlyList<WallDay> year)
    {
        var text = HoursText.In(CultureInfo.GetCultureInfo("en"));
        var changes = WallClock
            .ListChanges(schedule, today)
            .Select(change => $"From {FormatDate(change.ValidFrom!.Value)}: {text.FormatWeek(change)}");
        var departures = WallClock
            .ListDepartures(schedule, year)
            .Select(run => $"{FormatDates(run)}: {DescribeHours(schedule, run.Day, text)}");
        return string.Join(". ", changes.Concat(departures));
    }

    static string DescribeHours(Schedule schedule, WallDay day, HoursText text)
    {
        if (day.Periods is not { } periods)
            return text.FormatDay(schedule.DayOn(day.Date), null);
        if (day.TemporarilyClosed)
            return text.FormatRule(schedule.DayOn(day.Date), schedule.Closure);
        return day.Reason is { } reason ? $"{reason}, {text.FormatPeriods(periods)}" : text.FormatPeriods(periods);
    }

    static string FormatDates(WallRun run)
    {
        if (run.Last is not { } last)
            return $"From {FormatDate(run.First)}";
        return run.First == last ? FormatDate(last) : $"{FormatDate(run.First)} to {FormatDate(last)}";
    }

    static HoursOfOperation[] ToHoursOfOperation(WeeklyHours hours) =>
        [
            .. WallClock
                .ListWeek(hours)
                .SelectMany(
                    (periods, day) => periods.WithoutTelephoneOnly().SelectMany(period => SplitAtMidnight(day, period))
                )
                .GroupBy(part => (part.Opens, part.Closes), part => part.Day)
                .Select(days => new HoursOfOperation(
                    [.. days.Distinct().Order().Select(AbbreviateDay)],
                    days.Key.Opens is null ? true : null,
                    days.Key.Opens,
                    days.Key.Closes
                )),
        ];

    // FHIR has the times of one day only, without 24:00. A night ends with the last second of the day and goes on at
    // the beginning of the next.
    static IEnumerable<(int Day, string? Opens, string? Closes)> SplitAtMidnight(int day, Period period)
    {
        if (period.IsAllDay)
        {
            yield return (day, null, null);
        }
        else if (!period.EndsNextDay)
        {
            yield return (day, FormatTime(period.Opens), FormatTime(period.Closes));
        }
        else
        {
            yield return (day, FormatTime(period.Opens), "23:59:59");
            if (period.Closes != LocalTime.Midnight)
                yield return ((day + 1) % 7, "00:00:00", FormatTime(period.Closes));
        }
    }

    static string AbbreviateDay(int day) => $"{WeeklyHours.Week[day]}"[..3].ToLowerInvariant();

    static string FormatTime(LocalTime time) => LocalTimePattern.ExtendedIso.Format(time);

    static string FormatDate(LocalDate date) => LocalDatePattern.Iso.Format(date);
}

/// <summary>A period of the usual week.</summary>
/// <param name="DaysOfWeek"><c>mon</c> to <c>sun</c>.</param>
/// <param name="AllDay"><c>true</c> if it is open all day, otherwise absent.</param>
/// <param name="OpeningTime">The local time at which it opens, HH:mm:ss; absent if it is open all day.</param>
/// <param name="ClosingTime">
/// The local time at which it closes, HH:mm:ss; 23:59:59 is the end of the day. Absent if it is open all day.
/// </param>
public sealed record HoursOfOperation(
    IReadOnlyList<string> DaysOfWeek,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? AllDay,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? OpeningTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? ClosingTime
);

/// <summary>A telephone number or an e-mail address.</summary>
/// <param name="System"><c>phone</c> or <c>email</c>.</param>
/// <param name="Value">The number, E.164, or the address.</param>
/// <param name="Use">Always <c>work</c>.</param>
public sealed record ContactPoint(string System, string Value, string Use)
{
    internal static IReadOnlyList<ContactPoint> List(Location location)
    {
        var contacts = new List<ContactPoint>();
        if (location.Telephone is { } telephone)
            contacts.Add(new ContactPoint("phone", telephone, "work"));
        if (location.Email is { } email)
            contacts.Add(new ContactPoint("email", email, "work"));
        return contacts;
    }
}

/// <summary>A postal address. Unknown parts are absent.</summary>
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
