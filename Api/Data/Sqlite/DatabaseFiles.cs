using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Data.Sqlite;

/// <summary>
/// Guards the database's files: they must stay the same while the program runs, the write-ahead log must belong to the
/// database beside it, and nothing may be restored while the database is open.
/// </summary>
/// <remarks>
/// Every start gives the database a new random number, its mark, in the header of its file (<c>user_version</c>) and in
/// <c>clinic.db-mark</c>. A copy in the database's place has an older mark or none, so a start refuses it while the log
/// of the previous database lies beside it. Every process that has the database open for writing holds a lock on
/// <c>clinic.db-lock</c>.
/// </remarks>
sealed class DatabaseFiles(string file) : IDisposable
{
    readonly Lock gate = new();
    readonly string markFile = file + "-mark",
        lockFile = file + "-lock",
        log = file + "-wal",
        logIndex = file + "-shm";
    SqliteConnection? witness;
    FileStream? inUse;
    int[] marks = [];

    /// <summary>The size of the write-ahead log in bytes.</summary>
    public long LogLength => new FileInfo(log) is { Exists: true } wal ? wal.Length : 0;

    /// <summary>
    /// Creates a missing folder and file, locks them as in use, and checks that the log belongs to the file.
    /// </summary>
    /// <exception cref="StartupFault">The log was written for another database, or a restore is running.</exception>
    public void Open(bool create)
    {
        lock (gate)
        {
            if (witness is not null)
                return;
            if (create)
                PrivateFiles.CreateFolder(Path.GetDirectoryName(file)!);
            // A process that only reads does not create the lock file.
            if (create || File.Exists(lockFile))
                inUse =
                    Lock(FileShare.ReadWrite)
                    ?? throw new StartupFault($"{file} is being restored: start again when that is done.");
            // Before SQLite sees an empty file beside a log, since it would delete the log.
            var isNew = !File.Exists(file) || new FileInfo(file).Length == 0;
            if (isNew && LogLength > 0)
                throw new StartupFault(
                    $"{file} is missing but its log {log} is there: put the database back, or delete the log to "
                        + "start with an empty database."
                );
            if (create && !File.Exists(file))
                PrivateFiles.Create(file).Dispose();

            var connection = new SqliteConnection(
                new SqliteConnectionStringBuilder
                {
                    DataSource = file,
                    Mode = SqliteOpenMode.ReadOnly,
                    Pooling = false,
                }.ToString()
            );
            try
            {
                connection.Open();
                RequireMatchingLog(connection);
            }
            catch
            {
                connection.Dispose();
                inUse?.Dispose();
                inUse = null;
                throw;
            }
            witness = connection;
        }
    }

    /// <summary>Checks that writes go to the files that the next start will find.</summary>
    /// <param name="withLog">Whether a transaction is open, so that there must be a log.</param>
    /// <exception cref="StorageException">The files were moved, deleted or replaced.</exception>
    public void RequireInPlace(bool withLog)
    {
        lock (gate)
        {
            if (witness is null)
                return;
            if (
                SqliteFile.HasMoved(witness.Handle!)
                || !HasKnownMark(witness)
                || (withLog && !(File.Exists(log) && File.Exists(logIndex)))
            )
                throw new StorageException(StorageFault.Replaced);
        }
    }

    /// <summary>
    /// Gives the database a new mark at the start of a server. Fails when the database cannot be written to.
    /// </summary>
    public void RenewMark(SqliteConnection connection)
    {
        var mark = RandomNumberGenerator.GetInt32(1, int.MaxValue);
        // The write lock keeps other processes from changing the mark. Every write takes it before the gate.
        connection.Execute("BEGIN IMMEDIATE");
        // Both marks are valid until the header has the new one.
        WriteMarks(header => [.. ReadMarks(), header, mark]);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {mark}; COMMIT"));

        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE");
        WriteMarks(header => header == mark ? [mark] : marks);
        connection.Execute("ROLLBACK");
    }

    /// <summary>Locks the database for this process alone.</summary>
    /// <returns>The lock; <c>null</c> when another process has the database open.</returns>
    public IDisposable? TryLockForRestore()
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(file)!);
        return Lock(FileShare.None);
    }

    /// <summary>Deletes the mark of a database that was replaced.</summary>
    public void DeleteMark() => File.Delete(markFile);

    public void Dispose()
    {
        witness?.Dispose();
        inUse?.Dispose();
    }

    void RequireMatchingLog(SqliteConnection connection)
    {
        marks = ReadMarks();
        if (LogLength == 0)
            return;
        if (marks.Length > 0)
        {
            if (HasKnownMark(connection))
                return;
            throw new StartupFault(
                $"{file} is not the database that its log {log} was written for: somebody put a copy in its place "
                    + "and left the log. "
                    + $"To use the copy, delete {log} and {logIndex}; next time use the restore command."
            );
        }
        // An older program did not mark its database. At least the pages must fit together.
        using var reader = new SqliteConnection(connection.ConnectionString);
        reader.Open();
        if (reader.QueryFirst<string>("PRAGMA quick_check(1)") != "ok")
        {
            throw new StartupFault(
                $"{file} and its log {log} do not fit together, or are damaged: delete both and {logIndex}, and "
                    + "restore a backup."
            );
        }
    }

    // Another server on the same files can have renewed the mark.
    bool HasKnownMark(SqliteConnection connection)
    {
        if (marks.Length == 0)
            marks = ReadMarks();
        if (marks.Length == 0)
            return true;
        return IsKnown() || (marks = ReadMarks()).Length == 0 || IsKnown();

        bool IsKnown() => SqliteFile.ReadUserVersion(connection.Handle!) is { } mark && marks.Contains(mark);
    }

    int[] ReadMarks()
    {
        try
        {
            return [.. File.ReadLines(markFile).Select(line => int.Parse(line, CultureInfo.InvariantCulture))];
        }
        catch (Exception e) when (e is FileNotFoundException or FormatException)
        {
            return [];
        }
    }

    void WriteMarks(Func<int, int[]> change)
    {
        lock (gate)
        {
            marks = change(SqliteFile.ReadUserVersion(witness!.Handle!) ?? 0);
            PrivateFiles.Write(markFile, Encoding.ASCII.GetBytes(string.Join('\n', marks)));
        }
    }

    FileStream? Lock(FileShare share)
    {
        try
        {
            return File.Exists(lockFile)
                ? new FileStream(lockFile, FileMode.Open, FileAccess.Read, share)
                : PrivateFiles.Create(lockFile, share);
        }
        catch (IOException e)
            when (e is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(lockFile))
        {
            return null;
        }
    }
}
