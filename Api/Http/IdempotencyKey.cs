using System.Text.RegularExpressions;

namespace Api.Http;

/// <summary>Says in an endpoint's metadata that it heeds <c>Idempotency-Key</c>.</summary>
sealed record TakesIdempotencyKey;

/// <summary>The header <c>Idempotency-Key</c> (draft-ietf-httpapi-idempotency-key-header): names a request, so that sending it again does it once.</summary>
static partial class IdempotencyKey
{
    public const string Header = "Idempotency-Key";

    /// <summary>Reads the header: a structured-field string (RFC 9651), in quotes, or a bare UUID, which many clients send.</summary>
    /// <returns>What is wrong with it. A header that is left out is <c>null</c> without an error.</returns>
    public static string? Read(HttpRequest request, out string? key)
    {
        key = null;
        var header = request.Headers[Header];
        if (header.Count == 0) return null;
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

    // Parameters behind the string are allowed and mean nothing here.
    [GeneratedRegex("""^ *"((?:[ !#-\[\]-~]|\\["\\])+)" *(?:;.*)?$""")]
    private static partial Regex Quoted();

    [GeneratedRegex("""\\(["\\])""")]
    private static partial Regex Escape();
}
