using Api.Articles;
using Api.CommandLine;
using Api.Hours;
using Api.Locations;
using NodaTime;
using NodaTime.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace Api.Seed;

/// <summary>
/// Content as files: <c>clinic.yaml</c> with the locations and their hours, <c>articles/*.md</c> with YAML front
/// matter. Whatever is wrong in them is said with file and line.
/// </summary>
sealed class SeedFolder
{
    /// <summary>The seed that comes with the program.</summary>
    public static string Default => Path.Combine(AppContext.BaseDirectory, "db", "seed");

    public required IReadOnlyList<SeedLocation> Locations { get; init; }

    /// <summary>The exceptions of the whole clinic.</summary>
    public required IReadOnlyList<ScheduleException> Exceptions { get; init; }

    public required IReadOnlyList<ArticleDraft> Articles { get; init; }

    /// <exception cref="StartupFault">There is no such folder, or a file in it has an error.</exception>
    public static SeedFolder Read(string folder)
    {
        var clinicFile = Path.Combine(folder, "clinic.yaml");
        if (!File.Exists(clinicFile)) throw new StartupFault($"There is no {clinicFile}: name a folder that has one.");
        var clinic = Parse<ClinicFile>(clinicFile, File.ReadAllText(clinicFile), firstLine: 1);
        var again = clinic.Locations.GroupBy(location => location.Slug.Value).FirstOrDefault(same => same.Count() > 1);
        if (again is not null)
            throw new StartupFault($"{clinicFile}, line {again.Last().Slug.Line}: the slug '{again.Key}' is there twice.");
        if (clinic.Locations.FirstOrDefault(location => location.TemporaryClosure is { } closure && closure.ReopensOn <= closure.ClosedFrom) is { } never)
            throw new StartupFault($"{clinicFile}, line {never.Slug.Line}: '{never.Slug.Value}' has a temporaryClosure whose reopensOn is not after its closedFrom.");
        var articles = Path.Combine(folder, "articles");
        return new SeedFolder
        {
            Locations =
            [
                .. clinic.Locations.Select(location => new SeedLocation(location.ToLocation(clinic.Clinic.TimeZone), ReadVersions(clinicFile, location),
                    ReadExceptions(clinicFile, location.Exceptions, clinicWide: false), location.HoursVerifiedAt)),
            ],
            Exceptions = ReadExceptions(clinicFile, clinic.Clinic.Exceptions, clinicWide: true),
            Articles = Directory.Exists(articles)
                ? [.. Directory.EnumerateFiles(articles, "*.md").Order(StringComparer.Ordinal).Select(ReadArticle)]
                : [],
        };
    }

    static WeeklyHours[] ReadVersions(string file, LocationPart location)
    {
        var versions = location.ToVersions().ToArray();
        return versions.Select(version => version.ValidFrom).Distinct().Count() == versions.Length ? versions
            : throw new StartupFault($"{file}, line {location.Slug.Line}: '{location.Slug.Value}' has two hoursChanges from the same date.");
    }

    static ScheduleException[] ReadExceptions(string file, List<ExceptionPart> parts, bool clinicWide) =>
        [.. parts.Select(part => part.ToException(clinicWide) ?? throw new StartupFault(
            $"{file}, line {part.When.Line}: '{part.Reason.Value}' must have one of closed: true, periods, closedPart and asUsual: true."))];

    static ArticleDraft ReadArticle(string file)
    {
        var lines = File.ReadAllLines(file);
        var end = Array.IndexOf(lines, "---", 1);
        if (lines.FirstOrDefault() != "---" || end < 0)
            throw new StartupFault($"{file}, line 1: the file must begin with front matter between two lines of ---.");
        var matter = Parse<FrontMatter>(file, string.Join('\n', lines[1..end]), firstLine: 2);
        if (matter.Slug.Value != Path.GetFileNameWithoutExtension(file))
            throw new StartupFault($"{file}, line {matter.Slug.Line + 1}: the slug '{matter.Slug.Value}' must be the file's name.");
        return new ArticleDraft(matter.Slug.Value, matter.Title.Value, matter.Summary.Value,
            [.. matter.Tags.Select(tag => tag.Value).Distinct(StringComparer.Ordinal)], matter.Author?.Value, matter.Published,
            string.Join('\n', lines[(end + 1)..]).Trim() + "\n");
    }

