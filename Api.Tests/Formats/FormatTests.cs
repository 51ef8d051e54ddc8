using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Formats;
using Api.Hours;
using Api.Http;
using Api.Locations;
using Api.Tests.Hours;
using NodaTime;
using NodaTime.Text;

namespace Api.Tests.Formats;

/// <summary>
/// Every format, read back and asked at random instants of the coming year: it agrees with the engine, or names what it
/// does not express. A failure names the seed.
/// </summary>
[AnyEngine]
public sealed class FormatTests
{
    static readonly JsonSerializerOptions Web = WebOptions();

    internal static readonly Location Somewhere = new()
    {
        Slug = "somewhere",
        Name = "Somewhere",
        Telephone = null,
        Email = null,
        Coordinates = null,
        TimeZone = "UTC",
        Access = null,
        Address = new Address
        {
            StreetAddress = null,
            Locality = null,
            Region = null,
            PostalCode = null,
            Country = null,
        },
        AcceptingNewPatients = null,
        Telehealth = null,
        Languages = null,
        AccessibilityNotes = null,
        TemporaryClosure = null,
        ClosedForGoodOn = null,
    };

    [RandomPlans(100)]
    public void Schema_org_agrees_with_the_engine(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var clinic = MedicalClinic.Of(Somewhere, schedule, new SiteOptions(), plan.Today);
        Assert.Equal(plan.ClosedForGoodOn is not null, clinic.NotExpressed.Contains(NotExpressed.ClosedForGood));
        Compare(
            plan,
            schedule,
            new SchemaOrgReader(schedule.Zone, Node(clinic.Body)),
            clinic.NotExpressed,
            seed,
            NotExpressed.UnknownHours
        );
    }

    [RandomPlans(100)]
    public void Google_agrees_with_the_engine(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var hours = GoogleHours.Of(schedule, plan.Today);
        var forGood = plan.ClosedForGoodOn <= plan.Today;
        var closed = schedule.DayOn(plan.Today).Kind == DayKind.TemporarilyClosed;
        Assert.Equal(
            forGood ? "CLOSED_PERMANENTLY"
                : closed ? "CLOSED_TEMPORARILY"
                : "OPEN",
            hours.Body.OpenInfo.Status
        );
        Assert.Equal(plan.ClosedForGoodOn > plan.Today, hours.NotExpressed.Contains(NotExpressed.ClosedForGood));
        // No closure of a plan begins more than a hundred days after the coming year.
        var closedLater = Enumerable
            .Range(HoursLimits.DaysAhead, 100)
            .Any(days => schedule.DayOn(plan.Today.PlusDays(days)).Kind == DayKind.TemporarilyClosed);
        Assert.Equal(
            closed ? plan.Closure!.Reopens is not null : closedLater,
            hours.NotExpressed.Contains(NotExpressed.TemporaryClosure)
        );
        if (closed)
            return;
        // What it expresses stays right until the weekly hours change.
        Compare(
            plan,
            schedule,
            new GoogleReader(schedule.Zone, Node(hours.Body)),
            hours.NotExpressed,
            seed,
            NotExpressed.UnknownHours,
            NotExpressed.Periods,
            NotExpressed.ChangesToCome,
            NotExpressed.ClosedForGood
        );
    }

    [RandomPlans(100)]
    public void Fhir_has_the_usual_week_and_describes_every_date_that_departs_from_it(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var told = FhirLocation.Of(Somewhere, schedule, plan.Today);
        foreach (var day in WallClock.ListYear(schedule, plan.Today).Where(day => day.Departs))
            Assert.True(
                Mentions(told.Body.AvailabilityExceptions!, day.Date),
                $"{day.Date}: {told.Body.AvailabilityExceptions}\n{plan}"
            );

        Assert.Equal(plan.ClosedForGoodOn <= plan.Today, told.Body.Status == "inactive");
        if (plan.ClosedForGoodOn > plan.Today)
            Assert.Contains(
                $"From {plan.ClosedForGoodOn:uuuu-MM-dd}: Permanently closed",
                told.Body.AvailabilityExceptions,
                StringComparison.Ordinal
            );

        var usual = schedule.WeeklyHoursOn(plan.Today);
        Assert.Equal(usual is null, told.NotExpressed.Contains(NotExpressed.UnknownHours));
        if (usual is null)
            return;
        var alone = new Schedule(schedule.Zone, [usual], []);
        Compare(
            plan with
            {
                Now = plan.Now + Duration.FromDays(2),
            },
            alone,
            new FhirReader(schedule.Zone, Node(told.Body)),
            told.NotExpressed,
            seed
        );
    }

