using Dapper;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Api.Data.Sqlite;

/// <summary>Backup, restore and check of the database's files, for the commands.</summary>
sealed class SqliteMaintenance(SqliteDatabase db) : DatabaseMaintenance
{
    /// <summary>
    /// Copies the database to a file while others read and write (SQLite's online backup). The copy is checked before
    /// it gets its name.
    /// </summary>
    /// <exception cref="StartupFault">The target exists or cannot be written, or the database is damaged.</exception>
    public override async Task BackupAsync(string target, CancellationToken ct)
    {
        db.RequireExisting();
        db.Files.Open(create: false);
        if (File.Exists(target))
            throw new StartupFault($"{target} exists already: name a new file, since a backup never overwrites one.");
        try
        {
            PrivateFiles.DeletePartials(Path.GetDirectoryName(target)!);
            await using var source = await db.OpenAsync(ct);
            await CopyAsync(source, target, overwrite: false, ct);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StartupFault(
                SqliteFaults.Find(e) == StorageFault.Damaged
                    ? $"{db.File} is damaged, so it was not copied: run the check command. ({e.Message})"
                    : $"The backup could not be written to {target}: {e.Message}",
                e
            );
        }
    }

    /// <summary>
    /// Replaces the database by a copy, and deletes the write-ahead log, which does not belong to the copy. The
    /// previous database is kept beside it as <c>clinic.db-before-restore</c>.
    /// </summary>
    /// <returns>The file of the previous database; <c>null</c> when there was none.</returns>
    /// <exception cref="StartupFault">
    /// The copy is damaged or not a database of this program, or the database is in use. Nothing was changed.
    /// </exception>
    public override async Task<string?> RestoreAsync(string copy, CancellationToken ct)
    {
        if (!File.Exists(copy))
            throw new StartupFault($"There is no file {copy}.");
        if (Path.GetFullPath(copy) == db.File)
            throw new StartupFault($"{copy} is the database itself: name the copy to restore.");
        try
        {
            using var restoreLock = db.Files.TryLockForRestore();
            if (restoreLock is null || IsInUse())
                throw new StartupFault($"{db.File} is in use: stop the program first.");

            PrivateFiles.DeletePartials(Path.GetDirectoryName(db.File)!);
            string? previous = null;
            if (File.Exists(db.File))
            {
                previous = db.File + "-before-restore";
                PrivateFiles.Copy(db.File, previous);
                PrivateFiles.Copy(db.File + "-wal", previous + "-wal");
            }
            await using (
                var source = new SqliteConnection(
                    new SqliteConnectionStringBuilder
                    {
                        DataSource = copy,
                        Mode = SqliteOpenMode.ReadOnly,
                        Pooling = false,
                    }.ToString()
                )
            )
            {
                await source.OpenAsync(ct);
                if (
                    !await source.ExecuteScalarAsync<bool>(
                        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'SchemaVersions')"
                    )
                )
                    throw new StartupFault($"{copy} is not a database of this program.");
                // If the program is killed after this, the log does not have the mark of the copy, and the next start
                // says so.
                await CopyAsync(source, db.File, overwrite: true, ct);
            }
            foreach (var suffix in new[] { "-wal", "-shm" })
                File.Delete(db.File + suffix);
            db.Files.DeleteMark();
            PrivateFiles.FlushFolder(Path.GetDirectoryName(db.File)!);
            return previous;
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            throw new StartupFault(
                SqliteFaults.Find(e) == StorageFault.Damaged
                    ? $"{copy} is damaged or is not a SQLite database, so it was not restored. ({e.Message})"
                    : $"{copy} could not be restored to {db.File}: {e.Message}",
                e
            );
        }
    }

    // Also finds programs that do not use the lock file: a shell, a replicator, an older version of this program.
    bool IsInUse()
    {
        if (!File.Exists(db.File))
            return false;
        Batteries_V2.Init();
        // Not through SqliteConnection: it reads when it opens, after which SQLite no longer asks for the whole file.
        if (raw.sqlite3_open_v2(db.File, out var connection, raw.SQLITE_OPEN_READWRITE, null) != raw.SQLITE_OK)
            return false;
        using (connection)
        {
            raw.sqlite3_db_config(connection, raw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, out _);
            // A damaged database gives another result. It may be replaced: that is what restoring is for.
            return raw.sqlite3_exec(connection, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
                == raw.SQLITE_BUSY;
        }
    }

    /// <summary>Copies a whole database. The file gets its name once its integrity is checked.</summary>
    static async Task CopyAsync(SqliteConnection source, string target, bool overwrite, CancellationToken ct)
    {
        var partial = PrivateFiles.PartialName(target);
        try
        {
            File.Delete(partial);
            await PrivateFiles.Create(partial).DisposeAsync();
            await using (
                var copy = new SqliteConnection(
                    new SqliteConnectionStringBuilder { DataSource = partial, Pooling = false }.ToString()
                )
            )
            {
                await copy.OpenAsync(ct);
                source.BackupDatabase(copy);
                // A single file without a log, and without the mark of the original, see DatabaseFiles.
                await copy.ExecuteAsync("PRAGMA journal_mode = DELETE; PRAGMA user_version = 0");
                var integrity = await copy.QueryFirstAsync<string>("PRAGMA integrity_check(1)");
                if (integrity != "ok")
                    throw new SqliteException(integrity, raw.SQLITE_CORRUPT);
            }
            File.Move(partial, target, overwrite);
            PrivateFiles.FlushFolder(Path.GetDirectoryName(target)!);
        }
        finally
        {
            foreach (var suffix in new[] { "", "-journal", "-wal", "-shm" })
                File.Delete(partial + suffix);
        }
    }

    /// <summary>Checks integrity and foreign keys.</summary>
    /// <returns>A line for each fault.</returns>
    public override async Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct)
    {
        db.RequireExisting();
        db.Files.Open(create: false);
        try
        {
            await using var connection = await db.OpenAsync(ct);
            var integrity = await connection.QueryAsync<string>("PRAGMA integrity_check");
            var foreignKeys = await connection.QueryAsync<string>(
                """
                SELECT 'foreign key: row ' || coalesce("rowid",
                    '?') || ' of ' || "table" || ' names a missing row of ' || "parent"
                FROM pragma_foreign_key_check
                """
            );
            return [.. integrity.Where(line => line != "ok"), .. foreignKeys];
        }
        catch (SqliteException e)
        {
            return [e.Message];
        }
    }
}
