using System.Net;
using System.Text.RegularExpressions;
using Api.Data;
using Api.Data.Postgres;
using Api.Tests.Contact;
using Npgsql;

namespace Api.Tests.Data.Postgres;

/// <summary>Whatever keeps PostgreSQL from storing messages, at the start and later.</summary>
[AnyEngine]
public sealed partial class ServerFaultTests(ServerFaultTests.OwnServer own)
    : IClassFixture<ServerFaultTests.OwnServer>,
        IAsyncLifetime
{
    const StringComparison Ordinal = StringComparison.Ordinal;

    const string NothingStored = "The server cannot store or read anything at the moment.";

    readonly Deployment deployment = Deployment.WithRole(own.Server);
    readonly CancellationTokenSource patience = new(TimeSpan.FromMinutes(1));
    ApiFactory api = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (api is not null)
            await api.DisposeAsync();
        deployment.Dispose();
        patience.Dispose();
    }

    /// <summary>A server for the tests of this class, which run one after the other.</summary>
    public sealed class OwnServer : IDisposable
    {
        // Started by the first test, which is skipped without PostgreSQL.
        readonly Lazy<PostgresServer> server = new(() =>
        {
            var server = PostgresServer.StartDurable();
            server.Set("max_connections", "20");
            server.Restart();
            return server;
        });

        internal PostgresServer Server => server.Value;

        public void Dispose()
        {
            if (server.IsValueCreated)
                server.Value.Dispose();
        }
    }

    [Fact]
    public async Task A_server_that_is_read_only()
    {
        api = await deployment.StartAsync();
        await CheckAsync(
            StorageFault.ReadOnly,
            () => own.Server.Set("default_transaction_read_only", "on"),
            () => own.Server.Set("default_transaction_read_only", "off"),
            NothingStored,
            "The database cannot be written to."
        );
    }

    [Fact]
    public async Task A_server_whose_connections_others_have_taken()
    {
        api = await deployment.StartAsync();
        List<NpgsqlConnection> others = [];
        await CheckAsync(
            StorageFault.Busy,
            () =>
            {
                EndConnections();
                while (TryConnect() is { } connection)
                    others.Add(connection);
            },
            () => others.ForEach(connection => connection.Dispose()),
            "The database is busy.",
            "The database does not answer."
        );

        NpgsqlConnection? TryConnect()
        {
            var connection = new NpgsqlConnection($"{deployment.ConnectionString};Pooling=false");
            try
            {
                connection.Open();
                return connection;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                connection.Dispose();
                return null;
            }
        }
    }

    [Fact]
    public async Task A_table_that_another_program_has_locked_for_longer_than_a_command_may_take()
    {
        api = await deployment.StartAsync(
            $"--Database:ConnectionString={deployment.ConnectionString};Command Timeout=1"
        );
        using var connection = new NpgsqlConnection($"{deployment.ConnectionString};Pooling=false");
        NpgsqlTransaction? transaction = null;
        await CheckAsync(
            StorageFault.Busy,
            () =>
            {
                connection.Open();
                transaction = connection.BeginTransaction();
                using var command = new NpgsqlCommand("LOCK TABLE submissions", connection);
                command.ExecuteNonQuery();
            },
            () => transaction!.Rollback(),
            "The database is busy.",
            // Others can be stored.
            readiness: null
        );
    }

    [Fact]
    public async Task A_database_that_was_renamed()
    {
        api = await deployment.StartAsync();
        await CheckAsync(
            StorageFault.Unreachable,
            () =>
            {
                own.Server.RenameDatabase(deployment.Database, "away");
                EndConnections();
            },
            () => own.Server.RenameDatabase("away", deployment.Database),
            NothingStored,
            "The database does not answer."
        );
    }

    [Fact]
    public async Task A_role_whose_password_was_changed()
    {
        api = await deployment.StartAsync();
        await CheckAsync(
            StorageFault.Unreachable,
            () =>
            {
                own.Server.Execute($"ALTER ROLE {deployment.Role} PASSWORD 'SECRET-2'");
                EndConnections();
            },
            () => own.Server.Execute($"ALTER ROLE {deployment.Role} PASSWORD '{Deployment.Password}'"),
            NothingStored,
            "The database does not answer."
        );
    }

    [Theory]
    [InlineData("INSERT ON submissions")]
    [InlineData("SELECT ON submissions")]
    [InlineData("CONNECT ON DATABASE")]
    public async Task A_role_that_has_lost_a_right(string right)
    {
        if (right.EndsWith("DATABASE", Ordinal))
            right += $" {deployment.Database}";
        api = await deployment.StartAsync();
        await CheckAsync(
            StorageFault.Forbidden,
            () =>
            {
                deployment.Execute($"REVOKE {right} FROM {deployment.Role}, PUBLIC");
                EndConnections();
            },
            () => deployment.Execute($"GRANT {right} TO {deployment.Role}"),
            NothingStored,
            // Whether everything else is there.
            right.Contains("submissions", Ordinal)
                ? null
                : "The database does not answer."
        );
    }

    [Fact]
    public async Task A_disk_that_is_full()
    {
        api = await deployment.StartAsync();
        IAsyncDisposable? full = null;
        await CheckAsync(
            StorageFault.Full,
            () => full = api.FillDiskAsync().GetAwaiter().GetResult(),
            () => full!.DisposeAsync().AsTask().GetAwaiter().GetResult(),
            "There is no room left to store this.",
            readiness: null,
            status: 507,
            type: "storage-full"
        );
    }

    /// <summary>
    /// Lets something be wrong for a while. Messages are refused then, without details in the answer and with a line a
    /// minute in the log, and stored afterwards.
    /// </summary>
    async Task CheckAsync(
        StorageFault fault,
        Action begin,
        Action end,
        string detail,
        string? readiness,
        int status = 503,
        string type = "busy"
    )
    {
        await api.ReceivedAsync(Submissions.Valid());
        // The outbox writes at the start, too, and must not be the first to report a fault.
        while (!api.Log.Text.Contains("Notifications: ", Ordinal))
            await Task.Delay(1, patience.Token);
        begin();
        // A session learns of a new parameter before its next command, as a rule.
        while (await TrySendAsync())
            await Task.Delay(1, patience.Token);
        for (var i = 0; i < 3; i++)
            Assert.False(await TrySendAsync());
        Assert.Equal(1, CountReports());
        Assert.Contains(fault.Sentence(), api.Log.Text, Ordinal);
        if (readiness is not null)
        {
            using var ready = await api.Client.GetAsync("/health/ready", patience.Token);
            await JsonAssert.ProblemAsync(ready, 503, "busy", readiness);
        }
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.False(await TrySendAsync());
        Assert.Equal(2, CountReports());
        foreach (var text in new[] { "Npgsql", "PostgresException", "SECRET", "   at " })
            Assert.DoesNotContain(text, api.Log.Text, Ordinal);

        end();
        while (await api.Client.GetAsync("/health/ready", patience.Token) is { StatusCode: not HttpStatusCode.OK })
            await Task.Delay(1, patience.Token);
        while (!await TrySendAsync())
            await Task.Delay(1, patience.Token);

        async Task<bool> TrySendAsync()
        {
            using var response = await api.SubmitAsync(Submissions.Valid(("message", "Another.")));
            if (response.StatusCode == HttpStatusCode.Created)
                return true;
            await JsonAssert.ProblemAsync(response, status, type, detail);
            Assert.NotNull(response.Headers.RetryAfter);
            return false;
        }
    }

    int CountReports() => OnceAMinute().Count(api.Log.Text);

    /// <summary>Ends the program's connections. It notices, and opens new ones.</summary>
    void EndConnections()
    {
        own.Server.Execute(
            $"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '{deployment.Role}'"
        );
        ((PostgresDatabase)api.Database).Source.Clear();
    }

    [GeneratedRegex("reported once a minute")]
    private static partial Regex OnceAMinute();

    /// <summary>
    /// What is wrong: the end of the connection string, and SQL before the start ({0} is the database, {1} the role).
    /// Then the sentence that stops the start ({0} is the name of the database).
    /// </summary>
    public static TheoryData<string, string, string> Starts =>
        new()
        {
            {
                "Host=/nowhere",
                "",
                "The database {0} on /nowhere cannot be opened: check the server and Database:ConnectionString. "
                    + "(Failed to connect to /nowhere/.s.PGSQL.5432)"
            },
            { "Password=SECRET-2", "", Unopened("28P01: password authentication failed for user \"{1}\"") },
            { "Username=nobody", "", Unopened("28000: role \"nobody\" does not exist") },
            { "", "DROP DATABASE {0}", Unopened("3D000: database \"{0}\" does not exist") },
            {
                "",
                "REVOKE CONNECT ON DATABASE {0} FROM PUBLIC, {1}",
                Unopened("42501: permission denied for database \"{0}\"")
            },
            {
                "",
                "ALTER DATABASE {0} CONNECTION LIMIT 0",
                Unopened("53300: too many connections for database \"{0}\"")
            },
            {
                "",
                "ALTER DATABASE {0} SET synchronous_commit = off",
                "The database {2} has synchronous_commit off, so a crash would lose messages that were acknowledged: "
                    + "set it to on for this program's role (ALTER ROLE … SET synchronous_commit = on)."
            },
            {
                "",
                "ALTER DATABASE {0} SET default_transaction_read_only = on",
                "The database {2} is read-only: connect to the primary server."
            },
            {
                "",
                "DROP DATABASE {0}; CREATE DATABASE {0} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0 OWNER {1}",
                "The database {2} has the encoding LATIN1: create one with ENCODING 'UTF8'."
            },
            {
                "",
                "ALTER DATABASE {0} OWNER TO postgres",
                "Migration 0001_schema.sql failed and was rolled back, the database is as it was before it: "
                    + "42501: permission denied for schema public"
            },
        };

    static string Unopened(string reason) =>
        $"The database {"{2}"} cannot be opened: check the server and Database:ConnectionString. ({reason})";

    [Theory]
    [MemberData(nameof(Starts))]
    public async Task A_server_that_cannot_be_used_stops_the_start_with_one_sentence(
        string settings,
        string sql,
        string sentence
    )
    {
        foreach (var statement in sql.Split("; ", StringSplitOptions.RemoveEmptyEntries))
            own.Server.Execute(Fill(statement));
        string[] args =
        [
            "--Urls=http://127.0.0.1:0",
            $"--Database:ConnectionString={deployment.ConnectionString};{settings}",
            $"--Keys:Folder={deployment.Keys}",
        ];
        var start = await Command.RunAsync(args).WaitAsync(patience.Token);
        Assert.Equal((1, "", $"{Fill(sentence)}\n"), start);

        string Fill(string text) => string.Format(null, text, deployment.Database, deployment.Role, deployment.Name);
    }

    [Theory]
    [InlineData("ALTER DATABASE {0} SET synchronous_commit = off")]
    [InlineData("ALTER DATABASE {0} SET default_transaction_read_only = on")]
    public async Task A_server_that_has_become_unsafe_stops_the_next_start(string sql)
    {
        await using (await deployment.StartAsync()) { }
        own.Server.Execute(string.Format(null, sql, deployment.Database));
        var fault = await Assert.ThrowsAsync<StartupFault>(() => deployment.StartAsync());
        Assert.StartsWith($"The database {deployment.Name} ", fault.Message, Ordinal);
    }

    [Fact]
    public async Task The_password_is_in_no_output_of_a_process()
    {
        own.Server.Execute($"ALTER ROLE {deployment.Role} PASSWORD 'SECRET-2'");
        var (exitCode, output, errors) = await ApiProcess.RunAsync([
            .. deployment.Settings,
            "--Logging:LogLevel:Default=Trace",
        ]);
        Assert.Equal(1, exitCode);
        Assert.Contains("password authentication failed", errors, Ordinal);
        Assert.DoesNotContain("SECRET", output + errors, Ordinal);
    }
}
