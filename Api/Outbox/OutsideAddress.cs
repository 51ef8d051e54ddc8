using System.Diagnostics.CodeAnalysis;
using System.Net;
using MimeKit;

namespace Api.Outbox;

/// <summary>
/// Which addresses of senders get mail. Anybody can give any address, so none may lead to a local user, a program or another server
/// behind the clinic's own mail server.
/// </summary>
static class OutsideAddress
{
    /// <summary>
    /// Domains of a machine or a network of its own: reserved (RFC 6761, RFC 6762 with its appendix G, RFC 8375), or in common use.
    /// </summary>
    static readonly string[] LocalDomains = ["localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "home.arpa"];

    /// <summary>Reads an address that is on the internet, as far as its form says so.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out MailboxAddress? address) =>
        MailOptions.TryReadAddress(text, out address) && address.Route.Count == 0 && IsMailbox(address.LocalPart) && IsOutside(address.Domain);

    // % and ! name the next of several servers in old mail systems, | and / a program or a file, and what begins with a hyphen may be
    // taken for an option. A mail server that heeds them still can be the one that this mail goes to.
    static bool IsMailbox(string localPart) => localPart.Length > 0 && localPart[0] is not ('-' or '/' or '"') && localPart.IndexOfAny(['%', '!', '|']) < 0;

    static bool IsOutside(string domain)
    {
        if (DomainName.ToAscii(domain)?.ToLowerInvariant() is not { } ascii || !ascii.Contains('.', StringComparison.Ordinal)) return false;
        // An address literal has brackets and is no domain name; without them it still is an address.
        var isNumber = ascii.Split('.')[^1].All(char.IsAsciiDigit) || IPAddress.TryParse(ascii, out _);
        var isLocal = LocalDomains.Any(local => ascii == local || ascii.EndsWith('.' + local, StringComparison.Ordinal));
        return !isNumber && !isLocal && !ascii.Equals(Dns.GetHostName(), StringComparison.OrdinalIgnoreCase);
    }
}
