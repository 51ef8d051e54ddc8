using System.CommandLine;
using Api.Articles;
using Api.Contact.Housekeeping;
using Api.Data;

namespace Api.CommandLine;

/// <summary>Looking after the database's files.</summary>
static class DatabaseCommands
{
    public static IEnumerable<Command> Create(CommandRunner runner)
    {
        var target = new Argument<FileInfo>("file")
        {
            Description = "The new file. An existing one is never overwritten.",
        };
        var copy = new Argument<FileInfo>("file") { Description = "A copy that the backup command made." };
        var source = new Argument<DirectoryInfo>("folder") { Description = "The folder of the SQLite database." };
        return
        [
            runner.Create(
                "backup",
                "Copies the database to a file. The server can run meanwhile.",
                new CommandHelp("/backups/2026-07-01.db --Database:Folder=/var/lib/clinic/data", "Database:Folder"),
                (app, parsed, ct) => BackupAsync(app, parsed.GetRequiredValue(target).FullName, ct),
                target,
                logs: true
            ),
            runner.Create(
                "restore",
                "Replaces the database by a copy, and keeps the previous database beside it. The server must not run.",
                new CommandHelp("/backups/2026-07-01.db --Database:Folder=/var/lib/clinic/data", "Database:Folder"),
                (app, parsed, ct) => RestoreAsync(app, parsed.GetRequiredValue(copy).FullName, ct),
                copy,
                logs: true
            ),
            runner.Create(
                "move",
                "Copies a SQLite database into an empty PostgreSQL database. The server must not run. Nothing is "
                    + "changed in the SQLite database.",
                new CommandHelp(
                    "/var/lib/clinic/data --Database:ConnectionString=\"Host=db.example.com;Database=clinic\"",
                    "Database:ConnectionString"
                ),
                (app, parsed, ct) => MoveAsync(app, parsed.GetRequiredValue(source).FullName, ct),
                source,
                logs: true
            ),
            runner.Create(
                "schema",
                "Prints the schema of a new database as SQL.",
                new CommandHelp("> schema.sql"),
                PrintSchemaAsync
            ),
            runner.Create(
                "check",
                "Checks the database, and that the keys open its newest message.",
                new CommandHelp(
                    "--Database:Folder=/var/lib/clinic/data --Keys:Folder=/var/lib/clinic/keys",
                    "Database:ConnectionString",
                    "Database:Folder",
                    "Keys:Folder"
                ),
                CheckAsync,
                logs: true
            ),
        ];
    }

    static async Task<int> PrintSchemaAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
    {
        await Console.Out.WriteAsync(app.Services.GetRequiredService<Migrator>().DescribeSchema());
        return 0;
    }

    static async Task<int> BackupAsync(WebApplication app, string file, CancellationToken ct)
    {
        await app.Services.GetRequiredService<DatabaseMaintenance>().BackupAsync(file, ct);
        await Console.Out.WriteLineAsync($"Copied to {file}.");
        return 0;
    }

    static async Task<int> RestoreAsync(WebApplication app, string copy, CancellationToken ct)
    {
        var previous = await app.Services.GetRequiredService<DatabaseMaintenance>().RestoreAsync(copy, ct);
        var file = app.Services.GetRequiredService<Database>().Name;
        await Console.Out.WriteLineAsync($"{file} is restored.");
        if (previous is not null)
            await Console.Out.WriteLineAsync(
                $"The previous database is {previous}: delete it when you do not need it."
            );
        if (Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows())
        {
            await Console.Out.WriteLineAsync(
                "The restored files belong to root. If the program runs as another user, give them to that user: "
                    + $"chown -R USER {Path.GetDirectoryName(file)}"
            );
        }
        return 0;
    }

    static async Task<int> MoveAsync(WebApplication app, string folder, CancellationToken ct)
    {
        var move =
            app.Services.GetService<DatabaseMove>()
            ?? throw new StartupFault("Database:ConnectionString is missing: set it to an empty PostgreSQL database.");
        var tables = await move.RunAsync(folder, app.Services.GetRequiredService<ArticleStore>().IndexAllAsync, ct);
        foreach (var (table, rows) in tables)
            await Console.Out.WriteLineAsync($"{table}: {rows}");
        await Console.Out.WriteLineAsync(
            $"Everything is copied to {app.Services.GetRequiredService<Database>().Name}. Start the program with the "
                + "same Keys:Folder and the same Database:ConnectionString."
        );
        return 0;
    }

    static async Task<int> CheckAsync(WebApplication app, ParseResult parsed, CancellationToken ct)
    {
        var faults = await app.Services.GetRequiredService<DatabaseMaintenance>().CheckAsync(ct);
        // An older program's messages can be elsewhere in the database.
        if (faults.Count == 0 && await app.Services.GetRequiredService<Migrator>().IsUpToDateAsync(ct))
        {
            var keyFault = await app.Services.GetRequiredService<MessageKeys>().FindFaultAsync(ct);
            faults = keyFault is null ? [] : [keyFault];
        }
        foreach (var fault in faults)
            await Console.Error.WriteLineAsync(fault);
        if (faults.Count > 0)
            return 1;
        await Console.Out.WriteLineAsync("The database is sound.");
        if (await app.Services.GetRequiredService<Database>().FindOldestTraceAsync(ct) is { } since)
        {
            await Console.Out.WriteLineAsync(
                $"The log can still have traces of messages that were erased since {since}, because another program "
                    + "has been reading the database ever "
                    + "since. The server removes them as soon as it can."
            );
        }
        return 0;
    }
}
