using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Contact;

/// <summary>Adds to the schema of a submission what the rules of single members do not say.</summary>
sealed class ContactSchemaFilter(IOptions<ContactOptions> options) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(ContactSubmission) || schema is not OpenApiSchema submission)
            return;
        // Inside an allOf. Otherwise generators of typed clients take it for an alternative to the members.
        submission.AllOf = [new OpenApiSchema { AnyOf = [Prefers("email"), Prefers("telephone")] }];
        submission.Properties![options.Value.Honeypot] = new OpenApiSchema
        {
            Description =
                "A field that people do not see and programs fill in. Its name is `honeypot` in `GET "
                + "/v1/contact-form`. Send its value.",
        };
    }

    // A sender must give what preferredContact names.
    static OpenApiSchema Prefers(string member) =>
        new()
        {
            Properties = new Dictionary<string, IOpenApiSchema>
            {
                ["preferredContact"] = new OpenApiSchema { Enum = [JsonValue.Create(member)] },
                [member] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = @"[^\s\u0085]" },
            },
            Required = new HashSet<string> { "preferredContact", member },
        };
}
