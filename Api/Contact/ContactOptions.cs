using Api.CommandLine;
using Api.Http;

namespace Api.Contact;

/// <summary>The section <c>Contact</c> of the configuration.</summary>
sealed class ContactOptions
{
    /// <summary>How many messages are taken.</summary>
    public ContactLimits Limits { get; set; } = new();

    /// <exception cref="StartupFault">A setting makes no sense.</exception>
    public void Check()
    {
        Check(Limits.PerClient, "Contact:Limits:PerClient");
        Check(Limits.Overall, "Contact:Limits:Overall");
    }

    static void Check(LimitOptions limit, string section)
    {
        if (limit.Requests < 0) throw new StartupFault($"{section}:Requests is {limit.Requests}: make it the number of requests, or 0 for no limit.");
        if (limit.WindowSeconds < 1) throw new StartupFault($"{section}:WindowSeconds is {limit.WindowSeconds}: make it 1 or more.");
    }
}

/// <summary>How many messages are taken in how much time.</summary>
sealed class ContactLimits
{
    /// <summary>From one address. A family behind one router shares it, so it is more than one person needs.</summary>
    public LimitOptions PerClient { get; set; } = new() { Requests = 5, WindowSeconds = 600 };

    /// <summary>From all together, so that no number of addresses fills the disk overnight.</summary>
    public LimitOptions Overall { get; set; } = new() { Requests = 1000, WindowSeconds = 600 };
}
