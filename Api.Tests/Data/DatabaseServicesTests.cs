using System.Text.RegularExpressions;

namespace Api.Tests.Data;

public sealed partial class DatabaseServicesTests
{
    [Fact, SqliteOnly("PostgreSQL needs its driver.")]
    public async Task A_program_on_SQLite_does_not_load_the_driver_of_PostgreSQL()
    {
        Tools.Need(OperatingSystem.IsLinux(), "Linux shows what a process has loaded.");
        using var folder = new TempFolder();
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using (api)
        using (client)
        {
            (await client.GetAsync("/v1/status")).EnsureSuccessStatusCode();
            (await client.GetAsync("/v1/articles?q=anxiety")).EnsureSuccessStatusCode();
            var maps = await File.ReadAllTextAsync($"/proc/{api.Process.Id}/maps");
            var loaded = Library().Matches(maps).Select(match => match.Groups[1].Value).Distinct().ToArray();
            Assert.Contains("Microsoft.Data.Sqlite", loaded);
            Assert.DoesNotContain("Npgsql", loaded);
        }
    }

    [GeneratedRegex(@"/([\w.]+)\.dll$", RegexOptions.Multiline)]
    private static partial Regex Library();
}
