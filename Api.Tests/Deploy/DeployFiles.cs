using System.Runtime.CompilerServices;

namespace Api.Tests.Deploy;

/// <summary>The files in Api/deploy.</summary>
static class DeployFiles
{
    public static string Folder([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../Api/deploy"));

    /// <summary>The path of a file beside the tests.</summary>
    public static string PathOfTest(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, name);

    /// <summary>Reads a file, and replaces what another machine has elsewhere. All of it must be there.</summary>
    public static string Read(string name, params (string Theirs, string Ours)[] places)
    {
        var text = File.ReadAllText(Path.Combine(Folder(), name));
        foreach (var (theirs, ours) in places)
        {
            Assert.Contains(theirs, text, StringComparison.Ordinal);
            text = text.Replace(theirs, ours, StringComparison.Ordinal);
        }
        return text;
    }

    /// <summary>
    /// The lines of the file <c>settings</c> as settings of the command line, with their examples or without.
    /// </summary>
    public static string[] ReadSettings(bool withExamples) =>
        [
            .. Read("settings")
                .Split('\n')
                .Select(line =>
                    withExamples && !line.StartsWith("# ", StringComparison.Ordinal) ? line.TrimStart('#') : line
                )
                .Where(line => line.Length > 0 && line[0] != '#')
                .Select(line => line.Split('=', 2))
                .Select(parts => $"--{parts[0].Replace("__", ":", StringComparison.Ordinal)}={parts[1].Trim('\'')}"),
        ];
}
