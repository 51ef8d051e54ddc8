using System.Runtime.CompilerServices;
using Api.Data;
using Api.Tests.Contact;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data;

public sealed class SchemaTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static string SchemaFile([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "db", "schema.sqlite.sql"));

    [Fact]
    public async Task The_schema_file_describes_a_new_database()
    {
        var schema = api.App.Services.GetRequiredService<Migrator>().DescribeSchema();
        Assert.True(
            await File.ReadAllTextAsync(SchemaFile()) == schema,
            "db/schema.sqlite.sql is out of date: run `dotnet run --project Api -- schema > db/schema.sqlite.sql`."
        );
    }

    [Fact]
    public async Task Every_table_of_a_database_in_use_is_in_it()
    {
        var schema = await File.ReadAllTextAsync(SchemaFile());
        var tables = await api.QueryAsync<string>(
            "SELECT group_concat(name) FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
        );
        string[] others = ["SchemaVersions", "sqlite_schema", "sqlite_sequence"];
        Assert.All(
            tables.Split(',').Except(others),
            table => Assert.Matches($"CREATE (VIRTUAL )?TABLE \"?{table}\\b", schema)
        );
    }
}
