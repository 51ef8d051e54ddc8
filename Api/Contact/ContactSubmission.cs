using NodaTime;

namespace Api.Contact;

/// <summary>
/// A message to the clinic, as the sender's form sends it. White space around texts is cut off and Unicode is normalised
/// (NFC) before anything is checked.
/// </summary>
public sealed record ContactSubmission
{
    /// <summary>The sender's name, in any script.</summary>
    public string? Name { get; init; }

    /// <summary>The sender's e-mail address. E-mail or telephone must be there.</summary>
    public string? Email { get; init; }

    /// <summary>The sender's telephone number, 7 to 15 digits; a leading +, spaces, dots, hyphens, slashes and brackets are fine.</summary>
    public string? Telephone { get; init; }

    /// <summary>How the sender would like to be answered. What it names must be given.</summary>
    public PreferredContact? PreferredContact { get; init; }

    /// <summary>The slug of the location at which the sender would like to be seen.</summary>
    public string? Location { get; init; }

    /// <summary>What the sender writes. Line breaks are kept.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the sender agrees that the clinic keeps and answers the message; must be true.</summary>
    public bool? Consent { get; init; }

    // A record's own ToString would write the message into any log line that names it.
    /// <inheritdoc/>
    public override string ToString() => nameof(ContactSubmission);
}

/// <summary>A way to be answered.</summary>
public enum PreferredContact
{
    /// <summary>By e-mail.</summary>
    Email,

    /// <summary>By telephone.</summary>
    Telephone,
}

/// <summary>Says that a message is stored safely.</summary>
/// <param name="Reference">The code to name when asking about the message, like <c>7K3Q-X9MZ-2TBV</c>.</param>
/// <param name="ReceivedAt">When it was stored, UTC.</param>
/// <param name="Location">The slug of the location that it went to.</param>
public sealed record ContactReceipt(string Reference, Instant ReceivedAt, string Location);
