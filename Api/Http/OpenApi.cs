using System.Reflection;
using System.Text.Json.Nodes;
using Api.Formats;
using Api.Hours;
using FluentValidation;
using FluentValidation.Validators;
using Microsoft.OpenApi;
using NodaTime;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http;

/// <summary>The OpenAPI 3.1 document, made from the handlers' signatures, their XML comments and the validators.</summary>
static class OpenApi
{
    public const string DocumentName = "openapi";

    public static IServiceCollection AddOpenApi(this IServiceCollection services) => services
        .AddSingleton<OpenApiDocuments>()
        .AddEndpointsApiExplorer()
        .AddSwaggerGen(gen =>
        {
            gen.SwaggerDoc(DocumentName, new OpenApiInfo
            {
                Title = "Clinic API",
                Version = "1",
                Description =
                    """
                    The JSON backend of a clinic's web site: articles, locations, office hours, and contact messages.

                    What is unknown is `null`, not absent. Instants are RFC 3339 in UTC, times of day `HH:mm` by the clock on the
                    location's wall. Every GET answers HEAD too.

                    Content comes with a strong `ETag` and a `Cache-Control` that ends when the content changes; send
                    `If-None-Match` to get a 304 without a body.

                    Lists come in pages. Follow `nextCursor`, or the `Link` header with `rel="next"`, until there is none.

                    Every error is a problem document (RFC 9457, `application/problem+json`), whose `type` leads to a page that
                    explains it.
                    """,
                License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
            });
            gen.AddServer(new OpenApiServer { Url = "/" });
            gen.IncludeXmlComments(Assembly.GetExecutingAssembly(), includeControllerXmlComments: false);
            gen.SupportNonNullableReferenceTypes();
            gen.NonNullableReferenceTypesAsRequired();
            gen.MapType<Instant>(() => Text("date-time", "An instant, RFC 3339 in UTC.", "2026-01-12T15:00:00Z", "Z$"));
            gen.MapType<OffsetDateTime>(() => Text("date-time", "A moment by a location's clock, RFC 3339 with its offset from UTC.", "2026-01-12T09:00:00-06:00"));
            gen.MapType<LocalDate>(() => Text("date", "A local date.", "2026-01-12"));
            gen.MapType<LocalTime>(() => Text(null, "A time of day by the clock on the wall, HH:mm.", "08:00", "^([01][0-9]|2[0-3]):[0-5][0-9]$"));
            gen.MapType<IsoDayOfWeek>(() => new OpenApiSchema
            {
                Type = JsonSchemaType.String,
                Description = "A day of the week.",
                Enum = [.. WeeklyHours.Week.Select(day => JsonValue.Create(day.ToString().ToLowerInvariant()))],
            });
            gen.MapType<JsonObject>(() => new OpenApiSchema { Type = JsonSchemaType.Object, AdditionalPropertiesAllowed = true });
            gen.SchemaFilter<RequiredMembers>();
            gen.SchemaFilter<ValidatorRules>();
            gen.SchemaFilter<Contact.ContactSchema>();
            gen.OperationFilter<ProblemResponses>();
            gen.OperationFilter<RateLimitHeaders>();
            gen.OperationFilter<IdempotencyKeys>();
            gen.OperationFilter<ContentHeaders>();
            gen.OperationFilter<ParameterRules>();
            gen.OperationFilter<ResponsesInOrder>();
            gen.OperationFilter<RealExamples>();
        });

    static OpenApiSchema Text(string? format, string description, string example, string? pattern = null) => new()
    {
        Type = JsonSchemaType.String,
        Format = format,
        Description = description,
        Pattern = pattern,
        Examples = [JsonValue.Create(example)],
    };

