using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Describes the headers of texts for people, whose language the caller chooses.</summary>
sealed class LanguageHeaders : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        var hasTexts = operation.Parameters?.Any(parameter => parameter.Name == Languages.Parameter) == true;
        var hasErrors = operation.Responses!.Keys.Any(status => status.StartsWith('4'));
        if (hasTexts || hasErrors)
            operation.AddRequestHeader(
                "Accept-Language",
                "The languages that the reader of texts and errors knows: `en` or `es`, also with a region. The "
                    + "parameter `in` overrides it where there is one.",
                "en"
            );
        foreach (var (status, response) in operation.Responses!)
        {
            if (status.StartsWith('2') ? !hasTexts : response.Content is not { Count: > 0 })
                continue;
            response.AddHeader(new ResponseHeader("Content-Language", "The language of the texts.", "en"));
            response.AddHeader(
                new ResponseHeader("Vary", "The request headers that the answer depends on.", "Accept-Language")
            );
        }
    }
}
