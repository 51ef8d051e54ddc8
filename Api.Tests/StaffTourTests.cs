using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.CommandLine;
using Api.Contact;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests;

/// <summary>Runs the morning at the front desk in OPERATING.md with bash, curl and jq.</summary>
public sealed partial class StaffTourTests
{
    // The messages that have come in before, with the references that the page gives them, oldest first.
    static readonly (string Reference, JsonObject Body)[] Overnight =
    [
        ("7K3Q-X9MZ-2TBV", Valid(("name", "Sam Example"), ("email", "sam@example.com"), ("telephone", null))),
        (
            "9HNC-4RWE-0J5T",
            Valid(
                ("name", "Alex Example"),
                ("email", null),
                ("telephone", "870 555 0143"),
                ("preferredContact", "telephone"),
                ("location", "paragould"),
                ("message", "Do you have evening hours?")
            )
        ),
        ("3VZ0-P8KD-YQ6M", Valid(("name", "Robin Example"), ("website", "https://www.example.com"))),
    ];

    [Fact]
    public async Task A_morning_at_the_front_desk_goes_as_it_is_printed()
    {
        var bash = Tools.Need("bash", "curl", "jq", "cut")[0];
        await using var api = await ApiFactory.StartAsync();
        foreach (var (reference, body) in Overnight)
        {
            var receipt = await api.ReceivedAsync(body.DeepClone());
            await RenameAsync(api, (string)receipt["reference"]!, reference);
            api.Clock.Advance(TimeSpan.FromMinutes(1));
        }
        var script = new StringBuilder("set -u\n");
        foreach (var step in Steps())
        {
            var command = step.Command.Replace(
                "http://localhost:5080",
                api.App.Urls.Single(),
                StringComparison.Ordinal
            );
            script.AppendLine(await MakeKeyAsync(api, command));
            script.AppendLine($"printf %s '{Separator}'");
        }
        var answers = (await RunAsync(bash, script.ToString())).Split(Separator);
        Assert.Equal(Steps().Count + 1, answers.Length);
        foreach (var (step, answer) in Steps().Zip(answers))
            Assert.Equal($"$ {step.Command}\n{step.Answer}", $"$ {step.Command}\n{answer}");
    }

    // The page names the messages before they exist. Their content is sealed again, since it has the reference in it.
    static async Task RenameAsync(ApiFactory api, string reference, string wanted)
    {
        var seal = api.App.Services.GetRequiredService<SubmissionSeal>();
        var content = (await api.OpenAsync(reference))!;
        await api.ExecuteAsync(
            "UPDATE submissions SET reference = @wanted, sealed = @content WHERE reference = @reference",
            new
            {
                wanted,
                reference,
                content = seal.Seal(content with { Reference = wanted }),
            }
        );
    }

    const string Separator = "---8<---";

    sealed record Step(string Command, string Answer);

    static List<Step> Steps([CallerFilePath] string here = "")
    {
        var guide = File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../Api/OPERATING.md"));
        var morning = Morning().Match(guide).Groups[1].Value;
        List<Step> steps =
        [
            .. Call().Matches(morning).Select(call => new Step(call.Groups[1].Value, call.Groups[2].Value)),
        ];
        Assert.True(steps.Count > 10, $"{steps.Count}");
        return steps;
    }

    // The command would make the key in another process, which could not use this one's clock.
    static async Task<string> MakeKeyAsync(ApiFactory api, string command)
    {
        if (Creation().Match(command) is not { Success: true } creation)
            return command;
        var key = new StringWriter();
        var request = new KeyCommands.Request(
            creation.Groups["name"].Value,
            [creation.Groups["role"].Value],
            [],
            creation.Groups["expires"].Value
        );
        await KeyCommands.CreateAsync(api.App.Services, request, key, TextWriter.Null, default);
        return $"KEY={key.ToString().Trim()}";
    }

    static async Task<string> RunAsync(string bash, string script)
    {
        using var process = Process.Start(
            new ProcessStartInfo(bash, ["-c", script]) { RedirectStandardOutput = true, RedirectStandardError = true }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        Assert.Equal("", await errors);
        // Spreadsheets need the byte order mark, readers of the page do not see it.
        return output.Replace("\uFEFF", "", StringComparison.Ordinal);
    }

    [GeneratedRegex(@"### A morning at the front desk\n(.*?)\n### ", RegexOptions.Singleline)]
    private static partial Regex Morning();

    [GeneratedRegex(@"(?<=^|\n)\$ (.+)\n((?:(?!```|\$ ).*\n)*)")]
    private static partial Regex Call();

    [GeneratedRegex(
        @"^KEY=\$\(clinic keys create --name '(?<name>[^']+)' --role (?<role>\w+) --expires (?<expires>\w+)\)$"
    )]
    private static partial Regex Creation();
}
