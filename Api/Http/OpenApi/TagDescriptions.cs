using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Metadata of a group of endpoints: what they have in common.</summary>
/// <param name="Tag">The tag that the document groups them by.</param>
/// <param name="Text">What they are for, in Markdown.</param>
sealed record TagDescription(string Tag, string Text);

/// <summary>Describes the tags, in the order in which the program maps their endpoints.</summary>
sealed class TagDescriptions : IDocumentFilter
{
    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        var descriptions = context
            .ApiDescriptions.SelectMany(api => api.ActionDescriptor.EndpointMetadata.OfType<TagDescription>())
            .Distinct();
        swaggerDoc.Tags = new HashSet<OpenApiTag>(
            descriptions.Select(tag => new OpenApiTag { Name = tag.Tag, Description = tag.Text })
        );
    }
}

static class TagExtensions
{
    /// <summary>Groups endpoints in the document.</summary>
    public static TBuilder WithTag<TBuilder>(this TBuilder endpoints, string tag, string text)
        where TBuilder : IEndpointConventionBuilder =>
        endpoints.WithTags(tag).WithMetadata(new TagDescription(tag, text));
}
