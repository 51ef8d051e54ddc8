using System.ComponentModel;
using System.Globalization;
using Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Locations;

static class LocationEndpoints
{
    public static void MapLocations(this IEndpointRouteBuilder routes)
    {
        var locations = routes.MapGroup("/locations").WithTags("Locations").Serves("locations", "limit", "cursor");
        locations.MapGet("/", ListAsync).WithName("listLocations").Answers(ProblemTypes.Malformed);
        locations.MapGet("/{slug}", GetAsync).WithName("getLocation");
    }

    /// <summary>Lists the locations</summary>
    /// <remarks>
    /// By name, or with `near` the nearest first; then each has its `distanceMeters`, and those whose coordinates are not
    /// known come last.
    /// </remarks>
    /// <param name="near">A point as `latitude,longitude` in degrees, WGS 84, for example `35.84,-90.70`.</param>
    /// <param name="limit">How many items a page has at most, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the page before. Leave it out for the first page.</param>
    /// <param name="store"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<Location>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>> ListAsync(
        string? near, [DefaultValue(Paging.DefaultLimit)] int? limit, string? cursor, LocationStore store, HttpContext http, CancellationToken ct)
    {
        var point = near is null ? null : ParsePoint(near);
        FieldError?[] errors =
        [
            near is not null && point is null ? FieldError.Of("near",
                "near must be latitude,longitude in degrees: -90 to 90, a comma, -180 to 180.") : null,
            Paging.CheckLimit(limit),
        ];
        if (errors.OfType<FieldError>().ToArray() is { Length: > 0 } broken) return Problems.Broken(broken);

        var filters = $"locations\n{near}";
        if (!Paging.TryReadCursor(cursor, filters, parts: 1, out var key)) return Problems.BadCursor();

        var locations = await store.ListAsync(ct);
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
        return TypedResults.Ok(Paging.Page(http, rest, limit ?? Paging.DefaultLimit, last => Paging.Cursor(filters, last.Slug)));
    }

    /// <summary>Reads a location</summary>
    /// <remarks>One location with all that is known of it. What is not known is `null`.</remarks>
    /// <param name="slug">The location's slug, as the list has it.</param>
    /// <param name="store"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Location>, Problem<Problems.NotFound>>> GetAsync(string slug, LocationStore store, CancellationToken ct) =>
        await store.FindAsync(slug, ct) is { } location ? TypedResults.Ok(location) : Problems.NoSuch("location", slug);

    static Coordinates? ParsePoint(string text)
    {
        const NumberStyles Degrees = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        return text.Split(',') is [var first, var second] &&
            double.TryParse(first, Degrees, CultureInfo.InvariantCulture, out var latitude) && latitude is >= -90 and <= 90 &&
            double.TryParse(second, Degrees, CultureInfo.InvariantCulture, out var longitude) && longitude is >= -180 and <= 180
            ? new Coordinates(latitude, longitude) : null;
    }
}
