using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Api.Http;

/// <summary>
/// Reads a JSON body and collects an error for each member, at any depth, that is unknown or has the wrong type.
/// System.Text.Json would stop at the first.
/// </summary>
sealed class BodyReader(string? ignoredName)
{
    static readonly JsonSerializerOptions Options = Json.Requests;

    readonly List<FieldError> errors = [];

    public IReadOnlyList<FieldError> Errors => errors;

    /// <summary>The value of the member that is ignored, if there is one.</summary>
    public JsonElement? Ignored { get; private set; }

    /// <exception cref="BadHttpRequestException">The body is no JSON.</exception>
    public static async Task<JsonDocument> ParseAsync(HttpContext http)
    {
        try
        {
            var options = new JsonDocumentOptions { AllowDuplicateProperties = false };
            return await JsonDocument.ParseAsync(http.Request.Body, options, http.RequestAborted);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("Not JSON.", StatusCodes.Status400BadRequest, e);
        }
        catch (InvalidOperationException e)
        {
            throw NotText(e);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            // Kestrel cannot read it (a chunk size of more than 31 bits, for example), or the sender has disconnected.
            throw new BadHttpRequestException("The body cannot be read.", StatusCodes.Status400BadRequest, e);
        }
    }

    /// <summary>Reads the value. Members with an error are absent in it.</summary>
    public T Read<T>(JsonElement root) => ReadFaultless<T>(root) ?? ReadWithErrors<T>(root);

    // Most bodies have no error, and looking for one allocates four times as much as this.
    static T? ReadFaultless<T>(JsonElement root)
    {
        try
        {
            return root.Deserialize<T>(Options);
        }
        catch (JsonException)
        {
            return default;
        }
    }

    T ReadWithErrors<T>(JsonElement root)
    {
        if (ignoredName is not null && root.ValueKind == JsonValueKind.Object)
        {
            foreach (var member in root.EnumerateObject().Where(member => NameOf(member) == ignoredName))
            {
                RequireText(member.Value);
                Ignored = member.Value.Clone();
            }
        }
        if (!TryCheck(root, Options.GetTypeInfo(typeof(T)), "#", out var readable))
            readable = new JsonObject();
        return readable.Deserialize<T>(Options)!;
    }

    /// <summary>Collects the errors of a value.</summary>
    /// <param name="element">The value.</param>
    /// <param name="type">The type that it should have.</param>
    /// <param name="pointer">Where it is.</param>
    /// <param name="readable">The value without the members that have an error.</param>
    /// <returns>False when nothing of it can be read.</returns>
    bool TryCheck(JsonElement element, JsonTypeInfo type, string pointer, out JsonNode? readable)
    {
        readable = null;
        var isNull = element.ValueKind == JsonValueKind.Null && pointer != "#";
        return type.Kind switch
        {
            JsonTypeInfoKind.Object when !isNull => TryCheckObject(element, type, pointer, out readable),
            JsonTypeInfoKind.Enumerable when !isNull => TryCheckArray(element, type, pointer, out readable),
            _ => TryCheckScalar(element, type, pointer, out readable),
        };
    }

    bool TryCheckObject(JsonElement element, JsonTypeInfo type, string pointer, out JsonNode? readable)
    {
        readable = null;
        if (element.ValueKind != JsonValueKind.Object)
            return AddError(pointer, "MustBeObject");

        var members = new JsonObject();
        foreach (var member in element.EnumerateObject())
        {
            var name = NameOf(member);
            if (pointer == "#" && name == ignoredName)
                continue;
            var memberPointer = $"{pointer}/{Escape(name)}";
            var property = type.Properties.FirstOrDefault(property =>
                property.Name == name && property.Set is not null
            );
            if (property is null)
                AddError(memberPointer, "NoSuchMember");
            else if (TryCheck(member.Value, Options.GetTypeInfo(property.PropertyType), memberPointer, out var value))
                members.Add(name, value);
        }
        readable = members;
        return true;
    }

    bool TryCheckArray(JsonElement element, JsonTypeInfo type, string pointer, out JsonNode? readable)
    {
        readable = null;
        if (element.ValueKind != JsonValueKind.Array)
            return AddError(pointer, "MustBeArray");

        var itemType = Options.GetTypeInfo(type.ElementType!);
        var items = new JsonArray();
        var areReadable = true;
        foreach (var item in element.EnumerateArray())
        {
            // Without the item, the pointers of later errors would name the wrong items.
            areReadable &= TryCheck(item, itemType, $"{pointer}/{items.Count}", out var value);
            items.Add(value);
        }
        readable = items;
        return areReadable;
    }

    bool TryCheckScalar(JsonElement element, JsonTypeInfo type, string pointer, out JsonNode? readable)
    {
        readable = null;
        try
        {
            _ = element.Deserialize(type);
            readable = JsonSerializer.SerializeToNode(element);
            return true;
        }
        catch (UnsafeTextException)
        {
            return AddError(pointer, "TooManyMarks", StreamSafeText.MaximumMarks);
        }
        catch (JsonException)
        {
            return AddTypeError(pointer, type.Type);
        }
    }

    bool AddTypeError(string pointer, Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return AddError(
                pointer,
                "MustBeOneOf",
                string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))
            );
        return AddError(
            pointer,
            type switch
            {
                _ when type == typeof(bool) => "MustBeBoolean",
                _ when type == typeof(string) => "MustBeText",
                _ when type == typeof(double) => "MustBeNumber",
                _ => "WrongType",
            }
        );
    }

    /// <returns>False, which tells the caller that there is an error.</returns>
    bool AddError(string pointer, string text, params object?[] values)
    {
        errors.Add(FieldError.AtPointer(pointer, ProblemText.Get(text, values)));
        return false;
    }

    static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException e)
        {
            throw NotText(e);
        }
    }

    static void RequireText(JsonElement element)
    {
        try
        {
            if (element.ValueKind == JsonValueKind.String)
                _ = element.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw NotText(e);
        }
    }

    // RFC 6901, section 3.
    static string Escape(string name) =>
        name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);

    // JSON is Unicode text (RFC 8259, sections 8.1 and 8.2), but the parser checks bytes and escapes only when they are
    // read.
    static BadHttpRequestException NotText(InvalidOperationException cause) =>
        new("Not text.", StatusCodes.Status400BadRequest, new JsonException(null, cause));
}
