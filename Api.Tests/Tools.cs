using System.Globalization;

namespace Api.Tests;

/// <summary>Other programs that some tests need. Without them a test is skipped, and under CI it fails.</summary>
static class Tools
{
    // On Debian, servers are in a folder that only root's PATH names, and PostgreSQL's in one that no PATH names.
    static readonly string[] Folders =
    [
        .. (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator),
        "/usr/sbin",
        .. FindPostgres(),
    ];

    /// <summary>Finds the full paths of programs.</summary>
    public static string[] Need(params string[] programs)
    {
        var paths = programs.Select(Find).ToArray();
        var missing = programs.Where((_, index) => paths[index] is null);
        Need(!paths.Contains(null), $"not installed: {string.Join(", ", missing)}");
        return paths!;
    }

    /// <summary>Whether a program is there.</summary>
    public static bool Have(string program) => Find(program) is not null;

    static string? Find(string program) =>
        Folders.Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    /// <summary>Continues the test only under a condition.</summary>
    /// <param name="condition">The condition.</param>
    /// <param name="reason">Why the test is skipped without it.</param>
    public static void Need(bool condition, string reason)
    {
        if (condition)
            return;
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail($"Under CI no test is skipped: {reason}");
        Assert.Skip(reason);
    }

    // The newest version first.
    static IEnumerable<string> FindPostgres()
    {
        const string Versions = "/usr/lib/postgresql";
        return Directory.Exists(Versions)
            ? Directory
                .GetDirectories(Versions)
                .OrderDescending(StringComparer.Create(CultureInfo.InvariantCulture, CompareOptions.NumericOrdering))
                .Select(version => Path.Combine(version, "bin"))
            : [];
    }
}
