using System.Text.Json;
using Api.Http;
using NodaTime;
using NodaTime.Text;

namespace Api.Tests.Http;

public sealed class PointsInTimeTests
{
    static readonly JsonSerializerOptions Answers = JsonOfAnswers();

    static JsonSerializerOptions JsonOfAnswers()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Api.Http.Json.Configure(options);
        return options;
    }

    [Theory]
    // RFC 3339, 5.8 and what its grammar allows beside.
    [InlineData("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.52Z")]
    [InlineData("1996-12-19T16:39:57-08:00", "1996-12-20T00:39:57Z")]
    [InlineData("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z")]
    [InlineData("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z")]
    [InlineData("2016-12-31T23:59:60.75Z", "2017-01-01T00:00:00.75Z")]
    [InlineData("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.87Z")]
    [InlineData("2026-07-03t18:30:00z", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03T18:30:00z", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03t18:30:00Z", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03t18:30:00-05:00", "2026-07-03T23:30:00Z")]
    [InlineData("2026-07-03T18:30:00-00:00", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03T18:30:00+00:00", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03T18:30:00.0Z", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03T18:30:00.123456789Z", "2026-07-03T18:30:00.123456789Z")]
    [InlineData("2026-07-03T18:30:00.1234567891Z", "2026-07-03T18:30:00.123456789Z")]
    [InlineData("2026-07-03T18:30:00.000000000000000000000000001Z", "2026-07-03T18:30:00Z")]
    [InlineData("2026-07-03T18:30:00 02:00", "2026-07-03T16:30:00Z")]
    // More than it allows, and clear all the same.
    [InlineData("2026-07-03T18:30Z", "2026-07-03T18:30:00Z")]
    public void Every_RFC_3339_instant_is_read(string text, string expected)
    {
        Assert.Null(PointsInTime.ReadInstant("at", text, out var instant));
        Assert.Equal(InstantPattern.ExtendedIso.Parse(expected).Value, instant);
    }

    [Theory]
    [
        InlineData("2026-07-03T18:30:00"),
        InlineData("2026-07-03"),
        InlineData("2026-07-03T18:30:61Z"),
        InlineData("2026-07-03T18:60:00Z"),
        InlineData("2026-02-30T00:00:00Z"),
        InlineData("2026-07-03T18:30:00.Z")
    ]
    [
        InlineData("2026-07-03x18:30:00Z"),
        InlineData("2026-07-03T18:30:00Z "),
        InlineData("\u0662026-07-03T18:30:00Z"),
        InlineData("2026-07-03T18:30:00+0200"),
        InlineData("1800-01-01T00:00:00Z"),
        InlineData("2200-01-01T00:00:00Z")
    ]
    public void Anything_else_is_refused_as_an_instant(string text)
    {
        Assert.NotNull(PointsInTime.ReadInstant("at", text, out var instant));
        Assert.Null(instant);
    }

    [Theory]
    [InlineData("2026-07-03T18:30:00Z", "America/Chicago", "2026-07-03T13:30:00-05:00")]
    [InlineData("2026-07-03T18:30:00.25Z", "Africa/Abidjan", "2026-07-03T18:30:00.25+00:00")]
    // Seconds of an offset have no place in RFC 3339.
    [InlineData("1971-07-03T18:30:00Z", "Africa/Monrovia", "1971-07-03T17:45:30-00:44")]
    public void JSON_has_both_forms_of_an_instant(string utc, string zone, string local)
    {
        var instant = InstantPattern.ExtendedIso.Parse(utc).Value;
        Assert.Equal(
            $$"""{"utc":"{{utc}}","local":"{{local}}"}""",
            JsonSerializer.Serialize(PointsInTime.Of(instant, DateTimeZoneProviders.Tzdb[zone]), Answers)
        );
    }
}
