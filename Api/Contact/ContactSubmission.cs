using System.Reflection;
using System.Text.Json;
using Api.Contact.Inbox;
using Api.Http.OpenApi;
using NodaTime;

namespace Api.Contact;

/// <summary>
/// A message to the clinic, as the sender's form sends it. Texts are trimmed and normalised (Unicode NFC) before they
/// are checked. An empty text is the same as none.
/// </summary>
[RequestBody]
public sealed record ContactSubmission
{
    TelephoneNumber? telephoneNumber;

    /// <summary>The sender's name, in any script.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// The sender's e-mail address, as HTML's <c>input type=email</c> accepts it. Send an e-mail address or a telephone
    /// number.
    /// </summary>
    public string? Email { get; init; }

    /// <summary>
    /// The sender's telephone number, as people write it, with or without an extension. Without a country code it is
    /// read as a number of the clinic's region.
    /// </summary>
    public string? Telephone { get; init; }

    /// <summary>How the sender would like to be answered. The named address or number must be given.</summary>
    public PreferredContact? PreferredContact { get; init; }

    /// <summary>
    /// The slug of the location at which the sender would like to be seen. It must not be permanently closed.
    /// </summary>
    public string? Location { get; init; }

    /// <summary>The message. Line breaks are kept, and each counts as one character: send them as line feeds.</summary>
    public string? Message { get; init; }

    /// <summary>Whether the sender agrees that the clinic keeps and answers the message; must be true.</summary>
    public bool? Consent { get; init; }

    /// <summary>
    /// How many seconds the form was shown before it was sent, as the page measured it; <c>null</c> without a
    /// measurement.
    /// </summary>
    public double? SecondsToFill { get; init; }

    /// <summary>
    /// The solution of a challenge, as the <c>altcha</c> web component makes it. It is needed when
    /// `GET /v1/contact-form` says so.
    /// </summary>
    public string? Altcha { get; init; }

    /// <summary>The names of the members in JSON.</summary>
    internal static IReadOnlySet<string> Members { get; } =
        typeof(ContactSubmission)
            .GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Select(member => JsonNamingPolicy.CamelCase.ConvertName(member.Name))
            .ToHashSet();

    /// <summary>
    /// Reads the telephone number, once for the validator and the intake; <c>null</c> if it cannot be dialled.
    /// </summary>
    internal TelephoneNumber? ReadTelephone(string region)
    {
        if (Telephone is not null)
            telephoneNumber ??= TelephoneNumber.Read(Telephone, region);
        return telephoneNumber;
    }

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

/// <summary>Confirms that a message is stored safely.</summary>
/// <param name="Reference">The code to give when asking about the message, like <c>7K3Q-X9MZ-2TBV</c>.</param>
/// <param name="ReceivedAt">When it was stored (UTC).</param>
/// <param name="Location">The slug of the location that it went to.</param>
/// <param name="ReplyBy">
/// When to expect an answer at the latest (UTC). The clinic sets the number of opening hours from now. <c>null</c> when
/// the location's hours are unknown or the clinic has set none.
/// </param>
/// <param name="AfterHours">
/// Whether the location is closed now, so that nobody reads the message at once; <c>null</c> when its hours are
/// unknown.
/// </param>
/// <param name="Notices">What the clinic tells everybody who writes to it.</param>
/// <param name="Token">
/// The token for <c>GET /v1/contact-receipts/{token}</c>, which shows whether the message was handled. Only the sender
/// has it.
/// </param>
public sealed record ContactReceipt(
    string Reference,
    Instant ReceivedAt,
    string Location,
    Instant? ReplyBy,
    bool? AfterHours,
    Notices Notices,
    string Token
);

/// <summary>The state of a submission, without its content.</summary>
/// <param name="Reference">The code of the submission.</param>
/// <param name="Status">Whether it was handled.</param>
/// <param name="ReceivedAt">When it was stored (UTC).</param>
/// <param name="HandledAt">When the clinic marked it as handled (UTC); <c>null</c> until then.</param>
/// <param name="HandledBy">How the clinic answered; <c>null</c> when it did not say so.</param>
public sealed record ReceiptStatus(
    string Reference,
    SubmissionStatus Status,
    Instant ReceivedAt,
    Instant? HandledAt,
    HandledBy? HandledBy
);

/// <summary>The state of a submission.</summary>
public enum SubmissionStatus
{
    /// <summary>It is stored safely, and not yet marked as handled.</summary>
    Received,

    /// <summary>The clinic has marked it as handled.</summary>
    Handled,
}
