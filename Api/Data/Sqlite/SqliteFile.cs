using System.Buffers.Binary;
using System.Runtime.InteropServices;
using SQLitePCL;

namespace Api.Data.Sqlite;

/// <summary>
/// Examines the database file through SQLite's own handle. Closing another handle on the file would release the locks
/// of the whole process (https://www.sqlite.org/howtocorrupt.html, section 2.2).
/// </summary>
static unsafe partial class SqliteFile
{
    // https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html
    const int FilePointer = 7,
        HasMovedCode = 20;

    // https://www.sqlite.org/fileformat2.html#the_database_header
    const int UserVersionOffset = 60;

    /// <summary>Whether the file was deleted, moved or replaced since it was opened.</summary>
    public static bool HasMoved(sqlite3 connection)
    {
        var moved = 0;
        Check(sqlite3_file_control(connection, "main", HasMovedCode, &moved));
        return moved != 0;
    }

    /// <summary>
    /// Reads <c>user_version</c> from the header of the file, past the write-ahead log; <c>null</c> when the file is
    /// too short.
    /// </summary>
    public static int? ReadUserVersion(sqlite3 connection)
    {
        // sqlite3_file begins with a pointer to iVersion, xClose, xRead, …
        // (https://www.sqlite.org/c3ref/io_methods.html).
        nint*** file = null;
        Check(sqlite3_file_control(connection, "main", FilePointer, &file));
        var read = (delegate* unmanaged[Cdecl]<void*, void*, int, long, int>)(*file)[2];
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        fixed (byte* target = bytes)
        {
            var result = read(file, target, bytes.Length, UserVersionOffset);
            if (result == raw.SQLITE_IOERR_SHORT_READ)
                return null;
            Check(result);
        }
        return BinaryPrimitives.ReadInt32BigEndian(bytes);
    }

    static void Check(int result)
    {
        if (result != raw.SQLITE_OK)
            throw new Microsoft.Data.Sqlite.SqliteException("SQLite cannot examine its file.", result & 0xff, result);
    }

    [LibraryImport("e_sqlite3", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int sqlite3_file_control(sqlite3 connection, string database, int code, void* argument);
}
