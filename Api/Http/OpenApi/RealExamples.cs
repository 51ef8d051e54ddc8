using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Adds examples of what the program really answers, from <c>Api/Examples/operation.status.json</c>. A test compares
/// them with its answers.
/// </summary>
sealed class RealExamples : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        SetExample(operation.RequestBody?.Content, $"{operation.OperationId}.request");
        foreach (var (status, response) in operation.Responses!)
            SetExample(response.Content, $"{operation.OperationId}.{status}");
    }

    static void SetExample(IDictionary<string, IOpenApiMediaType>? content, string name)
    {
        if (content is null || Read(name) is not { } example)
            return;
        foreach (var mediaType in content.Values)
            ((OpenApiMediaType)mediaType).Example = example;
    }

    static JsonNode? Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.json");
        return stream is null ? null : JsonNode.Parse(stream);
    }
}
