using System.Data;
using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using Npgsql;

namespace Api.Data.Postgres;

/// <summary>
/// The database on a PostgreSQL server, which any number of instances can share. Each write is a transaction of its
/// own: PostgreSQL commits those of several connections together.
/// </summary>
sealed class PostgresDatabase : Database
{
    /// <summary>
    /// The settings of connections, unless the operator's connection string has others. Several instances must fit into
    /// the 100 connections that a server takes by default. Statements are prepared once. A session is not reset between
    /// two uses: nothing here changes its state.
    /// </summary>
    const string Defaults =
        "Application Name=clinic;Maximum Pool Size=30;Timeout=5;Max Auto Prepare=100;No Reset On Close=true;";

    /// <summary>How many times a transaction is tried while it conflicts with others.</summary>
    const int Attempts = 5;

    /// <summary>The first number of the advisory locks ("CLIN"): other programs on the database use others.</summary>
    const int LockSpace = 0x434C494E;

    readonly StorageHealth health;
    readonly int capacity;
    int writes;

    public PostgresDatabase(IOptions<DatabaseOptions> options, StorageHealth health)
    {
        SqlTypes.Register();
        this.health = health;
        capacity = options.Value.WriteQueueCapacity;
        var settings = ReadConnectionString(options.Value.ConnectionString!);
        Name = $"{settings.Database} on {settings.Host}";
        Source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    /// <summary>The pool of connections.</summary>
    public NpgsqlDataSource Source { get; }

    public override string Name { get; }
    public override string EngineName => "postgresql";
    public override string SkipLocked => "FOR UPDATE OF o SKIP LOCKED";

    public override string IsIn(string parameter) => $"= ANY ({parameter})";

    /// <exception cref="ArgumentException">It cannot be understood.</exception>
    public static NpgsqlConnectionStringBuilder ReadConnectionString(string connectionString) =>
        // The details of an error can have what a sender wrote.
        new(Defaults + connectionString) { IncludeErrorDetail = false };

    public override Task<T> ReadAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    ) =>
        RunAsync(
            "read",
            async () =>
            {
                await using var connection = await Source.OpenConnectionAsync(ct);
                return await query(connection);
            },
            method,
            file
        );

