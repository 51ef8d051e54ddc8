using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.Http;
using Json.Schema;

namespace Api.Tests.Http;

/// <summary>The OpenAPI document as a client reads it, and whether answers are as it says.</summary>
sealed class DocumentedApi
{
    // Every answer can have these, so the document does not describe them.
    static readonly string[] UsualHeaders =
    [
        "Date",
        "Connection",
        "Content-Type",
        "Content-Length",
        "Content-Encoding",
        "Content-Disposition",
        "Transfer-Encoding",
        "Cache-Control",
        "Expires",
        "Pragma",
        "Vary",
        "Age",
        "Content-Security-Policy",
        "Referrer-Policy",
        "X-Content-Type-Options",
        "X-Frame-Options",
    ];

    readonly JsonNode document;
    readonly string definitions;
    readonly Dictionary<string, JsonSchema> schemas = [];

    public DocumentedApi(string json)
    {
        document = JsonNode.Parse(json)!;
        definitions = document["components"]!["schemas"]!.ToJsonString();
        Operations =
        [
            .. document["paths"]!
                .AsObject()
                .SelectMany(path =>
                    path.Value!.AsObject().Select(operation => Read(path.Key, operation.Key, operation.Value!))
                ),
        ];
    }

    public IReadOnlyList<DocumentedOperation> Operations { get; }

    DocumentedOperation Read(string path, string method, JsonNode operation) =>
        new(
            (string)operation["operationId"]!,
            method.ToUpperInvariant(),
            path,
            [.. (operation["parameters"]?.AsArray() ?? []).Select(parameter => Resolve(parameter!))],
            operation["requestBody"]?["content"]?["application/json"]?["schema"],
            operation["responses"]!
                .AsObject()
                .ToDictionary(
                    response => int.Parse(response.Key, System.Globalization.CultureInfo.InvariantCulture),
                    response => Resolve(response.Value!)
                ),
            operation["security"] is JsonArray { Count: > 0 }
        );

    JsonNode Resolve(JsonNode node) =>
        (string?)node["$ref"] is { } reference
            ? Resolve(reference["#/".Length..].Split('/').Aggregate(document, (parent, name) => parent[name]!))
            : node;

    /// <summary>Whether a value is as a schema of the document says.</summary>
    /// <returns>What is wrong with it; <c>null</c> if nothing is.</returns>
    public string? FindFault(JsonNode schema, JsonElement value)
    {
        var text = schema.ToJsonString();
        if (!schemas.TryGetValue(text, out var validator))
        {
            var all = $$"""{ "$defs": {{definitions}}, "allOf": [{{text}}] }""";
            // The dialect of OpenAPI 3.1. Unlike the newest, it allows unknown keywords, such as those with x-.
            validator = JsonSchema.FromText(
                all.Replace("#/components/schemas/", "#/$defs/", StringComparison.Ordinal),
                new BuildOptions { Dialect = Dialect.Draft202012 }
            );
            schemas.Add(text, validator);
        }
        var options = new EvaluationOptions { OutputFormat = OutputFormat.List, RequireFormatValidation = true };
        var result = validator.Evaluate(value, options);
        if (result.IsValid)
            return null;
        var faults = (result.Details ?? [])
            .Where(detail => detail.Errors is not null)
            .SelectMany(detail => detail.Errors!.Select(error => $"{detail.InstanceLocation}: {error.Value}"));
        return string.Join("; ", faults.Take(5));
    }

    /// <summary>Checks everything that the document says about an answer.</summary>
    public void Check(DocumentedOperation operation, RawAnswer answer, bool isHead)
    {
        Assert.True(answer.Status < 500, "it failed");
        Assert.True(operation.Responses.TryGetValue(answer.Status, out var response), "the status is not documented");
        CheckHeaders(operation, response, answer);

        var content = response["content"]?.AsObject() ?? [];
        if (content.Count == 0 || isHead)
        {
            Assert.True(answer.Body.Length == 0, "there is a body");
            return;
        }
        var type = answer.Headers.GetValueOrDefault("Content-Type")?.Split(';')[0];
        Assert.True(content.ContainsKey(type ?? ""), $"the media type {type} is not documented");
        var body = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(Decode(answer));
        if (!type!.EndsWith("json", StringComparison.Ordinal))
        {
            Assert.False(string.IsNullOrWhiteSpace(body), "there is no body");
            return;
        }
        using var json = JsonDocument.Parse(body);
        var fault = FindFault(content[type]!["schema"]!, json.RootElement);
        Assert.True(fault is null, $"the body is not as documented: {fault}");
        if (type == "application/problem+json")
            CheckProblem(json.RootElement, answer.Status, answer.Headers, (string)response["description"]!);
    }

