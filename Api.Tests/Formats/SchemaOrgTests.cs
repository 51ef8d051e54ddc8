using System.Text;
using System.Text.Json.Nodes;
using Api.Formats;
using Api.Hours;
using Api.Http;
using Api.Locations;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Formats;

public sealed class SchemaOrgTests
{
    // What ends a script element, begins a comment in it, or ends a line of JavaScript.
    const string Hostile = "</script><!--<script> & ]]>\u2028\u2029 \"'é漢🙂";

    [Fact]
    public async Task No_text_of_a_location_ends_its_script_element()
    {
        var location = FormatTests.Somewhere with
        {
            Name = Hostile,
            Telephone = Hostile,
            Email = Hostile,
            Address = new Address
            {
                StreetAddress = Hostile,
                Locality = Hostile,
                Region = Hostile,
                PostalCode = Hostile,
                Country = Hostile,
            },
        };
        var today = new LocalDate(2026, 11, 25);
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [
                new WeeklyHours(
                    WeeklyHours.Week.ToLookup(day => day, _ => new Period(new LocalTime(8, 0), new LocalTime(17, 0)))
                ),
            ],
            [
                new ScheduleException(
                    new DateRule.Dates(today, today),
                    ExceptionEffect.Closed,
                    Hostile,
                    [],
                    clinicWide: false
                ),
            ]
        );
        var json = await WriteAsync(
            new InFormat<MedicalClinic, JsonLd>(
                MedicalClinic.Of(location, schedule, new SiteOptions { ApiUrl = Hostile }, today)
            )
        );
        Assert.Equal(9, Texts(json).Count(text => text.Contains(Hostile, StringComparison.Ordinal)) - 1);
    }

    [Fact]
    public async Task No_text_of_an_article_ends_its_script_element()
    {
        var article = new MedicalWebPage
        {
            Id = Hostile,
            Url = Hostile,
            Headline = Hostile,
            Description = Hostile,
            DatePublished = Instant.FromUtc(2026, 1, 1, 0, 0),
            DateModified = Instant.FromUtc(2026, 1, 1, 0, 0),
            Keywords = [Hostile],
            Author = new Person(Hostile),
        };
        var json = await WriteAsync(new InFormat<MedicalWebPage, JsonLd>(new(article, [])));
        Assert.Equal(6, Texts(json).Count(text => text == Hostile));
    }

    [Fact]
    public void Open_all_day_ends_at_23_59_and_closed_all_day_begins_and_ends_at_midnight()
    {
        var allDay = new WeeklyHours(
            WeeklyHours.Week.Take(6).ToLookup(day => day, _ => new Period(LocalTime.Midnight, LocalTime.Midnight))
        );
        var clinic = MedicalClinic
            .Of(
                FormatTests.Somewhere,
                new Schedule(DateTimeZone.Utc, [allDay], []),
                new SiteOptions(),
                new LocalDate(2026, 11, 25)
            )
            .Body;
        Assert.Equal(
            ["Monday,Tuesday,Wednesday,Thursday,Friday,Saturday 00:00-23:59", "Sunday 00:00-00:00"],
            clinic.OpeningHoursSpecification!.Select(entry =>
                $"{string.Join(",", entry.DayOfWeek!)} {entry.Opens:HH:mm}-{entry.Closes:HH:mm}"
            )
        );
    }

    [Theory]
    [InlineData("2026-12-01", "2027-04-01", "2026-12-01 2027-03-31")]
    [InlineData("2026-12-01", null, "2026-12-01 ")]
    [InlineData(null, null, "2026-11-25 ")]
    [InlineData("2026-10-01", "2029-01-01", "2026-10-01 2028-12-31")]
    public void A_long_closure_is_one_entry_across_closed_weekends(string? from, string? reopens, string expected)
    {
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [
                new WeeklyHours(
                    WeeklyHours
                        .Week.Take(5)
                        .ToLookup(day => day, _ => new Period(new LocalTime(8, 0), new LocalTime(17, 0)))
                ),
            ],
            [],
            new TemporaryClosure(Date(from), Date(reopens), "Fire")
        );
        var today = new LocalDate(2026, 11, 25);
        var entry = Assert.Single(
            MedicalClinic
                .Of(FormatTests.Somewhere, schedule, new SiteOptions(), today)
                .Body.SpecialOpeningHoursSpecification
        );
        Assert.Equal(
            (expected, "Fire"),
            ($"{entry.ValidFrom:uuuu-MM-dd} {entry.ValidThrough:uuuu-MM-dd}", entry.Description)
        );

        var dates = expected.Split(' ') is [var first, { Length: > 0 } last]
            ? $"{first} to {last}"
            : $"From {expected.Trim()}";
        Assert.Equal(
            $"{dates}: Fire, temporarily closed",
            FhirLocation.Of(FormatTests.Somewhere, schedule, today).Body.AvailabilityExceptions
        );

        static LocalDate? Date(string? text) =>
            text is null ? null : NodaTime.Text.LocalDatePattern.Iso.Parse(text).Value;
    }

    // At 00:01 on the 29th it was 23:01 on the 28th again, so the first minutes of the 29th's period lay before that
    // day's second beginning.
    [Fact]
    public void A_period_that_last_nights_closed_part_cuts_off_begins_on_its_own_day()
    {
        var (evening, day) = (new LocalDate(2006, 10, 28), new LocalDate(2006, 10, 29));
        var night = new WeeklyHours(
            new[] { IsoDayOfWeek.Sunday }.ToLookup(
                weekday => weekday,
                _ => new Period(LocalTime.Midnight, new LocalTime(1, 0))
            )
        );
        var schedule = new Schedule(
            DateTimeZoneProviders.Tzdb["America/St_Johns"],
            [night],
            [
                new ScheduleException(
                    new DateRule.Dates(evening, evening),
                    ExceptionEffect.ClosedPart,
                    "Works",
                    [new Period(new LocalTime(9, 0), new LocalTime(23, 30))],
                    clinicWide: false
                ),
            ]
        );
        var told = WallClock.ListDays(schedule, day, day).Single();
        Assert.Equal([new Period(LocalTime.Midnight, new LocalTime(1, 0))], told.Periods!);
    }

    [Fact]
    public void A_long_exception_is_one_entry_in_every_format()
    {
        var today = new LocalDate(2026, 11, 25);
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [
                new WeeklyHours(
                    WeeklyHours
                        .Week.Take(5)
                        .ToLookup(day => day, _ => new Period(new LocalTime(8, 0), new LocalTime(17, 0)))
                ),
            ],
            [
                new ScheduleException(
                    new DateRule.Dates(new LocalDate(2026, 12, 1), new LocalDate(2027, 3, 31)),
                    ExceptionEffect.Closed,
                    "Works",
                    [],
                    clinicWide: false
                ),
            ]
        );
        var entry = Assert.Single(
            MedicalClinic
                .Of(FormatTests.Somewhere, schedule, new SiteOptions(), today)
                .Body.SpecialOpeningHoursSpecification
        );
        Assert.Equal((new LocalDate(2026, 12, 1), new LocalDate(2027, 3, 31)), (entry.ValidFrom, entry.ValidThrough));
        Assert.Equal(
            "2026-12-01 to 2027-03-31: Works, closed",
            FhirLocation.Of(FormatTests.Somewhere, schedule, today).Body.AvailabilityExceptions
        );
        Assert.Equal(
            "Mo-Fr 08:00-17:00; Sa,Su off; 2026 Dec 01-2027 Mar 31 off \"Works\"",
            OsmHours.Of(schedule, today).Body
        );
    }

    static async Task<string> WriteAsync(IResult result)
    {
        using var services = new ServiceCollection().AddLogging().BuildServiceProvider();
        using var body = new MemoryStream();
        var http = new DefaultHttpContext { RequestServices = services };
        http.Response.Body = body;
        await result.ExecuteAsync(http);
        Assert.Equal("application/ld+json", http.Response.ContentType);
        var json = Encoding.UTF8.GetString(body.ToArray());
        Assert.DoesNotContain(json, character => character is '<' or '>' or '&' or '\u2028' or '\u2029');
        // Letters need no escape.
        Assert.Contains("é漢", json, StringComparison.Ordinal);
        return json;
    }

    static IEnumerable<string> Texts(string json)
    {
        return In(JsonNode.Parse(json));

        static IEnumerable<string> In(JsonNode? node) =>
            node switch
            {
                JsonObject members => members.SelectMany(member => In(member.Value)),
                JsonArray items => items.SelectMany(In),
                JsonValue value when value.TryGetValue<string>(out var text) => [text],
                _ => [],
            };
    }
}
