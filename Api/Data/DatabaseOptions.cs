using Api.Data.Postgres;

namespace Api.Data;

/// <summary>The section <c>Database</c> of the configuration.</summary>
sealed class DatabaseOptions
{
    const int LargestCapacity = 1_000_000;
    const string DefaultFolder = "data";

    /// <summary>
    /// A PostgreSQL database in Npgsql's format, such as <c>Host=db.example.com;Database=clinic;Username=clinic</c>;
    /// <c>null</c>: SQLite, in <see cref="Folder"/>.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>The folder of the database file. It is created when missing. Relative to the content root.</summary>
    public string Folder { get; set; } = DefaultFolder;

    /// <summary>How many writes may wait for the disk. Further ones are answered with 503.</summary>
    public int WriteQueueCapacity { get; set; } = 1024;

    /// <summary>Whether the database is on a PostgreSQL server.</summary>
    public bool IsPostgres => ConnectionString is { Length: > 0 };

    /// <summary>The settings that break a rule, one sentence each.</summary>
    public IEnumerable<string> FindMistakes()
    {
        if (IsPostgres && Folder is not (DefaultFolder or ""))
            yield return $"Database:ConnectionString and Database:Folder {Folder} are both set, and name two databases: "
                + "remove one of them.";
        if (IsPostgres && !IsConnectionString())
            // Without its value, which can have a password.
            yield return "Database:ConnectionString cannot be understood: set it to one like "
                + "Host=db.example.com;Database=clinic;Username=clinic.";
        if (!IsPostgres && Folder.Length == 0)
            yield return Settings.DescribeMistake("Database:Folder", Folder, "the folder of the database");
        if (WriteQueueCapacity is < 1 or > LargestCapacity)
            yield return Settings.DescribeMistake(
                "Database:WriteQueueCapacity",
                WriteQueueCapacity,
                $"a whole number from 1 to {LargestCapacity}"
            );
    }

    // In a method of its own, so that Npgsql is loaded only here.
    bool IsConnectionString()
    {
        try
        {
            var settings = PostgresDatabase.ReadConnectionString(ConnectionString!);
            return settings.Host is { Length: > 0 };
        }
        catch (Exception e) when (e is ArgumentException or FormatException or InvalidCastException)
        {
            return false;
        }
    }
}
