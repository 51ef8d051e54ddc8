using System.Text.RegularExpressions;
using Microsoft.AspNetCore.HttpOverrides;

namespace Api.Http;

/// <summary>
/// Lets the API live under a path of a web site. The path is that of Site:ApiUrl, or what a known proxy says in
/// X-Forwarded-Prefix. It becomes the request's path base, which all links are made with, whether the proxy cuts it off or not.
/// </summary>
static partial class PathPrefix
{
    const int LongestPrefix = 100;

    /// <summary>Where the API's own paths begin.</summary>
    static readonly PathString[] Roots = ["/v1", "/docs", "/problems", "/health", "/openapi.json", "/openapi.yaml"];

    /// <summary>Behind <c>UseForwardedHeaders</c>, which made the header of a known proxy the path base, and left others alone.</summary>
    public static void UsePathPrefix(this IApplicationBuilder app, PathString configured) => app.Use((http, next) =>
    {
        var request = http.Request;
        var forwarded = request.PathBase.HasValue ? Read(request.PathBase.Value) : null;
        if (forwarded is not null)
        {
            // A proxy may pass on what its client says: a cache in front of it must not give that answer to others.
            http.Response.OnStarting(static response =>
            {
                ((HttpResponse)response).VaryBy(ForwardedHeadersDefaults.XForwardedPrefixHeaderName);
                return Task.CompletedTask;
            }, http.Response);
        }
        var prefix = forwarded ?? configured;
        request.PathBase = prefix;
        if (prefix.HasValue && request.Path.StartsWithSegments(prefix, StringComparison.Ordinal, out var rest) && IsOwn(rest))
            request.Path = rest.HasValue ? rest : "/";
        return next(http);
    });

    static bool IsOwn(PathString path) => !path.HasValue || path == "/" || Roots.Any(root => path.StartsWithSegments(root, StringComparison.Ordinal));

    /// <summary>A path that is safe to put in front of any other, without a slash at its end; <c>null</c> when it is none.</summary>
    public static PathString? Read(string path)
    {
        path = path.TrimEnd('/');
        return path.Length is > 0 and <= LongestPrefix && Plain().IsMatch(path) ? new PathString(path) : (PathString?)null;
    }

    // Never two slashes at the beginning, which would name a host.
    [GeneratedRegex(@"\A(?:/(?!\.\.?(?:/|\z))[A-Za-z0-9._~-]+)+\z")]
    private static partial Regex Plain();
}
