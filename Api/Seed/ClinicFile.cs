using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Seed;

/// <summary>
/// <c>clinic.yaml</c>: the locations with their hours, and the exceptions of the whole clinic. What may be left out and is left
/// out is unknown.
/// </summary>
sealed record ClinicFile(IReadOnlyList<SeedLocation> Locations, IReadOnlyList<ScheduleException> Exceptions)
{
    const string ExceptionExample = "{ when: every 12-25, reason: Christmas Day, closed: true }";
    const string HoursExample = "{ monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }";

    static readonly string[] Weekdays = [.. WeeklyHours.Week.Select(day => $"{day}".ToLowerInvariant())];

    /// <exception cref="SeedMistake">There is a mistake in it.</exception>
    public static ClinicFile Read(string text)
    {
        var root = YamlReader.Read(text, firstLine: 1) ?? throw new SeedMistake(1, "there is nothing here: write clinic: with a timeZone, and locations:.");
        var file = new SeedMap(root, "a clinic's file", ["clinic", "locations"], "clinic: { timeZone: America/Chicago } and locations: with a list below them");
        var clinic = file.Require("clinic", "{ timeZone: America/Chicago }", node =>
            new SeedMap(node, "the clinic", ["timeZone", "exceptions"], "{ timeZone: America/Chicago }"));
        var zone = clinic.Require("timeZone", "America/Chicago", SeedMap.Text("timeZone", "America/Chicago", SeedFiles.ReadTimeZone));
        var exceptions = ReadExceptions(clinic, clinicWide: true);

        var slugs = new HashSet<string>(StringComparer.Ordinal);
        var locations = file.Require("locations", "[{ slug: main-street, name: Main Street }]", SeedMap.List("locations", "{ slug: main-street, name: Main Street }", node =>
        {
            var map = LocationMap(node);
            var location = ReadLocation(map, zone);
            return slugs.Add(location.Location.Slug) ? location
                : throw new SeedMistake(map.LineOf("slug"), $"the slug '{location.Location.Slug}' is there twice: write another one.");
        }));
        return new ClinicFile(locations, exceptions);
    }

    static SeedMap LocationMap(YamlNode node) => new(node, "a location",
    [
        "slug", "name", "address", "telephone", "email", "coordinates", "timeZone", "access", "acceptingNewPatients", "telehealth", "languages",
        "accessibilityNotes", "temporaryClosure", "closedForGoodOn", "hours", "hoursChanges", "exceptions", "hoursVerifiedAt",
    ], "{ slug: main-street, name: Main Street }");

