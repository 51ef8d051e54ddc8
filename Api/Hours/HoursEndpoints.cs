using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime.Extensions;

namespace Api.Hours;

static class HoursEndpoints
{
    /// <summary>The number of dates in a calendar without <c>to</c>.</summary>
    const int UsualCalendarDays = 14;

    public static void MapHours(this IEndpointRouteBuilder routes)
    {
        var hours = routes
            .MapGroup("")
            .WithTag("Hours", "Whether each location is open, its weekly hours, and a calendar of dates.")
            .Cached("limit", "cursor", Languages.Parameter);
        hours.MapGet("/hours", ListAsync).WithName("listHours").Paged().WithSummary("List the hours of all locations");
        hours.MapGet("/status", ListStatusAsync).WithName("listStatus").WithSummary("Get the status of all locations");

        var location = hours.MapGroup("/locations/{slug}");
        location.MapGet("/hours", GetAsync).WithName("getLocationHours").WithSummary("Get the hours of a location");
        location
            .MapGet("/status", GetStatusAsync)
            .WithName("getLocationStatus")
            .WithSummary("Get the status of a location");
        location
            .MapGet("/calendar", GetCalendarAsync)
            .WithName("getLocationCalendar")
            .WithSummary("Get the calendar of a location");
    }

    /// <remarks>The locations are sorted by name. Each item is the same as at `/v1/locations/{slug}/hours`.</remarks>
    /// <param name="limit" example="20">The largest number of items on a page, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the previous page. Leave it out for the first page.</param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<
        Results<Ok<Page<LocationHours>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>
    > ListAsync(
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit,
        [MaxLength(1000)] string? cursor,
        [MaxLength(Languages.LongestTag)] string? @in,
        HoursStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors = [Paging.CheckLimit(limit), Languages.Choose(http, @in, out var language)];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;
        if (!Paging.TryReadCursor(cursor, "hours", parts: 1, out var key))
            return Problems.BadCursor();
        var locations = await store.ListAsync(ct);
        if (!Paging.TryContinue(locations, location => location.Location, key, out var following))
            return Problems.BadCursor();

        var now = time.GetCurrentInstant();
        var page = Paging.Page(
            http,
            following,
            limit ?? Paging.DefaultLimit,
            last => Paging.Cursor("hours", last.Location)
        );
        foreach (var location in page.Items)
            http.FreshUntil(now, location.Schedule.Zone.NextMidnight(now));
        return TypedResults.Ok(
            new Page<LocationHours>(
                [.. page.Items.Select(location => LocationHours.Of(location, location.Schedule.DateAt(now), language))],
                page.NextCursor
            )
        );
    }

