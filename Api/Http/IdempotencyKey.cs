using System.Text.RegularExpressions;

namespace Api.Http;

/// <summary>Metadata of an endpoint: it honours <c>Idempotency-Key</c>.</summary>
sealed record TakesIdempotencyKey;

/// <summary>
/// The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header). It names a request, so that it is
/// done once even if it is sent again.
/// </summary>
static partial class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>
    /// Reads the header: a structured-field string (RFC 9651), or a UUID without quotes, which many clients send.
    /// </summary>
    /// <returns>The error, if it is neither. A missing header is no error, and its key is <c>null</c>.</returns>
    public static string? Read(HttpRequest request, out string? key)
    {
        key = null;
        var header = request.Headers[Header];
        if (header.Count == 0)
            return null;
        if (header is [{ Length: <= 257 } value] && Quoted().Match(value) is { Success: true } match)
        {
            key = Escape().Replace(match.Groups[1].Value, "$1");
            return null;
        }
        if (header is [{ } bare] && Guid.TryParseExact(bare.Trim(), "D", out var uuid))
        {
            key = uuid.ToString("D");
            return null;
        }
        return ProblemText.Get("IdempotencyKeyWrong", Header, 255);
    }

    // Parameters after the string are allowed and ignored.
    [GeneratedRegex("""^ *"((?:[ !#-\[\]-~]|\\["\\])+)" *(?:;.*)?$""")]
    private static partial Regex Quoted();

    [GeneratedRegex("""\\(["\\])""")]
    private static partial Regex Escape();
}
