namespace Api.Data.Sqlite;

static class SqliteServices
{
    public static void AddSqlite(this IServiceCollection services)
    {
        services.AddSingleton<WriteQueueMetrics>();
        services.AddSingleton<SqliteDatabase>();
        services.AddSingleton<Database>(provider => provider.GetRequiredService<SqliteDatabase>());
        services.AddSingleton<Migrator, SqliteMigrator>();
        services.AddSingleton<DatabaseMaintenance, SqliteMaintenance>();
        services.AddHostedService<LogTruncation>();
    }
}
