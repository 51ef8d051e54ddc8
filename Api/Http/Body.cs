using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;

namespace Api.Http;

/// <summary>
/// A JSON body, read member by member, so that every member that is unknown or of the wrong type is named at once and
/// not only the first. Rules are checked by <see cref="Validation"/>, which answers with both.
/// </summary>
sealed class Body<T> : IBody, IEndpointParameterMetadataProvider where T : class
{
    Body(T value, IReadOnlyList<FieldError> errors, bool honeypotFilled) => (Value, Errors, HoneypotFilled) = (value, errors, honeypotFilled);

    /// <summary>What was sent; members that could not be read are as if absent.</summary>
    public T Value { get; }

    object IBody.Value => Value;

    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>Whether the <see cref="Honeypot"/> of the endpoint was filled in, with anything.</summary>
    public bool HoneypotFilled { get; }

    public static async ValueTask<Body<T>> BindAsync(HttpContext http)
    {
        if (!http.Request.HasJsonContentType() ||
            http.Request.GetTypedHeaders().ContentType?.Encoding is { CodePage: not 65001 })
        {
            throw new BadHttpRequestException("Not JSON in UTF-8.", StatusCodes.Status415UnsupportedMediaType);
        }

        JsonDocument document;
        try
        {
            document = await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false },
                http.RequestAborted);
        }
        catch (JsonException e)
        {
            throw new BadHttpRequestException("Not JSON.", StatusCodes.Status400BadRequest, e);
        }

        using (document)
            return Read(document.RootElement, http.GetEndpoint()?.Metadata.GetMetadata<Honeypot>()?.Member);
    }

    static Body<T> Read(JsonElement root, string? honeypot)
    {
        var json = Json.Requests;
        var type = (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T));
        var value = type.CreateObject!();
        if (root.ValueKind != JsonValueKind.Object) return new Body<T>(value, [FieldError.At("#", "This must be an object.")], honeypotFilled: false);

        var errors = new List<FieldError>();
        var honeypotFilled = false;
        foreach (var member in root.EnumerateObject())
        {
            if (member.Name == honeypot)
            {
                honeypotFilled = member.Value.ValueKind switch
                {
                    JsonValueKind.Null or JsonValueKind.False => false,
                    JsonValueKind.String => !string.IsNullOrWhiteSpace(member.Value.GetRawText().Trim('"')),
                    _ => true,
                };
                continue;
            }
            var pointer = "#/" + member.Name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            if (type.Properties.FirstOrDefault(p => p.Name == member.Name) is not { Set: { } set } property)
            {
                errors.Add(FieldError.At(pointer, "There is no such member here."));
                continue;
            }
            try
            {
                var read = member.Value.Deserialize(json.GetTypeInfo(property.PropertyType));
                // The converter of enums takes any case, and the document says one.
                if (read is Enum && !member.Value.ValueEquals(JsonNamingPolicy.CamelCase.ConvertName($"{read}"))) throw new JsonException();
                set(value, read);
            }
            catch (JsonException)
            {
                errors.Add(FieldError.At(pointer, Expected(property.PropertyType)));
            }
        }
        return new Body<T>(value, errors, honeypotFilled);
    }

    static string Expected(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type.IsEnum => $"This must be one of {string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))}.",
            _ when type == typeof(bool) => "This must be true or false.",
            _ when type == typeof(string) => "This must be text.",
            _ => "This is not of the type that it must be.",
        };
    }

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), isOptional: false));
}

/// <summary>A body of any type, as the validation sees it.</summary>
interface IBody
{
    object Value { get; }
    IReadOnlyList<FieldError> Errors { get; }
}

/// <summary>
/// Says of an endpoint that its bodies may have a member that is no part of the request: a field of the form that people do
/// not see and programs fill in.
/// </summary>
sealed record Honeypot(string Member);
