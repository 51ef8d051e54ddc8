namespace Api.Data.Postgres;

/// <summary>PostgreSQL has its own programs for backups. This one checks what it can.</summary>
sealed class PostgresMaintenance(PostgresDatabase db, Migrator migrator) : DatabaseMaintenance
{
    public override Task BackupAsync(string target, CancellationToken ct) =>
        throw new StartupFault(
            $"The database {db.Name} is on PostgreSQL, which has its own program for this: "
                + $"pg_dump --format=custom --file={target} …"
        );

    public override Task<string?> RestoreAsync(string copy, CancellationToken ct) =>
        throw new StartupFault(
            $"The database {db.Name} is on PostgreSQL, which has its own program for this: "
                + $"pg_restore --clean --if-exists --single-transaction --dbname=… {copy}"
        );

    public override async Task<IReadOnlyList<string>> CheckAsync(CancellationToken ct)
    {
        db.RequireExisting();
        return await migrator.IsUpToDateAsync(ct) ? [] : ["The database lacks a migration: run the migrate command."];
    }
}
