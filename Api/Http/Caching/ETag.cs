using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Api.Http.Caching;

/// <summary>Strong entity tags (RFC 9110, section 8.8.3).</summary>
static class ETag
{
    /// <summary>
    /// The tag of a body: a digest of the bytes as they are sent. So another content coding has another tag, as a
    /// strong tag must.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> body)
    {
        const int DigestBytes = 15;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return $"\"{Base64Url.EncodeToString(hash[..DigestBytes])}\"";
    }

    /// <summary>Whether <c>If-None-Match</c> names the tag, so that the caller has the content already.</summary>
    public static bool Matches(HttpRequest request, string tag) =>
        request
            .GetTypedHeaders()
            .IfNoneMatch.Any(candidate =>
                candidate.Equals(EntityTagHeaderValue.Any)
                || candidate.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false)
            );
}
