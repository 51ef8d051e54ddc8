using Api.Tests.Npm;

namespace Api.Tests.Http;

/// <summary>The document as linters see it.</summary>
[AnyEngine]
public sealed class LintTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Theory]
    [InlineData("redocly")]
    [InlineData("spectral")]
    public async Task A_linter_finds_nothing(string linter)
    {
        using var folder = new TempFolder();
        var document = folder.File("openapi.yaml");
        await File.WriteAllTextAsync(document, await api.Client.GetStringAsync("/openapi.yaml"));
        await NodeModules.RunAsync("lint/run.mjs", linter, document);
    }
}
