using System.Data.Common;
using System.Reflection;
using Dapper;
using DbUp.Builder;
using DbUp.Engine;

namespace Api.Data;

/// <summary>
/// Brings the schema up to date with the scripts of <c>db/migrations</c>, which are embedded in the program. They run
/// in the order of their names, each once and in a transaction. DbUp keeps the journal.
/// </summary>
abstract partial class Migrator(Database db, string folder, ILogger log)
{
    /// <inheritdoc cref="ListScripts"/>
    public IReadOnlyList<SqlScript> Scripts { get; init; } = ListScripts(folder);

    /// <exception cref="StartupFault">
    /// A script failed and was rolled back, or the database is newer than the program.
    /// </exception>
    public abstract void Migrate();

    /// <summary>The schema of an up-to-date database, as SQL.</summary>
    public abstract string DescribeSchema();

    /// <summary>The condition that DbUp's journal exists.</summary>
    protected abstract string JournalExists { get; }

    /// <summary>Runs the scripts that have not run yet.</summary>
    /// <param name="connection">A connection that reads the journal.</param>
    /// <param name="target">DbUp's builder for the same database.</param>
    protected void Migrate(DbConnection connection, Func<UpgradeEngineBuilder> target)
    {
        if (Pending(Journal(connection)).Count == 0)
            return;

        var result = target()
            .WithScripts(Scripts)
            .WithScriptNameComparer(StringComparer.Ordinal)
            .WithTransactionPerScript()
            .WithVariablesDisabled()
            .LogToNowhere()
            .Build()
            .PerformUpgrade();
        foreach (var script in result.Scripts)
            LogMigrated(log, script.Name);
        if (!result.Successful)
        {
            throw new StartupFault(
                $"Migration {result.ErrorScript?.Name} failed and was rolled back, the database is as "
                    + $"it was before it: {result.Error.Message.Split('\n')[0]}",
                result.Error
            );
        }
    }

    /// <returns>
    /// True when every script of this program has run. A newer program may have run more: a migration leaves the
    /// database usable for the version before, so that instances can be upgraded one after the other.
    /// </returns>
    public Task<bool> IsUpToDateAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
            {
                var journal = Journal(connection);
                return Task.FromResult(Scripts.All(script => journal.Contains(script.Name)));
            },
            ct
        );

    List<string> Pending(HashSet<string> journal)
    {
        var known = Scripts.Select(script => script.Name).ToHashSet(StringComparer.Ordinal);
        var newer = journal.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault();
        return newer is null
            ? [.. known.Where(name => !journal.Contains(name))]
            : throw new StartupFault(
                $"The database {db.Name} is newer than this program (it has had migration {newer}): "
                    + "start the program's newer version or restore a backup from before the upgrade."
            );
    }

    HashSet<string> Journal(DbConnection connection) =>
        connection.ExecuteScalar<bool>($"SELECT EXISTS ({JournalExists})")
            ? connection.Query<string>("SELECT ScriptName FROM SchemaVersions").ToHashSet(StringComparer.Ordinal)
            : [];

    /// <summary>The scripts of this program for an engine, by name.</summary>
    /// <param name="folder">The folder in <c>db/migrations</c>.</param>
    public static IReadOnlyList<SqlScript> ListScripts(string folder)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var prefix = $"migrations/{folder}/";
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(name => SqlScript.FromStream(name[prefix.Length..], assembly.GetManifestResourceStream(name)!)),
        ];
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Migration {Script} applied")]
    static partial void LogMigrated(ILogger log, string script);
}
