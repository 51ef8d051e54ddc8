using System.Data.Common;
using System.Globalization;
using Dapper;

namespace Api.Data;

/// <summary>
/// The version of the content: locations, hours and articles. Triggers in the database raise it at every change, so an
/// operator's own SQL does so, too. Content is kept in memory until the version changes.
/// </summary>
sealed class ContentVersion(Database db)
{
    Known known = new(0);

    /// <summary>The newest version that this program knows of; 0 before it has read one.</summary>
    public long Current => Volatile.Read(ref known).Number;

    /// <summary><see cref="Current"/> for a cache key.</summary>
    public string Key => Volatile.Read(ref known).Text;

    /// <summary>Reads the version, so that what follows sees every change that was made before.</summary>
    /// <exception cref="StorageException">The database cannot do its work at the moment.</exception>
    public async Task RefreshAsync(CancellationToken ct)
    {
        Known before;
        long version;
        do
        {
            before = Volatile.Read(ref known);
            version = await db.ReadAsync(ReadAsync, ct);
            if (version == before.Number)
                return;
            // Again if it was changed meanwhile: which of the two is newer is not known.
        } while (Interlocked.CompareExchange(ref known, new Known(version), before) != before);
    }

    /// <summary>Takes over a version that was read together with content.</summary>
    public void RaiseTo(long version)
    {
        var before = Volatile.Read(ref known);
        while (before.Number < version)
        {
            var found = Interlocked.CompareExchange(ref known, new Known(version), before);
            if (found == before)
                return;
            before = found;
        }
    }

    /// <summary>Reads the version that a connection sees.</summary>
    public static Task<long> ReadAsync(DbConnection connection) =>
        connection.ExecuteScalarAsync<long>("SELECT version FROM content_version");

    sealed class Known(long number)
    {
        public long Number => number;
        public string Text { get; } = number.ToString(CultureInfo.InvariantCulture);
    }
}
