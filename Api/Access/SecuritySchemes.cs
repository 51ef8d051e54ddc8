using Microsoft.AspNetCore.Authorization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Access;

/// <summary>Describes the staff's credentials in the OpenAPI document.</summary>
sealed class SecuritySchemes : IDocumentFilter
{
    public const string Key = "StaffKey",
        Token = "StaffToken";

    public void Apply(OpenApiDocument swaggerDoc, DocumentFilterContext context)
    {
        swaggerDoc.AddComponent(
            Key,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = $"{AccessKey.Prefix}…",
                Description =
                    "A key for a server or a command line. The operator makes it with `keys create`. It is a secret: "
                    + "never put it into a web page.",
            }
        );
        swaggerDoc.AddComponent(
            Token,
            new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "JWT",
                Description =
                    "An access token for a person, from the clinic's identity provider (OpenID Connect). A page gets "
                    + "it when its user signs in there. It is checked as RFC8725 recommends.",
            }
        );
    }
}

/// <summary>Says which operations need a credential.</summary>
sealed class SecurityRequirements : IOperationFilter
{
    public void Apply(OpenApiOperation operation, OperationFilterContext context)
    {
        if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<AuthorizationPolicy>().Any())
            return;
        operation.Security =
        [
            Requirement(SecuritySchemes.Key, context.Document),
            Requirement(SecuritySchemes.Token, context.Document),
        ];
    }

    static OpenApiSecurityRequirement Requirement(string scheme, OpenApiDocument document) =>
        new() { [new OpenApiSecuritySchemeReference(scheme, document)] = [] };
}
