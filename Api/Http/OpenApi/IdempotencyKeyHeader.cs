using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Describes the request header <c>Idempotency-Key</c>.</summary>
sealed class IdempotencyKeyHeader : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.Metadata<TakesIdempotencyKey>().Any())
            return;
        operation.AddRequestHeader(
            IdempotencyKey.Header,
            "Names the request, so that it is done once even if it is sent again "
                + "(draft-ietf-httpapi-idempotency-key-header). "
                + "A string in double quotes of at most 255 characters, or a UUID. Make a new one for each message, "
                + "and send it with every try.",
            "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""
        );
    }
}