    static T Parse<T>(string file, string yaml, int firstLine) where T : class
    {
        try
        {
            return Yaml.Deserialize<T>(yaml) ?? throw new StartupFault($"{file}, line {firstLine}: there is nothing here.");
        }
        catch (YamlException e)
        {
            // The message of the innermost exception is about the value, the outer ones about the property around it.
            var cause = e.GetBaseException();
            var start = cause is YamlException inner && inner.Start.Line > 0 ? inner.Start : e.Start;
            throw new StartupFault($"{file}, line {start.Line + firstLine - 1}: {cause.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    static readonly IDeserializer Yaml = new DeserializerBuilder()
        .WithNamingConvention(CamelCaseNamingConvention.Instance)
        .WithEnforceRequiredMembers()
        .WithEnforceNullability()
        .WithDuplicateKeyChecking()
        .WithTypeConverter(new Scalars())
        .Build();

    // Converts where the line is still known.
    sealed class Scalars : IYamlTypeConverter
    {
        static readonly Dictionary<Type, (string Expected, Func<string, object?> Parse)> Types = new()
        {
            [typeof(Instant)] = ("an instant like 2026-01-12T15:00:00Z",
                text => InstantPattern.ExtendedIso.Parse(text) is { Success: true } parsed ? parsed.Value : null),
            [typeof(LocalDate)] = ("a date like 2026-01-12",
                text => LocalDatePattern.Iso.Parse(text) is { Success: true } parsed ? parsed.Value : null),
            [typeof(Period)] = ("a period like 08:00-17:00", SeedFiles.ParsePeriod),
            [typeof(DateTimeZone)] = ("an IANA time zone like America/Chicago", DateTimeZoneProviders.Tzdb.GetZoneOrNull),
            [typeof(Text)] = ("one line of text without control characters", Text.Parse),
            [typeof(Latitude)] = ("a latitude from -90 to 90", Latitude.Parse),
            [typeof(Longitude)] = ("a longitude from -180 to 180", Longitude.Parse),
            [typeof(When)] = ("a date like 2026-12-24, dates like 2026-12-24 to 2027-01-02, or yearly ones like every 12-25, every 12-24 to 01-02, " +
                "every fourth thursday of november", When.Parse),
            [typeof(Slug)] = ("made of lower-case letters, digits and single hyphens", Slug.Parse),
        };

        public bool Accepts(Type type) => Types.ContainsKey(Nullable.GetUnderlyingType(type) ?? type);

        public object? ReadYaml(IParser parser, Type type, ObjectDeserializer rootDeserializer)
        {
            if (type == typeof(Period) && parser.Accept<MappingStart>(out _)) return ((PeriodPart)rootDeserializer(typeof(PeriodPart))!).ToPeriod();
            var (expected, parse) = Types[Nullable.GetUnderlyingType(type) ?? type];
            var scalar = parser.Consume<Scalar>();
            if (scalar is { Style: ScalarStyle.Plain, Value: "" or "null" or "~" }) return null;
            var value = parse(scalar.Value);
            if (value is Slug slug) slug.Line = (int)scalar.Start.Line;
            if (value is When when) when.Line = (int)scalar.Start.Line;
            return value ?? throw new YamlException(scalar.Start, scalar.End, $"'{scalar.Value}' is not {expected}.");
        }

        public void WriteYaml(IEmitter emitter, object? value, Type type, ObjectSerializer serializer) => throw new NotSupportedException();
    }
}

/// <summary>A location of the seed, with its hours.</summary>
sealed record SeedLocation(
    Location Location, IReadOnlyList<WeeklyHours> Hours, IReadOnlyList<ScheduleException> Exceptions, Instant? HoursVerifiedAt);
