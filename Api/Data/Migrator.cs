using System.Data.Common;
using System.Reflection;
using Api.Data.Sqlite;
using Dapper;
using DbUp;
using DbUp.Engine;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;

namespace Api.Data;

/// <summary>
/// Brings the schema up to date with the scripts of <c>db/migrations</c>, which are embedded in the program. They run
/// in the order of their names, each once and in a transaction. DbUp keeps the journal.
/// </summary>
sealed partial class Migrator(SqliteDatabase db, ILogger<Migrator> log)
{
    /// <summary>The scripts of this program, by name.</summary>
    public IReadOnlyList<SqlScript> Scripts { get; init; } =
    [.. Embedded().OrderBy(script => script.Name, StringComparer.Ordinal)];

    /// <exception cref="StartupFault">
    /// A script failed and was rolled back, or the database is newer than the program.
    /// </exception>
    public void Migrate()
    {
        using var connection = db.OpenForWriting();
        Migrate(connection);
    }

    /// <summary>The schema of an up-to-date database, as SQL.</summary>
    public string DescribeSchema()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Migrate(connection);
        // Without the journal, and the tables that SQLite makes for a full-text index.
        var statements = connection.Query<string>(
            """
            SELECT sql
            FROM sqlite_schema
            WHERE sql IS NOT NULL
              AND tbl_name <> 'SchemaVersions'
              AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
            ORDER BY tbl_name, type = 'table' DESC, name
            """
        );
        return "-- The schema as it is now. Written by the schema command; a test compares it with a new database.\n\n"
            + string.Join("\n\n", statements.Select(statement => statement + ";"))
            + "\n";
    }

    void Migrate(SqliteConnection connection)
    {
        if (Pending(Journal(connection)).Count == 0)
            return;

        using var shared = new SharedConnection(connection);
        var result = DeployChanges
            .To.SqliteDatabase(shared)
            .WithScripts(Scripts)
            .WithScriptNameComparer(StringComparer.Ordinal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        foreach (var script in result.Scripts)
            LogMigrated(script.Name);
        if (!result.Successful)
        {
            throw new StartupFault(
                $"Migration {result.ErrorScript?.Name} failed and was rolled back, the database is as "
                    + $"it was before it: {result.Error.Message}",
                result.Error
            );
        }
    }

    /// <returns>True when every script of this program has run.</returns>
    public Task<bool> IsUpToDateAsync(CancellationToken ct) =>
        db.ReadAsync(connection => Task.FromResult(Pending(Journal(connection)).Count == 0), ct);

    List<string> Pending(HashSet<string> journal)
    {
        var known = Scripts.Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        var newer = journal.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault();
        return newer is null
            ? [.. known.Where(name => !journal.Contains(name))]
            : throw new StartupFault(
                $"The database {db.File} is newer than this program (it has had migration {newer}): "
                    + "start the program's newer version or restore a backup from before the upgrade."
            );
    }

    static HashSet<string> Journal(DbConnection connection)
    {
        var exists = connection.ExecuteScalar<bool>(
            "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersions')"
        );
        return exists
            ? connection.Query<string>("SELECT ScriptName FROM SchemaVersions").ToHashSet(StringComparer.Ordinal)
            : [];
    }

    static IEnumerable<SqlScript> Embedded()
    {
        var assembly = Assembly.GetExecutingAssembly();
        foreach (
            var name in assembly
                .GetManifestResourceNames()
                .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
        )
            yield return SqlScript.FromStream(name, assembly.GetManifestResourceStream(name)!);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Script} applied")]
    partial void LogMigrated(string script);
}
