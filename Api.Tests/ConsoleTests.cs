using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Api.Tests;

/// <summary>The lines that the program writes to its console.</summary>
public sealed partial class ConsoleTests
{
    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (info|warn|fail): [A-Z][\w.]*\[\d+\] \S.*$")]
    private static partial Regex PlainLine();

    [GeneratedRegex(@"^<[346]>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z][\w.]*\[\d+\] \S.*$")]
    private static partial Regex JournalLine();

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
    private static partial Regex Timestamp();

    [Fact]
    public async Task By_default_each_event_is_one_plain_line_with_its_time() =>
        Assert.All(await LinesAsync(), line => Assert.Matches(PlainLine(), line));

    [Fact]
    public async Task The_journal_of_systemd_gets_the_severity_of_each_line() =>
        Assert.All(
            await LinesAsync("--Logging:Console:FormatterName=systemd"),
            line => Assert.Matches(JournalLine(), line)
        );

    [Fact]
    public async Task When_asked_for_each_event_is_a_line_of_JSON() =>
        Assert.All(
            await LinesAsync("--Logging:Console:FormatterName=json"),
            line =>
            {
                var entry = JsonNode.Parse(line)!;
                Assert.Matches(Timestamp(), (string)entry["Timestamp"]!);
                Assert.Contains((string)entry["LogLevel"]!, new[] { "Information", "Warning", "Error" });
                Assert.NotEqual("", (string)entry["Category"]!);
                Assert.NotEqual("", (string)entry["Message"]!);
            }
        );

    /// <summary>The lines from the start to the end of a server that has met a fault.</summary>
    static async Task<string[]> LinesAsync(params string[] settings)
    {
        using var folder = new TempFolder();
        var (process, client) = await ApiProcess.ServeAsync(folder.Path, settings);
        using var _ = process;
        using var __ = client;
        // Its exception has many lines.
        Engine.Execute(folder.Path, "ALTER TABLE articles RENAME TO away");
        using var answer = await client.GetAsync("/v1/articles/understanding-anxiety");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        process.Terminate();
        Assert.Equal(0, await process.ExitAsync());
        var lines = process.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        Assert.Single(lines, line => line.Contains(Engine.NoTable("articles"), StringComparison.Ordinal));
        return lines;
    }
}
