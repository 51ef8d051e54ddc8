using Dapper;
using DbUp;
using DbUp.Sqlite.Helpers;
using Microsoft.Data.Sqlite;

namespace Api.Data.Sqlite;

sealed class SqliteMigrator(SqliteDatabase db, ILogger<SqliteMigrator> log) : Migrator(db, "sqlite", log)
{
    protected override string JournalExists =>
        "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'SchemaVersions'";

    public override void Migrate()
    {
        try
        {
            using var connection = db.OpenForWriting();
            Migrate(connection);
        }
        catch (SqliteException e)
        {
            throw SqliteFaults.Translate(e);
        }
    }

    public override string DescribeSchema()
    {
        using var connection = new SqliteConnection("Data Source=:memory:");
        connection.Open();
        Migrate(connection);
        // Without the journal, and the tables that SQLite makes for a full-text index.
        var statements = connection.Query<string>(
            """
            SELECT sql
            FROM sqlite_schema
            WHERE sql IS NOT NULL
              AND tbl_name <> 'SchemaVersions'
              AND name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')
            ORDER BY tbl_name, type = 'table' DESC, name
            """
        );
        return "-- The schema as it is now. Written by the schema command; a test compares it with a new database.\n\n"
            + string.Join("\n\n", statements.Select(statement => statement + ";"))
            + "\n";
    }

    void Migrate(SqliteConnection connection)
    {
        using var shared = new SharedConnection(connection);
        Migrate(connection, () => DeployChanges.To.SqliteDatabase(shared));
    }
}
