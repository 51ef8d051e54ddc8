using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>
/// A JSON body, or the fields of an HTML form. Everything in it that is unknown or has the wrong type is named at once,
/// see <see cref="BodyReader"/>. The rules are checked by <see cref="Validation"/>, which answers with both.
/// </summary>
sealed class Body<T> : IBody, IEndpointParameterMetadataProvider
    where T : class
{
    Body(T value, IReadOnlyList<FieldError> errors, JsonElement? ignored) =>
        (Value, Errors, Ignored) = (value, errors, ignored);

    /// <summary>What was sent. Members that could not be read are absent.</summary>
    public T Value { get; }

    object IBody.Value => Value;

    public IReadOnlyList<FieldError> Errors { get; }

    /// <summary>The value of the <see cref="IgnoredMember"/>, if it was sent.</summary>
    public JsonElement? Ignored { get; }

    public static async ValueTask<Body<T>> BindAsync(HttpContext http)
    {
        var isForm = HtmlForms.Find(http) is not null;
        if (!isForm && !IsJsonInUtf8(http.Request))
            throw new BadHttpRequestException("Not JSON in UTF-8.", StatusCodes.Status415UnsupportedMediaType);
        if (IsEncoded(http.Request))
            throw new UnsupportedEncodingException();

        using var document = isForm ? await HtmlForms.ReadAsync(http, typeof(T)) : await BodyReader.ParseAsync(http);
        var ignoredName = http.GetEndpoint()?.Metadata.GetMetadata<IgnoredMember>()?.Name;
        var reader = new BodyReader(ignoredName);
        var value = reader.Read<T>(document.RootElement);
        return new Body<T>(value, reader.Errors, reader.Ignored);
    }

    static bool IsJsonInUtf8(HttpRequest request)
    {
        if (!request.HasJsonContentType())
            return false;
        var charset = request.GetTypedHeaders().ContentType!.Charset;
        return !charset.HasValue
            || HeaderUtilities.RemoveQuotes(charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase);
    }

    static bool IsEncoded(HttpRequest request) =>
        request
            .Headers.GetCommaSeparatedValues(HeaderNames.ContentEncoding)
            .Any(encoding => encoding.Length > 0 && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase));

    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), isOptional: false));
}

/// <summary>The body has a <c>Content-Encoding</c>. None is supported.</summary>
#pragma warning disable CA1032, CA1064 // Thrown here, and caught by ProblemPipeline
sealed class UnsupportedEncodingException()
    : BadHttpRequestException("The body is encoded.", StatusCodes.Status415UnsupportedMediaType);
#pragma warning restore CA1032, CA1064

/// <summary>A body of any type, as the validation sees it.</summary>
interface IBody
{
    object Value { get; }
    IReadOnlyList<FieldError> Errors { get; }
}

/// <summary>Metadata of an endpoint: its body can have a member that is not part of the request.</summary>
sealed record IgnoredMember(string Name);
