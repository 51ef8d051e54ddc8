using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;

namespace Api.Tests.Http;

/// <summary>What clients of the last released version rely on.</summary>
[AnyEngine]
public sealed class ReleaseTests
{
    [Fact]
    public async Task Every_breaking_change_since_the_last_release_is_in_the_changelog()
    {
        string[] faults =
        [
            .. ReleaseCheck.FindFaults(
                await ReadAsync("Api/released/openapi.yaml"),
                await ReadAsync("openapi.yaml"),
                await ReadAsync("Api/CHANGELOG.md")
            ),
        ];
        Assert.True(faults is [], string.Join('\n', faults));
    }

    static Task<string> ReadAsync(string path, [CallerFilePath] string file = "") =>
        File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", path));

    const string Document = """
        {
          "openapi": "3.1.1", "info": { "version": "1.2.0" },
          "servers": [{ "url": "/" }],
          "security": [{}, { "key": [] }],
          "paths": { "/things": {
            "get": {
              "operationId": "listThings",
              "parameters": [
                { "name": "limit", "in": "query", "required": false, "schema": { "type": "integer", "maximum": 100, "minimum": 1, "default": 20 } },
                { "name": "sort", "in": "query", "schema": { "type": "string", "enum": ["name", "date"] } },
                { "$ref": "#/components/parameters/Day" }
              ],
              "responses": {
                "200": {
                  "headers": { "ETag": { "required": true, "schema": { "type": "string" } } },
                  "content": {
                    "application/json": { "schema": { "type": "array", "maxItems": 50, "items": { "$ref": "#/components/schemas/Thing" } } },
                    "text/csv": { "schema": { "type": "string" } }
                  }
                },
                "304": {}
              }
            },
            "post": {
              "operationId": "addThing",
              "requestBody": { "required": true, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/NewThing" } } } },
              "responses": { "201": { "content": { "application/json": { "schema": {
                "type": "object", "required": ["receipt"], "properties": { "receipt": { "type": "string" }, "at": { "type": ["string", "null"] } }
              } } } } }
            }
          } },
          "webhooks": { "thing.added": { "post": {
            "operationId": "thingAdded",
            "parameters": [{ "name": "webhook-id", "in": "header", "schema": { "type": "string" } }],
            "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Thing" } } } },
            "responses": { "2XX": {}, "410": {} }
          } } },
          "components": {
            "parameters": { "Day": { "name": "day", "in": "query", "schema": { "type": "string", "format": "date", "pattern": "^2" } } },
            "schemas": {
              "Thing": {
                "type": "object", "required": ["name", "size"],
                "properties": {
                  "name": { "type": "string", "maxLength": 20, "description": "Its name." },
                  "size": { "type": "integer" },
                  "kind": { "$ref": "#/components/schemas/Kind" },
                  "owner": { "oneOf": [{ "$ref": "#/components/schemas/Owner" }, { "type": "null" }] },
                  "day": { "type": "string", "format": "date" },
                  "code": { "type": "string", "pattern": "^[A-Z]$" },
                  "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                  "extra": { "type": "object", "additionalProperties": { "type": "string" } }
                },
                "additionalProperties": false
              },
              "Kind": { "type": "string", "enum": ["big", "small"] },
              "Owner": { "type": "object", "properties": { "id": { "type": "string", "minLength": 3 } } },
              "NewThing": {
                "type": "object", "required": ["name"],
                "properties": {
                  "name": { "type": "string", "maxLength": 40, "minLength": 2 },
                  "note": { "type": ["string", "null"] },
                  "weight": { "type": "number" },
                  "kind": { "$ref": "#/components/schemas/NewKind" }
                },
                "additionalProperties": true
              },
              "NewKind": { "type": "string", "enum": ["big", "tiny"] },
              "Unused": {}
            }
          }
        }
        """;

