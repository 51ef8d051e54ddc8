using System.Globalization;
using System.Resources;
using System.Security.Cryptography;
using Api.Contact;
using Microsoft.Extensions.Options;
using MimeKit;
using NodaTime;
using NodaTime.Text;

namespace Api.Outbox;

/// <summary>
/// Writes the mails. Nothing that a sender wrote gets into one but the address that an acknowledgement goes to. The words are in
/// <c>OutboxText.resx</c> and beside it.
/// </summary>
sealed class MailWriter(MailOptions options, IOptions<ContactOptions> contact, SubmissionSeal seal, TimeProvider time)
{
    static readonly ResourceManager Resources = new("Api.Outbox.OutboxText", typeof(MailWriter).Assembly);
    static readonly CultureInfo Staff = CultureInfo.GetCultureInfo("en");

    /// <returns>The mail, or why there can be none.</returns>
    public (MimeMessage? Mail, Outcome? Failed) Write(Delivery delivery)
    {
        try
        {
            return delivery.Channel == Channel.Acknowledgement ? WriteAcknowledgement(delivery) : (WriteNotice(delivery), null);
        }
        catch (Exception e)
        {
            return (null, Outcome.Unexpected(e));
        }
    }

    /// <summary>A mail that says only that mails arrive.</summary>
    public MimeMessage WriteTest(string recipient) =>
        New(Guid.CreateVersion7(time.GetUtcNow()).ToString(), Address(recipient), "auto-generated", Say(Staff, "TestSubject"), Say(Staff, "TestBody"));

    MimeMessage WriteNotice(Delivery delivery)
    {
        var body = Say(Staff, "NoticeBody", delivery.Reference, delivery.LocationName, Local(delivery.ReceivedAt, delivery, Staff));
        if (delivery.ReplyBy is { } replyBy) body += Say(Staff, "NoticeReplyBy", Local(replyBy, delivery, Staff));
        if (options.Link is { } link) body += Say(Staff, "NoticeLink", link.Replace("{reference}", delivery.Reference, StringComparison.Ordinal));
        return New(delivery.DeliveryId, Address(delivery.Target), "auto-generated",
            Say(Staff, "NoticeSubject", delivery.Reference, delivery.LocationName), body);
    }

    (MimeMessage?, Outcome?) WriteAcknowledgement(Delivery delivery)
    {
        MailboxAddress to;
        try
        {
            // Parsed as an address and as nothing else: what is no single address does not get through here.
            if (!OutsideAddress.TryRead(seal.Open(delivery.Reference, delivery.Sealed!).Email, out to!))
                return (null, new Outcome("the sender's address cannot be written to", Final: true));
        }
        catch (CryptographicException)
        {
            return (null, new Outcome("the keys do not open the message, which has the sender's address", Final: true));
        }

        var language = CultureInfo.GetCultureInfo(delivery.Language);
        var body = Say(language, "AcknowledgementBody", delivery.Reference, delivery.LocationName);
        if (delivery.ReplyBy is { } replyBy) body += Say(language, "AcknowledgementReplyBy", Local(replyBy, delivery, language));
        if (contact.Value.NoticesIn(language).Emergency is { } emergency) body += "\n" + emergency + "\n";
        return (New(delivery.DeliveryId, new MailboxAddress("", to.Address), "auto-replied", Say(language, "AcknowledgementSubject", delivery.Reference), body), null);
    }

    MimeMessage New(string id, MailboxAddress to, string autoSubmitted, string subject, string body)
    {
        var from = Address(options.From);
        return new MimeMessage([from], [to], OnOneLine(subject), new TextPart("plain") { Text = body })
        {
            MessageId = $"{id}@{from.GetAddress(idnEncode: true).Split('@')[^1]}",
            Date = time.GetUtcNow(),
            Headers = { { HeaderId.AutoSubmitted, autoSubmitted } },
        };
    }

    static MailboxAddress Address(string? text) =>
        MailOptions.TryReadAddress(text, out var address) ? address : throw new InvalidOperationException("No address, although it was checked.");

    // A location's name comes from the seed, which the operator writes.
    static string OnOneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));

    static string Local(Instant instant, Delivery delivery, CultureInfo language) =>
        ZonedDateTimePattern.Create(Word(language, "TimePattern"), language, null, null, default)
            .Format(instant.InZone(DateTimeZoneProviders.Tzdb[delivery.TimeZone]));

    static string Say(CultureInfo language, string word, params ReadOnlySpan<object?> parts) => string.Format(language, Word(language, word), parts);

    static string Word(CultureInfo language, string word) =>
        Resources.GetString(word, language) ?? throw new MissingManifestResourceException($"OutboxText.resx has no {word}.");
}
