using Microsoft.AspNetCore.OutputCaching;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.ObjectPool;
using Microsoft.Net.Http.Headers;

namespace Api.Http.Caching;

/// <summary>The middleware before and behind the output cache.</summary>
static class ContentPipeline
{
    // A smaller body hardly shrinks, and fits into one packet anyway.
    const int SmallestCompressed = 1024;

    // A new buffer for each large answer leaves arrays behind that only a full garbage collection frees: a fifth of the
    // processor time of the status of 1,000 locations.
    static readonly ObjectPool<MemoryStream> Buffers = new DefaultObjectPool<MemoryStream>(new BufferPolicy(), 8);

    /// <summary>
    /// Answers 304 to a caller who has the content already. It runs before the output cache, so that the cache stores
    /// the whole answer. The request's Cache-Control is ignored: it addresses the caches on the way, and this is the
    /// origin.
    /// </summary>
    public static IApplicationBuilder UseRevalidation(this IApplicationBuilder app) =>
        app.Use(next =>
            http =>
            {
                // The framework's cache would answer only-if-cached with a bare 504.
                if (http.Request.Headers.CacheControl.Count > 0)
                    http.Request.Headers.CacheControl = default;
                return http.Request.Headers.IfNoneMatch.Count > 0 && http.IsCachedContent()
                    ? RevalidateAsync(http, next)
                    : next(http);
            }
        );

    /// <summary>Gives content its headers and compresses it. It runs behind the output cache, on a miss.</summary>
    public static IApplicationBuilder UseContent(this IApplicationBuilder app) =>
        app.Use(next => http => http.IsCachedContent() ? FinishAsync(http, next) : next(http));

    static async Task RevalidateAsync(HttpContext http, RequestDelegate next)
    {
        var response = http.Response;
        using var buffer = new RentedBuffer();
        var body = await BufferAsync(http, next, buffer.Stream);
        if (
            response.StatusCode == StatusCodes.Status200OK
            && response.Headers.ETag is [{ } tag]
            && ETag.Matches(http.Request, tag)
        )
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            response.ContentLength = null;
            response.ContentType = null;
            response.Headers.ContentEncoding = default;
        }
        else if (body.Length > 0)
        {
            await response.Body.WriteAsync(body, http.RequestAborted);
        }
    }

    static async Task FinishAsync(HttpContext http, RequestDelegate next)
    {
        var response = http.Response;
        using var buffer = new RentedBuffer();
        var body = await BufferAsync(http, next, buffer.Stream);
        var seconds = response.StatusCode == StatusCodes.Status200OK ? Freshness.MaxAge(http) : 0;
        if (response.StatusCode == StatusCodes.Status200OK)
        {
            response.Headers.CacheControl = seconds > 0 ? $"public, max-age={seconds}" : "no-cache";
            body = Compress(http, body) ?? body;
            response.Headers.ETag = ETag.Of(body.Span);
        }
        // Before the body is written: with its first byte the output cache decides how long it keeps the answer.
        LimitCaching(http, seconds);
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, http.RequestAborted);
    }

    /// <summary>Runs the rest of the pipeline and returns what it wrote, which is in the buffer.</summary>
    static async Task<Memory<byte>> BufferAsync(HttpContext http, RequestDelegate next, MemoryStream buffer)
    {
        var destination = http.Response.Body;
        http.Response.Body = buffer;
        try
        {
            await next(http);
        }
        finally
        {
            http.Response.Body = destination;
        }
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    /// <summary>A buffer that goes back to <see cref="Buffers"/> at the end.</summary>
    readonly struct RentedBuffer() : IDisposable
    {
        public MemoryStream Stream { get; } = Buffers.Get();

        public void Dispose() => Buffers.Return(Stream);
    }

    sealed class BufferPolicy : PooledObjectPolicy<MemoryStream>
    {
        const int LargestKept = 1024 * 1024;

        public override MemoryStream Create() => new();

        public override bool Return(MemoryStream obj)
        {
            obj.SetLength(0);
            return obj.Capacity <= LargestKept;
        }
    }

    static void LimitCaching(HttpContext http, long seconds)
    {
        if (http.Features.Get<IOutputCacheFeature>() is not { Context: var cache })
            return;
        cache.AllowCacheStorage &= seconds > 0;
        cache.ResponseExpirationTimeSpan = TimeSpan.FromSeconds(seconds);
    }

    static Memory<byte>? Compress(HttpContext http, ReadOnlyMemory<byte> body)
    {
        var compression = http.RequestServices.GetRequiredService<IResponseCompressionProvider>();
        if (body.Length < SmallestCompressed || !compression.ShouldCompressResponse(http))
            return null;
        http.Response.VaryBy(HeaderNames.AcceptEncoding);
        if (compression.FindEncoder(http) is not { } encoder)
            return null;

        using var compressed = new MemoryStream(body.Length / 2);
        using (var stream = encoder.CreateStream(compressed))
            stream.Write(body.Span);
        http.Response.Headers.ContentEncoding = encoder.EncodingName;
        return compressed.ToArray();
    }

    /// <summary>The best encoder that the request accepts, or <c>null</c>.</summary>
    public static ICompressionProvider? FindEncoder(this IResponseCompressionProvider compression, HttpContext http) =>
        compression.CheckRequestAcceptsCompression(http) ? compression.GetCompressionProvider(http) : null;
}
