namespace Api.Http;

/// <summary>A kind of error, which a page of the docs explains.</summary>
/// <param name="Name">The last segment of its URL.</param>
/// <param name="Status">Its HTTP status.</param>
sealed record ProblemType(string Name, int Status)
{
    /// <summary>The <c>type</c> of RFC 9457: the path of its page.</summary>
    public string Path => $"/problems/{Name}";

    /// <summary>A few words that never change, in the language of the request.</summary>
    public string Title => ProblemText.Get($"{Name}.title");

    /// <summary>The meaning, and what the caller can do, for the page and the OpenAPI document.</summary>
    public string Meaning => ProblemText.Get($"{Name}.meaning");
}

/// <summary>The kind of a problem as a type, so that a handler's signature can name it.</summary>
interface IProblemKind
{
    static abstract ProblemType Type { get; }
}

/// <summary>Every kind of problem, by status.</summary>
static class ProblemTypes
{
    public static readonly ProblemType Malformed = new("malformed", 400);
    public static readonly ProblemType InvalidCursor = new("invalid-cursor", 400);
    public static readonly ProblemType Unauthorized = new("unauthorized", 401);
    public static readonly ProblemType Forbidden = new("forbidden", 403);
    public static readonly ProblemType NotFound = new("not-found", 404);
    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405);
    public static readonly ProblemType Timeout = new("timeout", 408);
    public static readonly ProblemType Stale = new("stale", 412);
    public static readonly ProblemType TooLarge = new("too-large", 413);
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", 415);
    public static readonly ProblemType Invalid = new("invalid", 422);
    public static readonly ProblemType QuotaExceeded = new("quota-exceeded", 429);
    public static readonly ProblemType Fault = new("fault", 500);
    public static readonly ProblemType Busy = new("busy", 503);
    public static readonly ProblemType StorageFull = new("storage-full", 507);

    public static readonly IReadOnlyList<ProblemType> All =
    [
        Malformed,
        InvalidCursor,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        Timeout,
        Stale,
        TooLarge,
        UnsupportedMediaType,
        Invalid,
        QuotaExceeded,
        Fault,
        Busy,
        StorageFull,
    ];

    /// <summary>The kind of a problem when only its status is known.</summary>
    public static ProblemType OfStatus(int status) =>
        All.FirstOrDefault(type => type.Status == status)
        ?? (status < 500 ? Malformed : Fault) with
        {
            Status = status,
        };
}
