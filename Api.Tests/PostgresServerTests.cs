using Npgsql;

namespace Api.Tests;

/// <summary>The server that tests kill and restart.</summary>
[AnyEngine]
public sealed class PostgresServerTests : IDisposable
{
    readonly PostgresServer server = PostgresServer.StartDurable();

    public void Dispose() => server.Dispose();

    T Query<T>(string sql)
    {
        using var connection = new NpgsqlConnection($"{server.ConnectionString("postgres")};Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    [Fact]
    public void What_was_committed_is_still_there_after_an_immediate_stop()
    {
        foreach (var parameter in new[] { "fsync", "synchronous_commit", "full_page_writes" })
            Assert.Equal("on", Query<string>($"SHOW {parameter}"));
        server.Execute("CREATE TABLE numbers AS SELECT 42 AS number");
        server.StopImmediately();
        Assert.ThrowsAny<NpgsqlException>(() => Query<int>("SELECT number FROM numbers"));
        server.Start();
        Assert.Equal(42, Query<int>("SELECT number FROM numbers"));
        Assert.Contains("database system was not properly shut down", server.Log, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_are_changed_at_once_or_by_a_restart()
    {
        server.Set("default_transaction_read_only", "on");
        var refused = Assert.Throws<PostgresException>(() => server.Execute("CREATE TABLE numbers (number INT)"));
        Assert.Equal(PostgresErrorCodes.ReadOnlySqlTransaction, refused.SqlState);
        server.Set("default_transaction_read_only", "off");
        server.Execute("CREATE TABLE numbers (number INT)");

        server.Set("max_connections", "7");
        server.Restart();
        Assert.Equal("7", Query<string>("SHOW max_connections"));
    }

    [Fact]
    public void Nothing_is_left_of_it()
    {
        var folder = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres")).Host!;
        Assert.True(Directory.Exists(folder));
        using var another = PostgresServer.StartDurable();
        server.Dispose();
        Assert.False(Directory.Exists(folder));
    }
}
