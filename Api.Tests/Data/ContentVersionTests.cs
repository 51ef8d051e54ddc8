using Api.Articles;
using Api.Data;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NodaTime;

namespace Api.Tests.Data;

public sealed class ContentVersionTests : IAsyncLifetime
{
    readonly ApiFactory api = new();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    Task<long> ReadVersionAsync() => api.Database.ReadAsync(ContentVersion.ReadAsync, default);

    /// <summary>The difference that a change makes to the version.</summary>
    async Task<long> CountAsync(Func<Task> change)
    {
        var before = await ReadVersionAsync();
        await change();
        return await ReadVersionAsync() - before;
    }

    Task<long> CountAsync(string sql) => CountAsync(() => api.ExecuteAsync(sql));

    /// <summary>Asserts that each row that a statement has changed raises the version.</summary>
    async Task AssertRaisesAsync(long rows, string sql)
    {
        var difference = await CountAsync(sql);
        // PostgreSQL's triggers run once for each table.
        Assert.True(Engine.IsPostgres ? difference > 0 : difference == rows, $"{sql}: {difference}");
    }

    /// <summary>A row for each table with content. Those that others belong to come first.</summary>
    static readonly (string Table, string Insert)[] Content =
    [
        ("locations", "INSERT INTO locations (slug, name, time_zone) VALUES ('new', 'New', 'America/Chicago')"),
        (
            "weekly_hours",
            "INSERT INTO weekly_hours (location_id, valid_from) SELECT max(id), '2027-01-01' FROM locations"
        ),
        (
            "weekly_periods",
            """
            INSERT INTO weekly_periods (weekly_hours_id, day, opens, closes)
            SELECT max(id), 6, '08:00', '12:00' FROM weekly_hours
            """
        ),
        (
            "hours_exceptions",
            """
            INSERT INTO hours_exceptions (starts_on, ends_on, effect, reason)
            VALUES ('2026-12-24', '2026-12-24', 'periods', 'Christmas Eve')
            """
        ),
        (
            "hours_exception_periods",
            """
            INSERT INTO hours_exception_periods (hours_exception_id, opens, closes)
            SELECT max(id), '08:00', '12:00' FROM hours_exceptions
            """
        ),
        (
            "articles",
            """
            INSERT INTO articles (slug, title, summary, tags, updated_at, reading_minutes, renderer, sections, markdown, html)
            VALUES ('new', 'New', '', '[]', '2026-07-01T00:00:00.000Z', 1, 1, '[]', '', '')
            """
        ),
        ("article_tags", "INSERT INTO article_tags (tag, article_id) SELECT 'new', max(id) FROM articles"),
    ];

    static readonly string[] NoContent =
    [
        "schemaversions",
        "access_keys",
        "acknowledged_addresses",
        "audit_entries",
        "content_version",
        "disabled_webhooks",
        "erased_submissions",
        "erasure_counts",
        "outbox",
        "redeemed_challenges",
        "submission_notes",
        "submissions",
        "submissions_in_clear",
        // Written together with the articles.
        "article_search",
        "article_words",
    ];

    [Fact]
    public async Task Every_write_of_content_raises_the_version()
    {
        foreach (var (_, insert) in Content)
            await AssertRaisesAsync(1, insert);
        foreach (var (table, insert) in Content)
        {
            var column = insert.Split('(', ',')[1];
            var rows = await api.QueryAsync<long>($"SELECT count(*) FROM {table}");
            await AssertRaisesAsync(rows, $"UPDATE {table} SET {column} = {column}");
        }
        foreach (var (table, _) in Content.Reverse())
        {
            var rows = await api.QueryAsync<long>($"SELECT count(*) FROM {table}");
            Assert.NotEqual(0, rows);
            await AssertRaisesAsync(rows, $"DELETE FROM {table}");
        }
    }

