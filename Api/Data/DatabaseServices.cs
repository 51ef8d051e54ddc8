using Api.Data.Postgres;
using Api.Data.Sqlite;

namespace Api.Data;

static class DatabaseServices
{
    /// <summary>Adds the database: PostgreSQL when there is a connection string, otherwise SQLite.</summary>
    public static void AddDatabase(this WebApplicationBuilder builder)
    {
        builder.Services.AddSettings<DatabaseOptions>("Database").ValidateAll(database => database.FindMistakes());
        builder.Services.AddSingleton<StorageHealth>();
        builder.Services.AddSingleton<ContentVersion>();
        builder.Services.AddHostedService<ContentPoll>();
        if (builder.Configuration.Read<DatabaseOptions>("Database").IsPostgres)
            builder.Services.AddPostgres();
        else
            builder.Services.AddSqlite();
    }
}
