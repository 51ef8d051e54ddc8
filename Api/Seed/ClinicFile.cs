using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;

namespace Api.Seed;

/// <summary>
/// The file <c>clinic.yaml</c>: the locations with their hours, and the exceptions of the whole clinic. A property that
/// is left out is unknown.
/// </summary>
sealed record ClinicFile(IReadOnlyList<SeedLocation> Locations, IReadOnlyList<ScheduleException> Exceptions)
{
    const string FileExample = "clinic: { timeZone: America/Chicago } and locations: with a list below them";
    const string ClinicExample = "{ timeZone: America/Chicago }";
    const string LocationExample = "{ slug: main-street, name: Main Street }";
    const string AddressExample = "{ locality: Jonesboro, region: AR, country: US }";
    const string CoordinatesExample = "{ latitude: 35.84, longitude: -90.7 }";
    const string ClosureExample = "{ closedFrom: 2026-06-01, reopensOn: 2026-08-03, reason: Renovation }";
    const string PeriodExample = "{ time: 08:00-17:00, access: byAppointment, note: Ring the bell }";
    const string ExceptionExample = "{ when: every 12-25, reason: Christmas Day, closed: true }";
    const string WeekExample =
        "monday: [08:00-17:00], tuesday: [08:00-17:00], wednesday: [], thursday: [], "
        + "friday: [], saturday: [], sunday: []";
    const string HoursExample = $"{{ {WeekExample} }}";
    const string HoursChangeExample = $"{{ validFrom: 2026-06-01, {WeekExample} }}";

    static readonly string[] Weekdays = [.. WeeklyHours.Week.Select(day => $"{day}".ToLowerInvariant())];

    static readonly string[] LocationProperties =
    [
        "slug",
        "name",
        "address",
        "telephone",
        "email",
        "coordinates",
        "timeZone",
        "access",
        "acceptingNewPatients",
        "telehealth",
        "languages",
        "accessibilityNotes",
        "temporaryClosure",
        "closedForGoodOn",
        "hours",
        "hoursChanges",
        "exceptions",
        "hoursVerifiedAt",
    ];

    static readonly Address UnknownAddress = new()
    {
        StreetAddress = null,
        Locality = null,
        Region = null,
        PostalCode = null,
        Country = null,
    };

    /// <exception cref="SeedMistake">The file has a mistake.</exception>
    public static ClinicFile Read(string text)
    {
        var root =
            YamlReader.Read(text, firstLine: 1)
            ?? throw new SeedMistake(1, "the file is empty: write clinic: with a timeZone, and locations:.");
        var file = new SeedMap(root, "a clinic's file", ["clinic", "locations"], FileExample);
        var clinic = file.Require(
            "clinic",
            ClinicExample,
            node => new SeedMap(node, "the clinic", ["timeZone", "exceptions"], ClinicExample)
        );
        var zone = clinic.RequireText("timeZone", "America/Chicago", SeedFiles.ReadTimeZone);
        var exceptions = ReadExceptions(clinic, clinicWide: true);

        var slugs = new HashSet<string>(StringComparer.Ordinal);
        var locations = file.Require(
            "locations",
            $"[{LocationExample}]",
            list =>
                SeedMap.ReadList(
                    list,
                    "locations",
                    LocationExample,
                    node =>
                    {
                        var map = new SeedMap(node, "a location", LocationProperties, LocationExample);
                        var location = ReadLocation(map, zone);
                        var slug = location.Location.Slug;
                        if (!slugs.Add(slug))
                            throw new SeedMistake(
                                map.LineOf("slug"),
                                $"the slug '{slug}' appears twice: write another one."
                            );
                        return location;
                    }
                )
        );
        return new ClinicFile(locations, exceptions);
    }