    [Fact]
    public async Task Rows_that_go_with_their_owner_raise_the_version()
    {
        foreach (var (_, insert) in Content)
            await api.ExecuteAsync(insert);
        var weeks = await api.QueryAsync<long>("SELECT count(*) FROM weekly_hours");
        var periods = await api.QueryAsync<long>("SELECT count(*) FROM weekly_periods");
        await AssertRaisesAsync(weeks + periods, "DELETE FROM weekly_hours");
        await AssertRaisesAsync(2, "DELETE FROM hours_exceptions WHERE reason = 'Christmas Eve'");
        var tags = await api.QueryAsync<long>("SELECT count(*) FROM article_tags");
        var articles = await api.QueryAsync<long>("SELECT count(*) FROM articles");
        await AssertRaisesAsync(articles + tags, "DELETE FROM articles");
    }

    [Fact]
    public async Task A_new_table_is_content_or_is_not()
    {
        var tables = await api.RowsAsync<string>(
            Engine.IsPostgres
                ? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
                : """
                SELECT lower(name) FROM pragma_table_list
                WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite_%'
                """
        );
        string[] own = Engine.IsPostgres ? [] : ["owed_log_truncations"];
        Assert.Equal(Content.Select(content => content.Table).Concat(NoContent).Concat(own).Order(), tables.Order());
    }

    [Fact]
    public async Task What_changes_nothing_does_not_raise_the_version()
    {
        var article = new ArticleDraft("new", "New", "", ["a", "b"], null, null, "Text");
        Assert.NotEqual(0, await CountAsync(() => api.SaveArticlesAsync(article)));
        Assert.NotEqual(0, await CountAsync(() => api.SaveArticlesAsync(article with { Title = "Newer" })));
        // PostgreSQL's triggers also run for a statement that changes no row.
        if (!Engine.IsPostgres)
        {
            Assert.Equal(0, await CountAsync(() => api.SaveArticlesAsync(article with { Title = "Newer" })));
            Assert.Equal(0, await CountAsync("UPDATE locations SET name = 'New' WHERE slug = 'nowhere'"));
        }
        Assert.Equal(0, await CountAsync(() => api.ReceivedAsync(Submissions.Valid())));
        Assert.Equal(
            0,
            await CountAsync(() =>
                Assert.ThrowsAsync<InvalidOperationException>(() =>
                    api.Database.WriteSynchronouslyAsync<int>(
                        connection =>
                        {
                            connection.Execute("DELETE FROM articles");
                            throw new InvalidOperationException();
                        },
                        default
                    )
                )
            )
        );
    }

    [Fact]
    public async Task The_rows_of_a_write_are_counted_without_those_of_the_triggers()
    {
        Assert.Equal(1, await api.ExecuteAsync("UPDATE locations SET name = 'New' WHERE slug = 'jonesboro'"));
        Assert.Equal(0, await api.ExecuteAsync("UPDATE locations SET name = 'New' WHERE slug = 'nowhere'"));
    }

    // Moves the clock by a second, and waits until the program has read the version.
    async Task PollAsync()
    {
        var before = api.Version.Current;
        await api.AdvanceAsync(TimeSpan.FromSeconds(1));
        await UntilAsync(() => api.Version.Current != before);
    }

