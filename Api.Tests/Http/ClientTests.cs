using System.Runtime.CompilerServices;
using Api.Tests.Npm;

namespace Api.Tests.Http;

/// <summary>
/// Typed clients that others' generators make of the document, see Npm/clients and Kiota: each compiles in strict mode,
/// and does what a front end does.
/// </summary>
[AnyEngine]
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
        await using var api = await StartAsync();
        using var folder = new TempFolder();
        await NodeModules.RunAsync("clients/run.mjs", generator, await SaveDocumentAsync(api, folder), Address(api));
    }

    [Fact]
    public async Task A_client_generated_by_Kiota_compiles_and_works()
    {
        var folder = Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "Kiota");
        await NeedAsync(folder, "tool", "restore");
        await NeedAsync(folder, "restore");
        await using var api = await StartAsync();
        using var temp = new TempFolder();
        await RunAsync(
            folder,
            ["kiota", "generate", "--openapi", await SaveDocumentAsync(api, temp), "--language", "CSharp"],
            ["--namespace-name", "Clinic", "--class-name", "ClinicClient", "--output", "generated"],
            ["--clean-output"]
        );
        await RunAsync(folder, ["build", "--no-restore"]);
        await RunAsync(folder, ["run", "--no-build", "--", Address(api)]);
    }

    static Task<ApiFactory> StartAsync() =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(["--Contact:Limits:PerClient:Requests=3", "--Contact:MinimumSeconds=0"])
        );

    static async Task<string> SaveDocumentAsync(ApiFactory api, TempFolder folder)
    {
        var document = folder.File("openapi.yaml");
        await File.WriteAllTextAsync(document, await api.Client.GetStringAsync("/openapi.yaml"));
        return document;
    }

    static string Address(ApiFactory api) => api.Client.BaseAddress!.GetLeftPart(UriPartial.Authority);

    // What comes from a registry may be missing on a machine without a network.
    static async Task NeedAsync(string folder, params string[] args)
    {
        await using var dotnet = new ChildProcess(Tools.Need("dotnet")[0], folder, args);
        Tools.Need(await dotnet.ExitAsync() == 0, $"dotnet {string.Join(' ', args)}: {dotnet.Log}");
    }

    static async Task RunAsync(string folder, params string[][] args)
    {
        await using var dotnet = new ChildProcess(Tools.Need("dotnet")[0], folder, [.. args.SelectMany(part => part)]);
        Assert.True(await dotnet.ExitAsync() == 0, dotnet.Log);
    }

    static string ThisFile([CallerFilePath] string file = "") => file;
}
