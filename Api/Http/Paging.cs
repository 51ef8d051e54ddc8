using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Api.Http.Caching;
using Api.Http.OpenApi;

namespace Api.Http;

/// <summary>A page of a list.</summary>
/// <param name="Items">The items of this page, in the order of the list.</param>
/// <param name="NextCursor">
/// The <c>cursor</c> of the next page, with the same filters; <c>null</c> on the last page. The <c>Link</c> header has
/// it as a URL (<c>rel="next"</c>).
/// </param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>
/// Keyset paging: a cursor has the sort key of the last item, so the next page is right whatever was added or removed
/// meanwhile. It also has a digest of the list and its filters, and is refused with others.
/// </summary>
static class Paging
{
    public const int DefaultLimit = 20,
        LargestLimit = 100;

    const int DigestBytes = 6;

    /// <summary>Declares that an endpoint answers with pages.</summary>
    public static RouteHandlerBuilder Paged(this RouteHandlerBuilder endpoint)
    {
        endpoint.Finally(built =>
        {
            var path = ((RouteEndpointBuilder)built).RoutePattern.RawText!.TrimEnd('/');
            built.Metadata.Add(QueryParameters.Of((RouteEndpointBuilder)built));
            built.Metadata.Add(
                new ResponseHeader(
                    "Link",
                    "The next page, relative to this address. Absent on the last page.",
                    $"<{path}?limit=20&cursor=9cTrYXJ0aWNsZXM>; rel=\"next\""
                )
            );
        });
        return endpoint.WithProblems(ProblemTypes.Malformed);
    }

    public static FieldError? CheckLimit(int? limit) =>
        limit is null or (>= 1 and <= LargestLimit)
            ? null
            : FieldError.ForParameter("limit", ProblemText.Get("LimitRange", LargestLimit));

    /// <summary>Makes the cursor of the page after an item.</summary>
    /// <param name="list">The list and its filters.</param>
    /// <param name="key">The sort key of the item.</param>
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
        // A form sends an empty parameter for a field that is not filled in.
        if (string.IsNullOrEmpty(cursor))
            return true;
        try
        {
            var bytes = Base64Url.DecodeFromChars(cursor);
            if (
                bytes.Length <= DigestBytes
                || !bytes.AsSpan(0, DigestBytes).SequenceEqual(Digest(list, bytes[DigestBytes..]))
            )
                return false;
            key = JsonSerializer.Deserialize<string[]>(bytes.AsSpan(DigestBytes));
            // PostgreSQL cannot compare U+0000 with anything.
            return key?.Length == parts && !key.Any(part => part.Contains('\0', StringComparison.Ordinal));
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return false;
        }
    }

    /// <summary>Makes the page out of up to <paramref name="limit"/> + 1 items, and its Link header.</summary>
    public static Page<T> Page<T>(HttpContext http, IReadOnlyList<T> items, int limit, Func<T, string> cursorAfter)
    {
        if (items.Count <= limit)
            return new Page<T>(items, null);
        var page = items.Take(limit).ToArray();
        var cursor = cursorAfter(page[^1]);
        // Relative, so that it is right behind any proxy. Only with parameters that the endpoint reads: with others the
        // answer may come out of the cache.
        var own = http.GetEndpoint()!.Metadata.GetRequiredMetadata<QueryParameters>().Names;
        var query = QueryString
            .Create(http.Request.Query.Where(pair => pair.Key != "cursor" && own.Contains(pair.Key)))
            .Add("cursor", cursor);
        http.Response.Headers.Append("Link", $"<{http.Request.PathBase}{http.Request.Path}{query}>; rel=\"next\"");
        return new Page<T>(page, cursor);
    }

    /// <summary>Skips to the item after the last page, in a short list that is read whole.</summary>
    /// <returns>False when the last page's last item is gone.</returns>
    public static bool TryContinue<T>(
        IReadOnlyList<T> items,
        Func<T, string> id,
        string[]? key,
        out IReadOnlyList<T> rest
    )
    {
        rest = items;
        if (key is null)
            return true;
        rest = [.. items.SkipWhile(item => id(item) != key[0]).Skip(1)];
        return items.Any(item => id(item) == key[0]);
    }

    static byte[] Digest(string list, byte[] payload) =>
        SHA256.HashData([.. Encoding.UTF8.GetBytes(list), 0, .. payload])[..DigestBytes];
}
