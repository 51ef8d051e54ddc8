using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.CommandLine;

namespace Api.Tests;

/// <summary>
/// Follows README.md and OPERATING.md: every call gets the answer that is printed, and every link leads somewhere.
/// </summary>
public sealed partial class ReadmeTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static string PathOf(string file, [CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", file));

    /// <summary>With UPDATE=1 in the environment the answers are written instead of compared.</summary>
    static bool Update => Environment.GetEnvironmentVariable("UPDATE") == "1";

    [Theory]
    [InlineData("README.md", 5)]
    [InlineData("Api/OPERATING.md", 2)]
    [SqliteOnly("The snippets of a search")]
    public async Task Every_call_gets_the_answer_that_is_printed(string file, int leastCalls)
    {
        var text = await File.ReadAllTextAsync(PathOf(file));
        var calls = Call().Matches(text);
        Assert.True(calls.Count >= leastCalls);
        foreach (Match call in calls)
        {
            var printed = call.Groups["answer"].Value;
            var answer = await AnswerAsync(call);
            if (Update)
                text = text.Replace(call.Value, call.Value[..^printed.Length] + answer, StringComparison.Ordinal);
            else
                Assert.Equal(printed, answer);
        }
        if (Update)
            await File.WriteAllTextAsync(PathOf(file), text);
    }

    async Task<string> AnswerAsync(Match call)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, call.Groups["path"].Value);
        if (call.Groups["body"] is { Success: true, Value: var body })
        {
            request.Method = HttpMethod.Post;
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
        using var response = await api.Client.SendAsync(request);
        var answer = await response.Content.ReadAsStringAsync();
        if (!call.Groups["jq"].Success)
            return answer + "\n";

        var json = JsonNode.Parse(answer)!;
        // These differ each time.
        if (json["reference"] is not null)
            json["reference"] = "7K3Q-X9MZ-2TBV";
        if (json["token"] is not null)
            json["token"] = "7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0";
        var filter = call.Groups["filter"] is { Success: true, Value: var given } ? given : ".";
        var values = filter.Split(", ").Select(path => Select(json, path)?.ToJsonString(Readable) ?? "null");
        return string.Concat(values.Select(value => value + "\n"));
    }

    // The part of jq's language that the pages use: .name and [0], one after the other.
    static JsonNode? Select(JsonNode? json, string path)
    {
        foreach (Match step in Step().Matches(path))
        {
            json = step.Groups["index"] is { Success: true, Value: var index }
                ? json![int.Parse(index, CultureInfo.InvariantCulture)]
                : json![step.Groups["name"].Value];
        }
        return json;
    }

    [Fact]
    [AnyEngine]
    public async Task Every_command_prints_what_is_printed()
    {
        using var folder = new TempFolder();
        var calls = CommandCall().Matches(await File.ReadAllTextAsync(PathOf("Api/OPERATING.md")));
        Assert.True(calls.Count >= 2);
        foreach (Match call in calls)
            Assert.Equal(call.Groups["answer"].Value, await RunAsync(call.Groups["args"].Value.Split(' '), folder));
    }

    // From the folder of the clone, as a reader would.
    static async Task<string> RunAsync(string[] args, TempFolder folder)
    {
        var configuration = typeof(Program)
            .Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!
            .Configuration;
        string[] run = ["run", "--no-build", "-c", configuration, "--project", "Api", "--", .. args];
        var start = new ProcessStartInfo("dotnet", run)
        {
            RedirectStandardOutput = true,
            WorkingDirectory = PathOf("."),
            Environment =
            {
                ["Database__Folder"] = folder.Path,
                ["Keys__Folder"] = folder.Keys,
                // The page shows what the commands print, without the log.
                ["Logging__LogLevel__Default"] = "None",
            },
        };
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("Api/OPERATING.md")]
    public async Task Every_command_that_is_named_exists(string file)
    {
        var text = await File.ReadAllTextAsync(PathOf(file));
        var root = Commands.Create([]);
        var names = root.Subcommands.Select(command => command.Name).ToArray();
        var named = NamedCommand()
            .Matches(text)
            .Select(match => match.Groups["words"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(words => names.Contains(words[0]))
            .ToArray();
        Assert.NotEmpty(named);
        // A page may name a command without its argument.
        Assert.All(named, words => Assert.Empty(root.Parse(words).UnmatchedTokens));
    }

    [Fact]
    public async Task The_operators_guide_names_every_command()
    {
        var text = await File.ReadAllTextAsync(PathOf("Api/OPERATING.md"));
        var commands = Commands.Create([]).Subcommands.SelectMany(command => command.Subcommands.Prepend(command));
        Assert.All(
            commands.Where(command => command.Action is not null),
            command =>
                Assert.Contains($"`{HelpPage.FindPath(command).Split(' ', 2)[1]}", text, StringComparison.Ordinal)
        );
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("Api/OPERATING.md")]
    [InlineData("Api.Tests/README.md")]
    [InlineData("Api.Tests/Load/README.md")]
    public void Every_link_to_a_file_or_a_section_leads_somewhere(string file)
    {
        var text = File.ReadAllText(PathOf(file));
        foreach (Match link in Link().Matches(text))
        {
            var target = link.Groups["file"].Value;
            var page = target == "" ? PathOf(file) : Path.Combine(Path.GetDirectoryName(PathOf(file))!, target);
            Assert.True(Path.Exists(page), $"{file} links to {target}, which does not exist.");
            if (link.Groups["section"] is not { Success: true, Value: var section })
                continue;
            var headings = Heading().Matches(File.ReadAllText(page)).Select(heading => heading.Groups[1].Value);
            Assert.Contains(section, headings.Select(heading => heading.ToLowerInvariant().Replace(' ', '-')));
        }
    }

    [Fact]
    public void Every_script_that_is_printed_is_part_of_the_example_site()
    {
        var site = WithoutIndentation(File.ReadAllText(PathOf("Api/Examples/site/site.js")));
        var scripts = Script().Matches(File.ReadAllText(PathOf("Api/OPERATING.md")));
        Assert.NotEmpty(scripts);
        foreach (Match script in scripts)
            Assert.Contains(WithoutIndentation(script.Groups[1].Value), site, StringComparison.Ordinal);
    }

    static string WithoutIndentation(string text) =>
        string.Join('\n', text.Split('\n').Select(line => line.TrimStart(' ')));

    // Several calls may follow each other in a block, each with its answer.
    [GeneratedRegex(
        """(?<=^|\n)\$ curl -s '?http://localhost:5080(?<path>[^' ]+)'?( -H 'Content-Type: application/json' -d '(?<body>[^']*)')?(?<jq> \| jq( '(?<filter>[^']*)')?)?\n(?<answer>(?:(?!```|\$ ).*\n)*)"""
    )]
    private static partial Regex Call();

    [GeneratedRegex("""(?<=^|\n)\$ dotnet run --project Api -- (?<args>.+)\n(?<answer>(?:(?!```|\$ ).*\n)*)""")]
    private static partial Regex CommandCall();

    // `backup copy.db` or `… -- openapi > openapi.yaml`, without what the shell replaces or reads.
    [GeneratedRegex(@"`(?:[^`]* -- )?(?<words>[a-z][^`>…[$]*)[^`]*`")]
    private static partial Regex NamedCommand();

    [GeneratedRegex(@"\.(?<name>\w+)|\[(?<index>\d+)\]")]
    private static partial Regex Step();

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#]*)(#(?<section>[^)]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"```js\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Script();

    [GeneratedRegex("(?<=^|\n)#+ (.*)")]
    private static partial Regex Heading();
}
