using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Tells Kiota's clients which member of a problem is the message of the exception that they throw.
/// </summary>
sealed class PrimaryErrorMessage : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type == typeof(ProblemDocument) && schema is OpenApiSchema { Properties: { } members })
            ((OpenApiSchema)members["detail"]).AddExtension(
                "x-ms-primary-error-message",
                new JsonNodeExtension(JsonValue.Create(true))
            );
    }
}
