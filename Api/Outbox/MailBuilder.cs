using Microsoft.Extensions.Options;
using MimeKit;

namespace Api.Outbox;

/// <summary>
/// Builds mails as they are sent: with addresses, an id and the headers of automatic mail (RFC 3834).
/// </summary>
sealed class MailBuilder(IOptions<MailOptions> options, TimeProvider time)
{
    /// <summary>Builds the mail of a delivery.</summary>
    /// <exception cref="UndeliverableException">The recipient's address cannot be written to.</exception>
    public MimeMessage Build(Delivery delivery, MailText text)
    {
        if (delivery.Channel != Channel.Acknowledgement)
            return Build(delivery.DeliveryId, Parse(text.To), "auto-generated", text);

        if (!OutsideAddress.TryRead(text.To, out var sender))
            throw new UndeliverableException("the sender's address cannot be written to");
        return Build(delivery.DeliveryId, new MailboxAddress("", sender.Address), "auto-replied", text);
    }

    /// <summary>Builds a mail that only shows that mails arrive.</summary>
    public MimeMessage BuildTest(string recipient)
    {
        var text = new MailText(
            recipient,
            "Test message of the web site",
            "This is a test. Notices about messages from the web site arrive here.\n"
        );
        return Build(Guid.CreateVersion7(time.GetUtcNow()).ToString(), Parse(recipient), "auto-generated", text);
    }

    MimeMessage Build(string id, MailboxAddress to, string autoSubmitted, MailText text)
    {
        var from = Parse(options.Value.From);
        return new MimeMessage([from], [to], OnOneLine(text.Subject), new TextPart("plain") { Text = text.Body })
        {
            MessageId = $"{id}@{from.GetAddress(idnEncode: true).Split('@')[^1]}",
            Date = time.GetUtcNow(),
            Headers = { { HeaderId.AutoSubmitted, autoSubmitted } },
        };
    }

    static MailboxAddress Parse(string? address) =>
        MailAddress.TryRead(address, out var parsed)
            ? parsed
            : throw new InvalidOperationException("The settings were checked, but this is not an address.");

    // A subject may contain names that an operator entered with a line break.
    static string OnOneLine(string text) => string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter));
}
