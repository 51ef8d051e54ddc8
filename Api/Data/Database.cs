using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using SQLitePCL;

namespace Api.Data;

/// <summary>
/// The only place where connections are made. Reads open a pooled, read-only connection each; writes go through one
/// <see cref="WriteQueue"/>, so that there is a single writer and never an SQLITE_BUSY between our own.
/// </summary>
sealed class Database : IAsyncDisposable
{
    // Nothing else may hold a write up for longer while the log waits for readers to finish.
    static readonly TimeSpan LogPatience = TimeSpan.FromMilliseconds(250);

    // The log is emptied into the database at 16 MB (4000 pages): under load many messages touch the same pages, which are then copied
    // once. With 8 MB of pages kept in memory, the upper pages of a large index are not read again for each message.
    const int LargestLog = 32 * 1024 * 1024;

    const int LeastFreeSpace = 1024 * 1024;

    /// <summary>
    /// The settings that durability and erasure depend on. With FULL (2) a commit returns once it is on the disk, so an acknowledged
    /// message survives a power cut. With secure_delete SQLite overwrites deleted rows, so no byte of an erased message stays behind.
    /// </summary>
    static readonly (string Name, long Value)[] Settings =
    [
        ("busy_timeout", 5000), ("synchronous", 2), ("secure_delete", 1), ("foreign_keys", 1), ("wal_autocheckpoint", 4000),
        ("journal_size_limit", LargestLog), ("cache_size", -8000),
    ];

    readonly StorageHealth health;
    readonly DatabaseFiles files;
    readonly string readString;
    readonly string writeString;
    readonly WriteQueue writes;

