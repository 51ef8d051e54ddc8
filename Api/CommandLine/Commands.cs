using System.CommandLine;

namespace Api.CommandLine;

/// <summary>The program's commands. Settings can follow any of them as <c>--Section:Key=value</c>.</summary>
static class Commands
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (words, settings) = Split(args);
        var runner = new CommandRunner(settings);
        var root = new RootCommand("The JSON backend of a clinic's web site.");
        foreach (var command in ServerCommands.Create(runner))
            root.Add(command);
        foreach (var command in DatabaseCommands.Create(runner))
            root.Add(command);
        root.Add(SubmissionCommands.Create(runner));
        foreach (var command in OutboxCommands.Create(runner))
            root.Add(command);
        runner.SetAction(root, ServerCommands.ServeAsync, logs: true);

        return await root.Parse(words)
            .InvokeAsync(
                new InvocationConfiguration
                {
                    // CommandRunner handles signals.
                    ProcessTerminationTimeout = null,
                    EnableDefaultExceptionHandler = false,
                }
            );
    }

    // Settings are ASP.NET Core's, --Section:Key=value or --Section:Key value. They are not options of a command.
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
