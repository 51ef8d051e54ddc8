using Api.Hours;
using Api.Locations;

namespace Api.Contact;

/// <summary>A location as the contact form needs it.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Slug">Its slug.</param>
/// <param name="Name">Its name.</param>
/// <param name="Schedule">When it is open.</param>
sealed record ContactLocation(long Id, string Slug, string Name, Schedule Schedule);

/// <summary>
/// The locations, kept in memory for a minute: every message needs one, and reading a schedule takes as long as storing
/// a message.
/// </summary>
sealed class ContactLocations(LocationStore store, HoursStore hours, TimeProvider time) : IDisposable
{
    static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim loading = new(1);
    volatile Loaded? loaded;

    /// <summary>The locations by slug, sorted by name.</summary>
    public ValueTask<IReadOnlyDictionary<string, ContactLocation>> GetAsync(CancellationToken ct) =>
        IsFresh(loaded) ? new(loaded!.Locations) : LoadAsync(ct);

    bool IsFresh(Loaded? locations) => locations is not null && time.GetElapsedTime(locations.At) < Lifetime;

    async ValueTask<IReadOnlyDictionary<string, ContactLocation>> LoadAsync(CancellationToken ct)
    {
        // One request loads. The others go on with the old locations, and wait only when there are none yet.
        var patience = loaded is null ? Timeout.InfiniteTimeSpan : TimeSpan.Zero;
        if (!await loading.WaitAsync(patience, ct))
            return loaded!.Locations;
        try
        {
            if (IsFresh(loaded))
                return loaded!.Locations;
            var at = time.GetTimestamp();
            var rows = await store.ListRowsAsync(ct);
            var schedules = (await hours.ListAsync(ct)).ToDictionary(
                location => location.Location,
                location => location.Schedule
            );
            var locations = new OrderedDictionary<string, ContactLocation>(StringComparer.Ordinal);
            foreach (var (id, slug, name) in rows)
            {
                // A location that was added between the two reads is missing in one of them, and is there a minute
                // later.
                if (schedules.TryGetValue(slug, out var schedule))
                    locations.Add(slug, new ContactLocation(id, slug, name, schedule));
            }
            loaded = new Loaded(locations, at);
            return locations;
        }
        finally
        {
            loading.Release();
        }
    }

    public void Dispose() => loading.Dispose();

    sealed record Loaded(IReadOnlyDictionary<string, ContactLocation> Locations, long At);
}
