using System.Text.RegularExpressions;
using Api.Http.Caching;
using Microsoft.AspNetCore.HttpOverrides;

namespace Api.Http;

/// <summary>
/// Serves the API under a path of a web site: the path of Site:ApiUrl, or the X-Forwarded-Prefix of a known proxy. It
/// becomes the request's path base, with which all links are made, whether or not the proxy removes it.
/// </summary>
static partial class PathPrefix
{
    const int LongestPrefix = 100;

    /// <summary>Where the API's own paths begin.</summary>
    static readonly PathString[] Roots = ["/v1", "/docs", "/problems", "/health", "/openapi.json", "/openapi.yaml"];

    /// <summary>
    /// Call it after <c>UseForwardedHeaders</c>, which makes the header of a known proxy the path base.
    /// </summary>
    public static void UsePathPrefix(this IApplicationBuilder app, PathString configured) =>
        app.Use(
            (http, next) =>
            {
                var request = http.Request;
                var forwarded = request.PathBase.HasValue ? Read(request.PathBase.Value) : null;
                if (forwarded is not null)
                {
                    // A proxy may pass on its client's header: a cache in front of it must not give that answer to
                    // others.
                    http.Response.VaryAtStartBy(ForwardedHeadersDefaults.XForwardedPrefixHeaderName);
                }
                var prefix = forwarded ?? configured;
                request.PathBase = prefix;
                if (
                    prefix.HasValue
                    && request.Path.StartsWithSegments(prefix, StringComparison.Ordinal, out var rest)
                    && IsOwn(rest)
                )
                    request.Path = rest.HasValue ? rest : "/";
                return next(http);
            }
        );

    static bool IsOwn(PathString path) =>
        !path.HasValue || path == "/" || Roots.Any(root => path.StartsWithSegments(root, StringComparison.Ordinal));

    /// <summary>
    /// Reads a path that can safely precede any other, without a slash at its end; <c>null</c> when it is none.
    /// </summary>
    public static PathString? Read(string path)
    {
        path = path.TrimEnd('/');
        return path.Length is > 0 and <= LongestPrefix && Plain().IsMatch(path)
            ? new PathString(path)
            : default(PathString?);
    }

    // Never two slashes at the beginning, which would name a host.
    [GeneratedRegex(@"\A(?:/(?!\.\.?(?:/|\z))[A-Za-z0-9._~-]+)+\z")]
    private static partial Regex Plain();
}
