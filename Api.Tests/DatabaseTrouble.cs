using System.Data.Common;
using Api.Data;
using Api.Data.Postgres;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Api.Tests;

/// <summary>Lets the database refuse its work, as its engine does.</summary>
static class DatabaseTrouble
{
    const string DiskFull = "53100";

    /// <summary>Lets statements fail, for a reason that no program expects.</summary>
    /// <param name="api">The app.</param>
    /// <param name="statements">Such as <c>INSERT ON submissions</c>.</param>
    /// <returns>Disposing it lets them succeed again.</returns>
    public static async Task<IAsyncDisposable> RefuseAsync(this ApiFactory api, string statements)
    {
        await api.ExecuteAsync(
            IsPostgres(api)
                ? $"""
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'no room';
                END $$;
                CREATE TRIGGER refused BEFORE {statements} EXECUTE FUNCTION refuse();
                """
                : $"CREATE TRIGGER refused BEFORE {statements} BEGIN SELECT raise(ABORT, 'no room'); END"
        );
        return new Undo(() =>
            api.ExecuteAsync(IsPostgres(api) ? "DROP FUNCTION refuse() CASCADE" : "DROP TRIGGER refused")
        );
    }

    /// <summary>Leaves no room for more messages than a few.</summary>
    /// <returns>Disposing it makes room.</returns>
    public static async Task<IAsyncDisposable> FillDiskAsync(this ApiFactory api)
    {
        if (IsPostgres(api))
        {
            await api.ExecuteAsync(
                $"""
                CREATE FUNCTION find_disk_full() RETURNS trigger LANGUAGE plpgsql AS $$
                BEGIN
                    RAISE EXCEPTION 'could not extend file' USING ERRCODE = '{DiskFull}';
                END $$;
                CREATE TRIGGER disk_full BEFORE INSERT ON submissions EXECUTE FUNCTION find_disk_full();
                """
            );
            return new Undo(() => api.ExecuteAsync("DROP FUNCTION find_disk_full() CASCADE"));
        }

        // The limit belongs to the one connection that writes.
        await SetMostPagesAsync(connection => connection.ExecuteScalar<int>("PRAGMA page_count"));
        return new Undo(() => SetMostPagesAsync(_ => 1_000_000));

        Task<int> SetMostPagesAsync(Func<DbConnection, int> choose) =>
            api.Database.WriteSynchronouslyAsync(
                connection => connection.ExecuteScalar<int>($"PRAGMA max_page_count = {choose(connection)}"),
                default
            );
    }

    /// <summary>Lets as many writes wait as may wait, so that another one is refused.</summary>
    /// <param name="api">
    /// The app. On PostgreSQL each write has a connection, so set <c>Database:WriteQueueCapacity</c> to less than the
    /// size of its pool.
    /// </param>
    /// <returns>Disposing it lets them end.</returns>
    public static async Task<IAsyncDisposable> FillWithWritesAsync(this ApiFactory api)
    {
        var capacity = api.App.Services.GetRequiredService<IOptions<DatabaseOptions>>().Value.WriteQueueCapacity;
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        List<Task> waiting = [];
        if (!IsPostgres(api))
            waiting.Add(await OccupyWriterAsync(api.Database, release.Task));
        // The program's own writes can take a place. On PostgreSQL they leave it again.
        while (IsPostgres(api) ? waiting.Count < capacity : !waiting[^1].IsFaulted)
        {
            var write = api.Database.WriteAsync(
                async _ =>
                {
                    if (IsPostgres(api))
                        await release.Task;
                    return 0;
                },
                default
            );
            if (!IsPostgres(api) || !write.IsFaulted)
                waiting.Add(write);
            else
                await Task.Delay(1);
        }
        return new Undo(async () =>
        {
            release.SetResult();
            await Task.WhenAll(waiting.Where(write => !write.IsFaulted));
        });
    }

    // From here on nothing is written, and what fills the queue stays in it.
    static async Task<Task> OccupyWriterAsync(Database db, Task release)
    {
        var entered = new TaskCompletionSource();
        var write = Task.Run(() =>
            db.WriteSynchronouslyAsync(
                _ =>
                {
                    entered.SetResult();
                    return release.Wait(TimeSpan.FromMinutes(5));
                },
                default
            )
        );
        await entered.Task;
        return write;
    }

    // Some tests use PostgreSQL whatever the engine of the others is.
    static bool IsPostgres(ApiFactory api) => api.Database is PostgresDatabase;

    sealed class Undo(Func<Task> undo) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await undo();
    }
}
