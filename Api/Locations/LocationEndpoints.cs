using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Hours;
using Api.Http;
using Api.Http.Caching;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Locations;

static class LocationEndpoints
{
    public static void MapLocations(this IEndpointRouteBuilder routes)
    {
        var locations = routes.MapGroup("/locations").WithTags("Locations").Cached("locations", "limit", "cursor");
        locations.MapGet("/", ListAsync).WithName("listLocations").Paged();
        locations.MapGet("/{slug}", GetAsync).WithName("getLocation");
    }

    /// <summary>Lists the locations</summary>
    /// <remarks>
    /// By name, or with `near` the nearest first; then each has its `distanceMeters`, and those whose coordinates are not
    /// known come last. With `openAt` only those that see patients at that time, be it by appointment; those whose hours are
    /// not known are not among them.
    /// </remarks>
    /// <param name="near">A point as `latitude,longitude` in degrees, WGS 84, for example `35.84,-90.70`.</param>
    /// <param name="openAt">`now`, or an instant, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`.</param>
    /// <param name="limit">How many items a page has at most, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the page before. Leave it out for the first page.</param>
    /// <param name="store"></param>
    /// <param name="hours"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<Location>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>> ListAsync(
        string? near, string? openAt, [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit, string? cursor,
        LocationStore store, HoursStore hours, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        Instant? instant = openAt == "now" ? now : null;
        var point = near is null ? null : ParsePoint(near);
        FieldError?[] errors =
        [
            near is not null && point is null ? FieldError.ForParameter("near", ProblemText.Get("PointWrong", "near")) : null,
            instant is null ? PointsInTime.ReadInstant("openAt", openAt, out instant) : null,
            Paging.CheckLimit(limit),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;

        var filters = $"locations\n{near}\n{openAt}";
        if (!Paging.TryReadCursor(cursor, filters, parts: 1, out var key)) return Problems.BadCursor();

        IReadOnlyList<Location> locations = [.. (await store.ListAsync(ct)).Select(location => Current(location, now, http))];
        if (point is not null)
        {
            locations = [.. locations
                .Select(location => location with
                {
                    DistanceMeters = location.Coordinates is { } here ? (int)Math.Round(point.DistanceTo(here)) : null,
                })
                .OrderBy(location => location.DistanceMeters ?? int.MaxValue)];
        }

        if (!Paging.TryContinue(locations, location => location.Slug, key, out var rest)) return Problems.BadCursor();
        // After the page's beginning was found: the location that the last page ended with may have closed since.
        if (instant is { } at)
        {
            var schedules = (await hours.ListAsync(ct)).ToDictionary(location => location.Location, location => location.Schedule);
            var statuses = schedules.ToDictionary(pair => pair.Key, pair => pair.Value.At(at));
            if (openAt == "now") foreach (var status in statuses.Values) http.FreshUntil(now, status.ValidUntil);
            rest = [.. rest.Where(location => statuses.TryGetValue(location.Slug, out var status) && status.Moment.IsOpen)];
        }
        return TypedResults.Ok(Paging.Page(http, rest, limit ?? Paging.DefaultLimit, last => Paging.Cursor(filters, last.Slug)));
    }

    /// <summary>Reads a location</summary>
    /// <remarks>One location with all that is known of it. What is not known is `null`.</remarks>
    /// <param name="slug">The location's slug, as the list has it.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Location>, Problem<Problems.NotFound>>> GetAsync(
        string slug, LocationStore store, TimeProvider time, HttpContext http, CancellationToken ct) =>
        await store.FindAsync(slug, ct) is { } location
            ? TypedResults.Ok(Current(location, time.GetCurrentInstant(), http)) : Problems.NoSuch("location", slug);

    // A closure that is over is none, and what is closed for good is not closed for a time.
    static Location Current(Location location, Instant now, HttpContext http)
    {
        if (location.TemporaryClosure is not { } closure || (closure.ReopensOn ?? location.ClosedForGoodOn) is not { } end) return location;
        if (location.ClosedForGoodOn < end) end = location.ClosedForGoodOn.Value;
        var over = Timeline.ToInstant(DateTimeZoneProviders.Tzdb[location.TimeZone], end.AtMidnight(), ends: false);
        if (over <= now) return location with { TemporaryClosure = null };
        http.FreshUntil(now, over);
        return location;
    }

    static Coordinates? ParsePoint(string text)
    {
        const NumberStyles Degrees = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        return text.Split(',') is [var first, var second] &&
            double.TryParse(first, Degrees, CultureInfo.InvariantCulture, out var latitude) && latitude is >= -90 and <= 90 &&
            double.TryParse(second, Degrees, CultureInfo.InvariantCulture, out var longitude) && longitude is >= -180 and <= 180
            ? new Coordinates(latitude, longitude) : null;
    }
}
