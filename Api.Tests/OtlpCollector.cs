using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Api.Tests;

/// <summary>A span that was exported, with its attributes as text.</summary>
sealed record ExportedSpan(
    string TraceId,
    string SpanId,
    string ParentId,
    string TraceState,
    string Name,
    TimeSpan Duration,
    IReadOnlyDictionary<string, string> Attributes,
    bool HasFailed,
    string StatusText
);

/// <summary>A measurement that was exported; of a histogram its sum and how many values it has.</summary>
sealed record ExportedMeasurement(
    string Name,
    string Unit,
    IReadOnlyDictionary<string, string> Attributes,
    double Value,
    long Count
);

/// <summary>
/// An OpenTelemetry collector, which receives OTLP over HTTP and gRPC (opentelemetry-proto, trace.proto and
/// metrics.proto). It answers everything else with 204, as the receiver of a webhook does.
/// </summary>
sealed class OtlpCollector(WebApplication app) : IAsyncDisposable
{
    readonly ConcurrentQueue<(string Path, ReadOnlyMemory<byte> Body)> received = new();

    public Uri Url => new(app.Urls.First());

    /// <summary>The settings with which the program exports to it, soon.</summary>
    public string[] Settings =>
        [
            $"--OTEL_EXPORTER_OTLP_ENDPOINT={Url}",
            "--OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
            "--OTEL_BSP_SCHEDULE_DELAY=100",
        ];

    /// <summary>The setting with which the program exports to it by gRPC, the default.</summary>
    public string[] GrpcSettings => [$"--OTEL_EXPORTER_OTLP_ENDPOINT={app.Urls.Last()}"];

    /// <summary>The number of exports.</summary>
    public int Count => Exported("/v1/traces").Count() + Exported("/v1/metrics").Count();

    /// <summary>All that was exported. Texts can be read in it.</summary>
    public string Text =>
        string.Join(
            '\n',
            Exported("/v1/traces").Concat(Exported("/v1/metrics")).Select(body => Encoding.Latin1.GetString(body.Span))
        );

    public IReadOnlyList<ExportedSpan> Spans =>
        [
            .. Exported("/v1/traces")
                .Select(body => new ProtobufMessage(body))
                .SelectMany(export => export.Messages(1))
                .SelectMany(resource => resource.Messages(2))
                .SelectMany(scope => scope.Messages(2))
                .Select(ReadSpan),
        ];

    /// <summary>The measurements of the last export. They count from the start of the program.</summary>
    public IReadOnlyList<ExportedMeasurement> Measurements =>
        [
            .. new ProtobufMessage(Exported("/v1/metrics").Last())
                .Messages(1)
                .SelectMany(resource => resource.Messages(2))
                .SelectMany(scope => scope.Messages(2))
                .SelectMany(ReadMetric),
        ];

    /// <summary>The attributes of the program in the last export.</summary>
    public IReadOnlyDictionary<string, string> Resource =>
        ReadAttributes(
            new ProtobufMessage(Exported("/v1/metrics").Last()).Messages(1).Single().Messages(1).Single(),
            field: 1
        );