    static SeedLocation ReadLocation(SeedMap map, DateTimeZone clinicZone)
    {
        var zone = map.FindText("timeZone", "America/Chicago", SeedFiles.ReadTimeZone) ?? clinicZone;
        var access = map.FindTexts("access", "byAppointment", SeedFiles.ReadName<AccessMode>);
        if (HasDuplicates(access))
            throw new SeedMistake(map.LineOf("access"), "access has the same value twice: write it once.");
        var languages = map.FindTexts("languages", "en", SeedFiles.ReadLanguage);
        if (HasDuplicates(languages?.Select(language => language.ToLowerInvariant())))
            throw new SeedMistake(map.LineOf("languages"), "languages has the same value twice: write it once.");

        var location = new Location
        {
            Slug = map.RequireText("slug", "main-street", SeedFiles.ReadSlug),
            Name = map.RequireText("name", "Main Street", SeedFiles.ReadText),
            Address = map.Find("address", AddressExample, ReadAddress) ?? UnknownAddress,
            Telephone = map.FindText("telephone", "+15555550100", SeedFiles.ReadTelephone),
            Email = map.FindText("email", "front-desk@example.com", SeedFiles.ReadEmail),
            Coordinates = map.Find("coordinates", CoordinatesExample, ReadCoordinates),
            TimeZone = zone.Id,
            Access = access,
            AcceptingNewPatients = map.FindValue("acceptingNewPatients", "true", SeedFiles.ReadBoolean),
            Telehealth = map.FindValue("telehealth", "true", SeedFiles.ReadBoolean),
            Languages = languages,
            AccessibilityNotes = map.FindText("accessibilityNotes", "Step-free.", SeedFiles.ReadText),
            TemporaryClosure = map.Find("temporaryClosure", ClosureExample, ReadClosure),
            ClosedForGoodOn = map.FindValue("closedForGoodOn", "2026-12-31", SeedFiles.ReadDate),
            DistanceMeters = null,
        };
        return new SeedLocation(
            location,
            ReadHours(map),
            ReadExceptions(map, clinicWide: false),
            map.FindValue("hoursVerifiedAt", "2026-01-12T15:00:00Z", SeedFiles.ReadInstant)
        );
    }

    static bool HasDuplicates<T>(IEnumerable<T>? items) =>
        items is not null && items.GroupBy(item => item).Any(same => same.Count() > 1);

    static Address ReadAddress(YamlNode node)
    {
        string[] names = ["streetAddress", "locality", "region", "postalCode", "country"];
        var map = new SeedMap(node, "an address", names, AddressExample);
        var country = map.FindText("country", "US", SeedFiles.ReadCountry);
        var region = map.FindText("region", "AR", SeedFiles.ReadText);
        return new Address
        {
            StreetAddress = map.FindText("streetAddress", "1 Example Street", SeedFiles.ReadText),
            Locality = map.FindText("locality", "Jonesboro", SeedFiles.ReadText),
            Region = region is null ? null : SeedFiles.ReadRegion(region, country == "US", map.LineOf("region")),
            PostalCode = map.FindText("postalCode", "\"00000\"", SeedFiles.ReadText),
            Country = country,
        };
    }

    static Coordinates ReadCoordinates(YamlNode node)
    {
        var map = new SeedMap(node, "coordinates", ["latitude", "longitude"], CoordinatesExample);
        return new Coordinates(
            map.RequireText("latitude", "35.84", (text, line) => SeedFiles.ReadDegrees(text, 90, line)),
            map.RequireText("longitude", "-90.7", (text, line) => SeedFiles.ReadDegrees(text, 180, line))
        );
    }

    static TemporaryClosure ReadClosure(YamlNode node)
    {
        var map = new SeedMap(node, "a temporaryClosure", ["closedFrom", "reopensOn", "reason"], ClosureExample);
        var closure = new TemporaryClosure(
            map.FindValue("closedFrom", "2026-06-01", SeedFiles.ReadDate),
            map.FindValue("reopensOn", "2026-08-03", SeedFiles.ReadDate),
            map.FindText("reason", "Renovation", SeedFiles.ReadText)
        );
        if (closure is { ClosedFrom: null, ReopensOn: null, Reason: null })
        {
            throw new SeedMistake(
                map.Line,
                "a temporaryClosure without dates and reason closes at once, "
                    + $"and nobody knows for how long: write {ClosureExample}, or leave temporaryClosure out."
            );
        }
        if (closure.ReopensOn <= closure.ClosedFrom)
        {
            throw new SeedMistake(
                map.LineOf("reopensOn"),
                "reopensOn is not after closedFrom: " + "write the first day on which it is open again."
            );
        }
        return closure;
    }

