using System.Text.Json.Serialization;
using Api.Articles;
using Api.Hours;
using Api.Http;
using Api.Locations;
using NodaTime;

namespace Api.Formats;

/// <summary>A location as a schema.org <c>MedicalClinic</c>, JSON-LD, to be put into a page. What is not known is left out.</summary>
public sealed record MedicalClinic
{
    /// <summary>Always <c>https://schema.org</c>.</summary>
    [JsonPropertyName("@context"), JsonPropertyOrder(-2)]
    public string Context { get; } = "https://schema.org";

    /// <summary>Always <c>MedicalClinic</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "MedicalClinic";

    /// <summary>The location's address in this API, absolute.</summary>
    [JsonPropertyName("@id")]
    public required string Id { get; init; }

    /// <summary>The location's name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PostalAddress? Address { get; init; }

    /// <summary>The telephone number, E.164.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Telephone { get; init; }

    /// <summary>The e-mail address.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Email { get; init; }

    /// <summary>Where it is on the globe.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public GeoCoordinates? Geo { get; init; }

    /// <summary>Whether new patients are accepted.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? IsAcceptingNewPatients { get; init; }

    /// <summary>The weekly hours, now and those to come within a year; left out when they are not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<OpeningHoursSpecification>? OpeningHoursSpecification { get; init; }

    /// <summary>The dates of the coming 366 on which other hours hold; they replace the weekly ones.</summary>
    public required IReadOnlyList<OpeningHoursSpecification> SpecialOpeningHoursSpecification { get; init; }

    internal static Formatted<MedicalClinic> Of(Location location, Schedule schedule, SiteOptions site, LocalDate today)
    {
        var year = WallClock.Year(schedule, today);
        var body = new MedicalClinic
        {
            Id = $"{site.ApiUrl}/v1/locations/{location.Slug}",
            Name = location.Name,
            Address = location.Address == new Address { StreetAddress = null, Locality = null, Region = null, PostalCode = null, Country = null }
                ? null : new PostalAddress(location.Address),
            Telephone = location.Telephone,
            Email = location.Email,
            Geo = location.Coordinates is { } point ? new GeoCoordinates(point.Latitude, point.Longitude) : null,
            IsAcceptingNewPatients = location.AcceptingNewPatients,
            OpeningHoursSpecification = Weekly(schedule, today) is { Length: > 0 } weekly ? weekly : null,
            SpecialOpeningHoursSpecification = [.. Special(schedule, year)],
        };
        var unsaid = WallClock.Unsaid(schedule, today, year).ToHashSet();
        if (WallClock.BeginsLater(schedule, today)) unsaid.Add(NotExpressed.TemporaryClosure);
        if (WallClock.HasUntoldParts(schedule, year, closedPartsAreTold: false)) unsaid.Add(NotExpressed.Periods);
        return new Formatted<MedicalClinic>(body, unsaid);
    }

    static OpeningHoursSpecification[] Weekly(Schedule schedule, LocalDate today)
    {
        var changes = WallClock.ChangesToCome(schedule, today).ToArray();
        var current = schedule.WeeklyHoursOn(today);
        var versions = current is null ? changes : [current, .. changes];
        return
        [
            .. versions.SelectMany((hours, index) =>
            {
                var through = index + 1 < versions.Length ? versions[index + 1].ValidFrom!.Value.PlusDays(-1) : (LocalDate?)null;
                // What has begun needs no beginning.
                var from = hours == current ? null : hours.ValidFrom;
                return WallClock.Week(hours)
                    .SelectMany((periods, day) => Spans(periods).Select(span => (Day: WeeklyHours.Week[day], Span: span)))
                    .GroupBy(entry => entry.Span, entry => $"{entry.Day}")
                    .Select(days => new OpeningHoursSpecification([.. days], days.Key.Opens, days.Key.Closes, from, through, null));
            }),
        ];
    }

    // Dates of which only a part is known cannot be told: the rest of them would be closed.
    static IEnumerable<OpeningHoursSpecification> Special(Schedule schedule, IReadOnlyList<WallDay> year) =>
        WallClock.Runs(schedule, year).Where(run => run.Day.Periods is not null).SelectMany(run => Spans(run.Day.Periods!).Select(span =>
            new OpeningHoursSpecification(null, span.Opens, span.Closes, run.First, run.Last, run.Day.Reason)));

    // As search engines read it: closed all day is 00:00 to 00:00, and open all day until 23:59.
    static IEnumerable<(LocalTime Opens, LocalTime Closes)> Spans(IEnumerable<Period> periods) =>
        periods.Seen().Select(period => (period.Opens, period.IsAllDay ? new LocalTime(23, 59) : period.Closes))
            .DefaultIfEmpty((LocalTime.Midnight, LocalTime.Midnight));
}

/// <summary>A schema.org <c>OpeningHoursSpecification</c>.</summary>
/// <param name="DayOfWeek">The days of the week, <c>Monday</c> to <c>Sunday</c>; left out of dates.</param>
/// <param name="Opens">The first moment, local, HH:mm. With <c>closes</c> the same, 00:00, it is closed all day.</param>
/// <param name="Closes">The first moment after it, local, HH:mm; before <c>opens</c> when on the next day; 23:59 for the end of a whole day.</param>
/// <param name="ValidFrom">The first date; left out where there is none.</param>
/// <param name="ValidThrough">The last date; left out where there is none.</param>
/// <param name="Description">Why, for people; left out of the weekly hours.</param>
public sealed record OpeningHoursSpecification(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? DayOfWeek,
    LocalTime Opens, LocalTime Closes,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LocalDate? ValidFrom,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] LocalDate? ValidThrough,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Description)
{
    /// <summary>Always <c>OpeningHoursSpecification</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "OpeningHoursSpecification";
}

/// <summary>A schema.org <c>PostalAddress</c>. What is not known is left out.</summary>
public sealed record PostalAddress
{
    internal PostalAddress(Address address) =>
        (StreetAddress, AddressLocality, AddressRegion, PostalCode, AddressCountry) =
        (address.StreetAddress, address.Locality, address.Region, address.PostalCode, address.Country);

    /// <summary>Always <c>PostalAddress</c>.</summary>
    [JsonPropertyName("@type"), JsonPropertyOrder(-1)]
    public string Type { get; } = "PostalAddress";

    /// <summary>Street and number.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StreetAddress { get; }

    /// <summary>City or town.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressLocality { get; }

    /// <summary>State or province.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressRegion { get; }

    /// <summary>Postal code.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PostalCode { get; }

    /// <summary>Country, as ISO 3166-1 alpha-2.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AddressCountry { get; }
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

/// <summary>An article as a schema.org <c>MedicalWebPage</c>, JSON-LD, to be put into its page. What is not known is left out.</summary>
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

    /// <summary>The same.</summary>
    public required string Url { get; init; }

    /// <summary>The headline.</summary>
    public required string Headline { get; init; }

    /// <summary>What the article says, in a sentence or two.</summary>
    public required string Description { get; init; }

    /// <summary>Since when it is public, UTC.</summary>
    public required Instant DatePublished { get; init; }

    /// <summary>When it last changed, UTC.</summary>
    public required Instant DateModified { get; init; }

    /// <summary>The topics.</summary>
    public required IReadOnlyList<string> Keywords { get; init; }

    /// <summary>Who wrote it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Person? Author { get; init; }

    internal static MedicalWebPage Of(Article article, SiteOptions site) => new()
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
