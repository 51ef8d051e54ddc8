using System.Data.Common;
using System.Runtime.CompilerServices;

namespace Api.Data;

/// <summary>Keeps a value that was read from content in memory until the content changes.</summary>
/// <param name="db">The database.</param>
/// <param name="version">The version of the content.</param>
/// <param name="load">Reads the value. Everything that it reads is of one version.</param>
/// <param name="file">The file of the store, which names the span.</param>
sealed class ContentCache<T>(
    Database db,
    ContentVersion version,
    Func<DbConnection, Task<T>> load,
    [CallerFilePath] string file = ""
)
{
    readonly Lock gate = new();
    Task<Loaded>? loading;
    Loaded? loaded;

    /// <summary>
    /// The value of the current version, or of a newer one. It is loaded once for each version, and all callers wait
    /// for the same load. A failed load is not kept.
    /// </summary>
    /// <param name="ct">Ends the caller's wait. The load goes on, since others may wait for it.</param>
    /// <exception cref="StorageException">The database cannot do its work at the moment.</exception>
    public ValueTask<T> GetAsync(CancellationToken ct) =>
        FindCurrent() is { } current ? new(current.Value) : new(WaitForLoadAsync(ct));

    Loaded? FindCurrent()
    {
        var kept = Volatile.Read(ref loaded);
        return kept?.Version == version.Current ? kept : null;
    }

    async Task<T> WaitForLoadAsync(CancellationToken ct)
    {
        var wanted = version.Current;
        var (load, isUnderWay) = JoinOrStart();
        var result = await load.WaitAsync(ct);
        // It may have begun before the change that this caller must see. The next one has not.
        if (isUnderWay && result.Version < wanted)
            result = await JoinOrStart().Load.WaitAsync(ct);
        return result.Value;
    }

    (Task<Loaded> Load, bool IsUnderWay) JoinOrStart()
    {
        lock (gate)
        {
            if (loading is { IsCompleted: false })
                return (loading, true);
            if (FindCurrent() is { } current)
                return (Task.FromResult(current), false);
            // On another thread, since SQLite reads without giving its thread back.
            loading = Task.Run(LoadAsync);
            return (loading, false);
        }
    }

    async Task<Loaded> LoadAsync()
    {
        var result = await db.ReadSnapshotAsync(
            async connection => new Loaded(await ContentVersion.ReadAsync(connection), await load(connection)),
            CancellationToken.None,
            file: file
        );
        Volatile.Write(ref loaded, result);
        version.RaiseTo(result.Version);
        return result;
    }

    sealed record Loaded(long Version, T Value);
}