    public static async Task<OtlpCollector> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, grpc => grpc.Protocols = HttpProtocols.Http2);
        });
        var collector = new OtlpCollector(builder.Build());
        await collector.ListenAsync();
        return collector;
    }

    /// <summary>Waits until spans have come that are as they should be.</summary>
    public async Task UntilAsync(Func<IReadOnlyList<ExportedSpan>, bool> holds)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!holds(Spans))
        {
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Only {string.Join("; ", Spans)}");
            await Task.Delay(20);
        }
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    Task ListenAsync()
    {
        app.Run(async http =>
        {
            using var body = new MemoryStream();
            await http.Request.Body.CopyToAsync(body);
            if (http.Request.ContentType == "application/grpc")
            {
                // The message and its answer come after a flag and their length.
                const int PrefixLength = 5;
                var isTraces = http.Request.Path.Value!.Contains("TraceService", StringComparison.Ordinal);
                received.Enqueue((isTraces ? "/v1/traces" : "/v1/metrics", body.ToArray().AsMemory(PrefixLength)));
                http.Response.ContentType = "application/grpc";
                await http.Response.Body.WriteAsync(new byte[PrefixLength]);
                http.Response.AppendTrailer("grpc-status", "0");
                return;
            }
            received.Enqueue((http.Request.Path, body.ToArray()));
            var isExport = http.Request.ContentType == "application/x-protobuf";
            http.Response.StatusCode = isExport ? StatusCodes.Status200OK : StatusCodes.Status204NoContent;
        });
        return app.StartAsync();
    }

    IEnumerable<ReadOnlyMemory<byte>> Exported(string path) =>
        received.Where(request => request.Path == path).Select(request => request.Body);

    static ExportedSpan ReadSpan(ProtobufMessage span)
    {
        var status = span.Messages(15).SingleOrDefault();
        return new(
            span.Hex(1),
            span.Hex(2),
            span.Hex(4),
            span.Text(3),
            span.Text(5),
            // Nanoseconds.
            TimeSpan.FromTicks((long)(span.Number(8) - span.Number(7)) / 100),
            ReadAttributes(span, field: 9),
            HasFailed: status?.Number(3) == 2,
            status?.Text(2) ?? ""
        );
    }

    static IEnumerable<ExportedMeasurement> ReadMetric(ProtobufMessage metric)
    {
        const int Gauge = 5,
            Sum = 7,
            Histogram = 9;
        var (name, unit) = (metric.Text(1), metric.Text(3));
        foreach (var point in metric.Messages(Gauge).Concat(metric.Messages(Sum)).SelectMany(data => data.Messages(1)))
        {
            var value = point.Has(4) ? point.Real(4) : (long)point.Number(6);
            yield return new(name, unit, ReadAttributes(point, field: 7), value, 1);
        }
        foreach (var point in metric.Messages(Histogram).SelectMany(data => data.Messages(1)))
            yield return new(name, unit, ReadAttributes(point, field: 9), point.Real(5), (long)point.Number(4));
    }

    static Dictionary<string, string> ReadAttributes(ProtobufMessage owner, int field) =>
        owner
            .Messages(field)
            .ToDictionary(
                attribute => attribute.Text(1),
                attribute =>
                {
                    var value = attribute.Messages(2).Single();
                    return value.Has(1) ? value.Text(1)
                        : value.Has(3) ? value.Number(3).ToString(CultureInfo.InvariantCulture)
                        : "?";
                }
            );
}

/// <summary>A message of Protocol Buffers, which is read by the numbers of its fields.</summary>
sealed class ProtobufMessage
{
    readonly List<(int Field, ulong Number, ReadOnlyMemory<byte> Bytes)> fields = [];

    public ProtobufMessage(ReadOnlyMemory<byte> bytes)
    {
        const int Varint = 0,
            Fixed64 = 1,
            Bytes = 2,
            Fixed32 = 5;
        while (!bytes.IsEmpty)
        {
            var key = TakeVarint(ref bytes);
            var field = (int)(key >> 3);
            switch (key & 7)
            {
                case Varint:
                    fields.Add((field, TakeVarint(ref bytes), default));
                    break;
                case Fixed64:
                    fields.Add((field, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8).Span), default));
                    break;
                case Bytes:
                    fields.Add((field, 0, Take(ref bytes, (int)TakeVarint(ref bytes))));
                    break;
                case Fixed32:
                    fields.Add((field, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4).Span), default));
                    break;
                default:
                    throw new FormatException($"Field {field} has an unknown type.");
            }
        }
    }

    public bool Has(int field) => fields.Exists(found => found.Field == field);

    public ulong Number(int field) => fields.Find(found => found.Field == field).Number;

    public double Real(int field) => BitConverter.UInt64BitsToDouble(Number(field));

    public string Text(int field) => Encoding.UTF8.GetString(BytesOf(field).Span);

    public string Hex(int field) => Convert.ToHexStringLower(BytesOf(field).Span);

    public IEnumerable<ProtobufMessage> Messages(int field) =>
        fields.Where(found => found.Field == field).Select(found => new ProtobufMessage(found.Bytes));

    ReadOnlyMemory<byte> BytesOf(int field) => fields.Find(found => found.Field == field).Bytes;

    static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> bytes, int count)
    {
        var taken = bytes[..count];
        bytes = bytes[count..];
        return taken;
    }

    static ulong TakeVarint(ref ReadOnlyMemory<byte> bytes)
    {
        var value = 0UL;
        for (var shift = 0; ; shift += 7)
        {
            var next = Take(ref bytes, 1).Span[0];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
    }
}
