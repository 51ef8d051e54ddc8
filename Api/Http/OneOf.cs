using System.Reflection;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http;

/// <summary>A query parameter that is the name of an enum's value in camelCase: see <see cref="OneOf.Read"/>.</summary>
[AttributeUsage(AttributeTargets.Parameter)]
abstract class OneOfAttribute : Attribute
{
    public abstract IReadOnlyList<string> Names { get; }
}

/// <inheritdoc/>
sealed class OneOfAttribute<T> : OneOfAttribute
    where T : struct, Enum
{
    public override IReadOnlyList<string> Names => [.. Enum.GetValues<T>().Select(Json.NameOf)];
}

/// <summary>
/// Reads parameters that have one of several values. Minimal APIs would read an enum by its name in C#, and refuse a
/// wrong one without saying what is right.
/// </summary>
static class OneOf
{
    /// <returns>
    /// The error, if it is none. A missing or empty parameter is no error, and its value is <c>null</c>.
    /// </returns>
    public static FieldError? Read<T>(string parameter, string? text, out T? value)
        where T : struct, Enum
    {
        value = null;
        if (string.IsNullOrEmpty(text))
            return null;
        foreach (var candidate in Enum.GetValues<T>())
        {
            if (Json.NameOf(candidate) != text)
                continue;
            value = candidate;
            return null;
        }
        var names = string.Join(", ", Enum.GetValues<T>().Select(Json.NameOf));
        return FieldError.ForParameter(parameter, ProblemText.Get("MustBeOneOf", names));
    }
}

/// <summary>Describes such parameters.</summary>
sealed class OneOfFilter : IParameterFilter
{
    public void Apply(IOpenApiParameter parameter, ParameterFilterContext context)
    {
        if (
            context.ParameterInfo?.GetCustomAttribute<OneOfAttribute>() is { } oneOf
            && parameter.Schema is OpenApiSchema schema
        )
            schema.Enum = [.. oneOf.Names];
    }
}
