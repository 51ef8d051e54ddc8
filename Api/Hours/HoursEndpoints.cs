using System.ComponentModel;
using Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Extensions;

namespace Api.Hours;

static class HoursEndpoints
{
    const string CacheTag = "hours";

    public static void MapHours(this IEndpointRouteBuilder routes)
    {
        routes.MapGroup("/hours").WithTags("Hours").Serves(CacheTag, "limit", "cursor")
            .MapGet("/", ListAsync).WithName("listHours").Answers(ProblemTypes.Malformed);
        routes.MapGroup("/locations/{slug}/hours").WithTags("Hours").Serves(CacheTag)
            .MapGet("/", GetAsync).WithName("getLocationHours");
    }

    /// <summary>Lists the weekly hours of every location</summary>
    /// <remarks>In the order of the locations' names: all seven days from Monday on, and a text for people.</remarks>
    /// <param name="limit">How many items a page has at most, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the page before. Leave it out for the first page.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<LocationHours>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>> ListAsync(
        [DefaultValue(Paging.DefaultLimit)] int? limit, string? cursor, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (Paging.CheckLimit(limit) is { } broken) return Problems.Broken(broken);
        if (!Paging.TryReadCursor(cursor, "hours", parts: 1, out var key)) return Problems.BadCursor();
        var hours = await store.ListAsync(null, time.GetCurrentInstant(), ct);
        if (!Paging.TryContinue(hours, location => location.Location, key, out var rest)) return Problems.BadCursor();
        return TypedResults.Ok(Paging.Page(http, [.. rest.Select(ToWire)], limit ?? Paging.DefaultLimit,
            last => Paging.Cursor("hours", last.Location)));
    }

    /// <summary>Reads the weekly hours of a location</summary>
    /// <remarks>
    /// All seven days from Monday on, and a text for people. `days` is `null` when the hours are not known, which is not the
    /// same as closed.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<LocationHours>, Problem<Problems.NotFound>>> GetAsync(
        string slug, HoursStore store, TimeProvider time, CancellationToken ct) =>
        await store.ListAsync(slug, time.GetCurrentInstant(), ct) is [var hours]
            ? TypedResults.Ok(ToWire(hours))
            : Problems.NoSuch("location", slug);

    static LocationHours ToWire(HoursOfLocation location) => new(
        location.Location,
        location.TimeZone,
        location.Hours is { } hours
            ? [.. WeeklyHours.Week.Select(day => new DayHours(day, hours[day].Count == 0, hours[day]))]
            : null,
        HoursText.Of(location.Hours));
}
