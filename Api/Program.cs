using Api.Articles;
using Api.CommandLine;
using Api.Contact;
using Api.Data;
using Api.Formats;
using Api.Hours;
using Api.Http;
using Api.Locations;
using Api.Outbox;
using Api.Seed;

namespace Api;

static class Program
{
    // Nothing here reads a setting twice, and where no more files can be watched the program must start all the same.
    static readonly string[] NoWatching = ["--hostBuilder:reloadConfigOnChange=false"];

    static Task<int> Main(string[] args) => Verbs.RunAsync(args);

    /// <summary>Puts the program together. Nothing is opened, written or listened to before it is started.</summary>
    /// <param name="args">Settings as <c>--Section:Key=value</c>, over those of the environment and of appsettings.json.</param>
    /// <param name="configure">What a test does differently.</param>
    internal static WebApplication Compose(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = [.. NoWatching, .. args], ContentRootPath = Startup.ContentRoot() });
        builder.AddServer();

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.Configure<SiteOptions>(builder.Configuration.GetSection("Site")).PostConfigure<SiteOptions>(site => site.Check());
        builder.Services.Configure<DatabaseOptions>(builder.Configuration.GetSection("Database")).PostConfigure<DatabaseOptions>(options => options.Check());
        Keys.Add(builder);
        builder.Services.ConfigureHttpJsonOptions(options => Json.Configure(options.SerializerOptions));
        builder.Services.AddContent();
        builder.Services.AddSecurityHeaders();
        builder.Services.AddOpenApi();

        builder.Services.AddSingleton<StorageHealth>();
        builder.Services.AddSingleton<Database>();
        builder.Services.AddSingleton<LogTruncation>();
        builder.Services.AddHostedService(services => services.GetRequiredService<LogTruncation>());
        builder.Services.AddSingleton<Migrator>();
        builder.Services.AddSingleton<SeedLoader>();
        builder.Services.AddSingleton<ArticleStore>();
        builder.Services.AddSingleton<ArticleSearch>();
        builder.Services.AddSingleton<LocationStore>();
        builder.Services.AddSingleton<HoursStore>();
        builder.Services.AddSingleton<FormatReader>();
        builder.AddContact();
        builder.AddOutbox();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseServer();
        app.UseHeadRequests();
        app.UseSecurityHeaders();
        app.UseRouting();
        app.UseOrigins();
        app.UseRevalidation();
        app.UseOutputCache();
        app.UseProblems();
        app.UseContent();
        app.UseDocs();

        app.MapDocs();
        app.MapHealth();
        var v1 = app.MapGroup("/v1").Answers(ProblemTypes.Fault);
        v1.MapArticles();
        v1.MapLocations();
        v1.MapHours();
        v1.MapFormats();
        v1.MapContact();
        return app;
    }
}
