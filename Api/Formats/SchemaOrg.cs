using System.Text.Json.Serialization;
using Api.Articles;
using Api.Hours;
using Api.Http;
using Api.Locations;
using NodaTime;

namespace Api.Formats;

/// <summary>A location as a schema.org <c>MedicalClinic</c> in JSON-LD, for a page. Unknown facts are absent.</summary>
public sealed record MedicalClinic
{
    /// <summary>Always <c>https://schema.org</c>.</summary>
    [JsonPropertyName("@context"), JsonPropertyOrder(-2)]
    public string Context { get; } = "https://schema.org";

    /// <summary>Always <c>MedicalClinic</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "MedicalClinic";

    /// <summary>The absolute URL of the location in this API.</summary>
    [JsonPropertyName("@id")]
    public required string Id { get; init; }

    /// <summary>The location's name.</summary>
    public required string Name { get; init; }

    /// <summary>The postal address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PostalAddress? Address { get; init; }

    /// <summary>The telephone number, E.164.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Telephone { get; init; }

    /// <summary>The e-mail address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    /// <summary>The position on the globe.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GeoCoordinates? Geo { get; init; }

    /// <summary>Whether new patients are accepted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsAcceptingNewPatients { get; init; }

    /// <summary>The weekly hours, present and those that begin within a year; absent if they are not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OpeningHoursSpecification>? OpeningHoursSpecification { get; init; }

    /// <summary>
    /// The dates of the coming 366 days that depart from the weekly hours. Their hours replace the weekly ones.
    /// </summary>
    public required IReadOnlyList<OpeningHoursSpecification> SpecialOpeningHoursSpecification { get; init; }

    internal static Formatted<MedicalClinic> Of(Location location, Schedule schedule, SiteOptions site, LocalDate today)
    {
        var year = WallClock.ListYear(schedule, today);
        var weekly = ListWeekly(schedule, today);
        var body = new MedicalClinic
        {
            Id = $"{site.ApiUrl}/v1/locations/{location.Slug}",
            Name = location.Name,
            Address = PostalAddress.Of(location.Address),
            Telephone = location.Telephone,
            Email = location.Email,
            Geo = location.Coordinates is { } point ? new GeoCoordinates(point.Latitude, point.Longitude) : null,
            IsAcceptingNewPatients = location.AcceptingNewPatients,
            OpeningHoursSpecification = weekly.Length > 0 ? weekly : null,
            SpecialOpeningHoursSpecification = [.. ListSpecial(schedule, year)],
        };
        var missing = WallClock.FindNotExpressed(schedule, today, year);
        if (WallClock.ClosureBeginsLater(schedule, today))
            missing.Add(NotExpressed.TemporaryClosure);
        if (WallClock.HasPartsOfUnknownDates(schedule, year, expressesClosedParts: false))
            missing.Add(NotExpressed.Periods);
        return new Formatted<MedicalClinic>(body, missing);
    }

    static OpeningHoursSpecification[] ListWeekly(Schedule schedule, LocalDate today)
    {
        var versions = WallClock.ListVersions(schedule, today);
        return
        [
            .. versions.SelectMany(
                (hours, index) =>
                {
                    var next = versions.ElementAtOrDefault(index + 1);
                    // The present hours need no beginning.
                    var from = hours.BeginsAfter(today) ? hours.ValidFrom : null;
                    return WallClock
                        .ListWeek(hours)
                        .SelectMany(
                            (periods, day) => ListTimes(periods).Select(times => (Day: WeeklyHours.Week[day], times))
                        )
                        .GroupBy(entry => entry.times, entry => $"{entry.Day}")
                        .Select(days => new OpeningHoursSpecification(
                            [.. days],
                            days.Key.Opens,
                            days.Key.Closes,
                            from,
                            next?.ValidFrom?.PlusDays(-1),
                            null
                        ));
                }
            ),
        ];
    }

    // An unknown date with a known part is left out: search engines would take the rest of it for closed.
    static IEnumerable<OpeningHoursSpecification> ListSpecial(Schedule schedule, IReadOnlyList<WallDay> year) =>
        from run in WallClock.ListDepartures(schedule, year)
        where run.Day.Periods is not null
        from times in ListTimes(run.Day.Periods!)
        select new OpeningHoursSpecification(null, times.Opens, times.Closes, run.First, run.Last, run.Day.Reason);

