using System.Diagnostics;
using Npgsql;

namespace Api.Tests;

/// <summary>
/// A PostgreSQL server of the tests' own, in a temporary folder and reachable by a Unix socket there. It is stopped and
/// deleted with this object, or when the test process ends in whatever way.
/// </summary>
sealed class PostgresServer : IDisposable
{
    const string MemoryFolder = "/dev/shm";
    const long SharedServerSize = 1L << 30;

    // The user, and a database that is always there.
    const string SuperUser = "postgres";

    const int Attempts = 100;

    // Several tests run at a time, and each can have several programs.
    const int PoolSize = 10,
        MaxConnections = 400;

    static readonly Lazy<PostgresServer> SharedServer = new(() => new PostgresServer(isDurable: false));

    // Its input ends when the test process does, even if that is killed.
    const string Guard = """
        trap '' INT TERM HUP
        exec >/dev/null 2>&1
        cat
        folder=$1
        shift
        "$@" -m immediate stop
        rm -rf "$folder"
        """;

    readonly DirectoryInfo folder;
    readonly string[] asUser;
    readonly string[] control;
    readonly Process guard;
    readonly bool isDurable;
    bool isDisposed;

    PostgresServer(bool isDurable)
    {
        var tools = Tools.Need("initdb", "pg_ctl", "sh");
        // PostgreSQL refuses to run as root.
        asUser = Environment.IsPrivilegedProcess
            ? [.. Tools.Need("setpriv"), $"--reuid={SuperUser}", $"--regid={SuperUser}", "--init-groups"]
            : [];
        this.isDurable = isDurable;
        folder = Directory.CreateDirectory(
            Path.Combine(isDurable ? Path.GetTempPath() : ChooseFolder(), $"clinic-postgres-{Path.GetRandomFileName()}")
        );
        var data = Path.Combine(folder.FullName, "data");
        control = [.. asUser, tools[1], $"--pgdata={data}"];
        guard = Process.Start(
            new ProcessStartInfo(tools[2], ["-c", Guard, "guard", folder.FullName, .. control])
            {
                RedirectStandardInput = true,
            }
        )!;
        try
        {
            if (asUser.Length > 0)
                Run(["chown", SuperUser, folder.FullName]);
            string[] cluster =
            [
                $"--username={SuperUser}",
                "--auth=trust",
                "--locale=C.UTF-8",
                "--encoding=UTF8",
                "--no-instructions",
                "--no-sync",
            ];
            Run([.. asUser, tools[0], $"--pgdata={data}", .. cluster]);
            Start();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The server that all tests share. It is quick, and loses everything in a power cut.</summary>
    public static PostgresServer Shared => SharedServer.Value;

    /// <summary>What the server has logged.</summary>
    public string Log => File.ReadAllText(LogFile);

    string LogFile => Path.Combine(folder.FullName, "log");

    /// <summary>Starts a server for one test, as durable as an operator's.</summary>
    public static PostgresServer StartDurable() => new(isDurable: true);

    public static void StopShared()
    {
        if (SharedServer.IsValueCreated)
            SharedServer.Value.Dispose();
    }

    /// <summary>Creates a database.</summary>
    /// <param name="name">Its name, of lower-case letters, digits and underscores.</param>
    /// <param name="template">The database that it is a copy of. Nobody may be connected to that one.</param>
    public void CreateDatabase(string name, string template = "template0") =>
        // Copying files costs less than logging each page of them: 16 ms and 28 ms, with dropping the database.
        Execute($"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");

    /// <summary>Drops a database, also while somebody is connected to it.</summary>
    public void DropDatabase(string name) => Execute($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");

    /// <summary>Renames a database, and ends all connections to it.</summary>
    public void RenameDatabase(string name, string newName)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Execute($"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
                Execute($"ALTER DATABASE {name} RENAME TO {newName}");
                return;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ObjectInUse && attempt < Attempts)
            {
                // Somebody has connected again meanwhile.
            }
        }
    }

    /// <summary>The value of <c>Database:ConnectionString</c> for a database.</summary>
    public string ConnectionString(string database) =>
        $"Host={folder.FullName};Username={SuperUser};Database={database};Maximum Pool Size={PoolSize}";

    /// <summary>Reads the files of a database, in which everything is that was committed so far.</summary>
    public Dictionary<string, byte[]> ReadFiles(string database)
    {
        Execute("CHECKPOINT");
        using var connection = new NpgsqlConnection(ConnectionString(database));
        connection.Open();
        using var command = new NpgsqlCommand(
            "SELECT oid::text FROM pg_database WHERE datname = current_database()",
            connection
        );
        var oid = (string)command.ExecuteScalar()!;
        return Directory
            .EnumerateFiles(Path.Combine(folder.FullName, "data", "base", oid))
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
    }

    /// <summary>Executes a statement in the database <c>postgres</c>.</summary>
    public void Execute(string sql)
    {
        // A pool would keep connections that the next stop of the server breaks.
        using var connection = new NpgsqlConnection($"{ConnectionString(SuperUser)};Pooling={!isDurable}");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>
    /// Changes a parameter of the server. Some, such as <c>max_connections</c>, take effect at the next start.
    /// </summary>
    public void Set(string parameter, string value)
    {
        Execute($"ALTER SYSTEM SET {parameter} = '{value}'");
        Execute("SELECT pg_reload_conf()");
    }

    /// <summary>Lets a role log in with its password only.</summary>
    public void RequirePassword(string role)
    {
        var file = Path.Combine(folder.FullName, "data", "pg_hba.conf");
        // The first line that matches counts.
        File.WriteAllText(file, $"local all {role} scram-sha-256\n{File.ReadAllText(file)}");
        Execute("SELECT pg_reload_conf()");
    }

    /// <summary>Starts the server after it was stopped.</summary>
    public void Start()
    {
        List<(string Name, string Value)> parameters =
        [
            ("listen_addresses", ""),
            ("unix_socket_directories", folder.FullName),
        ];
        if (!isDurable)
        {
            parameters.AddRange([
                ("max_connections", $"{MaxConnections}"),
                // Creating and dropping a database searches all of them.
                ("shared_buffers", "16MB"),
                // The program refuses to serve without synchronous_commit, which costs little without fsync.
                ("fsync", "off"),
                ("full_page_writes", "off"),
                ("wal_level", "minimal"),
                ("max_wal_senders", "0"),
                // It would hold up the copying of a database.
                ("autovacuum", "off"),
            ]);
        }
        var options = parameters.Select(parameter => $"-c {parameter.Name}='{parameter.Value}'");
        Run([.. control, $"--log={LogFile}", $"--options={string.Join(' ', options)}", "--wait", "start"]);
    }

    /// <summary>Stops the server as if the power had failed: every connection breaks, and nothing is tidied up.</summary>
    public void StopImmediately() => Run([.. control, "--mode=immediate", "--wait", "stop"]);

    /// <summary>Ends all connections, stops the server in an orderly way, and starts it.</summary>
    public void Restart()
    {
        Run([.. control, "--mode=fast", "--wait", "stop"]);
        Start();
    }

    public void Dispose()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        guard.StandardInput.Close();
        guard.WaitForExit();
        guard.Dispose();
    }

    // A memory file system is several times faster. In a container it can be tiny.
    static string ChooseFolder() =>
        Directory.Exists(MemoryFolder) && new DriveInfo(MemoryFolder).AvailableFreeSpace > SharedServerSize
            ? MemoryFolder
            : Path.GetTempPath();

    void Run(string[] command)
    {
        using var process = Process.Start(
            new ProcessStartInfo(command[0], command[1..])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder.FullName,
            }
        )!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException(
                $"{string.Join(' ', command)} has ended with {process.ExitCode}: {errors.Result}{output.Result}"
            );
    }
}
