namespace Api.Data;

/// <summary>The reason why the database cannot do its work.</summary>
enum StorageFault
{
    /// <summary>
    /// Others have held a lock for too long, or all connections are in use. It goes away by itself.
    /// </summary>
    Busy,

    /// <summary>The database server does not answer, or accepts no connection of this program.</summary>
    Unreachable,

    /// <summary>The program's role in the database lacks a right.</summary>
    Forbidden,

    /// <summary>The disk is full.</summary>
    Full,

    /// <summary>The files cannot be written to, or the server is a read-only standby.</summary>
    ReadOnly,

    /// <summary>The operating system cannot open, read or write the files.</summary>
    Inaccessible,

    /// <summary>The files are damaged.</summary>
    Damaged,

    /// <summary>The files were moved, deleted or replaced while the program ran.</summary>
    Replaced,

    /// <summary>Keys were removed or changed while the program ran, or cannot be read.</summary>
    KeysMissing,
}

/// <summary>
/// The database cannot do its work at the moment: the engine said so, or the files are not those that they were.
/// </summary>
#pragma warning disable CA1032, CA1064 // Thrown by this folder only, turned into a 503 or 507 in one place
sealed class StorageException(StorageFault fault, Exception? cause = null) : Exception(fault.Sentence(), cause)
{
    public StorageFault Fault => fault;
}
#pragma warning restore CA1032, CA1064

/// <summary>
/// More writes wait than <see cref="DatabaseOptions.WriteQueueCapacity"/>, or the program is stopping.
/// </summary>
#pragma warning disable CA1032, CA1064 // Thrown by this folder only, turned into a 503 in one place
sealed class WriteQueueFullException(string message) : Exception(message);
#pragma warning restore CA1032, CA1064

static class StorageFaults
{
    /// <summary>The storage fault behind an exception; <c>null</c> when it has another cause.</summary>
    public static StorageFault? Find(Exception? exception) =>
        exception is null or StorageException ? (exception as StorageException)?.Fault : Find(exception.InnerException);

    /// <summary>The fault and what the operator can do, for the log.</summary>
    public static string Sentence(this StorageFault fault) =>
        fault switch
        {
            StorageFault.Busy => "The database is locked by another program, or takes no more connections.",
            StorageFault.Unreachable =>
                "The database server cannot be reached, or refuses this program: check the server, the network and "
                    + "Database:ConnectionString.",
            StorageFault.Forbidden => "This program's role in the database lacks a right: grant it.",
            StorageFault.Full => "The disk is full: make room on it.",
            StorageFault.ReadOnly =>
                "The database cannot be written to: give this user write access to it, or connect to the primary "
                    + "server.",
            StorageFault.Inaccessible =>
                "The database's files cannot be opened, read or written: check the disk, its rights and the limit "
                    + "of open files.",
            StorageFault.Damaged =>
                "The database is damaged: run the check command, then stop the program and restore a backup.",
            StorageFault.Replaced =>
                "The database's files were moved, deleted or replaced while the program ran: put them back, or "
                    + "restart the program.",
            _ => "Keys were removed from their folder or changed while the program ran, or cannot be read any more: "
                + "put them back.",
        };
}
