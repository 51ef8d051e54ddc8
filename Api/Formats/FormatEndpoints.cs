using System.ComponentModel.DataAnnotations;
using Api.Articles;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Formats;

static class FormatEndpoints
{
    public static void MapFormats(this IEndpointRouteBuilder routes)
    {
        var formats = routes
            .MapGroup("")
            .WithTag(
                "Formats",
                "Articles, locations and hours in the formats of other programs: search engines, maps, calendars."
            );
        formats
            .MapGet("/articles/{slug}/schema.jsonld", GetArticleAsync)
            .WithName("getArticleSchema")
            .Cached()
            .WithSummary("Get an article as schema.org JSON-LD");

        var hours = formats.MapGroup("").Cached(Languages.Parameter);
        hours
            .MapGet("/hours.ics", GetCalendarAsync)
            .WithName("getHoursCalendar")
            .WithSummary("Get the exceptions of all locations as a calendar");

        var location = hours.MapGroup("/locations/{slug}");
        location
            .MapGet("/schema.jsonld", GetSchemaAsync)
            .WithName("getLocationSchema")
            .WithSummary("Get a location as schema.org JSON-LD");
        location
            .MapGet("/fhir", GetFhirAsync)
            .WithName("getLocationFhir")
            .WithSummary("Get a location as a FHIR resource");
        location
            .MapGet("/hours/google", GetGoogleAsync)
            .WithName("getLocationHoursGoogle")
            .WithSummary("Get the hours of a location for a Google Business Profile");
        location
            .MapGet("/hours/osm", GetOsmAsync)
            .WithName("getLocationHoursOsm")
            .WithSummary("Get the hours of a location for OpenStreetMap");
        location
            .MapGet("/hours.ics", GetLocationCalendarAsync)
            .WithName("getLocationHoursCalendar")
            .WithSummary("Get the exceptions of a location as a calendar");
    }

    /// <remarks>A schema.org `MedicalWebPage` in JSON-LD, to embed in the page of the article.</remarks>
    /// <param name="slug" example="understanding-anxiety">The article's slug, as in the list of articles.</param>
    static async Task<Results<InFormat<MedicalWebPage, JsonLd>, Problem<Problems.NotFound>>> GetArticleAsync(
        [MaxLength(64)] string slug,
        ArticleStore store,
        IOptions<SiteOptions> site,
        TimeProvider time,
        CancellationToken ct
    )
    {
        if (await store.FindAsync(slug, time.GetCurrentInstant(), ct) is not { } article)
            return Problems.NoSuch("article", slug);
        return new InFormat<MedicalWebPage, JsonLd>(new(MedicalWebPage.Of(article, site.Value), []));
    }

    /// <remarks>
    /// A schema.org `MedicalClinic` in JSON-LD, with the weekly hours and the dates of the coming year that depart from
    /// them. Embed it in the page of the location as `script type="application/ld+json"`.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    static Task<Results<InFormat<MedicalClinic, JsonLd>, Problem<Problems.NotFound>>> GetSchemaAsync(
        [MaxLength(64)] string slug,
        FormatReader reader,
        IOptions<SiteOptions> site,
        HttpContext http,
        CancellationToken ct
    ) =>
        GetFormatAsync<MedicalClinic, JsonLd>(
            slug,
            reader,
            http,
            source => MedicalClinic.Of(source.Location, source.Schedule, site.Value, source.Today),
            ct
        );

    /// <remarks>
    /// A FHIR R4 `Location`. `hoursOfOperation` has the usual week. `availabilityExceptions` describes what departs
    /// from it in the coming year.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    static Task<Results<InFormat<FhirLocation, FhirJson>, Problem<Problems.NotFound>>> GetFhirAsync(
        [MaxLength(64)] string slug,
        FormatReader reader,
        HttpContext http,
        CancellationToken ct
    ) =>
        GetFormatAsync<FhirLocation, FhirJson>(
            slug,
            reader,
            http,
            source => FhirLocation.Of(source.Location, source.Schedule, source.Today),
            ct
        );

    /// <remarks>
    /// A body for `locations.patch` of the Business Information API v1, with
    /// `updateMask=regularHours,specialHours,openInfo.status`. Yearly exceptions are written as the dates of the coming
    /// year, so send the body again regularly.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    static Task<Results<InFormat<GoogleHours, PlainJson>, Problem<Problems.NotFound>>> GetGoogleAsync(
        [MaxLength(64)] string slug,
        FormatReader reader,
        HttpContext http,
        CancellationToken ct
    ) =>
        GetFormatAsync<GoogleHours, PlainJson>(
            slug,
            reader,
            http,
            source => GoogleHours.Of(source.Schedule, source.Today),
            ct
        );

    /// <remarks>
    /// A value of the key `opening_hours` on one line, with at most 255 characters, the limit of OpenStreetMap. A
    /// longer value loses its reasons first and then the dates that are furthest away. `Not-Expressed` names what is
    /// missing.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    static Task<Results<InFormat<string, PlainText>, Problem<Problems.NotFound>>> GetOsmAsync(
        [MaxLength(64)] string slug,
        FormatReader reader,
        HttpContext http,
        CancellationToken ct
    ) =>
        GetFormatAsync<string, PlainText>(slug, reader, http, source => OsmHours.Of(source.Schedule, source.Today), ct);

    static async Task<Results<InFormat<TBody, TMedia>, Problem<Problems.NotFound>>> GetFormatAsync<TBody, TMedia>(
        [MaxLength(64)] string slug,
        FormatReader reader,
        HttpContext http,
        Func<FormatSource, Formatted<TBody>> write,
        CancellationToken ct
    )
        where TMedia : IMediaType
    {
        if (await reader.FindAsync(slug, ct) is not { } source)
            return Problems.NoSuch("location", slug);
        http.FreshUntil(source.Now, source.ChangesAt);
        return new InFormat<TBody, TMedia>(write(source));
    }

    /// <remarks>
    /// iCalendar (RFC 5545) with an event for each exception of the coming year. Yearly exceptions are yearly events.
    /// Subscribe to this address in a calendar program.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<
        Results<InFormat<string, ICalendar>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>
    > GetLocationCalendarAsync(
        [MaxLength(64)] string slug,
        [MaxLength(35)] string? @in,
        FormatReader reader,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (Languages.Choose(http, @in, out var language) is { } error)
            return Problems.BrokenRules(error);
        if (await reader.FindAsync(slug, ct) is not { } source)
            return Problems.NoSuch("location", slug);
        http.FreshUntil(source.Now, source.ChangesAt);
        return new InFormat<string, ICalendar>(
            HoursCalendar.Of([(source.Location, source.Schedule)], source.Location.Name, language, source.Now)
        );
    }

    /// <remarks>
    /// iCalendar (RFC 5545) for the whole clinic. An exception of several locations is one event.
    /// </remarks>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<Results<InFormat<string, ICalendar>, Problem<Problems.Invalid>>> GetCalendarAsync(
        [MaxLength(35)] string? @in,
        FormatReader reader,
        IOptions<SiteOptions> site,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (Languages.Choose(http, @in, out var language) is { } error)
            return Problems.BrokenRules(error);
        var sources = await reader.ListAsync(ct);
        foreach (var source in sources)
            http.FreshUntil(source.Now, source.ChangesAt);
        return new InFormat<string, ICalendar>(
            HoursCalendar.Of(
                [.. sources.Select(source => (source.Location, source.Schedule))],
                new Uri(site.Value.HomeUrl).Host,
                language,
                time.GetCurrentInstant()
            )
        );
    }
}