    static SeedLocation ReadLocation(SeedMap map, DateTimeZone clinicZone)
    {
        var location = new Location
        {
            Slug = map.Require("slug", "main-street", SeedMap.Text("slug", "main-street", SeedFiles.ReadSlug)),
            Name = map.Require("name", "Main Street", SeedMap.Text("name", "Main Street", SeedFiles.ReadText)),
            Address = map.Find("address", "{ locality: Jonesboro, region: AR, country: US }", ReadAddress) ?? NoAddress,
            Telephone = map.Find("telephone", "+15555550100", SeedMap.Text("telephone", "+15555550100", SeedFiles.ReadTelephone)),
            Email = map.Find("email", "front-desk@example.com", SeedMap.Text("email", "front-desk@example.com", SeedFiles.ReadEmail)),
            Coordinates = map.Find("coordinates", "{ latitude: 35.84, longitude: -90.7 }", ReadCoordinates),
            TimeZone = (map.Find("timeZone", "America/Chicago", SeedMap.Text("timeZone", "America/Chicago", SeedFiles.ReadTimeZone)) ?? clinicZone).Id,
            Access = map.Find("access", "[byAppointment]", SeedMap.List("access", "byAppointment", SeedMap.Text("access", "byAppointment", SeedFiles.ReadName<Access>))),
            AcceptingNewPatients = map.FindValue("acceptingNewPatients", "true", SeedMap.Text("acceptingNewPatients", "true", SeedFiles.ReadBoolean)),
            Telehealth = map.FindValue("telehealth", "true", SeedMap.Text("telehealth", "true", SeedFiles.ReadBoolean)),
            Languages = map.Find("languages", "[en, es]", SeedMap.List("languages", "en", SeedMap.Text("languages", "en", SeedFiles.ReadLanguage))),
            AccessibilityNotes = map.Find("accessibilityNotes", "Step-free.", SeedMap.Text("accessibilityNotes", "Step-free.", SeedFiles.ReadText)),
            TemporaryClosure = map.Find("temporaryClosure", "{ closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }", ReadClosure),
            ClosedForGoodOn = map.FindValue("closedForGoodOn", "2026-12-31", SeedMap.Text("closedForGoodOn", "2026-12-31", SeedFiles.ReadDate)),
            DistanceMeters = null,
        };
        if (location.Access is not null && location.Access.Distinct().Count() < location.Access.Count)
            throw new SeedMistake(map.LineOf("access"), "access has a value twice: write it once.");
        if (location.Languages is not null && location.Languages.Distinct(StringComparer.OrdinalIgnoreCase).Count() < location.Languages.Count)
            throw new SeedMistake(map.LineOf("languages"), "languages has a value twice: write it once.");
        return new SeedLocation(location, ReadHours(map), ReadExceptions(map, clinicWide: false),
            map.FindValue("hoursVerifiedAt", "2026-01-12T15:00:00Z", SeedMap.Text("hoursVerifiedAt", "2026-01-12T15:00:00Z", SeedFiles.ReadInstant)));
    }

    static readonly Address NoAddress = new() { StreetAddress = null, Locality = null, Region = null, PostalCode = null, Country = null };

    static Address ReadAddress(YamlNode node)
    {
        var map = new SeedMap(node, "an address", ["streetAddress", "locality", "region", "postalCode", "country"], "{ locality: Jonesboro, region: AR, country: US }");
        string? Line(string name, string example) => map.Find(name, example, SeedMap.Text(name, example, SeedFiles.ReadText));
        var country = map.Find("country", "US", SeedMap.Text("country", "US", SeedFiles.ReadCountry));
        var region = Line("region", "AR");
        return new Address
        {
            StreetAddress = Line("streetAddress", "1 Example Street"),
            Locality = Line("locality", "Jonesboro"),
            Region = region is null ? null : SeedFiles.ReadRegion(region, country == "US", map.LineOf("region")),
            PostalCode = Line("postalCode", "\"00000\""),
            Country = country,
        };
    }

    static Coordinates ReadCoordinates(YamlNode node)
    {
        var map = new SeedMap(node, "coordinates", ["latitude", "longitude"], "{ latitude: 35.84, longitude: -90.7 }");
        return new Coordinates(
            map.Require("latitude", "35.84", SeedMap.Text("latitude", "35.84", (text, line) => SeedFiles.ReadDegrees(text, 90, line))),
            map.Require("longitude", "-90.7", SeedMap.Text("longitude", "-90.7", (text, line) => SeedFiles.ReadDegrees(text, 180, line))));
    }

    static TemporaryClosure ReadClosure(YamlNode node)
    {
        const string Example = "{ closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }";
        var map = new SeedMap(node, "a temporaryClosure", ["closedFrom", "reopensOn", "reason"], Example);
        var closure = new TemporaryClosure(
            map.FindValue("closedFrom", "2026-06-01", SeedMap.Text("closedFrom", "2026-06-01", SeedFiles.ReadDate)),
            map.FindValue("reopensOn", "2026-08-03", SeedMap.Text("reopensOn", "2026-08-03", SeedFiles.ReadDate)),
            map.Find("reason", "Renovation", SeedMap.Text("reason", "Renovation", SeedFiles.ReadText)));
        if (closure is { ClosedFrom: null, ReopensOn: null, Reason: null })
            throw new SeedMistake(map.Line, $"a temporaryClosure without dates and reason closes at once and for as long as nobody knows: write {Example}, or leave temporaryClosure out.");
        return closure.ReopensOn <= closure.ClosedFrom
            ? throw new SeedMistake(map.LineOf("reopensOn"), "reopensOn is not after closedFrom: write the first day on which it is open again.")
            : closure;
    }

