using System.Text.Json;
using System.Text.RegularExpressions;
using Api.Data;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.Data.Sqlite;

namespace Api.Http;

/// <summary>
/// Turns into a problem document what no handler turned into one: exceptions, unknown routes, wrong methods, whatever
/// the framework answers with a bare status.
/// </summary>
static partial class ProblemPipeline
{
    // SQLite result codes, https://www.sqlite.org/rescode.html
    const int Busy = 5, Locked = 6, Full = 13;

    public static IApplicationBuilder UseProblems(this IApplicationBuilder app) => app
        .UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = OnExceptionAsync,
            // Logged below, where a refused request is told apart from a fault.
            SuppressDiagnosticsCallback = _ => true,
        })
        .UseStatusCodePages(OnBareStatusAsync);

    static Task OnExceptionAsync(HttpContext http)
    {
        var exception = http.Features.Get<IExceptionHandlerFeature>()!.Error;
        var problem = OfException(exception);
        if (problem.StatusCode >= 500)
        {
            var log = http.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ProblemPipeline));
            // The route and not the path, which may hold what is not for the log.
            var route = (http.Features.Get<IExceptionHandlerFeature>()!.Endpoint as RouteEndpoint)?.RoutePattern.RawText;
            LogFault(log, problem.StatusCode, http.Request.Method, route, Problem.TraceId(http), exception);
        }
        return problem.ExecuteAsync(http);
    }

    static Problem OfException(Exception exception) => exception switch
    {
        BadHttpRequestException { StatusCode: 413 } =>
            new(ProblemTypes.TooLarge, "The body is larger than 64 KiB."),
        BadHttpRequestException { StatusCode: 408 } =>
            new(ProblemTypes.Timeout, "The body did not arrive in time."),
        BadHttpRequestException { StatusCode: 415 } =>
            new(ProblemTypes.UnsupportedMediaType, "Send the body as application/json in UTF-8."),
        BadHttpRequestException { InnerException: JsonException json } =>
            new(ProblemTypes.Malformed, $"The body is not valid JSON: reading stopped at line {json.LineNumber + 1}, " +
                $"byte {json.BytePositionInLine + 1}."),
        BadHttpRequestException bad when UnboundParameter().Match(bad.Message) is { Success: true } match =>
            new(ProblemTypes.Malformed, $"The parameter {match.Groups[1].Value} cannot be read.",
                [FieldError.Of(match.Groups[1].Value, "This is not a value of its type.")]),
        BadHttpRequestException bad => new(ProblemTypes.OfStatus(bad.StatusCode), "The request cannot be read."),
        WriteQueueFullException full => new(ProblemTypes.Busy, full.Message),
        SqliteException { SqliteErrorCode: Busy or Locked } => new(ProblemTypes.Busy, "The database is busy."),
        SqliteException { SqliteErrorCode: Full } => new(ProblemTypes.StorageFull, "There is no room left to store this."),
        _ => new(ProblemTypes.Fault, "Something went wrong on our side."),
    };

    static Task OnBareStatusAsync(StatusCodeContext context)
    {
        var http = context.HttpContext;
        var type = ProblemTypes.OfStatus(http.Response.StatusCode);
        // HEAD is answered wherever GET is, see HeadRequests.
        if (http.Response.StatusCode == 405 && http.Response.Headers.Allow.ToString() is var allow && allow.Contains("GET", StringComparison.Ordinal))
            http.Response.Headers.Allow = allow + ", HEAD";
        var detail = http.Response.StatusCode switch
        {
            404 => "There is no such address.",
            405 => $"This address answers {http.Response.Headers.Allow} only.",
            415 => "Send the body as application/json in UTF-8.",
            _ => type.Title + ".",
        };
        return new Problem(type, detail).ExecuteAsync(http);
    }

    // "Failed to bind parameter "Nullable<int> limit" from "abc"." The value is the caller's, and is not repeated.
    [GeneratedRegex("""^Failed to bind parameter ".* (\w+)" from """)]
    private static partial Regex UnboundParameter();

    [LoggerMessage(Level = LogLevel.Error, Message = "{Status} for {Method} {Route}, trace {TraceId}")]
    static partial void LogFault(ILogger log, int? status, string method, string? route, string traceId, Exception exception);
}
