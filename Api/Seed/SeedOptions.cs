namespace Api.Seed;

/// <summary>The section <c>Seed</c> of the configuration.</summary>
sealed class SeedOptions
{
    /// <summary>
    /// The folder of the content that is loaded into an empty database, relative to the content root; <c>null</c> for
    /// the seed that comes with the program.
    /// </summary>
    public string? Folder { get; set; }
}
