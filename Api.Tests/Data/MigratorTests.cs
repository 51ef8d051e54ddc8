using System.Diagnostics.Metrics;
using Api.Data;
using Api.Data.Sqlite;
using Dapper;
using DbUp.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Api.Tests.Data;

public sealed class MigratorTests : IAsyncLifetime
{
    readonly TempFolder folder = new();
    readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    SqliteDatabase db = null!;

    public ValueTask InitializeAsync()
    {
        db = new SqliteDatabase(
            Options.Create(new DatabaseOptions { Folder = folder.Path }),
            new HostingEnvironment { ContentRootPath = "/" },
            new StorageHealth(TimeProvider.System, NullLogger<StorageHealth>.Instance),
            new WriteQueueMetrics(services.GetRequiredService<IMeterFactory>())
        );
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await db.DisposeAsync();
        await services.DisposeAsync();
        folder.Dispose();
    }

    Migrator With(params SqlScript[] scripts) =>
        new SqliteMigrator(db, NullLogger<SqliteMigrator>.Instance) { Scripts = scripts };

    async Task<string[]> SchemaAsync()
    {
        await using var connection = await db.OpenAsync(default);
        return
        [
            .. await connection.QueryAsync<string>(
                "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY 1"
            ),
        ];
    }

    [Fact]
    public async Task Every_script_runs_once_and_migrating_again_changes_nothing()
    {
        var migrator = new SqliteMigrator(db, NullLogger<SqliteMigrator>.Instance);
        Assert.NotEmpty(migrator.Scripts);
        migrator.Migrate();
        Assert.True(await migrator.IsUpToDateAsync(default));
        var schema = await SchemaAsync();
        var bytes = File.ReadAllBytes(db.File);

        migrator.Migrate();
        Assert.Equal(schema, await SchemaAsync());
        Assert.Equal(bytes, File.ReadAllBytes(db.File));
    }

    [Fact]
    public async Task A_script_that_fails_half_way_is_rolled_back_completely_and_named()
    {
        With(new SqlScript("0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);")).Migrate();
        var before = await SchemaAsync();

        var fault = Assert.Throws<StartupFault>(
            With(
                new SqlScript("0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);"),
                new SqlScript(
                    "0002_b.sql",
                    "CREATE TABLE b (x INTEGER) STRICT; UPDATE a SET x = 2; INSERT INTO nowhere VALUES (1);"
                )
            ).Migrate
        );

        Assert.Contains("0002_b.sql", fault.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, await SchemaAsync());
        await using var connection = await db.OpenAsync(default);
        Assert.Equal(1, connection.ExecuteScalar<int>("SELECT x FROM a"));
        Assert.Equal(["0001_a.sql"], connection.Query<string>("SELECT ScriptName FROM SchemaVersions"));
    }

    [Fact]
    public async Task A_database_newer_than_the_program_is_refused_at_the_start_but_serves_a_running_program()
    {
        var old = new SqlScript("0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;");
        With(old, new SqlScript("0002_b.sql", "CREATE TABLE b (x INTEGER) STRICT;")).Migrate();
        var fault = Assert.Throws<StartupFault>(With(old).Migrate);
        Assert.Contains("newer than this program", fault.Message, StringComparison.Ordinal);
        Assert.Contains("0002_b.sql", fault.Message, StringComparison.Ordinal);
        Assert.True(await With(old).IsUpToDateAsync(default));
    }

    [Fact]
    public async Task A_missing_script_is_noticed()
    {
        With(new SqlScript("0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;")).Migrate();
        Assert.False(
            await With(
                    new SqlScript("0001_a.sql", "CREATE TABLE a (x INTEGER) STRICT;"),
                    new SqlScript("0002_b.sql", "CREATE TABLE b (x INTEGER) STRICT;")
                )
                .IsUpToDateAsync(default)
        );
    }

    [Fact]
    public void Scripts_are_numbered_without_a_gap()
    {
        var numbers = new SqliteMigrator(db, NullLogger<SqliteMigrator>.Instance).Scripts.Select(script =>
            int.Parse(script.Name[..4], null)
        );
        Assert.Equal(Enumerable.Range(1, numbers.Count()), numbers);
    }
}
