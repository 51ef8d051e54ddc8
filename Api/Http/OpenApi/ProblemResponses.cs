using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Describes the problems that an endpoint can answer with, in the words of <see cref="ProblemTypes"/>.
/// </summary>
sealed class ProblemResponses(IOptions<JsonOptions> json) : IOperationFilter
{
    // Problems that have no example file, because no plain request causes them, and their texts.
    static readonly Dictionary<ProblemType, string> Details = new()
    {
        [ProblemTypes.Timeout] = "BodyTooSlow",
        [ProblemTypes.TooLarge] = "BodyTooLarge",
        [ProblemTypes.UnsupportedMediaType] = "MediaTypeWrong",
        [ProblemTypes.Fault] = "Fault",
        [ProblemTypes.Busy] = "DatabaseBusy",
        [ProblemTypes.StorageFull] = "NoRoom",
    };

    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        foreach (
            var problems in context
                .Metadata<AnswersProblem>()
                .Select(answer => answer.Type)
                .Distinct()
                .GroupBy(type => type.Status)
        )
        {
            if (operation.Responses?.GetValueOrDefault($"{problems.Key}") is not OpenApiResponse response)
                continue;
            response.Description = string.Join(
                "\n\n",
                problems.Select(type => $"`{type.Path}`: {type.Title}. {type.Meaning}")
            );
            if (problems.Key is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
            {
                var example = problems.Key == StatusCodes.Status503ServiceUnavailable ? "1" : "540";
                response.AddHeader(
                    new ResponseHeader("Retry-After", "Seconds to wait before the next try.", example, IsRequired: true)
                );
            }
            if (problems.Key == StatusCodes.Status415UnsupportedMediaType)
                response.AddHeader(
                    new ResponseHeader(
                        "Accept-Encoding",
                        "The only `Content-Encoding` that a body can have. Absent if the body has no other.",
                        "identity"
                    )
                );
            if (problems.Key is StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden)
            {
                var error = problems.Key == StatusCodes.Status401Unauthorized ? "invalid_token" : "insufficient_scope";
                response.AddHeader(
                    new ResponseHeader(
                        "WWW-Authenticate",
                        "The scheme that is needed (RFC 6750), and what is wrong with the credential that was sent.",
                        $"Bearer realm=\"staff\", error=\"{error}\"",
                        IsRequired: true
                    )
                );
            }
            if (Details.ContainsKey(problems.First()))
                ((OpenApiMediaType)response.Content!.Values.Single()).Example = Example(problems.First(), context);
        }
    }

    JsonNode? Example(ProblemType type, OperationFilterContext context)
    {
        // One address for all GETs, so that they share the response.
        var isGet = context.ApiDescription.HttpMethod == HttpMethods.Get;
        var document = new ProblemDocument(
            type.Path,
            type.Title,
            type.Status,
            ProblemText.Get(Details[type]),
            isGet ? "/health/ready" : "/" + context.ApiDescription.RelativePath,
            "4bf92f3577b34da6a3ce929d0e0e4736",
            null,
            null
        );
        return JsonSerializer.SerializeToNode(document, json.Value.SerializerOptions);
    }
}
