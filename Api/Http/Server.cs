using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>Kestrel's limits, the proxies that are believed, and the origins whose scripts may read the answers.</summary>
static class Server
{
    const int LargestBody = 64 * 1024;

    public static void AddServer(this WebApplicationBuilder builder)
    {
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            // Enough for the slowest honest sender; a connection that only pretends to send is dropped, and holds no thread until then.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            // Kestrel counts for each listener. One too many is closed at once, and leaves those that are there alone.
            kestrel.Limits.MaxConcurrentConnections = Connections.LimitOf(Connections.Descriptors(), Connections.ListenersOf(builder.Configuration["Urls"]));
        });
        // What keeps the host from starting is said in one sentence, see Verbs; the host would log a stack trace before it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // While this may log, it makes an Activity for every request, which costs a cached answer a thirtieth of its time. A
        // collector that listens gets them all the same, and a problem finds its trace id without: see Problem.TraceId.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // A body that does not bind reaches ProblemPipeline, which explains it, instead of being a bare 400.
        builder.Services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        builder.Services.Configure<RouteOptions>(options => options.LowercaseUrls = true);

        var origins = Origins(builder.Configuration);
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy => policy
            .WithOrigins(origins)
            .WithMethods("GET", "HEAD", "POST")
            // No credentials are allowed, so no header gives anything away; tracing in browsers adds its own.
            .AllowAnyHeader()
            .WithExposedHeaders("ETag", "Link", "Location", Formats.NotExpressedHeader.Name, "Retry-After", "RateLimit", "RateLimit-Policy")
            .SetPreflightMaxAge(TimeSpan.FromHours(1))));

        System.Net.IPNetwork[] proxies = [.. builder.Configuration.ReadList("Proxies:Known").Select(Network)];
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = proxies.Length == 0 ? ForwardedHeaders.None
                : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedPrefix;
            // From the last entry, which the nearest proxy wrote, back to the first that no known proxy vouches for: the client. What
            // stands before it is what the client says.
            options.ForwardLimit = null;
            options.KnownProxies.Clear();
            options.KnownIPNetworks.Clear();
            foreach (var proxy in proxies) options.KnownIPNetworks.Add(proxy);
        });
    }

    public static void UseServer(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ForwardedHeadersOptions>>().Value.ForwardedHeaders != ForwardedHeaders.None)
            app.UseForwardedHeaders();
        app.UsePathPrefix(app.Services.GetRequiredService<IOptions<SiteOptions>>().Value.Prefix);
    }

    /// <summary>Answers browsers that ask on behalf of another site; nobody else sends an Origin.</summary>
    public static void UseOrigins(this WebApplication app)
    {
        if (Origins(app.Configuration).Length == 0) return;
        // Of every answer, also of those to requests without an Origin: a cache would give them to the site's script, which needs
        // the headers that they do not have (Fetch standard, "CORS protocol and HTTP caches").
        app.Use((http, next) =>
        {
            http.Response.OnStarting(static response =>
            {
                ((HttpResponse)response).VaryBy(HeaderNames.Origin);
                return Task.CompletedTask;
            }, http.Response);
            return next(http);
        });
        app.UseWhen(http => http.Request.Headers.ContainsKey(HeaderNames.Origin), cross => cross.UseCors());
    }

    /// <summary>The origins of Cors:Origins, spelled as browsers spell them.</summary>
    static string[] Origins(IConfiguration configuration) => [.. configuration.ReadList("Cors:Origins").Select(origin =>
        origin == "*" ? origin
        : Uri.TryCreate(origin, UriKind.Absolute, out var url) && url is { PathAndQuery: "/", Fragment: "", UserInfo: "" } &&
            (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            ? $"{url.Scheme}://{url.IdnHost}{(url.IsDefaultPort ? "" : $":{url.Port}")}"
        : throw new StartupFault($"Cors:Origins has '{origin}', which is no origin like https://www.example.com: correct it."))];

    static System.Net.IPNetwork Network(string proxy) =>
        System.Net.IPNetwork.TryParse(proxy, out var network) ? network
        : IPAddress.TryParse(proxy, out var address) ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8)
        : throw new StartupFault($"Proxies:Known has '{proxy}', which is neither an IP address nor a network like 10.0.0.0/8: correct it.");
}
