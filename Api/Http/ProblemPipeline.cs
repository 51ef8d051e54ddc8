using System.Text.Json;
using System.Text.RegularExpressions;
using Api.Data;
using Microsoft.AspNetCore.Diagnostics;

namespace Api.Http;

/// <summary>
/// Answers with a problem document where no handler does: on exceptions, unknown routes, wrong methods, and wherever
/// the framework sets a bare status.
/// </summary>
static partial class ProblemPipeline
{
    public static IApplicationBuilder UseProblems(this IApplicationBuilder app) =>
        app.UseExceptionHandler(
                new ExceptionHandlerOptions
                {
                    ExceptionHandler = OnExceptionAsync,
                    // It is logged below, where faults are told from requests that are refused.
                    SuppressDiagnosticsCallback = _ => true,
                }
            )
            .UseStatusCodePages(OnBareStatusAsync);

    static Task OnExceptionAsync(HttpContext http)
    {
        var exception = http.Features.Get<IExceptionHandlerFeature>()!.Error;
        var problem = DescribeException(exception);
        if (StorageFaults.Find(exception) is not null)
        {
            http.RequestServices.GetRequiredService<StorageHealth>().Failed(exception, isWrite: false);
        }
        else if (problem.StatusCode >= 500)
        {
            var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ProblemPipeline));
            // The route, not the path, which can contain a token.
            var route = (http.Features.Get<IExceptionHandlerFeature>()!.Endpoint as RouteEndpoint)
                ?.RoutePattern
                .RawText;
            LogFault(log, problem.StatusCode, http.Request.Method, route, Problem.TraceId(http), exception);
        }
        return problem.ExecuteAsync(http);
    }

    static Problem DescribeException(Exception exception) =>
        exception switch
        {
            BadHttpRequestException { StatusCode: 413 } => new(ProblemTypes.TooLarge, ProblemText.Get("BodyTooLarge")),
            BadHttpRequestException { StatusCode: 408 } => new(ProblemTypes.Timeout, ProblemText.Get("BodyTooSlow")),
            UnsupportedEncodingException => new(
                ProblemTypes.UnsupportedMediaType,
                ProblemText.Get("ContentEncodingWrong")
            )
            {
                AcceptEncoding = "identity",
            },
            BadHttpRequestException { StatusCode: 415 } => new(
                ProblemTypes.UnsupportedMediaType,
                ProblemText.Get("MediaTypeWrong")
            ),
            BadHttpRequestException { InnerException: JsonException json } => new(
                ProblemTypes.Malformed,
                json.LineNumber is null
                    ? ProblemText.Get("BodyNotText")
                    : ProblemText.Get("JsonWrong", json.LineNumber + 1, json.BytePositionInLine + 1)
            ),
            BadHttpRequestException bad when UnboundParameter().Match(bad.Message) is { Success: true } match => new(
                ProblemTypes.Malformed,
                ProblemText.Get("ParameterUnreadable", match.Groups[1].Value),
                [FieldError.ForParameter(match.Groups[1].Value, ProblemText.Get("WrongType"))]
            ),
            BadHttpRequestException bad => new(
                ProblemTypes.OfStatus(bad.StatusCode),
                ProblemText.Get("RequestUnreadable")
            ),
            WriteQueueFullException => new(ProblemTypes.Busy, ProblemText.Get("TooMuchWaiting")),
            _ => StorageFaults.Find(exception) switch
            {
                StorageFault.Busy => new(ProblemTypes.Busy, ProblemText.Get("DatabaseBusy")),
                StorageFault.Full => new(ProblemTypes.StorageFull, ProblemText.Get("NoRoom"))
                {
                    RetryAfter = RepairSeconds,
                },
                not null => new(ProblemTypes.Busy, ProblemText.Get("StorageFault")) { RetryAfter = RepairSeconds },
                null => new(ProblemTypes.Fault, ProblemText.Get("Fault")),
            },
        };

    // Somebody must repair it first.
    const int RepairSeconds = 60;

    static Task OnBareStatusAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var type = ProblemTypes.OfStatus(http.Response.StatusCode);
        // See HeadRequests.
        if (
            http.Response.StatusCode == 405
            && http.Response.Headers.Allow.ToString() is var allow
            && allow.Contains("GET", StringComparison.Ordinal)
        )
            http.Response.Headers.Allow = allow + ", HEAD";
        var detail = http.Response.StatusCode switch
        {
            404 => ProblemText.Get("NoSuchAddress"),
            405 => ProblemText.Get("MethodsAllowed", http.Response.Headers.Allow.ToString()),
            415 => ProblemText.Get("MediaTypeWrong"),
            _ => type.Title + ".",
        };
        return new Problem(type, detail).ExecuteAsync(http);
    }

    // "Failed to bind parameter "Nullable<int> limit" from "abc"." The caller's value is not repeated.
    [GeneratedRegex("""^Failed to bind parameter "[^"]* (\w+)" from """)]
    private static partial Regex UnboundParameter();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Status} for {Method} {Route}, trace {TraceId}")]
    static partial void LogFault(
        ILogger log,
        int? status,
        string method,
        string? route,
        string traceId,
        Exception exception
    );
}
