using Api.Data;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Primitives;

namespace Api.Http.Caching;

/// <summary>
/// Which answers go into the output cache, and under which key. It runs on every request, also on a hit.
/// </summary>
sealed class CachePolicy(CachedContent content, ContentVersion version, CacheMetrics metrics) : IOutputCachePolicy
{
    ValueTask IOutputCachePolicy.CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        var request = context.HttpContext.Request;
        // A parameter that the endpoint does not read changes no answer, and must be no way around the cache.
        var parameters = request.QueryString.HasValue ? QueryParametersOf(context.HttpContext) : [];
        var isCached = HttpMethods.IsGet(request.Method) && parameters.All(parameter => IsCached(request, parameter));
        context.EnableOutputCaching = isCached;
        context.AllowCacheLookup = isCached;
        context.AllowCacheStorage = isCached;
        context.AllowLocking = isCached;

        var rules = context.CacheVaryByRules;
        rules.QueryKeys = parameters is []
            ? StringValues.Empty
            : parameters.Where(parameter => parameter != Languages.Parameter).ToArray();
        if (request.Headers.AcceptEncoding.Count > 0 && FindEncoding(context.HttpContext) is { } encoding)
            rules.VaryByValues["encoding"] = encoding;
        // By the language, not by its tag: a caller can send any number of tags. The query overrides the header.
        if (parameters.Contains(Languages.Parameter) && Languages.NamedIn(request) is { } named)
            rules.VaryByValues["named"] = named.Name;
        else if (content.QueryKeys.Contains(Languages.Parameter) && request.Headers.AcceptLanguage.Count > 0)
            rules.VaryByValues["language"] = Languages.Of(request).Name;
        // No answer depends on the host, and a caller can send any.
        rules.VaryByHost = false;
        // So that a request never gets an answer that was made before a change of the content that is known by now.
        rules.CacheKeyPrefix = version.Key;
        return ValueTask.CompletedTask;
    }

    ValueTask IOutputCachePolicy.ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        metrics.CountHit();
        return ValueTask.CompletedTask;
    }

    ValueTask IOutputCachePolicy.ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
    {
        metrics.CountMiss();
        // An error, such as that of an exception, did not pass through ContentPipeline.
        context.AllowCacheStorage &= context.HttpContext.Response.StatusCode == StatusCodes.Status200OK;
        return ValueTask.CompletedTask;
    }

    static string[] QueryParametersOf(HttpContext http) =>
        http.GetEndpoint()!.Metadata.GetRequiredMetadata<QueryParameters>().Names;

    static string? FindEncoding(HttpContext http) =>
        http.RequestServices.GetRequiredService<IResponseCompressionProvider>().FindEncoder(http)?.EncodingName;

    // There are as many searches as words: they would push out what is asked for all the time. A parameter without a
    // value has the same cache key as none at all, but may have another answer.
    bool IsCached(HttpRequest request, string parameter)
    {
        if (!request.Query.TryGetValue(parameter, out var value))
            return true;
        if (!content.QueryKeys.Contains(parameter))
            return false;
        return parameter == Languages.Parameter
            ? Languages.NamedIn(request) is not null
            : !StringValues.IsNullOrEmpty(value);
    }
}
