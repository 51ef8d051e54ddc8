using System.Reflection;
using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Metadata of a group: the operations without an example of their own have that of
/// <c>Api/Examples/name.status.json</c>.
/// </summary>
sealed record ExamplesInCommon(string Name);

/// <summary>
/// Adds examples of what the program really answers, from <c>Api/Examples/operation.status.json</c>. A test compares
/// them with its answers.
/// </summary>
sealed class RealExamples : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        TrySetExample(operation.RequestBody?.Content, $"{operation.OperationId}.request");
        foreach (var (status, response) in operation.Responses!)
        {
            if (TrySetExample(response.Content, $"{operation.OperationId}.{status}"))
                continue;
            foreach (var common in context.Metadata<ExamplesInCommon>())
                TrySetExample(response.Content, $"{common.Name}.{status}");
        }
    }

    static bool TrySetExample(IDictionary<string, IOpenApiMediaType>? content, string name)
    {
        if (content is null || Read(name) is not { } example)
            return false;
        foreach (var mediaType in content.Values)
            ((OpenApiMediaType)mediaType).Example = example;
        return true;
    }

    static JsonNode? Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.json");
        return stream is null ? null : JsonNode.Parse(stream);
    }
}
