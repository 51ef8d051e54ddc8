using Api.Data;
using Api.Seed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Api.Tests;

/// <summary>
/// A database that the program has made once. Tests start with a copy of it, so that they need not migrate and seed
/// their own.
/// </summary>
sealed class PreparedDatabase
{
    readonly Lazy<Task<byte[]>> content;

    PreparedDatabase(string? seed) => content = new Lazy<Task<byte[]>>(() => PrepareAsync(seed));

    /// <summary>A database with the newest schema and without content.</summary>
    public static PreparedDatabase Empty { get; } = new(seed: null);

    /// <summary>A database with the content of the seed that comes with the program.</summary>
    public static PreparedDatabase Seeded { get; } = new(SeedFolder.Default);

    /// <summary>Writes the database to a folder, unless the folder is missing or has one already.</summary>
    public async Task CopyToAsync(string folder)
    {
        if (!Directory.Exists(folder) || Directory.EnumerateFiles(folder, "clinic.db*").Any())
            return;
        var bytes = await content.Value;
        await using var file = PrivateFiles.Create(Path.Combine(folder, "clinic.db"));
        await file.WriteAsync(bytes);
    }

    static async Task<byte[]> PrepareAsync(string? seed)
    {
        using var folder = new TempFolder();
        string[] settings = [$"--Database:Folder={folder.Path}", $"--Keys:Folder={folder.Keys}"];
        await using (var app = Program.Compose(settings, builder => builder.Logging.ClearProviders()))
        {
            app.Services.GetRequiredService<Migrator>().Migrate();
            if (seed is not null)
                await app.Services.GetRequiredService<SeedLoader>().LoadAsync(seed, default);
        }
        return await File.ReadAllBytesAsync(folder.File("clinic.db"));
    }
}
