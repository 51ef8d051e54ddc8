using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Hours;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Locations;

static class LocationEndpoints
{
    // The value of include.
    const string IncludeStatus = "status";

    const int LongestPoint = 40;

    public static void MapLocations(this IEndpointRouteBuilder routes)
    {
        var locations = routes
            .MapGroup("/locations")
            .WithTag("Locations", "Where the clinic is, and how to reach it.")
            .Cached("limit", "cursor", "include", Languages.Parameter);
        locations.MapGet("/", ListAsync).WithName("listLocations").Paged().WithSummary("List locations");
        locations.MapGet("/{slug}", GetAsync).WithName("getLocation").WithSummary("Get a location");
    }

    /// <remarks>
    /// Sorted by name. With `near`, the nearest location comes first, each has its `distanceMeters`, and those without
    /// coordinates come last. It is refused if no location has any. With `openAt`, the list has only the locations that
    /// are open at that time, with or without an appointment. Locations whose hours are not known are left out then.
    /// With `include=status`, each has the `status` that `/v1/locations/{slug}/status` answers, so that a page needs
    /// one call.
    /// </remarks>
    /// <param name="near">A point as `latitude,longitude` in degrees, WGS 84: `35.84,-90.70`.</param>
    /// <param name="openAt" example="now">
    /// `now`, or an instant, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`.
    /// </param>
    /// <param name="include" example="status">What to add to each location: `status`.</param>
    /// <param name="in" example="en">
    /// The language of the status, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    /// <param name="limit" example="20">The largest number of items on a page, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the previous page. Leave it out for the first page.</param>
    static async Task<
        Results<Ok<Page<Location>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>
    > ListAsync(
        [MaxLength(LongestPoint)] string? near,
        [MaxLength(PointsInTime.LongestInstant)] string? openAt,
        [MaxLength(6)] string? include,
        [MaxLength(Languages.LongestTag)] string? @in,
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit,
        [MaxLength(1000)] string? cursor,
        LocationStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant();
        Instant? instant = openAt == "now" ? now : null;
        var point = near is null ? null : ParsePoint(near);
        FieldError?[] errors =
        [
            near is not null && point is null
                ? FieldError.ForParameter("near", ProblemText.Get("PointWrong", "near"))
                : null,
            instant is null ? PointsInTime.ReadInstant("openAt", openAt, out instant) : null,
            include is null or "" or IncludeStatus
                ? null
                : FieldError.ForParameter("include", ProblemText.Get("MustBeOneOf", IncludeStatus)),
            Languages.Check(@in),
            Paging.CheckLimit(limit),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        var filters = $"locations\n{near}\n{openAt}";
        if (!Paging.TryReadCursor(cursor, filters, parts: 1, out var key))
            return Problems.BadCursor();

        var stored = await store.ListAsync(ct);
        foreach (var entry in stored.Values)
            http.FreshUntil(now, FindClosureEnd(entry.Location, now));
        IReadOnlyList<Location> locations = [.. stored.Values.Select(entry => WithoutPastClosure(entry.Location, now))];
        if (point is not null)
        {
            if (locations.Count > 0 && locations.All(location => location.Coordinates is null))
                return Problems.BrokenRules(FieldError.ForParameter("near", ProblemText.Get("NoCoordinates")));
            locations = SortByDistance(locations, point);
        }
        if (!Paging.TryContinue(locations, location => location.Slug, key, out var following))
            return Problems.BadCursor();

        // Filtered after the page's beginning is found: the last location of the page before may have closed since.
        if (instant is { } at)
        {
            var statuses = stored.ToDictionary(entry => entry.Key, entry => entry.Value.Hours.Schedule.StatusAt(at));
            if (openAt == "now")
            {
                foreach (var status in statuses.Values)
                    http.FreshUntil(now, status.ValidUntil);
            }
            following = [.. following.Where(location => statuses[location.Slug].Moment.IsOpen)];
        }
        var page = Paging.Page(
            http,
            following,
            limit ?? Paging.DefaultLimit,
            last => Paging.Cursor(filters, last.Slug)
        );
        return TypedResults.Ok(
            include == IncludeStatus ? page with { Items = WithStatus(page.Items, stored, now, http) } : page
        );
    }

    static Location[] WithStatus(
        IReadOnlyList<Location> locations,
        IReadOnlyDictionary<string, ScheduledLocation> stored,
        Instant now,
        HttpContext http
    )
    {
        Languages.SetHeaders(http);
        var language = Languages.Of(http.Request);
        Location[] result =
        [
            .. locations.Select(location =>
                location with
                {
                    Status = LocationStatus.Of(stored[location.Slug].Hours, now, language),
                }
            ),
        ];
        foreach (var location in result)
            http.FreshUntil(now, location.Status?.ValidUntil);
        return result;
    }

    /// <remarks>All facts about one location. Unknown facts are `null`.</remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    static async Task<Results<Ok<Location>, Problem<Problems.NotFound>>> GetAsync(
        [MaxLength(64)] string slug,
        LocationStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (await store.FindAsync(slug, ct) is not { Location: var location })
            return Problems.NoSuch("location", slug);
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, FindClosureEnd(location, now));
        return TypedResults.Ok(WithoutPastClosure(location, now));
    }

    static Location WithoutPastClosure(Location location, Instant now) =>
        location.ClosureEndsAt <= now ? location with { TemporaryClosure = null } : location;

    // The cache may keep an answer only until a closure in it is over.
    static Instant? FindClosureEnd(Location location, Instant now) =>
        location.ClosureEndsAt > now ? location.ClosureEndsAt : null;

    static IReadOnlyList<Location> SortByDistance(IEnumerable<Location> locations, Coordinates point) =>
        [
            .. locations
                .Select(location => location with { DistanceMeters = MeasureDistance(location, point) })
                .OrderBy(location => location.DistanceMeters ?? int.MaxValue),
        ];

    static int? MeasureDistance(Location location, Coordinates point) =>
        location.Coordinates is { } place ? (int)Math.Round(point.DistanceTo(place)) : null;

    static Coordinates? ParsePoint(string text)
    {
        if (text.Length > LongestPoint || text.Split(',') is not [var first, var second])
            return null;
        if (ParseDegrees(first, 90) is not { } latitude || ParseDegrees(second, 180) is not { } longitude)
            return null;
        return new Coordinates(latitude, longitude);
    }

    static double? ParseDegrees(string text, double limit)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        var isNumber = double.TryParse(text, Style, CultureInfo.InvariantCulture, out var degrees);
        return isNumber && Math.Abs(degrees) <= limit ? degrees : null;
    }
}
