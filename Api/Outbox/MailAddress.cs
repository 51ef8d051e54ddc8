using System.Diagnostics.CodeAnalysis;
using MimeKit;

namespace Api.Outbox;

/// <summary>E-mail addresses as they stand in settings and messages.</summary>
static class MailAddress
{
    static readonly ParserOptions OneAddress = new()
    {
        AddressParserComplianceMode = RfcComplianceMode.Strict,
        AllowAddressesWithoutDomain = false,
    };

    /// <summary>Reads exactly one address, with a name before it or without.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out MailboxAddress? address)
    {
        address = null;
        return text is not null
            && !text.Any(char.IsControl)
            && MailboxAddress.TryParse(OneAddress, text, out address)
            && address.Address.Length > 0;
    }

    /// <summary>Whether two texts have the same address, whatever names stand before it.</summary>
    public static bool AreSame(string one, string other) => ToAscii(one) == ToAscii(other);

    static string ToAscii(string text) =>
        TryRead(text, out var address) ? address.GetAddress(idnEncode: true).ToLowerInvariant() : text;
}
