using System.CommandLine;
using Api.Data;
using Api.Http.OpenApi;
using Api.Seed;

namespace Api.CommandLine;

/// <summary>Serving, and what prepares it.</summary>
static class ServerCommands
{
    public static readonly CommandHelp ServeHelp = new(
        "--Database:Folder=/var/lib/clinic/data --Keys:Folder=/var/lib/clinic/keys",
        "Urls",
        "Database:ConnectionString",
        "Database:Folder",
        "Keys:Folder",
        "Keys:Certificates",
        "Seed:Folder",
        "Site:ApiUrl",
        "Mail:Host",
        "Mail:From",
        "Mail:Recipients",
        "Webhooks:Endpoints",
        "Cors:Origins",
        "Proxies:Known"
    );

    public static IEnumerable<Command> Create(CommandRunner runner)
    {
        var folder = new Argument<DirectoryInfo?>("folder")
        {
            Description =
                "The folder with clinic.yaml and articles/*.md. Without it, the seed that comes with the program.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return
        [
            runner.Create(
                "serve",
                "Serves the API (the default). Creates, migrates and seeds the database where needed.",
                ServeHelp,
                ServeAsync,
                logs: true
            ),
            runner.Create(
                "migrate",
                "Brings the database up to date.",
                new CommandHelp(
                    "--Database:Folder=/var/lib/clinic/data",
                    "Database:ConnectionString",
                    "Database:Folder"
                ),
                MigrateAsync,
                logs: true
            ),
            runner.Create(
                "seed",
                "Loads content into the database. Replaces what has the same slug. If a file has a mistake, nothing "
                    + "is changed.",
                new CommandHelp(
                    "content --Database:Folder=/var/lib/clinic/data",
                    "Database:ConnectionString",
                    "Database:Folder",
                    "Mail:Recipients"
                ),
                (app, parsed, ct) => SeedAsync(app, parsed.GetValue(folder)?.FullName ?? SeedFolder.Default, ct),
                folder,
                logs: true
            ),
            runner.Create(
                "openapi",
                "Prints the OpenAPI document.",
                new CommandHelp("> openapi.yaml", "Contact:MessageMaxLength", "Contact:Honeypot"),
                PrintOpenApiAsync
            ),
        ];
    }

    public static async Task<int> ServeAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
    {
        await Startup.StartAsync(app, ct);
        await app.WaitForShutdownAsync(CancellationToken.None);
        return 0;
    }

    static async Task<int> MigrateAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
    {
        app.Services.GetRequiredService<Migrator>().Migrate();
        await Console.Out.WriteLineAsync($"{app.Services.GetRequiredService<Database>().Name} is up to date.");
        return 0;
    }

    static async Task<int> SeedAsync(WebApplication app, string folder, CancellationToken ct)
    {
        var settings = app.Services.GetRequiredService<LocationSettings>();
        app.Services.GetRequiredService<Migrator>().Migrate();
        var loaded = await app.Services.GetRequiredService<SeedLoader>().LoadAsync(folder, ct);
        await settings.WarnAsync(ct);
        await Console.Out.WriteLineAsync(
            $"{loaded.Locations.Count} locations and {loaded.Articles.Count} articles loaded."
        );
        return 0;
    }

    static async Task<int> PrintOpenApiAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
    {
        // The endpoints are known once the pipeline is built, which happens when it starts. It listens where nobody
        // looks.
        app.Urls.Clear();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync(ct);
        await Console.Out.WriteAsync(
            await app.Services.GetRequiredService<OpenApiDocuments>().YamlAsync(PathString.Empty)
        );
        return 0;
    }
}
