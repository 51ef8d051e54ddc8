namespace Api.Data;

/// <summary>The section <c>Database</c> of the configuration.</summary>
sealed class DatabaseOptions
{
    const int LargestCapacity = 1_000_000;

    /// <summary>Where the database file lies; made when missing. Relative to the content root.</summary>
    public string Folder { get; set; } = "data";

    /// <summary>How many writes may wait for the disk before further ones are refused with 503.</summary>
    public int WriteQueueCapacity { get; set; } = 1024;

    /// <exception cref="StartupFault">A setting has a value that makes no sense.</exception>
    public void Check()
    {
        if (WriteQueueCapacity is < 1 or > LargestCapacity)
            throw new StartupFault($"Database:WriteQueueCapacity is {WriteQueueCapacity}: set it to a whole number from 1 to {LargestCapacity}.");
    }
}
