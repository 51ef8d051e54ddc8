using Api.Outbox;
using NodaTime;

namespace Api.Contact.Inbox;

/// <summary>Makes what the staff see out of what is stored.</summary>
static class InboxMapping
{
    const string MarkedByStaff = "staff";

    /// <summary>A message without its text.</summary>
    /// <param name="row">The message.</param>
    /// <param name="content">What its sender wrote; <c>null</c> when it does not open.</param>
    /// <param name="now">The present.</param>
    public static InboxItem ToItem(InboxRow row, SubmissionContent? content, Instant now) =>
        new()
        {
            Reference = row.Reference,
            Location = row.Location,
            ReceivedAt = row.ReceivedAt,
            ReplyBy = row.ReplyBy,
            Overdue = IsOverdue(row, now),
            State = row.State,
            SpamReason = SpamReasonOf(row),
            Assignee = row.Assignee,
            HandledAt = row.HandledAt,
            HandledBy = row.HandledBy,
            FirstReadAt = row.FirstReadAt,
            Name = content?.Name,
            PreferredContact = content?.PreferredContact,
            Language = row.Language,
            NoteCount = row.NoteCount,
        };

    /// <summary>A message with all that belongs to it.</summary>
    /// <param name="opened">The message.</param>
    /// <param name="content">What its sender wrote; <c>null</c> when it does not open.</param>
    /// <param name="notes">Opens notes.</param>
    /// <param name="now">The present.</param>
    public static InboxMessage ToMessage(OpenedMessage opened, SubmissionContent? content, NoteSeal notes, Instant now)
    {
        var row = opened.Row;
        return new InboxMessage(ToItem(row, content, now))
        {
            Email = content?.Email,
            Telephone = content?.Telephone,
            Extension = content?.Extension,
            Message = content?.Message,
            AfterHours = row.AfterHours,
            Links = new AnswerLinks(MailtoOf(content?.Email, row.Reference), TelOf(content)),
            Notes = [.. opened.Notes.Select(note => ToNote(note, notes))],
            History = opened.History,
            Deliveries = [.. opened.Deliveries.Select(ToDelivery)],
        };
    }

    static bool IsOverdue(InboxRow row, Instant now) =>
        row.State is SubmissionState.New or SubmissionState.Open && row.ReplyBy < now;

    static string? SpamReasonOf(InboxRow row) =>
        row.State == SubmissionState.Spam ? row.QuarantinedFor ?? MarkedByStaff : null;

    static string? MailtoOf(string? email, string reference)
    {
        if (email is null)
            return null;
        // The @ before the domain stays as it is (RFC 6068, section 2).
        var at = Math.Max(0, email.LastIndexOf('@'));
        var (mailbox, domain) = (Uri.EscapeDataString(email[..at]), Uri.EscapeDataString(email[at..]));
        return $"mailto:{mailbox}{domain.Replace("%40", "@", StringComparison.Ordinal)}?subject={reference}";
    }

    static string? TelOf(SubmissionContent? content)
    {
        // Old messages can have what the sender entered.
        if (content?.Telephone is not ['+', .. { Length: > 0 } digits] || !digits.All(char.IsAsciiDigit))
            return null;
        return content.Extension is null ? $"tel:+{digits}" : $"tel:+{digits};ext={content.Extension}";
    }

    static InboxNote ToNote(NoteRow note, NoteSeal notes)
    {
        var id = Guid.Parse(note.Id);
        return new InboxNote(id, note.WrittenAt, note.Author, notes.TryOpen(id, note.Sealed));
    }

    static InboxDelivery ToDelivery(OutboxEntry entry) =>
        new(entry.Channel, entry.Target, entry.State, entry.Attempts, entry.DueAt, entry.Fault);
}
