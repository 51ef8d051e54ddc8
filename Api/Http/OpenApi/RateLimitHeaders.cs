using Api.Http.RateLimiting;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Describes the headers that tell how much of the rate limits is left.</summary>
sealed class RateLimitHeaders : IOperationFilter
{
    // A request that cannot be read is refused before the limits are looked at.
    static readonly string[] WithoutLimits = ["400", "408", "413", "415"];

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (context.Metadata<RateLimited>().FirstOrDefault() is not { Name: var name })
            return;
        foreach (var (_, response) in operation.Responses!.Where(response => !WithoutLimits.Contains(response.Key)))
        {
            response.AddHeader(
                new ResponseHeader(
                    RateLimits.PolicyHeader,
                    "The limits: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers). Absent when "
                        + "there are none.",
                    $"\"{name}\";q=5;w=600, \"{name}-overall\";q=1000;w=600"
                )
            );
            response.AddHeader(
                new ResponseHeader(
                    RateLimits.Header,
                    "What is left of each limit: `r` requests for the next `t` seconds, then `q` again.",
                    $"\"{name}\";r=4;t=540, \"{name}-overall\";r=998;t=300"
                )
            );
        }
    }
}
