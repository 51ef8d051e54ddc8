using System.Globalization;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>The languages that sentences for people come in, and how a request chooses among them.</summary>
static class Languages
{
    /// <summary>The query parameter that chooses, over Accept-Language.</summary>
    public const string Parameter = "in";

    /// <summary>The first is the one for callers who ask for none of them.</summary>
    static readonly CultureInfo[] Spoken = [CultureInfo.GetCultureInfo("en"), CultureInfo.GetCultureInfo("es")];

    /// <summary>
    /// The language to answer in: the one that <c>in</c> names, or else the one that Accept-Language likes best. Says it in
    /// Content-Language, and in Vary when the header had a say.
    /// </summary>
    /// <returns>The error when <c>in</c> names no language that is spoken here.</returns>
    public static FieldError? Choose(HttpContext http, string? tag, out CultureInfo language)
    {
        language = Spoken[0];
        if (string.IsNullOrEmpty(tag))
        {
            language = Preferred(http.Request);
            http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.AcceptLanguage);
        }
        else if (Find(tag) is { } found)
        {
            language = found;
        }
        else
        {
            return FieldError.Of(Parameter, $"{Parameter} must be one of {string.Join(", ", Spoken.Select(spoken => spoken.Name))}.");
        }
        http.Response.Headers.ContentLanguage = language.Name;
        return null;
    }

    /// <summary>The language that Accept-Language likes best. Those that it gives the same weight are as good as each other: the first.</summary>
    public static CultureInfo Preferred(HttpRequest request)
    {
        if (request.Headers.AcceptLanguage.Count == 0) return Spoken[0];
        return request.GetTypedHeaders().AcceptLanguage
            .Where(range => range.Quality is not 0)
            .OrderByDescending(range => range.Quality ?? 1)
            .Select(range => range.Value == "*" ? Spoken[0] : Find(range.Value.AsSpan()))
            .FirstOrDefault(found => found is not null) ?? Spoken[0];
    }

    // A region does not matter: es-US is answered in es (RFC 4647, section 3.4).
    static CultureInfo? Find(ReadOnlySpan<char> tag)
    {
        var end = tag.IndexOf('-');
        var primary = end < 0 ? tag : tag[..end];
        foreach (var spoken in Spoken)
            if (primary.Equals(spoken.Name, StringComparison.OrdinalIgnoreCase)) return spoken;
        return null;
    }
}
