using System.Globalization;
using Api.Http;
using Api.Http.RateLimiting;

namespace Api.Contact;

/// <summary>The section <c>Contact</c> of the configuration.</summary>
sealed class ContactOptions
{
    /// <summary>How many messages are accepted.</summary>
    public ContactLimits Limits { get; set; } = new();

    /// <summary>The puzzle that a sender's browser solves before it sends a message.</summary>
    public ChallengeOptions Challenge { get; set; } = new();

    /// <summary>
    /// The largest number of characters in a message, as Unicode code points. A body of 64 KiB holds 16,000 in any
    /// script.
    /// </summary>
    public int MessageMaxLength { get; set; } = 5000;

    /// <summary>The region of telephone numbers without a country code, ISO 3166-1 alpha-2.</summary>
    public string TelephoneRegion { get; set; } = "US";

    /// <summary>
    /// The number of opening hours of the location within which a sender can expect an answer; 0: no promise.
    /// </summary>
    public double ReplyWithinOpenHours { get; set; } = 18;

    /// <summary>How many hours an Idempotency-Key is remembered.</summary>
    public double IdempotencyHours { get; set; } = 24;

    /// <summary>The field of the form that people do not see and programs fill in.</summary>
    public string Honeypot { get; set; } = "website";

    /// <summary>A form that was filled in faster than this was not filled in by a person; 0: no check.</summary>
    public double MinimumSeconds { get; set; } = 3;

    /// <summary>A message with more links than this is spam.</summary>
    public int MaximumLinks { get; set; } = 3;

    /// <summary>How long messages are kept.</summary>
    public RetentionOptions Retention { get; set; } = new();

    /// <summary>
    /// After how many days the staff are reminded to verify the hours of a location; 0: never.
    /// </summary>
    public int VerifyHoursDays { get; set; } = 180;

    /// <summary>Where the browser goes after a plain HTML form was sent.</summary>
    public RedirectOptions Redirects { get; set; } = new();

