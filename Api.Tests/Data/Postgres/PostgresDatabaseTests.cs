using Api.Data;
using Api.Data.Postgres;
using Dapper;
using DbUp.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Api.Tests.Data.Postgres;

/// <summary>The database on PostgreSQL and its migrations, without the rest of the program.</summary>
[AnyEngine]
public sealed class PostgresDatabaseTests : IAsyncLifetime
{
    static readonly SqlScript First = new("0001_a.sql", "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);");

    static int databases;

    readonly string name = $"database_test_{Interlocked.Increment(ref databases)}";
    PostgresDatabase db = null!,
        other = null!;

    public ValueTask InitializeAsync()
    {
        PostgresServer.Shared.CreateDatabase(name);
        (db, other) = (Open(), Open());
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await db.DisposeAsync();
        await other.DisposeAsync();
        PostgresServer.Shared.DropDatabase(name);
    }

    PostgresDatabase Open() =>
        new(
            Options.Create(new DatabaseOptions { ConnectionString = PostgresServer.Shared.ConnectionString(name) }),
            new StorageHealth(TimeProvider.System, NullLogger<StorageHealth>.Instance)
        );

    static PostgresMigrator Migrator(PostgresDatabase db, params SqlScript[] scripts) =>
        new(db, NullLogger<PostgresMigrator>.Instance) { Scripts = scripts };

    Task<T> ReadAsync<T>(string sql) => db.ReadAsync(connection => connection.ExecuteScalarAsync<T>(sql), default)!;

    [Fact]
    public async Task A_migration_that_fails_half_way_is_rolled_back_and_named()
    {
        Migrator(db, First).Migrate();
        var second = new SqlScript(
            "0002_b.sql",
            "CREATE TABLE b (x BIGINT); UPDATE a SET x = 2; INSERT INTO nowhere VALUES (1);"
        );
        var fault = Assert.Throws<StartupFault>(Migrator(db, First, second).Migrate);
        Assert.Contains("0002_b.sql", fault.Message, StringComparison.Ordinal);
        Assert.Contains("nowhere", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, await ReadAsync<long>("SELECT x FROM a"));
        Assert.True(await ReadAsync<bool>("SELECT to_regclass('b') IS NULL"));
        Assert.Equal(1, await ReadAsync<long>("SELECT count(*) FROM schemaversions"));
    }

    [Fact]
    public async Task Instances_that_migrate_at_once_run_each_script_once()
    {
        SqlScript[] scripts =
        [
            First,
            .. Enumerable
                .Range(2, 20)
                .Select(i => new SqlScript(
                    $"{i:0000}_more.sql",
                    $"CREATE TABLE t{i} (x BIGINT); UPDATE a SET x = x + 1;"
                )),
        ];
        await Task.WhenAll(
            new[] { db, other, db, other }.Select(one => Task.Run(() => Migrator(one, scripts).Migrate()))
        );
        Assert.Equal(21, await ReadAsync<long>("SELECT x FROM a"));
        Assert.True(await Migrator(db, scripts).IsUpToDateAsync(default));
    }

    [Fact]
    public async Task A_newer_database_is_refused_at_the_start()
    {
        Migrator(db, First, new SqlScript("0002_b.sql", "CREATE TABLE b (x BIGINT);")).Migrate();
        var fault = Assert.Throws<StartupFault>(Migrator(db, First).Migrate);
        Assert.Contains("0002_b.sql", fault.Message, StringComparison.Ordinal);
        Assert.True(await Migrator(db, First).IsUpToDateAsync(default));
    }

