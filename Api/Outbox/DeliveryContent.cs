using NodaTime;

namespace Api.Outbox;

/// <summary>Writes the mail of a delivery. The feature that added the delivery provides it.</summary>
/// <returns><c>null</c> when what the delivery is about no longer exists.</returns>
/// <exception cref="UndeliverableException">The mail can never be written.</exception>
delegate Task<MailText?> WriteMail(Delivery delivery, CancellationToken ct);

/// <summary>Writes what a webhook is told. The feature that added the delivery provides it.</summary>
/// <returns><c>null</c> when what the delivery is about no longer exists.</returns>
delegate Task<WebhookEvent?> WriteEvent(Delivery delivery, CancellationToken ct);

/// <summary>What a mail says.</summary>
/// <param name="To">The address of the recipient, which may come from a stranger.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Body">The body, plain text.</param>
sealed record MailText(string To, string Subject, string Body);

/// <summary>The body of a webhook call, as Standard Webhooks describe it.</summary>
/// <param name="Type">What has happened.</param>
/// <param name="Timestamp">When it happened.</param>
/// <param name="Data">The particulars, an object for JSON.</param>
sealed record WebhookEvent(string Type, Instant Timestamp, object Data);

/// <summary>A delivery can never be made.</summary>
/// <param name="fault">Why, in this program's words.</param>
#pragma warning disable CA1032, CA1064 // Thrown by features, caught by the outbox
sealed class UndeliverableException(string fault) : Exception(fault);
#pragma warning restore CA1032, CA1064
