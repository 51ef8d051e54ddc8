using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using NodaTime;
using SQLitePCL;

namespace Api.Data.Sqlite;

/// <summary>
/// The database in one SQLite file. Reads use pooled, read-only connections. Writes go through one <see
/// cref="WriteQueue"/>, so there is a single writer, and never SQLITE_BUSY between our own connections.
/// </summary>
sealed class SqliteDatabase : Database
{
    // How long emptying the log may wait for readers. Writes wait as long.
    static readonly TimeSpan LogPatience = TimeSpan.FromMilliseconds(250);
    static readonly TimeSpan ErasurePatience = TimeSpan.FromSeconds(2);

    // A checkpoint at 16 MB of log (4000 pages): under load many messages touch the same pages, which are then copied
    // once. With 8 MB of cache the upper pages of a large index are not read again for each message.
    const int LargestLog = 32 * 1024 * 1024;

    const int LeastFreeSpace = 1024 * 1024;

    /// <summary>
    /// The settings that durability and erasure depend on. With FULL (2) a commit returns once it is on the disk, so an
    /// acknowledged message survives a power cut. With secure_delete SQLite overwrites deleted rows, so no byte of an
    /// erased message stays behind.
    /// </summary>
    static readonly (string Name, long Value)[] Settings =
    [
        ("busy_timeout", 5000),
        ("synchronous", 2),
        ("secure_delete", 1),
        ("foreign_keys", 1),
        ("wal_autocheckpoint", 4000),
        ("journal_size_limit", LargestLog),
        ("cache_size", -8000),
    ];

    readonly StorageHealth health;
    readonly string readString;
    readonly string writeString;
    readonly WriteQueue writes;

