using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Api.Http;

/// <summary>An error, as RFC 9457 describes it (<c>application/problem+json</c>).</summary>
/// <param name="Type">
/// The kind of error: the path of a page that explains it. Programs compare this, not the texts.
/// </param>
/// <param name="Title">The kind of error in a few words, the same every time.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">What went wrong this time, for a developer.</param>
/// <param name="Instance">The path of the request.</param>
/// <param name="TraceId">Identifies the request in the server's log.</param>
/// <param name="Errors">The broken rules. Absent when the error is not about rules or parameters.</param>
/// <param name="ViolatedPolicies">
/// The names of the rate limits that were reached, as in `RateLimit-Policy`. Absent when the error is not about rate
/// limits.
/// </param>
public sealed record ProblemDocument(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Instance,
    string TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Errors,
    [property: JsonPropertyName("violated-policies"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
        IReadOnlyList<string>? ViolatedPolicies
);

/// <summary>A broken rule. It has either a <c>pointer</c> or a <c>parameter</c>.</summary>
/// <param name="Pointer">The member of the body, a JSON pointer in a URI fragment (RFC 6901): <c>#/email</c>.</param>
/// <param name="Parameter">The name of the query parameter or header.</param>
/// <param name="Detail">What is wrong with it, a sentence.</param>
public sealed record FieldError(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pointer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parameter,
    string Detail
)
{
    internal static FieldError AtPointer(string pointer, string detail) => new(pointer, null, detail);

    internal static FieldError ForParameter(string parameter, string detail) => new(null, parameter, detail);
}

/// <summary>Metadata of an endpoint: it can answer with this problem.</summary>
sealed record AnswersProblem(ProblemType Type) : IProducesResponseTypeMetadata
{
    Type? IProducesResponseTypeMetadata.Type => typeof(ProblemDocument);
    public int StatusCode => Type.Status;
    public IEnumerable<string> ContentTypes => [Problem.MediaType];
}

/// <summary>A problem as the result of a handler.</summary>
class Problem(ProblemType type, string detail, IReadOnlyList<FieldError>? errors = null)
    : IResult,
        IStatusCodeHttpResult
{
    public const string MediaType = "application/problem+json";

    public int? StatusCode => type.Status;

    /// <summary>The seconds to wait before the next try.</summary>
    public int? RetryAfter { get; init; } = type.Status == StatusCodes.Status503ServiceUnavailable ? 1 : null;

    public IReadOnlyList<string>? ViolatedPolicies { get; init; }

    /// <summary>
    /// The content codings that a body may have, after one that is refused (RFC 9110, section 15.5.16).
    /// </summary>
    public string? AcceptEncoding { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (HtmlForms.Find(httpContext) is { } form)
            return HtmlForms.RefuseAsync(httpContext, form, type.Status, errors);
        var (request, response) = (httpContext.Request, httpContext.Response);
        response.StatusCode = type.Status;
        response.Headers.CacheControl = "no-store";
        Languages.SetHeaders(httpContext);
        if (RetryAfter is { } seconds)
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (AcceptEncoding is not null)
            response.Headers.AcceptEncoding = AcceptEncoding;
        var document = new ProblemDocument(
            request.PathBase.ToUriComponent() + type.Path,
            type.Title,
            type.Status,
            detail,
            (request.PathBase + request.Path).ToUriComponent(),
            TraceId(httpContext),
            errors,
            ViolatedPolicies
        );
        // Whatever Accept says: a client that cannot read this error would gain nothing from a 406.
        var json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        // The framework then uses the request's own token, so that a client who has gone away is not an error.
        return response.WriteAsJsonAsync(document, json, MediaType, CancellationToken.None);
    }

    static readonly object TraceKey = new();

    /// <summary>
    /// The trace id of the current activity, else of the caller's <c>traceparent</c> (W3C), else a new one.
    /// </summary>
    public static string TraceId(HttpContext http) =>
        Activity.Current?.TraceId.ToString()
        ?? (string)(
            http.Items[TraceKey] ??= (
                ActivityContext.TryParse(http.Request.Headers.TraceParent, null, out var parent)
                    ? parent.TraceId
                    : ActivityTraceId.CreateRandom()
            ).ToString()
        );
}

/// <summary>A problem whose kind is in the handler's signature, and so in the OpenAPI document.</summary>
sealed class Problem<TKind>(string detail, IReadOnlyList<FieldError>? errors = null)
    : Problem(TKind.Type, detail, errors),
        IEndpointMetadataProvider
    where TKind : IProblemKind
{
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new AnswersProblem(TKind.Type));
}

/// <summary>The problems that handlers return.</summary>
static class Problems
{
    public sealed class NotFound : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.NotFound;
    }

    public sealed class Malformed : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.Malformed;
    }

    public sealed class InvalidCursor : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.InvalidCursor;
    }

    public sealed class Stale : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.Stale;
    }

    public sealed class Invalid : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.Invalid;
    }

    public sealed class Busy : IProblemKind
    {
        public static ProblemType Type => ProblemTypes.Busy;
    }

    // Enough to correct a form, and an answer is not larger than its request.
    const int MaximumErrors = 100;

    public static Problem<NotFound> NoSuch(string what, string slug) => new(ProblemText.Get($"NoSuch.{what}", slug));

    public static Problem<InvalidCursor> BadCursor() => new(ProblemText.Get("CursorWrong"));

    public static Problem<Invalid> BrokenRules(params IReadOnlyList<FieldError> errors) =>
        errors.Count switch
        {
            1 => new(errors[0].Detail, errors),
            <= MaximumErrors => new(ProblemText.Get("RulesBroken", errors.Count), errors),
            _ => new(ProblemText.Get("RulesBrokenFirst", errors.Count, MaximumErrors), [.. errors.Take(MaximumErrors)]),
        };

    /// <summary>The problem of several checks; <c>null</c> when none found an error.</summary>
    public static Problem<Invalid>? FindBrokenRules(params IEnumerable<FieldError?> checks) =>
        checks.OfType<FieldError>().ToArray() is { Length: > 0 } errors ? BrokenRules(errors) : null;

    /// <summary>
    /// Declares problems that any endpoint of a group can answer with, besides those in its signature.
    /// </summary>
    public static TBuilder WithProblems<TBuilder>(this TBuilder endpoints, params ProblemType[] types)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithMetadata([.. types.Select(type => new AnswersProblem(type))]);

    /// <summary>Declares the problems of a group that takes a JSON body and writes.</summary>
    public static TBuilder ReceivesJson<TBuilder>(this TBuilder endpoints)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithProblems(
            ProblemTypes.Malformed,
            ProblemTypes.Timeout,
            ProblemTypes.TooLarge,
            ProblemTypes.UnsupportedMediaType,
            ProblemTypes.Invalid,
            ProblemTypes.Busy,
            ProblemTypes.StorageFull
        );
}
