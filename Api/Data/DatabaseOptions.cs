namespace Api.Data;

/// <summary>The section <c>Database</c> of the configuration.</summary>
sealed class DatabaseOptions
{
    public const int LargestCapacity = 1_000_000;

    /// <summary>The folder of the database file. It is created when missing. Relative to the content root.</summary>
    public string Folder { get; set; } = "data";

    /// <summary>How many writes may wait for the disk. Further ones are answered with 503.</summary>
    public int WriteQueueCapacity { get; set; } = 1024;
}