    /// <summary>Changes of the document, and what the change and its reversal break; nothing if it is harmless.</summary>
    public static TheoryData<string, string, string, string> Changes =>
        new()
        {
            // Operations
            { "\"url\": \"/\"", "\"url\": \"/api\"", "`servers` / is gone", "`servers` /api is gone" },
            {
                "\"/things\": {",
                "\"/items\": {",
                "`GET /things` is gone, `POST /things` is gone",
                "`GET /items` is gone, `POST /items` is gone"
            },
            { "\"get\": {", "\"put\": {", "`GET /things` is gone", "`PUT /things` is gone" },
            {
                "\"listThings\"",
                "\"getThings\"",
                "`GET /things` operationId is no longer listThings",
                "`GET /things` operationId is no longer getThings"
            },
            {
                "[{}, { \"key\": [] }]",
                "[{ \"key\": [] }]",
                "`GET /things` needs credentials now, `POST /things` needs credentials now, `POST thing.added` needs credentials now",
                ""
            },
            {
                "\"addThing\",",
                "\"addThing\", \"security\": [{ \"key\": [\"write\"] }],",
                "`POST /things` needs credentials now, `POST /things` credentials {\"key\":[]} no longer suffice",
                "`POST /things` credentials {\"key\":[\"write\"]} no longer suffice"
            },
            // Parameters
            {
                "{ \"name\": \"sort\", ",
                "{ \"name\": \"order\", ",
                "`GET /things` parameter sort (query) is gone",
                "`GET /things` parameter order (query) is gone"
            },
            {
                "{ \"name\": \"sort\", ",
                "{ \"name\": \"sort\", \"required\": true, ",
                "`GET /things` parameter sort (query) is required now",
                ""
            },
            {
                "{ \"$ref\": \"#/components/parameters/Day\" }",
                "{ \"$ref\": \"#/components/parameters/Day\" }, { \"name\": \"q\", \"in\": \"query\", \"required\": true }",
                "`GET /things` parameter q (query) is required now",
                "`GET /things` parameter q (query) is gone"
            },
            {
                "{ \"$ref\": \"#/components/parameters/Day\" }",
                "{ \"$ref\": \"#/components/parameters/Day\" }, { \"name\": \"q\", \"in\": \"query\" }",
                "",
                "`GET /things` parameter q (query) is gone"
            },
            {
                "\"maximum\": 100",
                "\"maximum\": 50",
                "`GET /things` parameter limit (query) has maximum 50 instead of 100",
                ""
            },
            {
                "\"minimum\": 1,",
                "\"minimum\": 0,",
                "",
                "`GET /things` parameter limit (query) has minimum 1 instead of 0"
            },
            { "\"minimum\": 1,", "", "", "`GET /things` parameter limit (query) has minimum 1 instead of none" },
            {
                "\"default\": 20",
                "\"default\": 10",
                "`GET /things` parameter limit (query) has another default",
                "`GET /things` parameter limit (query) has another default"
            },
            {
                "\"type\": \"integer\", \"maximum\"",
                "\"type\": \"number\", \"maximum\"",
                "",
                "`GET /things` parameter limit (query) can no longer be number"
            },
            {
                "[\"name\", \"date\"]",
                "[\"name\"]",
                "`GET /things` parameter sort (query) can no longer be \"date\"",
                ""
            },
            {
                ", \"enum\": [\"name\", \"date\"]",
                "",
                "",
                "`GET /things` parameter sort (query) can only be some values now"
            },
            { ", \"pattern\": \"^2\"", "", "", "`GET /things` parameter day (query) has another pattern" },
            {
                "\"format\": \"date\", ",
                "",
                "`GET /things` parameter day (query) has another format",
                "`GET /things` parameter day (query) has another format"
            },
            // Bodies of requests
            {
                "\"requestBody\": { \"required\": true,",
                "\"requestBody\": { \"required\": false,",
                "",
                "`POST /things` body is required now"
            },
            {
                "\"requestBody\": { \"required\": true, \"content\": { \"application/json\"",
                "\"requestBody\": { \"required\": true, \"content\": { \"text/json\"",
                "`POST /things` body application/json is gone",
                "`POST /things` body text/json is gone"
            },
            {
                "\"required\": [\"name\"]",
                "\"required\": [\"name\", \"weight\"]",
                "`NewThing.weight` is required now",
                ""
            },
            {
                "\"required\": [\"name\"]",
                "\"required\": [\"name\", \"color\"]",
                "`NewThing.color` is required now",
                ""
            },
            { "\"note\": { \"type\": [\"string\", \"null\"] },", "", "`NewThing.note` is gone", "" },
            {
                "\"note\": { \"type\": [\"string\", \"null\"] }",
                "\"note\": { \"type\": \"string\" }",
                "`NewThing.note` can no longer be null",
                ""
            },
            { "\"maxLength\": 40", "\"maxLength\": 30", "`NewThing.name` has maxLength 30 instead of 40", "" },
            { "\"minLength\": 2", "\"minLength\": 1", "", "`NewThing.name` has minLength 2 instead of 1" },
            {
                "\"weight\": { \"type\": \"number\" }",
                "\"weight\": { \"type\": \"integer\" }",
                "`NewThing.weight` can no longer be number",
                ""
            },
            { "[\"big\", \"tiny\"]", "[\"big\", \"huge\", \"tiny\"]", "", "`NewKind` can no longer be \"huge\"" },
            {
                "\"additionalProperties\": true",
                "\"additionalProperties\": false",
                "`NewThing` can no longer have unknown members",
                ""
            },
            // Answers
            {
                "\"304\": {}",
                "\"404\": {}",
                "`GET /things` response 304 is gone",
                "`GET /things` response 404 is gone, `GET /things` response 304 is new"
            },
            { "\"304\": {}", "\"304\": {}, \"404\": {}", "", "`GET /things` response 404 is gone" },
            {
                "\"304\": {}",
                "\"304\": {}, \"202\": {}",
                "`GET /things` response 202 is new",
                "`GET /things` response 202 is gone"
            },
            {
                "\"text/csv\"",
                "\"text/plain\"",
                "`GET /things` response 200 text/csv is gone",
                "`GET /things` response 200 text/plain is gone"
            },
            {
                "\"ETag\": { \"required\": true, ",
                "\"ETag\": { ",
                "`GET /things` response 200 header ETag can be absent now",
                ""
            },
            {
                "\"ETag\": {",
                "\"Link\": {",
                "`GET /things` response 200 header ETag is gone",
                "`GET /things` response 200 header Link is gone"
            },
            { "\"maxItems\": 50", "\"maxItems\": 60", "`GET /things` response 200 has maxItems 60 instead of 50", "" },
            { "\"size\": { \"type\": \"integer\" },", "", "`Thing.size` is gone", "" },
            { "[\"name\", \"size\"]", "[\"name\"]", "`Thing.size` can be absent now", "" },
            {
                "\"size\": { \"type\": \"integer\" }",
                "\"size\": { \"type\": \"number\" }",
                "`Thing.size` can now be number",
                ""
            },
            {
                "\"size\": { \"type\": \"integer\" }",
                "\"size\": { \"type\": [\"integer\", \"null\"] }",
                "`Thing.size` can now be null",
                ""
            },
            {
                "{ \"oneOf\": [{ \"$ref\": \"#/components/schemas/Owner\" }, { \"type\": \"null\" }] }",
                "{ \"$ref\": \"#/components/schemas/Owner\" }",
                "",
                "`Thing.owner` can now be null"
            },
            { "\"maxLength\": 20", "\"maxLength\": 30", "`Thing.name` has maxLength 30 instead of 20", "" },
            { "\"minLength\": 3", "\"minLength\": 2", "`Owner.id` has minLength 2 instead of 3", "" },
            { "[\"big\", \"small\"]", "[\"big\", \"medium\", \"small\"]", "`Kind` can now be \"medium\"", "" },
            { ", \"enum\": [\"big\", \"small\"]", "", "`Kind` can be any value now", "" },
            { ", \"format\": \"date\" }", " }", "`Thing.day` has another format", "`Thing.day` has another format" },
            { "\"^[A-Z]$\"", "\"^[A-Z0-9]$\"", "`Thing.code` has another pattern", "`Thing.code` has another pattern" },
            {
                "\"additionalProperties\": { \"type\": \"string\" }",
                "\"additionalProperties\": { \"type\": \"integer\" }",
                "`Thing.extra` other members can now be integer",
                "`Thing.extra` other members can now be string"
            },
            {
                "\"required\": [\"receipt\"]",
                "\"required\": []",
                "`POST /things` response 201 receipt can be absent now",
                ""
            },
            {
                "\"at\": { \"type\": [\"string\", \"null\"] }",
                "\"at\": { \"type\": \"string\" }",
                "",
                "`POST /things` response 201 at can now be null"
            },
            { "\"Unused\": {}", "\"Used\": {}", "`Unused` is gone", "`Used` is gone" },
            // The other way round: the server sends, and the client answers.
            { "\"thing.added\"", "\"thing.new\"", "`POST thing.added` is gone", "`POST thing.new` is gone" },
            {
                "\"webhook-id\", \"in\": \"header\",",
                "\"webhook-id\", \"in\": \"header\", \"required\": true,",
                "",
                "`POST thing.added` parameter webhook-id (header) can be absent now"
            },
            {
                "\"410\": {}",
                "\"404\": {}",
                "`POST thing.added` response 410 is gone",
                "`POST thing.added` response 404 is gone"
            },
            // What clients do not notice.
            { "\"Its name.\"", "\"The name.\"", "", "" },
            {
                "{ \"type\": \"string\", \"maxLength\": 20, \"description\": \"Its name.\" }",
                "{ \"description\": \"Its name.\", \"maxLength\": 20, \"type\": [\"string\"], \"examples\": [\"x\"] }",
                "",
                ""
            },
            { "\"extra\": {", "\"color\": { \"type\": \"string\" }, \"extra\": {", "", "`Thing.color` is gone" },
            { "\"additionalProperties\": false", "\"additionalProperties\": true", "", "" },
        };

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_that_breaks_clients_is_found(string old, string now, string broken, string brokenByReversal)
    {
        Assert.Equal(2, Document.Split(old).Length);
        var (before, after) = (
            JsonNode.Parse(Document)!,
            JsonNode.Parse(Document.Replace(old, now, StringComparison.Ordinal))!
        );
        Assert.Equal(broken, string.Join(", ", ContractChanges.Find(before, after)));
        Assert.Equal(brokenByReversal, string.Join(", ", ContractChanges.Find(after, before)));
        Assert.Empty(ContractChanges.Find(after, after));
    }