    /// <remarks>
    /// The weekly hours that are valid today, the hours that replace them later, the exceptions of the coming year, and
    /// a text for people. `days` is `null` if the hours are not known, which does not mean closed. The calendar has the
    /// actual hours of each date. The status says whether the location is open.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<Results<Ok<LocationHours>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>> GetAsync(
        [MaxLength(64)] string slug,
        [MaxLength(Languages.LongestTag)] string? @in,
        HoursStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (Languages.Choose(http, @in, out var language) is { } broken)
            return Problems.BrokenRules(broken);
        if (await store.FindAsync(slug, ct) is not { } location)
            return Problems.NoSuch("location", slug);
        var now = time.GetCurrentInstant();
        http.FreshUntil(now, location.Schedule.Zone.NextMidnight(now));
        return TypedResults.Ok(LocationHours.Of(location, location.Schedule.DateAt(now), language));
    }

    /// <remarks>
    /// All locations, sorted by name, on one page. Each item is the same as at `/v1/locations/{slug}/status`.
    /// </remarks>
    /// <param name="at" example="2026-12-25T09:00:00-06:00">
    /// An instant from 1900 to 2199, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`. Without it, now.
    /// </param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<Results<Ok<WholeList<LocationStatus>>, Problem<Problems.Invalid>>> ListStatusAsync(
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? at,
        [MaxLength(Languages.LongestTag)] string? @in,
        HoursStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors =
        [
            PointsInTime.ReadInstant("at", at, out var instant),
            Languages.Choose(http, @in, out var language),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        var now = time.GetCurrentInstant();
        var locations = await store.ListAsync(ct);
        LocationStatus[] statuses =
        [
            .. locations.Select(location => LocationStatus.Of(location, instant ?? now, language)),
        ];
        if (instant is null)
        {
            foreach (var status in statuses)
                http.FreshUntil(now, status.ValidUntil);
        }
        return TypedResults.Ok(new WholeList<LocationStatus>(statuses));
    }

    /// <remarks>
    /// The state, the next opening and closing, the rule that decides, and a sentence to show, for now or for a given
    /// instant. The answer is valid until `validUntil`, and caches keep it no longer. Show `text`, or decide by
    /// `state`. You need no date arithmetic.
    ///
    /// **Which rule decides about a date.** The first of these that applies: a permanent closure, a temporary closure,
    /// an exception, the weekly hours. The most specific exception wins: a dated one before a yearly one, then the
    /// location's own before the clinic's, then the one with fewer days, then the one that was entered
    /// later. A yearly range is counted in a leap year. An exception can say that the weekly hours hold as usual. If
    /// those are not known, the date is `unknown`.
    ///
    /// **Closed parts.** An exception can close a part of a day. It holds if it is more specific than the exception
    /// that decides about the date, or if the weekly hours decide. All closed parts that hold apply, also to a period
    /// of the evening before. None holds on a date in a closure.
    ///
    /// **Nights.** A period belongs to the date on which it opens and runs to its end on the next date. It does so even
    /// if the next date is closed by an exception, a temporary closure or a permanent closure.
    ///
    /// **Periods that overlap.** Periods that touch or overlap are one opening: `opensAt` and `closesAt` are its ends.
    /// `access`, `note` and `reason` come from one period, in this order of access: `walkIn`, `open`, `byAppointment`,
    /// `telephoneOnly`. If two have the same access, the one that opens first wins.
    ///
    /// **Clock changes.** A local time that clocks skip stands for the instant of the change. A local time that happens
    /// twice means the earlier instant where a period or a closed part begins, and the later one where it ends. Nothing
    /// opens on a date that the time zone skips.
    ///
    /// **Limits.** `opensAt`, `closesAt` and `text` look 366 days ahead of the local date. They say nothing about what
    /// follows unknown hours. A period that runs until unknown hours closes at its end.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    /// <param name="at" example="2026-12-25T09:00:00-06:00">
    /// An instant from 1900 to 2199, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`. Without it, now.
    /// </param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<
        Results<Ok<LocationStatus>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>
    > GetStatusAsync(
        [MaxLength(64)] string slug,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? at,
        [MaxLength(Languages.LongestTag)] string? @in,
        HoursStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors =
        [
            PointsInTime.ReadInstant("at", at, out var instant),
            Languages.Choose(http, @in, out var language),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;
        if (await store.FindAsync(slug, ct) is not { } location)
            return Problems.NoSuch("location", slug);

        var now = time.GetCurrentInstant();
        var status = LocationStatus.Of(location, instant ?? now, language);
        if (instant is null)
            http.FreshUntil(now, status.ValidUntil);
        return TypedResults.Ok(status);
    }

    /// <remarks>
    /// The actual hours of each date, after exceptions, closures and clock changes: the periods as instants and by the
    /// local clock, the rule that decides, and the open minutes.
    /// </remarks>
    /// <param name="slug" example="jonesboro">The location's slug, as in the list of locations.</param>
    /// <param name="from" example="2026-12-21">The first date, `yyyy-MM-dd`. Without it, today at the location.</param>
    /// <param name="to" example="2026-12-31">
    /// The last date, at most 365 days after the first. Without it, 13 days after the first.
    /// </param>
    /// <param name="in" example="en">
    /// The language, `en` or `es`, also with a region. Without it, Accept-Language decides.
    /// </param>
    static async Task<
        Results<Ok<LocationCalendar>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>
    > GetCalendarAsync(
        [MaxLength(64)] string slug,
        [DataType(DataType.Date), MaxLength(10)] string? from,
        [DataType(DataType.Date), MaxLength(10)] string? to,
        [MaxLength(Languages.LongestTag)] string? @in,
        HoursStore store,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors =
        [
            PointsInTime.ReadDate("from", from, out var first),
            PointsInTime.ReadDate("to", to, out var last),
            Languages.Choose(http, @in, out var language),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;
        if (await store.FindAsync(slug, ct) is not { } location)
            return Problems.NoSuch("location", slug);

        var now = time.GetCurrentInstant();
        if (first is null)
            http.FreshUntil(now, location.Schedule.Zone.NextMidnight(now));
        var begin = first ?? location.Schedule.DateAt(now);
        var end = last ?? begin.PlusDays(UsualCalendarDays - 1);
        if (end < begin)
            return Problems.BrokenRules(FieldError.ForParameter("to", ProblemText.Get("EndBeforeBegin", "to", "from")));
        if (NodaTime.Period.DaysBetween(begin, end) >= HoursLimits.DaysAhead)
            return Problems.BrokenRules(
                FieldError.ForParameter("to", ProblemText.Get("TooManyDates", HoursLimits.DaysAhead))
            );
        return TypedResults.Ok(LocationCalendar.Of(location, begin, end, language));
    }
}
