using Api.Access;
using Api.Locations;
using Api.Outbox;
using Microsoft.Extensions.Options;

namespace Api.CommandLine;

/// <summary>Compares the settings that name locations with the locations, which are in the database.</summary>
sealed partial class LocationSettings(
    LocationStore locations,
    IOptions<MailOptions> mailOptions,
    IOptions<AccessOptions> accessOptions,
    ILogger<LocationSettings> log
)
{
    readonly MailOptions mail = mailOptions.Value;
    readonly TokenOptions tokens = accessOptions.Value.Tokens;

    /// <summary>
    /// Refuses settings for unknown locations, since those at the location that is meant would never hear of a message.
    /// Warns about locations without a recipient.
    /// </summary>
    /// <exception cref="StartupFault">There is a setting for an unknown location.</exception>
    public async Task RequireKnownAsync(CancellationToken ct)
    {
        var slugs = await ListSlugsAsync(ct);
        if (FindMistakes(slugs).FirstOrDefault() is ({ } mistake, var choices))
            throw new StartupFault(
                $"{mistake}: use {string.Join(", ", choices)}, or add the location with the seed command first."
            );
        WarnOfNoRecipients(slugs);
    }

    /// <summary>Warns about both after the locations have changed.</summary>
    public async Task WarnAsync(CancellationToken ct)
    {
        var slugs = await ListSlugsAsync(ct);
        foreach (var (mistake, _) in FindMistakes(slugs))
            LogUnknownLocation(mistake);
        WarnOfNoRecipients(slugs);
    }

    async Task<string[]> ListSlugsAsync(CancellationToken ct) => [.. (await locations.ListAsync(ct)).Keys];

    IEnumerable<(string Mistake, string[] Choices)> FindMistakes(string[] slugs)
    {
        string[] groups = [.. slugs, MailOptions.EveryGroup];
        foreach (var slug in mail.Recipients.Keys.Except(groups, StringComparer.OrdinalIgnoreCase))
            yield return ($"Mail:Recipients:{slug} is for a location that does not exist", groups);
        foreach (var (i, grant) in tokens.Grants.Index())
        {
            foreach (var slug in grant.Locations.Except(slugs))
                yield return (
                    $"Access:Tokens:Grants:{i}:Locations has '{slug}', a location that does not exist",
                    slugs
                );
        }
    }

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

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Mistake}: the server does not start with it")]
    partial void LogUnknownLocation(string mistake);
}
