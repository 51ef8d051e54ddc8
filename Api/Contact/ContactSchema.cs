using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Contact;

/// <summary>What the schema of a submission has beside the rules of single members.</summary>
sealed class ContactSchema(IOptions<ContactOptions> options) : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (context.Type != typeof(ContactSubmission) || schema is not OpenApiSchema submission) return;
        // Inside of an allOf, or generators of typed clients take it for an alternative to the members.
        submission.AllOf = [new OpenApiSchema { AnyOf = [Answered("email"), Answered("telephone")] }];
        submission.Properties![options.Value.Honeypot] = new OpenApiSchema
        {
            Description = "A field that people do not see and programs fill in; named as `honeypot` of `GET /v1/contact-form` says. Send what it holds.",
        };
    }

    // What preferredContact names must be given.
    static OpenApiSchema Answered(string by) => new()
    {
        Properties = new Dictionary<string, IOpenApiSchema>
        {
            ["preferredContact"] = new OpenApiSchema { Enum = [JsonValue.Create(by)] },
            [by] = new OpenApiSchema { Type = JsonSchemaType.String, Pattern = @"[^\s\u0085]" },
        },
        Required = new HashSet<string> { "preferredContact", by },
    };
}
