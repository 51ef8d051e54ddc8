using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Metadata of an endpoint or group: a header of its successful responses.</summary>
/// <param name="Name">The name of the header.</param>
/// <param name="Description">What it tells, in Markdown.</param>
/// <param name="Example">A value that it can have.</param>
/// <param name="IsRequired">Whether it is never absent.</param>
sealed record ResponseHeader(string Name, string Description, string Example, bool IsRequired = false);

/// <summary>Describes the headers that endpoints announce in their metadata.</summary>
sealed class ResponseHeaders : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (var (_, response) in operation.Responses!.Where(response => response.Key.StartsWith('2')))
        foreach (var header in context.Metadata<ResponseHeader>())
            response.AddHeader(header);
    }
}

static class OperationExtensions
{
    /// <summary>The metadata of the operation's endpoint, of one type.</summary>
    public static IEnumerable<T> Metadata<T>(this OperationFilterContext context) =>
        context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<T>();

    /// <summary>Describes a header of a response.</summary>
    public static void AddHeader(this IOpenApiResponse response, ResponseHeader header) =>
        (((OpenApiResponse)response).Headers ??= new Dictionary<string, IOpenApiHeader>())[header.Name] =
            new OpenApiHeader
            {
                Description = header.Description,
                Required = header.IsRequired,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                Example = JsonValue.Create(header.Example),
            };

    /// <summary>Describes a header that a request can have.</summary>
    public static void AddRequestHeader(
        this OpenApiOperation operation,
        string name,
        string description,
        string? example = null
    ) =>
        (operation.Parameters ??= []).Add(
            new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Header,
                Description = description,
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                Example = example is null ? null : JsonValue.Create(example),
            }
        );
}
