namespace Api.Data.Postgres;

static class PostgresServices
{
    public static void AddPostgres(this IServiceCollection services)
    {
        services.AddSingleton<PostgresDatabase>();
        services.AddSingleton<Database>(provider => provider.GetRequiredService<PostgresDatabase>());
        services.AddSingleton<Migrator, PostgresMigrator>();
        services.AddSingleton<DatabaseMaintenance, PostgresMaintenance>();
        services.AddSingleton<DatabaseMove>();
    }
}
