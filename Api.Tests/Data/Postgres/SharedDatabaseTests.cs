using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Api.Data;
using Api.Seed;
using Api.Tests.Contact;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Tests.Data.Postgres;

/// <summary>Several instances on one database: how they start, and what each sees of the others' work.</summary>
[AnyEngine]
public sealed class SharedDatabaseTests(ThreeInstances three)
    : IClassFixture<ThreeInstances>,
        IAsyncLifetime,
        IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>How soon every instance shows a change of the content.</summary>
    static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);

    /// <summary>How often a change is made, at most, until all instances show it soon.</summary>
    const int Attempts = 5;

    readonly CancellationTokenSource patience = new(Patience);

    Deployment Deployment => three.Deployment;

    public async ValueTask InitializeAsync() => await three.ReadyAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public void Dispose() => patience.Dispose();

    [Fact]
    public async Task Instances_that_start_at_once_make_one_schema_one_set_of_keys_and_the_content_once()
    {
        Assert.Equal(
            Migrator.ListScripts("postgres").Select(script => script.Name),
            Deployment.Rows<string>("SELECT scriptname FROM schemaversions ORDER BY schemaversionsid")
        );
        Assert.Single(three.Processes, process => process.Output.Contains("0001_schema.sql applied", Ordinal));
        Assert.Single(three.Processes, process => process.Output.Contains("Loaded 3 locations", Ordinal));
        string[] keys = [.. Directory.EnumerateFiles(Deployment.Keys).Select(file => Path.GetFileName(file)).Order()];
        Assert.Equal(2, keys.Length);
        Assert.StartsWith("key-", keys[0], Ordinal);
        Assert.Equal("root.key", keys[1]);

        using var alone = await Deployment.OnSharedServerAsync();
        Assert.Equal(alone.CountRows(), three.Rows);
        Assert.All(
            three.Processes,
            process => Assert.DoesNotContain("Exception", process.Output + process.Errors, Ordinal)
        );
    }

    [Fact]
    public async Task Each_instance_knows_and_opens_what_another_has_stored()
    {
        foreach (var (index, client) in three.Clients.Index())
        {
            var (message, key) = ($"From instance {index}.", $"\"{Guid.NewGuid()}\"");
            var receipt = await SendAsync(client, message, key);
            foreach (var other in three.Clients)
            {
                JsonAssert.Equal(receipt.ToJsonString(), await SendAsync(other, message, key));
                var status = await other.GetFromJsonAsync<JsonNode>($"/v1/contact-receipts/{receipt["token"]}");
                Assert.Equal("received", (string?)status!["status"]);
            }
            var reference = (string)receipt["reference"]!;
            var (exitCode, output, errors) = await RunAsync("submissions", "show", reference);
            Assert.Equal((0, ""), (exitCode, errors));
            Assert.EndsWith($"{message}\n", output, Ordinal);
            Assert.Equal(0, (await RunAsync("submissions", "handled", reference)).ExitCode);
            foreach (var other in three.Clients)
            {
                var status = await other.GetFromJsonAsync<JsonNode>($"/v1/contact-receipts/{receipt["token"]}");
                Assert.Equal("handled", (string?)status!["status"]);
            }
        }
    }

    [Fact]
    public Task Hours_that_are_changed_with_SQL_show_on_every_instance_within_two_seconds() =>
        ShowSoonAsync(async attempt =>
        {
            var opens = $"07:1{attempt}";
            await KeepInMemoryAsync("/v1/locations/jonesboro/hours");
            Deployment.Execute(
                $"""
                UPDATE weekly_periods SET opens = '{opens}'
                WHERE day = 1 AND weekly_hours_id IN (
                    SELECT w.id FROM weekly_hours w JOIN locations l ON l.id = w.location_id WHERE l.slug = 'jonesboro')
                """
            );
            return await ShowsOpeningAsync("jonesboro", opens);
        });

    [Fact]
    public Task Hours_that_the_seed_command_changes_show_on_every_instance_within_two_seconds() =>
        ShowSoonAsync(async attempt =>
        {
            var opens = $"06:1{attempt}";
            var clinic = await File.ReadAllTextAsync(Path.Combine(SeedFolder.Default, "clinic.yaml"), patience.Token);
            await File.WriteAllTextAsync(
                Deployment.Folder.File("clinic.yaml"),
                clinic.Replace("monday: [08:00-17:00]", $"monday: [{opens}-17:00]", Ordinal),
                patience.Token
            );
            Directory.CreateDirectory(Deployment.Folder.File("articles"));
            await KeepInMemoryAsync("/v1/locations/paragould/hours");
            Assert.Equal(0, (await RunAsync("seed", Deployment.Folder.Path)).ExitCode);
            return await ShowsOpeningAsync("paragould", opens);
        });

    [Fact]
    public Task A_scheduled_article_is_public_on_every_instance_within_two_seconds_of_its_time() =>
        ShowSoonAsync(async attempt =>
        {
            var slug = $"scheduled-{attempt}";
            await KeepInMemoryAsync("/v1/articles?limit=1");
            var publishedAt = (DateTimeOffset.UtcNow + TimeSpan.FromSeconds(2)).ToInstant().ToStoredPrecision();
            Deployment.Execute(
                $"""
                INSERT INTO articles (slug, title, summary, tags, published_at, updated_at, reading_minutes, renderer,
                                      sections, markdown, html)
                SELECT '{slug}', title, summary, tags, '{SqlTypes.ToColumn(publishedAt)}', updated_at, reading_minutes,
                       renderer, sections, markdown, html
                FROM articles
                WHERE slug = 'understanding-anxiety'
                """
            );
            var shownAt = await Task.WhenAll(three.Clients.Select(ShowsFirstAsync));
            Assert.All(shownAt, instant => Assert.True(instant >= publishedAt));
            return (shownAt.Max() - publishedAt).ToTimeSpan();

            async Task<Instant> ShowsFirstAsync(HttpClient client)
            {
                await UntilAsync(async () =>
                {
                    var newest = await client.GetFromJsonAsync<JsonNode>("/v1/articles?limit=1", patience.Token);
                    return (string?)newest!["items"]![0]!["slug"] == slug;
                });
                var shownAt = DateTimeOffset.UtcNow.ToInstant();
                using var article = await client.GetAsync($"/v1/articles/{slug}", patience.Token);
                Assert.Equal(HttpStatusCode.OK, article.StatusCode);
                return shownAt;
            }
        });

    const StringComparison Ordinal = StringComparison.Ordinal;

    /// <summary>
    /// Makes a change until every instance shows it soon. A busy machine can hold up one change, but not each of them.
    /// </summary>
    /// <param name="changeAsync">Makes a change of this number, and returns how long it took to show.</param>
    static async Task ShowSoonAsync(Func<int, Task<TimeSpan>> changeAsync)
    {
        var took = Soon;
        for (var attempt = 1; attempt <= Attempts && took >= Soon; attempt++)
            took = await changeAsync(attempt);
        Assert.InRange(took, TimeSpan.Zero, Soon);
    }

    /// <summary>Lets every instance have an answer from before the change in its memory.</summary>
    async Task KeepInMemoryAsync(string path)
    {
        foreach (var client in three.Clients)
            await client.GetStringAsync(path, patience.Token);
    }

    async Task<TimeSpan> ShowsOpeningAsync(string location, string opens)
    {
        var since = Stopwatch.StartNew();
        await Task.WhenAll(
            three.Clients.Select(client =>
                UntilAsync(async () =>
                {
                    var hours = await client.GetStringAsync($"/v1/locations/{location}/hours", patience.Token);
                    return hours.Contains($"\"{opens}\"", Ordinal);
                })
            )
        );
        return since.Elapsed;
    }

    async Task UntilAsync(Func<Task<bool>> holds)
    {
        while (!await holds())
            await Task.Delay(10, patience.Token);
    }

    Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] command) =>
        Command.RunAsync([.. command, .. Deployment.Settings]);

    static async Task<JsonNode> SendAsync(HttpClient client, string message, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Submissions.Endpoint)
        {
            Content = JsonContent.Create(Submissions.Valid(("message", message))),
            Headers = { { "Idempotency-Key", key } },
        };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }
}
