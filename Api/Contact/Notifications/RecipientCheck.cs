using Api.Locations;
using Api.Outbox;
using Microsoft.Extensions.Options;

namespace Api.Contact.Notifications;

/// <summary>Compares the recipients of mail with the locations, which are in the database.</summary>
sealed partial class RecipientCheck(LocationStore locations, IOptions<MailOptions> options, ILogger<RecipientCheck> log)
{
    readonly MailOptions mail = options.Value;

    /// <summary>
    /// Refuses recipients of unknown locations, since those of the location that is meant would never hear of a
    /// message. Warns about locations without a recipient.
    /// </summary>
    /// <exception cref="StartupFault">There are recipients of an unknown location.</exception>
    public async Task RequireLocationsAsync(CancellationToken ct)
    {
        var slugs = await ListSlugsAsync(ct);
        if (FindUnknown(slugs).FirstOrDefault() is { } unknown)
            throw new StartupFault(
                $"Mail:Recipients:{unknown} is for a location that does not exist: use "
                    + $"{string.Join(", ", [.. slugs, MailOptions.EveryGroup])}, or add the location with the seed "
                    + "command first."
            );
        WarnOfNoRecipients(slugs);
    }

    /// <summary>Warns about both after the locations have changed.</summary>
    public async Task WarnAsync(CancellationToken ct)
    {
        var slugs = await ListSlugsAsync(ct);
        foreach (var unknown in FindUnknown(slugs))
            LogUnknownLocation(unknown);
        WarnOfNoRecipients(slugs);
    }

    async Task<string[]> ListSlugsAsync(CancellationToken ct) => [.. (await locations.ListAsync(ct)).Keys];

    IEnumerable<string> FindUnknown(string[] slugs) =>
        mail.Recipients.Keys.Except([.. slugs, MailOptions.EveryGroup], StringComparer.OrdinalIgnoreCase);

    void WarnOfNoRecipients(string[] slugs)
    {
        if (!mail.IsOn)
            return;
        foreach (var slug in slugs.Where(slug => mail.FindRecipients(slug).Length == 0))
            LogNoRecipient(slug);
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Nobody gets a mail about messages to {Location}: set Mail:Recipients:{Location}, or "
            + "Mail:Recipients:* for all locations"
    )]
    partial void LogNoRecipient(string location);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Mail:Recipients:{Location} is for a location that does not exist: the server does not start with it"
    )]
    partial void LogUnknownLocation(string location);
}