    public override Task<T> ReadSnapshotAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    ) =>
        ReadAsync(
            async connection =>
            {
                await using var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
                return await query(connection);
            },
            ct,
            method,
            file
        );

    public override Task<T> WriteAsync<T>(
        Func<DbConnection, Task<T>> work,
        CancellationToken ct,
        Action? beforeCommit = null,
        bool isOneCommand = false,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    ) => RunAsync("write", () => WriteAsync(work, beforeCommit, isOneCommand, ct), method, file);

    public override Task<long?> InsertAsync(
        DbConnection connection,
        string insert,
        object values,
        DependentRows? dependents
    )
    {
        if (dependents is null)
            return connection.ExecuteScalarAsync<long?>(insert, values);
        var all = new DynamicParameters(values);
        all.AddDynamicParams(dependents.Values);
        return connection.ExecuteScalarAsync<long?>(
            $"WITH parent AS ({insert}), dependents AS ({dependents.Insert}) SELECT id FROM parent",
            all
        );
    }

    async Task<T> WriteAsync<T>(
        Func<DbConnection, Task<T>> work,
        Action? beforeCommit,
        bool isOneCommand,
        CancellationToken ct
    )
    {
        try
        {
            if (Interlocked.Increment(ref writes) > capacity)
                throw new WriteQueueFullException("Too many writes wait for the database.");
            var result = await CommitAsync(work, beforeCommit, isOneCommand, ct);
            health.Succeeded();
            return result;
        }
        catch (Exception e)
        {
            health.Failed(PostgresFaults.Translate(e), isWrite: true);
            throw;
        }
        finally
        {
            Interlocked.Decrement(ref writes);
        }
    }

    async Task<T> CommitAsync<T>(
        Func<DbConnection, Task<T>> work,
        Action? beforeCommit,
        bool isOneCommand,
        CancellationToken ct
    )
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await using var connection = await Source.OpenConnectionAsync(ct);
                if (isOneCommand)
                {
                    beforeCommit?.Invoke();
                    return await work(connection);
                }
                await using var transaction = await connection.BeginTransactionAsync(ct);
                var result = await work(connection);
                beforeCommit?.Invoke();
                ct.ThrowIfCancellationRequested();
                await transaction.CommitAsync(CancellationToken.None);
                return result;
            }
            catch (PostgresException e) when (PostgresFaults.IsConflict(e) && attempt < Attempts)
            {
                // Not at the same time as the transaction that it conflicts with.
                await Task.Delay(Random.Shared.Next(1, 10 * attempt), ct);
            }
        }
    }

    async Task<T> RunAsync<T>(string operation, Func<Task<T>> work, string method, string file)
    {
        using var span = DatabaseSpan.Start(EngineName, operation, method, file);
        try
        {
            return await work();
        }
        catch (Exception e)
        {
            var translated = PostgresFaults.Translate(e);
            span.Fail(translated);
            if (translated != e)
                throw translated;
            throw;
        }
    }

    public override Task BlockWritersAsync(DbConnection connection, string table) =>
        connection.ExecuteAsync($"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE");

    // In a transaction, since a lock of the session would stay with the connection behind a pooler.
    public override async Task<bool> TryRunAloneAsync(SoleWork kind, bool waits, Func<Task> work, CancellationToken ct)
    {
        try
        {
            await using var connection = await Source.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(ct);
            if (!await TryLockAsync(connection, kind, waits, ct))
                return false;
            await work();
            return true;
        }
        catch (Exception e) when (PostgresFaults.Translate(e) is StorageException translated && translated != e)
        {
            throw translated;
        }
    }

    public static Task<bool> TryLockAsync(DbConnection connection, SoleWork kind, bool waits, CancellationToken ct) =>
        connection.ExecuteScalarAsync<bool>(
            new CommandDefinition(
                waits
                    ? "SELECT pg_advisory_xact_lock(@LockSpace, @kind) IS NOT NULL"
                    : "SELECT pg_try_advisory_xact_lock(@LockSpace, @kind)",
                new { LockSpace, kind = (int)kind },
                // Another instance may take long to migrate a large database.
                commandTimeout: 0,
                cancellationToken: ct
            )
        );

    public override Task PrepareToServeAsync(CancellationToken ct) =>
        ReadAsync(
            async connection =>
            {
                await RequireSafeAsync(connection);
                return true;
            },
            ct
        );

    /// <summary>Checks that the server stores every text, and that what is committed stays.</summary>
    /// <exception cref="StartupFault">It does not.</exception>
    public async Task RequireSafeAsync(DbConnection connection)
    {
        var server = await connection.QuerySingleAsync<(string Encoding, string Commit, bool IsReadOnly)>(
            """
            SELECT current_setting('server_encoding'), current_setting('synchronous_commit'),
                   current_setting('transaction_read_only')::boolean
            """
        );
        if (server.Encoding != "UTF8")
            throw new StartupFault(
                $"The database {Name} has the encoding {server.Encoding}: create one with ENCODING 'UTF8'."
            );
        if (server.Commit == "off")
            throw new StartupFault(
                $"The database {Name} has synchronous_commit off, so a crash would lose messages that were "
                    + "acknowledged: set it to on for this program's role (ALTER ROLE … SET synchronous_commit = on)."
            );
        if (server.IsReadOnly)
            throw new StartupFault($"The database {Name} is read-only: connect to the primary server.");
    }

    public override void RequireExisting()
    {
        try
        {
            using var connection = Source.OpenConnection();
        }
        catch (NpgsqlException e)
        {
            // The first line has the server's reason, and never the password.
            throw new StartupFault(
                $"The database {Name} cannot be opened: check the server and Database:ConnectionString. "
                    + $"({e.Message.Split('\n')[0]})",
                PostgresFaults.Translate(e)
            );
        }
    }

    public override async Task<StorageFault?> FindFaultAsync(CancellationToken ct)
    {
        try
        {
            var isReadOnly = await ReadAsync(
                connection =>
                    connection.ExecuteScalarAsync<bool>("SELECT current_setting('transaction_read_only')::boolean"),
                ct
            );
            if (isReadOnly)
                return StorageFault.ReadOnly;
            // Only a write can show that the fault is over, and while the service is not ready nobody else may write.
            if (health.Fault is not null)
                await WriteAsync(
                    connection => connection.ExecuteAsync("UPDATE schemaversions SET applied = applied"),
                    ct
                );
            return health.Fault;
        }
        catch (WriteQueueFullException)
        {
            return StorageFault.Busy;
        }
        catch (StorageException e)
        {
            health.Failed(e, isWrite: false);
            return e.Fault;
        }
    }

    // The server overwrites deleted rows in its own time, and its log is the operator's: see OPERATING.md.
    public override Task RememberErasureAsync(DbConnection connection, Instant now) => Task.CompletedTask;

    public override Task TryRemoveTracesAsync(CancellationToken ct) => Task.CompletedTask;

    public override Task<Instant?> FindOldestTraceAsync(CancellationToken ct) => Task.FromResult<Instant?>(null);

    public override ValueTask DisposeAsync() => Source.DisposeAsync();
}
