using Api.CommandLine;
using Api.Seed;
using Dapper;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Seed;

public sealed class SeedTests : IDisposable
{
    const string Clinic = "clinic:\n  timeZone: America/Chicago\nlocations:\n  - slug: here\n    name: Here\n";
    const string Article = "---\ntitle: One\nslug: one\nsummary: S\ntags: [a]\npublished: 2026-01-12T15:00:00Z\n---\nText.\n";

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
    public async Task The_seed_that_comes_with_the_program_is_the_clinic_that_is_known_and_nothing_else()
    {
        await using var api = await ApiFactory.StartAsync();
        var locations = (await api.GetAsync("/v1/locations"))["items"]!.AsArray();
        Assert.Equal(["Ash Flat", "Jonesboro", "Paragould"], locations.Select(location => (string)location!["name"]!));
        foreach (var location in locations)
        {
            Assert.Equal("America/Chicago", (string?)location!["timeZone"]);
            Assert.Equal("AR", (string?)location["address"]!["region"]);
            foreach (var unknown in new[] { "telephone", "email", "coordinates", "access", "acceptingNewPatients", "telehealth", "languages" })
                Assert.Null(location[unknown]);
            Assert.Null(location["address"]!["streetAddress"]);
            Assert.Null(location["closedForGoodOn"]);
        }
        Assert.All((await api.GetAsync("/v1/hours"))["items"]!.AsArray(), hours =>
            Assert.Equal("Monday to Friday 8:00 am–5:00 pm; Saturday and Sunday closed", (string?)hours!["text"]));

        var articles = (await api.GetAsync("/v1/articles"))["items"]!.AsArray();
        Assert.True(articles.Count >= 6);
        Assert.Equal("combining-psychotropic-medication-with-therapy", (string?)articles[0]!["slug"]);
        var first = await api.GetAsync("/v1/articles/combining-psychotropic-medication-with-therapy");
        Assert.Equal(["Joint effect", "Response to treatment", "Personal plans", "Questions worth asking", "Long-term maintenance and relapse prevention", "Stigma", "Conclusion"],
            first["sections"]!.AsArray().Select(section => (string)section!["heading"]!));
        foreach (var element in new[] { "<h2 ", "<ul>", "<ol>", "<table>", "<blockquote>", "<a href=" })
            Assert.Contains(element, (string?)first["html"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Loading_twice_changes_nothing_and_loading_a_change_changes_that()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        var loader = api.App.Services.GetRequiredService<SeedLoader>();
        async Task<string> DumpAsync()
        {
            await using var connection = await api.Database.OpenAsync(default);
            var tables = new[] { "locations", "weekly_hours", "weekly_periods", "articles", "article_tags", "article_search", "article_words" };
            return string.Join('\n', tables.SelectMany(table => connection.Query($"SELECT * FROM {table}").Select(row => $"{table}: {row}")));
        }

        var before = await DumpAsync();
        api.Clock.Advance(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal(before, await DumpAsync());

        Write(Clinic.Replace("Here", "There", StringComparison.Ordinal));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal("There", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);

        Write(Clinic + "    closedForGoodOn: 2026-12-31\n");
        api.Clock.Advance(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Equal("2026-12-31", (string?)(await api.GetAsync("/v1/locations/here"))["closedForGoodOn"]);
        Write();
        api.Clock.Advance(TimeSpan.FromHours(1));
        await loader.LoadAsync(folder.Path, default);
        Assert.Null((await api.GetAsync("/v1/locations/here"))["closedForGoodOn"]);
    }

    [Fact]
    public async Task A_database_that_has_content_is_not_seeded_again()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        Write(Clinic.Replace("Here", "There", StringComparison.Ordinal));
        await Startup.PrepareAsync(api.App);
        Assert.Equal("Here", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);
    }

    [Fact]
    public async Task It_is_all_or_nothing()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={Write()}"));
        Write(Clinic.Replace("Here", "There", StringComparison.Ordinal), Article.Replace("title: One", "title: [", StringComparison.Ordinal));
        await Assert.ThrowsAsync<StartupFault>(() => api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder.Path, default));
        // What the database itself refuses takes the rest with it, too.
        Write(Clinic.Replace("Here\n", "There\n    coordinates: { latitude: 91, longitude: 0 }\n", StringComparison.Ordinal), Article.Replace("One", "Two", StringComparison.Ordinal));
        await Assert.ThrowsAsync<StartupFault>(() => api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder.Path, default));
        Assert.Equal("Here", (string?)(await api.GetAsync("/v1/locations/here"))["name"]);
        Assert.Equal("One", (string?)(await api.GetAsync("/v1/articles/one"))["title"]);
    }

