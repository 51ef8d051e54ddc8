namespace Api.Data;

/// <summary>Backup, restore and check, for the commands.</summary>
abstract class DatabaseMaintenance
{
    /// <summary>Copies the database to a file while others read and write.</summary>
    /// <exception cref="StartupFault">It cannot be copied, or not by this program.</exception>
    public abstract Task BackupAsync(string target, CancellationToken ct);

    /// <summary>Replaces the database by a copy.</summary>
    /// <returns>The file of the previous database; <c>null</c> when there was none.</returns>
    /// <exception cref="StartupFault">It was not replaced; nothing was changed.</exception>
    public abstract Task<string?> RestoreAsync(string copy, CancellationToken ct);

    /// <summary>Checks the database.</summary>
    /// <returns>A line for each fault.</returns>
    public abstract Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct);
}
