using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Formats;
using Api.Hours;
using Api.Http;
using Api.Locations;
using Api.Tests.Hours;
using FsCheck.Xunit;
using NodaTime;

namespace Api.Tests.Formats;

/// <summary>
/// Every format read back and asked at random instants of the coming year: the answer is the engine's, or the format has said
/// what it has no words for. A failure names the seed; <c>new RandomSchedules(seed).Next()</c> is the plan.
/// </summary>
public sealed class FormatTests
{
    static readonly JsonSerializerOptions Web = WebOptions();

    static readonly Location Somewhere = new()
    {
        Slug = "somewhere",
        Name = "Somewhere",
        Telephone = null,
        Email = null,
        Coordinates = null,
        TimeZone = "UTC",
        Access = null,
        Address = new Address { StreetAddress = null, Locality = null, Region = null, PostalCode = null, Country = null },
        AcceptingNewPatients = null,
        Telehealth = null,
        Languages = null,
        AccessibilityNotes = null,
        TemporaryClosure = null,
    };

    [Property(MaxTest = 300)]
    public void Schema_org_says_what_the_engine_says(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var clinic = MedicalClinic.Of(Somewhere, schedule, new SiteOptions(), plan.Today);
        Compare(plan, schedule, new SchemaOrgReader(schedule.Zone, Node(clinic.Body)), clinic.NotExpressed, seed, NotExpressed.UnknownHours);
    }

    [Property(MaxTest = 300)]
    public void Google_says_what_the_engine_says(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var hours = GoogleHours.Of(schedule, plan.Today);
        var closed = schedule.On(plan.Today).Kind == DayKind.TemporarilyClosed;
        Assert.Equal(closed ? "CLOSED_TEMPORARILY" : "OPEN", hours.Body.OpenInfo.Status);
        Assert.Equal(closed && plan.Closure!.Reopens is not null, hours.NotExpressed.Contains(NotExpressed.TemporaryClosure));
        if (closed) return;
        // What it has told, other exceptions among them, is still right until the weekly hours are others.
        Compare(plan, schedule, new GoogleReader(schedule.Zone, Node(hours.Body)), hours.NotExpressed, seed,
            NotExpressed.UnknownHours, NotExpressed.Periods, NotExpressed.ChangesToCome);
    }

    [Property(MaxTest = 300)]
    public void OpenStreetMap_says_what_the_engine_says(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var text = OsmHours.Of(schedule, plan.Today);
        var reader = new OsmReader(schedule.Zone, text.Body);
        Compare(plan, schedule, reader, text.NotExpressed, seed);
        for (var date = plan.Today; date < plan.Today.PlusDays(WallClock.Days); date = date.PlusDays(1))
            if (!Timeline.IsSkipped(schedule.Zone, date)) Assert.True((schedule.On(date).Kind == DayKind.Unknown) == reader.IsUnknown(date), $"{date}: {text.Body}\n{plan}");
    }

    [Property(MaxTest = 300)]
    public void Fhir_says_the_usual_week_and_names_every_date_that_departs_from_it(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var told = FhirLocation.Of(Somewhere, schedule, plan.Today);
        foreach (var day in WallClock.Departures(schedule, plan.Today)) Assert.True(Mentions(told.Body.AvailabilityExceptions!, day.Date), $"{day.Date}: {told.Body.AvailabilityExceptions}\n{plan}");

        var usual = schedule.WeeklyHoursOn(plan.Today);
        Assert.Equal(usual is null, told.NotExpressed.Contains(NotExpressed.UnknownHours));
        if (usual is null) return;
        var alone = new Schedule(schedule.Zone, [usual], []);
        Compare(plan with { Now = plan.Now + Duration.FromDays(2) }, alone, new FhirReader(schedule.Zone, Node(told.Body)), told.NotExpressed, seed);
    }

    [Property(MaxTest = 200)]
    public void The_calendar_has_every_exception_on_its_days_and_on_no_others(int seed)
    {
        var plan = new RandomSchedules(seed).Next();
        var schedule = plan.ToSchedule();
        var text = HoursCalendar.Of([(Somewhere, schedule)], "Somewhere", "example.com", CultureInfo.GetCultureInfo("en"), plan.Now);
        var calendar = Ical.Net.Calendar.Load(text.Body)!;
        Assert.Equal(calendar.Events.Count, calendar.Events.Select(happening => happening.Uid + happening.Start).Distinct().Count());

        var end = plan.Today.PlusDays(WallClock.Days - 1);
        var actual = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var happening in calendar.Events)
        {
            var days = happening.Start!.HasTime ? 1 : happening.End!.Value.Subtract(happening.Start.Value).Days;
            foreach (var occurrence in happening.GetOccurrences(happening.Start).TakeWhile(o => LocalDate.FromDateTime(o.Period.StartTime.Value) <= end))
                for (var i = 0; i < days; i++) Add(actual, LocalDate.FromDateTime(occurrence.Period.StartTime.Value).PlusDays(i), happening.Summary!.Split(',')[0]);
        }