    static List<WeeklyHours> ReadHours(SeedMap location)
    {
        var versions = new List<WeeklyHours>();
        if (location.Find("hours", HoursExample, node => ReadWeek(node, isChange: false)) is { } hours) versions.Add(hours);
        var dates = new HashSet<LocalDate>();
        versions.AddRange(ReadList(location, "hoursChanges", $"{{ validFrom: 2026-06-01, {HoursExample[2..]}", node =>
        {
            var change = ReadWeek(node, isChange: true);
            return dates.Add(change.ValidFrom!.Value) ? change
                : throw new SeedMistake(node.Line, $"there are two hoursChanges from {LocalDatePattern.Iso.Format(change.ValidFrom.Value)}: keep one of them.");
        }));
        return versions;
    }

    // All seven days must be there, so that a forgotten one is not taken for closed.
    static WeeklyHours ReadWeek(YamlNode node, bool isChange)
    {
        var map = new SeedMap(node, isChange ? "a change of hours" : "the hours of a week", [.. isChange ? ["validFrom"] : Array.Empty<string>(), .. Weekdays],
            isChange ? $"{{ validFrom: 2026-06-01, {HoursExample[2..]}" : HoursExample);
        LocalDate? validFrom = isChange ? map.Require("validFrom", "2026-06-01", SeedMap.Text("validFrom", "2026-06-01", SeedFiles.ReadDate)) : null;
        var periods = Weekdays.SelectMany((day, index) =>
            map.Require(day, "[08:00-17:00], or [] where it is closed", value => ReadPeriods(day, value)).Select(period => (Day: WeeklyHours.Week[index], Period: period)));
        var hours = new WeeklyHours(periods.ToLookup(pair => pair.Day, pair => pair.Period), validFrom);
        return HoursLimits.Check(hours) is { } tooMuch ? throw new SeedMistake(node.Line, tooMuch) : hours;
    }

    static IReadOnlyList<Period> ReadPeriods(string name, YamlNode node)
    {
        if (node is YamlText { Value: var text } && text.ToUpperInvariant() is "CLOSED" or "NONE" or "OFF" or "NO" or "FALSE" or "-")
            throw new SeedMistake(node.Line, $"{SeedMistake.Quote(text)} is not a list of periods: write {(name == "periods" ? "closed: true" : $"{name}: []")} where it is closed.");
        if (node is YamlMap)
            throw new SeedMistake(node.Line, $"{name} is a list, with brackets also around a single period: write {name}: [{{ time: 08:00-17:00, access: byAppointment }}].");
        var periods = SeedMap.List(name, "08:00-17:00", ReadPeriod)(node);
        CheckOverlaps(periods, node.Line);
        return periods;
    }

    // Where patients are seen in two ways at once, both are told apart by their access, and the status names the wider one.
    // Two of the same way can only be a mistake.
    static void CheckOverlaps(IReadOnlyList<Period> periods, int line)
    {
        for (var i = 0; i < periods.Count; i++)
        {
            for (var j = i + 1; j < periods.Count; j++)
            {
                var (first, second) = periods[i].Opens <= periods[j].Opens ? (periods[i], periods[j]) : (periods[j], periods[i]);
                if (first.Access != second.Access || (second.Opens >= first.Closes && !first.EndsNextDay)) continue;
                throw new SeedMistake(line, $"{SeedFiles.Format(first)} and {SeedFiles.Format(second)} overlap: write one period, or two of which the second opens after the first has closed.");
            }
        }
    }

