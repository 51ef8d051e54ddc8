using System.Text.Json.Serialization;
using Api.Hours;
using NodaTime;

namespace Api.Formats;

/// <summary>
/// The hours for a Google Business Profile, as a body for its API (Business Information v1, <c>Location</c>) with
/// <c>updateMask=regularHours,specialHours,openInfo.status</c>.
/// </summary>
public sealed record GoogleHours
{
    /// <summary>The usual week; absent if the hours are not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BusinessHours? RegularHours { get; init; }

    /// <summary>
    /// The dates of the coming 366 days that depart from the usual week. Their hours replace the usual ones.
    /// </summary>
    public required SpecialHours SpecialHours { get; init; }

    /// <summary>Whether the business is open at all.</summary>
    public required OpenInfo OpenInfo { get; init; }

    internal static Formatted<GoogleHours> Of(Schedule schedule, LocalDate today)
    {
        var year = WallClock.ListYear(schedule, today);
        var departures = year.Where(day => day.Departs).ToArray();
        var kind = schedule.DayOn(today).Kind;
        // While it is temporarily closed, the status says so and not each date.
        var isClosedNow = kind == DayKind.TemporarilyClosed;
        var dates = departures.Where(day => day.Periods is not null && !(isClosedNow && day.TemporarilyClosed));
        var body = new GoogleHours
        {
            RegularHours = schedule.WeeklyHoursOn(today) is { } hours ? ToRegularHours(hours) : null,
            SpecialHours = new SpecialHours([.. dates.SelectMany(ToSpecialPeriods)]),
            OpenInfo = new OpenInfo(
                kind switch
                {
                    DayKind.ClosedForGood => "CLOSED_PERMANENTLY",
                    DayKind.TemporarilyClosed => "CLOSED_TEMPORARILY",
                    _ => "OPEN",
                }
            ),
        };

        var missing = WallClock.FindNotExpressed(schedule, today, year);
        // The status expresses a permanent closure, but not a future one.
        if (kind == DayKind.ClosedForGood)
            missing.Remove(NotExpressed.ClosedForGood);
        if (WallClock.ListChanges(schedule, today).Any(change => !change.IsPermanentlyClosed))
            missing.Add(NotExpressed.ChangesToCome);
        if (departures.Any(day => day.Reason is not null))
            missing.Add(NotExpressed.Reasons);
        // The status of a present closure has no end. The dates of a future one are those of the coming year only.
        var lacksClosure = isClosedNow
            ? schedule.Closure!.ReopensOn is not null
            : WallClock.HasLaterClosure(schedule, today);
        if (lacksClosure)
            missing.Add(NotExpressed.TemporaryClosure);
        var isAnyTooLate = departures.Any(day => day.Periods?.WithoutTelephoneOnly().Any(EndsTooLate) == true);
        if (isAnyTooLate || WallClock.HasPartsOfUnknownDates(schedule, year, expressesClosedParts: false))
            missing.Add(NotExpressed.Periods);
        return new Formatted<GoogleHours>(body, missing);
    }

    static BusinessHours ToRegularHours(WeeklyHours hours) =>
        new([
            .. WallClock
                .ListWeek(hours)
                .SelectMany(
                    (periods, index) =>
                        periods.WithoutTelephoneOnly().Select(period => ToWeeklyPeriod(WeeklyHours.Week[index], period))
                ),
        ]);

    static BusinessPeriod ToWeeklyPeriod(IsoDayOfWeek day, Period period)
    {
        var closeDay = RunsIntoNextDay(period) ? (IsoDayOfWeek)((int)day % 7 + 1) : day;
        return new BusinessPeriod(FormatDay(day), ToTime(period.Opens), FormatDay(closeDay), ToClosingTime(period));
    }

    static IEnumerable<SpecialHourPeriod> ToSpecialPeriods(WallDay day)
    {
        var date = ToDate(day.Date);
        var periods = day.Periods!.WithoutTelephoneOnly().ToArray();
        if (periods.Length == 0)
            return [new SpecialHourPeriod(date, null, null, null, true)];
        return periods
            .Where(period => !EndsTooLate(period))
            .Select(period => new SpecialHourPeriod(
                date,
                RunsIntoNextDay(period) ? ToDate(day.Date.PlusDays(1)) : date,
                ToTime(period.Opens),
                ToClosingTime(period),
                null
            ));
    }

    // Midnight is 24:00 of a day and not 0:00 of the next.
    static bool RunsIntoNextDay(Period period) => period.EndsNextDay && period.Closes != LocalTime.Midnight;

    // The hours of a date may last until 11:59 of the next date.
    static bool EndsTooLate(Period period) => period.EndsNextDay && period.Closes >= LocalTime.Noon;

    static TimeOfDay ToClosingTime(Period period) =>
        period.Closes == LocalTime.Midnight ? new TimeOfDay(24, 0) : ToTime(period.Closes);

    static TimeOfDay ToTime(LocalTime time) => new(time.Hour, time.Minute);

    static GoogleDate ToDate(LocalDate date) => new(date.Year, date.Month, date.Day);

    static string FormatDay(IsoDayOfWeek day) => $"{day}".ToUpperInvariant();
}

/// <summary>The usual week.</summary>
/// <param name="Periods">The open periods. A day on which none opens is closed.</param>
public sealed record BusinessHours(IReadOnlyList<BusinessPeriod> Periods);

/// <summary>A period of the usual week.</summary>
/// <param name="OpenDay">The day on which it opens: <c>MONDAY</c> to <c>SUNDAY</c>.</param>
/// <param name="OpenTime">The time at which it opens.</param>
/// <param name="CloseDay">The day on which it closes.</param>
/// <param name="CloseTime">The time at which it closes.</param>
public sealed record BusinessPeriod(string OpenDay, TimeOfDay OpenTime, string CloseDay, TimeOfDay CloseTime);

/// <summary>The dates that depart from the usual week.</summary>
/// <param name="SpecialHourPeriods">
/// The periods of these dates, in order. A closed date has one entry that says so.
/// </param>
public sealed record SpecialHours(IReadOnlyList<SpecialHourPeriod> SpecialHourPeriods);

/// <summary>A period of a date, or a closed date.</summary>
/// <param name="StartDate">The date on which the period opens, or the closed date.</param>
/// <param name="EndDate">The date on which the period closes, this one or the next; absent for a closed date.</param>
/// <param name="OpenTime">The time at which it opens; absent for a closed date.</param>
/// <param name="CloseTime">The time at which it closes; absent for a closed date.</param>
/// <param name="Closed"><c>true</c> for a closed date, otherwise absent.</param>
public sealed record SpecialHourPeriod(
    GoogleDate StartDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] GoogleDate? EndDate,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeOfDay? OpenTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] TimeOfDay? CloseTime,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] bool? Closed
);

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
