using Api.Data;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Api.Outbox;

/// <summary>All SQL on the outbox.</summary>
sealed class OutboxStore(IOptions<MailOptions> mail, IOptions<WebhookOptions> webhooks)
{
    /// <summary>Writes down what must be delivered about a submission. Called inside <see cref="Database.WriteAsync"/>.</summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="submission">The submission's row.</param>
    /// <param name="location">The slug of its location.</param>
    /// <param name="hasEmail">Whether its sender can be sent an acknowledgement.</param>
    /// <param name="now">When it was received or released.</param>
    public void Add(SqliteConnection connection, long submission, string location, bool hasEmail, Instant now)
    {
        if (mail.Value.IsOn)
        {
            foreach (var recipient in mail.Value.RecipientsOf(location)) Add(connection, submission, Channel.Mail, recipient, now);
            if (mail.Value.Acknowledge && hasEmail) Add(connection, submission, Channel.Acknowledgement, "", now);
        }
        foreach (var name in webhooks.Value.Endpoints.Keys) Add(connection, submission, Channel.Webhook, name, now);
    }

    static void Add(SqliteConnection connection, long submission, string channel, string target, Instant now) => connection.Prepared(
        """
        INSERT INTO outbox (delivery_id, submission_id, channel, target, due_at)
        VALUES (@id, @submission, @channel, @target, @now)
        """,
        ("@id", Guid.CreateVersion7(now.ToDateTimeOffset()).ToString()),
        ("@submission", submission),
        ("@channel", channel),
        ("@target", target),
        ("@now", SqlTypes.ToColumn(now))).ExecuteNonQuery();
}

/// <summary>The ways in which something is delivered, as the outbox names them.</summary>
static class Channel
{
    /// <summary>A mail to the clinic's staff.</summary>
    public const string Mail = "mail";

    /// <summary>A mail to the sender.</summary>
    public const string Acknowledgement = "acknowledgement";

    /// <summary>A call of a webhook.</summary>
    public const string Webhook = "webhook";
}
