using System.Collections.Concurrent;
using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestPipelineStartup(typeof(Api.Tests.Engine.RunOfTests))]

namespace Api.Tests;

/// <summary>
/// The database engine that the tests use: SQLite, or PostgreSQL when the environment has <c>ENGINE=postgres</c>. Tests
/// name a database by the folder that SQLite would have it in. On PostgreSQL each such folder stands for a database of
/// <see cref="PostgresServer.Shared"/>.
/// </summary>
static class Engine
{
    const string FolderSetting = "--Database:Folder=";

    static readonly ConcurrentDictionary<string, Lazy<string>> Databases = new();
    static int databases;

    public static bool IsPostgres => Choose(Environment.GetEnvironmentVariable("ENGINE"));

    /// <summary>The engine, as its files in <c>db</c> are named.</summary>
    public static string Name => IsPostgres ? "postgres" : "sqlite";

    /// <summary>Whether an engine is PostgreSQL.</summary>
    /// <param name="name">The value of <c>ENGINE</c>.</param>
    public static bool Choose(string? name) =>
        name switch
        {
            null or "" or "sqlite" => false,
            "postgres" => true,
            _ => throw new InvalidOperationException($"ENGINE is '{name}': set it to sqlite or postgres."),
        };

    /// <summary>Changes the settings of a program so that it uses this engine.</summary>
    public static string[] Translate(params IReadOnlyList<string> settings)
    {
        if (!IsPostgres || FindFolder(settings) is not { } folder)
            return [.. settings];
        return
        [
            .. settings.Where(setting => !IsFolder(setting)),
            $"--Database:ConnectionString={FindDatabase(folder)}",
        ];
    }

    /// <summary>The folder of the database in the settings of a program.</summary>
    public static string? FindFolder(IReadOnlyList<string> settings) =>
        settings.LastOrDefault(IsFolder)?[FolderSetting.Length..];

    /// <summary>The connection string of the PostgreSQL database that a folder stands for.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="template">The database to copy when there is none yet.</param>
    public static string FindDatabase(string folder, string template = "template0") =>
        Databases
            .GetOrAdd(
                Path.GetFullPath(folder),
                _ => new Lazy<string>(() => CreateDatabase($"test_{Interlocked.Increment(ref databases)}", template))
            )
            .Value;

    /// <summary>Drops the PostgreSQL databases that a folder and those below it stand for.</summary>
    public static void DropDatabases(string folder)
    {
        foreach (
            var path in Databases.Keys.Where(path =>
                path == folder || path.StartsWith(folder + '/', StringComparison.Ordinal)
            )
        )
        {
            if (Databases.TryRemove(path, out var database))
                PostgresServer.Shared.DropDatabase(new NpgsqlConnectionStringBuilder(database.Value).Database!);
        }
    }

    /// <summary>Opens a connection to the database of a folder.</summary>
    public static DbConnection OpenConnection(string folder)
    {
        DbConnection connection = IsPostgres
            ? new NpgsqlConnection($"{FindDatabase(folder)};Pooling=false")
            : new SqliteConnection($"Data Source={Path.Combine(folder, "clinic.db")};Mode=ReadWrite;Pooling=False");
        connection.Open();
        return connection;
    }

    /// <summary>Executes SQL in the database of a folder.</summary>
    public static void Execute(string folder, string sql)
    {
        using var connection = OpenConnection(folder);
        connection.Execute(sql);
    }

    /// <summary>Reads the first column of the first row, from the database of a folder.</summary>
    public static T Query<T>(string folder, string sql)
    {
        using var connection = OpenConnection(folder);
        return connection.ExecuteScalar<T>(sql)!;
    }

    /// <summary>Takes the database of a folder away from the program that uses it.</summary>
    /// <returns>Disposing it puts it back.</returns>
    public static IDisposable Hide(string folder)
    {
        if (!IsPostgres)
        {
            var file = Path.Combine(folder, "clinic.db");
            File.Move(file, file + ".away");
            return new Undo(() => File.Move(file + ".away", file));
        }
        var name = new NpgsqlConnectionStringBuilder(FindDatabase(folder)).Database!;
        PostgresServer.Shared.RenameDatabase(name, name + "_away");
        return new Undo(() => PostgresServer.Shared.RenameDatabase(name + "_away", name));
    }

    /// <summary>Reads the files of a folder's database as they are on the disk.</summary>
    public static Dictionary<string, byte[]> ReadFiles(string folder)
    {
        if (IsPostgres)
            return PostgresServer.Shared.ReadFiles(Query<string>(folder, "SELECT current_database()"));
        return Directory
            .EnumerateFiles(folder)
            .ToDictionary(
                file => file,
                file =>
                {
                    using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
                    var bytes = new byte[stream.Length];
                    stream.ReadExactly(bytes);
                    return bytes;
                }
            );
    }

    /// <summary>How the engine says that a table is missing.</summary>
    public static string NoTable(string name) => IsPostgres ? "42P01: relation " : $"no such table: {name}";

    static string CreateDatabase(string name, string template)
    {
        PostgresServer.Shared.CreateDatabase(name, template);
        return PostgresServer.Shared.ConnectionString(name);
    }

    static bool IsFolder(string setting) => setting.StartsWith(FolderSetting, StringComparison.Ordinal);

    sealed class Undo(Action undo) : IDisposable
    {
        public void Dispose() => undo();
    }

    /// <summary>Checks <c>ENGINE</c> before the first test, and stops the server after the last.</summary>
    public sealed class RunOfTests : ITestPipelineStartup
    {
        public ValueTask StartAsync(IMessageSink diagnosticMessageSink)
        {
            _ = IsPostgres;
            return ValueTask.CompletedTask;
        }

        public ValueTask StopAsync()
        {
            PostgresServer.StopShared();
            return ValueTask.CompletedTask;
        }
    }
}
