using System.Diagnostics.CodeAnalysis;
using System.Net;
using MimeKit;

namespace Api.Outbox;

/// <summary>
/// Decides which addresses of senders get mail. Anybody can enter any address, so none may lead to a local user, a
/// program or a server behind the clinic's own mail server.
/// </summary>
static class OutsideAddress
{
    /// <summary>
    /// The domains of local machines and networks: reserved (RFC 6761, RFC 6762 appendix G, RFC 8375) or in common use.
    /// </summary>
    static readonly string[] LocalDomains =
    [
        "localhost",
        "localdomain",
        "local",
        "internal",
        "intranet",
        "private",
        "corp",
        "home",
        "lan",
        "home.arpa",
    ];

    /// <summary>Reads an address whose form says that it is on the public internet.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out MailboxAddress? address) =>
        MailAddress.TryRead(text, out address)
        && address.Route.Count == 0
        && IsMailbox(address.LocalPart)
        && IsOutside(address.Domain);

    // In old mail systems % and ! name the next of several servers, | and / a program or a file, and a leading hyphen
    // can be taken for an option. The clinic's mail server may still follow them.
    static bool IsMailbox(string localPart) =>
        localPart.Length > 0 && localPart[0] is not ('-' or '/' or '"') && localPart.IndexOfAny(['%', '!', '|']) < 0;

    static bool IsOutside(string domain)
    {
        if (DomainName.ToAscii(domain)?.ToLowerInvariant() is not { } ascii)
            return false;
        if (!ascii.Contains('.', StringComparison.Ordinal))
            return false;
        // An address literal in brackets is not a domain name. Without the brackets it still is an address.
        var isNumber = ascii.Split('.')[^1].All(char.IsAsciiDigit) || IPAddress.TryParse(ascii, out _);
        var isLocal = LocalDomains.Any(local =>
            ascii == local || ascii.EndsWith('.' + local, StringComparison.Ordinal)
        );
        return !isNumber && !isLocal && !ascii.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase);
    }
}
