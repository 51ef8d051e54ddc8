using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Api.Data.Sqlite;

/// <summary>Which storage faults SQLite's errors are.</summary>
static class SqliteFaults
{
    /// <summary>The storage fault behind an exception; <c>null</c> when it has another cause.</summary>
    public static StorageFault? Find(Exception? exception) =>
        exception switch
        {
            null => null,
            StorageException storage => storage.Fault,
            // https://www.sqlite.org/rescode.html
            SqliteException sqlite => sqlite.SqliteErrorCode switch
            {
                // Protocol: the files change while a connection begins to use them.
                SQLITE_BUSY or SQLITE_LOCKED or SQLITE_PROTOCOL => StorageFault.Busy,
                SQLITE_READONLY => StorageFault.ReadOnly,
                SQLITE_IOERR or SQLITE_CANTOPEN => StorageFault.Inaccessible,
                SQLITE_CORRUPT or SQLITE_NOTADB => StorageFault.Damaged,
                SQLITE_FULL => StorageFault.Full,
                _ => null,
            },
            _ => Find(exception.InnerException),
        };

    /// <summary>The exception that leaves this folder for an error of SQLite. Others are returned as they are.</summary>
    public static Exception Translate(Exception exception) =>
        exception is SqliteException && Find(exception) is { } fault
            ? new StorageException(fault, exception)
            : exception;
}
