namespace Api.Tests;

/// <summary>Programs of others that some tests need. Where they are missing a test is skipped, but under CI it fails.</summary>
static class Tools
{
    // Debian keeps servers where only root's PATH looks.
    static readonly string[] Folders = [.. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator), "/usr/sbin"];

    /// <summary>The full paths of programs, in the order asked for.</summary>
    public static string[] Need(params string[] programs)
    {
        var found = programs.ToDictionary(program => program, program => Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists));
        Need(!found.ContainsValue(null), $"not installed: {string.Join(", ", programs.Where(program => found[program] is null))}");
        return [.. programs.Select(program => found[program]!)];
    }

    /// <summary>Goes on only where something is given; <paramref name="otherwise"/> says why not.</summary>
    public static void Need(bool given, string otherwise)
    {
        if (given) return;
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"Under CI no test is skipped: {otherwise}");
        Assert.Skip(otherwise);
    }
}
