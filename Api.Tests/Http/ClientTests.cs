using Api.Tests.Npm;

namespace Api.Tests.Http;

/// <summary>
/// Typed clients that others' generators make of the document, see Npm/clients: each compiles in strict mode, and does
/// there what a front end does.
/// </summary>
public sealed class ClientTests
{
    [Theory]
    [InlineData("openapi-typescript")]
    [InlineData("hey-api")]
    [InlineData("orval")]
    [InlineData("swagger-typescript-api")]
    public async Task A_generated_client_compiles_and_works(string generator)
    {
        await NodeModules.FileAsync("typescript");
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(["--Contact:Limits:PerClient:Requests=3", "--Contact:MinimumSeconds=0"])
        );
        using var folder = new TempFolder();
        var document = folder.File("openapi.yaml");
        await File.WriteAllTextAsync(document, await api.Client.GetStringAsync("/openapi.yaml"));
        await NodeModules.RunAsync(
            "clients/run.mjs",
            generator,
            document,
            api.Client.BaseAddress!.GetLeftPart(UriPartial.Authority)
        );
    }
}