    void CheckHeaders(DocumentedOperation operation, JsonNode response, RawAnswer answer)
    {
        var documented = response["headers"]?.AsObject() ?? [];
        foreach (var (name, header) in documented)
            if (Resolve(header!)["required"]?.GetValue<bool>() == true)
                Assert.True(answer.Headers.ContainsKey(name), $"the header {name} is missing");
        var known = documented.Select(header => header.Key).Concat(UsualHeaders);
        // A 304 has the headers of the answer that it confirms.
        if (answer.Status == 304)
            known = known.Concat(operation.Responses[200]["headers"]!.AsObject().Select(header => header.Key));
        var unknown = answer.Headers.Keys.Except(known, StringComparer.OrdinalIgnoreCase);
        Assert.True(!unknown.Any(), $"headers are not documented: {string.Join(", ", unknown)}");
    }

    /// <summary>Checks a problem.</summary>
    /// <param name="problem">The body.</param>
    /// <param name="status">The status of the answer.</param>
    /// <param name="headers">The headers of the answer.</param>
    /// <param name="description">What the document says about answers with this status.</param>
    static void CheckProblem(
        JsonElement problem,
        int status,
        IReadOnlyDictionary<string, string> headers,
        string description
    )
    {
        var type = problem.GetProperty("type").GetString()!;
        var known = ProblemTypes.All.SingleOrDefault(known => known.Path == type);
        Assert.True(known is not null, $"there is no page {type}");
        Assert.Equal((status, status), (known.Status, problem.GetProperty("status").GetInt32()));
        Assert.True(headers.ContainsKey("Content-Language"), "the language of the problem is missing");
        Assert.True(description.Contains($"`{type}`", StringComparison.Ordinal), $"{type} is not documented");
    }

    /// <summary>Checks the answer to a request that the document does not know: an address or a method.</summary>
    public void CheckUnknown(RawAnswer answer, ProblemType type, bool isHead)
    {
        Assert.Equal(type == ProblemTypes.MethodNotAllowed, answer.Headers.ContainsKey("Allow"));
        if (isHead)
            return;
        Assert.Equal("application/problem+json", answer.Headers["Content-Type"]);
        using var json = JsonDocument.Parse(answer.Body);
        var schema = new JsonObject { ["$ref"] = "#/components/schemas/ProblemDocument" };
        Assert.Null(FindFault(schema, json.RootElement));
        CheckProblem(json.RootElement, type.Status, answer.Headers, $"`{type.Path}`");
    }

    static byte[] Decode(RawAnswer answer)
    {
        var body = new MemoryStream(answer.Body);
        using Stream decoded = answer.Headers.GetValueOrDefault("Content-Encoding") switch
        {
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var bytes = new MemoryStream();
        decoded.CopyTo(bytes);
        return bytes.ToArray();
    }
}

/// <summary>An operation of the OpenAPI document, its references followed.</summary>
/// <param name="Id">Its <c>operationId</c>.</param>
/// <param name="Method">Its method, in upper case.</param>
/// <param name="Path">The template of its path.</param>
/// <param name="Parameters">Its parameters of all kinds.</param>
/// <param name="Body">The schema of its body; <c>null</c> if it takes none.</param>
/// <param name="Responses">Its responses by status.</param>
/// <param name="IsSecured">Whether it needs a credential.</param>
sealed record DocumentedOperation(
    string Id,
    string Method,
    string Path,
    IReadOnlyList<JsonNode> Parameters,
    JsonNode? Body,
    IReadOnlyDictionary<int, JsonNode> Responses,
    bool IsSecured
)
{
    public override string ToString() => Id;

    /// <summary>Whether its template matches a path.</summary>
    public bool HasAddress(string path) =>
        Regex.IsMatch(path, $"^{Regex.Replace(Regex.Escape(Path), @"\\\{[^/]+?}", "[^/]+")}$");

    /// <summary>Those of a kind: <c>path</c>, <c>query</c> or <c>header</c>.</summary>
    public IEnumerable<JsonNode> ParametersIn(string kind) =>
        Parameters.Where(parameter => (string?)parameter["in"] == kind);
}
