using System.CommandLine;

namespace Api.CommandLine;

/// <summary>The program's verbs. Settings can follow any of them as <c>--Section:Key=value</c>.</summary>
static class Verbs
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (words, settings) = Split(args);
        var runner = new VerbRunner(settings);
        var root = new RootCommand("The JSON backend of a clinic's web site.");
        foreach (var verb in ServerVerbs.Create(runner))
            root.Add(verb);
        foreach (var verb in DatabaseVerbs.Create(runner))
            root.Add(verb);
        root.Add(SubmissionVerbs.Create(runner));
        foreach (var verb in OutboxVerbs.Create(runner))
            root.Add(verb);
        runner.SetAction(root, ServerVerbs.ServeAsync, logs: true);

        return await root.Parse(words)
            .InvokeAsync(
                new InvocationConfiguration
                {
                    // VerbRunner handles signals.
                    ProcessTerminationTimeout = null,
                    EnableDefaultExceptionHandler = false,
                }
            );
    }

    // Settings are ASP.NET Core's, --Section:Key=value or --Section:Key value. They are not options of a verb.
    static (string[] Words, string[] Settings) Split(string[] args)
    {
        List<string> words = [],
            settings = [];
        for (var i = 0; i < args.Length; i++)
        {
            var isSetting =
                args[i].StartsWith("--", StringComparison.Ordinal) && args[i] is not ("--help" or "--version");
            (isSetting ? settings : words).Add(args[i]);
            if (isSetting && !args[i].Contains('=', StringComparison.Ordinal) && i + 1 < args.Length)
                settings.Add(args[++i]);
        }
        return ([.. words], [.. settings]);
    }
}
