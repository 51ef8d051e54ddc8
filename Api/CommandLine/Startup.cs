using Api.Articles;
using Api.Contact;
using Api.Data;
using Api.Outbox;
using Api.Seed;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>From a composed program to one that serves.</summary>
static partial class Startup
{
    /// <summary>Prepares the database, listens, and makes sure that every endpoint can be built.</summary>
    /// <exception cref="StartupFault">The database or the seed cannot be used.</exception>
    public static async Task StartAsync(WebApplication app)
    {
        LogTimeZones(app.Logger, DateTimeZoneProviders.Tzdb.VersionId);
        await PrepareAsync(app);
        await app.StartAsync();
        // Routing would build them with the first request, and only then notice that a body has no validator.
        _ = app.Services.GetRequiredService<EndpointDataSource>().Endpoints;
        app.Services.GetRequiredService<OutboxDelivery>().Begin();
    }

    /// <summary>What must be done before the first request: a database that is up to date, with content in it.</summary>
    public static async Task PrepareAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Migrator>().Migrate();
        app.Services.GetRequiredService<Database>().RenewMark();
        await PrepareMessagesAsync(app);
        await app.Services.GetRequiredService<ArticleStore>().RenderOutdatedAsync(CancellationToken.None);
        await app.Services.GetRequiredService<SeedLoader>().LoadIfEmptyAsync(
            app.Configuration["Seed:Folder"] ?? SeedFolder.Default, CancellationToken.None);
    }

    /// <summary>Makes sure that messages can be sealed and read, and seals those of an older program.</summary>
    public static async Task PrepareMessagesAsync(WebApplication app)
    {
        var keys = app.Services.GetRequiredService<Keys>();
        var store = app.Services.GetRequiredService<ContactStore>();
        var acceptLoss = app.Services.GetRequiredService<IOptions<KeysOptions>>().Value.AcceptLoss;
        keys.Open(mayMake: !await store.HasSealedAsync(CancellationToken.None), acceptLoss);
        if (!acceptLoss && !await store.CanOpenAsync(CancellationToken.None))
        {
            throw new StartupFault($"The keys in {keys.Folder} do not open the messages in the database: restore them from a backup or correct Keys:Folder. " +
                "If they are lost for good, start with --Keys:AcceptLoss=true; the messages from before then stay unreadable.");
        }
        await store.SealOldAsync(app.Services.GetRequiredService<IOptions<ContactOptions>>().Value.TelephoneRegion,
            app.Services.GetRequiredService<TimeProvider>().GetCurrentInstant(), CancellationToken.None);
    }

    /// <summary>
    /// Where appsettings.json is and relative paths begin: the folder that the program was started in, if it has settings,
    /// or else the program's own.
    /// </summary>
    public static string ContentRoot() =>
        File.Exists("appsettings.json") ? Directory.GetCurrentDirectory() : AppContext.BaseDirectory;

    [LoggerMessage(Level = LogLevel.Information, Message = "Time zone rules: {Version}. They come with the program; a newer program has newer rules")]
    static partial void LogTimeZones(ILogger log, string version);
}
