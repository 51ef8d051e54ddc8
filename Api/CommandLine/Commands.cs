using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Api.CommandLine;

/// <summary>The program's commands. Settings can follow any of them as <c>--Section:Key=value</c>.</summary>
static class Commands
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (words, settings, unset) = Split(args);
        var parsed = Create(settings).Parse(words);
        if (unset is not null)
            return await RefuseAsync(
                $"{unset} is no option, and a setting needs a value, like --Database:Folder=data."
            );
        if (parsed.Action is ParseErrorAction)
            return await RefuseAsync(Describe(parsed));

        return await parsed.InvokeAsync(
            new InvocationConfiguration
            {
                // CommandRunner handles signals.
                ProcessTerminationTimeout = null,
                EnableDefaultExceptionHandler = false,
            }
        );
    }

    /// <summary>Creates all commands.</summary>
    /// <param name="settings">The settings of the command line.</param>
    public static RootCommand Create(string[] settings)
    {
        var runner = new CommandRunner(settings);
        var root = new RootCommand("The JSON backend of a clinic's web site. Without a command it serves the API.");
        foreach (var command in ServerCommands.Create(runner))
            root.Add(command);
        foreach (var command in DatabaseCommands.Create(runner))
            root.Add(command);
        root.Add(SubmissionCommands.Create(runner));
        root.Add(KeyCommands.Create(runner));
        foreach (var command in OutboxCommands.Create(runner))
            root.Add(command);
        runner.SetAction(root, ServerCommands.ServeHelp, ServerCommands.ServeAsync, logs: true);

        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpPage(help.Action!, runner.Helps);
        return root;
    }

    static async Task<int> RefuseAsync(string sentence)
    {
        await Console.Error.WriteLineAsync(sentence);
        return CommandRunner.Failed;
    }

    // A message can have several lines.
    static string Describe(ParseResult parsed)
    {
        var words = parsed.Errors[0].Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return $"{string.Join(' ', words).TrimEnd('.')}. See: {HelpPage.FindPath(parsed.CommandResult.Command)} --help";
    }

    // Settings are ASP.NET Core's, --Section:Key=value or --Section:Key value. They are not options of a command, whose
    // names are words of small letters.
    static (string[] Words, string[] Settings, string? Unset) Split(string[] args)
    {
        List<string> words = [],
            settings = [];
        for (var i = 0; i < args.Length; i++)
        {
            if (!IsOption(args[i]) || args[i] is "-h" or "-?" || IsOptionOfCommand(args[i]))
            {
                words.Add(args[i]);
                continue;
            }
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
                return ([.. words], [.. settings], args[i]);
            settings.Add(args[i]);
            if (args[i].Contains('=', StringComparison.Ordinal))
                continue;
            if (i + 1 == args.Length || IsOption(args[i + 1]))
                return ([.. words], [.. settings], args[i]);
            settings.Add(args[++i]);
        }
        return ([.. words], [.. settings], null);
    }

    static bool IsOption(string arg) => arg.StartsWith('-');

    static bool IsOptionOfCommand(string arg) => OptionNames.Contains(arg.Split('=')[0]);

    static readonly string[] OptionNames = ["--help", "--version", .. KeyCommands.OptionNames];
}
