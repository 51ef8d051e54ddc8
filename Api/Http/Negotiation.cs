using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>Answers 406 when the request's Accept rules out every media type that the endpoint has.</summary>
static class Negotiation
{
    public static IApplicationBuilder UseNegotiation(this IApplicationBuilder app) => app.Use((http, next) =>
        IsAcceptable(http) ? next(http)
            : new Problem(ProblemTypes.NotAcceptable, "No format that the Accept header allows is to be had here.").ExecuteAsync(http));

    static bool IsAcceptable(HttpContext http)
    {
        var accept = http.Request.Headers.Accept;
        // What nearly every client sends, told without parsing.
        if (accept.Count == 0 || (accept.Count == 1 && accept[0] is "*/*" or "application/json")) return true;
        if (http.GetEndpoint() is not { } endpoint) return true;

        var offered = endpoint.Metadata.GetOrderedMetadata<IProducesResponseTypeMetadata>()
            .Where(answer => answer.StatusCode is >= 200 and < 300)
            .SelectMany(answer => answer.ContentTypes)
            .Select(type => new MediaTypeHeaderValue(type))
            .ToArray();
        var accepted = http.Request.GetTypedHeaders().Accept;
        // A header that cannot be parsed rules nothing out.
        return offered.Length == 0 || accepted.Count == 0 || offered.Any(type => Allows(accepted, type));
    }

    // The most specific range that fits decides, RFC 9110, section 12.5.1.
    static bool Allows(IList<MediaTypeHeaderValue> accepted, MediaTypeHeaderValue type) => accepted
        .Where(range => type.IsSubsetOf(range) || range.MediaType.Equals(type.MediaType, StringComparison.OrdinalIgnoreCase))
        .OrderByDescending(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2)
        .FirstOrDefault() is { } best && best.Quality is not 0;
}
