using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Api.Seed;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Seed;

/// <summary>
/// A seed with a random change is either refused with a sentence, or loaded so that everything public can be read. A
/// failure names the number that makes the same change again.
/// </summary>
public sealed partial class SeedMutationTests : IAsyncLifetime
{
    internal const string Clinic = """
        clinic:
          timeZone: America/Chicago
          exceptions:
            - { when: every 12-25, reason: Christmas Day, closed: true }
            - { when: every fourth thursday of november, reason: Thanksgiving, closed: true }
            - when: every 12-31 to 01-01
              reason: New Year
              closed: true
        locations:
          - slug: main
            name: "Main Street"
            address: { streetAddress: 1 Example Street, locality: Exampleville, region: AR, postalCode: "00000", country: US }
            telephone: "+15555550100"
            email: front-desk@example.com
            coordinates: { latitude: 35.0, longitude: -90.0 }
            timeZone: America/New_York
            access: [byAppointment, walkIn]
            acceptingNewPatients: true
            telehealth: false
            languages: [en, es]
            accessibilityNotes: Step-free.
            temporaryClosure: { closedFrom: 2026-08-01, reopensOn: 2026-08-03, reason: Renovation }
            hoursVerifiedAt: 2026-06-20T10:00:00Z
            hours: &week
              monday: [08:00-12:00, 13:00-17:00]
              tuesday: [{ time: 22:00-02:00, access: walkIn, note: Ring the bell }]
              wednesday: [08:00-17:00]
              thursday: [00:00-00:00]
              friday: [{ time: 09:00-12:00, access: telephoneOnly }]
              saturday: []
              sunday: []
            hoursChanges:
              - { validFrom: 2026-09-01, monday: [], tuesday: [09:00-12:00], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }
            exceptions:
              - { when: 2026-07-03, reason: Day before the holiday, periods: [08:00-12:00] }
              - { when: 2026-07-06 to 2026-07-07, reason: Staff meeting, closedPart: 12:30-14:00 }
              - { when: 2026-12-25, reason: Open for those alone, asUsual: true }
          - slug: other
            name: Other
            hours: *week
            closedForGoodOn: 2027-01-31
          - { slug: unknown, name: Unknown }

        """;

    const string Article = """
        ---
        title: "One"
        slug: one
        summary: What it is about.
        tags: [sleep, mood]
        author: A. Writer
        published: 2026-01-12T15:00:00Z
        ---
        Text with [a link](/x) and **more**.

        ## Heading

        | a | b |
        |:--|--:|
        | 1 | 2 |

        <h2 id="x">Raw</h2><p>One</p><p>two</p>

        """;

    static readonly string[] Scalars =
    [
        "",
        "~",
        "null",
        "[]",
        "{}",
        "[~]",
        "[[]]",
        "closed",
        "5",
        "-1",
        "1e999",
        "NaN",
        "true",
        "no",
        "'",
        "\"",
        "*week",
        "*x",
        "&x",
        "!x",
        "@",
        "%",
        "|",
        ">",
        "- a",
        "a: b",
        "# a",
        "<<",
        "08:00-24:00",
        "24:00-08:00",
        "23:59-00:00",
        "00:00-00:00",
        "9999-12-31",
        "0001-01-01",
        "1900-01-01",
        "2026-02-30",
        "9999-12-31T23:59:59Z",
        "1900-01-01T00:00:00Z",
        "every 02-29",
        "every 01-01 to 12-31",
        "every fifth friday of february",
        "1900-01-01 to 9999-12-31",
        "9999-12-31 to 9999-12-31",
        "EST5EDT",
        "UTC",
        "Pacific/Apia",
        "Africa/Monrovia",
        "a",
        "\u202e",
        "\ufeff",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\ud83d\\ude42\"",
        "\ud83d\ude42",
        "x\u0301",
        "</script>",
        new string('a', 64),
        new string('a', 5000),
        "\uffff",
    ];

