using Api.Articles;
using Api.Data;
using Api.Hours;
using Api.Locations;
using Dapper;

namespace Api.Seed;

/// <summary>Loads a <see cref="SeedFolder"/> in one item of the write queue: all of it, or nothing.</summary>
sealed partial class SeedLoader(Database db, ArticleStore articles, ILogger<SeedLoader> log)
{
    /// <summary>What has the same slug is replaced; what the folder does not name stays. Doing it twice changes nothing.</summary>
    /// <exception cref="StartupFault">A file has an error; nothing was changed.</exception>
    public async Task<SeedFolder> LoadAsync(string folder, CancellationToken ct)
    {
        var seed = SeedFolder.Read(folder);
        await db.WriteSynchronouslyAsync(connection =>
        {
            foreach (var (location, hours, exceptions, verifiedAt) in seed.Locations)
            {
                LocationStore.Save(connection, location);
                HoursStore.Save(connection, location.Slug, hours, exceptions, verifiedAt);
            }
            HoursStore.SaveClinicWide(connection, seed.Exceptions);
            foreach (var article in seed.Articles) articles.Save(connection, article.Draft, article.Text);
            return seed;
        }, ct);
        foreach (var warning in seed.Warnings) LogWarning(warning);
        LogLoaded(seed.Locations.Count, seed.Articles.Count, folder);
        return seed;
    }

    /// <summary>Loads a seed if the database holds no content yet.</summary>
    public async Task LoadIfEmptyAsync(string folder, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var empty = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            "SELECT NOT EXISTS (SELECT 1 FROM locations) AND NOT EXISTS (SELECT 1 FROM articles)", cancellationToken: ct));
        if (empty) await LoadAsync(folder, ct);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Locations} locations and {Articles} articles loaded from {Folder}")]
    partial void LogLoaded(int locations, int articles, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Warning}")]
    partial void LogWarning(string warning);
}