    /// <summary>What the form and the receipt tell the sender, by language: <c>en</c>, <c>es</c>.</summary>
    public Dictionary<string, Notices> Notices { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The notices in a language, or else in English, or else none.</summary>
    public Notices FindNotices(CultureInfo language) =>
        Notices.GetValueOrDefault(language.Name) ?? Notices.GetValueOrDefault("en") ?? new Notices();

    /// <summary>The settings that break a rule, one sentence each.</summary>
    public IReadOnlyList<string> FindMistakes()
    {
        const int LargestMaxNumber = 10_000_000,
            LongestLifetimeMinutes = 24 * 60;
        List<string> mistakes = [];
        Require(
            "MessageMaxLength",
            MessageMaxLength,
            MessageMaxLength is >= 1 and <= 16_000,
            "a whole number from 1 to 16000"
        );
        Require("TelephoneRegion", TelephoneRegion, IsRegion(TelephoneRegion), "an ISO 3166-1 code like US");
        Require(
            "ReplyWithinOpenHours",
            ReplyWithinOpenHours,
            ReplyWithinOpenHours is >= 0 and <= 1000,
            "a number from 0 to 1000"
        );
        Require(
            "IdempotencyHours",
            IdempotencyHours,
            IdempotencyHours is > 0 and <= 24 * 365,
            "a number above 0 and at most 8760"
        );
        Require("MinimumSeconds", MinimumSeconds, MinimumSeconds is >= 0 and <= 60, "a number from 0 to 60");
        Require("MaximumLinks", MaximumLinks, MaximumLinks >= 0, "0 or more");
        Require(
            "Honeypot",
            Honeypot,
            Honeypot.Length > 0 && !IsMember(Honeypot),
            "a name that no member of a submission has"
        );
        Require(
            "Challenge:MaxNumber",
            Challenge.MaxNumber,
            Challenge.MaxNumber is >= 1 and <= LargestMaxNumber,
            $"a whole number from 1 to {LargestMaxNumber}"
        );
        Require(
            "Challenge:LifetimeMinutes",
            Challenge.LifetimeMinutes,
            Challenge.LifetimeMinutes is >= 1 and <= LongestLifetimeMinutes,
            $"a whole number from 1 to {LongestLifetimeMinutes}"
        );
        RequireDays("Retention:HandledDays", Retention.HandledDays);
        RequireDays("Retention:SpamDays", Retention.SpamDays);
        RequireDays("VerifyHoursDays", VerifyHoursDays);
        RequirePage("Redirects:Success", Redirects.Success, other: Redirects.Failure);
        RequirePage("Redirects:Failure", Redirects.Failure, other: Redirects.Success);
        RequireLimit("Limits:PerClient", Limits.PerClient);
        RequireLimit("Limits:Overall", Limits.Overall);
        foreach (var language in Notices.Keys.Except(Languages.Names, StringComparer.OrdinalIgnoreCase))
            mistakes.Add(
                $"Contact:Notices:{language} is for a language that the program does not have: use "
                    + $"{string.Join(" or ", Languages.Names)}."
            );
        return mistakes;

        void RequireDays(string key, int days) =>
            Require(key, days, days is >= 0 and <= 36_500, "a number of days from 0 to 36500");

        void RequirePage(string key, string? page, string? other) =>
            Require(
                key,
                page,
                page is null
                    ? other is null
                    : Uri.TryCreate(page, UriKind.Absolute, out var url) && (url.Scheme is "http" or "https"),
                "an absolute URL like https://www.example.com/contact, or set neither Success nor Failure"
            );

        void RequireLimit(string key, LimitOptions limit)
        {
            Require($"{key}:Requests", limit.Requests, limit.Requests >= 0, "a number of requests, or 0 for no limit");
            Require($"{key}:WindowSeconds", limit.WindowSeconds, limit.WindowSeconds >= 1, "1 or more");
        }

        void Require(string key, object? value, bool isRight, string allowed)
        {
            if (!isRight)
                mistakes.Add(Settings.DescribeMistake($"Contact:{key}", value, allowed));
        }
    }

    static bool IsMember(string name) =>
        typeof(ContactSubmission)
            .GetProperties()
            .Any(member => member.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

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
}

/// <summary>
/// Where the browser goes after a plain HTML form was sent. Without these pages only programs can send messages.
/// </summary>
sealed class RedirectOptions
{
    /// <summary>The page after a message was stored. It gets <c>reference</c> in its query.</summary>
    public string? Success { get; set; }

    /// <summary>The page after a message was refused. It gets <c>status</c> and <c>errors</c> in its query.</summary>
    public string? Failure { get; set; }
}

/// <summary>After how many days messages are erased; 0: never.</summary>
sealed class RetentionOptions
{
    /// <summary>From the day on which a message was marked as handled.</summary>
    public int HandledDays { get; set; }

    /// <summary>From the day on which a message was received that is still spam.</summary>
    public int SpamDays { get; set; }
}

/// <summary>How many messages are accepted in how much time.</summary>
sealed class ContactLimits
{
    /// <summary>
    /// From one address. A family shares one behind its router, so this is more than one person needs.
    /// </summary>
    public LimitOptions PerClient { get; set; } = new() { Requests = 5, WindowSeconds = 600 };

    /// <summary>From all addresses together, so that no number of addresses fills the disk overnight.</summary>
    public LimitOptions Overall { get; set; } = new() { Requests = 1000, WindowSeconds = 600 };
}

/// <summary>The puzzle that a sender's browser solves before it sends a message.</summary>
sealed class ChallengeOptions
{
    /// <summary>Whether messages need a solved challenge.</summary>
    public ChallengeMode Mode { get; set; }

    /// <summary>
    /// The largest number that may be the solution. A browser tries half as many on average, about 100,000 a second.
    /// </summary>
    public int MaxNumber { get; set; } = 50_000;

    /// <summary>How many minutes a challenge is valid: as long as somebody may need to fill in the form.</summary>
    public int LifetimeMinutes { get; set; } = 60;
}

/// <summary>Whether messages need a solved challenge.</summary>
public enum ChallengeMode
{
    /// <summary>There are no challenges.</summary>
    Off,

    /// <summary>A message may have a solution, which must then be right.</summary>
    Optional,

    /// <summary>A message must have a solution.</summary>
    Required,
}

/// <summary>What the clinic tells everybody who writes to it, in the language of the request; plain text.</summary>
/// <param name="Emergency">
/// What to do in an emergency. Show it prominently; <c>null</c> when the clinic has set no text.
/// </param>
/// <param name="Privacy">What happens with the message; <c>null</c> when the clinic has set no text.</param>
public sealed record Notices(string? Emergency = null, string? Privacy = null);
