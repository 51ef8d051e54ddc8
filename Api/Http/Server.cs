using System.Net;
using Api.Http.Caching;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>Kestrel's limits, trusted proxies, and the origins whose scripts may read the answers.</summary>
static class Server
{
    const int LargestBody = 64 * 1024;

    const string DefaultAddress = "http://localhost:5080";

    public static void AddServer(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AccessLogOptions>("AccessLog");
        services.AddSingleton<RateLimiting.RateLimitMetrics>();
        // The time of a plain line ends with a blank, see appsettings.json.
        services.PostConfigure<JsonConsoleFormatterOptions>(json =>
            json.TimestampFormat = json.TimestampFormat?.TrimEnd()
        );
        var listeners = ChooseAddresses(builder);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = LargestBody;
            kestrel.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 64;
            // Enough for the slowest honest sender. A connection that only pretends to send is dropped, and holds no
            // thread until then.
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(
                bytesPerSecond: 240,
                gracePeriod: TimeSpan.FromSeconds(5)
            );
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
            // Kestrel counts per listener. It closes a connection above the limit at once.
            kestrel.Limits.MaxConcurrentConnections = Connections.LimitOf(Connections.Descriptors(), listeners);
        });
        // A fault at the start is reported in one sentence, see Commands. The host would log a stack trace before it.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // While this category may log, ASP.NET Core creates an Activity for every request, which costs a cached answer
        // 3 % of its time. A collector that listens gets Activities all the same, and Problem.TraceId does not need
        // one.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // A body that does not bind reaches ProblemPipeline, which explains it, instead of being a bare 400.
        services.Configure<RouteHandlerOptions>(options => options.ThrowOnBadRequest = true);
        services.Configure<RouteOptions>(options => options.LowercaseUrls = true);

        services
            .AddSettings<OriginSettings>("Cors")
            .Configure<IConfiguration>((settings, configuration) => settings.Read(configuration))
            .ValidateAll(settings => settings.FindMistakes());
        services
            .AddCors()
            .AddOptions<CorsOptions>()
            .Configure<IOptions<OriginSettings>>(
                (cors, settings) =>
                    cors.AddDefaultPolicy(policy =>
                        policy
                            .WithOrigins(settings.Value.Origins)
                            .WithMethods("GET", "HEAD", "POST", "PUT", "DELETE")
                            // Credentials are not allowed, so no header gives anything away, and tracing in browsers
                            // adds its own.
                            .AllowAnyHeader()
                            .WithExposedHeaders(
                                "ETag",
                                "Link",
                                "Location",
                                "Retry-After",
                                "RateLimit",
                                "RateLimit-Policy"
                            )
                            .SetPreflightMaxAge(TimeSpan.FromHours(1))
                    )
            );

        services
            .AddSettings<ProxySettings>("Proxies")
            .Configure<IConfiguration>((settings, configuration) => settings.Read(configuration))
            .ValidateAll(settings => settings.FindMistakes());
        services
            .AddOptions<ForwardedHeadersOptions>()
            .Configure<IOptions<ProxySettings>>(
                (options, settings) =>
                {
                    options.ForwardedHeaders =
                        ForwardedHeaders.XForwardedFor
                        | ForwardedHeaders.XForwardedProto
                        | ForwardedHeaders.XForwardedPrefix;
                    // The nearest proxy wrote the last entry. The client is the first one, from the end, that is no
                    // known proxy; what stands before it is what the client claims.
                    options.ForwardLimit = null;
                    options.KnownProxies.Clear();
                    options.KnownIPNetworks.Clear();
                    foreach (var proxy in settings.Value.Known)
                        options.KnownIPNetworks.Add(ProxySettings.Parse(proxy)!.Value);
                }
            );
    }

    /// <summary>Lets the scripts of allowed origins read a header of the answers.</summary>
    public static IServiceCollection ExposeHeader(this IServiceCollection services, string name) =>
        services.PostConfigure<CorsOptions>(cors => cors.GetPolicy(cors.DefaultPolicyName)!.ExposedHeaders.Add(name));

    /// <summary>Listens on the default address where no setting names one. Containers name a port.</summary>
    /// <returns>The number of sockets to listen on.</returns>
    static int ChooseAddresses(WebApplicationBuilder builder)
    {
        var configuration = builder.Configuration;
        var urls = configuration["urls"];
        var ports = $"{configuration["http_ports"]};{configuration["https_ports"]}";
        if (string.IsNullOrEmpty(urls) && ports == ";" && !configuration.GetSection("Kestrel:Endpoints").Exists())
            builder.WebHost.UseUrls(urls = DefaultAddress);
        foreach (var url in (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries))
            RequireAddress(url);
        return Connections.ListenersOf(string.IsNullOrEmpty(urls) ? ports : urls);
    }

    static void RequireAddress(string url)
    {
        try
        {
            BindingAddress.Parse(url);
        }
        catch (FormatException e)
        {
            throw new StartupFault(Settings.DescribeMistake("Urls", url, "addresses like http://localhost:5080"), e);
        }
    }

    public static void UseServer(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<ProxySettings>>().Value.Known.Length > 0)
            app.UseForwardedHeaders();
        app.UsePathPrefix(app.Services.GetRequiredService<IOptions<SiteOptions>>().Value.Prefix);
    }

    /// <summary>Answers the browsers of allowed origins (CORS).</summary>
    public static void UseOrigins(this WebApplication app)
    {
        if (app.Services.GetRequiredService<IOptions<OriginSettings>>().Value.Origins.Length == 0)
            return;
        // Also on answers to requests without an Origin: a cache would give them to a script, which needs the headers
        // that they lack (Fetch standard, "CORS protocol and HTTP caches").
        app.Use(
            (http, next) =>
            {
                http.Response.VaryAtStartBy(HeaderNames.Origin);
                return next(http);
            }
        );
        app.UseCors();
    }
}