    [RandomPlans(100)]
    public void The_calendar_has_every_exception_on_its_days_and_on_no_others(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var text = HoursCalendar.Of([(Somewhere, schedule)], "Somewhere", CultureInfo.GetCultureInfo("en"), plan.Now);
        var calendar = Ical.Net.Calendar.Load(text.Body)!;
        Assert.Equal(
            calendar.Events.Count,
            calendar.Events.Select(happening => happening.Uid + happening.Start).Distinct().Count()
        );

        var end = plan.Today.PlusDays(HoursLimits.DaysAhead - 1);
        var actual = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var happening in calendar.Events)
        {
            var days = happening.Start!.HasTime ? 1 : happening.End!.Value.Subtract(happening.Start.Value).Days;
            foreach (
                var occurrence in happening
                    .GetOccurrences(happening.Start)
                    .TakeWhile(o => LocalDate.FromDateTime(o.Period.StartTime.Value) <= end)
            )
                for (var i = 0; i < days; i++)
                    Add(actual, DateOf(occurrence.Period.StartTime).PlusDays(i), happening.Summary!.Split(',')[0]);
        }

        var expected = new SortedSet<string>(StringComparer.Ordinal);
        for (var date = plan.Today; date <= end; date = date.PlusDays(1))
        {
            var day = schedule.DayOn(date);
            if (day.Kind == DayKind.TemporarilyClosed)
                Add(expected, date, "Building works");
            if (day.Kind == DayKind.ClosedForGood)
                Add(expected, date, "Permanently closed");
            if (day.IsInClosure)
                continue;
            if (day.Exception is { } exception)
                Add(expected, date, exception.Reason);
            foreach (var part in day.ClosedParts)
                Add(expected, date, part.Reason);
        }
        // Of a period in an hour that is skipped, or on a date that is, there is nothing to tell.
        expected.RemoveWhere(entry =>
            !actual.Contains(entry) && ChangesOn(LocalDatePattern.Iso.Parse(entry[..10]).Value)
        );
        Assert.True(
            expected.SetEquals(actual),
            $"missing {string.Join(" ", expected.Except(actual).Take(5))}, too many {string.Join(" ", actual.Except(expected).Take(5))}\n{text.Body}\n{plan}"
        );

        bool ChangesOn(LocalDate date)
        {
            var (midnight, next) = (
                date.AtMidnight().InZoneLeniently(schedule.Zone),
                date.PlusDays(2).AtMidnight().InZoneLeniently(schedule.Zone)
            );
            // Where midnight itself is skipped, the day begins with the offset after the change.
            return midnight.Offset != next.Offset || schedule.Zone.MapLocal(date.AtMidnight()).Count == 0;
        }

        // An event in UTC begins on the local date of its instant.
        LocalDate DateOf(Ical.Net.DataTypes.CalDateTime start) =>
            start.IsUtc
                ? Instant.FromDateTimeUtc(start.AsUtc).InZone(schedule.Zone).Date
                : LocalDate.FromDateTime(start.Value);

