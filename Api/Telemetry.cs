using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Api;

/// <summary>
/// Sends traces and metrics to an OpenTelemetry collector (OTLP). It is off until there is an endpoint, and nothing of
/// OpenTelemetry is loaded while it is off.
/// </summary>
static class Telemetry
{
    /// <summary>The name of the program's own traces and metrics.</summary>
    public const string Name = "Clinic";

    const string EndpointKey = "OTEL_EXPORTER_OTLP_ENDPOINT",
        ProtocolKey = "OTEL_EXPORTER_OTLP_PROTOCOL";

    /// <summary>
    /// The only attributes of spans that leave the program. None can contain what a caller wrote, unlike the path, the
    /// query, the host and the user agent, which ASP.NET Core's spans have too.
    /// </summary>
    static readonly HashSet<string> SpanAttributes =
    [
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "network.protocol.version",
        "error.type",
        "db.system.name",
        "db.operation.name",
        "clinic.delivery.channel",
        "clinic.delivery.attempt",
        "clinic.delivery.outcome",
    ];

    /// <summary>The attributes of the metrics of requests. The scheme can be what a proxy forwards.</summary>
    static readonly string[] RequestAttributes =
    [
        "http.request.method",
        "http.response.status_code",
        "http.route",
        "network.protocol.version",
        "error.type",
    ];

    public static ActivitySource Traces { get; } = new(Name);

    /// <exception cref="StartupFault">The endpoint or the protocol cannot be used.</exception>
    public static void AddTelemetry(this WebApplicationBuilder builder)
    {
        if (builder.Configuration[EndpointKey] is not { Length: > 0 } endpoint)
            return;
        // The exporter would ignore a wrong value, and send to its default.
        var isUrl =
            Uri.TryCreate(endpoint, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
        if (!isUrl)
            throw new StartupFault(Settings.DescribeMistake(EndpointKey, endpoint, "a URL like http://localhost:4317"));
        if (builder.Configuration[ProtocolKey] is { Length: > 0 } protocol and not ("grpc" or "http/protobuf"))
            throw new StartupFault(Settings.DescribeMistake(ProtocolKey, protocol, "grpc or http/protobuf"));
        AddExport(builder.Services);
    }

    static void AddExport(IServiceCollection services) =>
        services
            .AddOpenTelemetry()
            // The later one wins, so that OTEL_SERVICE_NAME can give another name.
            .ConfigureResource(resource => resource.AddService("clinic-api").AddEnvironmentVariableDetector())
            .WithTracing(traces =>
                traces
                    .AddSource(Name)
                    .AddAspNetCoreInstrumentation()
                    .AddProcessor(new AttributeFilter())
                    .AddOtlpExporter()
            )
            .WithMetrics(metrics =>
                metrics
                    .AddMeter(Name, "System.Runtime")
                    .AddAspNetCoreInstrumentation()
                    .AddView(instrument =>
                        instrument.Meter.Name == "Microsoft.AspNetCore.Hosting"
                            ? new MetricStreamConfiguration { TagKeys = RequestAttributes }
                            : null
                    )
                    .AddOtlpExporter()
            );

    /// <summary>Removes what a caller wrote from spans before they are exported.</summary>
    sealed class AttributeFilter : BaseProcessor<Activity>
    {
        // The caller's tracestate header. The spans inside this one would inherit it.
        public override void OnStart(Activity data) => data.TraceStateString = null;

        public override void OnEnd(Activity data)
        {
            foreach (var (name, _) in data.TagObjects.ToArray())
            {
                if (!SpanAttributes.Contains(name))
                    data.SetTag(name, null);
            }
        }
    }
}