    static Period ReadPeriod(YamlNode node)
    {
        const string Example = "{ time: 08:00-17:00, access: byAppointment, note: Ring the bell }";
        if (node is YamlText text) return SeedFiles.ReadPeriod(text.Value, text.Line);
        var map = new SeedMap(node, "a period", ["time", "access", "note"], $"08:00-17:00 or {Example}");
        var time = map.Require("time", "08:00-17:00", SeedMap.Text("time", "08:00-17:00", SeedFiles.ReadPeriod));
        return new Period(time.Opens, time.Closes,
            map.FindValue("access", "byAppointment", SeedMap.Text("access", "byAppointment", SeedFiles.ReadName<AccessMode>)) ?? AccessMode.Open,
            map.Find("note", "Ring the bell", SeedMap.Text("note", "Ring the bell", SeedFiles.ReadText)));
    }

    static List<ScheduleException> ReadExceptions(SeedMap map, bool clinicWide)
    {
        var exceptions = new List<ScheduleException>();
        foreach (var (exception, line) in ReadList(map, "exceptions", ExceptionExample, node => ReadException(node, clinicWide)))
        {
            // Several parts of a day may be closed, each for a reason of its own.
            var isSecond = exceptions.Any(other => other.When == exception.When &&
                (other.Effect == ExceptionEffect.ClosedPart) == (exception.Effect == ExceptionEffect.ClosedPart) &&
                (exception.Effect != ExceptionEffect.ClosedPart || other.Periods[0].Opens == exception.Periods[0].Opens));
            if (isSecond)
                throw new SeedMistake(line, $"'{exception.Reason}' is the second exception for the same days: keep one of them, with all periods that hold.");
            exceptions.Add(exception);
        }
        return HoursLimits.Check(exceptions) is { } tooMuch ? throw new SeedMistake(map.LineOf("exceptions"), tooMuch) : exceptions;
    }

    static (ScheduleException Exception, int Line) ReadException(YamlNode node, bool clinicWide)
    {
        var map = new SeedMap(node, "an exception", ["when", "reason", "closed", "periods", "closedPart", "asUsual"], ExceptionExample);
        var when = map.Require("when", "every 12-25", SeedMap.Text("when", "every 12-25", SeedFiles.ReadDateRule));
        var reason = map.Require("reason", "Christmas Day", SeedMap.Text("reason", "Christmas Day", SeedFiles.ReadText));
        bool Is(string name) => map.FindValue(name, "true", SeedMap.Text(name, "true", SeedFiles.ReadBoolean)) ?? false;
        var periods = map.Find("periods", "[09:00-12:00]", value => ReadPeriods("periods", value)) ?? [];
        var closedPart = map.Find("closedPart", "12:00-14:00", ReadClosedPart);

        (bool Has, ExceptionEffect Effect, Period[] Periods)[] effects =
        [
            (Is("closed"), ExceptionEffect.Closed, []),
            (periods.Count > 0, ExceptionEffect.Periods, [.. periods]),
            (closedPart is not null, ExceptionEffect.ClosedPart, [closedPart!]),
            (Is("asUsual"), ExceptionEffect.AsUsual, []),
        ];
        return effects.Where(effect => effect.Has).ToArray() is [var (_, effect, its)]
            ? (new ScheduleException(when, effect, reason, its, clinicWide), map.LineOf("when"))
            : throw new SeedMistake(map.LineOf("when"), $"'{reason}' must say what happens, and only one thing: write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true.");
    }

    static Period ReadClosedPart(YamlNode node) => node is YamlText or YamlMap ? ReadPeriod(node)
        : throw new SeedMistake(node.Line, "closedPart is one period without brackets: write closedPart: 12:00-14:00.");

    static IReadOnlyList<T> ReadList<T>(SeedMap map, string name, string example, Func<YamlNode, T> read) =>
        map.Find(name, $"[{example}]", SeedMap.List(name, example, read)) ?? [];
}

/// <summary>A location of the seed, with its hours.</summary>
sealed record SeedLocation(
    Location Location, IReadOnlyList<WeeklyHours> Hours, IReadOnlyList<ScheduleException> Exceptions, Instant? HoursVerifiedAt);
