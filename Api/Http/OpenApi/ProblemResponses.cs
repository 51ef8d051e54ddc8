using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Describes the problems that an endpoint can answer with, in the words of <see cref="ProblemTypes"/>.
/// </summary>
sealed class ProblemResponses : IOperationFilter
{
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
                response.AddHeader(new ResponseHeader("Retry-After", "Seconds to wait before the next try.", example));
            }
        }
    }
}
