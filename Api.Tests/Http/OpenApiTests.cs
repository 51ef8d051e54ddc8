using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.Access;
using Api.Http;
using Api.Http.OpenApi;
using Api.Tests.Access;
using Api.Tests.Contact;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Api.Tests.Http;

public sealed partial class OpenApiTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    const string Example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    /// <summary>
    /// For every example of the document the request that it answers. Those of <c>staff</c> are of all operations of the
    /// staff that have none of their own.
    /// </summary>
    public static TheoryData<string, int, string, string?> Examples =>
        new()
        {
            { "listArticles", 200, "/v1/articles?q=stig&limit=1", null },
            { "listArticles", 400, "/v1/articles?cursor=nonsense", null },
            { "listArticles", 422, "/v1/articles?limit=1000", null },
            { "getArticle", 200, "/v1/articles/understanding-anxiety", null },
            { "getArticle", 404, "/v1/articles/unknown", null },
            { "listTags", 200, "/v1/tags", null },
            { "listLocations", 200, "/v1/locations?limit=1", null },
            { "listLocations", 400, "/v1/locations?limit=many", null },
            { "listLocations", 422, "/v1/locations?near=north", null },
            { "getLocation", 200, "/v1/locations/jonesboro", null },
            { "getLocation", 404, "/v1/locations/unknown", null },
            { "listHours", 200, "/v1/hours?limit=1", null },
            { "listHours", 400, "/v1/hours?cursor=nonsense", null },
            { "listHours", 422, "/v1/hours?limit=0", null },
            { "getLocationHours", 200, "/v1/locations/jonesboro/hours", null },
            { "getLocationHours", 404, "/v1/locations/unknown/hours", null },
            { "getLocationHours", 422, "/v1/locations/jonesboro/hours?in=fr", null },
            { "listStatus", 200, "/v1/status", null },
            { "listStatus", 422, "/v1/status?at=2026-12-25T09:00:00", null },
            { "getLocationStatus", 200, "/v1/locations/jonesboro/status?at=2026-07-04T12:00:00-05:00", null },
            { "getLocationStatus", 404, "/v1/locations/unknown/status", null },
            { "getLocationStatus", 422, "/v1/locations/jonesboro/status?at=tomorrow&in=fr", null },
            { "getLocationCalendar", 200, "/v1/locations/jonesboro/calendar?from=2026-07-02&to=2026-07-04", null },
            { "getLocationCalendar", 404, "/v1/locations/unknown/calendar", null },
            { "getLocationCalendar", 422, "/v1/locations/jonesboro/calendar?from=2026-07-04&to=2026-07-02", null },
            {
                "getArticleSchema",
                200,
                "/v1/articles/combining-psychotropic-medication-with-therapy/schema.jsonld",
                null
            },
            { "getArticleSchema", 404, "/v1/articles/unknown/schema.jsonld", null },
            { "getLocationSchema", 200, "/v1/locations/jonesboro/schema.jsonld", null },
            { "getLocationSchema", 404, "/v1/locations/unknown/schema.jsonld", null },
            { "getLocationFhir", 200, "/v1/locations/jonesboro/fhir", null },
            { "getLocationFhir", 404, "/v1/locations/unknown/fhir", null },
            { "getLocationHoursGoogle", 200, "/v1/locations/jonesboro/hours/google", null },
            { "getLocationHoursGoogle", 404, "/v1/locations/unknown/hours/google", null },
            { "getLocationHoursOsm", 200, "/v1/locations/jonesboro/hours/osm", null },
            { "getLocationHoursOsm", 404, "/v1/locations/unknown/hours/osm", null },
            { "getLocationHoursCalendar", 200, "/v1/locations/jonesboro/hours.ics", null },
            { "getLocationHoursCalendar", 404, "/v1/locations/unknown/hours.ics", null },
            { "getLocationHoursCalendar", 422, "/v1/locations/jonesboro/hours.ics?in=fr", null },
            { "getHoursCalendar", 200, "/v1/hours.ics", null },
            { "getHoursCalendar", 422, "/v1/hours.ics?in=fr", null },
            { "createContactSubmission", 201, "/v1/contact-submissions", "createContactSubmission.request" },
            {
                "createContactSubmission",
                422,
                "/v1/contact-submissions",
                """{ "name": "", "email": "nobody", "location": "elsewhere", "message": "Hello.", "consent": false }"""
            },
            { "createContactSubmission", 429, "/v1/contact-submissions", "createContactSubmission.request" },
            { "createContactSubmission", 400, "/v1/contact-submissions", """{ "name": """ },
            { "getContactForm", 200, "/v1/contact-form", null },
            { "getContactForm", 422, "/v1/contact-form?in=fr", null },
            { "getContactReceipt", 200, "/v1/contact-receipts/{token}", null },
            { "getContactReceipt", 404, "/v1/contact-receipts/unknown", null },
            { "getContactChallenge", 200, "/v1/contact-challenge", null },
            { "getContactChallenge", 404, "/v1/contact-challenge", null },
            { "getLiveness", 200, "/health/live", null },
            { "getReadiness", 200, "/health/ready", null },
            { "getOutboxHealth", 200, "/health/outbox", null },
            { "getStaffMember", 200, "/v1/staff/me", null },
            { "listAuditEntries", 200, "/v1/staff/audit?action=submissionRead", null },
            { "listAuditEntries", 400, "/v1/staff/audit?cursor=nonsense", null },
            { "listAuditEntries", 422, "/v1/staff/audit?from=yesterday", null },
            { "listSubmissions", 200, "/v1/staff/submissions", null },
            { "listSubmissions", 400, "/v1/staff/submissions?cursor=nonsense", null },
            { "listSubmissions", 422, "/v1/staff/submissions?state=closed", null },
            { "countSubmissions", 200, "/v1/staff/submissions/counts", null },
            { "getSubmission", 200, "/v1/staff/submissions/{reference}", null },
            { "setSubmissionState", 200, "/v1/staff/submissions/{reference}/state", "setSubmissionState.request" },
            {
                "setSubmissionState",
                422,
                "/v1/staff/submissions/{reference}/state",
                """{ "state": "open", "handledBy": "telephone" }"""
            },
            {
                "setSubmissionAssignee",
                200,
                "/v1/staff/submissions/{reference}/assignee",
                "setSubmissionAssignee.request"
            },
            {
                "setSubmissionAssignee",
                422,
                "/v1/staff/submissions/{reference}/assignee",
                """{ "assignee": "none" }"""
            },
            { "addSubmissionNote", 200, "/v1/staff/submissions/{reference}/notes", "addSubmissionNote.request" },
            { "addSubmissionNote", 422, "/v1/staff/submissions/{reference}/notes", """{ "text": "" }""" },
            { "exportSubmissions", 200, "/v1/staff/submissions/export.csv", null },
            { "exportSubmissions", 422, "/v1/staff/submissions/export.csv?from=July", null },
            { "searchSubmissions", 200, "/v1/staff/submissions/search", "searchSubmissions.request" },
            { "searchSubmissions", 422, "/v1/staff/submissions/search", """{ "telephone": "unknown" }""" },
            { "exportSender", 200, "/v1/staff/submissions/export", "exportSender.request" },
            { "exportSender", 422, "/v1/staff/submissions/export", """{ "telephone": "unknown" }""" },
            { "eraseSender", 200, "/v1/staff/submissions/erase", "eraseSender.request" },
            { "eraseSender", 422, "/v1/staff/submissions/erase", """{ "telephone": "unknown" }""" },
            { "getAttention", 200, "/v1/staff/attention", null },
            { "staff", 400, "/v1/staff/submissions/search", """{ "email": """ },
            { "staff", 404, "/v1/staff/submissions/unknown", null },
            { "staff", 412, "/v1/staff/submissions/{reference}/assignee", """{ "assignee": "me" }""" },
            { "staff", 401, "/v1/staff/audit", null },
            { "staff", 403, "/v1/staff/audit", null },
            { "staff", 429, "/v1/staff/audit", null },
        };

    static string Root([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", ".."));

    static string ExampleFile(string name) => Path.Combine(Root(), "Api", "Examples", name + ".json");

    async Task<OpenApiDocument> DocumentAsync()
    {
        var settings = new OpenApiReaderSettings();
        settings.AddYamlReader();
        var result = await OpenApiDocument.LoadAsync(
            await api.Client.GetStreamAsync("/openapi.yaml"),
            "yaml",
            settings
        );
        Assert.Empty(result.Diagnostic!.Errors);
        Assert.Empty(result.Diagnostic.Warnings);
        return result.Document!;
    }

    /// <summary>With UPDATE=1 in the environment the files are written instead of compared.</summary>
    static bool Update => Environment.GetEnvironmentVariable("UPDATE") == "1";

    [Fact]
    public async Task The_committed_document_is_up_to_date()
    {
        var file = Path.Combine(Root(), "openapi.yaml");
        var made = await api.Client.GetStringAsync("/openapi.yaml");
        Assert.True(
            await File.ReadAllTextAsync(file) == made,
            "openapi.yaml is out of date: run `dotnet run --project Api -- openapi > openapi.yaml`."
        );
    }

    [Fact]
    public async Task JSON_and_YAML_say_the_same()
    {
        var json = await OpenApiDocument.LoadAsync(await api.Client.GetStreamAsync("/openapi.json"), "json");
        Assert.Equal(
            await json.Document!.SerializeAsYamlAsync(OpenApiSpecVersion.OpenApi3_1),
            await (await DocumentAsync()).SerializeAsYamlAsync(OpenApiSpecVersion.OpenApi3_1)
        );
    }

    [Fact]
    public async Task YAML_1_1_and_1_2_readers_read_the_same_document()
    {
        var json = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json"));
        var yaml = new YamlDotNet.RepresentationModel.YamlStream();
        yaml.Load(new StringReader(await api.Client.GetStringAsync("/openapi.yaml")));
        Compare(json, yaml.Documents.Single().RootNode, "#");

        static void Compare(JsonNode? json, YamlDotNet.RepresentationModel.YamlNode yaml, string where)
        {
            switch (yaml)
            {
                case YamlDotNet.RepresentationModel.YamlMappingNode mapping:
                    Assert.Equal(
                        json!.AsObject().Select(member => member.Key),
                        mapping.Children.Keys.Select(key => ((YamlDotNet.RepresentationModel.YamlScalarNode)key).Value)
                    );
                    foreach (var (key, value) in mapping.Children)
                    {
                        var name = (YamlDotNet.RepresentationModel.YamlScalarNode)key;
                        Assert.True(
                            name.Style != YamlDotNet.Core.ScalarStyle.Plain || !Yaml11().IsMatch(name.Value!),
                            $"{where}/{name.Value}: the name is another type in YAML 1.1"
                        );
                        Compare(json[name.Value!], value, $"{where}/{name.Value}");
                    }
                    break;
                case YamlDotNet.RepresentationModel.YamlSequenceNode sequence:
                    Assert.Equal(json!.AsArray().Count, sequence.Children.Count);
                    for (var i = 0; i < sequence.Children.Count; i++)
                        Compare(json[i], sequence.Children[i], $"{where}/{i}");
                    break;
                case YamlDotNet.RepresentationModel.YamlScalarNode scalar:
                    var isText = json?.GetValueKind() == JsonValueKind.String;
                    Assert.Equal(
                        json is null ? "null"
                            : isText ? (string)json!
                            : json.ToJsonString(),
                        scalar.Value is "" && json is null ? "null" : scalar.Value
                    );
                    Assert.True(
                        isText
                            != (scalar.Style == YamlDotNet.Core.ScalarStyle.Plain && Yaml11().IsMatch(scalar.Value!)),
                        $"{where}: '{scalar.Value}' is another type in YAML 1.1"
                    );
                    break;
            }
        }
    }

    // The implicit types of YAML 1.1 as PyYAML tells them, https://yaml.org/type/.
    [GeneratedRegex(
        """^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF|y|Y|n|N|~|null|Null|NULL||[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9_]+(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|<<|=|[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt]|[ \t]+)[0-9][0-9]?:.*)$"""
    )]
    private static partial Regex Yaml11();

    [Theory]
    [InlineData("json", "\"openapi\": \"3.1.1\""), InlineData("yaml", "openapi: '3.1.1'\n")]
    public async Task The_document_has_a_version_that_tools_support(string form, string version) =>
        Assert.Contains(version, (await api.Client.GetStringAsync($"/openapi.{form}"))[..40], StringComparison.Ordinal);

    [Fact]
    public async Task Every_pattern_has_a_type_beside_it()
    {
        var document = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json"))!;
        var patterns = 0;
        Walk(document, "#");
        Assert.True(patterns > 10);

        void Walk(JsonNode? node, string where)
        {
            if (node is JsonArray items)
                for (var i = 0; i < items.Count; i++)
                    Walk(items[i], $"{where}/{i}");
            if (node is not JsonObject members)
                return;
            if (members["pattern"] is JsonValue)
            {
                patterns++;
                Assert.True(members.ContainsKey("type"), where);
            }
            foreach (var (name, member) in members)
                Walk(member, $"{where}/{name}");
        }
    }

    // Generators of typed clients make a class or type of its own, or none at all, of these.
    [Fact]
    public async Task A_submission_is_one_plain_object()
    {
        var schemas = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json"))!["components"]!["schemas"]!;
        var submission = schemas["ContactSubmission"]!;
        foreach (var word in (string[])["allOf", "anyOf", "oneOf", "if"])
            Assert.DoesNotContain($"\"{word}\"", submission.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal(
            "#/components/schemas/PreferredContact",
            (string?)submission["properties"]!["preferredContact"]!["$ref"]
        );
    }

    [Theory]
    [InlineData("json", "\"type\": \\[\\s*\"null\"", "\"string\",\\s+\"null\"")]
    [InlineData("yaml", "type:( \\[|\n +- )'null'", "type: \\[string, 'null'\\]\n")]
    public async Task Null_is_the_last_of_the_types(string form, string first, string last)
    {
        var document = await api.Client.GetStringAsync($"/openapi.{form}");
        Assert.DoesNotMatch(first, document);
        Assert.Matches(last, document);
    }

    [Fact]
    public async Task Every_body_has_an_example()
    {
        var document = await DocumentAsync();
        var operations = document.Paths.SelectMany(path => path.Value.Operations!.Values);
        foreach (var operation in operations)
        foreach (var (status, response) in operation.Responses!)
        foreach (var (type, body) in response.Content ?? new Dictionary<string, IOpenApiMediaType>())
        {
            // Those of feeds and calendars are texts that are long and say little.
            if (type is not ("application/atom+xml" or "application/feed+json" or "text/calendar"))
                Assert.True(body.Example is not null, $"{operation.OperationId} {status} {type}");
        }
    }

    [Fact]
    public async Task Every_parameter_can_be_tried_out_without_typing_and_has_a_largest_length()
    {
        var document = await DocumentAsync();
        var operations = document.Paths.SelectMany(path => path.Value.Operations!.Values);
        foreach (var operation in operations)
        foreach (var parameter in operation.Parameters ?? [])
        {
            var name = $"{operation.OperationId} {parameter.Name}";
            // A cursor is only valid for the list that it came with, and the sample clinic has no coordinates.
            if (parameter.In != ParameterLocation.Header && parameter.Name is not ("cursor" or "near"))
                Assert.True(parameter.Example is not null, name);
            if (parameter.In != ParameterLocation.Header && parameter.Schema!.Type == JsonSchemaType.String)
                Assert.True(parameter.Schema.MaxLength > 0 || parameter.Schema.Enum is { Count: > 0 }, name);
        }
    }

    [Theory]
    [InlineData("getArticle", 200, "ETag", true), InlineData("getArticle", 200, "Cache-Control", true)]
    [InlineData("getArticle", 304, "ETag", true), InlineData("getArticle", 304, "Cache-Control", true)]
    [InlineData("createContactSubmission", 201, "Location", true)]
    [InlineData("createContactSubmission", 415, "Accept-Encoding", false)]
    [InlineData("createContactSubmission", 503, "Retry-After", true)]
    [InlineData("listArticles", 200, "Link", false)]
    public async Task A_header_that_is_never_absent_is_required(string id, int status, string header, bool isRequired)
    {
        var operations = (await DocumentAsync()).Paths.SelectMany(path => path.Value.Operations!.Values);
        var response = operations.Single(operation => operation.OperationId == id).Responses![$"{status}"];
        Assert.Equal(isRequired, response.Headers![header].Required);
    }

    [Fact]
    public async Task Tags_are_in_the_order_that_a_front_end_needs_and_described()
    {
        var tags = (await DocumentAsync()).Tags!.ToArray();
        Assert.Equal(
            ["Hours", "Locations", "Articles", "Contact", "Formats", "Health", "Staff"],
            tags.Select(tag => tag.Name)
        );
        Assert.All(tags, tag => Assert.False(string.IsNullOrEmpty(tag.Description), tag.Name));
    }

    [Fact]
    public async Task What_operations_have_in_common_is_written_once()
    {
        var document = JsonNode.Parse(await api.Client.GetStringAsync("/openapi.json"))!;
        var inline = document["paths"]!
            .AsObject()
            .SelectMany(path => path.Value!.AsObject())
            .SelectMany(operation =>
                operation.Value!["responses"]!
                    .AsObject()
                    .Select(response => response.Value!)
                    .Concat(operation.Value["parameters"]?.AsArray().OfType<JsonNode>() ?? [])
            )
            .Where(part => part["$ref"] is null)
            .Select(part => part.ToJsonString());
        Assert.Empty(inline.GroupBy(text => text).Where(alike => alike.Count() > 1).Select(alike => alike.Key));
    }

    [Fact]
    public async Task No_description_has_XML_in_it() =>
        Assert.DoesNotMatch("</?(c|see|para|paramref)[ >/]", await api.Client.GetStringAsync("/openapi.json"));

    [Fact]
    public async Task A_paragraph_of_a_description_is_one_line()
    {
        var document = await DocumentAsync();
        var operation = document.Paths["/v1/contact-submissions"].Operations![HttpMethod.Post];
        Assert.Matches(@"\AThe answer is 201 .+ stores nothing\.\n\nThe number of messages", operation.Description);
        var descriptions = document
            .Paths.Values.SelectMany(path => path.Operations!.Values)
            .SelectMany(call =>
                (call.Parameters ?? []).Select(parameter => parameter.Description).Append(call.Description)
            )
            .Concat(document.Components!.Schemas!.Values.Select(schema => schema.Description));
        Assert.All(descriptions, text => Assert.DoesNotMatch(@"[^\n]\n[^\n-]|\n +\n", text ?? ""));
    }

    [Fact]
    public async Task The_webhook_is_described()
    {
        var call = (await DocumentAsync()).Webhooks!["submission.received"].Operations![HttpMethod.Post];
        Assert.Equal(
            ["webhook-id", "webhook-timestamp", "webhook-signature"],
            call.Parameters!.Select(parameter => parameter.Name)
        );
        var body = call.RequestBody!.Content!["application/json"];
        Validate(body.Example!, body.Schema!, "submission.received");
    }

    [Fact]
    public async Task The_document_is_generated_once()
    {
        var documents = api.App.Services.GetRequiredService<OpenApiDocuments>();
        var first = await api.Client.GetStringAsync("/openapi.json");
        await api.ForgetAnswersAsync();
        Assert.Equal(first, await api.Client.GetStringAsync("/openapi.json?x=1"));
        Assert.Same(await documents.JsonAsync(default), await documents.JsonAsync(default));
        Assert.Same(await documents.YamlAsync(default), await documents.YamlAsync(default));
    }

    [Fact]
    public async Task Every_operation_parameter_and_field_has_a_description()
    {
        var document = await DocumentAsync();
        var operations = document.Paths.SelectMany(path => path.Value.Operations!.Values).ToArray();
        Assert.True(operations.Length >= 11);
        foreach (var operation in operations)
        {
            Assert.False(string.IsNullOrWhiteSpace(operation.OperationId));
            Assert.False(string.IsNullOrWhiteSpace(operation.Summary), operation.OperationId);
            Assert.False(string.IsNullOrWhiteSpace(operation.Description), operation.OperationId);
            foreach (var parameter in operation.Parameters ?? [])
                Assert.False(
                    string.IsNullOrWhiteSpace(parameter.Description),
                    $"{operation.OperationId} {parameter.Name}"
                );
            foreach (var (status, response) in operation.Responses!)
                Assert.False(string.IsNullOrWhiteSpace(response.Description), $"{operation.OperationId} {status}");
        }
        foreach (var (name, schema) in document.Components!.Schemas!)
        {
            Assert.False(string.IsNullOrWhiteSpace(schema.Description), name);
            foreach (var (member, property) in schema.Properties ?? new Dictionary<string, IOpenApiSchema>())
                Assert.False(string.IsNullOrWhiteSpace(property.Description), $"{name}.{member}");
        }
    }

    [Fact]
    public async Task Every_endpoint_of_v1_and_health_is_documented_with_its_problems()
    {
        var document = await DocumentAsync();
        var endpoints = api
            .App.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.Cast<RouteEndpoint>()
            .Where(endpoint =>
                endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal)
                || endpoint.RoutePattern.RawText.Contains("health", StringComparison.Ordinal)
            );
        foreach (var endpoint in endpoints)
        {
            var name = endpoint.Metadata.GetRequiredMetadata<IEndpointNameMetadata>().EndpointName;
            var operation = document
                .Paths.SelectMany(path => path.Value.Operations!.Values)
                .Single(operation => operation.OperationId == name);
            foreach (var problem in endpoint.Metadata.GetOrderedMetadata<AnswersProblem>())
            {
                var response = operation.Responses![$"{problem.Type.Status}"];
                Assert.Contains(problem.Type.Path, response.Description, StringComparison.Ordinal);
                Assert.True(response.Content!.ContainsKey("application/problem+json"));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Every_example_is_a_real_answer(string operation, int status, string path, string? body)
    {
        if (body is not null && !body.StartsWith('{'))
            body = await File.ReadAllTextAsync(ExampleFile(body));
        if (path.Contains("{token}", StringComparison.Ordinal))
            path = path.Replace(
                "{token}",
                (string)(await api.ReceivedAsync(Submissions.Valid()))["token"]!,
                StringComparison.Ordinal
            );
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, path)
        {
            Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { { "traceparent", Example } },
        };
        if (path.EndsWith("/state", StringComparison.Ordinal) || path.EndsWith("/assignee", StringComparison.Ordinal))
            request.Method = HttpMethod.Put;
        // Some answers take an app that is set up for them.
        var isOfStaff = path.StartsWith("/v1/staff/", StringComparison.Ordinal);
        await using var other = (operation, status) switch
        {
            _ when isOfStaff => await StaffAsync(request, status),
            (_, 429) => await FullAsync(path, body!),
            ("getContactChallenge", 200) => await ApiFactory.StartAsync(factory =>
                factory.Settings.Add("--Contact:Challenge:Mode=optional")
            ),
            _ => null,
        };
        using var response = await (other ?? api).Client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        var isJson = response.Content.Headers.ContentType!.MediaType!.EndsWith("json", StringComparison.Ordinal);
        var text = await response.Content.ReadAsStringAsync();
        if (isOfStaff)
            text = NoteId()
                .Replace(Reference().Replace(text, "7K3Q-X9MZ-2TBV"), "0197c5b1-8c40-7c1e-9d3f-5a2b4c6d8e0f");
        var answer = isJson ? JsonNode.Parse(text)! : JsonValue.Create(text);
        if (isJson && answer["reference"] is not null)
            answer["reference"] = "7K3Q-X9MZ-2TBV";
        if (isJson && answer["token"] is not null)
            answer["token"] = "7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        // One that is solved by 12345, signed with a key of zeros.
        if (isJson && answer["challenge"] is JsonValue)
        {
            answer["salt"] = $"7f1c0a5b9e3d48261f0e9d8c7b6a5948{((string)answer["salt"]!)[32..]}";
            answer["challenge"] = Convert.ToHexStringLower(
                SHA256.HashData(Encoding.ASCII.GetBytes($"{answer["salt"]}12345"))
            );
            answer["signature"] = Convert.ToHexStringLower(
                HMACSHA256.HashData(new byte[32], Encoding.ASCII.GetBytes((string)answer["challenge"]!))
            );
        }

        var name = $"{operation}.{status}";
        if (Update)
            await File.WriteAllTextAsync(ExampleFile(name), answer.ToJsonString(Readable) + "\n");
        var written = JsonNode.Parse(await File.ReadAllTextAsync(ExampleFile(name)))!;
        // PostgreSQL chooses other passages of a text for the snippet.
        if (Engine.IsPostgres && name == "listArticles.200")
            answer["items"]![0]!["snippet"] = written["items"]![0]!["snippet"]!.DeepClone();
        JsonAssert.Equal(written.ToJsonString(), answer);

        var document = await DocumentAsync();
        var operations =
            operation == "staff"
                ? document
                    .Paths.Where(p => p.Key.StartsWith("/v1/staff/", StringComparison.Ordinal))
                    .SelectMany(p => p.Value.Operations!.Values)
                    .Where(o => o.Responses!.ContainsKey($"{status}") && !HasOwnExample(o, status))
                : document.Paths.SelectMany(p => p.Value.Operations!.Values).Where(o => o.OperationId == operation);
        var bodies = operations.Select(o => o.Responses![$"{status}"].Content!.Values.Single()).ToArray();
        Assert.NotEmpty(bodies);
        foreach (var media in bodies)
        {
            // The reader puts a text of its own in the place of null.
            var example = JsonNode.Parse(NullSentinel().Replace(media.Example!.ToJsonString(), "null"))!;
            // Problems that differ only in their address have one example together.
            if (status >= 400)
                example["instance"] = (string)answer["instance"]!;
            JsonAssert.Equal(example.ToJsonString(), answer);
            Validate(answer, media.Schema!, name);
        }
    }

    static bool HasOwnExample(OpenApiOperation operation, int status) =>
        Examples.Any(row => row.Data.Item1 == operation.OperationId && row.Data.Item2 == status);

    /// <summary>An API whose staff have done something, and a request of theirs to it.</summary>
    static async Task<ApiFactory> StaffAsync(HttpRequestMessage request, int status)
    {
        const string Submissions = "/v1/staff/submissions";
        var staff = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Access:Refusals:PerClient:Requests=1")
        );
        var desk = await staff.CreateKeyAsync(
            [Role.Inbox],
            "Front desk",
            locations: ["jonesboro"],
            lifetime: TimeSpan.FromDays(90),
            id: "8f3a61c2"
        );
        var admin = await staff.CreateKeyAsync([Role.Admin], "Operations", id: "1b9d4e70");
        var message = Contact.Submissions.Valid(("name", "Sam Example"), ("email", "sam@example.com"));
        var reference = (string)(await staff.ReceivedAsync(message))["reference"]!;
        staff.Clock.Advance(TimeSpan.FromMinutes(30));
        var trace = ("traceparent", Example);
        var answers = new[]
        {
            await staff.SendAsync(desk, HttpMethod.Get, $"{Submissions}/{reference}", null, trace),
            await staff.SendAsync(
                desk,
                HttpMethod.Put,
                $"{Submissions}/{reference}/state",
                new JsonObject { ["state"] = "open" },
                trace
            ),
            await staff.SendAsync(
                desk,
                HttpMethod.Post,
                $"{Submissions}/{reference}/notes",
                new JsonObject { ["text"] = "Called, and left a message." },
                trace
            ),
        };
        Assert.All(answers, answer => Assert.Equal(200, (int)answer.StatusCode));
        staff.Clock.Advance(TimeSpan.FromMinutes(30));

        var path = request.RequestUri!.OriginalString;
        request.RequestUri = new Uri(
            path.Replace("{reference}", reference, StringComparison.Ordinal),
            UriKind.Relative
        );
        var isOfAdmin =
            path.StartsWith("/v1/staff/audit", StringComparison.Ordinal)
            || path.EndsWith("/erase", StringComparison.Ordinal);
        var (name, credential) = status switch
        {
            401 => ("X-None", ""),
            403 => desk.Header,
            429 => ("Authorization", "Bearer wrong"),
            _ => isOfAdmin ? admin.Header : desk.Header,
        };
        request.Headers.Add(name, credential);
        if (status == 412)
            request.Headers.Add("If-Match", "\"1\"");
        if (status == 429)
        {
            using var refused = await staff.SendAsync(HttpMethod.Get, "/v1/staff/me", (name, credential));
            Assert.Equal(401, (int)refused.StatusCode);
            staff.Clock.Advance(TimeSpan.FromMinutes(1));
        }
        return staff;
    }

    // Not within the identifier of a note, whose middle can look like a reference.
    [GeneratedRegex(@"(?<![\w-])[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}(?![\w-])")]
    private static partial Regex Reference();

    [GeneratedRegex("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex NoteId();

    /// <summary>An API that takes no more for the next nine minutes.</summary>
    static async Task<ApiFactory> FullAsync(string path, string body)
    {
        var full = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Contact:Limits:PerClient:Requests=5",
                "--Contact:Limits:Overall:Requests=1000",
            ])
        );
        for (var i = 0; i < 5; i++)
            Assert.Equal(
                201,
                (int)
                    (
                        await full.Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"))
                    ).StatusCode
            );
        full.Clock.Advance(TimeSpan.FromMinutes(1));
        return full;
    }

    [Fact]
    public void No_example_file_is_unused()
    {
        var expected = Examples
            .Select(row => $"{row.Data.Item1}.{row.Data.Item2}")
            .Concat(Examples.Select(row => row.Data.Item4).OfType<string>().Where(body => !body.StartsWith('{')))
            .Distinct()
            .Order();
        Assert.Equal(
            expected,
            Directory.GetFiles(Path.Combine(Root(), "Api", "Examples")).Select(Path.GetFileNameWithoutExtension).Order()
        );
    }

    [Fact]
    public async Task The_rules_of_the_validator_are_in_the_schema()
    {
        var schema = (await DocumentAsync()).Components!.Schemas!["ContactSubmission"];
        Assert.Equal(["consent", "location", "message", "name", "preferredContact"], schema.Required!.Order());
        Assert.Equal(254, schema.Properties!["email"].MaxLength);
        Assert.Contains("@", schema.Properties["email"].Pattern, StringComparison.Ordinal);
        Assert.Equal(5000, schema.Properties["message"].MaxLength);
        Assert.Equal(["true"], schema.Properties["consent"].Enum!.Select(value => value!.ToJsonString()));
        Assert.False(schema.AdditionalPropertiesAllowed);
    }

    /// <summary>
    /// So much of JSON Schema as the document uses on answers: types, null, members, enums, patterns.
    /// </summary>
    static void Validate(JsonNode? node, IOpenApiSchema schema, string where)
    {
        if (schema.OneOf is { Count: > 0 } choices)
        {
            schema = node is null
                ? choices.Single(choice => choice.Type == JsonSchemaType.Null)
                : choices.Single(choice => choice.Type != JsonSchemaType.Null);
            if (node is null)
                return;
        }
        var type = node?.GetValueKind() switch
        {
            null => JsonSchemaType.Null,
            JsonValueKind.Object => JsonSchemaType.Object,
            JsonValueKind.Array => JsonSchemaType.Array,
            JsonValueKind.String => JsonSchemaType.String,
            JsonValueKind.Number => JsonSchemaType.Number | JsonSchemaType.Integer,
            _ => JsonSchemaType.Boolean,
        };
        Assert.True((schema.Type & type) != 0, $"{where} is {type}, and {schema.Type} in the document");
        // One without members of its own is of any form.
        if (node is JsonObject members && schema.Properties is { Count: > 0 })
        {
            Assert.Empty(members.Select(member => member.Key).Except(schema.Properties!.Keys));
            Assert.Empty((schema.Required ?? new HashSet<string>()).Except(members.Select(member => member.Key)));
            foreach (var (name, value) in members)
                Validate(value, schema.Properties[name], $"{where}.{name}");
        }
        if (node is JsonArray items)
            foreach (var item in items)
                Validate(item, schema.Items!, $"{where}[]");
        if (schema.Enum is { Count: > 0 } values && node is not null)
            Assert.Contains(values, value => JsonNode.DeepEquals(value, node));
        if (schema.Pattern is { } pattern && node is not null)
            Assert.Matches(new Regex(pattern), (string)node!);
        if (schema.Format == "date-time" && node is not null)
            Assert.Matches(Instant(), (string)node!);
    }

    [GeneratedRegex("\"openapi-json-null-sentinel[^\"]*\"")]
    private static partial Regex NullSentinel();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")]
    private static partial Regex Instant();

    static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
