using System.Globalization;
using Api.Http.Caching;
using Microsoft.AspNetCore.Localization;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>The languages of texts for people, and how a request chooses one.</summary>
static class Languages
{
    /// <summary>The query parameter that chooses the language. It overrides Accept-Language.</summary>
    public const string Parameter = "in";

    /// <summary>The length of the longest tag that RFC 5646 asks to support.</summary>
    public const int LongestTag = 35;

    // The first one is the default.
    static readonly CultureInfo[] Supported = [CultureInfo.GetCultureInfo("en"), CultureInfo.GetCultureInfo("es")];

    /// <summary>The names of the languages.</summary>
    public static IEnumerable<string> Names => Supported.Select(language => language.Name);

    /// <summary>The language of texts that belong to no request, such as the OpenAPI document.</summary>
    public static CultureInfo Default => Supported[0];

    /// <summary>Makes the language of each request its current UI culture.</summary>
    public static IApplicationBuilder UseLanguages(this IApplicationBuilder app) =>
        app.UseRequestLocalization(options =>
        {
            options.SupportedUICultures = Supported;
            options.SupportedCultures = [CultureInfo.InvariantCulture];
            options.DefaultRequestCulture = new RequestCulture(CultureInfo.InvariantCulture, Default);
            options.RequestCultureProviders =
            [
                new CustomRequestCultureProvider(http =>
                    Task.FromResult<ProviderCultureResult?>(new ProviderCultureResult("", Of(http.Request).Name))
                ),
            ];
        });

    /// <summary>Checks the parameter <c>in</c>, and tells the caller the language of the answer.</summary>
    /// <returns>The error when <c>in</c> names a language that is not supported.</returns>
    public static FieldError? Choose(HttpContext http, string? tag, out CultureInfo language)
    {
        language = Of(http.Request);
        if (Check(tag) is { } error)
            return error;
        SetHeaders(http);
        return null;
    }

    /// <summary>Checks the parameter <c>in</c>.</summary>
    /// <returns>The error when it names a language that is not supported.</returns>
    public static FieldError? Check(string? tag)
    {
        if (string.IsNullOrEmpty(tag) || Find(tag) is not null)
            return null;
        return FieldError.ForParameter(
            Parameter,
            ProblemText.Get("LanguageUnknown", Parameter, string.Join(", ", Names))
        );
    }

    /// <summary>Sets Content-Language, and Vary when Accept-Language has an influence.</summary>
    public static void SetHeaders(HttpContext http)
    {
        http.Response.Headers.ContentLanguage = Of(http.Request).Name;
        if (NamedIn(http.Request) is null)
            http.Response.VaryBy(HeaderNames.AcceptLanguage);
    }

    /// <summary>
    /// The language of a request: the one that <c>in</c> names, or else the best match of Accept-Language.
    /// </summary>
    public static CultureInfo Of(HttpRequest request) => NamedIn(request) ?? FindPreferred(request);

    /// <summary>The language that <c>in</c> names; <c>null</c> when it names none that is supported.</summary>
    public static CultureInfo? NamedIn(HttpRequest request) =>
        request.QueryString.HasValue && request.Query[Parameter] is [{ Length: > 0 } tag] ? Find(tag) : null;

    // Ties go to the first listed.
    static CultureInfo FindPreferred(HttpRequest request)
    {
        if (request.Headers.AcceptLanguage.Count == 0)
            return Default;
        return request
                .GetTypedHeaders()
                .AcceptLanguage.Where(range => range.Quality is not 0)
                .OrderByDescending(range => range.Quality ?? 1)
                .Select(range => range.Value == "*" ? Default : Find(range.Value.AsSpan()))
                .FirstOrDefault(found => found is not null)
            ?? Default;
    }

    // The region is ignored: es-US is answered in es (RFC 4647, section 3.4).
    static CultureInfo? Find(ReadOnlySpan<char> tag)
    {
        if (tag.Length > LongestTag)
            return null;
        var end = tag.IndexOf('-');
        var primary = end < 0 ? tag : tag[..end];
        foreach (var supported in Supported)
            if (primary.Equals(supported.Name, StringComparison.OrdinalIgnoreCase))
                return supported;
        return null;
    }
}
