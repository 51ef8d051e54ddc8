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
    /// Checks <c>in</c>, and says in which language the answer is.
    /// </summary>
    /// <returns>The error when <c>in</c> names no language that is spoken here.</returns>
    public static FieldError? Choose(HttpContext http, string? tag, out CultureInfo language)
    {
        language = Of(http.Request);
        if (!string.IsNullOrEmpty(tag) && Find(tag) is null)
            return FieldError.Of(Parameter, ProblemText.Get("LanguageUnknown", Parameter, string.Join(", ", Spoken.Select(spoken => spoken.Name))));
        Tell(http);
        return null;
    }

    /// <summary>Says in which language the answer is: in Content-Language, and in Vary when Accept-Language had a say.</summary>
    public static CultureInfo Tell(HttpContext http)
    {
        var language = Of(http.Request);
        http.Response.Headers.ContentLanguage = language.Name;
        if (NamedIn(http.Request) is null) http.Response.VaryBy(HeaderNames.AcceptLanguage);
        return language;
    }

    /// <summary>The language of a request: the one that its <c>in</c> names, if it is spoken here, or else the one that Accept-Language likes best.</summary>
    public static CultureInfo Of(HttpRequest request) => NamedIn(request) ?? Preferred(request);

    /// <summary>From here on, texts of this request are in its language, the current UI culture.</summary>
    public static void Use(HttpContext http) => CultureInfo.CurrentUICulture = Of(http.Request);

    /// <summary>The language of texts that belong to no request, such as the OpenAPI document.</summary>
    public static CultureInfo Default => Spoken[0];

    /// <summary>The language that <c>in</c> names; <c>null</c> when it names none that is spoken here.</summary>
    public static CultureInfo? NamedIn(HttpRequest request) =>
        request.QueryString.HasValue && request.Query[Parameter] is [{ Length: > 0 } tag] ? Find(tag) : null;

    /// <summary>The language that Accept-Language likes best. Those that it gives the same weight are as good as each other: the first.</summary>
    static CultureInfo Preferred(HttpRequest request)
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
