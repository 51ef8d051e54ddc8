namespace Api.Http;

/// <summary>One kind of error that a caller can meet, and the page of the docs that explains it.</summary>
/// <param name="Name">The last segment of its URL.</param>
/// <param name="Status">The HTTP status it comes with.</param>
/// <param name="Title">What it is, in a few words that never change.</param>
/// <param name="Meaning">What it means and what the caller can do, for the page and the OpenAPI document.</param>
sealed record ProblemType(string Name, int Status, string Title, string Meaning)
{
    /// <summary>The <c>type</c> of RFC 9457: a path that resolves to the page about it.</summary>
    public string Path => $"/problems/{Name}";
}

/// <summary>Gives a type of its own to each problem, so that a handler's signature can name what it answers.</summary>
interface IProblemKind
{
    static abstract ProblemType Type { get; }
}

/// <summary>Every problem this API answers with, in the order of their status.</summary>
static class ProblemTypes
{
    public static readonly ProblemType Malformed = new("malformed", 400, "The request cannot be read",
        "The body is not JSON, or a parameter is not of its type. `detail` says where reading stopped; `errors` names the " +
        "parameter. Nothing was changed. Sending the same again will fail again.");

    public static readonly ProblemType InvalidCursor = new("invalid-cursor", 400, "The cursor is not valid",
        "The `cursor` was not made by this API for this list and these filters. Use `nextCursor` exactly as the page " +
        "before gave it, with the same filters, or start again without one.");

    public static readonly ProblemType NotFound = new("not-found", 404, "Nothing is here",
        "No route or no published resource has this address.");

    public static readonly ProblemType MethodNotAllowed = new("method-not-allowed", 405, "The method is not allowed here",
        "The address exists, but not for this method. The `Allow` header lists those that work.");

    public static readonly ProblemType NotAcceptable = new("not-acceptable", 406, "No acceptable format",
        "The `Accept` header rules out every format that this address has. Ask for `application/json`, or for the media " +
        "type that the address is documented with, or leave the header out.");

    public static readonly ProblemType Timeout = new("timeout", 408, "The request took too long to arrive",
        "The body was sent too slowly. Nothing was changed; the request can be sent again.");

    public static readonly ProblemType TooLarge = new("too-large", 413, "The body is too large",
        "The body is larger than this API takes (64 KiB). Nothing was changed.");

    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", 415, "The media type is not supported",
        "Send the body as `application/json` in UTF-8.");

    public static readonly ProblemType Invalid = new("invalid", 422, "The request breaks rules",
        "The request was read, but what it says cannot be accepted. `errors` lists every broken rule at once: `pointer` is " +
        "the JSON pointer (RFC 6901) of a member of the body, `parameter` the name of a query parameter. Nothing was changed.");

    public static readonly ProblemType QuotaExceeded = new("quota-exceeded", 429, "The limit is reached",
        "More requests came from your address, or from all clients together, than are taken in a while. Nothing was changed. Send the " +
        "same request again after the seconds in `Retry-After`. `violated-policies` names the limits that were reached, which " +
        "`RateLimit-Policy` describes. It is what <https://iana.org/assignments/http-problem-types#quota-exceeded> is.");

    public static readonly ProblemType Fault = new("fault", 500, "The server failed",
        "An error on our side, which is in the log under `traceId`. Whether to try again depends on the request.");

    public static readonly ProblemType Busy = new("busy", 503, "The server is busy",
        "More is waiting than the server can take on at the moment, or it is being restarted. Nothing was changed. Send " +
        "the same request again after the seconds in `Retry-After`.");

    public static readonly ProblemType StorageFull = new("storage-full", 507, "The storage is full",
        "There is no room left to store this safely. Nothing was changed. Send the same request again later.");

    public static readonly IReadOnlyList<ProblemType> All =
    [
        Malformed, InvalidCursor, NotFound, MethodNotAllowed, NotAcceptable, Timeout, TooLarge, UnsupportedMediaType,
        Invalid, QuotaExceeded, Fault, Busy, StorageFull,
    ];

    /// <summary>The type of a problem of which only the status is known.</summary>
    public static ProblemType OfStatus(int status) => All.FirstOrDefault(type => type.Status == status)
        ?? (status < 500 ? Malformed : Fault) with { Status = status };
}
