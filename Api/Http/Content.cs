using System.Buffers.Text;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using NodaTime;

namespace Api.Http;

/// <summary>Says of an endpoint that it serves public content, which may be kept for a while.</summary>
/// <param name="Tag">Names what the answer is made of, so that a write can evict it from the output cache.</param>
/// <param name="QueryKeys">
/// The query parameters with which answers are kept in the output cache; with another of the endpoint's own they are not.
/// </param>
sealed record ServesContent(string Tag, string[] QueryKeys);

/// <summary>The query parameters that an endpoint looks at. Any others change nothing in its answer.</summary>
sealed record QueryParameters(string[] Names)
{
    public static QueryParameters Of(RouteEndpointBuilder endpoint) => new([.. (endpoint.Metadata.OfType<MethodInfo>().FirstOrDefault()?.GetParameters() ?? [])
        .Where(parameter => IsText(parameter.ParameterType) && endpoint.RoutePattern.GetParameter(parameter.Name!) is null)
        .Select(parameter => parameter.Name!)]);

    static bool IsText(Type type) => type == typeof(string) || (Nullable.GetUnderlyingType(type) ?? type).IsPrimitive;
}

/// <summary>
/// How public content travels: compressed when that is worth it, with a strong ETag, with a Cache-Control that ends when
/// the content changes, and out of the output cache for as long as that allows. On a hit nothing behind the cache runs.
/// </summary>
static class Content
{
    /// <summary>How long content may be kept when nothing is known to change it sooner.</summary>
    static readonly Duration Longest = Duration.FromMinutes(1);

    // Below this a compressed body is hardly smaller, and one packet in any case.
    const int WorthCompressing = 1024;

    // A bound on what callers can make the cache remember by asking for ever new pages.
    const long CacheBytes = 16 * 1024 * 1024, LargestEntry = 1024 * 1024;

    static readonly object FreshFor = new();

