using Api.Access;
using Api.Articles;
using Api.Audit;
using Api.CommandLine;
using Api.Contact;
using Api.Contact.Inbox;
using Api.Data;
using Api.Formats;
using Api.Hours;
using Api.Http;
using Api.Http.Caching;
using Api.Http.OpenApi;
using Api.Locations;
using Api.Outbox;
using Api.Seed;

namespace Api;

static class Program
{
    // Settings are not read again after the start, and the program must start where the system allows no more file
    // watchers.
    static readonly string[] NoWatching = ["--hostBuilder:reloadConfigOnChange=false"];

    static Task<int> Main(string[] args) => Commands.RunAsync(args);

    /// <summary>Composes the program. It opens, writes and listens to nothing before it starts.</summary>
    /// <param name="args">
    /// Settings as <c>--Section:Key=value</c>. They override the environment and appsettings.json.
    /// </param>
    /// <param name="configure">The changes of a test.</param>
    internal static WebApplication Compose(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(
            new WebApplicationOptions
            {
                Args = [.. NoWatching, .. args],
                ContentRootPath = Startup.FindContentRoot(args),
            }
        );
        builder.AddServer();
        builder.AddTelemetry();

        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSettings<SiteOptions>("Site").ValidateAll(site => site.FindMistakes());
        builder.AddDatabase();
        builder.Services.AddSettings<SeedOptions>("Seed");
        Keys.Add(builder);
        builder.Services.ConfigureHttpJsonOptions(options => Json.Configure(options.SerializerOptions));
        builder.Services.AddCaching();
        builder.Services.AddSecurityHeaders();
        builder.Services.AddOpenApi();

        builder.Services.AddAudit();
        builder.AddAccess();
        builder.Services.AddSingleton<SeedLoader>();
        builder.Services.AddArticles();
        builder.Services.AddSingleton<LocationStore>();
        builder.Services.AddSingleton<HoursStore>();
        builder.Services.AddFormats();
        builder.Services.AddContact();
        builder.Services.AddOutbox();
        builder.Services.AddSingleton<LocationSettings>();
        builder.RequireKnownSections();
        builder.Configuration.RequireLogLevels();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseAccessLog();
        app.UseServer();
        app.UseHeadRequests();
        app.UseSecurityHeaders();
        app.UseRouting();
        app.UseOrigins();
        app.UseRevalidation();
        app.UseOutputCache();
        app.UseLanguages();
        app.UseProblems();
        app.UseAccess();
        app.UseContent();
        app.UseDocs();

        // An endpoint is either for everybody or for the staff. The OpenAPI document has its tags in this order.
        var everybody = app.MapGroup("").AllowAnonymous();
        everybody.MapDocs();
        var v1 = everybody.MapGroup("/v1").WithProblems(ProblemTypes.Fault);
        v1.MapHours();
        v1.MapLocations();
        v1.MapArticles();
        v1.MapContact();
        v1.MapFormats();
        var staff = app.MapGroup("/v1").WithProblems(ProblemTypes.Fault).MapStaff();
        staff.MapInbox();
        staff.MapSenders();
        staff.MapAttention();
        staff.For(Role.Admin, everywhere: true).MapAudit();
        everybody.MapHealth();
        everybody.MapContactHealth();
        return app;
    }
}
