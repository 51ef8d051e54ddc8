using System.Text.Json;
using System.Text.Json.Nodes;

namespace Api.Tests.Http;

/// <summary>A change that breaks a client.</summary>
/// <param name="Where">An operation, such as <c>GET /v1/tags</c>, or a member of a schema, such as <c>Tag.count</c>.</param>
/// <param name="What">What happened to it.</param>
sealed record BreakingChange(string Where, string What)
{
    public override string ToString() => $"`{Where}` {What}";
}

/// <summary>
/// Compares two OpenAPI 3.1 documents. A change breaks a client that was written or generated for the first when it
/// sends something that is now refused or ignored, or receives something that it does not know. Clients ignore new
/// members of answers and new headers.
/// </summary>
sealed class ContractChanges
{
    /// <summary>Who sends what a schema describes.</summary>
    enum Sender
    {
        Client,
        Server,
    }

    static readonly string[] LeastKeywords = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];

    static readonly string[] MostKeywords = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];

    // These restrict in ways that are not compared in detail: to add one, or to change it, can refuse anything.
    static readonly string[] OtherRestrictions =
    [
        "pattern",
        "format",
        "const",
        "multipleOf",
        "uniqueItems",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "propertyNames",
        "patternProperties",
        "prefixItems",
        "contains",
        "minContains",
        "maxContains",
        "contentEncoding",
        "contentMediaType",
        "discriminator",
    ];

    readonly JsonObject before,
        after;
    readonly List<BreakingChange> found = [];
    readonly HashSet<(string, string, Sender)> compared = [];

    ContractChanges(JsonObject before, JsonObject after) => (this.before, this.after) = (before, after);

    /// <summary>Finds what breaks clients of the first document when the server is as in the second.</summary>
    public static IReadOnlyList<BreakingChange> Find(JsonNode before, JsonNode after)
    {
        var changes = new ContractChanges(before.AsObject(), after.AsObject());
        changes.Compare();
        return [.. changes.found.Distinct()];
    }

    void Compare()
    {
        var servers = ListTexts(after["servers"], "url");
        foreach (var url in ListTexts(before["servers"], "url").Except(servers))
            Add("servers", $"{url} is gone");
        CompareOperations("paths", Sender.Client);
        CompareOperations("webhooks", Sender.Server);
        // Generated clients have types of these names.
        var schemas = Members(after["components"]?["schemas"]);
        foreach (var name in Members(before["components"]?["schemas"]).Keys.Where(name => !schemas.ContainsKey(name)))
            Add(name, "is gone");
    }

    void CompareOperations(string kind, Sender caller)
    {
        foreach (var (path, operations) in Members(before[kind]))
        foreach (var (method, operation) in Members(operations))
        {
            var where = $"{method.ToUpperInvariant()} {path}";
            if (after[kind]?[path]?[method] is { } now)
                CompareOperation(where, operation, now, caller);
            else
                Add(where, "is gone");
        }
    }

    void CompareOperation(string where, JsonNode old, JsonNode now, Sender caller)
    {
        var callee = caller == Sender.Client ? Sender.Server : Sender.Client;
        // The name of a method in generated clients.
        if ((string?)old["operationId"] != (string?)now["operationId"])
            Add(where, $"operationId is no longer {old["operationId"]}");
        CompareSecurity(where, old, now);
        CompareParts(where, "parameter", Parameters(old, before), Parameters(now, after), caller);
        CompareBodies(where, old["requestBody"], now["requestBody"], caller);

        var (oldResponses, newResponses) = (Members(old["responses"]), Members(now["responses"]));
        foreach (var (status, oldReference) in oldResponses)
        {
            if (!newResponses.TryGetValue(status, out var newReference))
            {
                Add(where, $"response {status} is gone");
                continue;
            }
            var (oldResponse, newResponse) = (Resolve(oldReference, before), Resolve(newReference, after));
            var (oldHeaders, newHeaders) = (Headers(oldResponse, before), Headers(newResponse, after));
            CompareParts(where, $"response {status} header", oldHeaders, newHeaders, callee);
            CompareContent(where, $"response {status} ", oldResponse, newResponse, callee);
        }
        // A client knows what class an unknown error belongs to, but has no code for another success.
        if (caller == Sender.Client)
            foreach (var status in newResponses.Keys.Except(oldResponses.Keys).Where(status => status[0] is '2' or '3'))
                Add(where, $"response {status} is new");
    }

    void CompareSecurity(string where, JsonNode old, JsonNode now)
    {
        foreach (var choice in ListCredentials(old, before).Except(ListCredentials(now, after)))
            Add(where, choice == "{}" ? "needs credentials now" : $"credentials {choice} no longer suffice");
    }

    static IEnumerable<string> ListCredentials(JsonNode operation, JsonNode document) =>
        ((operation["security"] ?? document["security"])?.AsArray() ?? [new JsonObject()]).Select(choice =>
            choice!.ToJsonString()
        );

    void CompareBodies(string where, JsonNode? oldReference, JsonNode? newReference, Sender sender)
    {
        var old = oldReference is null ? null : Resolve(oldReference, before);
        var now = newReference is null ? null : Resolve(newReference, after);
        if (old is not null && now is null)
            Add(where, "body is gone");
        else
            CompareRequired(where, "body ", IsRequired(old), IsRequired(now), sender);
        if (old is not null && now is not null)
            CompareContent(where, "body ", old, now, sender);
    }

    void CompareContent(string where, string part, JsonNode old, JsonNode now, Sender sender)
    {
        var content = Members(now["content"]);
        foreach (var (type, media) in Members(old["content"]))
        {
            if (content.TryGetValue(type, out var newMedia))
                CompareSchemas(where, part, media["schema"], newMedia["schema"], sender);
            else
                Add(where, $"{part}{type} is gone");
        }
    }

    /// <summary>Compares parameters or headers.</summary>
    void CompareParts(
        string where,
        string kind,
        Dictionary<string, JsonNode> old,
        Dictionary<string, JsonNode> now,
        Sender sender
    )
    {
        foreach (var (name, part) in old)
        {
            if (!now.TryGetValue(name, out var newPart))
            {
                Add(where, $"{kind} {name} is gone");
                continue;
            }
            CompareRequired(where, $"{kind} {name} ", IsRequired(part), IsRequired(newPart), sender);
            CompareSchemas(where, $"{kind} {name} ", part["schema"], newPart["schema"], sender);
        }
        foreach (var (name, part) in now.Where(part => !old.ContainsKey(part.Key)))
            CompareRequired(where, $"{kind} {name} ", false, IsRequired(part), sender);
    }

    void CompareRequired(string where, string part, bool wasRequired, bool isRequired, Sender sender)
    {
        if (isRequired && !wasRequired && sender == Sender.Client)
            Add(where, $"{part}is required now");
        if (!isRequired && wasRequired && sender == Sender.Server)
            Add(where, $"{part}can be absent now");
    }

    /// <summary>Compares schemas.</summary>
    /// <param name="where">The operation, or the member of a named schema.</param>
    /// <param name="part">The part of it, with a space behind it.</param>
    /// <param name="oldSchema">The schema of before; <c>null</c> for any value.</param>
    /// <param name="newSchema">The schema of now.</param>
    /// <param name="sender">Who sends the value.</param>
    void CompareSchemas(string where, string part, JsonNode? oldSchema, JsonNode? newSchema, Sender sender)
    {
        var (old, oldName, oldNull) = Simplify(oldSchema, before);
        var (now, newName, newNull) = Simplify(newSchema, after);
        CompareTypes(where, part, [.. TypesOf(old), .. oldNull], [.. TypesOf(now), .. newNull], sender);
        if (oldName is not null && newName is not null)
        {
            // A named schema is compared once, whoever refers to it.
            if (!compared.Add((oldName, newName, sender)))
                return;
            (where, part) = (oldName, "");
        }
        if (sender == Sender.Client && !JsonNode.DeepEquals(old["default"], now["default"]))
            Add(where, $"{part}has another default");
        CompareEnums(where, part, old["enum"]?.AsArray(), now["enum"]?.AsArray(), sender);
        foreach (var keyword in LeastKeywords)
            CompareBounds(where, part, keyword, old, now, sender, sign: -1);
        foreach (var keyword in MostKeywords)
            CompareBounds(where, part, keyword, old, now, sender, sign: 1);
        foreach (var keyword in OtherRestrictions)
            CompareRestriction(where, part, keyword, old, now, sender);
        CompareMembers(where, part, old, now, sender);
        if (old["items"] is not null || now["items"] is not null)
            CompareSchemas(where, $"{part}item ", old["items"], now["items"], sender);
    }

    // What the server takes must not become less, and what it sends must not become more.
    void CompareTypes(string where, string part, string[] old, string[] now, Sender sender)
    {
        var (allowed, used) = sender == Sender.Client ? (now, old) : (old, now);
        foreach (var type in used.Where(type => !allowed.Contains(type)))
            if (type != "integer" || !allowed.Contains("number"))
                Add(where, $"{part}can {(sender == Sender.Client ? "no longer be" : "now be")} {type}");
    }

    void CompareEnums(string where, string part, JsonArray? old, JsonArray? now, Sender sender)
    {
        var (allowed, used) = sender == Sender.Client ? (now, old) : (old, now);
        if (allowed is null)
            return;
        if (used is null)
            Add(where, $"{part}can {(sender == Sender.Client ? "only be some values" : "be any value")} now");
        foreach (var value in used ?? [])
            if (!allowed.Any(other => JsonNode.DeepEquals(other, value)))
                Add(where, $"{part}can {(sender == Sender.Client ? "no longer be" : "now be")} {ToText(value)}");
    }

    void CompareBounds(string where, string part, string keyword, JsonNode old, JsonNode now, Sender sender, int sign)
    {
        double RoomOf(JsonNode schema) =>
            schema[keyword] is { } bound ? bound.GetValue<double>() * sign : double.PositiveInfinity;
        if (sender == Sender.Client ? RoomOf(now) < RoomOf(old) : RoomOf(now) > RoomOf(old))
            Add(where, $"{part}has {keyword} {ToText(now[keyword])} instead of {ToText(old[keyword])}");
    }

    void CompareRestriction(string where, string part, string keyword, JsonNode old, JsonNode now, Sender sender)
    {
        var (oldRule, newRule) = (Inline(old[keyword], before, 0), Inline(now[keyword], after, 0));
        if (JsonNode.DeepEquals(oldRule, newRule))
            return;
        // The server takes more, or promises more. But a format is a type in generated clients.
        var isHarmless = (sender == Sender.Client ? newRule : oldRule) is null && keyword != "format";
        if (!isHarmless)
            Add(where, $"{part}has another {keyword}");
    }

    void CompareMembers(string where, string part, JsonNode old, JsonNode now, Sender sender)
    {
        var isNamed = !where.Contains(' ', StringComparison.Ordinal);
        (string, string) Enter(string name) => isNamed ? ($"{where}.{name}", part) : (where, $"{part}{name} ");
        var (oldMembers, newMembers) = (Members(old["properties"]), Members(now["properties"]));
        var (wasRequired, isRequired) = (ListTexts(old["required"]), ListTexts(now["required"]));
        foreach (var (name, member) in oldMembers)
        {
            var (memberWhere, memberPart) = Enter(name);
            if (!newMembers.TryGetValue(name, out var newMember))
            {
                Add(memberWhere, $"{memberPart}is gone");
                continue;
            }
            CompareRequired(memberWhere, memberPart, wasRequired.Contains(name), isRequired.Contains(name), sender);
            CompareSchemas(memberWhere, memberPart, member, newMember, sender);
        }
        foreach (var name in isRequired.Except(wasRequired).Where(name => !oldMembers.ContainsKey(name)))
        {
            var (memberWhere, memberPart) = Enter(name);
            CompareRequired(memberWhere, memberPart, false, true, sender);
        }

        var (oldOthers, newOthers) = (old["additionalProperties"], now["additionalProperties"]);
        if (oldOthers is JsonObject && newOthers is JsonObject)
            CompareSchemas(where, $"{part}other members ", oldOthers, newOthers, sender);
        else if (sender == Sender.Client && !IsFalse(oldOthers) && IsFalse(newOthers))
            Add(where, $"{part}can no longer have unknown members");
    }

    void Add(string where, string what) => found.Add(new BreakingChange(where, what));

    /// <summary>A schema without its references, its name, and <c>null</c> if it can be that by a <c>oneOf</c>.</summary>
    static (JsonNode Schema, string? Name, string[] Null) Simplify(JsonNode? schema, JsonObject document)
    {
        if (schema is null)
            return (new JsonObject(), null, []);
        if ((string?)schema["$ref"] is { } reference)
        {
            var (target, name, isNull) = Simplify(Resolve(schema, document), document);
            return (target, name ?? reference.Split('/')[^1], isNull);
        }
        if ((schema["oneOf"] ?? schema["anyOf"]) is JsonArray { Count: 2 } choices)
        {
            var others = choices.Where(choice => (string?)(choice!["type"] as JsonValue) != "null").ToArray();
            if (others is [{ } other])
            {
                var (target, name, _) = Simplify(other, document);
                return (target, name, ["null"]);
            }
        }
        return (schema, null, []);
    }

    static string[] TypesOf(JsonNode schema) =>
        schema["type"] switch
        {
            null => schema["properties"] is not null
                ? ["object"]
                : ["array", "boolean", "null", "number", "object", "string"],
            JsonArray types => [.. types.Select(type => (string)type!)],
            var type => [(string)type!],
        };

    static JsonNode Resolve(JsonNode node, JsonNode document) =>
        (string?)node["$ref"] is { } reference
            ? Resolve(
                reference["#/".Length..].Split('/').Aggregate(document, (parent, name) => parent[Unescape(name)]!),
                document
            )
            : node;

    static string Unescape(string name) =>
        name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);

    /// <summary>A copy with the schemas in the place of references, to compare two as a whole.</summary>
    static JsonNode? Inline(JsonNode? node, JsonObject document, int depth) =>
        node switch
        {
            JsonObject members when members["$ref"] is not null => depth > 8
                ? members.DeepClone()
                : Inline(Resolve(members, document), document, depth + 1),
            JsonObject members => new JsonObject(
                members
                    .Where(member => member.Key is not ("description" or "example" or "examples" or "title"))
                    .Select(member => KeyValuePair.Create(member.Key, Inline(member.Value, document, depth + 1)))
            ),
            JsonArray items => new JsonArray([.. items.Select(item => Inline(item, document, depth + 1))]),
            _ => node?.DeepClone(),
        };

    static Dictionary<string, JsonNode> Parameters(JsonNode operation, JsonObject document) =>
        (operation["parameters"]?.AsArray() ?? [])
            .Select(parameter => Resolve(parameter!, document))
            .ToDictionary(parameter => $"{parameter["name"]} ({parameter["in"]})", StringComparer.OrdinalIgnoreCase);

    static Dictionary<string, JsonNode> Headers(JsonNode response, JsonObject document) =>
        Members(response["headers"])
            .ToDictionary(
                header => header.Key,
                header => Resolve(header.Value, document),
                StringComparer.OrdinalIgnoreCase
            );

    static bool IsRequired(JsonNode? part) => part?["required"]?.GetValueKind() == JsonValueKind.True;

    static bool IsFalse(JsonNode? value) => value?.GetValueKind() == JsonValueKind.False;

    static string ToText(JsonNode? value) => value?.ToJsonString() ?? "none";

    static Dictionary<string, JsonNode> Members(JsonNode? node) =>
        node?.AsObject().ToDictionary(member => member.Key, member => member.Value!) ?? [];

    static string[] ListTexts(JsonNode? items, string? member = null) =>
        [.. (items?.AsArray() ?? []).Select(item => (string)(member is null ? item! : item![member]!)!)];
}