    readonly TempFolder folder = new();
    ApiFactory api = null!;

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(folder.File("articles"));
        WriteSeed(Encoding.UTF8.GetBytes(Clinic), Encoding.UTF8.GetBytes(Article));
        api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={folder.Path}"));
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        folder.Dispose();
    }

    void WriteSeed(byte[] clinic, byte[] article)
    {
        File.WriteAllBytes(folder.File("clinic.yaml"), clinic);
        File.WriteAllBytes(folder.File("articles/one.md"), article);
    }

    [Fact]
    public async Task A_seed_with_a_random_change_is_refused_with_a_sentence_or_can_be_read_completely()
    {
        // Reading a seed is quick. Only a part of them is also loaded and requested.
        for (var i = 0; i < 600; i++)
            await TryAsync(RandomNumberGenerator.GetInt32(int.MaxValue), load: i % 15 == 0);
    }

    [Theory]
    [InlineData(0), InlineData(1), InlineData(2), InlineData(int.MaxValue)]
    public Task A_number_always_makes_the_same_change(int number) => TryAsync(number, load: true);

    async Task TryAsync(int number, bool load)
    {
        // A negative number would make the same change as its positive.
        var random = new Random(number);
        var inClinic = random.Next(3) > 0;
        var changed = Mutate(Encoding.UTF8.GetBytes(inClinic ? Clinic : Article), random);
        WriteSeed(
            inClinic ? changed : Encoding.UTF8.GetBytes(Clinic),
            inClinic ? Encoding.UTF8.GetBytes(Article) : changed
        );
        try
        {
            SeedFolder.Read(folder.Path);
        }
        catch (StartupFault fault)
        {
            CheckSentence(number, fault.Message);
            if (!load)
                return;
            var before = await DumpAsync();
            var refused = await Assert.ThrowsAsync<StartupFault>(LoadAsync);
            Assert.Equal(fault.Message, refused.Message);
            Assert.Equal(before, await DumpAsync());
            return;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"Number {number}: {Encoding.UTF8.GetString(changed)}", e);
        }
        if (!load)
            return;

        await LoadAsync();
        // Answers of before are no longer cached.
        api.Clock.Advance(TimeSpan.FromHours(1));
        foreach (var path in PublicPaths(SeedFolder.Read(folder.Path)))
        {
            using var response = await api.Client.GetAsync(path);
            Assert.True(
                (int)response.StatusCode == 200,
                $"Number {number}: {path} is {(int)response.StatusCode}\n{Encoding.UTF8.GetString(changed)}\n{api.Log.Text}"
            );
        }
        // The next change starts from the same content.
        WriteSeed(Encoding.UTF8.GetBytes(Clinic), Encoding.UTF8.GetBytes(Article));
        await LoadAsync();
    }

    Task<SeedFolder> LoadAsync() => api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder.Path, default);

    Task<string> DumpAsync() =>
        api.DumpAsync(
            "locations",
            "weekly_hours",
            "weekly_periods",
            "hours_exceptions",
            "hours_exception_periods",
            "articles",
            "article_tags",
            "article_words"
        );

    static IEnumerable<string> PublicPaths(SeedFolder seed) =>
        [
            "/v1/locations",
            "/v1/hours",
            "/v1/status",
            "/v1/hours.ics",
            "/v1/articles",
            "/v1/articles?q=text",
            "/v1/tags",
            "/v1/articles/feed.json",
            "/v1/articles/feed.atom",
            "/v1/contact-form",
            .. seed.Locations.SelectMany(location =>
                new[]
                {
                    "",
                    "/hours",
                    "/status",
                    "/calendar",
                    "/schema.jsonld",
                    "/fhir",
                    "/hours/google",
                    "/hours/osm",
                    "/hours.ics",
                }.Select(format => $"/v1/locations/{location.Location.Slug}{format}")
            ),
            .. seed
                .Articles.Where(article => article.Draft.PublishedAt < NodaTime.Instant.FromUtc(2026, 1, 1, 0, 0))
                .SelectMany(article =>
                    new[] { "", "/schema.jsonld" }.Select(format => $"/v1/articles/{article.Draft.Slug}{format}")
                ),
        ];

    void CheckSentence(int number, string message)
    {
        Assert.True(Sentence().IsMatch(message), $"Number {number}: {message}");
        var sentence = message[message.IndexOf(": ", StringComparison.Ordinal)..];
        Assert.StartsWith(folder.Path, message, StringComparison.Ordinal);
        // Quoted values may have any words.
        var words = Quoted().Replace(sentence, "");
        foreach (
            var jargon in new[]
            {
                "System.",
                "Yaml",
                "YAML",
                "Exception",
                "Api.",
                "`1",
                "scalar",
                "token",
                "node",
                "mapping",
                "sequence",
                "parse",
                "scann",
                "deserializ",
                "anchor",
                "null",
            }
        )
            Assert.False(words.Contains(jargon, StringComparison.Ordinal), $"Number {number}: {message}");
    }

    static byte[] Mutate(byte[] file, Random random)
    {
        if (random.Next(3) == 0)
        {
            var bytes = file.ToList();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                var at = random.Next(bytes.Count);
                switch (random.Next(4))
                {
                    case 0:
                        bytes[at] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes.Insert(at, (byte)random.Next(256));
                        break;
                    case 2:
                        bytes.RemoveAt(at);
                        break;
                    default:
                        bytes.RemoveRange(at, Math.Min(random.Next(60), bytes.Count - at));
                        break;
                }
            }
            return [.. bytes];
        }

        var lines = Encoding.UTF8.GetString(file).Split('\n').ToList();
        var line = random.Next(lines.Count);
        switch (random.Next(6))
        {
            case 0:
                lines.RemoveAt(line);
                break;
            case 1:
                lines.Insert(line, lines[random.Next(lines.Count)]);
                break;
            case 2:
                (lines[line], lines[random.Next(lines.Count)]) = (lines[random.Next(lines.Count)], lines[line]);
                break;
            case 3:
                lines[line] =
                    random.Next(3) switch
                    {
                        0 => " ",
                        1 => "\t",
                        _ => "",
                    } + lines[line].TrimStart(' ')[..];
                break;
            default:
                var values = Value().Matches(lines[line]);
                if (values.Count == 0)
                    goto case 1;
                var value = values[random.Next(values.Count)];
                lines[line] = string.Concat(
                    lines[line].AsSpan(0, value.Index),
                    Scalars[random.Next(Scalars.Length)],
                    lines[line].AsSpan(value.Index + value.Length)
                );
                break;
        }
        return Encoding.UTF8.GetBytes(string.Join('\n', lines));
    }

    [GeneratedRegex(@"^[^\r\n]+/(clinic\.yaml|articles/one\.md), line [1-9][0-9]*: [^\r\n]+\.\z")]
    private static partial Regex Sentence();

    [GeneratedRegex("'[^']*'|\\*\\S*|&\\S*")]
    private static partial Regex Quoted();

    // A value, also inside of brackets.
    [GeneratedRegex(@"(?<=: |\[|, )[^\[\]{},]+")]
    private static partial Regex Value();
}
