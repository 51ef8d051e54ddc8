using System.Globalization;
using System.Text.Json.Nodes;
using FluentValidation;
using FluentValidation.Validators;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.SwaggerGen;

namespace Api.Http.OpenApi;

/// <summary>
/// Writes the rules of a body's FluentValidation validator as JSON Schema. The server refuses what the schema refuses,
/// and a page can check the contact form with it.
/// </summary>
sealed class ValidatorRules(IServiceProvider services) : ISchemaFilter
{
    // The white space that .NET trims. \s lacks U+0085.
    const string Space = @"[\s\u0085]*";

    public void Apply(IOpenApiSchema schema, SchemaFilterContext context)
    {
        if (schema is not OpenApiSchema { Properties: { Count: > 0 } properties } concrete)
            return;
        if (services.GetService(typeof(IValidator<>).MakeGenericType(context.Type)) is not IValidator validator)
            return;
        foreach (var member in validator.CreateDescriptor().GetMembersWithValidators())
        {
            var name = Validation.ToPointer(member.Key)["#/".Length..];
            foreach (var (rule, options) in member)
            {
                if (!options.HasCondition && IsRequired(rule))
                    (concrete.Required ??= new HashSet<string>()).Add(name);
                if (properties.TryGetValue(name, out var found) && found is OpenApiSchema property)
                    Apply(rule, isUnconditional: !options.HasCondition, property);
            }
        }
    }

    static bool IsRequired(IPropertyValidator rule) =>
        rule is INotNullValidator or INotEmptyValidator or IEqualValidator;

    static void Apply(IPropertyValidator rule, bool isUnconditional, OpenApiSchema property)
    {
        switch (rule)
        {
            case INotNullValidator or INotEmptyValidator or IEqualValidator when isUnconditional:
                property.Type &= ~JsonSchemaType.Null;
                if (rule is INotEmptyValidator)
                    AddPattern(property, @"[^\s\u0085]");
                if (rule is IEqualValidator { ValueToCompare: bool only })
                    property.Enum = [JsonValue.Create(only)];
                break;
            case IMaximumCharacters characters:
                property.MaxLength = characters.Maximum;
                break;
            case INoControlCharacters control:
                // Line breaks of any kind become \n.
                AddPattern(
                    property,
                    control.ExceptLineBreaksAndTabs
                        ? $@"^{Space}[^\u0000-\u0008\u000B\u000E-\u001F\u007F-\u0084\u0086-\u009F]*{Space}$"
                        : $@"^{Space}[^\u0000-\u001F\u007F-\u009F]*{Space}$"
                );
                break;
            case IRegularExpressionValidator pattern:
                // An empty text means that there is none.
                AddPattern(property, $"^{Space}(?:{pattern.Expression.TrimStart('^').TrimEnd('$')})?{Space}$");
                break;
            case IComparisonValidator { Comparison: Comparison.GreaterThanOrEqual, ValueToCompare: double least }:
                property.Minimum = least.ToString(CultureInfo.InvariantCulture);
                break;
            default:
                break;
        }
    }

    // Both must match. In one pattern, since generators of typed clients cannot read an allOf beside a type.
    static void AddPattern(OpenApiSchema property, string pattern) =>
        property.Pattern = property.Pattern is { } other
            ? $@"^(?=[\s\S]*?(?:{other}))(?=[\s\S]*?(?:{pattern}))"
            : pattern;
}
