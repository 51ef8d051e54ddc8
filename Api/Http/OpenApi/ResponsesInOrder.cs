using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Sorts the responses by status, so that successes come before errors.</summary>
sealed class ResponsesInOrder : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var ordered = operation.Responses!.OrderBy(response => response.Key, StringComparer.Ordinal).ToArray();
        operation.Responses!.Clear();
        foreach (var (status, response) in ordered)
            operation.Responses.Add(status, response);
    }
}
