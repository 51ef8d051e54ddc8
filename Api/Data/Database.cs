using Api.CommandLine;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace Api.Data;

/// <summary>
/// The only place where connections are made. Reads open a pooled, read-only connection each; writes go through one
/// <see cref="WriteQueue"/>, so that there is a single writer and never an SQLITE_BUSY between our own.
/// </summary>
sealed class Database : IAsyncDisposable
{
    // SQLite result codes, https://www.sqlite.org/rescode.html
    const int CannotOpen = 14, ReadOnly = 8, NotADatabase = 26;

    readonly string readString;
    readonly string writeString;
    readonly WriteQueue writes;

    public Database(IOptions<DatabaseOptions> options, IHostEnvironment environment)
    {
        SqlTypes.Register();
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
        writes = new WriteQueue(OpenForWriting, options.Value.WriteQueueCapacity);
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

    /// <summary>
    /// Runs <paramref name="work"/> in a savepoint of its own and completes once the commit that holds it is on disk.
    /// </summary>
    /// <param name="work">
    /// Statements on the given connection, and nothing else: when a commit that it shared with others fails, it is run
    /// once more alone. If it throws, it alone is rolled back and the task fails with what it threw.
    /// </param>
    /// <param name="ct">Leaves nothing behind when it fires before the work is done, and is ignored after that.</param>
    /// <exception cref="WriteQueueFullException">Too many writes wait already; nothing was done.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteConnection, T> work, CancellationToken ct) => writes.EnqueueAsync(work, ct);

    /// <summary>Opens a connection that may change the schema; only <see cref="Migrator"/> and the queue need one.</summary>
    /// <exception cref="StartupFault">The folder or the file cannot be used.</exception>
    public SqliteConnection OpenForWriting()
    {
        var connection = new SqliteConnection(writeString);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(File)!);
            connection.Open();
            // FULL makes every commit wait until it is on the disk: an acknowledged message survives a power cut.
            // With secure_delete, what is deleted is overwritten: of an erased message no byte stays behind. The log grows to 16 MB
            // before it is emptied into the database: under load many messages touch the same pages, which are then copied once. And 8 MB
            // of pages are kept, or the upper ones of a large index would be read again for each message.
            connection.Execute("PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -8000;");
            var mode = connection.ExecuteScalar<string>("PRAGMA journal_mode = WAL");
            return mode == "wal"
                ? connection
                : throw new StartupFault($"The file system of {File} does not support SQLite's write-ahead log: " +
                    "set Database:Folder to a folder on a local disk.");
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e switch
            {
                SqliteException { SqliteErrorCode: NotADatabase } => new StartupFault(
                    $"{File} is not a SQLite database: move it away or set Database:Folder to another folder.", e),
                SqliteException { SqliteErrorCode: CannotOpen or ReadOnly } or IOException or UnauthorizedAccessException
                    => new StartupFault($"The folder {Path.GetDirectoryName(File)} cannot be written to: give this user " +
                        "write access to it or set Database:Folder to another folder.", e),
                _ => e,
            };
        }
    }

    /// <summary>
    /// Empties the write-ahead log into the database, so that nothing of what was deleted is left in it. Waits for readers and
    /// writers, up to five seconds each time.
    /// </summary>
    /// <exception cref="IOException">Somebody read all the while. The log is emptied when it is next full, or by trying again.</exception>
    public async Task EmptyLogAsync(CancellationToken ct)
    {
        const int Tries = 3;
        using var connection = OpenForWriting();
        for (var i = 0; i < Tries; i++)
        {
            if (await connection.ExecuteScalarAsync<int>(new CommandDefinition("PRAGMA wal_checkpoint(TRUNCATE)", cancellationToken: ct)) == 0) return;
        }
        throw new IOException("The write-ahead log could not be emptied, since the database was being read all the while.");
    }

    /// <exception cref="StartupFault">There is no database file yet.</exception>
    public void RequireFile()
    {
        if (!System.IO.File.Exists(File))
            throw new StartupFault($"There is no database at {File}: run the verb migrate first or set Database:Folder.");
    }

    /// <summary>SQLite's online backup: a consistent copy, taken while others read and write.</summary>
    /// <exception cref="StartupFault">The target exists or cannot be written.</exception>
    public async Task BackupAsync(string target, CancellationToken ct)
    {
        RequireFile();
        if (System.IO.File.Exists(target))
            throw new StartupFault($"{target} exists already: name a new file, since a backup never overwrites one.");
        var partial = target + ".partial";
        try
        {
            await using (var source = await OpenAsync(ct))
            await using (var copy = new SqliteConnection(
                new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString()))
            {
                await copy.OpenAsync(ct);
                source.BackupDatabase(copy);
                // The copy is one file that can be moved about: no log beside it.
                await copy.ExecuteAsync("PRAGMA journal_mode = DELETE");
            }
            // A backup under its final name is always a whole one.
            System.IO.File.Move(partial, target);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            if (System.IO.File.Exists(partial)) System.IO.File.Delete(partial);
            throw new StartupFault($"The backup could not be written to {target}: {e.Message}", e);
        }
    }

    /// <summary>Integrity and foreign keys, as SQLite checks them.</summary>
    /// <returns>What is wrong, a line each; empty when all is well.</returns>
    public async Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct)
    {
        RequireFile();
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

    /// <summary>Finishes what was accepted, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        await writes.DisposeAsync();
        using var pooled = new SqliteConnection(readString);
        SqliteConnection.ClearPool(pooled);
    }
}
