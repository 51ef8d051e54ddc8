using Api.Hours;

namespace Api.Contact;

/// <summary>A location as the contact form needs it.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Slug">Its slug.</param>
/// <param name="Name">Its name for people.</param>
/// <param name="Schedule">When it is open.</param>
sealed record ContactLocation(long Id, string Slug, string Name, Schedule Schedule);

/// <summary>
/// The locations, in memory: every message asks for one, and reading a schedule takes as long as storing a message. What is
/// changed in the database shows within a minute, as everywhere.
/// </summary>
sealed class ContactLocations(ContactStore store, HoursStore hours, TimeProvider time) : IDisposable
{
    static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    readonly SemaphoreSlim loading = new(1);
    volatile Loaded? loaded;

    /// <summary>By slug, in the order of their names.</summary>
    public ValueTask<IReadOnlyDictionary<string, ContactLocation>> GetAsync(CancellationToken ct) =>
        loaded is { } current && time.GetElapsedTime(current.At) < Fresh ? new(current.Locations) : LoadAsync(ct);

    async ValueTask<IReadOnlyDictionary<string, ContactLocation>> LoadAsync(CancellationToken ct)
    {
        // One loads; the others go on with what there was, and wait only when there was nothing.
        if (!await loading.WaitAsync(loaded is null ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, ct)) return loaded!.Locations;
        try
        {
            if (loaded is { } current && time.GetElapsedTime(current.At) < Fresh) return current.Locations;
            var at = time.GetTimestamp();
            var rows = await store.ListLocationsAsync(ct);
            var schedules = (await hours.ListAsync(ct)).ToDictionary(location => location.Location, location => location.Schedule);
            // A location of which only one of the two knows was added in between, and is there the next time.
            var locations = new OrderedDictionary<string, ContactLocation>(StringComparer.Ordinal);
            foreach (var row in rows)
                if (schedules.TryGetValue(row.Slug, out var schedule)) locations.Add(row.Slug, new ContactLocation(row.Id, row.Slug, row.Name, schedule));
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
