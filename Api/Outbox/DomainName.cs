using System.Globalization;
using System.Text.RegularExpressions;

namespace Api.Outbox;

/// <summary>Names of hosts and mail domains.</summary>
static partial class DomainName
{
    static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = true };

    /// <summary>
    /// The name in ASCII, with A-labels (<c>xn--…</c>) for an internationalised one; <c>null</c> if it is not a domain
    /// name.
    /// </summary>
    public static string? ToAscii(string name)
    {
        try
        {
            // IdnMapping refuses some ASCII names that exist, with an xn-- that nobody can decode.
            var ascii = System.Text.Ascii.IsValid(name) ? name : Idn.GetAscii(name);
            return ascii.Length <= 253 && Labels().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    [GeneratedRegex(
        @"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z"
    )]
    private static partial Regex Labels();
}