        var expected = new SortedSet<string>(StringComparer.Ordinal);
        for (var date = plan.Today; date <= end; date = date.PlusDays(1))
        {
            var day = schedule.On(date);
            if (day.Kind == DayKind.TemporarilyClosed) Add(expected, date, "Building works");
            if (day.Kind == DayKind.TemporarilyClosed) continue;
            if (day.Exception is { } exception) Add(expected, date, exception.Reason);
            foreach (var part in schedule.ClosedPartsOn(date)) Add(expected, date, part.Reason);
        }
        Assert.True(expected.SetEquals(actual), $"missing {string.Join(" ", expected.Except(actual).Take(5))}, too many {string.Join(" ", actual.Except(expected).Take(5))}\n{text.Body}\n{plan}");

        void Add(SortedSet<string> set, LocalDate date, string reason)
        {
            if (date >= plan.Today && date <= end) set.Add($"{date:uuuu-MM-dd} {reason}");
        }
    }

    // May be told of this kind of plan at all, and is a reason for another answer.
    static void Compare(Plan plan, Schedule schedule, HoursReader reader, IReadOnlyCollection<NotExpressed> told, int seed, params NotExpressed[] excuses)
    {
        var random = new Random(seed);
        var change = schedule.Versions.Where(version => version.ValidFrom > plan.Today).Select(version => version.ValidFrom!.Value).DefaultIfEmpty(LocalDate.MaxIsoValue).Min();
        // The first day may begin with what the evening before left over, which a format that begins today cannot know.
        var start = schedule.Zone.AtStartOfDay(plan.Today.PlusDays(1)).ToInstant() + Duration.FromDays(1);
        for (var i = 0; i < 200; i++)
        {
            var now = start + Duration.FromMinutes(i < 150 ? random.Next(8 * 1440) : random.Next(360 * 1440));
            var local = now.InZone(schedule.Zone).LocalDateTime;
            // A clock on the wall cannot tell which of two hours is meant.
            if (schedule.Zone.MapLocal(local).Count > 1) continue;
            var status = schedule.At(now);
            if (status.Moment.State == State.Unknown)
            {
                Assert.True(excuses.Length == 0 || told.Contains(NotExpressed.UnknownHours), $"{now} {plan}");
                continue;
            }
            if (excuses.Contains(NotExpressed.ChangesToCome) && local.Date >= change && told.Contains(NotExpressed.ChangesToCome)) continue;
            if (excuses.Contains(NotExpressed.Periods) && told.Contains(NotExpressed.Periods)) continue;
            if (status.Moment.IsOpen != reader.IsOpen(now))
                Assert.Fail($"At {now}, {now.InZone(schedule.Zone)}: {status.Moment.State}, {string.Join(",", told)}\n{plan}\n{reader}");
        }
        var all = plan.Weeks.SelectMany(week => week.Days.SelectMany(day => day)).Concat(plan.Exceptions.SelectMany(exception => exception.Slots)).ToArray();
        Assert.True(all.Any(slot => slot.Access == AccessMode.TelephoneOnly) || !told.Contains(NotExpressed.TelephoneOnly));
        Assert.True(all.Any(slot => slot.Note is not null) || !told.Contains(NotExpressed.Notes));
        Assert.True(all.Any(slot => slot.Access is AccessMode.WalkIn or AccessMode.ByAppointment) || !told.Contains(NotExpressed.AccessModes));
    }

    static bool Mentions(string text, LocalDate date) =>
        System.Text.RegularExpressions.Regex.Matches(text, @"(\d{4}-\d\d-\d\d)(?: to (\d{4}-\d\d-\d\d))?: ").Any(match =>
            string.CompareOrdinal(match.Groups[1].Value, $"{date:uuuu-MM-dd}") <= 0 &&
            string.CompareOrdinal($"{date:uuuu-MM-dd}", match.Groups[2].Success ? match.Groups[2].Value : match.Groups[1].Value) <= 0);

    static JsonNode Node<T>(T body) => JsonSerializer.SerializeToNode(body, Web)!;

    static JsonSerializerOptions WebOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Json.Configure(options);
        return options;
    }
}
