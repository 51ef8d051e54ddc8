using System.Text.Json.Serialization;
using Api.Hours;
using NodaTime;

namespace Api.Formats;

/// <summary>
/// The hours as a Google Business Profile has them, to be sent to its API (Business Information v1, <c>Location</c>) with
/// <c>updateMask=regularHours,specialHours,openInfo.status</c>.
/// </summary>
public sealed record GoogleHours
{
    /// <summary>The usual week; left out when the hours are not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BusinessHours? RegularHours { get; init; }

    /// <summary>The dates of the coming 366 on which other hours hold; they replace the usual ones of that date.</summary>
    public required SpecialHours SpecialHours { get; init; }

    /// <summary>Whether the business is open at all.</summary>
    public required OpenInfo OpenInfo { get; init; }

    internal static Formatted<GoogleHours> Of(Schedule schedule, LocalDate today)
    {
        var year = WallClock.Year(schedule, today);
        var departures = year.Where(day => day.Departs).ToArray();
        var kind = schedule.On(today).Kind;
        var closedNow = kind == DayKind.TemporarilyClosed;
        // While it is closed for a time, that is said once and not of every day.
        var dates = departures.Where(day => day.Periods is not null && !(closedNow && day.TemporarilyClosed));
        var body = new GoogleHours
        {
            RegularHours = schedule.WeeklyHoursOn(today) is { } hours ? new BusinessHours(
            [
                .. WallClock.Week(hours).SelectMany((periods, index) => periods.Seen().Select(period => WeeklyPeriod(WeeklyHours.Week[index], period))),
            ]) : null,
            SpecialHours = new SpecialHours([.. dates.SelectMany(Special)]),
            OpenInfo = new OpenInfo(kind switch
            {
                DayKind.ClosedForGood => "CLOSED_PERMANENTLY",
                DayKind.TemporarilyClosed => "CLOSED_TEMPORARILY",
                _ => "OPEN",
            }),
        };

        var unsaid = WallClock.Unsaid(schedule, today, year).ToHashSet();
        // Said once it is so, but not before.
        if (kind == DayKind.ClosedForGood) unsaid.Remove(NotExpressed.ClosedForGood);
        if (WallClock.ChangesToCome(schedule, today).Any(change => !change.IsForGood)) unsaid.Add(NotExpressed.ChangesToCome);
        if (departures.Any(day => day.Reason is not null)) unsaid.Add(NotExpressed.Reasons);
        // Now it is said without its end; to come, its dates are, but only those of the coming year.
        if (closedNow ? schedule.Closure!.ReopensOn is not null : WallClock.HasLaterClosure(schedule, today)) unsaid.Add(NotExpressed.TemporaryClosure);
        if (departures.Any(day => day.Periods?.Seen().Any(IsTooLate) == true)) unsaid.Add(NotExpressed.Periods);
        if (WallClock.HasUntoldParts(schedule, year, closedPartsAreTold: false)) unsaid.Add(NotExpressed.Periods);
        return new Formatted<GoogleHours>(body, unsaid);
    }

    static BusinessPeriod WeeklyPeriod(IsoDayOfWeek day, Period period)
    {
        // The end of the day is its 24:00, and not the next day's 0:00.
        var sameDay = !period.EndsNextDay || period.Closes == LocalTime.Midnight;
        return new BusinessPeriod(Name(day), Of(period.Opens), Name(sameDay ? day : (IsoDayOfWeek)((int)day % 7 + 1)), Closing(period));
    }

    static IEnumerable<SpecialHourPeriod> Special(WallDay day)
    {
        var date = Of(day.Date);
        var periods = day.Periods!.Seen().ToArray();
        if (periods.Length == 0) return [new SpecialHourPeriod(date, null, null, null, true)];
        return periods.Where(period => !IsTooLate(period)).Select(period => period.EndsNextDay && period.Closes != LocalTime.Midnight
            ? new SpecialHourPeriod(date, Of(day.Date.PlusDays(1)), Of(period.Opens), Of(period.Closes), null)
            : new SpecialHourPeriod(date, date, Of(period.Opens), Closing(period), null));
    }

    // Hours of one date may last until 11:59 of the next.
    static bool IsTooLate(Period period) => period.EndsNextDay && period.Closes >= new LocalTime(12, 0);

    static TimeOfDay Closing(Period period) => period.Closes == LocalTime.Midnight ? new TimeOfDay(24, 0) : Of(period.Closes);
    static TimeOfDay Of(LocalTime time) => new(time.Hour, time.Minute);
    static GoogleDate Of(LocalDate date) => new(date.Year, date.Month, date.Day);
    static string Name(IsoDayOfWeek day) => day.ToString().ToUpperInvariant();
}

/// <summary>The usual week.</summary>
/// <param name="Periods">When it is open; a day that opens no period is closed.</param>
public sealed record BusinessHours(IReadOnlyList<BusinessPeriod> Periods);

/// <summary>A period of the usual week.</summary>
/// <param name="OpenDay">The day on which it opens: <c>MONDAY</c> to <c>SUNDAY</c>.</param>
/// <param name="OpenTime">Its first moment.</param>
/// <param name="CloseDay">The day on which it closes.</param>
/// <param name="CloseTime">The first moment after it.</param>
public sealed record BusinessPeriod(string OpenDay, TimeOfDay OpenTime, string CloseDay, TimeOfDay CloseTime);

/// <summary>Dates with other hours.</summary>
/// <param name="SpecialHourPeriods">The periods of these dates, in order; a date that is closed has one that says so.</param>
public sealed record SpecialHours(IReadOnlyList<SpecialHourPeriod> SpecialHourPeriods);

/// <summary>A period of one date, or that the date is closed.</summary>
/// <param name="StartDate">The date on which it opens, or which is closed.</param>
/// <param name="EndDate">The date on which it closes, that one or the next; left out when closed.</param>
/// <param name="OpenTime">Its first moment; left out when closed.</param>
/// <param name="CloseTime">The first moment after it; left out when closed.</param>
/// <param name="Closed"><c>true</c> when the date is closed, otherwise left out.</param>
public sealed record SpecialHourPeriod(
    GoogleDate StartDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GoogleDate? EndDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeOfDay? OpenTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeOfDay? CloseTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Closed);

/// <summary>A date in parts (google.type.Date).</summary>
/// <param name="Year">1 to 9999.</param>
/// <param name="Month">1 to 12.</param>
/// <param name="Day">1 to 31.</param>
public sealed record GoogleDate(int Year, int Month, int Day);

/// <summary>A time of day in parts (google.type.TimeOfDay).</summary>
/// <param name="Hours">0 to 24; 24 is the end of the day.</param>
/// <param name="Minutes">0 to 59.</param>
public sealed record TimeOfDay(int Hours, int Minutes);

/// <summary>Whether the business is open at all.</summary>
/// <param name="Status"><c>OPEN</c>, <c>CLOSED_TEMPORARILY</c> or <c>CLOSED_PERMANENTLY</c>.</param>
public sealed record OpenInfo(string Status);
