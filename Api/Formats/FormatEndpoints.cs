using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Api.Articles;
using Api.Hours;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Api.Locations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Formats;

static class FormatEndpoints
{
    public static void MapFormats(this IEndpointRouteBuilder routes)
    {
        var formats = routes.MapGroup("").WithTags("Formats");
        formats.MapGet("/articles/{slug}/schema.jsonld", GetArticleAsync).WithName("getArticleSchema").Cached("articles");
        var hours = formats.MapGroup("").Cached("hours", Languages.Parameter);
        hours.MapGet("/hours.ics", GetCalendarAsync).WithName("getHoursCalendar");
        var location = hours.MapGroup("/locations/{slug}");
        location.MapGet("/schema.jsonld", GetSchemaAsync).WithName("getLocationSchema");
        location.MapGet("/fhir", GetFhirAsync).WithName("getLocationFhir");
        location.MapGet("/hours/google", GetGoogleAsync).WithName("getLocationHoursGoogle");
        location.MapGet("/hours/osm", GetOsmAsync).WithName("getLocationHoursOsm");
        location.MapGet("/hours.ics", GetLocationCalendarAsync).WithName("getLocationHoursCalendar");
    }

    /// <summary>Reads an article for search engines</summary>
    /// <remarks>A schema.org `MedicalWebPage`, JSON-LD, to be put into the article's page.</remarks>
    /// <param name="slug">The article's slug, as the list has it.</param>
    /// <param name="store"></param>
    /// <param name="site"></param>
    /// <param name="time"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<MedicalWebPage, JsonLd>, Problem<Problems.NotFound>>> GetArticleAsync(
        string slug, ArticleStore store, IOptions<SiteOptions> site, TimeProvider time, CancellationToken ct) =>
        await store.FindAsync(slug, time.GetCurrentInstant(), ct) is { } article
            ? new InFormat<MedicalWebPage, JsonLd>(MedicalWebPage.Of(article, site.Value), []) : Problems.NoSuch("article", slug);

    /// <summary>Reads a location for search engines</summary>
    /// <remarks>
    /// A schema.org `MedicalClinic`, JSON-LD, with its weekly hours and the dates of the coming year on which others hold. Put it
    /// into the location's page as `script type="application/ld+json"`.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="reader"></param>
    /// <param name="site"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<MedicalClinic, JsonLd>, Problem<Problems.NotFound>>> GetSchemaAsync(
        string slug, FormatReader reader, IOptions<SiteOptions> site, HttpContext http, CancellationToken ct) =>
        await reader.FindAsync(slug, http, ct) is var (location, schedule, today, _)
            ? InFormat<MedicalClinic, JsonLd>.Of(MedicalClinic.Of(location, schedule, site.Value, today)) : Problems.NoSuch("location", slug);

    /// <summary>Reads a location as a FHIR resource</summary>
    /// <remarks>A FHIR R4 `Location`. The usual week is in `hoursOfOperation`, what departs from it in the coming year in words.</remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="reader"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<FhirLocation, FhirJson>, Problem<Problems.NotFound>>> GetFhirAsync(
        string slug, FormatReader reader, HttpContext http, CancellationToken ct) =>
        await reader.FindAsync(slug, http, ct) is var (location, schedule, today, _)
            ? InFormat<FhirLocation, FhirJson>.Of(FhirLocation.Of(location, schedule, today)) : Problems.NoSuch("location", slug);

    /// <summary>Reads the hours for a Google Business Profile</summary>
    /// <remarks>
    /// A body for `locations.patch` of the Business Information API v1, with
    /// `updateMask=regularHours,specialHours,openInfo.status`. Exceptions that come back every year are told as the dates of the coming year, so send it
    /// again from time to time.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="reader"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<GoogleHours, PlainJson>, Problem<Problems.NotFound>>> GetGoogleAsync(
        string slug, FormatReader reader, HttpContext http, CancellationToken ct) =>
        await reader.FindAsync(slug, http, ct) is var (_, schedule, today, _)
            ? InFormat<GoogleHours, PlainJson>.Of(GoogleHours.Of(schedule, today)) : Problems.NoSuch("location", slug);

    /// <summary>Reads the hours for OpenStreetMap</summary>
    /// <remarks>
    /// A value of the key `opening_hours`, in one line of at most 255 characters, as OpenStreetMap takes them. Where that is too
    /// few, reasons are left out first and then the dates that are furthest away, and `Not-Expressed` names what is missing.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="reader"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<string, PlainText>, Problem<Problems.NotFound>>> GetOsmAsync(
        string slug, FormatReader reader, HttpContext http, CancellationToken ct) =>
        await reader.FindAsync(slug, http, ct) is var (_, schedule, today, _)
            ? InFormat<string, PlainText>.Of(OsmHours.Of(schedule, today)) : Problems.NoSuch("location", slug);

    /// <summary>Reads a location's exceptions as a calendar</summary>
    /// <remarks>
    /// iCalendar (RFC 5545): an event for each exception of the coming year; those that come back every year do so in the
    /// calendar too. Subscribe to this address in a calendar program.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="reader"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<string, ICalendar>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>> GetLocationCalendarAsync(
        string slug, string? @in, FormatReader reader, HttpContext http, CancellationToken ct)
    {
        if (Languages.Choose(http, @in, out var language) is { } error) return Problems.BrokenRules(error);
        return await reader.FindAsync(slug, http, ct) is var (location, schedule, _, now)
            ? InFormat<string, ICalendar>.Of(HoursCalendar.Of([(location, schedule)], location.Name, language, now))
            : Problems.NoSuch("location", slug);
    }

    /// <summary>Reads the exceptions of all locations as a calendar</summary>
    /// <remarks>The same for the whole clinic: what holds at several locations is one event.</remarks>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="reader"></param>
    /// <param name="site"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<InFormat<string, ICalendar>, Problem<Problems.Invalid>>> GetCalendarAsync(
        string? @in, FormatReader reader, IOptions<SiteOptions> site, HttpContext http, CancellationToken ct)
    {
        if (Languages.Choose(http, @in, out var language) is { } error) return Problems.BrokenRules(error);
        var (locations, now) = await reader.ListAsync(http, ct);
        return InFormat<string, ICalendar>.Of(HoursCalendar.Of(locations, Host(site), language, now));
    }

    static string Host(IOptions<SiteOptions> site) => new Uri(site.Value.HomeUrl).Host;
}