    static List<WeeklyHours> ReadHours(SeedMap location)
    {
        var versions = new List<WeeklyHours>();
        var hours = location.Find("hours", HoursExample, ReadWeek);
        if (hours is not null)
            versions.Add(hours);

        var dates = new HashSet<LocalDate>();
        var changes = location.FindList(
            "hoursChanges",
            HoursChangeExample,
            node =>
            {
                var change = ReadHoursChange(node);
                var from = change.ValidFrom!.Value;
                if (!dates.Add(from))
                {
                    var date = LocalDatePattern.Iso.Format(from);
                    throw new SeedMistake(node.Line, $"there are two hoursChanges from {date}: keep one of them.");
                }
                return change;
            }
        );
        return [.. versions, .. changes ?? []];
    }

    static WeeklyHours ReadWeek(YamlNode node) =>
        ReadDays(new SeedMap(node, "the hours of a week", Weekdays, HoursExample), validFrom: null);

    static WeeklyHours ReadHoursChange(YamlNode node)
    {
        var map = new SeedMap(node, "a change of hours", ["validFrom", .. Weekdays], HoursChangeExample);
        return ReadDays(map, map.RequireText("validFrom", "2026-06-01", SeedFiles.ReadDate));
    }

    // All seven days are required, so that a forgotten day does not count as closed.
    static WeeklyHours ReadDays(SeedMap map, LocalDate? validFrom)
    {
        var periods = Weekdays
            .Zip(WeeklyHours.Week)
            .SelectMany(day =>
                map.Require(day.First, "[08:00-17:00], or [] where it is closed", node => ReadPeriods(day.First, node))
                    .Select(period => (Day: day.Second, Period: period))
            );
        var hours = new WeeklyHours(periods.ToLookup(pair => pair.Day, pair => pair.Period), validFrom);
        return HoursLimits.Check(hours) is { } tooMuch ? throw new SeedMistake(map.Line, tooMuch) : hours;
    }

    static IReadOnlyList<Period> ReadPeriods(string name, YamlNode node)
    {
        if (node is YamlText { Value: var text } && SeedFiles.MeansClosed(text))
        {
            var closed = name == "periods" ? "closed: true" : $"{name}: []";
            throw new SeedMistake(
                node.Line,
                $"{SeedMistake.Quote(text)} is not a list of periods: write {closed} where it is closed."
            );
        }
        if (node is YamlMap)
        {
            throw new SeedMistake(
                node.Line,
                $"{name} is a list and needs brackets, even around a single period: "
                    + $"write {name}: [{{ time: 08:00-17:00, access: byAppointment }}]."
            );
        }
        var periods = SeedMap.ReadList(node, name, "08:00-17:00", ReadPeriod);
        CheckOverlaps(periods, node.Line);
        return periods;
    }

    // Periods with a different access may overlap: the status names the wider one. With the same access it is a
    // mistake.
    static void CheckOverlaps(IReadOnlyList<Period> periods, int line)
    {
        foreach (var sameAccess in periods.GroupBy(period => period.Access))
        {
            // The stable sort keeps the order of equal ones, so that the sentence names them as they are written.
            var sorted = sameAccess.OrderBy(period => period.Opens).ToArray();
            foreach (var (first, second) in sorted.Zip(sorted.Skip(1)))
            {
                if (second.Opens >= first.Closes && !first.EndsNextDay)
                    continue;
                throw new SeedMistake(
                    line,
                    $"{SeedFiles.Format(first)} and {SeedFiles.Format(second)} overlap: "
                        + "write one period, or two of which the second opens after the first has closed."
                );
            }
        }
    }