/// <summary>The section <c>Cors</c> of the configuration.</summary>
sealed class OriginSettings
{
    /// <summary>
    /// The origins whose scripts may read the answers, such as <c>https://www.example.com</c>; <c>*</c> for all.
    /// </summary>
    public string[] Origins { get; set; } = [];

    public void Read(IConfiguration configuration) =>
        Origins = [.. configuration.ReadList("Cors:Origins").Select(origin => Normalize(origin) ?? origin)];

    public IEnumerable<string> FindMistakes() =>
        Origins
            .Where(origin => Normalize(origin) is null)
            .Select(origin =>
                $"Cors:Origins has '{origin}', which is no origin like https://www.example.com: correct it."
            );

    // As browsers spell it.
    static string? Normalize(string origin)
    {
        if (origin == "*")
            return origin;
        var isOrigin =
            Uri.TryCreate(origin, UriKind.Absolute, out var url)
            && url is { PathAndQuery: "/", Fragment: "", UserInfo: "" }
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        if (!isOrigin)
            return null;
        var port = url!.IsDefaultPort ? "" : $":{url.Port}";
        return $"{url.Scheme}://{url.IdnHost}{port}";
    }
}

/// <summary>The section <c>Proxies</c> of the configuration.</summary>
sealed class ProxySettings
{
    /// <summary>
    /// The addresses and networks of trusted proxies, such as <c>10.0.0.0/8</c>. What others forward is ignored.
    /// </summary>
    public string[] Known { get; set; } = [];

    public void Read(IConfiguration configuration) => Known = configuration.ReadList("Proxies:Known");

    public IEnumerable<string> FindMistakes() =>
        Known
            .Where(proxy => Parse(proxy) is null)
            .Select(proxy =>
                $"Proxies:Known has '{proxy}', which is neither an IP address nor a network like 10.0.0.0/8: "
                + "correct it."
            );

    public static System.Net.IPNetwork? Parse(string proxy)
    {
        if (System.Net.IPNetwork.TryParse(proxy, out var network))
            return network;
        return IPAddress.TryParse(proxy, out var address)
            ? new System.Net.IPNetwork(address, address.GetAddressBytes().Length * 8)
            : null;
    }
}