    // Search engines read 00:00 to 00:00 as closed all day, and 00:00 to 23:59 as open all day.
    static IEnumerable<(LocalTime Opens, LocalTime Closes)> ListTimes(IEnumerable<Period> periods) =>
        periods
            .WithoutTelephoneOnly()
            .Select(period => (period.Opens, period.IsAllDay ? new LocalTime(23, 59) : period.Closes))
            .DefaultIfEmpty((LocalTime.Midnight, LocalTime.Midnight));
}

/// <summary>A schema.org <c>OpeningHoursSpecification</c>.</summary>
/// <param name="DayOfWeek">The days of the week, <c>Monday</c> to <c>Sunday</c>; absent for dates.</param>
/// <param name="Opens">The local time at which it opens, HH:mm. 00:00 to 00:00 is closed all day.</param>
/// <param name="Closes">
/// The local time at which it closes, HH:mm; before <c>opens</c> if on the next day. 00:00 to 23:59 is open all day.
/// </param>
/// <param name="ValidFrom">The first date; absent if there is none.</param>
/// <param name="ValidThrough">The last date; absent if there is none.</param>
/// <param name="Description">The reason for people; absent for the weekly hours.</param>
public sealed record OpeningHoursSpecification(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? DayOfWeek,
    LocalTime Opens,
    LocalTime Closes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LocalDate? ValidFrom,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LocalDate? ValidThrough,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description
)
{
    /// <summary>Always <c>OpeningHoursSpecification</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "OpeningHoursSpecification";
}

/// <summary>A schema.org <c>PostalAddress</c>. Unknown parts are absent.</summary>
public sealed record PostalAddress
{
    /// <summary>Always <c>PostalAddress</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "PostalAddress";

    /// <summary>Street and number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StreetAddress { get; init; }

    /// <summary>City or town.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressLocality { get; init; }

    /// <summary>State or province.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressRegion { get; init; }

    /// <summary>Postal code.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PostalCode { get; init; }

    /// <summary>Country, as ISO 3166-1 alpha-2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressCountry { get; init; }

    internal static PostalAddress? Of(Address address)
    {
        var known = new PostalAddress
        {
            StreetAddress = address.StreetAddress,
            AddressLocality = address.Locality,
            AddressRegion = address.Region,
            PostalCode = address.PostalCode,
            AddressCountry = address.Country,
        };
        return known == new PostalAddress() ? null : known;
    }
}

/// <summary>A schema.org <c>GeoCoordinates</c>, WGS 84.</summary>
/// <param name="Latitude">Degrees north.</param>
/// <param name="Longitude">Degrees east.</param>
public sealed record GeoCoordinates(double Latitude, double Longitude)
{
    /// <summary>Always <c>GeoCoordinates</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "GeoCoordinates";
}

/// <summary>
/// An article as a schema.org <c>MedicalWebPage</c> in JSON-LD, for its page. Unknown facts are absent.
/// </summary>
public sealed record MedicalWebPage
{
    /// <summary>Always <c>https://schema.org</c>.</summary>
    [JsonPropertyName("@context"), JsonPropertyOrder(-2)]
    public string Context { get; } = "https://schema.org";

    /// <summary>Always <c>MedicalWebPage</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "MedicalWebPage";

    /// <summary>The article's page on the web site.</summary>
    [JsonPropertyName("@id")]
    public required string Id { get; init; }

    /// <summary>The article's page on the web site.</summary>
    public required string Url { get; init; }

    /// <summary>The headline.</summary>
    public required string Headline { get; init; }

    /// <summary>The summary of the article.</summary>
    public required string Description { get; init; }

    /// <summary>When it was published, UTC.</summary>
    public required Instant DatePublished { get; init; }

    /// <summary>When it last changed, UTC.</summary>
    public required Instant DateModified { get; init; }

    /// <summary>The topics.</summary>
    public required IReadOnlyList<string> Keywords { get; init; }

    /// <summary>The author.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Person? Author { get; init; }

    internal static MedicalWebPage Of(Article article, SiteOptions site) =>
        new()
        {
            Id = site.UrlOfArticle(article.Slug),
            Url = site.UrlOfArticle(article.Slug),
            Headline = article.Title,
            Description = article.Summary,
            DatePublished = article.PublishedAt,
            DateModified = article.UpdatedAt,
            Keywords = article.Tags,
            Author = article.Author is null ? null : new Person(article.Author),
        };
}

/// <summary>A schema.org <c>Person</c>.</summary>
/// <param name="Name">The name.</param>
public sealed record Person(string Name)
{
    /// <summary>Always <c>Person</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "Person";
}
