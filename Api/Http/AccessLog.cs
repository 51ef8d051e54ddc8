using System.IO.Pipelines;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Api.Http;

/// <summary>The section <c>AccessLog</c> of the configuration.</summary>
sealed class AccessLogOptions
{
    /// <summary>Whether each request is logged.</summary>
    public bool Enabled { get; set; }
}

/// <summary>
/// Logs a line about each request, if it is switched on. The line has the route instead of the path, which can contain
/// a token or anything else that a caller wrote. So it has no query, address or user agent either.
/// </summary>
// The framework's own (UseHttpLogging) has the path, not the route, and does not count the bytes of the answer.
static partial class AccessLog
{
    const string Nothing = "-";

    static readonly HashSet<string> Methods =
    [
        HttpMethods.Get,
        HttpMethods.Head,
        HttpMethods.Post,
        HttpMethods.Put,
        HttpMethods.Patch,
        HttpMethods.Delete,
        HttpMethods.Options,
        HttpMethods.Trace,
        HttpMethods.Connect,
    ];

    /// <summary>Call it first, so that it sees every request as it arrives.</summary>
    public static void UseAccessLog(this WebApplication app)
    {
        if (!app.Services.GetRequiredService<IOptions<AccessLogOptions>>().Value.Enabled)
            return;
        var log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(AccessLog));
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.Use(
            async (http, next) =>
            {
                var start = time.GetTimestamp();
                // It is changed on the way: see HeadRequests.
                var method = http.Request.Method;
                var body = new CountedBody(http.Features.GetRequiredFeature<IHttpResponseBodyFeature>());
                http.Features.Set<IHttpResponseBodyFeature>(body);
                try
                {
                    await next(http);
                }
                finally
                {
                    var knownMethod = Methods.Contains(method) ? method : Nothing;
                    var route = RouteOf(http);
                    var milliseconds = time.GetElapsedTime(start).TotalMilliseconds;
                    // Kestrel omits the body of an answer to HEAD.
                    var bytes = HttpMethods.IsHead(method) ? 0 : body.Bytes;
                    LogRequest(log, knownMethod, route, http.Response.StatusCode, milliseconds, bytes);
                }
            }
        );
    }

    // The exception handler clears the request's endpoint.
    static string RouteOf(HttpContext http)
    {
        var endpoint = http.Features.Get<IExceptionHandlerFeature>()?.Endpoint ?? http.GetEndpoint();
        return (endpoint as RouteEndpoint)?.RoutePattern.RawText ?? Nothing;
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Method} {Route} {Status} {Milliseconds:0.0} ms {Bytes} bytes"
    )]
    static partial void LogRequest(
        ILogger log,
        string method,
        string route,
        int status,
        double milliseconds,
        long bytes
    );

    /// <summary>Counts the bytes that are written to the body of an answer.</summary>
    sealed class CountedBody(IHttpResponseBodyFeature inner) : PipeWriter, IHttpResponseBodyFeature
    {
        Stream? stream;

        public long Bytes { get; private set; }

        public Stream Stream => stream ??= AsStream(leaveOpen: true);
        public PipeWriter Writer => this;

        public override bool CanGetUnflushedBytes => inner.Writer.CanGetUnflushedBytes;
        public override long UnflushedBytes => inner.Writer.UnflushedBytes;

        public override void Advance(int bytes)
        {
            Bytes += bytes;
            inner.Writer.Advance(bytes);
        }

        public override ValueTask<FlushResult> WriteAsync(
            ReadOnlyMemory<byte> source,
            CancellationToken cancellationToken = default
        )
        {
            Bytes += source.Length;
            return inner.Writer.WriteAsync(source, cancellationToken);
        }

        public Task SendFileAsync(
            string path,
            long offset,
            long? count,
            CancellationToken cancellationToken = default
        ) => SendFileFallback.SendFileAsync(Stream, path, offset, count, cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => inner.Writer.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => inner.Writer.GetSpan(sizeHint);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) =>
            inner.Writer.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.Writer.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Writer.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.Writer.CompleteAsync(exception);

        public Task StartAsync(CancellationToken cancellationToken = default) => inner.StartAsync(cancellationToken);

        public Task CompleteAsync() => inner.CompleteAsync();

        public void DisableBuffering() => inner.DisableBuffering();
    }
}
