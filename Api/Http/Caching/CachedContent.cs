using System.Reflection;
using Api.Data;
using Microsoft.AspNetCore.ResponseCompression;

namespace Api.Http.Caching;

/// <summary>Metadata of an endpoint: it serves public content, which may be cached.</summary>
/// <param name="QueryKeys">
/// The query parameters with which answers are cached. With another one of the endpoint's they are not.
/// </param>
sealed record CachedContent(string[] QueryKeys);

/// <summary>Metadata of an endpoint: the query parameters that it reads. Others change nothing in its answer.</summary>
sealed record QueryParameters(string[] Names)
{
    public static QueryParameters Of(RouteEndpointBuilder endpoint)
    {
        var parameters = endpoint.Metadata.OfType<MethodInfo>().FirstOrDefault()?.GetParameters() ?? [];
        return new QueryParameters([
            .. parameters
                .Where(parameter =>
                    IsText(parameter.ParameterType) && endpoint.RoutePattern.GetParameter(parameter.Name!) is null
                )
                .Select(parameter => parameter.Name!),
        ]);
    }

    static bool IsText(Type type)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        return plain == typeof(string) || plain.IsPrimitive || plain.IsEnum;
    }
}

/// <summary>
/// Public content has a strong ETag and a Cache-Control that ends when the content changes, and comes out of the output
/// cache for as long. On a cache hit nothing behind the cache runs.
/// </summary>
static class Caching
{
    // Callers can fill the cache by asking for ever new pages.
    const long CacheBytes = 16 * 1024 * 1024,
        LargestEntry = 1024 * 1024;

    public static IServiceCollection AddCaching(this IServiceCollection services) =>
        services
            .AddSingleton<CacheMetrics>()
            .AddOutputCache(options =>
            {
                options.SizeLimit = CacheBytes;
                options.MaximumBodySize = LargestEntry;
                // Slugs are case-sensitive, so the cache must be.
                options.UseCaseSensitivePaths = true;
            })
            .AddResponseCompression(options =>
            {
                options.EnableForHttps = true;
                options.MimeTypes =
                [
                    .. ResponseCompressionDefaults.MimeTypes,
                    "application/feed+json",
                    "application/atom+xml",
                    "application/yaml",
                    "application/ld+json",
                    "application/fhir+json",
                    "text/calendar",
                ];
            });

    /// <summary>Declares that the GETs of a group serve public content.</summary>
    /// <param name="endpoints">The group, or one endpoint.</param>
    /// <param name="queryKeys"><see cref="CachedContent.QueryKeys"/></param>
    public static TBuilder Cached<TBuilder>(this TBuilder endpoints, params string[] queryKeys)
        where TBuilder : IEndpointConventionBuilder
    {
        var content = new CachedContent(queryKeys);
        endpoints.Finally(endpoint =>
        {
            endpoint.Metadata.Add(QueryParameters.Of((RouteEndpointBuilder)endpoint));
            var metrics = endpoint.ApplicationServices.GetRequiredService<CacheMetrics>();
            var version = endpoint.ApplicationServices.GetRequiredService<ContentVersion>();
            endpoint.Metadata.Add(new CachePolicy(content, version, metrics));
        });
        return endpoints.WithMetadata(content);
    }

    /// <summary>Whether the request's endpoint serves public content.</summary>
    public static bool IsCachedContent(this HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<CachedContent>() is not null;
}
