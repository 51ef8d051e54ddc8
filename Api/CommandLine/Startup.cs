using Api.Articles;
using Api.Contact.Housekeeping;
using Api.Contact.Notifications;
using Api.Data;
using Api.Data.Sqlite;
using Api.Outbox;
using Api.Seed;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Api.CommandLine;

/// <summary>Starts a composed program.</summary>
static partial class Startup
{
    /// <summary>Prepares the database, listens, and checks that every endpoint can be built.</summary>
    /// <exception cref="StartupFault">The database or the seed cannot be used.</exception>
    public static async Task StartAsync(WebApplication app, CancellationToken ct = default)
    {
        app.Services.GetRequiredService<IStartupValidator>().Validate();
        LogTimeZones(app.Logger, DateTimeZoneProviders.Tzdb.VersionId);
        await PrepareAsync(app);
        BuildEndpoints(app);
        await app.StartAsync(ct);
        await app.Services.GetRequiredService<RecipientCheck>().RunAsync(ct);
        app.Services.GetRequiredService<OutboxDelivery>().Begin();
    }

    // Routing would build all endpoints at the first request, and only then find that a body has no validator. One
    // source for all of them keeps what it has built, so that nothing is built twice.
    static void BuildEndpoints(IEndpointRouteBuilder app)
    {
        var endpoints = new CompositeEndpointDataSource([.. app.DataSources]);
        app.DataSources.Clear();
        app.DataSources.Add(endpoints);
        _ = endpoints.Endpoints;
    }

    /// <summary>Does what the first request needs: migrates the database, and seeds it if it is empty.</summary>
    public static async Task PrepareAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Migrator>().Migrate();
        app.Services.GetRequiredService<SqliteDatabase>().RenewMark();
        await app.Services.GetRequiredService<MessageKeys>().PrepareAsync(CancellationToken.None);
        await app.Services.GetRequiredService<ArticleStore>().RenderOutdatedAsync(CancellationToken.None);
        await app
            .Services.GetRequiredService<SeedLoader>()
            .LoadIfEmptyAsync(app.Configuration["Seed:Folder"] ?? SeedFolder.Default, CancellationToken.None);
    }

    /// <summary>
    /// The folder of appsettings.json, where relative paths begin: the current folder if it has settings, otherwise the
    /// program's own.
    /// </summary>
    public static string ContentRoot() =>
        File.Exists("appsettings.json") ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory;

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Time zone rules: {Version}. They come with the program, so a newer program has newer rules"
    )]
    static partial void LogTimeZones(ILogger log, string version);
}
