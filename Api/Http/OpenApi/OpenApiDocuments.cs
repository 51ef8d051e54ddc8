using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Api.Http.OpenApi;

/// <summary>The OpenAPI document as JSON and as YAML. Making one takes 150 ms of CPU, so each is made once.</summary>
sealed partial class OpenApiDocuments(ISwaggerProvider provider)
{
    public const string Name = "openapi";

    readonly Lazy<Task<string>> json = new(() => WriteAsync(provider, text => new OpenApiJsonWriter(text)));
    readonly Lazy<Task<string>> yaml = new(() => WriteAsync(provider, text => new PortableYamlWriter(text)));

    /// <summary>The document of an API under a path, which is the URL in <c>servers</c>.</summary>
    public async Task<string> JsonAsync(PathString pathBase) => Under(pathBase, await json.Value, "\"url\": \"/", "\"");

    /// <inheritdoc cref="JsonAsync"/>
    public async Task<string> YamlAsync(PathString pathBase) => Under(pathBase, await yaml.Value, "  - url: /", "\n");

    static string Under(PathString pathBase, string document, string before, string after) =>
        pathBase.HasValue
            ? document.Replace(before + after, before + pathBase.Value[1..] + after, StringComparison.Ordinal)
            : document;

    static async Task<string> WriteAsync(ISwaggerProvider provider, Func<TextWriter, IOpenApiWriter> writer)
    {
        // Its language must not depend on who asks first.
        CultureInfo.CurrentUICulture = Languages.Default;
        await using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var to = writer(text);
        provider.GetSwagger(Name).SerializeAsV31(to);
        await to.FlushAsync();
        // Tools refuse versions that they do not know, and know 3.1.1. Later patch versions only change words of the
        // standard. Some generators read a list of types that begins with null as null alone.
        var document = OpenApiVersion().Replace(text.ToString(), "${1}3.1.1${2}", 1);
        document = NullFirstInJson().Replace(document, "${types}${space}\"null\"");
        document = NullFirstInYaml().Replace(document, "${types}${indent}- 'null'\n");
        document = LoneReference().Replace(document, "${start} { ${reference} }\n");
        return ShortList()
            .Replace(document, match => match.Groups["start"] + " " + ToFlow(match.Groups["item"]) + "\n");
    }

    static string ToFlow(Group items) => $"[{string.Join(", ", items.Captures.Select(item => item.Value))}]";

    [GeneratedRegex("""\A(\s*\{?\s*"?openapi"?: ['"])3\.1\.\d+(['"])""")]
    private static partial Regex OpenApiVersion();

    [GeneratedRegex("""(?<="type": \[\s*)"null"(?<space>,\s*)(?<types>"[a-z]+"(?:,\s*"[a-z]+")*)""")]
    private static partial Regex NullFirstInJson();

    [GeneratedRegex(@"(?<=type:\n)(?<indent> *)- 'null'\n(?<types>(?:\k<indent>- [a-z]+\n)+)")]
    private static partial Regex NullFirstInYaml();

    // These read better on one line: `schema: { $ref: '…' }` and `type: [string, 'null']`.
    [GeneratedRegex(
        @"(?<start>^(?<indent> *)[^\s-].*:)\n\k<indent>  (?<reference>\$ref: '.+')\n(?!\k<indent>  )",
        RegexOptions.Multiline
    )]
    private static partial Regex LoneReference();

    [GeneratedRegex(
        @"(?<start>^(?<indent> *)[^\s-].*:)\n(?:\k<indent>  - (?<item>[\w./-]+|'[^'\n]+')\n){1,12}(?!\k<indent>  )",
        RegexOptions.Multiline
    )]
    private static partial Regex ShortList();
}
