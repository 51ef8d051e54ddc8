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
    readonly string name;
    readonly string? seed;
    readonly Lazy<Task<byte[]>> content;
    readonly Lazy<Task> template;

    PreparedDatabase(string name, string? seed)
    {
        (this.name, this.seed) = (name, seed);
        content = new Lazy<Task<byte[]>>(PrepareFileAsync);
        template = new Lazy<Task>(PrepareTemplateAsync);
    }

    /// <summary>A database with the newest schema and without content.</summary>
    public static PreparedDatabase Empty { get; } = new("prepared_empty", seed: null);

    /// <summary>A database with the content of the seed that comes with the program.</summary>
    public static PreparedDatabase Seeded { get; } = new("prepared_seeded", SeedFolder.Default);

    /// <summary>Makes the database of a folder, unless the folder is missing or has one already.</summary>
    public async Task CopyToAsync(string folder)
    {
        if (!Directory.Exists(folder))
            return;
        if (Engine.IsPostgres)
        {
            await template.Value;
            Engine.FindDatabase(folder, name);
            return;
        }
        if (Directory.EnumerateFiles(folder, "clinic.db*").Any())
            return;
        var bytes = await content.Value;
        await using var file = PrivateFiles.Create(Path.Combine(folder, "clinic.db"));
        await file.WriteAsync(bytes);
    }

    /// <summary>Makes a database on the shared server, whatever engine the tests use.</summary>
    public async Task CopyToPostgresAsync(string database)
    {
        await template.Value;
        PostgresServer.Shared.CreateDatabase(database, name);
    }

    async Task<byte[]> PrepareFileAsync()
    {
        using var folder = new TempFolder();
        await PrepareAsync($"--Database:Folder={folder.Path}");
        return await File.ReadAllBytesAsync(folder.File("clinic.db"));
    }

    async Task PrepareTemplateAsync()
    {
        var server = PostgresServer.Shared;
        server.CreateDatabase(name);
        await PrepareAsync($"--Database:ConnectionString={server.ConnectionString(name)}");
    }

    async Task PrepareAsync(string database)
    {
        using var folder = new TempFolder();
        await using var app = Program.Compose(
            [database, $"--Keys:Folder={folder.Keys}"],
            builder => builder.Logging.ClearProviders()
        );
        app.Services.GetRequiredService<Migrator>().Migrate();
        if (seed is not null)
            await app.Services.GetRequiredService<SeedLoader>().LoadAsync(seed, default);
    }
}