    public SqliteDatabase(
        IOptions<DatabaseOptions> options,
        IHostEnvironment environment,
        StorageHealth health,
        WriteQueueMetrics metrics
    )
    {
        SqlTypes.Register();
        this.health = health;
        File = Path.Combine(environment.ContentRootPath, options.Value.Folder, "clinic.db");
        // A shared cache would bring SQLITE_LOCKED, which no busy time-out covers.
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = File,
            Cache = SqliteCacheMode.Private,
            DefaultTimeout = 5,
        };
        connection.Mode = SqliteOpenMode.ReadOnly;
        readString = connection.ToString();
        // Only DatabaseFiles creates the file: a deleted one must not come back empty.
        connection.Mode = SqliteOpenMode.ReadWrite;
        connection.ForeignKeys = true;
        connection.Pooling = false;
        writeString = connection.ToString();
        Files = new DatabaseFiles(File);
        writes = new WriteQueue(() => OpenForWriting(create: false), options.Value.WriteQueueCapacity)
        {
            BeforeCommit = () => Files.RequireInPlace(withLog: true),
            Committed = health.Succeeded,
            Failed = e => health.Failed(SqliteFaults.Translate(e), isWrite: true),
            Closing = EmptyLogBeforeClosing,
            Taken = metrics.CountWait,
            Batched = metrics.CountBatch,
        };
        metrics.ShowLength(() => writes.Length);
    }

    /// <summary>The absolute path of the database file. The write-ahead log and its index lie beside it.</summary>
    public string File { get; }

    public override string Name => File;
    public override string EngineName => "sqlite";
    public override string SkipLocked => "";

    public override string IsIn(string parameter) => "IN " + parameter;

    public DatabaseFiles Files { get; }

    /// <summary>The number of commits. Writes that arrive together share one.</summary>
    public long Commits => writes.Commits;

    /// <summary>Opens a pooled connection for reading.</summary>
    public async Task<SqliteConnection> OpenAsync(CancellationToken ct)
    {
        var connection = new SqliteConnection(readString);
        try
        {
            await connection.OpenAsync(ct);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override async Task<T> ReadAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    )
    {
        using var span = DatabaseSpan.Start(EngineName, "read", method, file);
        try
        {
            await using var connection = await OpenAsync(ct);
            return await query(connection);
        }
        catch (Exception e)
        {
            var translated = SqliteFaults.Translate(e);
            span.Fail(translated);
            if (translated != e)
                throw translated;
            throw;
        }
    }

    public override Task<T> ReadSnapshotAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    ) =>
        ReadAsync(
            async connection =>
            {
                // Deferred, since an immediate transaction would ask for the right to write.
#pragma warning disable CA1849 // There is nothing to wait for: it begins with the first statement.
                using var snapshot = ((SqliteConnection)connection).BeginTransaction(deferred: true);
#pragma warning restore CA1849
                return await query(connection);
            },
            ct,
            method,
            file
        );

    public override async Task<T> WriteAsync<T>(
        Func<DbConnection, Task<T>> work,
        CancellationToken ct,
        Action? beforeCommit = null,
        bool isOneCommand = false,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    )
    {
        using var span = DatabaseSpan.Start(EngineName, "write", method, file);
        try
        {
            return await writes.EnqueueAsync(connection => ResultOf(work(connection)), ct, beforeCommit, span);
        }
        catch (Exception e)
        {
            var translated = SqliteFaults.Translate(e);
            span.Fail(translated);
            if (translated != e)
                throw translated;
            throw;
        }

        // SQLite's statements complete before they return, and the writing thread must not be kept waiting for anything
        // else.
        static T ResultOf(Task<T> task) =>
            task.IsCompleted
                ? task.GetAwaiter().GetResult()
                : throw new InvalidOperationException("A write may await nothing but its own statements.");
    }

    public override async Task<long?> InsertAsync(
        DbConnection connection,
        string insert,
        object values,
        DependentRows? dependents
    )
    {
        var id = await connection.ExecuteScalarAsync<long?>(insert, values);
        if (id is { } parent && dependents is not null)
            await dependents.InsertAsync(connection, parent);
        return id;
    }

    /// <summary>Opens a connection that can change the schema, for <see cref="Migrator"/> and the queue.</summary>
    /// <param name="create">
    /// Whether to create a missing database. Not while the program runs: it would go on with an empty one.
    /// </param>
    /// <exception cref="StartupFault">The files cannot be used.</exception>
    public SqliteConnection OpenForWriting(bool create = true)
    {
        var connection = new CachingConnection(writeString);
        try
        {
            Files.Open(create);
            connection.Open();
            if (raw.sqlite3_db_readonly(connection.Handle, "main") == 1)
                throw new StartupFault(CannotBeWritten, new StorageException(StorageFault.ReadOnly));
            foreach (var (name, value) in Settings)
                connection.Execute($"PRAGMA {name} = {value}");
            foreach (var (name, value) in Settings)
            {
                if (connection.ExecuteScalar<long>($"PRAGMA {name}") != value)
                    throw new StartupFault(
                        $"SQLite did not take the setting {name} = {value}, which messages must be stored with: use "
                            + "the SQLite library that comes with the program."
                    );
            }
            return connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL") == "wal"
                ? connection
                : throw new StartupFault(
                    $"The file system of {File} does not support SQLite's write-ahead log: "
                        + "set Database:Folder to a folder on a local disk."
                );
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e is StartupFault
                ? e
                : SqliteFaults.Find(e) switch
                {
                    StorageFault.Damaged when IsNoDatabase(e) => new StartupFault(
                        $"{File} is not a SQLite database: move it away or set Database:Folder to another folder.",
                        e
                    ),
                    StorageFault.ReadOnly or StorageFault.Inaccessible => new StartupFault(
                        CannotBeWritten,
                        SqliteFaults.Translate(e)
                    ),
                    _ when e is IOException or UnauthorizedAccessException => new StartupFault(CannotBeWritten, e),
                    _ => SqliteFaults.Translate(e),
                };
        }

        static bool IsNoDatabase(Exception e) => e is SqliteException { SqliteErrorCode: raw.SQLITE_NOTADB };
    }

    string CannotBeWritten =>
        $"{File} cannot be written to: give this user write access to its folder and to all files there, or set "
        + "Database:Folder to another folder.";

    /// <inheritdoc/>
    /// <remarks>It also marks the database, so that a copy in its place is noticed later.</remarks>
    public override async Task PrepareToServeAsync(CancellationToken ct)
    {
        await using var connection = OpenForWriting();
        try
        {
            Files.RenewMark(connection);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException
                || SqliteFaults.Find(e) is StorageFault.ReadOnly or StorageFault.Inaccessible
            )
        {
            throw new StartupFault(CannotBeWritten, e);
        }
        catch (SqliteException e)
        {
            throw SqliteFaults.Translate(e);
        }
    }

    public override async Task<StorageFault?> FindFaultAsync(CancellationToken ct)
    {
        try
        {
            Files.RequireInPlace(withLog: false);
            // The write below can find room in the log where a message would not.
            if (
                health.Fault == StorageFault.Full
                && new DriveInfo(Path.GetDirectoryName(File)!).AvailableFreeSpace < LeastFreeSpace
            )
                return StorageFault.Full;
            // Only a write can show that the fault is over, and while the service is not ready nobody else may write.
            if (health.Fault is not null)
                await WriteAsync(
                    connection => connection.ExecuteAsync("UPDATE SchemaVersions SET Applied = Applied"),
                    ct
                );
            return health.Fault;
        }
        catch (WriteQueueFullException)
        {
            return StorageFault.Busy;
        }
        catch (Exception e) when (SqliteFaults.Find(e) is { } fault)
        {
            health.Failed(SqliteFaults.Translate(e), isWrite: false);
            return fault;
        }
    }

    // There is only one writer.
    public override Task BlockWritersAsync(DbConnection connection, string table) => Task.CompletedTask;

    // Only one server uses the files. Commands beside it wait for its writes.
    public override async Task<bool> TryRunAloneAsync(SoleWork kind, bool waits, Func<Task> work, CancellationToken ct)
    {
        await work();
        return true;
    }

    public override Task RememberErasureAsync(DbConnection connection, Instant now) =>
        connection.ExecuteAsync("INSERT INTO owed_log_truncations (erased_at) VALUES (@now)", new { now });

    public override Task TryRemoveTracesAsync(CancellationToken ct) => TryTruncateLogAsync(ErasurePatience, ct);

    public override Task<Instant?> FindOldestTraceAsync(CancellationToken ct) =>
        ReadAsync(
            async connection =>
            {
                // The check command can meet a database of an older program.
                var isKnown = await connection.ExecuteScalarAsync<bool>(
                    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'owed_log_truncations')"
                );
                return isKnown
                    ? await connection.ExecuteScalarAsync<Instant?>("SELECT min(erased_at) FROM owed_log_truncations")
                    : null;
            },
            ct
        );

    /// <summary>Empties the log if something was erased or the log is too large.</summary>
    /// <param name="patience">How long to wait for readers. Writers wait as long.</param>
    /// <returns>False when the log must still be emptied.</returns>
    public async Task<bool> TryTruncateLogAsync(TimeSpan patience, CancellationToken ct)
    {
        var last = await ReadAsync(
            connection => connection.ExecuteScalarAsync<long?>("SELECT max(id) FROM owed_log_truncations"),
            ct
        );
        if (last is null && Files.LogLength <= LargestLog)
            return true;
        if (!TryEmptyLog(patience))
            return false;
        // Later erasures have higher ids and stay owed.
        if (last is not null)
            await WriteAsync(
                connection =>
                    connection.ExecuteAsync("DELETE FROM owed_log_truncations WHERE id <= @last", new { last }),
                ct
            );
        return true;
    }

    /// <summary>
    /// Empties the write-ahead log into the database and truncates it, so that it has no trace of deleted rows.
    /// </summary>
    /// <param name="patience">How long to wait for readers. Writers wait as long.</param>
    /// <returns>False when a reader held it up.</returns>
    public bool TryEmptyLog(TimeSpan patience)
    {
        using var connection = OpenForWriting(create: false);
        return TryEmptyLog(connection, patience);
    }

    static bool TryEmptyLog(SqliteConnection connection, TimeSpan patience)
    {
        connection.Execute($"PRAGMA busy_timeout = {(int)patience.TotalMilliseconds}");
        return connection.ExecuteScalar<long>("PRAGMA wal_checkpoint(TRUNCATE)") == 0;
    }

    // After a clean stop the database file alone has everything.
    void EmptyLogBeforeClosing(SqliteConnection writer)
    {
        using (var pooled = new SqliteConnection(readString))
            SqliteConnection.ClearPool(pooled);
        try
        {
            Files.RequireInPlace(withLog: false);
            TryEmptyLog(writer, LogPatience);
        }
        catch (StorageException)
        {
            // Another database is in this one's place. Closing would write the log into it.
            raw.sqlite3_db_config(writer.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        }
    }

    public override void RequireExisting()
    {
        if (!System.IO.File.Exists(File))
            throw new StartupFault(
                $"There is no database at {File}: run the migrate command first or set Database:Folder."
            );
    }

    /// <summary>Finishes the accepted writes, empties the log into the database, and closes it.</summary>
    public override async ValueTask DisposeAsync()
    {
        await writes.DisposeAsync();
        using var pooled = new SqliteConnection(readString);
        SqliteConnection.ClearPool(pooled);
        Files.Dispose();
    }
}
