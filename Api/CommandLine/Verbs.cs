using System.CommandLine;
using System.Net.Sockets;
using System.Security.Cryptography;
using Api.Contact;
using Api.Data;
using Api.Http;
using Api.Outbox;
using Api.Seed;
using Microsoft.AspNetCore.Connections;

namespace Api.CommandLine;

/// <summary>What the program can be told to do. Settings may follow any verb as <c>--Section:Key=value</c>.</summary>
static class Verbs
{
    public static async Task<int> RunAsync(string[] args)
    {
        var (words, settings) = Split(args);
        var seedFolder = new Argument<DirectoryInfo?>("folder")
        {
            Description = "The folder with clinic.yaml and articles/*.md; without it, the seed that comes with the program.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var backupFile = new Argument<FileInfo>("file") { Description = "The new file; one that exists is never overwritten." };
        var copy = new Argument<FileInfo>("file") { Description = "A copy that the verb backup made." };
        var quarantine = new Argument<string?>("which") { Description = "quarantine: those that were taken for spam.", Arity = ArgumentArity.ZeroOrOne };
        quarantine.AcceptOnlyFromAmong("quarantine");
        var reference = new Argument<string>("reference") { Description = "The submission's reference, like 7K3Q-X9MZ-2TBV." };
        var deliveryId = new Argument<string?>("delivery") { Description = "The id of one delivery; without it, all that failed.", Arity = ArgumentArity.ZeroOrOne };

        var root = new RootCommand("The JSON backend of a clinic's web site.")
        {
            Verb("serve", "Serves the API; the default. Makes, migrates and seeds the database where needed.", (app, _, _) => ServeAsync(app)),
            Verb("migrate", "Brings the database up to date.", (app, _, _) => MigrateAsync(app)),
            Verb("seed", "Loads content into the database, in place of what has the same slug. All or nothing.", SeedAsync, seedFolder),
            Verb("openapi", "Prints the OpenAPI document.", (app, _, ct) => OpenApiAsync(app, ct), logs: false),
            Verb("backup", "Copies the database to a file, also while the server runs.", BackupAsync, backupFile),
            Verb("restore", "Puts a copy in the place of the database. The program must not run; the database of before is kept beside it.", RestoreAsync, copy),
            Verb("check", "Checks the database's integrity and foreign keys.", (app, _, ct) => CheckAsync(app, ct)),
            new Command("submissions", "The messages that were taken in.")
            {
                Verb("list", "Lists the newest 100, or those that were taken for spam: list quarantine.", ListSubmissionsAsync, quarantine, logs: false),
                Verb("show", "Prints one with what the sender wrote.", Submission(SubmissionVerbs.ShowAsync), reference, logs: false),
                Verb("find", "Finds what a person sent, by the e-mail address or telephone number on standard input.", (app, _, ct) => SubmissionVerbs.FindAsync(app, Console.In, Console.Out, ct), logs: false),
                Verb("handled", "Marks one as handled.", Submission(SubmissionVerbs.HandledAsync), reference, logs: false),
                Verb("release", "Takes one out of quarantine and has the staff told of it.", Submission(SubmissionVerbs.ReleaseAsync), reference, logs: false),
                Verb("erase", "Removes one for good.", Submission(SubmissionVerbs.EraseAsync), reference, logs: false),
            },
            new Command("notify", "Notifications by mail and webhook.")
            {
                Verb("test", "Sends a test to every recipient and webhook that is configured.", (app, _, ct) => OutboxVerbs.TestAsync(app.Services, Console.Out, ct), logs: false),
            },
            new Command("outbox", "Mails and webhooks that are not delivered.")
            {
                Verb("list", "Lists what failed and what waits, and why.", (app, _, _) => OutboxVerbs.ListAsync(app.Services, Console.Out), logs: false),
                Verb("retry", "Has what failed sent again, and enables webhooks whose receiver was gone.", RetryAsync, deliveryId, logs: false),
            },
        };
        root.SetAction((parsed, ct) => RunAsync(parsed, (app, _, _) => ServeAsync(app), logs: true, ct));

        return await root.Parse(words).InvokeAsync(new InvocationConfiguration
        {
            // The web host handles signals itself, and takes its time to finish what it accepted.
            ProcessTerminationTimeout = null,
            EnableDefaultExceptionHandler = false,
        });

        Command Verb(string name, string description, Func<WebApplication, ParseResult, CancellationToken, Task<int>> run, Argument? argument = null, bool logs = true)
        {
            var command = new Command(name, description);
            if (argument is not null) command.Add(argument);
            command.SetAction((parsed, ct) => RunAsync(parsed, run, logs, ct));
            return command;
        }

        async Task<int> RunAsync(ParseResult parsed, Func<WebApplication, ParseResult, CancellationToken, Task<int>> run, bool logs, CancellationToken ct)
        {
            try
            {
                await using var app = Program.Compose(settings, builder => _ = logs ? builder.Logging : builder.Logging.ClearProviders());
                return await run(app, parsed, ct);
            }
            catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
            {
                await Console.Error.WriteLineAsync(Describe(e));
                return 1;
            }
        }

        Task<int> SeedAsync(WebApplication app, ParseResult parsed, CancellationToken ct) =>
            LoadSeedAsync(app, parsed.GetValue(seedFolder)?.FullName, ct);

        Task<int> ListSubmissionsAsync(WebApplication app, ParseResult parsed, CancellationToken ct) =>
            SubmissionVerbs.ListAsync(app, parsed.GetValue(quarantine) is not null, Console.Out, ct);

        Func<WebApplication, ParseResult, CancellationToken, Task<int>> Submission(Func<WebApplication, string, TextWriter, CancellationToken, Task<int>> verb) =>
            (app, parsed, ct) => verb(app, parsed.GetRequiredValue(reference).ToUpperInvariant(), Console.Out, ct);

        Task<int> RetryAsync(WebApplication app, ParseResult parsed, CancellationToken ct) =>
            OutboxVerbs.RetryAsync(app.Services, parsed.GetValue(deliveryId), Console.Out, ct);

        Task<int> BackupAsync(WebApplication app, ParseResult parsed, CancellationToken ct) =>
            CopyAsync(app, parsed.GetRequiredValue(backupFile).FullName, ct);

        async Task<int> RestoreAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
        {
            var db = app.Services.GetRequiredService<Database>();
            var before = await db.RestoreAsync(parsed.GetRequiredValue(copy).FullName, ct);
            await Console.Out.WriteLineAsync($"{db.File} is restored.");
            if (before is not null) await Console.Out.WriteLineAsync($"The database of before is {before}: delete it when you do not need it.");
            return 0;
        }
    }

    // Settings are ASP.NET Core's, --Section:Key=value or --Section:Key value, and no options of a verb.
    static (string[] Words, string[] Settings) Split(string[] args)
    {
        List<string> words = [], settings = [];
        for (var i = 0; i < args.Length; i++)
        {
            var isSetting = args[i].StartsWith("--", StringComparison.Ordinal) && args[i] is not ("--help" or "--version");
            (isSetting ? settings : words).Add(args[i]);
            if (isSetting && !args[i].Contains('=', StringComparison.Ordinal) && i + 1 < args.Length) settings.Add(args[++i]);
        }
        return ([.. words], [.. settings]);
    }

    // One sentence for every exception. A stack trace would help nobody here, and an unhandled exception could leave a core dump with a
    // message in it.
    internal static string Describe(Exception e) => e switch
    {
        StartupFault fault => fault.Message,
        IOException { InnerException: AddressInUseException } => "The port is taken by another program: stop that one, or choose " +
            $"another with --urls http://localhost:5081. ({e.Message})",
        SocketException or IOException { InnerException: SocketException } =>
            $"The address to listen on cannot be used: choose another with --urls. ({e.Message})",
        // Of the binder's: "Failed to convert configuration value 'x' at 'Database:WriteQueueCapacity' to type 'System.Int32'."
        InvalidOperationException { InnerException: ArgumentException or FormatException or OverflowException } when
            e.Message.Contains("configuration value", StringComparison.Ordinal) => $"A setting cannot be understood: {e.Message}",
        FormatException => $"A setting cannot be understood: {e.Message}",
        WriteQueueFullException => e.Message,
        CryptographicException => "A message cannot be opened with the keys at hand: restore the keys from a backup.",
        _ when StorageFaults.Find(e) is { } fault => fault.Sentence(),
        IOException or UnauthorizedAccessException => $"A file cannot be read or written: {e.Message}",
        // Its text could hold what a sender wrote; its type and place cannot.
        _ => $"A fault in this program ended it: {e.GetType().Name} in {Place(e)}. Please report it.",
    };

    static string Place(Exception e) => e.TargetSite is { } method ? $"{method.DeclaringType?.FullName}.{method.Name}" : "an unknown place";

    static async Task<int> ServeAsync(WebApplication app)
    {
        await Startup.StartAsync(app);
        await app.WaitForShutdownAsync();
        return 0;
    }

    static async Task<int> MigrateAsync(WebApplication app)
    {
        app.Services.GetRequiredService<Migrator>().Migrate();
        await Console.Out.WriteLineAsync($"{app.Services.GetRequiredService<Database>().File} is up to date.");
        return 0;
    }

    static async Task<int> LoadSeedAsync(WebApplication app, string? folder, CancellationToken ct)
    {
        app.Services.GetRequiredService<Migrator>().Migrate();
        var loaded = await app.Services.GetRequiredService<SeedLoader>().LoadAsync(folder ?? SeedFolder.Default, ct);
        await Console.Out.WriteLineAsync($"{loaded.Locations.Count} locations and {loaded.Articles.Count} articles loaded.");
        return 0;
    }

    static async Task<int> OpenApiAsync(WebApplication app, CancellationToken ct)
    {
        // The endpoints are known once the pipeline is built, and that is when it starts; nobody is told where.
        app.Urls.Clear();
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync(ct);
        await Console.Out.WriteAsync(await app.Services.GetRequiredService<OpenApiDocuments>().YamlAsync(PathString.Empty));
        return 0;
    }

    static async Task<int> CopyAsync(WebApplication app, string file, CancellationToken ct)
    {
        await app.Services.GetRequiredService<Database>().BackupAsync(file, ct);
        await Console.Out.WriteLineAsync($"Copied to {file}.");
        return 0;
    }

    static async Task<int> CheckAsync(WebApplication app, CancellationToken ct)
    {
        var faults = await app.Services.GetRequiredService<Database>().CheckAsync(ct);
        foreach (var fault in faults) await Console.Error.WriteLineAsync(fault);
        if (faults.Count > 0) return 1;
        await Console.Out.WriteLineAsync("The database is sound.");
        if (await app.Services.GetRequiredService<LogTruncation>().OwedSinceAsync(ct) is { } since)
        {
            await Console.Out.WriteLineAsync($"The log may have traces of messages that were erased since {since}, because something has been reading the database all the while. " +
                "The server removes them as soon as it can.");
        }
        return 0;
    }
}
