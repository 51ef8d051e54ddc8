using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

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
        if (!IsJsonInUtf8(http.Request)) throw new BadHttpRequestException("Not JSON in UTF-8.", StatusCodes.Status415UnsupportedMediaType);
        if (IsEncoded(http.Request)) throw new UnsupportedEncodingException();
        using var document = await ParseAsync(http);
        return Read(document.RootElement, http.GetEndpoint()?.Metadata.GetMetadata<Honeypot>()?.Member);
    }

    static bool IsJsonInUtf8(HttpRequest request) => request.HasJsonContentType() &&
        request.GetTypedHeaders().ContentType!.Charset is var charset && (!charset.HasValue ||
            HeaderUtilities.RemoveQuotes(charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    static bool IsEncoded(HttpRequest request) => request.Headers.GetCommaSeparatedValues(HeaderNames.ContentEncoding)
        .Any(encoding => encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase));

    static async Task<JsonDocument> ParseAsync(HttpContext http)
    {
        try
        {
            return await JsonDocument.ParseAsync(http.Request.Body, new JsonDocumentOptions { AllowDuplicateProperties = false }, http.RequestAborted);
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
            // What Kestrel cannot make sense of, such as a chunk size of more than 31 bits, or a sender who has hung up.
            throw new BadHttpRequestException("The body cannot be read.", StatusCodes.Status400BadRequest, e);
        }
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

    static string? TextOf(JsonElement element)
    {
        try
        {
            return element.GetString();
        }
        catch (InvalidOperationException e)
        {
            throw NotText(e);
        }
    }

    // JSON is Unicode text (RFC 8259, 8.1 and 8.2), and the parser looks at bytes and escapes no sooner than they are read.
    static BadHttpRequestException NotText(InvalidOperationException cause) =>
        new("Not text.", StatusCodes.Status400BadRequest, new JsonException(null, cause));

    static Body<T> Read(JsonElement root, string? honeypot)
    {
        var json = Json.Requests;
        var type = (JsonTypeInfo<T>)json.GetTypeInfo(typeof(T));
        var value = type.CreateObject!();
        if (root.ValueKind != JsonValueKind.Object) return new Body<T>(value, [FieldError.At("#", ProblemText.Get("MustBeObject"))], honeypotFilled: false);

        var errors = new List<FieldError>();
        var honeypotFilled = false;
        foreach (var member in root.EnumerateObject())
        {
            var name = NameOf(member);
            if (name == honeypot)
            {
                honeypotFilled = member.Value.ValueKind switch
                {
                    JsonValueKind.Null or JsonValueKind.False => false,
                    JsonValueKind.String => !string.IsNullOrWhiteSpace(TextOf(member.Value)),
                    _ => true,
                };
                continue;
            }
            var pointer = "#/" + name.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
            if (type.Properties.FirstOrDefault(p => p.Name == name) is not { Set: { } set } property)
            {
                errors.Add(FieldError.At(pointer, ProblemText.Get("NoSuchMember")));
                continue;
            }
            try
            {
                var read = member.Value.Deserialize(json.GetTypeInfo(property.PropertyType));
                // The converter of enums takes any case, and the document says one.
                if (read is Enum && !member.Value.ValueEquals(JsonNamingPolicy.CamelCase.ConvertName($"{read}"))) throw new JsonException();
                set(value, read);
            }
            catch (UnsafeTextException)
            {
                errors.Add(FieldError.At(pointer, ProblemText.Get("TooManyMarks", StreamSafeText.MostMarks)));
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
            _ when type.IsEnum => ProblemText.Get("MustBeOneOf", string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName))),
            _ when type == typeof(bool) => ProblemText.Get("MustBeBoolean"),
            _ when type == typeof(string) => ProblemText.Get("MustBeText"),
            _ when type == typeof(double) => ProblemText.Get("MustBeNumber"),
            _ => ProblemText.Get("WrongType"),
        };
    }

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), isOptional: false));
}

/// <summary>The body has a <c>Content-Encoding</c>, and none is supported.</summary>
#pragma warning disable CA1032, CA1064 // Thrown here, and caught by ProblemPipeline
sealed class UnsupportedEncodingException() : BadHttpRequestException("The body is encoded.", StatusCodes.Status415UnsupportedMediaType);
#pragma warning restore CA1032, CA1064

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