    static Period ReadPeriod(YamlNode node)
    {
        if (node is YamlText text)
            return SeedFiles.ReadPeriod(text.Value, text.Line);
        var map = new SeedMap(node, "a period", ["time", "access", "note"], $"08:00-17:00 or {PeriodExample}");
        var time = map.RequireText("time", "08:00-17:00", SeedFiles.ReadPeriod);
        var access = map.FindValue("access", "byAppointment", SeedFiles.ReadName<AccessMode>) ?? AccessMode.Open;
        var note = map.FindText("note", "Ring the bell", SeedFiles.ReadText);
        return new Period(time.Opens, time.Closes, access, note);
    }

    static List<ScheduleException> ReadExceptions(SeedMap map, bool clinicWide)
    {
        var exceptions = new List<ScheduleException>();
        var list = map.FindList("exceptions", ExceptionExample, node => ReadException(node, clinicWide)) ?? [];
        foreach (var (exception, line) in list)
        {
            if (exceptions.Any(other => Conflict(other, exception)))
            {
                throw new SeedMistake(
                    line,
                    $"'{exception.Reason}' is the second exception for the same days: "
                        + "keep one of them, with all its periods."
                );
            }
            exceptions.Add(exception);
        }
        return HoursLimits.Check(exceptions) is { } tooMuch
            ? throw new SeedMistake(map.LineOf("exceptions"), tooMuch)
            : exceptions;
    }

    // Several parts of a day may be closed, each for its own reason, beside one exception of another kind.
    static bool Conflict(ScheduleException first, ScheduleException second)
    {
        if (first.When != second.When)
            return false;
        return (first.Effect, second.Effect) switch
        {
            (ExceptionEffect.ClosedPart, ExceptionEffect.ClosedPart) => first.Periods[0].Opens
                == second.Periods[0].Opens,
            (ExceptionEffect.ClosedPart, _) or (_, ExceptionEffect.ClosedPart) => false,
            _ => true,
        };
    }

    static (ScheduleException Exception, int Line) ReadException(YamlNode node, bool clinicWide)
    {
        string[] names = ["when", "reason", "closed", "periods", "closedPart", "asUsual"];
        var map = new SeedMap(node, "an exception", names, ExceptionExample);
        var when = map.RequireText("when", "every 12-25", SeedFiles.ReadDateRule);
        var reason = map.RequireText("reason", "Christmas Day", SeedFiles.ReadText);
        var closed = map.FindValue("closed", "true", SeedFiles.ReadBoolean) ?? false;
        var periods = map.Find("periods", "[09:00-12:00]", value => ReadPeriods("periods", value)) ?? [];
        var closedPart = map.Find("closedPart", "12:00-14:00", ReadClosedPart);
        var asUsual = map.FindValue("asUsual", "true", SeedFiles.ReadBoolean) ?? false;

        var effects = new List<(ExceptionEffect Effect, Period[] Periods)>();
        if (closed)
            effects.Add((ExceptionEffect.Closed, []));
        if (periods.Count > 0)
            effects.Add((ExceptionEffect.Periods, [.. periods]));
        if (closedPart is not null)
            effects.Add((ExceptionEffect.ClosedPart, [closedPart]));
        if (asUsual)
            effects.Add((ExceptionEffect.AsUsual, []));
        if (effects is not [var (effect, itsPeriods)])
        {
            throw new SeedMistake(
                map.LineOf("when"),
                $"'{reason}' must say what happens, and only one thing: "
                    + "write one of closed: true, periods: [09:00-12:00], closedPart: 12:00-14:00 and asUsual: true."
            );
        }
        return (new ScheduleException(when, effect, reason, itsPeriods, clinicWide), map.LineOf("when"));
    }

    static Period ReadClosedPart(YamlNode node) =>
        node is YamlList
            ? throw new SeedMistake(
                node.Line,
                "closedPart is one period without brackets: write closedPart: 12:00-14:00."
            )
            : ReadPeriod(node);
}

/// <summary>A location of the seed with its hours.</summary>
sealed record SeedLocation(
    Location Location,
    IReadOnlyList<WeeklyHours> Hours,
    IReadOnlyList<ScheduleException> Exceptions,
    Instant? HoursVerifiedAt
);
