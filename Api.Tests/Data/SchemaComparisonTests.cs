using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Tests.Data;

/// <summary>
/// Both engines have the same tables. It compares the two files that describe them, which <see cref="SchemaTests"/>
/// holds against the databases.
/// </summary>
[AnyEngine]
public sealed partial class SchemaComparisonTests
{
    // Full-text search is each engine's own. Only SQLite has a log to truncate.
    static readonly string[] OwnTables = ["article_search", "owed_log_truncations", "sqlite_sequence"];
    static readonly string[] OwnColumns = ["article_words.stem"];

    [Fact]
    public void Both_engines_have_the_same_columns_and_nullability()
    {
        var sqlite = ReadSqlite().SelectMany(table => table.Columns).ToArray();
        Assert.Equal(sqlite, ReadPostgres().SelectMany(table => table.Columns));
        Assert.True(sqlite.Length > 80, $"{sqlite.Length}");
    }

    [Fact]
    public void Both_engines_have_the_same_unique_keys()
    {
        var sqlite = ReadSqlite().SelectMany(table => table.Keys).ToArray();
        Assert.Equal(sqlite, ReadPostgres().SelectMany(table => table.Keys));
        Assert.True(sqlite.Length > 15, $"{sqlite.Length}");
    }

    [Fact]
    public void Text_is_compared_by_its_bytes_on_PostgreSQL_as_on_SQLite()
    {
        var text = TextColumn().Matches(ReadFile("postgres"));
        Assert.True(text.Count > 60, $"{text.Count}");
        Assert.All(text, column => Assert.Contains(" COLLATE \"C\"", column.Value, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_table_is_moved_or_made_anew()
    {
        string[] notMoved = ["content_version", "article_words"];
        Assert.Equal(
            ReadPostgres().Select(table => table.Name).Except(notMoved),
            Api.Data.DatabaseMove.Tables.Order(StringComparer.Ordinal)
        );
    }

    sealed record Table(string Name, IReadOnlyList<string> Columns, IReadOnlyList<string> Keys);

    static IReadOnlyList<Table> ReadSqlite()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        connection.Execute(
            ReadFile("sqlite").Replace("CREATE TABLE sqlite_sequence(name,seq);", "", StringComparison.Ordinal)
        );
        var names = connection.Query<string>(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name <> 'sqlite_schema'"
        );
        return
        [
            .. names
                .Except(OwnTables)
                .Order(StringComparer.Ordinal)
                .Select(name => new Table(
                    name,
                    Sort(
                        connection.Query<string>(
                            """
                            SELECT @name || '.' || name || CASE WHEN "notnull" OR pk > 0 THEN ' NOT NULL' ELSE '' END
                            FROM pragma_table_info(@name)
                            """,
                            new { name }
                        )
                    ),
                    Sort(
                        connection.Query<string>(
                            """
                            SELECT @name || ' (' || group_concat(name, ', ') || ')'
                            FROM (SELECT name FROM pragma_table_info(@name) WHERE pk > 0 ORDER BY pk)
                            HAVING count(*) > 0
                            UNION
                            SELECT @name || ' (' || (SELECT group_concat(name, ', ') FROM pragma_index_info(i.name)) || ')'
                            FROM pragma_index_list(@name) i
                            WHERE "unique"
                            """,
                            new { name }
                        )
                    )
                )),
        ];
    }

    static IReadOnlyList<Table> ReadPostgres() =>
        [
            .. CreateTable()
                .Matches(ReadFile("postgres"))
                .Select(table =>
                {
                    var name = table.Groups["name"].Value;
                    var lines = table.Groups["lines"].Value.Split(",\n").Select(line => line.Trim()).ToArray();
                    return new Table(
                        name,
                        Sort(
                            lines
                                .Where(line => char.IsLower(line[0]))
                                .Select(line => $"{name}.{line.Split(' ')[0]}{NotNull().Match(line).Value}")
                                .Where(column => !OwnColumns.Contains(column.Split(' ')[0]))
                        ),
                        Sort(
                            lines
                                .Select(line => UniqueKey().Match(line))
                                .Where(match => match.Success)
                                .Select(match => $"{name} {match.Groups["columns"].Value}")
                        )
                    );
                })
                .Where(table => !OwnTables.Contains(table.Name)),
        ];

    static string[] Sort(IEnumerable<string> lines) => [.. lines.Order(StringComparer.Ordinal)];

    static string ReadFile(string engine, [CallerFilePath] string file = "") =>
        File.ReadAllText(
            Path.GetFullPath(Path.Combine(Path.GetDirectoryName(file)!, "..", "..", "db", $"schema.{engine}.sql"))
        );

    [GeneratedRegex(
        @"^CREATE TABLE (?<name>\w+) \((?<lines>.*?)^\);",
        RegexOptions.Multiline | RegexOptions.Singleline
    )]
    private static partial Regex CreateTable();

    [GeneratedRegex(@"^(PRIMARY KEY|UNIQUE) (?<columns>\(.*\))$")]
    private static partial Regex UniqueKey();

    [GeneratedRegex(" NOT NULL")]
    private static partial Regex NotNull();

    [GeneratedRegex(@"^    \w+ TEXT.*$", RegexOptions.Multiline)]
    private static partial Regex TextColumn();
}
