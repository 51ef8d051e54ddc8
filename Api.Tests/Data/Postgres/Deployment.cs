using Api.Data;
using Dapper;
using Npgsql;

namespace Api.Tests.Data.Postgres;

/// <summary>A PostgreSQL database and a folder of keys, which any number of instances of the program share.</summary>
sealed class Deployment : IDisposable
{
    /// <summary>The password of <see cref="Role"/>.</summary>
    public const string Password = "SECRET-1";

    static int deployments;

    readonly TempFolder folder = new();
    readonly bool ownsServer;

    Deployment(PostgresServer server, bool ownsServer, bool hasRole = false)
    {
        (Server, this.ownsServer) = (server, ownsServer);
        var number = Interlocked.Increment(ref deployments);
        Database = $"deployment_{number}";
        Role = hasRole ? $"clinic_{number}" : null;
    }

    public PostgresServer Server { get; }

    /// <summary>The name of the database.</summary>
    public string Database { get; }

    /// <summary>The role that the program logs in with; <c>null</c>: the superuser.</summary>
    public string? Role { get; }

    /// <summary>The value of <c>Database:ConnectionString</c>.</summary>
    public string ConnectionString =>
        Server.ConnectionString(Database) + (Role is null ? "" : $";Username={Role};Password={Password}");

    /// <summary>What the program calls the database in messages to its operator.</summary>
    public string Name => $"{Database} on {new NpgsqlConnectionStringBuilder(ConnectionString).Host}";

    /// <summary>The folder of the keys.</summary>
    public string Keys => folder.Keys;

    /// <summary>A folder for what else a test needs.</summary>
    public TempFolder Folder => folder;

    /// <summary>The settings of each instance.</summary>
    public string[] Settings => [$"--Database:ConnectionString={ConnectionString}", $"--Keys:Folder={Keys}"];

    /// <summary>An empty database on a durable server of its own.</summary>
    public static Deployment OnDurableServer()
    {
        var deployment = new Deployment(PostgresServer.StartDurable(), ownsServer: true);
        deployment.Server.CreateDatabase(deployment.Database);
        return deployment;
    }

    /// <summary>A database with content on the quick server that all tests share.</summary>
    public static async Task<Deployment> OnSharedServerAsync(PreparedDatabase? content = null)
    {
        var deployment = new Deployment(PostgresServer.Shared, ownsServer: false);
        await (content ?? PreparedDatabase.Seeded).CopyToPostgresAsync(deployment.Database);
        return deployment;
    }

    /// <summary>
    /// An empty database on a server that the caller disposes of. The program has a role of its own there, which needs
    /// its password.
    /// </summary>
    public static Deployment WithRole(PostgresServer server)
    {
        var deployment = new Deployment(server, ownsServer: false, hasRole: true);
        server.Execute($"CREATE ROLE {deployment.Role} LOGIN PASSWORD '{Password}'");
        server.RequirePassword(deployment.Role!);
        server.CreateDatabase(deployment.Database);
        server.Execute($"ALTER DATABASE {deployment.Database} OWNER TO {deployment.Role}");
        return deployment;
    }

    /// <summary>Starts an instance in this process.</summary>
    public Task<ApiFactory> StartAsync(params string[] settings) =>
        ApiFactory.StartAsync(factory => factory.Settings.AddRange([.. Settings, .. settings]));

    /// <summary>Starts an instance as a process, and waits until it is ready.</summary>
    public Task<(ApiProcess Process, HttpClient Client)> ServeAsync(params string[] settings) =>
        ApiProcess.ServeAsync([.. Settings, .. settings]);

    /// <summary>Executes SQL as the superuser.</summary>
    public void Execute(string sql)
    {
        using var connection = Open();
        connection.Execute(sql);
    }

    /// <summary>Reads the first column of the first row.</summary>
    public T Query<T>(string sql)
    {
        using var connection = Open();
        return connection.ExecuteScalar<T>(sql)!;
    }

    /// <summary>Reads all rows.</summary>
    public T[] Rows<T>(string sql)
    {
        using var connection = Open();
        return [.. connection.Query<T>(sql)];
    }

    /// <summary>The number of rows of each table that the move command copies.</summary>
    public Dictionary<string, long> CountRows() =>
        DatabaseMove.Tables.ToDictionary(table => table, table => Query<long>($"SELECT count(*) FROM {table}"));

    // A pool would keep connections that the next stop of the server breaks.
    NpgsqlConnection Open()
    {
        var connection = new NpgsqlConnection($"{Server.ConnectionString(Database)};Pooling=false");
        connection.Open();
        return connection;
    }

    public void Dispose()
    {
        if (ownsServer)
            Server.Dispose();
        else
            Server.DropDatabase(Database);
        folder.Dispose();
    }
}
