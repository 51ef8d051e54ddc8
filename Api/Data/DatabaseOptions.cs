namespace Api.Data;

/// <summary>The section <c>Database</c> of the configuration.</summary>
sealed class DatabaseOptions
{
    /// <summary>Where the database file lies; made when missing. Relative to the content root.</summary>
    public string Folder { get; set; } = "data";

    /// <summary>How many writes may wait for the disk before further ones are refused with 503.</summary>
    public int WriteQueueCapacity { get; set; } = 1024;
}
