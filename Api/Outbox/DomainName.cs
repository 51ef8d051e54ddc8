using System.Globalization;
using System.Text.RegularExpressions;

namespace Api.Outbox;

/// <summary>Names of hosts and mail domains, as the network has them.</summary>
static partial class DomainName
{
    static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = true };

    /// <summary>The name in ASCII, an internationalised one in A-labels (<c>xn--…</c>); <c>null</c> for what is no domain name.</summary>
    public static string? ToAscii(string name)
    {
        try
        {
            // An ASCII name stays as it is: IdnMapping would refuse some that exist, with xn-- that nobody can decode.
            var ascii = System.Text.Ascii.IsValid(name) ? name : Idn.GetAscii(name);
            return ascii.Length <= 253 && Labels().IsMatch(ascii) ? ascii : null;
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\z")]
    private static partial Regex Labels();
}
