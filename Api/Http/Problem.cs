using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Api.Http;

/// <summary>An error, as RFC 9457 describes it (<c>application/problem+json</c>).</summary>
/// <param name="Type">A URL path whose page explains this kind of error. Compare it, rather than the texts.</param>
/// <param name="Title">What kind of error it is, in words that are the same every time.</param>
/// <param name="Status">The HTTP status, again.</param>
/// <param name="Detail">What went wrong this time, for a developer to read.</param>
/// <param name="Instance">The path of the request.</param>
/// <param name="TraceId">Names this request in the server's log.</param>
/// <param name="Errors">Every broken rule, where the error is about rules or parameters; otherwise absent.</param>
/// <param name="ViolatedPolicies">The limits that were reached, by their names in `RateLimit-Policy`, where the error is about limits; otherwise absent.</param>
public sealed record ProblemDocument(
    string Type,
    string Title,
    int Status,
    string Detail,
    string Instance,
    string TraceId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<FieldError>? Errors,
    [property: JsonPropertyName("violated-policies"), JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<string>? ViolatedPolicies);

/// <summary>One broken rule. Either <c>pointer</c> or <c>parameter</c> is there.</summary>
/// <param name="Pointer">The member of the body, as a JSON pointer in a URI fragment (RFC 6901): <c>#/email</c>.</param>
/// <param name="Parameter">The name of the query parameter or of the header.</param>
/// <param name="Detail">What is wrong with it, as a sentence.</param>
public sealed record FieldError(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Pointer,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Parameter,
    string Detail)
{
    internal static FieldError At(string pointer, string detail) => new(pointer, null, detail);
    internal static FieldError Of(string parameter, string detail) => new(null, parameter, detail);
}

/// <summary>Says in an endpoint's metadata that it can answer with a problem.</summary>
sealed record AnswersProblem(ProblemType Type) : IProducesResponseTypeMetadata
{
    Type? IProducesResponseTypeMetadata.Type => typeof(ProblemDocument);
    public int StatusCode => Type.Status;
    public IEnumerable<string> ContentTypes => [Problem.MediaType];
}

/// <summary>A problem as the result of a handler.</summary>
class Problem(ProblemType type, string detail, IReadOnlyList<FieldError>? errors = null) : IResult, IStatusCodeHttpResult
{
    public const string MediaType = "application/problem+json";

    public int? StatusCode => type.Status;

    /// <summary>Seconds after which to try again.</summary>
    public int? RetryAfter { get; init; } = type.Status == StatusCodes.Status503ServiceUnavailable ? 1 : null;

    public IReadOnlyList<string>? ViolatedPolicies { get; init; }

    /// <summary>The content codings that a body may have, when the one it had is refused (RFC 9110, 15.5.16).</summary>
    public string? AcceptEncoding { get; init; }

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var (request, response) = (httpContext.Request, httpContext.Response);
        // An exception left the language behind; what made this problem's texts chose the same one.
        Languages.Use(httpContext);
        response.StatusCode = type.Status;
        response.Headers.CacheControl = "no-store";
        Languages.Tell(httpContext);
        if (RetryAfter is { } seconds) response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        if (AcceptEncoding is not null) response.Headers.AcceptEncoding = AcceptEncoding;
        var document = new ProblemDocument(request.PathBase.ToUriComponent() + type.Path, type.Title, type.Status, detail,
            (request.PathBase + request.Path).ToUriComponent(), TraceId(httpContext), errors, ViolatedPolicies);
        // Whatever the request's Accept says: a client that cannot read the error is helped by no error at all.
        var json = httpContext.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        // Without a token of ours the framework takes the request's own, and a client who has gone away is no error.
        return response.WriteAsJsonAsync(document, json, MediaType, CancellationToken.None);
    }

    static readonly object TraceKey = new();

    /// <summary>The trace of a collector that listens, or of the caller (W3C <c>traceparent</c>), or a new one.</summary>
    public static string TraceId(HttpContext http) => Activity.Current?.TraceId.ToString() ?? (string)(http.Items[TraceKey] ??=
        (ActivityContext.TryParse(http.Request.Headers.TraceParent, null, out var parent) ? parent.TraceId : ActivityTraceId.CreateRandom()).ToString());
}

/// <summary>A problem whose kind is part of a handler's signature, and by that of the OpenAPI document.</summary>
sealed class Problem<TKind>(string detail, IReadOnlyList<FieldError>? errors = null)
    : Problem(TKind.Type, detail, errors), IEndpointMetadataProvider where TKind : IProblemKind
{
    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new AnswersProblem(TKind.Type));
}

/// <summary>The problems that handlers answer with.</summary>
static class Problems
{
    public sealed class NotFound : IProblemKind { public static ProblemType Type => ProblemTypes.NotFound; }
    public sealed class Malformed : IProblemKind { public static ProblemType Type => ProblemTypes.Malformed; }
    public sealed class InvalidCursor : IProblemKind { public static ProblemType Type => ProblemTypes.InvalidCursor; }
    public sealed class Invalid : IProblemKind { public static ProblemType Type => ProblemTypes.Invalid; }
    public sealed class Busy : IProblemKind { public static ProblemType Type => ProblemTypes.Busy; }

    /// <summary>How many errors a problem names at most: enough to mend a form by, and no more to write than was sent.</summary>
    const int MostErrors = 100;

    public static Problem<NotFound> NoSuch(string what, string slug) => new(ProblemText.Get($"NoSuch.{what}", slug));

    public static Problem<InvalidCursor> BadCursor() => new(ProblemText.Get("CursorWrong"));

    public static Problem<Invalid> Broken(params IReadOnlyList<FieldError> errors) => errors.Count switch
    {
        1 => new(errors[0].Detail, errors),
        <= MostErrors => new(ProblemText.Get("RulesBroken", errors.Count), errors),
        _ => new(ProblemText.Get("RulesBrokenFirst", errors.Count, MostErrors), [.. errors.Take(MostErrors)]),
    };

    /// <summary>Says of a group what any of its endpoints can answer, whatever the handler.</summary>
    public static TBuilder Answers<TBuilder>(this TBuilder endpoints, params ProblemType[] types)
        where TBuilder : IEndpointConventionBuilder => endpoints.WithMetadata([.. types.Select(type => new AnswersProblem(type))]);

    /// <summary>Says of a group that it takes a JSON body and writes.</summary>
    public static TBuilder ReceivesJson<TBuilder>(this TBuilder endpoints) where TBuilder : IEndpointConventionBuilder =>
        endpoints.Answers(ProblemTypes.Malformed, ProblemTypes.Timeout, ProblemTypes.TooLarge, ProblemTypes.UnsupportedMediaType,
            ProblemTypes.Invalid, ProblemTypes.Busy, ProblemTypes.StorageFull);
}
