using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Contact;

/// <summary>Adds the honeypot, whose name is a setting, to the schema of a submission.</summary>
sealed class ContactSchemaFilter(IOptions<ContactOptions> options) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(ContactSubmission) || schema is not OpenApiSchema submission)
            return;
        submission.Properties![options.Value.Honeypot] = new OpenApiSchema
        {
            Type = JsonSchemaType.String | JsonSchemaType.Null,
            Description =
                "A field that people do not see and programs fill in. Its name is `honeypot` in "
                + "`GET /v1/contact-form`. Send its value.",
        };
    }
}
