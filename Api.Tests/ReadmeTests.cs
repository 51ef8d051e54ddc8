using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

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

    [Theory]
    [InlineData("README.md")]
    [InlineData("Api/OPERATING.md")]
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

    // Several calls may follow each other in a block, each with its answer.
    [GeneratedRegex(
        """(?<=^|\n)\$ curl -s '?http://localhost:5080(?<path>[^' ]+)'?( -H 'Content-Type: application/json' -d '(?<body>[^']*)')?(?<jq> \| jq( '(?<filter>[^']*)')?)?\n(?<answer>(?:(?!```|\$ ).*\n)*)"""
    )]
    private static partial Regex Call();

    [GeneratedRegex(@"\.(?<name>\w+)|\[(?<index>\d+)\]")]
    private static partial Regex Step();

    [GeneratedRegex(@"\]\((?!https?:)(?<file>[^)#]*)(#(?<section>[^)]*))?\)")]
    private static partial Regex Link();

    [GeneratedRegex("(?<=^|\n)#+ (.*)")]
    private static partial Regex Heading();
}