    [Theory]
    [InlineData("timeZone: America/Chicago", "timeZone: Mars/Phobos", 2, "'Mars/Phobos' is not an IANA time zone like America/Chicago.")]
    [InlineData("slug: here", "slug: Not A Slug", 4, "'Not A Slug' is not made of lower-case letters, digits and single hyphens.")]
    [InlineData("    name: Here\n", "", 4, "name")]
    [InlineData("name: Here", "name: Here\n    nonsense: 1", 6, "nonsense")]
    [InlineData("name: Here", "name: Here\n    name: There", 6, "name")]
    [InlineData("name: Here", "name: Here\n    hours: { monday: [] }", 6, "tuesday")]
    [InlineData("name: Here", "name: Here\n    hours: { monday: [9-17] }", 6, "'9-17' is not a period like 08:00-17:00.")]
    [InlineData("name: Here", "name: Here\n    hours: { monday: [08:00-08:00] }", 6, "'08:00-08:00' is not a period like 08:00-17:00.")]
    [InlineData("name: Here", "name: [", 5, "")]
    [InlineData("name: Here", "name:", 5, "null")]
    [InlineData("name: Here", "name: Here\n    telehealth: perhaps", 6, "")]
    [InlineData("name: Here", "name: Here\n  - slug: here\n    name: Again", 6, "'here' is there twice")]
    [InlineData("name: Here", "name: Here\n    coordinates: { latitude: 91, longitude: 0 }", 6, "latitude")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: every 13-01, reason: R, closed: true }", 7, "'every 13-01'")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: 2026-02-30, reason: R, closed: true }", 7, "'2026-02-30'")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: 2026-03-02 to 2026-03-01, reason: R, closed: true }", 7, "'2026-03-02 to 2026-03-01'")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: every sixth monday of may, reason: R, closed: true }", 7, "'every sixth monday of may'")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: every 12-25, closed: true }", 7, "reason")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: every 12-25, reason: R }", 7, "closed")]
    [InlineData("name: Here", "name: Here\n    exceptions:\n      - { when: every 12-25, reason: R, closed: true, asUsual: true }", 7, "closed")]
    [InlineData("name: Here", "name: Here\n    hoursChanges: [{ validFrom: soon }]", 6, "'soon'")]
    [InlineData("name: Here", "name: Here\n    temporaryClosure: { closedFrom: 2026-06-02, reopensOn: 2026-06-02 }", 4, "reopensOn")]
    [InlineData("name: Here", "name: Here\n    closedForGoodOn: 2026-12-32", 6, "'2026-12-32' is not a date like 2026-01-12.")]
    [InlineData("name: Here", "name: Here\n    closedForGoodOn: true", 6, "'true' is not a date like 2026-01-12.")]
    [InlineData("name: Here", "name: Here\n    hoursChanges:\n      - &a { validFrom: 2026-06-01, monday: [], tuesday: [], wednesday: [], thursday: [], friday: [], saturday: [], sunday: [] }\n      - *a", 4, "two hoursChanges")]
    public void An_error_in_the_clinic_is_named_with_file_and_line(string correct, string wrong, int line, string message)
    {
        var fault = Assert.Throws<StartupFault>(() => SeedFolder.Read(Write(Clinic.Replace(correct, wrong, StringComparison.Ordinal))));
        Assert.StartsWith($"{folder.File("clinic.yaml")}, line {line}: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Theory]
    [InlineData("published: 2026-01-12T15:00:00Z", "published: yesterday", 6, "'yesterday' is not an instant like 2026-01-12T15:00:00Z.")]
    [InlineData("title: One\n", "", 5, "title")]
    [InlineData("slug: one", "slug: two", 3, "the slug 'two' must be the file's name")]
    [InlineData("tags: [a]", "tags: [A b]", 5, "'A b' is not made of lower-case letters, digits and single hyphens.")]
    [InlineData("---\ntitle", "title", 1, "front matter")]
    [InlineData("---\nText", "Text", 1, "front matter")]
    [InlineData("title: One", "title: \"One\\atwo\"", 2, "control characters")]
    public void An_error_in_an_article_is_named_with_file_and_line(string correct, string wrong, int line, string message)
    {
        var fault = Assert.Throws<StartupFault>(() => SeedFolder.Read(Write(article: Article.Replace(correct, wrong, StringComparison.Ordinal))));
        Assert.StartsWith($"{folder.File("articles/one.md")}, line {line}: ", fault.Message, StringComparison.Ordinal);
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_a_clinic_is_no_seed() => Assert.Contains("There is no", Assert.Throws<StartupFault>(() => SeedFolder.Read(folder.Path)).Message, StringComparison.Ordinal);
}
