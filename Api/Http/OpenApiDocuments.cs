using System.Globalization;
using Microsoft.OpenApi;
using Swashbuckle.AspNetCore.Swagger;

namespace Api.Http;

/// <summary>The OpenAPI document in its two forms. Making one takes long, and it is always the same, so each is made once.</summary>
sealed class OpenApiDocuments(ISwaggerProvider provider)
{
    readonly Lazy<Task<string>> json = new(() => WriteAsync(provider, (document, version) => document.SerializeAsJsonAsync(version)));
    readonly Lazy<Task<string>> yaml = new(() => WriteAsync(provider, (document, version) => document.SerializeAsYamlAsync(version)));

    public Task<string> JsonAsync() => json.Value;

    public Task<string> YamlAsync() => yaml.Value;

    static async Task<string> WriteAsync(ISwaggerProvider provider, Func<OpenApiDocument, OpenApiSpecVersion, Task<string>> write)
    {
        // Its texts are of one language, whoever asks for it first.
        CultureInfo.CurrentUICulture = Languages.Default;
        return await write(provider.GetSwagger(OpenApi.DocumentName), OpenApiSpecVersion.OpenApi3_1);
    }
}
