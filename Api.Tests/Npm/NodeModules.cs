using System.Runtime.CompilerServices;

namespace Api.Tests.Npm;

/// <summary>
/// Programs of this folder in Node, with the packages that package.json names: the other side's own code.
/// </summary>
static class NodeModules
{
    static readonly string Folder = Path.GetDirectoryName(ThisFile())!;

    // One installation a run, however many tests ask for it at the same time.
    static readonly Lazy<Task<string?>> Installation = new(InstallAsync);

    /// <summary>
    /// Starts a program of this folder (<c>receiver.mjs</c>). Without Node or its packages the test is skipped.
    /// </summary>
    public static async Task<ChildProcess> StartAsync(string program, params string[] args)
    {
        var node = Tools.Need("node", "npm")[0];
        await NeedAsync();
        return new ChildProcess(node, Folder, [Path.Combine(Folder, program), .. args]);
    }

    /// <summary>
    /// Runs a program of this folder to its end, which must be a good one, and returns its standard output.
    /// </summary>
    public static async Task<string[]> RunAsync(string program, params string[] args)
    {
        await using var node = await StartAsync(program, args);
        Assert.True(await node.ExitAsync() == 0, node.Log);
        return await node.LinesAsync(0);
    }

    /// <summary>
    /// The path of a package's file, as in <c>altcha/dist/altcha.js</c>. Without npm the test is skipped.
    /// </summary>
    public static async Task<string> FileAsync(string file)
    {
        await NeedAsync();
        return Path.Combine(Folder, "node_modules", file);
    }

    static async Task NeedAsync()
    {
        Tools.Need("node", "npm");
        var fault = await Installation.Value;
        Tools.Need(fault is null, $"npm ci: {fault}");
    }

    /// <returns>What went wrong, if anything: a machine without a network, say.</returns>
    static async Task<string?> InstallAsync()
    {
        // npm writes this file last.
        var installed = Path.Combine(Folder, "node_modules", ".package-lock.json");
        if (File.GetLastWriteTimeUtc(installed) > File.GetLastWriteTimeUtc(Path.Combine(Folder, "package-lock.json")))
            return null;
        await using var npm = new ChildProcess(Tools.Need("npm")[0], Folder, "ci");
        return await npm.ExitAsync() == 0 ? null : npm.Log;
    }

    static string ThisFile([CallerFilePath] string file = "") => file;
}
