using Api.Http.OpenApi;
using NodaTime;

namespace Api.Contact;

/// <summary>
/// A message to the clinic, as the sender's form sends it. White space around texts is cut off and Unicode is normalised
/// (NFC) before anything is checked; an empty text is as good as none.
/// </summary>
[RequestBody]
public sealed record ContactSubmission
{
    /// <summary>The sender's name, in any script.</summary>
    public string? Name { get; init; }

    /// <summary>The sender's e-mail address, as HTML's <c>input type=email</c> takes it. E-mail or telephone must be there.</summary>
    public string? Email { get; init; }

    /// <summary>
    /// The sender's telephone number, as people write them, with an extension if need be. Without a country code it is read in
    /// the clinic's region.
    /// </summary>
    public string? Telephone { get; init; }

    /// <summary>How the sender would like to be answered. What it names must be given.</summary>
    public PreferredContact? PreferredContact { get; init; }

    /// <summary>The slug of the location at which the sender would like to be seen; one that is not closed for good.</summary>
    public string? Location { get; init; }

    /// <summary>What the sender writes. Line breaks are kept, and each counts as one character: send them as line feeds.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the sender agrees that the clinic keeps and answers the message; must be true.</summary>
    public bool? Consent { get; init; }

    /// <summary>How many seconds the form was shown before it was sent, as the page measured it; <c>null</c> when it did not.</summary>
    public double? SecondsToFill { get; init; }

    /// <summary>The solution of a challenge, as the <c>altcha</c> web component makes it; needed when <c>GET /v1/contact-form</c> says so.</summary>
    public string? Altcha { get; init; }

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
/// <param name="ReplyBy">
/// By when to expect an answer, UTC: so many opening hours of the location after now as the clinic has set. <c>null</c> when
/// its hours are not known or the clinic has set none.
/// </param>
/// <param name="AfterHours">Whether the location is closed now, so that nobody reads the message at once; <c>null</c> when its hours are not known.</param>
/// <param name="Notices">What the clinic tells everybody who writes to it.</param>
/// <param name="Token">For <c>GET /v1/contact-receipts/{token}</c>, which tells whether the message was handled. Only the sender has it.</param>
public sealed record ContactReceipt(
    string Reference, Instant ReceivedAt, string Location, Instant? ReplyBy, bool? AfterHours, Notices Notices, string Token);

/// <summary>What has become of a submission; never what it says.</summary>
/// <param name="Reference">The code of the submission.</param>
/// <param name="Status">Whether it was handled.</param>
/// <param name="ReceivedAt">When it was stored, UTC.</param>
/// <param name="HandledAt">When the clinic marked it as handled, UTC; <c>null</c> while it has not.</param>
public sealed record ReceiptStatus(string Reference, SubmissionStatus Status, Instant ReceivedAt, Instant? HandledAt);

/// <summary>What has become of a submission.</summary>
public enum SubmissionStatus
{
    /// <summary>It is stored safely, and nobody has marked it as handled.</summary>
    Received,

    /// <summary>The clinic has marked it as handled.</summary>
    Handled,
}
