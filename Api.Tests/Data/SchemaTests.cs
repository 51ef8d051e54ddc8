using System.Runtime.CompilerServices;
using Api.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data;

public sealed class SchemaTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static string SchemaFile([CallerFilePath] string file = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "db", $"schema.{Engine.Name}.sql"));

    [Fact]
    public async Task The_schema_file_describes_a_new_database()
    {
        var schema = api.App.Services.GetRequiredService<Migrator>().DescribeSchema();
        Assert.True(
            await File.ReadAllTextAsync(SchemaFile()) == schema,
            $"{SchemaFile()} is out of date: write to it what the command schema prints."
        );
    }

    [Fact]
    public async Task Every_table_of_a_database_in_use_is_in_it()
    {
        var schema = await File.ReadAllTextAsync(SchemaFile());
        var tables = await api.RowsAsync<string>(
            Engine.IsPostgres
                ? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
                : "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'virtual')"
        );
        string[] others = ["SchemaVersions", "schemaversions", "sqlite_schema", "sqlite_sequence"];
        Assert.All(tables.Except(others), table => Assert.Matches($"CREATE (VIRTUAL )?TABLE \"?{table}\\b", schema));
    }
}