    [Fact]
    public async Task Only_one_instance_at_a_time_does_what_only_one_may_do()
    {
        var began = new TaskCompletionSource();
        var end = new TaskCompletionSource();
        var first = db.TryRunAloneAsync(SoleWork.Housekeeping, waits: false, () => Begin(began, end), default);
        await began.Task;

        Assert.False(await other.TryRunAloneAsync(SoleWork.Housekeeping, waits: false, Fail, default));
        // Another kind of work does not wait for it.
        Assert.True(await other.TryRunAloneAsync(SoleWork.Seed, waits: false, () => Task.CompletedTask, default));
        var order = new List<string>();
        var waiting = other.TryRunAloneAsync(
            SoleWork.Housekeeping,
            waits: true,
            () =>
            {
                order.Add("second");
                return Task.CompletedTask;
            },
            default
        );
        await WaitForLockAsync();
        order.Add("first");
        end.SetResult();
        Assert.True(await first);
        Assert.True(await waiting);
        Assert.Equal(["first", "second"], order);

        static Task Begin(TaskCompletionSource began, TaskCompletionSource end)
        {
            began.SetResult();
            return end.Task;
        }

        static Task Fail() => throw new InvalidOperationException("This must not run.");
    }

    [Fact]
    public async Task A_lock_ends_when_the_work_fails()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            db.TryRunAloneAsync(SoleWork.Keys, waits: true, () => throw new InvalidOperationException(), default)
        );
        Assert.True(await other.TryRunAloneAsync(SoleWork.Keys, waits: false, () => Task.CompletedTask, default));
    }

    [Fact]
    public async Task A_transaction_that_conflicts_with_another_is_repeated_and_nothing_is_done_twice()
    {
        Migrator(db, First, new SqlScript("0002_b.sql", "CREATE TABLE b (x BIGINT); INSERT INTO b VALUES (0);"))
            .Migrate();
        // Each has locked its first row before either wants the other's, so one of them is the victim of a deadlock.
        var (hasA, hasB) = (new TaskCompletionSource(), new TaskCompletionSource());
        var attempts = 0;
        Task WriteAsync(string first, TaskCompletionSource hasFirst, string second, TaskCompletionSource otherHasIt) =>
            db.WriteAsync(
                async connection =>
                {
                    Interlocked.Increment(ref attempts);
                    await connection.ExecuteAsync("SET LOCAL deadlock_timeout = '10ms'");
                    await connection.ExecuteAsync($"UPDATE {first} SET x = x + 1");
                    hasFirst.TrySetResult();
                    await otherHasIt.Task;
                    return await connection.ExecuteAsync($"UPDATE {second} SET x = x + 1");
                },
                default
            );
        await Task.WhenAll(WriteAsync("a", hasA, "b", hasB), WriteAsync("b", hasB, "a", hasA));
        Assert.True(attempts > 2, $"{attempts}");
        Assert.Equal(1 + 2, await ReadAsync<long>("SELECT x FROM a"));
        Assert.Equal(2, await ReadAsync<long>("SELECT x FROM b"));
    }

    [Fact]
    public async Task A_cancelled_write_is_undone()
    {
        Migrator(db, First).Migrate();
        using var cancellation = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            db.WriteAsync(
                async connection =>
                {
                    var changed = await connection.ExecuteAsync("UPDATE a SET x = 2");
                    await cancellation.CancelAsync();
                    return changed;
                },
                cancellation.Token
            )
        );
        Assert.Equal(1, await ReadAsync<long>("SELECT x FROM a"));
    }

    [Fact]
    public async Task A_check_before_the_commit_that_fails_undoes_the_write()
    {
        Migrator(db, First).Migrate();
        await Assert.ThrowsAsync<StorageException>(() =>
            db.WriteAsync(
                connection => connection.ExecuteAsync("UPDATE a SET x = 2"),
                default,
                () => throw new StorageException(StorageFault.KeysMissing)
            )
        );
        Assert.Equal(1, await ReadAsync<long>("SELECT x FROM a"));
    }

    // Until the second instance waits for the first.
    async Task WaitForLockAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        const string Waits =
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
            + "(SELECT oid FROM pg_database WHERE datname = current_database()))";
        while (!await ReadAsync<bool>(Waits))
            await Task.Delay(10, patience.Token);
    }
}
