using Api.Http.Caching;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Describes how content is cached and revalidated.</summary>
sealed class ContentHeaders : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.Metadata<CachedContent>().Any())
            return;
        operation.Responses!["304"] = new OpenApiResponse
        {
            Description = "The answer is still the one that `If-None-Match` names.",
        };
        foreach (var status in (string[])["200", "304"])
        {
            var response = operation.Responses[status];
            response.AddHeader(
                new ResponseHeader(
                    "ETag",
                    "Identifies this answer, byte for byte. Send it as `If-None-Match`.",
                    "\"2dqVEhKcuW1kQ8XmIQJr\"",
                    IsRequired: true
                )
            );
            response.AddHeader(
                new ResponseHeader(
                    "Cache-Control",
                    "How long the answer may be cached: a minute, or less when the content changes sooner.",
                    "public, max-age=60",
                    IsRequired: true
                )
            );
        }
        operation.AddRequestHeader(
            "If-None-Match",
            "The `ETag` of the answer that you have. If it is still the same, the answer is a 304 without a body."
        );
    }
}