    public static IServiceCollection AddContent(this IServiceCollection services) => services
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
            options.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "application/feed+json", "application/atom+xml", "application/yaml",
                "application/ld+json", "application/fhir+json", "text/calendar"];
        });

    /// <summary>Said once on a group: its GETs serve content.</summary>
    public static TBuilder Serves<TBuilder>(this TBuilder endpoints, string tag, params string[] queryKeys)
        where TBuilder : IEndpointConventionBuilder
    {
        var content = new ServesContent(tag, queryKeys);
        endpoints.Finally(endpoint => endpoint.Metadata.Add(QueryParameters.Of((RouteEndpointBuilder)endpoint)));
        return endpoints.WithMetadata(content).CacheOutput(new CachePolicy(content));
    }

    /// <summary>
    /// Says when the answer to this request is going to change, if that is before the usual minute is over. Of several
    /// times the first counts.
    /// </summary>
    public static void FreshUntil(this HttpContext http, Instant now, Instant? change)
    {
        if (change - now is { } left && left < ((Duration?)http.Items[FreshFor] ?? Longest)) http.Items[FreshFor] = left;
    }

    /// <summary>
    /// Says, once, that the answer depends on a header of the request. In one line, since nginx before 1.23 looks at only one of several.
    /// </summary>
    public static void VaryBy(this HttpResponse response, string header)
    {
        var known = response.Headers.GetCommaSeparatedValues(HeaderNames.Vary);
        response.Headers.Vary = string.Join(", ", known.Contains(header, StringComparer.OrdinalIgnoreCase) ? known : [.. known, header]);
    }

    public static IApplicationBuilder UseContent(this IApplicationBuilder app) => app
        .Use(next => http => http.GetEndpoint()?.Metadata.GetMetadata<ServesContent>() is null ? next(http) : RepresentAsync(http, next));

    /// <summary>
    /// Answers 304 to who has the content already; outside of the output cache, so that the cache keeps the whole answer.
    /// What a request says of caches is for those on the way: this is the origin.
    /// </summary>
    public static IApplicationBuilder UseRevalidation(this IApplicationBuilder app) => app.Use(next => http =>
    {
        // With only-if-cached the framework's cache would answer a bare 504.
        if (http.Request.Headers.CacheControl.Count > 0) http.Request.Headers.CacheControl = default;
        return http.Request.Headers.IfNoneMatch.Count == 0 || http.GetEndpoint()?.Metadata.GetMetadata<ServesContent>() is null
            ? next(http) : RevalidateAsync(http, next);
    });

    static async Task RevalidateAsync(HttpContext http, RequestDelegate next)
    {
        var response = http.Response;
        var destination = response.Body;
        using var written = new MemoryStream();
        response.Body = written;
        try
        {
            await next(http);
        }
        finally
        {
            response.Body = destination;
        }

        if (response.StatusCode == StatusCodes.Status200OK && response.Headers.ETag is [{ } tag] && Matches(http.Request, tag))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.ContentLength = null;
            response.ContentType = null;
            response.Headers.ContentEncoding = default;
        }
        else if (written.Length > 0)
        {
            await destination.WriteAsync(written.GetBuffer().AsMemory(0, (int)written.Length), http.RequestAborted);
        }
    }

    // A second is the grain of Cache-Control: what changes within this one must not be kept.
    internal static long MaxAge(HttpContext http) => (long)((Duration?)http.Items[FreshFor] ?? Longest).TotalSeconds;

    static async Task RepresentAsync(HttpContext http, RequestDelegate next)
    {
        var response = http.Response;
        var destination = response.Body;
        using var written = new MemoryStream();
        response.Body = written;
        try
        {
            await next(http);
        }
        finally
        {
            response.Body = destination;
        }

        var body = written.GetBuffer().AsMemory(0, (int)written.Length);
        if (response.StatusCode == StatusCodes.Status200OK)
        {
            var seconds = MaxAge(http);
            response.Headers.CacheControl = seconds > 0 ? $"public, max-age={seconds}" : "no-cache";
            Keep(http, seconds);
            body = Compress(http, body) ?? body;

            response.Headers.ETag = ETag(body.Span);
        }
        else
        {
            Keep(http, seconds: 0);
        }
        response.ContentLength = body.Length;
        await destination.WriteAsync(body, http.RequestAborted);
    }

    // Before the body is written: with its first byte the output cache settles how long it keeps the answer.
    static void Keep(HttpContext http, long seconds)
    {
        if (http.Features.Get<IOutputCacheFeature>() is not { Context: var cache }) return;
        cache.AllowCacheStorage &= seconds > 0;
        cache.ResponseExpirationTimeSpan = TimeSpan.FromSeconds(seconds);
    }

    static Memory<byte>? Compress(HttpContext http, ReadOnlyMemory<byte> body)
    {
        var compression = http.RequestServices.GetRequiredService<IResponseCompressionProvider>();
        if (body.Length < WorthCompressing || !compression.ShouldCompressResponse(http)) return null;
        http.Response.VaryBy(HeaderNames.AcceptEncoding);
        if (Encoder(http, compression) is not { } encoder) return null;

        using var compressed = new MemoryStream(body.Length / 2);
        using (var stream = encoder.CreateStream(compressed)) stream.Write(body.Span);
        http.Response.Headers.ContentEncoding = encoder.EncodingName;
        return compressed.ToArray();
    }

    static ICompressionProvider? Encoder(HttpContext http, IResponseCompressionProvider compression) =>
        compression.CheckRequestAcceptsCompression(http) ? compression.GetCompressionProvider(http) : null;

    // Over the bytes as they are sent, so it is another one for another encoding, as a strong ETag must be.
    static string ETag(ReadOnlySpan<byte> body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        return $"\"{Base64Url.EncodeToString(hash[..15])}\"";
    }

    static bool Matches(HttpRequest request, string tag) =>
        request.GetTypedHeaders().IfNoneMatch.Any(candidate =>
            candidate.Equals(EntityTagHeaderValue.Any) || candidate.Compare(EntityTagHeaderValue.Parse(tag), useStrongComparison: false));

    /// <summary>What may come out of the output cache, and under which key it is kept there.</summary>
    sealed class CachePolicy(ServesContent content) : IOutputCachePolicy
    {
        ValueTask IOutputCachePolicy.CacheRequestAsync(OutputCacheContext context, CancellationToken cancellation)
        {
            var http = context.HttpContext;
            // A parameter that the endpoint does not look at makes no other answer, and no way around the cache.
            var own = http.Request.QueryString.HasValue ? Own(http) : [];
            var keep = HttpMethods.IsGet(http.Request.Method) && own.All(parameter => IsKept(http.Request, parameter));
            context.EnableOutputCaching = keep;
            context.AllowCacheLookup = keep;
            context.AllowCacheStorage = keep;
            context.AllowLocking = keep;
            // This runs on every hit, so nothing is set that the request does not need.
            context.CacheVaryByRules.QueryKeys = own is [] ? StringValues.Empty : own.Where(parameter => parameter != Languages.Parameter).ToArray();
            if (http.Request.Headers.AcceptEncoding.Count > 0 &&
                Encoder(http, http.RequestServices.GetRequiredService<IResponseCompressionProvider>()) is { } encoder)
            {
                context.CacheVaryByRules.VaryByValues["encoding"] = encoder.EncodingName;
            }
            // By the language and not by its tag, of which there are as many as one likes. What is named in the query does not vary by the header.
            if (own.Contains(Languages.Parameter) && Languages.NamedIn(http.Request) is { } named)
                context.CacheVaryByRules.VaryByValues["named"] = named.Name;
            else if (content.QueryKeys.Contains(Languages.Parameter) && http.Request.Headers.AcceptLanguage.Count > 0)
                context.CacheVaryByRules.VaryByValues["language"] = Languages.Of(http.Request).Name;
            // Nothing here depends on the host, and a caller can send any.
            context.CacheVaryByRules.VaryByHost = false;
            return ValueTask.CompletedTask;
        }

        static string[] Own(HttpContext http) => http.GetEndpoint()!.Metadata.GetRequiredMetadata<QueryParameters>().Names;

        // Searches are as many as there are words: keeping them would push out what is asked for all the time. A parameter
        // without a value has the same key as none at all, though it may not have the same answer.
        bool IsKept(HttpRequest request, string parameter) => !request.Query.TryGetValue(parameter, out var value) ||
            (content.QueryKeys.Contains(parameter) && (parameter == Languages.Parameter ? Languages.NamedIn(request) is not null : !StringValues.IsNullOrEmpty(value)));

        ValueTask IOutputCachePolicy.ServeFromCacheAsync(OutputCacheContext context, CancellationToken cancellation) =>
            ValueTask.CompletedTask;

        ValueTask IOutputCachePolicy.ServeResponseAsync(OutputCacheContext context, CancellationToken cancellation)
        {
            context.Tags.Add(content.Tag);
            // What did not pass through RepresentAsync to its end, an exception for one, is not content.
            context.AllowCacheStorage &= context.HttpContext.Response.StatusCode == StatusCodes.Status200OK;
            return ValueTask.CompletedTask;
        }
    }
}
