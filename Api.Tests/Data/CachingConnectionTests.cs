using Api.Data.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Tests.Data;

[SqliteOnly("Statements that are kept")]
public sealed class CachingConnectionTests
{
    static CachingConnection Open()
    {
        var connection = new CachingConnection("Data Source=:memory:");
        connection.Open();
        connection.Execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
        return connection;
    }

    [Fact]
    public async Task A_statement_gets_the_values_of_each_call()
    {
        await using var connection = Open();
        for (var n = 1; n <= 3; n++)
            await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new { n });
        await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new[] { new { n = 4 }, new { n = 5 } });
        Assert.Equal([1, 2, 3, 4, 5], await connection.QueryAsync<int>("SELECT n FROM numbers ORDER BY n"));
        Assert.Equal(
            [2, 5],
            await connection.QueryAsync<int>(
                "SELECT n FROM numbers WHERE n IN @some ORDER BY n",
                new { some = new[] { 2, 5 } }
            )
        );
        Assert.Equal(
            [1],
            await connection.QueryAsync<int>(
                "SELECT n FROM numbers WHERE n IN @some ORDER BY n",
                new { some = new[] { 1 } }
            )
        );
        const string Between = "UPDATE numbers SET n = n + @more WHERE n IN @some AND n < @end";
        for (var times = 0; times < 3; times++)
            Assert.Equal(
                2,
                await connection.ExecuteAsync(
                    Between,
                    new
                    {
                        more = 10,
                        some = new[] { 1 + 10 * times, 2 + 10 * times, 99 },
                        end = 98,
                    }
                )
            );
        Assert.Equal([3, 4, 5, 31, 32], await connection.QueryAsync<int>("SELECT n FROM numbers ORDER BY n"));
        Assert.Null(await connection.ExecuteScalarAsync<int?>("SELECT @n", new { n = (int?)null }));
        Assert.Equal(7, await connection.ExecuteScalarAsync<int?>("SELECT @n", new { n = (int?)7 }));
    }

    [Fact]
    public async Task A_statement_can_run_while_another_command_still_reads_with_it()
    {
        await using var connection = Open();
        await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (1), (2), (3)");
        const string Sql = "SELECT n FROM numbers ORDER BY n";
        List<string> pairs = [];
        foreach (var outer in connection.Query<int>(Sql, buffered: false))
            pairs.Add($"{outer}: {string.Join(' ', connection.Query<int>(Sql, buffered: false))}");
        Assert.Equal(["1: 1 2 3", "2: 1 2 3", "3: 1 2 3"], pairs);
    }

    [Fact]
    public async Task A_statement_that_failed_works_again_and_so_it_does_after_a_change_of_the_schema_and_in_a_transaction()
    {
        await using var connection = Open();
        await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new { n = 1 });
        await Assert.ThrowsAsync<SqliteException>(() =>
            connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new { n = 1 })
        );
        await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new { n = 2 });
        await connection.ExecuteAsync("ALTER TABLE numbers ADD COLUMN name TEXT");
        await using (var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
        {
            await connection.ExecuteAsync("INSERT INTO numbers (n) VALUES (@n)", new { n = 3 }, transaction);
        }
        Assert.Equal([1, 2], await connection.QueryAsync<int>("SELECT n FROM numbers ORDER BY n"));
    }
}