        void Add(SortedSet<string> set, LocalDate date, string reason)
        {
            if (date >= plan.Today && date <= end)
                set.Add($"{date:uuuu-MM-dd} {reason}");
        }
    }

    [Theory]
    [InlineData(
        -1,
        "OPEN",
        "active",
        "Mo-Su 09:00-17:00; Dec 25 10:00-12:00 open \"Christmas\"; 2026 Jun 02-2099 Dec 31 off \"Permanently closed\"",
        "closedForGood"
    )]
    [InlineData(0, "CLOSED_PERMANENTLY", "inactive", "24/7 off \"Permanently closed\"", "")]
    [InlineData(900, "CLOSED_PERMANENTLY", "inactive", "24/7 off \"Permanently closed\"", "")]
    public void Every_format_expresses_a_permanent_closure_or_names_it(
        int days,
        string google,
        string fhir,
        string osm,
        string unsaidByGoogle
    )
    {
        var date = new LocalDate(2026, 6, 2);
        var today = date.PlusDays(days);
        Period[] day = [new(new LocalTime(9, 0), new LocalTime(17, 0))];
        var schedule = new Schedule(
            DateTimeZone.Utc,
            [
                new WeeklyHours(
                    WeeklyHours
                        .Week.SelectMany(_ => day, (weekday, period) => (weekday, period))
                        .ToLookup(p => p.weekday, p => p.period)
                ),
            ],
            [
                new ScheduleException(
                    new DateRule.Yearly(new AnnualDate(12, 25), new AnnualDate(12, 25)),
                    ExceptionEffect.Periods,
                    "Christmas",
                    [new(new LocalTime(10, 0), new LocalTime(12, 0))],
                    clinicWide: false
                ),
                new ScheduleException(
                    new DateRule.Dates(date, date.PlusDays(2000)),
                    ExceptionEffect.Closed,
                    "Later",
                    [],
                    clinicWide: false
                ),
            ],
            null,
            date
        );

        var profile = GoogleHours.Of(schedule, today);
        Assert.Equal(google, profile.Body.OpenInfo.Status);
        Assert.Equal(unsaidByGoogle, NotExpressedHeader.Format(profile.NotExpressed));
        Assert.Empty(profile.Body.SpecialHours.SpecialHourPeriods);

        var resource = FhirLocation.Of(Somewhere, schedule, today);
        Assert.Equal(
            (fhir, days < 0 ? "From 2026-06-02: Permanently closed" : null),
            (resource.Body.Status, resource.Body.AvailabilityExceptions)
        );
        Assert.Empty(resource.NotExpressed);

        var text = OsmHours.Of(schedule, today);
        Assert.Equal((osm, ""), (text.Body, NotExpressedHeader.Format(text.NotExpressed)));

        var clinic = MedicalClinic.Of(Somewhere, schedule, new SiteOptions(), today);
        Assert.Equal("closedForGood", NotExpressedHeader.Format(clinic.NotExpressed));
        var last = clinic.Body.OpeningHoursSpecification![^1];
        Assert.Equal(
            (7, LocalTime.Midnight, LocalTime.Midnight, days < 0 ? date : (LocalDate?)null, (LocalDate?)null),
            (last.DayOfWeek!.Count, last.Opens, last.Closes, last.ValidFrom, last.ValidThrough)
        );
        Assert.Empty(clinic.Body.SpecialOpeningHoursSpecification);

        var events = HoursCalendar.Of(
            [(Somewhere, schedule)],
            "Somewhere",
            CultureInfo.GetCultureInfo("es"),
            today.AtMidnight().InUtc().ToInstant()
        );
        Assert.Empty(events.NotExpressed);
        var closing = Assert.Single(Ical.Net.Calendar.Load(events.Body)!.Events);
        Assert.Equal(
            ("Cerrado definitivamente", date, "FREQ=DAILY"),
            (closing.Summary, LocalDate.FromDateTime(closing.Start!.Value), $"{closing.RecurrenceRule}")
        );
    }

    [Theory]
    [InlineData(true, "RRULE:FREQ=YEARLY;UNTIL=20270302T055959Z;BYMONTH=12;BYMONTHDAY=25")]
    [InlineData(false, "RRULE:FREQ=YEARLY;UNTIL=20270301;BYMONTH=12;BYMONTHDAY=25")]
    public void A_yearly_event_ends_before_a_permanent_closure(bool timed, string rule)
    {
        var schedule = new Schedule(
            DateTimeZoneProviders.Tzdb["America/Chicago"],
            [],
            [
                new ScheduleException(
                    new DateRule.Yearly(new AnnualDate(12, 25), new AnnualDate(12, 25)),
                    timed ? ExceptionEffect.Periods : ExceptionEffect.Closed,
                    "Christmas",
                    timed ? [new(new LocalTime(10, 0), new LocalTime(12, 0))] : [],
                    clinicWide: false
                ),
            ],
            new TemporaryClosure(new LocalDate(2027, 1, 31), null, "Works"),
            new LocalDate(2027, 3, 2)
        );
        var text = HoursCalendar
            .Of(
                [(Somewhere, schedule)],
                "Somewhere",
                CultureInfo.GetCultureInfo("en"),
                Instant.FromUtc(2026, 7, 1, 12, 0)
            )
            .Body;
        Assert.Equal(rule, Assert.Single(text.Split("\r\n"), line => line.Contains("UNTIL", StringComparison.Ordinal)));
        // The closure for a time ends where the other one begins.
        Assert.Contains("DTSTART;VALUE=DATE:20270131\r\n", text, StringComparison.Ordinal);
        Assert.Contains("DTEND;VALUE=DATE:20270302\r\n", text, StringComparison.Ordinal);
    }

    // The excuses are what a format may not express, and what explains another answer.
    static void Compare(
        Plan plan,
        Schedule schedule,
        HoursReader reader,
        IReadOnlyCollection<NotExpressed> told,
        int seed,
        params NotExpressed[] excuses
    )
    {
        var random = new Random(seed);
        var change = schedule
            .Versions.Where(version => version.ValidFrom > plan.Today)
            .Select(version => version.ValidFrom!.Value)
            .DefaultIfEmpty(LocalDate.MaxIsoValue)
            .Min();
        // The first day may begin with what the evening before left over, which a format that begins today cannot know.
        var start = schedule.Zone.StartOfDay(plan.Today.PlusDays(1)) + Duration.FromDays(1);
        for (var i = 0; i < 200; i++)
        {
            var now = start + Duration.FromMinutes(i < 150 ? random.Next(8 * 1440) : random.Next(360 * 1440));
            var local = now.InZone(schedule.Zone).LocalDateTime;
            // A clock on the wall cannot tell which of two hours is meant.
            if (schedule.Zone.MapLocal(local).Count > 1)
                continue;
            var status = schedule.StatusAt(now);
            if (status.Moment.State == State.Unknown)
            {
                Assert.True(excuses.Length == 0 || told.Contains(NotExpressed.UnknownHours), $"{now} {plan}");
                continue;
            }
            if (
                excuses.Contains(NotExpressed.ChangesToCome)
                && local.Date >= change
                && told.Contains(NotExpressed.ChangesToCome)
            )
                continue;
            if (
                excuses.Contains(NotExpressed.ClosedForGood)
                && local.Date >= plan.ClosedForGoodOn
                && told.Contains(NotExpressed.ClosedForGood)
            )
                continue;
            if (excuses.Contains(NotExpressed.Periods) && told.Contains(NotExpressed.Periods))
                continue;
            // For an unknown date, a format only expresses the end of the night before it.
            if (schedule.DayOn(local.Date).Kind == DayKind.Unknown && told.Contains(NotExpressed.Periods))
                continue;
            if (status.Moment.IsOpen != reader.IsOpen(now))
                Assert.Fail(
                    $"At {now}, {now.InZone(schedule.Zone)}: {status.Moment.State}, {string.Join(",", told)}\n{plan}\n{reader}"
                );
        }
        var all = plan
            .Weeks.SelectMany(week => week.Days.SelectMany(day => day))
            .Concat(plan.Exceptions.SelectMany(exception => exception.Slots))
            .ToArray();
        Assert.True(
            all.Any(slot => slot.Access == AccessMode.TelephoneOnly) || !told.Contains(NotExpressed.TelephoneOnly)
        );
        Assert.True(all.Any(slot => slot.Note is not null) || !told.Contains(NotExpressed.Notes));
        Assert.True(
            all.Any(slot => slot.Access is AccessMode.WalkIn or AccessMode.ByAppointment)
                || !told.Contains(NotExpressed.AccessModes)
        );
    }

    // In "2026-12-24: …", "2026-12-24 to 2026-12-31: …", or in "From 2026-12-24: …, temporarily closed", which has no
    // end.
    static bool Mentions(string text, LocalDate date) =>
        System
            .Text.RegularExpressions.Regex.Matches(
                text,
                @"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?: ([^:]*temporarily closed)?"
            )
            .Any(match =>
                string.CompareOrdinal(match.Groups[1].Value, $"{date:uuuu-MM-dd}") <= 0
                && (
                    match.Groups[3].Success && !match.Groups[2].Success
                    || string.CompareOrdinal(
                        $"{date:uuuu-MM-dd}",
                        match.Groups[2].Success ? match.Groups[2].Value : match.Groups[1].Value
                    ) <= 0
                )
            );

    static JsonNode Node<T>(T body) => JsonSerializer.SerializeToNode(body, Web)!;

    static JsonSerializerOptions WebOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Api.Http.Json.Configure(options);
        return options;
    }
}
