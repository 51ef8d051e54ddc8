namespace Api.Http;

/// <summary>
/// Answers HEAD wherever GET is answered. The request continues as a GET, with the same route, cache and headers.
/// Kestrel looks at the request line and omits the body.
/// </summary>
static class HeadRequests
{
    public static IApplicationBuilder UseHeadRequests(this IApplicationBuilder app) =>
        app.Use(
            (http, next) =>
            {
                if (HttpMethods.IsHead(http.Request.Method))
                    http.Request.Method = HttpMethods.Get;
                return next(http);
            }
        );
}