    async Task UntilAsync(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            Assert.False(patience.IsCancellationRequested, api.Log.Text);
            await Task.Delay(1);
        }
    }

    async Task<string> SeeAsync()
    {
        using var cached = await api.Client.GetAsync("/v1/locations/jonesboro");
        var name = await cached.Content.ReadAsStringAsync();
        var article = await api.Client.GetStringAsync("/v1/articles");
        var status = await api.GetAsync("/v1/status?at=2026-07-01T15:00:00Z");
        var form = await api.GetAsync("/v1/contact-form");
        var receipt = await api.ReceivedAsync(Submissions.Valid());
        return string.Join(
            ", ",
            name.Contains("\"Renamed\"", StringComparison.Ordinal),
            article.Contains("\"Another\"", StringComparison.Ordinal),
            status["items"]!.AsArray().Single(item => (string?)item!["location"] == "jonesboro")!["state"],
            string.Join(' ', form["locations"]!.AsArray().Select(location => location!["label"])),
            receipt["replyBy"] ?? "-"
        );
    }

    const string Before = "False, False, open, Ash Flat Jonesboro Paragould, 2026-07-02T22:00:00Z";

    [Fact]
    public async Task An_edit_of_another_program_shows_everywhere_after_a_second()
    {
        Assert.Equal(Before, await SeeAsync());
        await using var other = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([$"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"])
        );
        await other.ExecuteAsync("UPDATE locations SET name = 'Renamed' WHERE slug = 'jonesboro'");
        await other.ExecuteAsync("DELETE FROM weekly_hours");
        await other.SaveArticlesAsync(
            new ArticleDraft("another", "Another", "", [], null, Instant.FromUtc(2026, 7, 1, 0, 0), "Text")
        );
        // The other one shows it at once, and this one has not looked yet.
        Assert.Equal("Renamed", (string?)(await other.GetAsync("/v1/locations/jonesboro"))["name"]);
        Assert.Equal(Before, await SeeAsync());
        await PollAsync();
        Assert.Equal("True, True, unknown, Ash Flat Paragould Renamed, -", await SeeAsync());
    }

    [Fact]
    public async Task What_the_seed_command_loads_shows_everywhere_after_a_second()
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File("articles"));
        await File.WriteAllTextAsync(
            folder.File("clinic.yaml"),
            """
            clinic:
              timeZone: America/Chicago
            locations:
              - slug: jonesboro
                name: Renamed
            """
        );
        await File.WriteAllTextAsync(
            folder.File("articles/another.md"),
            """
            ---
            title: Another
            slug: another
            summary: Summary
            tags: [new]
            published: 2026-07-01T00:00:00Z
            ---
            Text
            """
        );
        Assert.Equal(Before, await SeeAsync());
        var (exitCode, _, errors) = await Command.RunAsync("seed", folder.Path, $"--Database:Folder={api.Folder.Path}");
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Equal(Before, await SeeAsync());
        await PollAsync();
        Assert.Equal("True, True, unknown, Ash Flat Paragould Renamed, -", await SeeAsync());
    }

    [Fact]
    public async Task The_poll_survives_a_database_that_cannot_be_read_for_a_while()
    {
        // With a clock and a log of its own, so that nothing else reads or logs.
        var clock = new FakeTimeProvider(ApiFactory.Now);
        using var log = new LogSink();
        using var logs = LoggerFactory.Create(logging => logging.AddProvider(log));
        var health = new StorageHealth(clock, logs.CreateLogger<StorageHealth>());
        using var poll = new ContentPoll(api.Version, health, clock);
        await poll.StartAsync(default);

        var fault = Engine.IsPostgres ? StorageFault.Unreachable : StorageFault.Inaccessible;
        using (Engine.Hide(api.Folder.Path))
        {
            // Connections that are open already would still read it.
            SqliteConnection.ClearAllPools();
            for (var second = 0; second < 3; second++)
            {
                clock.Advance(TimeSpan.FromSeconds(1));
                await UntilAsync(() => log.Text.Contains(fault.Sentence(), StringComparison.Ordinal));
            }
            // What is in memory is still answered. What is not is tried again each time.
            await api.GetAsync("/v1/locations/jonesboro");
            await api.GetAsync("/v1/status", 503);
            await api.GetAsync("/v1/status", 503);
        }

        await api.GetAsync("/v1/status");
        await api.ExecuteUnnoticedAsync("UPDATE locations SET name = 'Renamed' WHERE slug = 'jonesboro'");
        var before = api.Version.Current;
        clock.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => api.Version.Current != before);
        Assert.Equal("Renamed", (string?)(await api.GetAsync("/v1/locations/jonesboro"))["name"]);
        Assert.Single(log.Text.Split('\n'));
        await poll.StopAsync(default);
    }

    [Fact]
    public async Task Without_a_prepared_database_there_is_no_poll()
    {
        // As the openapi command starts it.
        using var folder = new TempFolder();
        await using var app = Program.Compose(
            ApiProcess.Complete(["--Urls=http://127.0.0.1:0", $"--Database:Folder={folder.Path}"]),
            builder => builder.Logging.ClearProviders()
        );
        await app.StartAsync(TestContext.Current.CancellationToken);
        var poll = app.Services.GetServices<IHostedService>().OfType<ContentPoll>().Single();
        await poll.ExecuteTask!.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
    }
}
