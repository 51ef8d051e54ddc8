using Api.Articles;
using Api.Contact.Housekeeping;
using Api.Data;
using Api.Http;
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
        // Before it accepts a message.
        await app.Services.GetRequiredService<LocationSettings>().RequireKnownAsync(ct);
        BuildEndpoints(app);
        await app.StartAsync(ct);
        WarnOfLocalAddress(app);
        app.Services.GetRequiredService<OutboxDelivery>().Begin();
    }

    // Feeds and links would lead their readers to their own machines.
    static void WarnOfLocalAddress(WebApplication app)
    {
        var site = app.Services.GetRequiredService<IOptions<SiteOptions>>().Value;
        var open = app.Urls.FirstOrDefault(url => Uri.TryCreate(url, UriKind.Absolute, out var uri) && !uri.IsLoopback);
        if (site.IsLocal && open is not null)
            LogLocalAddress(app.Logger, open, site.ApiUrl);
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
        await app.Services.GetRequiredService<Database>().PrepareToServeAsync(CancellationToken.None);
        await app.Services.GetRequiredService<MessageKeys>().PrepareAsync(CancellationToken.None);
        await app.Services.GetRequiredService<ArticleStore>().RenderOutdatedAsync(CancellationToken.None);
        await app.Services.GetRequiredService<SeedLoader>().LoadIfEmptyAsync(FindSeed(app), CancellationToken.None);
        await app.Services.GetRequiredService<ContentVersion>().RefreshAsync(CancellationToken.None);
    }

    /// <summary>The folder of the content that is loaded into an empty database.</summary>
    public static string FindSeed(WebApplication app) =>
        app.Services.GetRequiredService<IOptions<SeedOptions>>().Value.Folder is { Length: > 0 } folder
            ? Path.Combine(app.Environment.ContentRootPath, folder)
            : SeedFolder.Default;

    /// <summary>
    /// The folder of appsettings.json, where relative paths in settings begin: <c>contentRoot</c>, or the current
    /// folder if it has settings, or else the program's own.
    /// </summary>
    /// <param name="args">Settings of the command line.</param>
    public static string FindContentRoot(string[] args)
    {
        var host = new ConfigurationBuilder().AddEnvironmentVariables("ASPNETCORE_").AddCommandLine(args).Build();
        if (host["contentRoot"] is { } given)
            return Directory.Exists(given)
                ? Path.GetFullPath(given)
                : throw new StartupFault($"contentRoot is '{given}': set it to the folder of appsettings.json.");
        return File.Exists("appsettings.json") ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "Time zone rules: {Version}. They come with the program, so a newer program has newer rules"
    )]
    static partial void LogTimeZones(ILogger log, string version);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The program listens on {Listener}, but Site:ApiUrl is {ApiUrl}, which its links begin with: set it "
            + "to the address that callers use"
    )]
    static partial void LogLocalAddress(ILogger log, string listener, string apiUrl);
}
