using System.Buffers.Binary;
using System.Collections.Concurrent;
using Api.Data;
using NodaTime.Extensions;

namespace Api.Access;

/// <summary>
/// Finds keys by their text. A key is remembered for a second, so that most requests do not read the database, and a
/// key that is revoked anywhere is refused everywhere a second later.
/// </summary>
sealed class KeyRing(AccessKeyStore store, TimeProvider time)
{
    static readonly TimeSpan Memory = TimeSpan.FromSeconds(1);

    // Only keys that exist, so nobody can make it grow.
    readonly ConcurrentDictionary<UInt128, (StoredKey Key, long ReadAt)> known = new();

    /// <summary>A key, also one that has expired or was revoked; <c>null</c> if there is none.</summary>
    /// <exception cref="StorageException">The database cannot do its work at the moment.</exception>
    public async Task<StoredKey?> FindAsync(string key, CancellationToken ct)
    {
        var hash = AccessKey.Hash(key);
        var name = BinaryPrimitives.ReadUInt128BigEndian(hash);
        if (known.TryGetValue(name, out var entry) && time.GetElapsedTime(entry.ReadAt) < Memory)
            return entry.Key;

        var readAt = time.GetTimestamp();
        if (await store.FindAsync(hash, ct) is not { } found)
        {
            known.TryRemove(name, out _);
            return null;
        }
        if (found.RevokedAt is null)
            found = await RememberUseAsync(found, ct);
        known[name] = (found, readAt);
        return found;
    }

    async Task<StoredKey> RememberUseAsync(StoredKey key, CancellationToken ct)
    {
        var today = time.GetCurrentInstant().InUtc().Date;
        if (key.LastUsedOn == today || key.ExpiresAt <= time.GetCurrentInstant())
            return key;
        try
        {
            await store.RememberUseAsync(key.Id, today, ct);
        }
        catch (Exception e) when (e is StorageException or WriteQueueFullException)
        {
            // Staff can still read messages while nothing can be written. The next request tries again.
        }
        return key with { LastUsedOn = today };
    }
}
