using System.Net;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Data;
using Api.Seed;
using Api.Tests.Access;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Data.Postgres;

/// <summary>The move command, which copies a SQLite database into PostgreSQL.</summary>
[SqliteOnly("It moves from SQLite")]
public sealed class MoveTests : IAsyncLifetime
{
    const int Messages = 100_000;

    const StringComparison Ordinal = StringComparison.Ordinal;

    /// <summary>What a caller sees of the content.</summary>
    static readonly string[] Paths =
    [
        "/v1/locations",
        "/v1/hours",
        "/v1/locations/jonesboro/calendar?from=2026-12-20&days=14",
        "/v1/articles",
        "/v1/articles/understanding-anxiety",
        "/v1/tags",
    ];

    static readonly string[] Settings =
    [
        "--Contact:Challenge:Mode=optional",
        "--Contact:Challenge:MaxNumber=50",
        // Nobody answers there.
        "--Mail:Host=127.0.0.1",
        "--Mail:Port=9",
        "--Mail:Security=none",
        "--Mail:From=website@example.com",
        "--Mail:Recipients:*:0=staff@example.com",
        "--Mail:Acknowledge=true",
    ];

    readonly TempFolder source = new();
    Deployment target = null!;

    public async ValueTask InitializeAsync() => target = await Deployment.OnSharedServerAsync(PreparedDatabase.Empty);

    public ValueTask DisposeAsync()
    {
        target.Dispose();
        source.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_large_database_is_moved_completely_and_the_service_goes_on_where_it_was()
    {
        var (repeated, erased) = (("Idempotency-Key", "\"repeated\""), ("Idempotency-Key", "\"erased\""));
        JsonNode receipt,
            erasedReceipt;
        string solution,
            cursor;
        string[] found;
        StaffKey key;
        List<string> answers = [];
        await using (var api = await StartSourceAsync())
        {
            receipt = await api.ReceivedAsync(Valid(), repeated);
            erasedReceipt = await api.ReceivedAsync(Valid(), erased);
            await api.EraseAsync((string)erasedReceipt["reference"]!);
            key = await api.CreateKeyAsync([Role.Admin]);
            solution = await api.SolveChallengeAsync();
            await api.ReceivedAsync(Valid(("altcha", solution)));
            await api.ReceivedAsync(Valid(("website", "filled in")));
            await AddRareRowsAsync(api);
            await AddMessagesAsync(api);
            await api.ReceivedAsync(Valid());
            foreach (var path in Paths)
                answers.Add((await api.GetAsync(path)).ToJsonString());
            found = await FindSlugsAsync(api, "anxiety");
            cursor = (string)(await api.GetAsync("/v1/articles?limit=2"))["nextCursor"]!;
            answers.Add((await api.GetAsync($"/v1/articles?limit=2&cursor={cursor}")).ToJsonString());
        }
        var (exitCode, output, errors) = await MoveAsync();
        Assert.Equal((0, ""), (exitCode, errors));
        var rows = CountSourceRows();
        Assert.DoesNotContain(rows, table => table.Value == 0);
        Assert.Equal(rows, target.CountRows());
        Assert.Equal(
            rows.Select(table => $"{table.Key}: {table.Value}"),
            output.Split('\n').Take(DatabaseMove.Tables.Count)
        );
        foreach (
            var sample in new[]
            {
                "SELECT id, reference || received_at || coalesce(reply_by, ''), sealed FROM submissions WHERE id % 97 < 3",
                "SELECT id, delivery_id || state || due_at, NULL FROM outbox WHERE id % 97 = 0",
                "SELECT 0, expires_at, digest FROM redeemed_challenges",
                "SELECT number, written_at, address FROM acknowledged_addresses",
            }
        )
            Assert.Equal(
                Lines(ReadSource<(long, string, byte[]?)>(sample)),
                Lines(target.Rows<(long, string, byte[]?)>(sample))
            );

        await using var moved = await target.StartAsync([.. Settings, $"--Keys:Folder={source.Keys}"]);
        foreach (var (path, answer) in Paths.Append($"/v1/articles?limit=2&cursor={cursor}").Zip(answers))
            JsonAssert.Equal(answer, await moved.GetAsync(path));
        Assert.Equal(found, await FindSlugsAsync(moved, "anxiety"));
        // The keys still work, and the audit goes on.
        using (var refused = await moved.SendAsync(HttpMethod.Get, "/v1/staff/me", ("Authorization", "Bearer x")))
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.Equal(
            ["signInRefused", "keyCreated", "submissionErased"],
            (await moved.GetAsync(key, "/v1/staff/audit"))["items"]!.AsArray().Select(item => (string)item!["action"]!)
        );
        // What was acknowledged is answered in the same way, and not stored again.
        var count = await moved.CountAsync();
        JsonAssert.Equal(receipt.ToJsonString(), await moved.ReceivedAsync(Valid(), repeated));
        JsonAssert.Equal(erasedReceipt.ToJsonString(), await moved.ReceivedAsync(Valid(), erased));
        using (var spent = await moved.SubmitAsync(Valid(("altcha", solution))))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, spent.StatusCode);
        Assert.Equal(count, await moved.CountAsync());
        var opened = await moved.OpenAsync((string)receipt["reference"]!);
        Assert.Equal("I would like an appointment.", opened!.Message);
        // The program has sealed the one in clear.
        Assert.Equal(0, target.Query<long>("SELECT count(*) FROM submissions_in_clear"));
        Assert.Equal("In clear.", (await moved.OpenAsync("CLEAR"))!.Message);

        // New rows get ids that are free.
        var largest = target.Query<long>("SELECT max(id) FROM submissions");
        await moved.ReceivedAsync(Valid());
        Assert.True(target.Query<long>("SELECT max(id) FROM submissions") > largest);
        await moved.App.Services.GetRequiredService<SeedLoader>().LoadAsync(SeedFolder.Default, default);
    }

