using System.Text;
using Api.CommandLine;
using Api.Seed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests.Seed;

public sealed class SeedTests : IDisposable
{
    const string Clinic = "clinic:\n  timeZone: America/Chicago\nlocations:\n  - slug: here\n    name: Here\n";
    const string Article =
        "---\ntitle: One\nslug: one\nsummary: S\ntags: [a]\npublished: 2026-01-12T15:00:00Z\n---\nText.\n";

    readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    string Write(string clinic = Clinic, string article = Article, string name = "one.md")
    {
        Directory.CreateDirectory(folder.File("articles"));
        File.WriteAllText(folder.File("clinic.yaml"), clinic);
        File.WriteAllText(folder.File($"articles/{name}"), article);
        return folder.Path;
    }

    [Fact]
    public async Task The_sample_seed_has_what_is_known_about_the_clinic_and_nothing_else()
    {
        await using var api = await ApiFactory.StartAsync();
        var locations = (await api.GetAsync("/v1/locations"))["items"]!.AsArray();
        Assert.Equal(["Ash Flat", "Jonesboro", "Paragould"], locations.Select(location => (string)location!["name"]!));
        foreach (var location in locations)
        {
            Assert.Equal("America/Chicago", (string?)location!["timeZone"]);
            Assert.Equal("AR", (string?)location["address"]!["region"]);
            foreach (
                var unknown in new[]
                {
                    "telephone",
                    "email",
                    "coordinates",
                    "access",
                    "acceptingNewPatients",
                    "telehealth",
                    "languages",
                }
            )
                Assert.Null(location[unknown]);
            Assert.Null(location["address"]!["streetAddress"]);
            Assert.Null(location["closedForGoodOn"]);
        }
        Assert.All(
            (await api.GetAsync("/v1/hours"))["items"]!.AsArray(),
            hours =>
                Assert.Equal("Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed", (string?)hours!["text"])
        );

        var articles = (await api.GetAsync("/v1/articles"))["items"]!.AsArray();
        Assert.True(articles.Count >= 6);
        Assert.Equal("combining-psychotropic-medication-with-therapy", (string?)articles[0]!["slug"]);
        var first = await api.GetAsync("/v1/articles/combining-psychotropic-medication-with-therapy");
        Assert.Equal(
            [
                "Joint effect",
                "Response to treatment",
                "Personal plans",
                "Questions worth asking",
                "Long-term maintenance and relapse prevention",
                "Stigma",
                "Conclusion",
            ],
            first["sections"]!.AsArray().Select(section => (string)section!["heading"]!)
        );
        foreach (var element in new[] { "<h2 ", "<ul>", "<ol>", "<table>", "<blockquote>", "<a href=" })
            Assert.Contains(element, (string?)first["html"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loading_again_changes_nothing_and_loading_a_change_applies_it()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        var loader = api.App.Services.GetRequiredService<SeedLoader>();
        Task<string> DumpAsync() =>
            api.DumpAsync(
                "locations",
                "weekly_hours",
                "weekly_periods",
                "articles",
                "article_tags",
                "article_search",
                "article_words"
            );

        var before = await DumpAsync();
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal(before, await DumpAsync());

        Write(Clinic.Replace("Here", "There", StringComparison.Ordinal));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal("There", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);

        Write(Clinic + "    closedForGoodOn: 2026-12-31\n");
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal("2026-12-31", (string?)(await api.GetAsync("/v1/locations/here"))["closedForGoodOn"]);
        Write();
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Null((await api.GetAsync("/v1/locations/here"))["closedForGoodOn"]);
    }

    [Fact]
    public async Task A_database_with_content_is_not_seeded_again()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        Write(Clinic.Replace("Here", "There", StringComparison.Ordinal));
        await Startup.PrepareAsync(api.App);
        Assert.Equal("Here", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);
    }

    [Fact]
    public async Task A_seed_is_loaded_completely_or_not_at_all()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        Write(
            Clinic.Replace("Here", "There", StringComparison.Ordinal),
            Article.Replace("title: One", "title: [", StringComparison.Ordinal)
        );
        await Assert.ThrowsAsync<StartupFault>(() =>
            api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder.Path, default)
        );
        // A mistake that only the database finds undoes the rest, too.
        Write(
            Clinic.Replace(
                "Here\n",
                "There\n    coordinates: { latitude: 91, longitude: 0 }\n",
                StringComparison.Ordinal
            ),
            Article.Replace("One", "Two", StringComparison.Ordinal)
        );
        await Assert.ThrowsAsync<StartupFault>(() =>
            api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder.Path, default)
        );
        Assert.Equal("Here", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);
        Assert.Equal("One", (string?)(await api.GetAsync("/v1/articles/one"))["title"]);
    }

    [Fact]
    public async Task The_sample_never_replaces_other_content_even_if_that_has_only_locations_or_only_articles()
    {
        File.WriteAllText(folder.File("clinic.yaml"), Clinic);
        await StartTwiceAsync(locations: ["Here"], articles: []);
        Write("clinic: { timeZone: America/Chicago }\nlocations: []\n");
        await StartTwiceAsync(locations: [], articles: ["One"]);

        async Task StartTwiceAsync(string[] locations, string[] articles)
        {
            await using var api = await ApiFactory.StartAsync(factory =>
                factory.Settings.Add($"--Seed:Folder={folder.Path}")
            );
            api.App.Services.GetRequiredService<IOptions<SeedOptions>>().Value.Folder = null;
            await Startup.PrepareAsync(api.App);
            Assert.Equal(
                locations,
                (await api.GetAsync("/v1/locations"))["items"]!.AsArray().Select(item => (string)item!["name"]!)
            );
            Assert.Equal(
                articles,
                (await api.GetAsync("/v1/articles"))["items"]!.AsArray().Select(item => (string)item!["title"]!)
            );
        }
    }

    [Fact]
    public async Task A_dropped_address_is_reported_with_file_and_line()
    {
        Write(article: Article + "\nOne\n\n[run](javascript:alert(1)) and [text](sms:988)\n");
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add($"--Seed:Folder={folder.Path}")
        );
        Assert.Contains(
            $"Warning {folder.File("articles/one.md")}, line 12: the address 'javascript:alert(1)' is left out, because its kind is not allowed: "
                + "write one that begins with https:, mailto:, tel:, sms: or another harmless scheme.",
            api.Log.Text,
            StringComparison.Ordinal
        );
        Assert.Single(SeedFolder.Read(folder.Path).Warnings);
    }

    [Fact]
    public void Files_are_read_in_UTF_8_and_UTF_16_with_any_line_ending()
    {
        Encoding[] encodings =
        [
            new UTF8Encoding(false),
            new UTF8Encoding(true),
            new UnicodeEncoding(bigEndian: false, byteOrderMark: true),
            new UnicodeEncoding(bigEndian: true, byteOrderMark: true),
        ];
        foreach (var encoding in encodings)
        {
            foreach (var lineEnd in new[] { "\n", "\r\n", "\r" })
            {
                Write();
                File.WriteAllText(
                    folder.File("clinic.yaml"),
                    Clinic
                        .Replace("Here", "Clínica 🙂", StringComparison.Ordinal)
                        .Replace("\n", lineEnd, StringComparison.Ordinal),
                    encoding
                );
                File.WriteAllText(
                    folder.File("articles/one.md"),
                    Article.Replace("\n", lineEnd, StringComparison.Ordinal),
                    encoding
                );
                var seed = SeedFolder.Read(folder.Path);
                Assert.Equal("Clínica 🙂", Assert.Single(seed.Locations).Location.Name);
                Assert.Equal("Text.\n", Assert.Single(seed.Articles).Draft.Markdown);
            }
        }
    }

    [Fact]
    public void Bytes_that_are_not_text_are_reported_with_file_and_line()
    {
        foreach (var lineEnd in new[] { "\n", "\r\n", "\r" })
        {
            Write();
            File.WriteAllBytes(
                folder.File("clinic.yaml"),
                Encoding.Latin1.GetBytes(
                    Clinic
                        .Replace("Here", "Clínica", StringComparison.Ordinal)
                        .Replace("\n", lineEnd, StringComparison.Ordinal)
                )
            );
            Assert.Equal(
                $"{folder.File("clinic.yaml")}, line 5: there are bytes here that are not UTF-8: save the file as UTF-8.",
                Message()
            );
        }
        Write();
        File.WriteAllBytes(folder.File("clinic.yaml"), [0xFF, 0xFE, 0x0A, 0x00, 0x00, 0xD8, 0x0A, 0x00]);
        Assert.Equal(
            $"{folder.File("clinic.yaml")}, line 2: there are bytes here that are not UTF-16: save the file as UTF-8.",
            Message()
        );
        File.WriteAllBytes(folder.File("clinic.yaml"), Encoding.Unicode.GetBytes(Clinic));
        Assert.Equal(
            $"{folder.File("clinic.yaml")}, line 1: there is a character U+0000 here: remove it, or save the file as UTF-8.",
            Message()
        );
        foreach (
            var bytes in new byte[][]
            {
                [0x80],
                [0xC0, 0xAF],
                [0xED, 0xA0, 0x80],
                [0xF5, 0x80, 0x80, 0x80],
                [0xE2, 0x82],
            }
        )
        {
            Write();
            File.WriteAllBytes(folder.File("articles/one.md"), [.. Encoding.UTF8.GetBytes(Article), .. bytes]);
            Assert.Equal(
                $"{folder.File("articles/one.md")}, line 9: there are bytes here that are not UTF-8: save the file as UTF-8.",
                Message()
            );
        }

        string Message() => Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message;
    }

    [Fact]
    public void A_slug_has_at_most_64_characters()
    {
        var longest = new string('a', 64);
        Write(
            Clinic.Replace("slug: here", $"slug: {longest}", StringComparison.Ordinal),
            Article
                .Replace("slug: one", $"slug: {longest}", StringComparison.Ordinal)
                .Replace("[a]", $"[{longest}]", StringComparison.Ordinal),
            $"{longest}.md"
        );
        var seed = SeedFolder.Read(folder.Path);
        Assert.Equal(longest, Assert.Single(seed.Locations).Location.Slug);
        Assert.Equal(longest, Assert.Single(seed.Articles).Draft.Slug);

        Write(Clinic.Replace("slug: here", $"slug: {longest}a", StringComparison.Ordinal), Article);
        Assert.Contains(
            "64",
            Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Unusual_but_valid_values_are_loaded()
    {
        Write(
            """
            clinic: { timeZone: UTC }
            locations:
              - slug: here
                name: no
                address: { region: NO, postalCode: 02134, country: NO }
                telephone: +1 (555) 555-0100
                email: null
                coordinates: ~
                access: [WalkIn]
                telehealth: yes
                languages: [es-MX, zh-Hans, mh]
                accessibilityNotes: >
                  Step-free,
                  and a lift.
                hours:
                  monday: [{ time: 08:00-20:00, access: telephoneOnly }, 09:00-17:00]
                  tuesday: [18:00-02:00, 00:00-01:00]
                  wednesday: [08:00-12:00, 12:00-17:00]
                  thursday: [00:00-00:00]
                  friday: []
                  saturday: []
                  sunday: []
                exceptions:
                  - { when: 2026-12-24, reason: A, closedPart: 12:00-13:00 }
                  - { when: 2026-12-24, reason: B, closedPart: 15:00-16:00 }
                  - { when: every 12-24, reason: C, closed: true }
                  - { when: every 02-29, reason: D, closed: true }
                closedForGoodOn: 9999-12-31
            """
        );
        var location = Assert.Single(SeedFolder.Read(folder.Path).Locations);
        Assert.Equal(
            ("no", "NO", "02134", "NO"),
            (
                location.Location.Name,
                location.Location.Address.Region,
                location.Location.Address.PostalCode,
                location.Location.Address.Country
            )
        );
        Assert.Equal(
            ("+15555550100", null, true),
            (location.Location.Telephone, location.Location.Email, location.Location.Telehealth)
        );
        Assert.Equal("Step-free, and a lift.", location.Location.AccessibilityNotes);
        Assert.Equal([Api.Hours.AccessMode.WalkIn], location.Location.Access!);
        Assert.Equal(4, location.Exceptions.Count);
    }

    [Fact]
    public void Two_files_with_the_same_slug_are_refused()
    {
        Write();
        File.WriteAllText(folder.File("articles/one.MD"), Article);
        Assert.Equal(
            $"{folder.File("articles/one.md")}, line 1: the slug 'one' appears twice: remove one of the two files.",
            Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message
        );
    }

    [Fact]
    public void A_folder_without_clinic_yaml_is_not_a_seed() =>
        Assert.Contains(
            "There is no",
            Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message,
            StringComparison.Ordinal
        );
}
