using System.Text.Json;
using System.Text.RegularExpressions;
using Api.Formats;
using Api.Hours;
using Api.Locations;
using NodaTime;

namespace Api.Tests.Formats;

public sealed class FhirTests
{
    static readonly LocalDate Today = new(2026, 11, 25);
    static readonly Schedule Unknown = new(DateTimeZone.Utc, [], []);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(63, 63)]
    [InlineData(64, 64)]
    [InlineData(65, 64)]
    [InlineData(5000, 64)]
    public void An_id_has_at_most_64_characters(int slug, int id)
    {
        var (one, other) = (Id(new string('a', slug)), Id(new string('a', slug - 1) + "b"));
        Assert.Matches(new Regex(@"^[A-Za-z0-9\-\.]{1,64}$"), one);
        Assert.Equal(id, one.Length);
        Assert.NotEqual(one, other);
        Assert.Equal(one, Id(new string('a', slug)));

        static string Id(string slug) =>
            FhirLocation.Of(FormatTests.Somewhere with { Slug = slug }, Unknown, Today).Body.Id;
    }

    [Fact]
    public void A_location_has_all_known_facts()
    {
        var location = FormatTests.Somewhere with
        {
            Telephone = "+15015550123",
            Email = "front.desk@example.com",
            Coordinates = new Coordinates(35.8423, -90.7043),
            Address = new Address
            {
                StreetAddress = "1 Example Street",
                Locality = "Jonesboro",
                Region = "AR",
                PostalCode = "72401",
                Country = "US",
            },
        };
        Assert.Equal(
            """{"resourceType":"Location","id":"somewhere","status":"active","name":"Somewhere","mode":"instance","telecom":[{"system":"phone","value":"+15015550123","use":"work"},{"system":"email","value":"front.desk@example.com","use":"work"}],"address":{"line":["1 Example Street"],"city":"Jonesboro","state":"AR","postalCode":"72401","country":"US"},"position":{"longitude":-90.7043,"latitude":35.8423}}""",
            JsonSerializer
                .Serialize(FhirLocation.Of(location, Unknown, Today).Body, JsonSerializerOptions.Web)
                .Replace("\\u002B", "+", StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("00:00-00:00", "mon,tue allDay  ")]
    [InlineData("08:00-00:00", "mon,tue  08:00:00 23:59:59")]
    [InlineData("20:00-02:00", "mon,tue  20:00:00 23:59:59; tue,wed  00:00:00 02:00:00")]
    public void The_usual_week_has_no_time_after_the_last_second_of_a_day(string time, string expected)
    {
        var clock = TimePatterns.TimeOfDay;
        var week = new WeeklyHours(
            WeeklyHours
                .Week.Take(2)
                .ToLookup(day => day, _ => new Period(clock.Parse(time[..5]).Value, clock.Parse(time[6..]).Value))
        );
        var hours = FhirLocation
            .Of(FormatTests.Somewhere, new Schedule(DateTimeZone.Utc, [week], []), Today)
            .Body.HoursOfOperation!;
        Assert.Equal(
            expected,
            string.Join(
                "; ",
                hours.Select(entry =>
                    $"{string.Join(",", entry.DaysOfWeek)} {(entry.AllDay == true ? "allDay" : "")} {entry.OpeningTime} {entry.ClosingTime}"
                )
            )
        );
    }
}
