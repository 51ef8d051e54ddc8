using System.CommandLine;
using System.CommandLine.Invocation;

namespace Api.CommandLine;

/// <summary>What <c>--help</c> says about a command beside its arguments.</summary>
/// <param name="Example">Arguments and settings of an example.</param>
/// <param name="Settings">The settings that matter to the command.</param>
sealed record CommandHelp(string Example, params string[] Settings);

/// <summary>The answer to <c>--help</c>: the standard page, and then settings and an example.</summary>
sealed class HelpPage(CommandLineAction standard, IReadOnlyDictionary<Command, CommandHelp> helps)
    : SynchronousCommandLineAction
{
    /// <summary>The settings that a page can list.</summary>
    public static readonly IReadOnlyDictionary<string, string> Meanings = new Dictionary<string, string>
    {
        ["Urls"] = "The addresses to listen on",
        ["Database:ConnectionString"] = "A PostgreSQL database, as Host=…;Database=…;Username=…",
        ["Database:Folder"] = "The folder of the SQLite database",
        ["Keys:Folder"] = "The folder of the keys that messages are encrypted with",
        ["Keys:Certificates"] = "The certificates that encrypt the keys",
        ["Seed:Folder"] = "The content that is loaded into an empty database",
        ["Site:ApiUrl"] = "The public URL of this API",
        ["Contact:MessageMaxLength"] = "The largest number of characters in a message",
        ["Contact:Honeypot"] = "The form field that people do not see",
        ["Contact:TelephoneRegion"] = "The country of telephone numbers without a country code",
        ["Mail:Host"] = "The mail server",
        ["Mail:From"] = "The sender of the mails",
        ["Mail:Recipients"] = "Who gets a mail about a message, by location",
        ["Webhooks:Endpoints"] = "What is called about a message",
        ["Cors:Origins"] = "The web sites whose scripts may call this API",
        ["Proxies:Known"] = "The proxies in front of this program",
    };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parsed)
    {
        ((SynchronousCommandLineAction)standard).Invoke(parsed);
        var command = parsed.CommandResult.Command;
        if (helps.TryGetValue(command, out var help))
            Write(
                parsed.InvocationConfiguration.Output,
                $"{FindPath(command)} {help.Example}".TrimEnd(),
                help.Settings
            );
        return 0;
    }

    static void Write(TextWriter output, string example, string[] settings)
    {
        if (settings.Length > 0)
        {
            output.WriteLine("Settings:");
            foreach (var setting in settings)
                output.WriteLine($"  {setting, -26} {Meanings[setting]}");
            output.WriteLine();
            output.WriteLine("  Give them as --Database:Folder=data, or in the environment as Database__Folder=data.");
            output.WriteLine("  appsettings.json explains all of them.");
            output.WriteLine();
        }
        output.WriteLine("Example:");
        output.WriteLine($"  {example}");
    }

    /// <summary>The words that call a command, with those of the commands above it.</summary>
    public static string FindPath(Command command) =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent
            ? $"{FindPath(parent)} {command.Name}"
            : command.Name;
}
