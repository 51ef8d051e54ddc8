namespace Api.Data;

/// <summary>The section <c>Database</c> of the configuration.</summary>
sealed class DatabaseOptions
{
    const int LargestCapacity = 1_000_000;

    /// <summary>The folder of the database file. It is created when missing. Relative to the content root.</summary>
    public string Folder { get; set; } = "data";

    /// <summary>How many writes may wait for the disk. Further ones are answered with 503.</summary>
    public int WriteQueueCapacity { get; set; } = 1024;

    /// <summary>The settings that break a rule, one sentence each.</summary>
    public IEnumerable<string> FindMistakes()
    {
        if (Folder.Length == 0)
            yield return Settings.DescribeMistake("Database:Folder", Folder, "the folder of the database");
        if (WriteQueueCapacity is < 1 or > LargestCapacity)
            yield return Settings.DescribeMistake(
                "Database:WriteQueueCapacity",
                WriteQueueCapacity,
                $"a whole number from 1 to {LargestCapacity}"
            );
    }
}
