namespace Api.Http;

/// <summary>
/// Answers HEAD wherever GET is answered. The request goes on as a GET, and so shares its routes, cache and headers;
/// Kestrel, which goes by the request line, leaves the body out.
/// </summary>
static class HeadRequests
{
    public static IApplicationBuilder UseHeadRequests(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        if (HttpMethods.IsHead(http.Request.Method)) http.Request.Method = HttpMethods.Get;
        return next(http);
    });
}
