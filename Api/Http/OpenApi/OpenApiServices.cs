using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using NodaTime;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>The OpenAPI 3.1 document: made from the handlers' signatures, XML docs, validators and metadata.</summary>
/// <remarks>
/// A feature that needs something special attaches metadata, or adds a filter of its own to SwaggerGen.
/// </remarks>
static class OpenApiServices
{
    public static IServiceCollection AddOpenApi(this IServiceCollection services) =>
        services.AddSingleton<OpenApiDocuments>().AddEndpointsApiExplorer().AddSwaggerGen(Configure);

    static void Configure(SwaggerGenOptions gen)
    {
        gen.SwaggerDoc(
            OpenApiDocuments.Name,
            new OpenApiInfo
            {
                Title = "Clinic API",
                Version = "1.1.0",
                Description = """
                The JSON backend of a clinic's web site: articles, locations, office hours, and contact messages.
                [An example of such a site](../docs/example) shows how to use it, without a framework.

                **Values.** Unknown values are `null`; what was not asked for is absent. Instants are RFC 3339 in UTC.
                Times of day are `HH:mm` in the location's time zone. A list with a `nextCursor` is paged: send it as
                `cursor`, or follow the `Link` header with `rel="next"`, until it is `null`. Every GET also answers
                HEAD.

                **Errors.** Every error is a problem document (RFC 9457, `application/problem+json`). Its `type` is the
                address of [a page that explains it](../problems); compare that, not the texts. `errors` names each
                member or parameter that is wrong. An unknown address is a 404, and a method that an address does not
                have a 405 with `Allow`.

                **Caching.** Content has a strong `ETag`, and a `Cache-Control` that ends when the content changes. Send
                `If-None-Match` to get a 304 without a body.

                **Languages.** Texts for people are in English or Spanish. The parameter `in` chooses, else
                `Accept-Language`.

                **Limits.** Sending messages is limited. The `RateLimit` header tells what is left, and a 429 has a
                `Retry-After`. Send an `Idempotency-Key` with each message, and the same one when you try again, so that
                it is stored once. Refused sign-ins are limited, too; a valid credential always works.

                **Staff.** Addresses under `/v1/staff` are for the clinic's staff, and need a credential:
                `Authorization: Bearer …` with a key or an access token. A key is for servers and command lines. A page
                signs its user in with the clinic's identity provider (OpenID Connect), and never contains a key. What
                belongs to a location that the credential is not for does not exist for it. No answer may be cached.
                """,
                License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
            }
        );
        gen.AddServer(new OpenApiServer { Url = "/" });
        // None is needed, except for operations that name theirs.
        gen.AddSecurityRequirement(_ => []);
        gen.IncludeXmlComments(XmlComments.Read);
        gen.SupportNonNullableReferenceTypes();
        gen.NonNullableReferenceTypesAsRequired();

        gen.MapType<Instant>(() => Text("An instant, RFC 3339 in UTC.", "2026-01-12T15:00:00Z", "date-time", "Z$"));
        gen.MapType<OffsetDateTime>(() =>
            Text(
                "A moment in the location's time zone, RFC 3339 with the offset from UTC.",
                "2026-01-12T09:00:00-06:00",
                "date-time"
            )
        );
        gen.MapType<LocalDate>(() => Text("A date in the location's time zone.", "2026-01-12", "date"));
        gen.MapType<LocalTime>(() =>
            Text(
                "A time of day in the location's time zone, HH:mm.",
                "08:00",
                pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$"
            )
        );
        gen.MapType<JsonObject>(() =>
            // Written out: some generators take an object without members for an empty one.
            new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema() }
        );

        gen.ParameterFilter<OneOfFilter>();
        gen.SchemaFilter<DaysOfWeek>();
        gen.SchemaFilter<RequiredMembers>();
        gen.SchemaFilter<ValidatorRules>();
        gen.SchemaFilter<OptionalMembers>();
        gen.SchemaFilter<PrimaryErrorMessage>();
        gen.OperationFilter<ProblemResponses>();
        gen.OperationFilter<RateLimitHeaders>();
        gen.OperationFilter<IdempotencyKeyHeader>();
        gen.OperationFilter<ContentHeaders>();
        gen.OperationFilter<LanguageHeaders>();
        gen.OperationFilter<ResponseHeaders>();
        gen.OperationFilter<ResponsesInOrder>();
        gen.OperationFilter<RealExamples>();
        gen.DocumentFilter<TagDescriptions>();
        gen.DocumentFilter<SharedComponents>();
    }

    static OpenApiSchema Text(string description, string example, string? format = null, string? pattern = null) =>
        new()
        {
            Type = JsonSchemaType.String,
            Format = format,
            Description = description,
            Pattern = pattern,
            Examples = [JsonValue.Create(example)],
        };
}
