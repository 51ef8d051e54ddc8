using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;

namespace Api.Tests.Formats;

/// <summary>Reads hours from the formats as another system does, and shares no code with what wrote them.</summary>
abstract class HoursReader(DateTimeZone zone, object text)
{
    public override string ToString() => $"{text}";

    /// <summary>
    /// Minutes from the midnight of a date; an end after 24:00 is on the next day. What opens on that date.
    /// </summary>
    protected abstract IEnumerable<(int From, int To)> On(LocalDate date);

    public bool IsOpen(Instant instant)
    {
        var today = instant.InZone(zone).Date;
        return new[] { today.PlusDays(-1), today, today.PlusDays(1) }.Any(date =>
            Exists(date)
            && On(date)
                .Any(span =>
                    ToInstant(date, span.From, ends: false) <= instant && instant < ToInstant(date, span.To, ends: true)
                )
        );
    }

    // Pacific/Apia left out 2011-12-30.
    bool Exists(LocalDate date) => zone.MapLocal(date.At(new LocalTime(12, 0))).Count > 0;

    Instant ToInstant(LocalDate date, int minutes, bool ends)
    {
        var mapping = zone.MapLocal(date.AtMidnight().PlusMinutes(minutes));
        return mapping.Count == 0 ? mapping.EarlyInterval.End : (ends ? mapping.Last() : mapping.First()).ToInstant();
    }

    protected static int Minutes(string clock) =>
        int.Parse(clock[..2], CultureInfo.InvariantCulture) * 60 + int.Parse(clock[3..5], CultureInfo.InvariantCulture);

    protected static (int, int) Span(int opens, int closes) => (opens, closes <= opens ? closes + 1440 : closes);

    protected static LocalDate Date(JsonNode? node) => LocalDatePattern.Iso.Parse(node!.GetValue<string>()).Value;
}

sealed class SchemaOrgReader(DateTimeZone zone, JsonNode clinic) : HoursReader(zone, clinic)
{
    protected override IEnumerable<(int From, int To)> On(LocalDate date)
    {
        var special = clinic["specialOpeningHoursSpecification"]!.AsArray().Where(entry => Holds(entry!)).ToArray();
        var entries =
            special.Length > 0
                ? special
                :
                [
                    .. (clinic["openingHoursSpecification"]?.AsArray() ?? []).Where(entry =>
                        Holds(entry!)
                        && entry!["dayOfWeek"]!.AsArray().Any(day => day!.GetValue<string>() == $"{date.DayOfWeek}")
                    ),
                ];
        foreach (var entry in entries)
        {
            var (opens, closes) = (entry!["opens"]!.GetValue<string>(), entry["closes"]!.GetValue<string>());
            if ((opens, closes) == ("00:00", "00:00"))
                continue;
            yield return (opens, closes) == ("00:00", "23:59") ? (0, 1440) : Span(Minutes(opens), Minutes(closes));
        }

        bool Holds(JsonNode entry) =>
            (entry["validFrom"] is null || Date(entry["validFrom"]) <= date)
            && (entry["validThrough"] is null || date <= Date(entry["validThrough"]));
    }
}

sealed class GoogleReader(DateTimeZone zone, JsonNode body) : HoursReader(zone, body)
{
    protected override IEnumerable<(int From, int To)> On(LocalDate date)
    {
        var special = body["specialHours"]!["specialHourPeriods"]!
            .AsArray()
            .Where(period => Date2(period!["startDate"]!) == date)
            .ToArray();
        if (special.Length > 0)
        {
            return special
                .Where(period => period!["closed"]?.GetValue<bool>() != true)
                .Select(period =>
                    (
                        Time(period!["openTime"]!),
                        Time(period["closeTime"]!) + (Date2(period["endDate"]!) > date ? 1440 : 0)
                    )
                );
        }
        return (body["regularHours"]?["periods"]?.AsArray() ?? [])
            .Where(period =>
                string.Equals(
                    period!["openDay"]!.GetValue<string>(),
                    $"{date.DayOfWeek}",
                    StringComparison.OrdinalIgnoreCase
                )
            )
            .Select(period =>
                (
                    Time(period!["openTime"]!),
                    Time(period["closeTime"]!)
                        + (period["closeDay"]!.GetValue<string>() != period["openDay"]!.GetValue<string>() ? 1440 : 0)
                )
            );

        static int Time(JsonNode time) => time["hours"]!.GetValue<int>() * 60 + time["minutes"]!.GetValue<int>();
        static LocalDate Date2(JsonNode day) =>
            new(day["year"]!.GetValue<int>(), day["month"]!.GetValue<int>(), day["day"]!.GetValue<int>());
    }
}

sealed class FhirReader(DateTimeZone zone, JsonNode location) : HoursReader(zone, location)
{
    protected override IEnumerable<(int From, int To)> On(LocalDate date) =>
        (location["hoursOfOperation"]?.AsArray() ?? [])
            .Where(entry =>
                entry!["daysOfWeek"]!
                    .AsArray()
                    .Any(day =>
                        string.Equals(
                            day!.GetValue<string>(),
                            $"{date.DayOfWeek}"[..3],
                            StringComparison.OrdinalIgnoreCase
                        )
                    )
            )
            .Select(entry =>
                entry!["allDay"] is not null
                    ? (0, 1440)
                    : (
                        Minutes(entry["openingTime"]!.GetValue<string>()),
                        entry["closingTime"]!.GetValue<string>() is "23:59:59"
                            ? 1440
                            : Minutes(entry["closingTime"]!.GetValue<string>())
                    )
            );
}