    /// <summary>What an answer always has is required: all of its members but those that JSON leaves out when null.</summary>
    sealed class RequiredMembers : ISchemaFilter
    {
        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } concrete || context.Type.Namespace?.StartsWith(nameof(Api), StringComparison.Ordinal) != true) return;
            concrete.AdditionalPropertiesAllowed = false;
            if (IsRequest(context.Type)) return;
            foreach (var member in context.Type.GetProperties().Where(CanBeNull))
            {
                var name = NameOf(member);
                // A type that is described elsewhere is only referred to, and a reference cannot itself say "or null".
                if (properties.TryGetValue(name, out var found) && found is OpenApiSchemaReference { Description: var description } reference)
                {
                    properties[name] = new OpenApiSchema
                    {
                        Description = description,
                        OneOf = [new OpenApiSchemaReference(reference.Reference.Id!), new OpenApiSchema { Type = JsonSchemaType.Null }],
                    };
                }
            }
            var optional = context.Type.GetProperties()
                .Where(p => p.GetCustomAttribute<System.Text.Json.Serialization.JsonIgnoreAttribute>() is not null)
                .Select(NameOf);
            concrete.Required = properties.Keys.Except(optional).ToHashSet();
            foreach (var name in optional)
                if (properties.TryGetValue(name, out var member) && member is OpenApiSchema left) left.Type &= ~JsonSchemaType.Null;
        }
    }

    static string NameOf(PropertyInfo member) => member.GetCustomAttribute<System.Text.Json.Serialization.JsonPropertyNameAttribute>()?.Name
        ?? System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    static bool CanBeNull(PropertyInfo member) => new NullabilityInfoContext().Create(member).ReadState == NullabilityState.Nullable;

    static bool IsRequest(Type type) => type == typeof(Contact.ContactSubmission);

    /// <summary>
    /// The rules of a body's FluentValidation validator, as JSON Schema says them. What the schema refuses, the server refuses;
    /// the contact form is checked by it too.
    /// </summary>
    sealed class ValidatorRules(IServiceProvider services) : ISchemaFilter
    {
        // What is cut off around a text before it is checked: what .NET calls white space, of which \s lacks one.
        const string Space = @"[\s\u0085]*";

        public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
        {
            if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } concrete) return;
            if (services.GetService(typeof(IValidator<>).MakeGenericType(context.Type)) is not IValidator validator) return;
            foreach (var member in validator.CreateDescriptor().GetMembersWithValidators())
            {
                var name = Validation.Pointer(member.Key)[2..];
                foreach (var (rule, options) in member)
                {
                    if (!options.HasCondition && rule is INotNullValidator or INotEmptyValidator or IEqualValidator)
                        (concrete.Required ??= new HashSet<string>()).Add(name);
                    if (properties.TryGetValue(name, out var found) && found is OpenApiSchema property) Apply(rule, always: !options.HasCondition, property);
                }
            }
        }

        static void Apply(IPropertyValidator rule, bool always, OpenApiSchema property)
        {
            switch (rule)
            {
                case INotNullValidator or INotEmptyValidator or IEqualValidator when always:
                    property.Type &= ~JsonSchemaType.Null;
                    if (rule is INotEmptyValidator) AddPattern(property, @"[^\s\u0085]");
                    if (rule is IEqualValidator { ValueToCompare: bool only }) property.Enum = [JsonValue.Create(only)];
                    break;
                case IMaximumCharacters characters:
                    property.MaxLength = characters.Most;
                    break;
                case INoControlCharacters control:
                    // Line breaks of any kind become \n.
                    AddPattern(property, control.ExceptLineBreaksAndTabs
                        ? $@"^{Space}[^\u0000-\u0008\u000B\u000E-\u001F\u007F-\u0084\u0086-\u009F]*{Space}$"
                        : $@"^{Space}[^\u0000-\u001F\u007F-\u009F]*{Space}$");
                    break;
                case IRegularExpressionValidator pattern:
                    // An empty text is as good as none.
                    AddPattern(property, $"^{Space}(?:{pattern.Expression.TrimStart('^').TrimEnd('$')})?{Space}$");
                    break;
                case IComparisonValidator { Comparison: Comparison.GreaterThanOrEqual, ValueToCompare: double least }:
                    property.Minimum = least.ToString(System.Globalization.CultureInfo.InvariantCulture);
                    break;
                default:
                    break;
            }
        }

        static void AddPattern(OpenApiSchema property, string pattern)
        {
            if (property.Pattern is null) property.Pattern = pattern;
            // With its type, or generators of typed clients take it for a schema of anything.
            else (property.AllOf ??= []).Add(new OpenApiSchema { Type = property.Type, Pattern = pattern });
        }
    }

    /// <summary>Says of each problem of an endpoint what it means, by the texts of <see cref="ProblemTypes"/>.</summary>
    sealed class ProblemResponses : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            var kinds = context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<AnswersProblem>().Select(answer => answer.Type);
            foreach (var status in kinds.Distinct().GroupBy(type => type.Status))
            {
                if (operation.Responses?.GetValueOrDefault($"{status.Key}") is not OpenApiResponse response) continue;
                response.Description = string.Join("\n\n", status.Select(type => $"`{type.Path}`: {type.Title}. {type.Meaning}"));
                if (status.Key is StatusCodes.Status503ServiceUnavailable or StatusCodes.Status429TooManyRequests)
                    (response.Headers ??= new Dictionary<string, IOpenApiHeader>())["Retry-After"] = Header("Seconds to wait before the next try.", status.Key == 503 ? "1" : "540");
            }
        }
    }

    /// <summary>The header that names a request, and the one that says where what it made is.</summary>
    sealed class IdempotencyKeys : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<TakesIdempotencyKey>().Any()) return;
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = IdempotencyKey.Header,
                In = ParameterLocation.Header,
                Description = "Names the request, so that sending it again does it once (draft-ietf-httpapi-idempotency-key-header): a text in double " +
                    "quotes of at most 255 characters, or a UUID. Make a new one for each message, and send it with every try.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                Example = JsonValue.Create("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""),
            });
            var created = (OpenApiResponse)operation.Responses!["201"];
            (created.Headers ??= new Dictionary<string, IOpenApiHeader>())["Location"] = Header("The path of what was made.", "/v1/contact-receipts/7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0");
        }
    }

    /// <summary>The headers that tell what is left of the limits; what cannot be read is refused before they are looked at.</summary>
    sealed class RateLimitHeaders : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<RateLimited>().Any()) return;
            foreach (var response in operation.Responses!.Where(r => r.Key is not ("400" or "408" or "413" or "415")).Select(r => r.Value).Cast<OpenApiResponse>())
            {
                response.Headers ??= new Dictionary<string, IOpenApiHeader>();
                response.Headers["RateLimit-Policy"] = Header("The limits: `q` requests in `w` seconds (draft-ietf-httpapi-ratelimit-headers). Absent when there are none.",
                    "\"contact\";q=5;w=600, \"contact-overall\";q=1000;w=600");
                response.Headers["RateLimit"] = Header("What is left of each: `r` requests for the next `t` seconds, then `q` again.",
                    "\"contact\";r=4;t=540, \"contact-overall\";r=998;t=300");
            }
        }
    }

    /// <summary>Successes first, then errors, as one reads them.</summary>
    sealed class ResponsesInOrder : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            var ordered = operation.Responses!.OrderBy(response => response.Key, StringComparer.Ordinal).ToArray();
            operation.Responses!.Clear();
            foreach (var (status, response) in ordered) operation.Responses.Add(status, response);
        }
    }

    /// <summary>The headers that content comes with.</summary>
    sealed class ContentHeaders : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (!context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<ServesContent>().Any()) return;
            var ok = (OpenApiResponse)operation.Responses!["200"];
            ok.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["ETag"] = Header("Names this answer, byte for byte; for `If-None-Match`.", "\"2dqVEhKcuW1kQ8XmIQJr\""),
                ["Cache-Control"] = Header("How long the answer may be kept: a minute, or less when the content changes sooner.", "public, max-age=60"),
            };
            if (context.ApiDescription.ParameterDescriptions.Any(p => p.Name == "cursor"))
                ok.Headers["Link"] = Header("The next page, relative to this address; absent on the last.", $"</{context.ApiDescription.RelativePath?.TrimEnd('/')}?limit=20&cursor=9cTrYXJ0aWNsZXM>; rel=\"next\"");
            if (context.ApiDescription.ActionDescriptor.EndpointMetadata.OfType<NotExpressedHeader>().Any())
                ok.Headers[NotExpressedHeader.Name] = Header($"What this format cannot say of the hours, separated by commas; absent when it says all: `{string.Join("`, `", NotExpressedHeader.Tokens)}`.", "reasons");
            operation.Responses["304"] = new OpenApiResponse { Description = "The answer is the one that `If-None-Match` names." };
            (operation.Parameters ??= []).Add(new OpenApiParameter
            {
                Name = "If-None-Match",
                In = ParameterLocation.Header,
                Description = "The `ETag` of the answer that you have. If it is still the same, you get a 304 without a body.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String },
            });
        }
    }

    /// <summary>The limits of query parameters.</summary>
    sealed class ParameterRules : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            foreach (var parameter in operation.Parameters ?? [])
            {
                if (parameter.Schema is not OpenApiSchema schema) continue;
                switch (parameter.Name)
                {
                    case "limit":
                        (schema.Minimum, schema.Maximum) = ("1", $"{Paging.LargestLimit}");
                        break;
                    case "q":
                        schema.MaxLength = Articles.ArticleSearch.LongestQuery;
                        break;
                    default:
                        break;
                }
            }
        }
    }

    /// <summary>
    /// Examples that the program itself answered: <c>Api/Examples/operation.status.json</c>, which a test holds against what
    /// it answers now.
    /// </summary>
    sealed class RealExamples : IOperationFilter
    {
        public void Apply(OpenApiOperation operation, OperationFilterContext context)
        {
            if (Read($"{operation.OperationId}.request") is { } request)
            {
                foreach (var content in operation.RequestBody?.Content?.Values ?? [])
                    ((OpenApiMediaType)content).Example = request;
            }

            foreach (var (status, response) in operation.Responses ?? [])
            {
                if (Read($"{operation.OperationId}.{status}") is { } answer)
                {
                    foreach (var content in response.Content?.Values ?? [])
                        ((OpenApiMediaType)content).Example = answer;
                }
            }
        }

        static JsonNode? Read(string name)
        {
            using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"{name}.json");
            return stream is null ? null : JsonNode.Parse(stream);
        }
    }

    static OpenApiHeader Header(string description, string example) => new()
    {
        Description = description,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Example = JsonValue.Create(example),
    };
}
