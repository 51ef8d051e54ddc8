using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Api.Tests;

/// <summary>Follows the README's tour: every answer is as it is printed there.</summary>
public sealed partial class ReadmeTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static string File([CallerFilePath] string file = "") => Path.Combine(Path.GetDirectoryName(file)!, "..", "README.md");

    [Fact]
    public async Task Every_answer_of_the_tour_is_as_it_is_printed()
    {
        var readme = await System.IO.File.ReadAllTextAsync(File());
        var steps = Step().Matches(readme);
        Assert.True(steps.Count >= 5);
        foreach (Match step in steps)
        {
            var request = new HttpRequestMessage(HttpMethod.Get, step.Groups["path"].Value) { Headers = { { "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" } } };
            if (step.Groups["body"].Success)
                (request.Method, request.Content) = (HttpMethod.Post, new StringContent(step.Groups["body"].Value, Encoding.UTF8, "application/json"));
            using var response = await api.Client.SendAsync(request);
            if (!step.Groups["jq"].Success)
            {
                Assert.Equal(step.Groups["answer"].Value.TrimEnd('\n'), await response.Content.ReadAsStringAsync());
                continue;
            }

            var answer = (await response.Content.ReadFromJsonAsync<JsonNode>())!;
            if (answer["reference"] is not null) answer["reference"] = "7K3Q-X9MZ-2TBV";
            if (answer["token"] is not null) answer["token"] = "7k3qx9mz2tbv0f1e2d3c4b5a69788796a5b4c3d2e1f0";
            if (step.Groups["filter"].Value == "'[.timeZone, .days[0], .text]'")
                answer = new JsonArray(answer["timeZone"]!.DeepClone(), answer["days"]![0]!.DeepClone(), answer["text"]!.DeepClone());
            else
                Assert.Equal("", step.Groups["filter"].Value);

            if (Environment.GetEnvironmentVariable("UPDATE") == "1")
                readme = readme.Replace(step.Value, step.Value[..^step.Groups["answer"].Length] + answer.ToJsonString(Readable) + "\n", StringComparison.Ordinal);
            else
                JsonAssert.Equal(step.Groups["answer"].Value, answer);
        }
        if (Environment.GetEnvironmentVariable("UPDATE") == "1") await System.IO.File.WriteAllTextAsync(File(), readme);
    }

    static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [GeneratedRegex("""```console\n\$ curl -s '?http://localhost:5080(?<path>[^' ]+)'?( -H 'Content-Type: application/json' -d '(?<body>[^']*)')?(?<jq> \| jq ?(?<filter>.*))?\n(?<answer>[^`]*)(?=```)""")]
    private static partial Regex Step();
}
