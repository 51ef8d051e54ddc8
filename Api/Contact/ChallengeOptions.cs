namespace Api.Contact;

/// <summary>The section <c>Contact:Challenge</c> of the configuration: what a sender's browser must work out before it sends.</summary>
sealed class ChallengeOptions
{
    const int LargestMaxNumber = 10_000_000, LongestLifetimeMinutes = 24 * 60;

    /// <summary>Whether messages come with a solved challenge.</summary>
    public ChallengeMode Mode { get; init; }

    /// <summary>The largest number that may be the solution: a browser tries half as many on average, some 100,000 a second.</summary>
    public int MaxNumber { get; init; } = 50_000;

    /// <summary>How long a challenge can be solved and sent back: as long as somebody may take to fill in the form.</summary>
    public int LifetimeMinutes { get; init; } = 60;

    /// <exception cref="StartupFault">A setting has a value that makes no sense.</exception>
    public static ChallengeOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Contact:Challenge");
        var defaults = new ChallengeOptions();
        return new ChallengeOptions
        {
            Mode = section[nameof(Mode)]?.ToLowerInvariant() switch
            {
                null or "off" => ChallengeMode.Off,
                "optional" => ChallengeMode.Optional,
                "required" => ChallengeMode.Required,
                _ => throw new StartupFault($"{section.Path}:{nameof(Mode)} is '{section[nameof(Mode)]}': set it to off, optional or required."),
            },
            MaxNumber = Number(section, nameof(MaxNumber), defaults.MaxNumber, LargestMaxNumber),
            LifetimeMinutes = Number(section, nameof(LifetimeMinutes), defaults.LifetimeMinutes, LongestLifetimeMinutes),
        };
    }

    static int Number(IConfiguration section, string name, int otherwise, int largest) =>
        section[name] is not { } text ? otherwise
        : int.TryParse(text, System.Globalization.NumberStyles.None, null, out var number) && number >= 1 && number <= largest ? number
        : throw new StartupFault($"{((IConfigurationSection)section).Path}:{name} is '{text}': set it to a whole number from 1 to {largest}.");
}

/// <summary>Whether messages come with a solved challenge.</summary>
public enum ChallengeMode
{
    /// <summary>There are no challenges.</summary>
    Off,

    /// <summary>A message may come with one, which must then be right.</summary>
    Optional,

    /// <summary>A message must come with one.</summary>
    Required,
}
