using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;
using Api.Audit;
using NodaTime;

namespace Api.Contact.Inbox;

/// <summary>What the staff have done with a message.</summary>
public enum SubmissionState
{
    /// <summary>Nobody has taken it on yet.</summary>
    New,

    /// <summary>Somebody works on it.</summary>
    Open,

    /// <summary>The sender was answered, or needs no answer.</summary>
    Handled,

    /// <summary>It looks like spam to the program or to the staff. Nobody is notified about it.</summary>
    Spam,
}

/// <summary>How the sender was answered.</summary>
public enum HandledBy
{
    /// <summary>By telephone.</summary>
    Telephone,

    /// <summary>By e-mail.</summary>
    Email,

    /// <summary>In person.</summary>
    InPerson,

    /// <summary>In another way, or not at all.</summary>
    Other,
}

/// <summary>A message in the inbox, without its text.</summary>
public record InboxItem
{
    /// <summary>The code of the message, like <c>7K3Q-X9MZ-2TBV</c>. Its sender has it, too.</summary>
    public required string Reference { get; init; }

    /// <summary>The slug of the location that it is for.</summary>
    public required string Location { get; init; }

    /// <summary>When it was received (UTC).</summary>
    public required Instant ReceivedAt { get; init; }

    /// <summary>
    /// When the sender was promised an answer (UTC); <c>null</c> when the clinic promises none or the location's hours
    /// are unknown.
    /// </summary>
    public required Instant? ReplyBy { get; init; }

    /// <summary>Whether <c>replyBy</c> is over, and the message is new or open.</summary>
    public required bool Overdue { get; init; }

    /// <summary>What the staff have done with it.</summary>
    public required SubmissionState State { get; init; }

    /// <summary>
    /// Why it is spam: `honeypot`, `tooFast` and `tooManyLinks` (separated by commas), or `staff` when somebody of the
    /// staff said so; <c>null</c> when it is not.
    /// </summary>
    public required string? SpamReason { get; init; }

    /// <summary>Who takes care of it; <c>null</c>: nobody yet.</summary>
    public required string? Assignee { get; init; }

    /// <summary>When it was marked as handled (UTC); <c>null</c> when it is not.</summary>
    public required Instant? HandledAt { get; init; }

    /// <summary>How the sender was answered; <c>null</c> when nobody said so.</summary>
    public required HandledBy? HandledBy { get; init; }

    /// <summary>When somebody of the staff opened it for the first time (UTC); <c>null</c>: nobody has.</summary>
    public required Instant? FirstReadAt { get; init; }

    /// <summary>
    /// The sender's name; <c>null</c> when the message was sealed with keys that are lost, so that nobody can read it.
    /// </summary>
    public required string? Name { get; init; }

    /// <summary>How the sender would like to be answered; <c>null</c> when nobody can read the message.</summary>
    public required PreferredContact? PreferredContact { get; init; }

    /// <summary>The language in which the sender was answered (BCP 47).</summary>
    public required string Language { get; init; }

    /// <summary>How many notes the staff have written about it.</summary>
    public required int NoteCount { get; init; }

    // A record's own ToString would write the sender's name into any log line that names it.
    /// <inheritdoc/>
    public sealed override string ToString() => Reference;
}

/// <summary>A message with all that belongs to it.</summary>
public sealed record InboxMessage : InboxItem
{
    [SetsRequiredMembers]
    internal InboxMessage(InboxItem item)
        : base(item) { }

    /// <summary>The sender's e-mail address; <c>null</c> without one.</summary>
    [JsonPropertyOrder(1)]
    public string? Email { get; init; }

    /// <summary>
    /// The sender's telephone number in E.164; <c>null</c> without one. Some old messages have it as it was entered.
    /// </summary>
    [JsonPropertyOrder(1)]
    public string? Telephone { get; init; }

    /// <summary>The digits to dial after the number; <c>null</c> without any.</summary>
    [JsonPropertyOrder(1)]
    public string? Extension { get; init; }

    /// <summary>The text; <c>null</c> when nobody can read the message.</summary>
    [JsonPropertyOrder(1)]
    public string? Message { get; init; }

    /// <summary>
    /// Whether the location was closed when the message came; <c>null</c> when its hours were unknown.
    /// </summary>
    [JsonPropertyOrder(1)]
    public bool? AfterHours { get; init; }

    /// <summary>Ready links to answer with.</summary>
    [JsonPropertyOrder(1)]
    public AnswerLinks Links { get; init; } = new(null, null);

    /// <summary>The notes of the staff, oldest first.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyList<InboxNote> Notes { get; init; } = [];

    /// <summary>What the staff did with the message, oldest first. Who has read it is in the audit only.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyList<AuditEntry> History { get; init; } = [];

    /// <summary>The mails and webhooks about it.</summary>
    [JsonPropertyOrder(1)]
    public IReadOnlyList<InboxDelivery> Deliveries { get; init; } = [];
}

/// <summary>Links to answer the sender with.</summary>
/// <param name="Mailto">
/// A `mailto:` URL (RFC 6068) with the reference as its subject; <c>null</c> without an address.
/// </param>
/// <param name="Tel">A `tel:` URL (RFC 3966); <c>null</c> without a number that can be dialled.</param>
public sealed record AnswerLinks(string? Mailto, string? Tel);

/// <summary>A note of the staff about a message. The sender never sees it.</summary>
/// <param name="Id">Identifies the note.</param>
/// <param name="WrittenAt">When it was written (UTC).</param>
/// <param name="Author">The name of the person or key that wrote it.</param>
/// <param name="Text">The note; <c>null</c> when it was sealed with keys that are lost.</param>
public sealed record InboxNote(Guid Id, Instant WrittenAt, string Author, string? Text)
{
    // See InboxItem.
    /// <inheritdoc/>
    public override string ToString() => nameof(InboxNote);
}

/// <summary>A mail or webhook about a message.</summary>
/// <param name="Channel">`mail` to the staff, `acknowledgement` to the sender, or `webhook`.</param>
/// <param name="Target">The recipient, or the name of the webhook; empty for an acknowledgement.</param>
/// <param name="State">`waiting`, `delivered` or `failed`.</param>
/// <param name="Attempts">How many attempts were made.</param>
/// <param name="DueAt">When the next attempt is due (UTC); <c>null</c>: at once, or never.</param>
/// <param name="Fault">Why the last attempt failed; <c>null</c> when it did not.</param>
public sealed record InboxDelivery(
    string Channel,
    string Target,
    string State,
    int Attempts,
    Instant? DueAt,
    string? Fault
);

/// <summary>How many messages a location has, by their state.</summary>
/// <param name="Location">The slug of the location.</param>
/// <param name="New">How many are new.</param>
/// <param name="Open">How many are open.</param>
/// <param name="Handled">How many are handled.</param>
/// <param name="Spam">How many are spam.</param>
/// <param name="Overdue">How many of the new and open ones are overdue.</param>
/// <param name="Erased">How many were erased, by the staff or because their retention was over.</param>
/// <param name="HandledBy">How the senders of the handled ones were answered, as far as somebody said so.</param>
public sealed record LocationCounts(
    string Location,
    int New,
    int Open,
    int Handled,
    int Spam,
    int Overdue,
    int Erased,
    HandledByCounts HandledBy
);

/// <summary>How many senders were answered in which way.</summary>
/// <param name="Telephone">By telephone.</param>
/// <param name="Email">By e-mail.</param>
/// <param name="InPerson">In person.</param>
/// <param name="Other">In another way, or not at all.</param>
public sealed record HandledByCounts(int Telephone, int Email, int InPerson, int Other);