/// <summary>Reads what every format is made from: the locations with their schedules, and the local date there.</summary>
sealed class FormatReader(LocationStore locations, HoursStore hours, TimeProvider time)
{
    public async Task<(Location Location, Schedule Schedule, LocalDate Today, Instant Now)?> FindAsync(string slug, HttpContext http, CancellationToken ct)
    {
        if (await locations.FindAsync(slug, ct) is not { } location || await hours.FindAsync(slug, ct) is not { } found) return null;
        var now = time.GetCurrentInstant();
        return (location, found.Schedule, Today(found.Schedule, now, http), now);
    }

    public async Task<(IReadOnlyList<(Location Location, Schedule Schedule)> Locations, Instant Now)> ListAsync(HttpContext http, CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        var schedules = (await hours.ListAsync(ct)).ToDictionary(location => location.Location, location => location.Schedule);
        var known = (await locations.ListAsync(ct)).Where(location => schedules.ContainsKey(location.Slug)).ToArray();
        foreach (var location in known) Today(schedules[location.Slug], now, http);
        return ([.. known.Select(location => (location, schedules[location.Slug]))], now);
    }

    // The coming year begins today, so with another day there is another answer. Days of calendars are UTC's too.
    static LocalDate Today(Schedule schedule, Instant now, HttpContext http)
    {
        var today = now.InZone(schedule.Zone).Date;
        http.FreshUntil(now, Timeline.ToInstant(schedule.Zone, today.PlusDays(1).AtMidnight(), ends: false));
        http.FreshUntil(now, now.InUtc().Date.PlusDays(1).AtMidnight().InUtc().ToInstant());
        return today;
    }
}

/// <summary>200 in the media type of another system, with the header <c>Not-Expressed</c> when it has no words for something.</summary>
sealed class InFormat<TBody, TMedia>(TBody body, IReadOnlyCollection<NotExpressed> notExpressed) : IResult, IEndpointMetadataProvider
    where TMedia : IMediaType
{
    public static InFormat<TBody, TMedia> Of(Formatted<TBody> formatted) => new(formatted.Body, formatted.NotExpressed);

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (notExpressed.Count > 0)
            httpContext.Response.Headers[NotExpressedHeader.Name] = NotExpressedHeader.Value(notExpressed);
        return body is string text
            ? TypedResults.Text(text, TMedia.Name, Encoding.UTF8).ExecuteAsync(httpContext)
            : TypedResults.Json(body, TMedia.Options, TMedia.Name).ExecuteAsync(httpContext);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TBody), [TMedia.Name]));
        if (typeof(TBody) != typeof(MedicalWebPage)) builder.Metadata.Add(NotExpressedHeader.Documentation);
    }
}

/// <summary>The header <c>Not-Expressed</c>.</summary>
static class NotExpressedHeader
{
    public const string Name = "Not-Expressed";

    public static ResponseHeader Documentation { get; } = new(
        Name,
        "What this format cannot express of the hours, separated by commas. Absent when it expresses all of them. One or more of " +
        $"`{string.Join("`, `", Enum.GetValues<NotExpressed>().Select(Token))}`.",
        "reasons");

    /// <summary>In the order in which they are documented, so that the same answer has the same header.</summary>
    public static string Value(IEnumerable<NotExpressed> unsaid) => string.Join(", ", unsaid.Order().Select(Token));

    static string Token(NotExpressed unsaid) => JsonNamingPolicy.CamelCase.ConvertName($"{unsaid}");
}

/// <summary>A media type that a result is bound to.</summary>
interface IMediaType
{
    static abstract string Name { get; }

    /// <summary>How its JSON is written; <c>null</c> where that is as everywhere.</summary>
    static virtual JsonSerializerOptions? Options => null;
}

/// <summary>JSON that is put into a <c>script</c> element of a page, so no text in it may end that element.</summary>
sealed class JsonLd : IMediaType
{
    public static string Name => "application/ld+json";
    public static JsonSerializerOptions? Options { get; } = ForPages();

    static JsonSerializerOptions ForPages()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Json.Configure(options);
        // All letters as they are, but not what means something in HTML: < > &
        options.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

sealed class FhirJson : IMediaType { public static string Name => "application/fhir+json"; }
sealed class PlainJson : IMediaType { public static string Name => "application/json"; }
sealed class PlainText : IMediaType { public static string Name => "text/plain"; }
sealed class ICalendar : IMediaType { public static string Name => "text/calendar"; }