    [Fact]
    public async Task A_target_that_is_not_empty_is_refused()
    {
        await PreparedDatabase.Seeded.CopyToAsync(source.Path);
        target.Execute("INSERT INTO disabled_webhooks VALUES ('crm', '2026-07-01T12:00:00.000Z')");
        await RefusedAsync(
            $"The database {target.Name} is not empty: disabled_webhooks has rows. Nothing was copied; create an empty "
                + "database and name it in Database:ConnectionString."
        );
        Assert.Equal(1, target.CountRows().Values.Sum());
    }

    [Fact]
    public async Task A_source_that_a_program_uses_is_refused()
    {
        await using var api = await StartSourceAsync();
        await RefusedAsync($"{source.File("clinic.db")} is in use: stop the program first.");
        await api.ReceivedAsync(Valid());
    }

    [Theory]
    [InlineData("DELETE FROM SchemaVersions WHERE ScriptName = (SELECT max(ScriptName) FROM SchemaVersions)")]
    [InlineData("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_later.sql', '2027-01-01')")]
    public async Task A_source_with_another_schema_is_refused(string sql)
    {
        await PreparedDatabase.Seeded.CopyToAsync(source.Path);
        ExecuteInSource(sql);
        await RefusedAsync(
            $"{source.File("clinic.db")} has another schema than this program: run its migrate command on it first, "
                + "with the same version of the program."
        );
    }

    [Fact]
    public async Task A_source_that_is_missing_or_something_else_is_refused()
    {
        var file = source.File("clinic.db");
        await RefusedAsync($"There is no database at {file}: name the folder of the SQLite database.");
        await File.WriteAllTextAsync(file, new string('x', 5000));
        await RefusedAsync($"{file} is not a database of this program. (*)");
    }

    [Fact]
    public async Task A_move_that_fails_half_way_leaves_the_target_empty_and_succeeds_once_the_cause_is_removed()
    {
        await PreparedDatabase.Seeded.CopyToAsync(source.Path);
        // SQLite stores the character U+0000 in a text, and PostgreSQL does not.
        ExecuteInSource("INSERT INTO disabled_webhooks VALUES ('a' || char(0), '2026-07-01T12:00:00.000Z')");
        await RefusedAsync(
            "PostgreSQL refuses a row of disabled_webhooks, so nothing was copied: correct it in the SQLite database. "
                + "(invalid byte sequence for encoding \"UTF8\": 0x00)"
        );
        Assert.All(target.CountRows(), table => Assert.Equal(0, table.Value));

        ExecuteInSource("DELETE FROM disabled_webhooks");
        Assert.Equal(0, (await MoveAsync()).ExitCode);
        Assert.Equal(CountSourceRows(), target.CountRows());
    }

    static async Task<string[]> FindSlugsAsync(ApiFactory api, string words)
    {
        var articles = (await api.GetAsync($"/v1/articles?q={words}"))["items"]!.AsArray();
        return [.. articles.Select(article => (string)article!["slug"]!)];
    }

