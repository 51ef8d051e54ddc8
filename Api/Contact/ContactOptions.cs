using System.Globalization;
using Api.Http.RateLimiting;

namespace Api.Contact;

/// <summary>The section <c>Contact</c> of the configuration.</summary>
sealed class ContactOptions
{
    /// <summary>How many messages are taken.</summary>
    public ContactLimits Limits { get; set; } = new();

    /// <summary>How many characters a message may have, as Unicode code points. 64 KiB of body hold 16,000 in any script.</summary>
    public int MessageMaxLength { get; set; } = 5000;

    /// <summary>The region in whose way telephone numbers without a country code are read, ISO 3166-1 alpha-2.</summary>
    public string TelephoneRegion { get; set; } = "US";

    /// <summary>Within how many opening hours of the location a sender is told to expect an answer; 0: nothing is told.</summary>
    public double ReplyWithinOpenHours { get; set; } = 18;

    /// <summary>For how many hours an Idempotency-Key is remembered.</summary>
    public double IdempotencyHours { get; set; } = 24;

    /// <summary>The form's field that people do not see and programs fill in.</summary>
    public string Honeypot { get; set; } = "website";

    /// <summary>A form that was filled in faster than in so many seconds was not filled in by a person; 0: whatever the speed.</summary>
    public double MinimumSeconds { get; set; } = 3;

    /// <summary>How many links a message may have and not be taken for spam.</summary>
    public int MaximumLinks { get; set; } = 3;

    /// <summary>What the form and the receipt tell the sender, by language: <c>en</c>, <c>es</c>.</summary>
    public Dictionary<string, Notices> Notices { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The notices in a language, or else in English, or else none.</summary>
    public Notices NoticesIn(CultureInfo language) =>
        Notices.GetValueOrDefault(language.Name) ?? Notices.GetValueOrDefault("en") ?? new Notices();

    /// <exception cref="StartupFault">A value makes no sense.</exception>
    public void Check()
    {
        Require(MessageMaxLength is >= 1 and <= 16_000, "MessageMaxLength", "must be from 1 to 16000");
        Require(IsRegion(TelephoneRegion), "TelephoneRegion", "must be an ISO 3166-1 code like US");
        Require(ReplyWithinOpenHours is >= 0 and <= 1000, "ReplyWithinOpenHours", "must be from 0 to 1000");
        Require(IdempotencyHours is > 0 and <= 24 * 365, "IdempotencyHours", "must be more than 0 and at most 8760");
        Require(MinimumSeconds is >= 0 and <= 60, "MinimumSeconds", "must be from 0 to 60");
        Require(MaximumLinks >= 0, "MaximumLinks", "must be 0 or more");
        Require(Honeypot.Length > 0 && typeof(ContactSubmission).GetProperties().All(member => !member.Name.Equals(Honeypot, StringComparison.OrdinalIgnoreCase)),
            "Honeypot", "must be a name that no member of a submission has");

        CheckLimit(Limits.PerClient, "Limits:PerClient");
        CheckLimit(Limits.Overall, "Limits:Overall");

        static bool IsRegion(string code)
        {
            try
            {
                return new RegionInfo(code).TwoLetterISORegionName == code;
            }
            catch (ArgumentException)
            {
                return false;
            }
        }

        static void CheckLimit(LimitOptions limit, string section)
        {
            Require(limit.Requests >= 0, $"{section}:Requests", "must be the number of requests, or 0 for no limit");
            Require(limit.WindowSeconds >= 1, $"{section}:WindowSeconds", "must be 1 or more");
        }

        static void Require(bool holds, string setting, string rule)
        {
            if (!holds) throw new StartupFault($"Contact:{setting} {rule}: correct it.");
        }
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

/// <summary>What the clinic tells everybody who writes to it, in the language of the request; plain text.</summary>
/// <param name="Emergency">What to do in an emergency, to be shown where nobody overlooks it; <c>null</c> when the clinic has set none.</param>
/// <param name="Privacy">What becomes of the message; <c>null</c> when the clinic has set none.</param>
public sealed record Notices(string? Emergency = null, string? Privacy = null);
