using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>Marks a type that clients send. Its validator says which of its members are required.</summary>
[AttributeUsage(AttributeTargets.Class)]
sealed class RequestBodyAttribute : Attribute;

/// <summary>Makes all members of an answer required, except those that JSON leaves out when they are null.</summary>
sealed class RequiredMembers : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        var isOurs = context.Type.Namespace?.StartsWith(nameof(Api), StringComparison.Ordinal) == true;
        if (!isOurs || schema is not OpenApiSchema { Properties: { Count: > 0 } properties } concrete)
            return;
        concrete.AdditionalPropertiesAllowed = false;
        if (context.Type.IsDefined(typeof(RequestBodyAttribute)))
            return;

        foreach (var member in context.Type.GetProperties().Where(CanBeNull))
            AllowNull(properties, NameOf(member));

        var optional = context
            .Type.GetProperties()
            .Where(member => member.IsDefined(typeof(JsonIgnoreAttribute)))
            .Select(NameOf)
            .ToArray();
        concrete.Required = properties.Keys.Except(optional).ToHashSet();
        foreach (var name in optional)
            if (properties.TryGetValue(name, out var found) && found is OpenApiSchema member)
                member.Type &= ~JsonSchemaType.Null;
    }

    // A member whose type has a schema of its own is only a reference to it, which cannot itself say "or null".
    internal static void AllowNull(IDictionary<string, IOpenApiSchema> properties, string name)
    {
        if (!properties.TryGetValue(name, out var member) || member is not OpenApiSchemaReference reference)
            return;
        properties[name] = new OpenApiSchema
        {
            Description = reference.Description,
            OneOf =
            [
                new OpenApiSchemaReference(reference.Reference.Id!),
                new OpenApiSchema { Type = JsonSchemaType.Null },
            ],
        };
    }

    internal static string NameOf(PropertyInfo member) =>
        member.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name
        ?? JsonNamingPolicy.CamelCase.ConvertName(member.Name);

    internal static bool CanBeNull(PropertyInfo member) =>
        new NullabilityInfoContext().Create(member).ReadState == NullabilityState.Nullable;
}

/// <summary>Lets clients send <c>null</c> for a member that they need not send. The rules say which those are.</summary>
sealed class OptionalMembers : ISchemaFilter
{
    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (
            !context.Type.IsDefined(typeof(RequestBodyAttribute))
            || schema is not OpenApiSchema { Properties: { } properties } concrete
        )
            return;
        foreach (
            var name in context.Type.GetProperties().Where(RequiredMembers.CanBeNull).Select(RequiredMembers.NameOf)
        )
            if (concrete.Required?.Contains(name) != true)
                RequiredMembers.AllowNull(properties, name);
    }
}
