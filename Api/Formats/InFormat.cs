using System.Reflection;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using Api.Http;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.Metadata;

namespace Api.Formats;

/// <summary>A 200 in the media type of another system. The header <c>Not-Expressed</c> lists what is missing.</summary>
sealed class InFormat<TBody, TMedia>(Formatted<TBody> answer) : IResult, IEndpointMetadataProvider
    where TMedia : IMediaType
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        if (answer.NotExpressed.Count > 0)
            httpContext.Response.Headers[NotExpressedHeader.Name] = NotExpressedHeader.Format(answer.NotExpressed);
        IResult body = answer.Body is string text
            ? TypedResults.Text(text, TMedia.Name, Encoding.UTF8)
            : TypedResults.Json(answer.Body, TMedia.Options, TMedia.Name);
        return body.ExecuteAsync(httpContext);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TBody), [TMedia.Name]));
        // An article's page expresses all of it.
        if (typeof(TBody) != typeof(MedicalWebPage))
            builder.Metadata.Add(NotExpressedHeader.Documentation);
    }
}

/// <summary>The header <c>Not-Expressed</c>.</summary>
static class NotExpressedHeader
{
    public const string Name = "Not-Expressed";

    public static ResponseHeader Documentation { get; } =
        new(
            Name,
            "What this format cannot express of the hours, separated by commas. Absent when it expresses all of "
                + "them. One or more of "
                + $"`{string.Join("`, `", Enum.GetValues<NotExpressed>().Select(Json.NameOf))}`.",
            "reasons"
        );

    /// <summary>
    /// The value of the header, in the order of documentation, so that the same answer has the same value.
    /// </summary>
    public static string Format(IEnumerable<NotExpressed> missing) =>
        string.Join(", ", missing.Order().Select(Json.NameOf));
}

/// <summary>A media type as a type argument of a result.</summary>
interface IMediaType
{
    static abstract string Name { get; }

    /// <summary>The options of its JSON; <c>null</c> for the usual ones.</summary>
    static virtual JsonSerializerOptions? Options => null;
}

/// <summary>JSON for a <c>script</c> element of a page. No text in it may end that element.</summary>
sealed class JsonLd : IMediaType
{
    public static string Name => "application/ld+json";

    public static JsonSerializerOptions? Options { get; } = CreateOptions();

    static JsonSerializerOptions CreateOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Json.Configure(options);
        // Keeps all letters readable but escapes < > &, which mean something in HTML.
        options.Encoder = JavaScriptEncoder.Create(UnicodeRanges.All);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}

sealed class FhirJson : IMediaType
{
    public static string Name => "application/fhir+json";
}

sealed class PlainJson : IMediaType
{
    public static string Name => "application/json";
}

sealed class PlainText : IMediaType
{
    public static string Name => "text/plain";
}

sealed class ICalendar : IMediaType
{
    public static string Name => "text/calendar";
}