    const string Released = "## [1.0.0] - 2026-01-12\n\n- `Tag.count`\n";

    /// <summary>Documents with one version or another, changelogs, and the beginning of what is wrong.</summary>
    [Theory]
    // Before the first release
    [InlineData("1.0.0", "1.0.0", "", "## [1.0.0] - Unreleased\n", null)]
    [InlineData(
        "1.0.0",
        "1.0.0",
        "break",
        "## [1.0.0] - Unreleased\n",
        "This breaks clients, and the changelog must say so under 1.0.0: `Tag.count` is gone."
    )]
    [InlineData("1.0.0", "1.0.0", "break", "## [1.0.0] - Unreleased\n\n- Removed `Tag.count`.\n", null)]
    [InlineData("1.0.0", "1.0.0", "add", "## [1.0.0] - Unreleased\n", null)]
    // Once a version is released
    [InlineData("1.0.0", "1.0.0", "", Released, null)]
    [InlineData("1.0.0", "1.0.0", "add", Released, "Version 1.0.0 is released, and its document has changed.")]
    [InlineData(
        "1.0.0",
        "1.1.0",
        "add",
        Released,
        "The changelog does not begin with version 1.1.0, which the document has."
    )]
    [InlineData("1.0.0", "1.1.0", "add", "## [1.1.0] - Unreleased\n\n" + Released, null)]
    [InlineData(
        "1.0.0",
        "1.1.0",
        "add",
        "## [1.1.0] - 2026-02-01\n\n" + Released,
        "Version 1.1.0 is released, and its document has changed."
    )]
    [InlineData(
        "1.0.0",
        "1.1.0",
        "break",
        "## [1.1.0] - Unreleased\n\n- Removed `Tag.count`.\n\n" + Released,
        "Version 1.1.0 breaks clients of 1.0.0: `Tag.count` is gone."
    )]
    [InlineData(
        "1.0.0",
        "2.0.0",
        "break",
        "## [2.0.0] - Unreleased\n\n" + Released,
        "This breaks clients, and the changelog must say so under 2.0.0: `Tag.count` is gone."
    )]
    [InlineData("1.0.0", "2.0.0", "break", "## [2.0.0] - Unreleased\n\n- Removed `Tag.count`.\n\n" + Released, null)]
    [InlineData(
        "0.9.0",
        "1.0.0",
        "add",
        "## [1.0.0] - Unreleased\n",
        "The changelog does not have version 0.9.0, the last released one."
    )]
    public void A_breaking_change_needs_a_new_version_and_a_line(
        string released,
        string version,
        string change,
        string changelog,
        string? fault
    )
    {
        static string Write(string version, string members) =>
            $$"""
                info: { version: '{{version}}' }
                paths:
                  /tags: { get: { responses: { 200: { content: { application/json: { schema: { $ref: '#/components/schemas/Tag' } } } } } } }
                components: { schemas: { Tag: { type: object, properties: { {{members}} } } } }
                """;
        const string Members = "count: { type: integer }, name: { type: string }";
        var changed = change switch
        {
            "break" => "name: { type: string }",
            "add" => Members + ", color: { type: string }",
            _ => Members,
        };
        var faults = ReleaseCheck.FindFaults(Write(released, Members), Write(version, changed), changelog).ToArray();
        if (fault is null)
            Assert.Empty(faults);
        else
            Assert.StartsWith(fault, Assert.Single(faults), StringComparison.Ordinal);
    }
}
