using Api.Articles;
using Api.Data;
using Api.Hours;
using Api.Locations;
using Dapper;

namespace Api.Seed;

/// <summary>Loads a <see cref="SeedFolder"/> in one write: all of it, or nothing.</summary>
sealed partial class SeedLoader(Database db, ContentVersion version, ArticleStore articles, ILogger<SeedLoader> log)
{
    /// <summary>
    /// Loads a folder. It replaces locations and articles with the same slug, and leaves all others as they are.
    /// Loading the same folder again changes nothing.
    /// </summary>
    /// <exception cref="StartupFault">A file has a mistake; nothing was changed.</exception>
    public async Task<SeedFolder> LoadAsync(string folder, CancellationToken ct)
    {
        var seed = SeedFolder.Read(folder);
        await db.TryRunAloneAsync(SoleWork.Seed, waits: true, () => StoreAsync(seed, folder, ct), ct);
        return seed;
    }

    async Task StoreAsync(SeedFolder seed, string folder, CancellationToken ct)
    {
        await db.WriteAsync(
            async connection =>
            {
                foreach (var (location, hours, exceptions, verifiedAt) in seed.Locations)
                {
                    await LocationStore.SaveAsync(connection, location);
                    await HoursStore.SaveAsync(connection, location.Slug, hours, exceptions, verifiedAt);
                }
                await HoursStore.SaveClinicWideAsync(connection, seed.Exceptions);
                foreach (var article in seed.Articles)
                    await articles.SaveAsync(connection, article.Draft, article.Text);
                return seed;
            },
            ct
        );
        await version.RefreshAsync(ct);
        foreach (var warning in seed.Warnings)
            LogWarning(warning);
        LogLoaded(seed.Locations.Count, seed.Articles.Count, folder);
    }

    /// <summary>Loads a folder if the database has no content yet.</summary>
    public Task LoadIfEmptyAsync(string folder, CancellationToken ct) =>
        db.TryRunAloneAsync(
            SoleWork.Seed,
            waits: true,
            async () =>
            {
                if (!await HasContentAsync(ct))
                    await StoreAsync(SeedFolder.Read(folder), folder, ct);
            },
            ct
        );

    Task<bool> HasContentAsync(CancellationToken ct)
    {
        var query = new CommandDefinition(
            "SELECT EXISTS (SELECT 1 FROM locations) OR EXISTS (SELECT 1 FROM articles)",
            cancellationToken: ct
        );
        return db.ReadAsync(connection => connection.ExecuteScalarAsync<bool>(query), ct);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Loaded {Locations} locations and {Articles} articles from {Folder}"
    )]
    partial void LogLoaded(int locations, int articles, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    partial void LogWarning(string warning);
}
