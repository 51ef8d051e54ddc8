using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Api.Http;

/// <summary>One page of a list.</summary>
/// <param name="Items">The items of this page, in the list's order.</param>
/// <param name="NextCursor">
/// Give it back as <c>cursor</c>, with the same filters, for the page after this one; <c>null</c> on the last page. The
/// <c>Link</c> header has the same as a URL (<c>rel="next"</c>).
/// </param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>
/// Keyset paging: a cursor holds the sort key of the last item seen, so a page is right whatever was added or removed
/// before it. It also holds a digest of the list and filters it was made for, and fits no others.
/// </summary>
static class Paging
{
    public const int DefaultLimit = 20, LargestLimit = 100;

    const int DigestBytes = 6;

    public static FieldError? CheckLimit(int? limit) => limit is null or (>= 1 and <= LargestLimit)
        ? null : FieldError.Of("limit", ProblemText.Get("LimitRange", LargestLimit));

    /// <param name="list">The list and the filters.</param>
    /// <param name="key">The sort key of the last item.</param>
    public static string Cursor(string list, params string[] key)
    {
        var payload = JsonSerializer.SerializeToUtf8Bytes(key);
        return Base64Url.EncodeToString([.. Digest(list, payload), .. payload]);
    }

    /// <summary>Reads a cursor back.</summary>
    /// <returns>False for anything that <see cref="Cursor"/> did not make for the same list and filters.</returns>
    public static bool TryReadCursor(string? cursor, string list, int parts, out string[]? key)
    {
        key = null;
        // An empty parameter is one that a form left out.
        if (string.IsNullOrEmpty(cursor)) return true;
        try
        {
            var bytes = Base64Url.DecodeFromChars(cursor);
            if (bytes.Length <= DigestBytes || !bytes.AsSpan(0, DigestBytes).SequenceEqual(Digest(list, bytes[DigestBytes..]))) return false;
            key = JsonSerializer.Deserialize<string[]>(bytes.AsSpan(DigestBytes));
            return key?.Length == parts;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return false;
        }
    }

    /// <summary>Makes the page out of up to <paramref name="limit"/> + 1 items, and its Link header.</summary>
    public static Page<T> Page<T>(HttpContext http, IReadOnlyList<T> items, int limit, Func<T, string> cursorAfter)
    {
        if (items.Count <= limit) return new Page<T>(items, null);
        var page = items.Take(limit).ToArray();
        var cursor = cursorAfter(page[^1]);
        // Relative, so that it holds behind any proxy. With the endpoint's own parameters only: with others the answer is the same, and may come out of the cache.
        var own = http.GetEndpoint()!.Metadata.GetRequiredMetadata<QueryParameters>().Names;
        var query = QueryString.Create(http.Request.Query.Where(pair => pair.Key != "cursor" && own.Contains(pair.Key))).Add("cursor", cursor);
        http.Response.Headers.Append("Link", $"<{http.Request.PathBase}{http.Request.Path}{query}>; rel=\"next\"");
        return new Page<T>(page, cursor);
    }

    /// <summary>Continues a short list that is held whole, after the item that the last page ended with.</summary>
    /// <returns>False when that item is no longer there.</returns>
    public static bool TryContinue<T>(IReadOnlyList<T> items, Func<T, string> id, string[]? key, out IReadOnlyList<T> rest)
    {
        rest = items;
        if (key is null) return true;
        rest = [.. items.SkipWhile(item => id(item) != key[0]).Skip(1)];
        return items.Any(item => id(item) == key[0]);
    }

    static byte[] Digest(string list, byte[] payload) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(list), 0, .. payload])[..DigestBytes];
}