    public Database(IOptions<DatabaseOptions> options, IHostEnvironment environment, StorageHealth health)
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
        connection.Mode = SqliteOpenMode.ReadWriteCreate;
        connection.ForeignKeys = true;
        connection.Pooling = false;
        writeString = connection.ToString();
        files = new DatabaseFiles(File);
        writes = new WriteQueue(() => OpenForWriting(create: false), options.Value.WriteQueueCapacity)
        {
            BeforeCommit = () => files.RequireInPlace(withLog: true),
            Committed = health.Succeeded,
            Failed = e => health.Failed(e, isWrite: true),
            Closing = EmptyLogBeforeClosing,
        };
    }

    /// <summary>The database's file, an absolute path. Beside it lie the write-ahead log and its index.</summary>
    public string File { get; }

    /// <summary>How many commits the write queue has made: fewer than its writes when they came together.</summary>
    public long Commits => writes.Commits;

    /// <summary>A connection for reading. Whoever opens it disposes of it, which gives it back to the pool.</summary>
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

    /// <summary>Runs queries on a read-only connection. They see one state of the database only inside a transaction.</summary>
    /// <exception cref="StorageException">The database cannot do its work at the moment.</exception>
    public async Task<T> ReadAsync<T>(Func<DbConnection, Task<T>> query, CancellationToken ct)
    {
        try
        {
            await using var connection = await OpenAsync(ct);
            return await query(connection);
        }
        catch (SqliteException e) when (StorageFaults.Find(e) is { } fault)
        {
            throw new StorageException(fault, e);
        }
    }

    /// <summary>
    /// Runs <paramref name="work"/> in a savepoint of its own and completes once the commit that holds it is on disk.
    /// </summary>
    /// <param name="work">
    /// Statements on the given connection, and nothing else: it awaits only them. When a commit that it shares with others
    /// fails, it runs once more alone. If it throws, it alone is rolled back and the task fails with what it threw.
    /// </param>
    /// <param name="ct">Leaves nothing behind when it fires before the work is done, and is ignored after that.</param>
    /// <exception cref="WriteQueueFullException">Too many writes wait already; nothing was done.</exception>
    /// <exception cref="StorageException">The database cannot do its work at the moment; nothing was done.</exception>
    public async Task<T> WriteAsync<T>(Func<DbConnection, Task<T>> work, CancellationToken ct)
    {
        try
        {
            return await writes.EnqueueAsync(connection => ResultOf(work(connection)), ct);
        }
        catch (SqliteException e) when (StorageFaults.Find(e) is { } fault)
        {
            throw new StorageException(fault, e);
        }

        // SQLite's statements complete before they return, and the writing thread must not be kept waiting for anything else.
        static T ResultOf(Task<T> task) => task.IsCompleted
            ? task.GetAwaiter().GetResult()
            : throw new InvalidOperationException("A write may await nothing but its own statements.");
    }

    /// <inheritdoc cref="WriteAsync"/>
    public Task<T> WriteSynchronouslyAsync<T>(Func<SqliteConnection, T> work, CancellationToken ct) => writes.EnqueueAsync(work, ct);

    /// <summary>Opens a connection that may change the schema; only <see cref="Migrator"/> and the queue need one.</summary>
    /// <param name="create">Whether to make the database where it is missing. Not while the program runs: it would go on with an empty one.</param>
    /// <exception cref="StartupFault">The files cannot be used.</exception>
    public SqliteConnection OpenForWriting(bool create = true)
    {
        var connection = new SqliteConnection(writeString);
        try
        {
            files.Open(create);
            connection.Open();
            if (raw.sqlite3_db_readonly(connection.Handle, "main") == 1) throw new StartupFault(CannotBeWritten, new StorageException(StorageFault.ReadOnly));
            foreach (var (name, value) in Settings) connection.Execute($"PRAGMA {name} = {value}");
            foreach (var (name, value) in Settings)
            {
                if (connection.ExecuteScalar<long>($"PRAGMA {name}") != value)
                    throw new StartupFault($"SQLite did not take the setting {name} = {value}, which messages must be stored with: use the SQLite library that comes with the program.");
            }
            return connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL") == "wal"
                ? connection
                : throw new StartupFault($"The file system of {File} does not support SQLite's write-ahead log: " +
                    "set Database:Folder to a folder on a local disk.");
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e is StartupFault ? e : StorageFaults.Find(e) switch
            {
                StorageFault.Damaged when IsNoDatabase(e) => new StartupFault($"{File} is not a SQLite database: move it away or set Database:Folder to another folder.", e),
                StorageFault.ReadOnly or StorageFault.Inaccessible => new StartupFault(CannotBeWritten, e),
                _ when e is IOException or UnauthorizedAccessException => new StartupFault(CannotBeWritten, e),
                _ => e,
            };
        }

        static bool IsNoDatabase(Exception e) => e is SqliteException { SqliteErrorCode: raw.SQLITE_NOTADB };
    }

    string CannotBeWritten => $"{File} cannot be written to: give this user write access to it and its folder, or set Database:Folder to another folder.";

    /// <summary>
    /// Makes sure at the start of a server that the database can be written to, and marks it, so that a copy that is put in its place
    /// later is noticed.
    /// </summary>
    /// <exception cref="StartupFault">It cannot be written to.</exception>
    public void RenewMark()
    {
        using var connection = OpenForWriting();
        try
        {
            files.RenewMark(connection);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException || StorageFaults.Find(e) is StorageFault.ReadOnly or StorageFault.Inaccessible)
        {
            throw new StartupFault(CannotBeWritten, e);
        }
    }

    /// <summary>Finds what would keep a message that came now from being stored.</summary>
    /// <returns><c>null</c> when all is well, as far as that is known.</returns>
    public async Task<StorageFault?> FindFaultAsync(CancellationToken ct)
    {
        try
        {
            files.RequireInPlace(withLog: false);
            // A message needs more room than the write below, which may find some in the log.
            if (health.Fault == StorageFault.Full && new DriveInfo(Path.GetDirectoryName(File)!).AvailableFreeSpace < LeastFreeSpace) return StorageFault.Full;
            // Whether the fault is over shows only when something is written. Nobody else may do so while the service is not ready.
            if (health.Fault is not null) await WriteSynchronouslyAsync(connection => connection.Execute("UPDATE SchemaVersions SET Applied = Applied"), ct);
            return health.Fault;
        }
        catch (WriteQueueFullException)
        {
            return StorageFault.Busy;
        }
        catch (Exception e) when (StorageFaults.Find(e) is not null)
        {
            health.Failed(e, isWrite: false);
            return StorageFaults.Find(e);
        }
    }

    /// <summary>
    /// Empties the write-ahead log into the database and cuts it to nothing, so that no trace is left in it of what was deleted.
    /// </summary>
    /// <param name="patience">How long to wait for readers. Writers wait as long.</param>
    /// <returns>False when somebody read all the while.</returns>
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

    /// <summary>Whether the log is larger than it should ever be: somebody has been reading for a long time.</summary>
    public bool IsLogTooLarge => files.LogLength > LargestLog;

    // After a clean stop the one file has everything.
    void EmptyLogBeforeClosing(SqliteConnection writer)
    {
        using (var pooled = new SqliteConnection(readString)) SqliteConnection.ClearPool(pooled);
        try
        {
            files.RequireInPlace(withLog: false);
            TryEmptyLog(writer, LogPatience);
        }
        catch (StorageException)
        {
            // Another database lies in this one's place. Closing would write the log into it.
            raw.sqlite3_db_config(writer.Handle, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
        }
    }

    /// <exception cref="StartupFault">There is no database file yet.</exception>
    public void RequireFile()
    {
        if (!System.IO.File.Exists(File))
            throw new StartupFault($"There is no database at {File}: run the verb migrate first or set Database:Folder.");
    }

    /// <summary>SQLite's online backup: a consistent copy, taken while others read and write, and checked before it gets its name.</summary>
    /// <exception cref="StartupFault">The target exists or cannot be written, or the database is damaged.</exception>
    public async Task BackupAsync(string target, CancellationToken ct)
    {
        RequireFile();
        files.Open(create: false);
        if (System.IO.File.Exists(target))
            throw new StartupFault($"{target} exists already: name a new file, since a backup never overwrites one.");
        try
        {
            PrivateFiles.DeletePartials(Path.GetDirectoryName(target)!);
            await using var source = await OpenAsync(ct);
            await CopyAsync(source, target, overwrite: false, ct);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StartupFault(StorageFaults.Find(e) == StorageFault.Damaged
                ? $"{File} is damaged, so it was not copied: run the verb check. ({e.Message})"
                : $"The backup could not be written to {target}: {e.Message}", e);
        }
    }

    /// <summary>
    /// Puts a copy in the place of the database and removes the write-ahead log, which does not belong to it. The database of before is kept
    /// beside it as <c>clinic.db-before-restore</c>.
    /// </summary>
    /// <returns>The file of the database of before; <c>null</c> when there was none.</returns>
    /// <exception cref="StartupFault">The copy is damaged or no database of this program, or the database is in use. Nothing was changed.</exception>
    public async Task<string?> RestoreAsync(string copy, CancellationToken ct)
    {
        if (!System.IO.File.Exists(copy)) throw new StartupFault($"There is no file {copy}.");
        if (Path.GetFullPath(copy) == File) throw new StartupFault($"{copy} is the database itself: name the copy to restore.");
        try
        {
            using var alone = files.TryLockForRestore();
            if (alone is null || IsInUse()) throw new StartupFault($"{File} is in use: stop the program first.");

            PrivateFiles.DeletePartials(Path.GetDirectoryName(File)!);
            string? before = null;
            if (System.IO.File.Exists(File))
            {
                before = File + "-before-restore";
                PrivateFiles.Copy(File, before);
                PrivateFiles.Copy(File + "-wal", before + "-wal");
            }
            await using (var source = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = copy, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString()))
            {
                await source.OpenAsync(ct);
                if (!await source.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'SchemaVersions')"))
                    throw new StartupFault($"{copy} is not a database of this program.");
                // Should the program be killed now, the log has another mark than the copy, and the next start tells.
                await CopyAsync(source, File, overwrite: true, ct);
            }
            foreach (var suffix in new[] { "-wal", "-shm" }) System.IO.File.Delete(File + suffix);
            files.DeleteMark();
            PrivateFiles.FlushFolder(Path.GetDirectoryName(File)!);
            return before;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StartupFault(StorageFaults.Find(e) == StorageFault.Damaged
                ? $"{copy} is damaged or is not a SQLite database, so it was not restored. ({e.Message})"
                : $"{copy} could not be restored to {File}: {e.Message}", e);
        }
    }

    // Programs that do not know the lock file: a shell, a replicator, an older version of this program.
    bool IsInUse()
    {
        if (!System.IO.File.Exists(File)) return false;
        Batteries_V2.Init();
        // Not through SqliteConnection: it reads when it opens, and from then on SQLite no longer asks for the file as a whole.
        if (raw.sqlite3_open_v2(File, out var connection, raw.SQLITE_OPEN_READWRITE, null) != raw.SQLITE_OK) return false;
        using (connection)
        {
            raw.sqlite3_db_config(connection, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
            // A damaged database has another result: it is what people restore for.
            return raw.sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK") == raw.SQLITE_BUSY;
        }
    }

    /// <summary>Copies a whole database to a file, which gets its name once its integrity is checked.</summary>
    static async Task CopyAsync(SqliteConnection source, string target, bool overwrite, CancellationToken ct)
    {
        var partial = PrivateFiles.PartialName(target);
        try
        {
            System.IO.File.Delete(partial);
            await PrivateFiles.Create(partial).DisposeAsync();
            await using (var copy = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString()))
            {
                await copy.OpenAsync(ct);
                source.BackupDatabase(copy);
                // One file that can be moved about, without a log beside it, and without the mark of the original: see DatabaseFiles.
                await copy.ExecuteAsync("PRAGMA journal_mode = DELETE; PRAGMA user_version = 0");
                var integrity = await copy.QueryFirstAsync<string>("PRAGMA integrity_check(1)");
                if (integrity != "ok") throw new SqliteException(integrity, raw.SQLITE_CORRUPT);
            }
            System.IO.File.Move(partial, target, overwrite);
            PrivateFiles.FlushFolder(Path.GetDirectoryName(target)!);
        }
        finally
        {
            foreach (var suffix in new[] { "", "-journal", "-wal", "-shm" }) System.IO.File.Delete(partial + suffix);
        }
    }

    /// <summary>Integrity and foreign keys, as SQLite checks them.</summary>
    /// <returns>What is wrong, a line each; empty when all is well.</returns>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct)
    {
        RequireFile();
        files.Open(create: false);
        try
        {
            await using var connection = await OpenAsync(ct);
            var integrity = await connection.QueryAsync<string>("PRAGMA integrity_check");
            var foreignKeys = await connection.QueryAsync<string>(
                """
                SELECT 'foreign key: row ' || coalesce("rowid", '?') || ' of ' || "table" || ' names a missing row of ' || "parent"
                FROM pragma_foreign_key_check
                """);
            return [.. integrity.Where(line => line != "ok"), .. foreignKeys];
        }
        catch (SqliteException e)
        {
            return [e.Message];
        }
    }

    /// <summary>Finishes what was accepted, empties the log into the database, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await writes.DisposeAsync();
        using var pooled = new SqliteConnection(readString);
        SqliteConnection.ClearPool(pooled);
        files.Dispose();
    }
}