    static IEnumerable<string> Lines(IEnumerable<(long Number, string Text, byte[]? Bytes)> rows) =>
        rows.Select(row => $"{row.Number} {row.Text} {Convert.ToHexString(row.Bytes ?? [])}").Order();

    Task<ApiFactory> StartSourceAsync() =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([$"--Database:Folder={source.Path}", $"--Keys:Folder={source.Keys}", .. Settings])
        );

    Task<(int ExitCode, string Output, string Errors)> MoveAsync() =>
        Command.RunAsync("move", source.Path, $"--Database:ConnectionString={target.ConnectionString}");

    async Task RefusedAsync(string sentence)
    {
        var (exitCode, output, errors) = await MoveAsync();
        Assert.Equal((1, ""), (exitCode, output));
        var parts = sentence.Split('*');
        Assert.StartsWith(parts[0], errors, Ordinal);
        Assert.EndsWith($"{parts[^1]}\n", errors, Ordinal);
    }

    /// <summary>Rows of the tables that the program has not filled, and deliveries in every state.</summary>
    static async Task AddRareRowsAsync(ApiFactory api)
    {
        foreach (
            var sql in new[]
            {
                """
                    INSERT INTO hours_exceptions (yearly_from, yearly_to, effect, reason)
                    VALUES ('12-24', '12-24', 'periods', 'Christmas Eve')
                    """,
                """
                    INSERT INTO hours_exception_periods (hours_exception_id, opens, closes)
                    SELECT id, '08:00', '12:00' FROM hours_exceptions
                    """,
                """
                    INSERT INTO submissions_in_clear (reference, location_id, name, email, preferred_contact, message,
                                                      consent, received_at)
                    SELECT 'CLEAR', min(id), 'Test Sender', 'sender@example.com', 'email', 'In clear.', TRUE,
                           '2026-01-01T00:00:00.000Z'
                    FROM locations
                    """,
                """
                    INSERT INTO submission_notes (id, submission_id, written_at, author, sealed)
                    SELECT '01890f3e', min(id), '2026-07-01T12:00:00.000Z', 'Front desk', x'0102' FROM submissions
                    """,
                "INSERT INTO disabled_webhooks VALUES ('crm', '2026-07-01T12:00:00.000Z')",
            }
        )
            await api.ExecuteAsync(sql);
    }

    /// <summary>Adds many messages with a delivery each, as if the program had been used for years.</summary>
    static async Task AddMessagesAsync(ApiFactory api)
    {
        await api.ExecuteAsync(
            $"""
            WITH RECURSIVE numbers (value) AS (
                SELECT 1
                UNION ALL
                SELECT value + 1 FROM numbers WHERE value < {Messages}
            )
            INSERT INTO submissions (reference, location_id, received_at, reply_by, after_hours, language, handled_at,
                                     email_index, fingerprint, sealed)
            SELECT 'M' || value, 1, '2026-01-01T00:00:00.000Z', CASE WHEN value % 2 THEN '2026-01-02T00:00:00.000Z' END,
                   CASE WHEN value % 3 THEN value % 2 END, 'en',
                   CASE WHEN value % 5 THEN '2026-01-03T00:00:00.000Z' END, randomblob(32),
                   CASE WHEN value % 7 THEN randomblob(32) END, randomblob(400)
            FROM numbers
            """
        );
        await api.ExecuteAsync(
            """
            INSERT INTO outbox (delivery_id, submission_id, channel, target, state, attempts, waiting_since, due_at)
            SELECT 'D' || id, id, 'mail', 'staff@example.com',
                   CASE id % 3 WHEN 0 THEN 'waiting' WHEN 1 THEN 'delivered' ELSE 'failed' END, id % 5, received_at,
                   '2027-01-01T00:00:00.000Z'
            FROM submissions
            WHERE reference LIKE 'M%'
            """
        );
    }

    void ExecuteInSource(string sql) => OpenSource(connection => connection.Execute(sql));

    T[] ReadSource<T>(string sql) => OpenSource(connection => connection.Query<T>(sql).ToArray());

    Dictionary<string, long> CountSourceRows() =>
        DatabaseMove.Tables.ToDictionary(
            table => table,
            table => OpenSource(connection => connection.ExecuteScalar<long>($"SELECT count(*) FROM {table}"))
        );

    T OpenSource<T>(Func<SqliteConnection, T> work)
    {
        using var connection = new SqliteConnection($"Data Source={source.File("clinic.db")};Pooling=False");
        connection.Open();
        return work(connection);
    }
}
