using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Api.Http;

/// <summary>
/// Metadata of an endpoint: a plain HTML form may send its body, and the browser is then led to one of these pages.
/// </summary>
/// <param name="Success">Where to go when the request succeeded.</param>
/// <param name="Failure">Where to go when it was refused.</param>
/// <param name="Fields">The names that may be told in the address of the page.</param>
sealed record HtmlForm(string Success, string Failure, IReadOnlySet<string> Fields);

/// <summary>
/// Requests of HTML forms without a script. Their fields are read like the members of a JSON body, and answered with a
/// redirect (303) instead of JSON.
/// </summary>
static class HtmlForms
{
    public static readonly string[] MediaTypes = ["application/x-www-form-urlencoded", "multipart/form-data"];

    /// <summary>The form that a request comes from; <c>null</c> if it comes from a program.</summary>
    public static HtmlForm? Find(HttpContext http)
    {
        if (!http.Request.HasFormContentType)
            return null;
        var endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        return endpoint?.Metadata.GetMetadata<HtmlForm>();
    }

    /// <summary>Reads the fields as members of a type.</summary>
    /// <exception cref="BadHttpRequestException">They cannot be read.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpContext http, Type type)
    {
        try
        {
            var form = await http.Request.ReadFormAsync(http.RequestAborted);
            var members = Json
                .Requests.GetTypeInfo(type)
                .Properties.ToDictionary(
                    member => member.Name,
                    member => Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType
                );
            var body = new JsonObject();
            foreach (var (name, values) in form)
                body[name] = values is [var value]
                    ? ToJson(value ?? "", members.GetValueOrDefault(name))
                    : new JsonArray();
            foreach (var file in form.Files)
                body[file.Name] = new JsonObject();
            return JsonSerializer.SerializeToDocument(body);
        }
        catch (InvalidDataException e)
        {
            throw new BadHttpRequestException("Not a form.", StatusCodes.Status400BadRequest, e);
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new BadHttpRequestException("The body cannot be read.", StatusCodes.Status400BadRequest, e);
        }
    }

    /// <summary>Leads the browser to a page.</summary>
    /// <param name="page">The page, from the settings.</param>
    /// <param name="query">What the page is told. Nothing that the sender wrote.</param>
    public static IResult Redirect(string page, params KeyValuePair<string, string?>[] query) =>
        new SeeOther(QueryHelpers.AddQueryString(page, query.Where(pair => !string.IsNullOrEmpty(pair.Value))));

    /// <summary>
    /// Leads the browser to the page about a refusal, with the status and the names of the wrong fields.
    /// </summary>
    public static Task RefuseAsync(HttpContext http, HtmlForm form, int status, IReadOnlyList<FieldError>? errors)
    {
        var fields = (errors ?? [])
            .Select(error => error.Pointer is { Length: > 2 } pointer ? pointer["#/".Length..] : "")
            .Where(form.Fields.Contains)
            .Distinct();
        return Redirect(
                form.Failure,
                new("status", status.ToString(CultureInfo.InvariantCulture)),
                new("errors", string.Join(',', fields))
            )
            .ExecuteAsync(http);
    }

    // A checkbox sends "on", or its value.
    static JsonNode? ToJson(string value, Type? type)
    {
        if (type == typeof(bool))
            return value is "on" or "true" or "1";
        if (type == typeof(double) && value.Length == 0)
            return null;
        if (
            type == typeof(double)
            && double.TryParse(value, CultureInfo.InvariantCulture, out var number)
            && double.IsFinite(number)
        )
            return number;
        return value;
    }

    /// <summary>303: the browser gets the page with GET, and reloading it sends nothing again.</summary>
    sealed class SeeOther(string address) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => StatusCodes.Status303SeeOther;

        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers[HeaderNames.CacheControl] = "no-store";
            httpContext.Response.Headers.Location = address;
            return Task.CompletedTask;
        }
    }
}
