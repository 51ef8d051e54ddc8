using System.Reflection;
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
                Version = "1",
                Description = """
                The JSON backend of a clinic's web site: articles, locations, office hours, and contact messages.

                Unknown values are `null`, never absent. Instants are RFC 3339 in UTC. Times of day are `HH:mm` in the
                location's time zone. Every GET also answers HEAD.

                Content has a strong `ETag`, and a `Cache-Control` that ends when the content changes. Send
                `If-None-Match` to get a 304 without a body.

                Lists are paged. Follow `nextCursor`, or the `Link` header with `rel="next"`, until it is `null` or
                absent.

                Every error is a problem document (RFC 9457, `application/problem+json`). Its `type` is the address of a
                page that explains it.
                """,
                License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
            }
        );
        gen.AddServer(new OpenApiServer { Url = "/" });
        gen.IncludeXmlComments(Assembly.GetExecutingAssembly(), includeControllerXmlComments: false);
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
        gen.MapType<IsoDayOfWeek>(() =>
            new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "A day of the week.",
                Enum = [.. Enum.GetValues<IsoDayOfWeek>().Where(day => day != IsoDayOfWeek.None).Select(Name)],
            }
        );
        gen.MapType<JsonObject>(() =>
            new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalPropertiesAllowed = true }
        );

        gen.SchemaFilter<RequiredMembers>();
        gen.SchemaFilter<ValidatorRules>();
        gen.OperationFilter<ProblemResponses>();
        gen.OperationFilter<RateLimitHeaders>();
        gen.OperationFilter<IdempotencyKeyHeader>();
        gen.OperationFilter<ContentHeaders>();
        gen.OperationFilter<ResponseHeaders>();
        gen.OperationFilter<ResponsesInOrder>();
        gen.OperationFilter<RealExamples>();
    }

    static JsonValue Name(IsoDayOfWeek day) => JsonValue.Create(day.ToString().ToLowerInvariant());

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
