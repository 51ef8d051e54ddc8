using System.Net.Sockets;
using Npgsql;
using static Npgsql.PostgresErrorCodes;

namespace Api.Data.Postgres;

/// <summary>Which storage faults the errors of PostgreSQL and of the connection to it are.</summary>
static class PostgresFaults
{
    /// <summary>The exception that leaves this folder. What is no storage fault is returned as it is.</summary>
    public static Exception Translate(Exception exception) =>
        exception is NpgsqlException or SocketException && Find(exception) is { } fault
            ? new StorageException(fault, exception)
            : exception;

    /// <summary>Whether the same transaction may succeed when it is repeated.</summary>
    public static bool IsConflict(Exception exception) =>
        exception is PostgresException { SqlState: SerializationFailure or DeadlockDetected };

    /// <summary>Whether a value cannot be stored, or breaks a rule of the schema.</summary>
    public static bool IsRefusedValue(PostgresException exception) => exception.SqlState[..2] is "22" or "23";

    static StorageFault? Find(Exception exception) =>
        exception is PostgresException postgres ? Find(postgres.SqlState)
        // The pool is exhausted, or a statement took too long.
        : exception.InnerException is TimeoutException ? StorageFault.Busy
        : StorageFault.Unreachable;

    // https://www.postgresql.org/docs/current/errcodes-appendix.html
    static StorageFault? Find(string state) =>
        state switch
        {
            SerializationFailure or DeadlockDetected or LockNotAvailable or QueryCanceled => StorageFault.Busy,
            TooManyConnections or OutOfMemory or ConfigurationLimitExceeded => StorageFault.Busy,
            InsufficientPrivilege => StorageFault.Forbidden,
            DiskFull => StorageFault.Full,
            ReadOnlySqlTransaction => StorageFault.ReadOnly,
            IoError or UndefinedFile or DuplicateFile => StorageFault.Inaccessible,
            DataCorrupted or IndexCorrupted => StorageFault.Damaged,
            // A connection that failed, a server that stops or starts, a login that is refused, a missing database.
            _ when state[..2] is "08" or "57" or "28" or "3D" => StorageFault.Unreachable,
            _ => null,
        };
}
