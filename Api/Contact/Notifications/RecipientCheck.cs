using Api.Locations;
using Api.Outbox;
using Microsoft.Extensions.Options;

namespace Api.Contact.Notifications;

/// <summary>Compares the recipients of mail with the locations at the start, since only then both are known.</summary>
sealed partial class RecipientCheck(LocationStore locations, IOptions<MailOptions> options, ILogger<RecipientCheck> log)
{
    /// <summary>Warns about locations without a recipient, and about recipients of unknown locations.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var mail = options.Value;
        if (!mail.IsOn)
            return;
        string[] slugs = [.. (await locations.ListAsync(ct)).Select(location => location.Slug)];
        foreach (var slug in slugs.Where(slug => mail.FindRecipients(slug).Length == 0))
            LogNoRecipient(slug);
        foreach (var unknown in mail.Recipients.Keys.Except([.. slugs, MailOptions.EveryGroup]))
            LogUnknownLocation(unknown);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Nobody gets a mail about messages to {Location}: set Mail:Recipients:{Location}, or "
            + "Mail:Recipients:* for all locations"
    )]
    partial void LogNoRecipient(string location);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Mail:Recipients names {Location}, which is not a location")]
    partial void LogUnknownLocation(string location);
}
