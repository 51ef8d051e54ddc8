using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Data;

/// <summary>
/// Guards the database's files: that they are the same ones from the start of the program to its end, that the write-ahead log belongs
/// to the database that it lies beside, and that nothing is restored while the database is open.
/// </summary>
/// <remarks>
/// At every start the database gets a new random number, its mark, in the header of its file (<c>user_version</c>) and in
/// <c>clinic.db-mark</c> beside it. A copy that is put in the database's place has an older mark or none, so a
/// start refuses it while the log of the former database still lies beside it. Every process that has the database open for writing holds a
/// lock on <c>clinic.db-lock</c>.
/// </remarks>
sealed class DatabaseFiles(string file) : IDisposable
{
    readonly Lock gate = new();
    readonly string markFile = file + "-mark", lockFile = file + "-lock", log = file + "-wal", logIndex = file + "-shm";
    SqliteConnection? witness;
    FileStream? inUse;
    int[] marks = [];

    /// <summary>The size of the write-ahead log in bytes.</summary>
    public long LogLength => new FileInfo(log) is { Exists: true } wal ? wal.Length : 0;

    /// <summary>Makes folder and file where they are missing, marks them as in use, and makes sure that the log belongs to the file.</summary>
    /// <exception cref="StartupFault">The log was written for another database, or a restore is running.</exception>
    public void Open(bool create)
    {
        lock (gate)
        {
            if (witness is not null) return;
            if (create) PrivateFiles.CreateFolder(Path.GetDirectoryName(file)!);
            // A process that only reads does not create the lock file.
            if (create || File.Exists(lockFile))
                inUse = Lock(FileShare.ReadWrite) ?? throw new StartupFault($"{file} is being restored: start again when that is done.");
            // A log without its database must be noticed before SQLite sees an empty file beside it, since it would delete the log.
            var isNew = !File.Exists(file) || new FileInfo(file).Length == 0;
            if (isNew && LogLength > 0)
                throw new StartupFault($"{file} is missing but its log {log} is there: put the database back, or delete the log to start with an empty database.");
            if (create && !File.Exists(file)) PrivateFiles.Create(file).Dispose();

            var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
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

    /// <summary>Makes sure that what is written now goes to the files that will be found at the next start.</summary>
    /// <param name="withLog">Whether a transaction is open, so that the log must be there.</param>
    /// <exception cref="StorageException">The files were moved, deleted or replaced.</exception>
    public void RequireInPlace(bool withLog)
    {
        lock (gate)
        {
            if (witness is null) return;
            if (SqliteFile.HasMoved(witness.Handle!) || !HasKnownMark(witness) || (withLog && !(File.Exists(log) && File.Exists(logIndex))))
                throw new StorageException(StorageFault.Replaced);
        }
    }

    /// <summary>Gives the database a new mark. Call it at the start of a server; it fails when the database cannot be written to.</summary>
    public void RenewMark(SqliteConnection connection)
    {
        var mark = RandomNumberGenerator.GetInt32(1, int.MaxValue);
        // The write lock keeps other processes from changing the mark meanwhile. It is taken before the gate, as every write does.
        connection.Execute("BEGIN IMMEDIATE");
        // Until the header has the new mark both are right.
        WriteMarks(header => [.. ReadMarks(), header, mark]);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {mark}; COMMIT"));

        connection.Execute("PRAGMA wal_checkpoint(TRUNCATE); BEGIN IMMEDIATE");
        WriteMarks(header => header == mark ? [mark] : marks);
        connection.Execute("ROLLBACK");
    }

    /// <summary>Takes the database for one process alone.</summary>
    /// <returns>What ends that when it is disposed of; <c>null</c> when somebody has the database open.</returns>
    public IDisposable? TryLockForRestore()
    {
        PrivateFiles.CreateFolder(Path.GetDirectoryName(file)!);
        return Lock(FileShare.None);
    }

    /// <summary>Forgets the mark of a database that is about to be replaced.</summary>
    public void DeleteMark() => File.Delete(markFile);

    public void Dispose()
    {
        witness?.Dispose();
        inUse?.Dispose();
    }

    void RequireMatchingLog(SqliteConnection connection)
    {
        marks = ReadMarks();
        if (LogLength == 0) return;
        if (marks.Length > 0)
        {
            if (HasKnownMark(connection)) return;
            throw new StartupFault($"{file} is not the database that its log {log} was written for: somebody put a copy in its place and left the log. " +
                $"To use the copy, delete {log} and {logIndex}; next time use the verb restore.");
        }
        // A database of an older program, which did not mark it: at least its pages must fit together.
        using var reader = new SqliteConnection(connection.ConnectionString);
        reader.Open();
        if (reader.QueryFirst<string>("PRAGMA quick_check(1)") != "ok")
        {
            throw new StartupFault($"{file} and its log {log} do not fit together, or are damaged: delete both and {logIndex}, and restore a backup.");
        }
    }

    // Another server on the same files may have renewed the mark meanwhile.
    bool HasKnownMark(SqliteConnection connection)
    {
        if (marks.Length == 0) marks = ReadMarks();
        if (marks.Length == 0) return true;
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
            return File.Exists(lockFile) ? new FileStream(lockFile, FileMode.Open, FileAccess.Read, share) : PrivateFiles.Create(lockFile, share);
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException) && File.Exists(lockFile))
        {
            return null;
        }
    }
}
