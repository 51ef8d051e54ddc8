namespace Api.Data;

/// <summary>
/// Remembers for the readiness probe whether the last write was stored, and logs storage faults at most once a minute:
/// while a disk is full, a line for each failed request would fill the rest of it.
/// </summary>
sealed partial class StorageHealth(TimeProvider time, ILogger<StorageHealth> log)
{
    static readonly TimeSpan LogPause = TimeSpan.FromMinutes(1);

    readonly Lock gate = new();
    long? loggedAt;
    int unlogged;
    StorageFault? fault;

    /// <summary>
    /// The fault that prevents messages from being stored; <c>null</c> when the last write was stored.
    /// </summary>
    public StorageFault? Fault
    {
        get
        {
            lock (gate)
                return fault;
        }
        private set
        {
            lock (gate)
                fault = value;
        }
    }

    /// <summary>A commit is on the disk.</summary>
    public void Succeeded() => Fault = null;

    /// <summary>Reading or writing failed. Ignores exceptions that are no storage fault.</summary>
    /// <param name="exception">The exception.</param>
    /// <param name="isWrite">Whether a write failed, so that messages are not stored.</param>
    public void Failed(Exception exception, bool isWrite)
    {
        if (StorageFaults.Find(exception) is not { } found)
            return;
        // A lock of another process goes away by itself.
        if (isWrite && found != StorageFault.Busy)
            Fault = found;
        lock (gate)
        {
            unlogged++;
            if (loggedAt is { } before && time.GetElapsedTime(before) < LogPause)
                return;
            LogFault(exception is StartupFault ? exception.Message : found.Sentence(), unlogged);
            loggedAt = time.GetTimestamp();
            unlogged = 0;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Fault} ({Count} since the last report; reported once a minute)")]
    partial void LogFault(string fault, int count);
}
