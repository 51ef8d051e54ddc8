using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Api.Http;

/// <summary>The OpenAPI document in its two forms. Making one takes long, and it is always the same, so each is made once.</summary>
sealed partial class OpenApiDocuments(ISwaggerProvider provider)
{
    readonly Lazy<Task<string>> json = new(() => WriteAsync(provider, text => new OpenApiJsonWriter(text)));
    readonly Lazy<Task<string>> yaml = new(() => WriteAsync(provider, text => new PortableYamlWriter(text)));

    /// <summary>The document of an API under a path, which its <c>servers</c> name.</summary>
    public async Task<string> JsonAsync(PathString pathBase) => Under(pathBase, await json.Value, "\"url\": \"/", "\"");

    /// <inheritdoc cref="JsonAsync"/>
    public async Task<string> YamlAsync(PathString pathBase) => Under(pathBase, await yaml.Value, "  - url: /", "\n");

    static string Under(PathString pathBase, string document, string before, string after) =>
        pathBase.HasValue ? document.Replace(before + after, before + pathBase.Value[1..] + after, StringComparison.Ordinal) : document;

    static async Task<string> WriteAsync(ISwaggerProvider provider, Func<TextWriter, IOpenApiWriter> writer)
    {
        // Its texts are of one language, whoever asks for it first.
        CultureInfo.CurrentUICulture = Languages.Default;
        await using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var to = writer(text);
        provider.GetSwagger(OpenApi.DocumentName).SerializeAsV31(to);
        await to.FlushAsync();
        // Tools compare the whole number with those they know, and this one is in every list. What differs are words in the standard.
        return OpenApiVersion().Replace(text.ToString(), "${1}3.1.1${2}", 1);
    }

    [GeneratedRegex("""\A(\s*\{?\s*"?openapi"?: ['"])3\.1\.\d+(['"])""")]
    private static partial Regex OpenApiVersion();

    /// <summary>
    /// YAML that readers of 1.1 and of 1.2 understand in the same way: those of 1.1, PyYAML and SnakeYAML among them, take an
    /// unquoted <c>off</c> for false, <c>1:30</c> for 90 and <c>2026-01-12</c> for a date.
    /// </summary>
    sealed class PortableYamlWriter(TextWriter text) : OpenApiYamlWriter(text)
    {
        public override void WriteValue(string value)
        {
            if (!IsAnotherType().IsMatch(value))
            {
                base.WriteValue(value);
                return;
            }
            WriteValueSeparator();
            Writer.Write($"'{value}'");
        }

        public override void WritePropertyName(string name) => base.WritePropertyName(IsWord().IsMatch(name) ? $"'{name}'" : name);
    }

    // The types of https://yaml.org/type/. What the writer quotes anyway may be among them.
    [GeneratedRegex(@"\A(?:~|null|y|n|yes|no|true|false|on|off|=|<<|[-+]?\.?[0-9][0-9_.,:]*(?:e[-+]?[0-9]+)?|[-+]?0[box]?[0-9a-f_]+|[-+]?\.(?:inf|nan)|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt \t].*)?)\z", RegexOptions.IgnoreCase)]
    private static partial Regex IsAnotherType();

    [GeneratedRegex(@"\A(?:y|n|yes|no|true|false|on|off|null)\z", RegexOptions.IgnoreCase)]
    private static partial Regex IsWord();
}
