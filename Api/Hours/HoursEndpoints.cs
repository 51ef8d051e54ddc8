using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Http;
using Api.Http.Caching;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Hours;

static class HoursEndpoints
{
    const string CacheTag = "hours";

    /// <summary>How many dates a calendar has at most, and how many without a <c>to</c>.</summary>
    const int LongestCalendar = 366, UsualCalendar = 14;

    public static void MapHours(this IEndpointRouteBuilder routes)
    {
        var hours = routes.MapGroup("").WithTags("Hours").Cached(CacheTag, "limit", "cursor", Languages.Parameter);
        hours.MapGet("/hours", ListAsync).WithName("listHours").Paged();
        hours.MapGet("/status", ListStatusAsync).WithName("listStatus");
        var location = hours.MapGroup("/locations/{slug}");
        location.MapGet("/hours", GetAsync).WithName("getLocationHours");
        location.MapGet("/status", GetStatusAsync).WithName("getLocationStatus");
        location.MapGet("/calendar", GetCalendarAsync).WithName("getLocationCalendar");
    }

    /// <summary>Lists the hours of every location</summary>
    /// <remarks>In the order of the locations' names, each as `/v1/locations/{slug}/hours` has it.</remarks>
    /// <param name="limit">How many items a page has at most, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the page before. Leave it out for the first page.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<LocationHours>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>> ListAsync(
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit, string? cursor, string? @in, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError?[] errors = [Paging.CheckLimit(limit), Languages.Choose(http, @in, out var language)];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;
        if (!Paging.TryReadCursor(cursor, "hours", parts: 1, out var key)) return Problems.BadCursor();
        var now = time.GetCurrentInstant();
        var locations = await store.ListAsync(ct);
        if (!Paging.TryContinue(locations, location => location.Location, key, out var rest)) return Problems.BadCursor();
        var page = Paging.Page(http, rest, limit ?? Paging.DefaultLimit, last => Paging.Cursor("hours", last.Location));
        return TypedResults.Ok(new Page<LocationHours>([.. page.Items.Select(location => HoursOf(location, now, language, http))], page.NextCursor));
    }

    /// <summary>Reads the hours of a location</summary>
    /// <remarks>
    /// The weekly hours that hold today, those that are to take their place, the exceptions of the coming year, and a text for
    /// people. `days` is `null` when the hours are not known, which is not the same as closed. To show a day's real hours, take
    /// the calendar, which has worked them out; to show whether it is open, take the status.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<LocationHours>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>> GetAsync(
        string slug, string? @in, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        if (Languages.Choose(http, @in, out var language) is { } broken) return Problems.BrokenRules(broken);
        return await store.FindAsync(slug, ct) is { } location
            ? TypedResults.Ok(HoursOf(location, time.GetCurrentInstant(), language, http))
            : Problems.NoSuch("location", slug);
    }

    /// <summary>Tells of every location whether it is open</summary>
    /// <remarks>In the order of the locations' names, all at once, each as `/v1/locations/{slug}/status` has it.</remarks>
    /// <param name="at">The instant, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`, from 1900 to 2199. Without it now is meant.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<Page<LocationStatus>>, Problem<Problems.Invalid>>> ListStatusAsync(
        string? at, string? @in, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError?[] errors = [PointsInTime.ReadInstant("at", at, out var instant), Languages.Choose(http, @in, out var language)];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;
        var now = time.GetCurrentInstant();
        return TypedResults.Ok(new Page<LocationStatus>(
            [.. (await store.ListAsync(ct)).Select(location => StatusOf(location, instant, now, language, http))], null));
    }

    /// <summary>Tells whether a location is open</summary>
    /// <remarks>
    /// At an instant, or now: the state, the next opening and closing, the rule that decides, and a sentence to show. All of it
    /// holds until `validUntil`, and a cache keeps the answer no longer. Show `text`, or decide by `state`. You need not
    /// calculate with dates.
    ///
    /// **Which rule decides about a date.** A permanent closure wins over a temporary closure, that over the exceptions, and
    /// those over the weekly hours. The most specific exception wins: a dated one before a yearly one, then the location's own
    /// before the clinic's, then the one with fewer days, then the one that was entered later. A yearly range is counted in a
    /// leap year. An exception can say that the weekly hours hold as usual. Where those are not known, the date is `unknown`.
    ///
    /// **Closed parts.** An exception can close a part of a day. It holds if it is more specific than the exception that
    /// decides about the date, or if the weekly hours decide. All closed parts that hold apply, also to a period of the evening
    /// before. None holds on a date in a closure.
    ///
    /// **Nights.** A period belongs to the date on which it opens and runs to its end on the next date. It does so even if the
    /// next date is closed, by an exception, a temporary closure or a permanent closure.
    ///
    /// **Periods that overlap.** Periods that touch or overlap are one opening: `opensAt` and `closesAt` are its ends. `access`,
    /// `note` and `reason` come from one period, in this order of access: `walkIn`, `open`, `byAppointment`, `telephoneOnly`.
    /// If two have the same access, the one that opens first wins.
    ///
    /// **Clock changes.** A local time that is skipped stands for the instant of the change. A local time that happens twice
    /// means the earlier instant where a period or a closed part begins and the later one where it ends. Nothing opens on a date
    /// that the time zone skips.
    ///
    /// **What is not told.** `opensAt`, `closesAt` and `text` look 366 days ahead of the local date. They tell nothing of what
    /// follows hours that are not known. A period that runs until such hours closes at its end.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="at">The instant, RFC 3339 with `Z` or an offset: `2026-12-25T09:00:00-06:00`, from 1900 to 2199. Without it now is meant.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<LocationStatus>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>> GetStatusAsync(
        string slug, string? at, string? @in, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError?[] errors = [PointsInTime.ReadInstant("at", at, out var instant), Languages.Choose(http, @in, out var language)];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;
        return await store.FindAsync(slug, ct) is { } location
            ? TypedResults.Ok(StatusOf(location, instant, time.GetCurrentInstant(), language, http))
            : Problems.NoSuch("location", slug);
    }

    /// <summary>Reads a location's calendar</summary>
    /// <remarks>
    /// For every date what really holds, with exceptions, closures and clock changes worked out: its periods as instants and
    /// by the local clock, whether that is usual, why, and for how many minutes it is open.
    /// </remarks>
    /// <param name="slug">The location's slug, as the list of locations has it.</param>
    /// <param name="from">The first date, `yyyy-MM-dd`. Without it the location's today.</param>
    /// <param name="to">The last date, at most 365 days after the first. Without it the thirteenth day after the first.</param>
    /// <param name="in">The language of texts, `en` or `es`, with or without a region. Without it Accept-Language chooses.</param>
    /// <param name="store"></param>
    /// <param name="time"></param>
    /// <param name="http"></param>
    /// <param name="ct"></param>
    static async Task<Results<Ok<LocationCalendar>, Problem<Problems.NotFound>, Problem<Problems.Invalid>>> GetCalendarAsync(
        string slug, string? from, string? to, string? @in, HoursStore store, TimeProvider time, HttpContext http, CancellationToken ct)
    {
        FieldError?[] errors =
        [
            PointsInTime.ReadDate("from", from, out var first),
            PointsInTime.ReadDate("to", to, out var last),
            Languages.Choose(http, @in, out var language),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken) return broken;
        if (await store.FindAsync(slug, ct) is not { Schedule: var schedule } location) return Problems.NoSuch("location", slug);

        var now = time.GetCurrentInstant();
        if (first is null) http.FreshUntil(now, NextDay(schedule.Zone, now));
        var begin = first ?? now.InZone(schedule.Zone).Date;
        var end = last ?? begin.PlusDays(UsualCalendar - 1);
        if (end < begin) return Problems.BrokenRules(FieldError.ForParameter("to", ProblemText.Get("EndBeforeBegin", "to", "from")));
        if (NodaTime.Period.DaysBetween(begin, end) >= LongestCalendar)
            return Problems.BrokenRules(FieldError.ForParameter("to", ProblemText.Get("TooManyDates", LongestCalendar)));
        return TypedResults.Ok(CalendarOf(location, begin, end, language));
    }

    static LocationStatus StatusOf(LocationSchedule location, Instant? at, Instant now, CultureInfo language, HttpContext http)
    {
        var schedule = location.Schedule;
        var status = schedule.At(at ?? now);
        if (at is null) http.FreshUntil(now, status.ValidUntil);
        var text = HoursText.In(language);
        return new LocationStatus(
            location.Location, schedule.Zone.Id, status.Moment.State, status.Moment.Period?.Access, status.Moment.Period?.Note,
            PointsInTime.Of(status.OpensAt, schedule.Zone), PointsInTime.Of(status.ClosesAt, schedule.Zone),
            text.Reason(status.Moment, schedule.Closure), text.Of(status, schedule.Zone), status.ValidUntil);
    }

    static LocationHours HoursOf(LocationSchedule location, Instant now, CultureInfo language, HttpContext http)
    {
        var schedule = location.Schedule;
        var today = now.InZone(schedule.Zone).Date;
        http.FreshUntil(now, NextDay(schedule.Zone, now));
        var text = HoursText.In(language);
        var current = schedule.WeeklyHoursOn(today);
        return new LocationHours(
            location.Location, schedule.Zone.Id, current?.ValidFrom, current is null ? null : DaysOf(current), text.Of(current),
            [.. schedule.Versions.Where(version => version.ValidFrom > today).Select(version => new HoursChange(version.ValidFrom!.Value, DaysOf(version), text.Of(version)))],
            ExceptionsOf(schedule, today, text), location.VerifiedAt);
    }

    static DayHours[] DaysOf(WeeklyHours hours) => [.. WeeklyHours.Week.Select(day => new DayHours(day, hours[day].Count == 0, hours[day]))];

    static List<ExceptionDays> ExceptionsOf(Schedule schedule, LocalDate today, HoursText text)
    {
        var exceptions = new List<ExceptionDays>();
        if (schedule.Exceptions.Count == 0) return exceptions;
        (ScheduleDay Day, IReadOnlyList<ScheduleException> Parts)? before = null;
        for (var date = today; date < today.PlusDays(LongestCalendar); date = date.PlusDays(1))
        {
            var day = schedule.On(date);
            var parts = day.IsInClosure ? [] : schedule.ClosedPartsOn(date);
            var departs = day.Exception is { Effect: not ExceptionEffect.AsUsual } || parts.Count > 0;
            if (!departs)
            {
                before = null;
            }
            else if (before is { } yesterday && yesterday.Day.HasReasonOf(day) && yesterday.Parts.SequenceEqual(parts))
            {
                exceptions[^1] = exceptions[^1] with { EndsOn = date };
            }
            else
            {
                exceptions.Add(new ExceptionDays(date, date, day.Periods is { Count: 0 }, day.Periods,
                    [.. parts.Select(part => new ClosedPart(part.Periods[0].Opens, part.Periods[0].Closes, part.Reason))],
                    text.Reason(day, parts, schedule.Closure)));
                before = (day, parts);
            }
        }
        return exceptions;
    }

    static LocationCalendar CalendarOf(LocationSchedule location, LocalDate from, LocalDate to, CultureInfo language)
    {
        var schedule = location.Schedule;
        var text = HoursText.In(language);
        var days = schedule.Calendar(from, to);
        PointInTime Local(Instant instant) => PointsInTime.Of(instant, schedule.Zone)!;
        return new LocationCalendar(location.Location, schedule.Zone.Id, from, to,
            [
                .. days.Select(day => new CalendarDate(
                    day.Day.Date, day.Day.Date.DayOfWeek,
                    day.Day.Kind is DayKind.Usual or DayKind.Unknown && day.ClosedParts.Count > 0 ? DayKind.Exception : day.Day.Kind,
                    text.Reason(day.Day, day.ClosedParts, schedule.Closure),
                    day.Periods is null ? null :
                    [
                        .. day.Periods.Select(period => new CalendarPeriod(Local(period.Opens), Local(period.Closes), period.Access, period.Note)),
                    ],
                    Minutes(day.OpenTime))),
            ],
            Minutes(days.Aggregate((Duration?)Duration.Zero, (sum, day) => sum + day.OpenTime)));
    }

    static int? Minutes(Duration? time) => time is { } known ? (int)known.TotalMinutes : null;

    static Instant NextDay(DateTimeZone zone, Instant now) =>
        Timeline.ToInstant(zone, now.InZone(zone).Date.PlusDays(1).AtMidnight(), ends: false);
}
