using System.Globalization;
using System.Security.Cryptography;
using Api.Data;
using Api.Http;
using Api.Outbox;
using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Text;

namespace Api.Contact.Notifications;

/// <summary>
/// Writes what mails and webhooks say about a submission. Nothing that a sender wrote gets into them, except for the
/// address that an acknowledgement goes to.
/// </summary>
sealed class SubmissionNotifications(
    Database db,
    SubmissionSeal seal,
    IOptions<MailOptions> mail,
    IOptions<ContactOptions> contact
)
{
    static readonly Texts Texts = new(typeof(SubmissionNotifications));
    static readonly CultureInfo StaffLanguage = CultureInfo.GetCultureInfo("en");

    /// <inheritdoc cref="WriteMail"/>
    public async Task<MailText?> WriteMailAsync(Delivery delivery, CancellationToken ct)
    {
        if (await FindAsync(delivery, ct) is not { } submission)
            return null;
        return delivery.Channel == Channel.Acknowledgement
            ? WriteAcknowledgement(submission)
            : WriteNotice(submission, delivery.Target);
    }

    /// <inheritdoc cref="WriteEvent"/>
    public async Task<WebhookEvent?> WriteEventAsync(Delivery delivery, CancellationToken ct)
    {
        if (await FindAsync(delivery, ct) is not { } submission)
            return null;
        var data = new SubmissionReceived(submission.Reference, submission.Location, submission.ReceivedAt);
        return new WebhookEvent(SubmissionWebhook.EventType, submission.OccurredAt, data);
    }

    MailText WriteNotice(Submission submission, string recipient)
    {
        var (reference, location) = (submission.Reference, submission.LocationName);
        var body = Texts.In(
            StaffLanguage,
            "NoticeBody",
            reference,
            location,
            Format(submission.ReceivedAt, submission, StaffLanguage)
        );
        if (submission.ReplyBy is { } replyBy)
            body += Texts.In(StaffLanguage, "NoticeReplyBy", Format(replyBy, submission, StaffLanguage));
        if (mail.Value.Link is { } link)
            body += Texts.In(
                StaffLanguage,
                "NoticeLink",
                link.Replace("{reference}", reference, StringComparison.Ordinal)
            );
        return new MailText(recipient, Texts.In(StaffLanguage, "NoticeSubject", reference, location), body);
    }

    MailText WriteAcknowledgement(Submission submission)
    {
        var language = CultureInfo.GetCultureInfo(submission.Language);
        var body = Texts.In(language, "AcknowledgementBody", submission.Reference, submission.LocationName);
        if (submission.ReplyBy is { } replyBy)
            body += Texts.In(language, "AcknowledgementReplyBy", Format(replyBy, submission, language));
        if (contact.Value.FindNotices(language).Emergency is { } emergency)
            body += $"\n{emergency}\n";
        return new MailText(
            ReadAddress(submission),
            Texts.In(language, "AcknowledgementSubject", submission.Reference),
            body
        );
    }

    string ReadAddress(Submission submission)
    {
        try
        {
            return seal.Open(submission.Reference, submission.Sealed).Email ?? "";
        }
        catch (CryptographicException)
        {
            throw new UndeliverableException("the keys do not open the message, which has the sender's address");
        }
    }

    static string Format(Instant instant, Submission submission, CultureInfo language)
    {
        var pattern = ZonedDateTimePattern.Create(Texts.In(language, "TimePattern"), language, null, null, default);
        return pattern.Format(instant.InZone(DateTimeZoneProviders.Tzdb[submission.TimeZone]));
    }

    Task<Submission?> FindAsync(Delivery delivery, CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.QuerySingleOrDefaultAsync<Submission>(
                    new CommandDefinition(
                        """
                        SELECT s.reference, l.slug AS location, l.name AS location_name, l.time_zone, s.received_at,
                               coalesce(s.released_at, s.received_at) AS occurred_at, s.reply_by, s.language, s.sealed
                        FROM submissions s
                        JOIN locations l ON l.id = s.location_id
                        WHERE s.id = @SubmissionId
                        """,
                        new { delivery.SubmissionId },
                        cancellationToken: ct
                    )
                ),
            ct
        );

    sealed record Submission
    {
        public required string Reference { get; init; }
        public required string Location { get; init; }
        public required string LocationName { get; init; }
        public required string TimeZone { get; init; }
        public required Instant ReceivedAt { get; init; }

        /// <summary>When the submission became a message: when it was received, or released from quarantine.</summary>
        public required Instant OccurredAt { get; init; }

        public required Instant? ReplyBy { get; init; }
        public required string Language { get; init; }
        public required byte[] Sealed { get; init; }
    }
}
