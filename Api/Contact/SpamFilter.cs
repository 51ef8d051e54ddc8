using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Api.Contact;

/// <summary>
/// Signs by which spam is told. Each of them can be wrong, a browser that fills in what it should not for one; so what is
/// caught is set aside with its reason, and never dropped.
/// </summary>
sealed partial class SpamFilter(IOptions<ContactOptions> options)
{
    /// <summary>Why it is taken for spam, words of <c>honeypot</c>, <c>tooFast</c> and <c>tooManyLinks</c> with a comma between; <c>null</c> when it is not.</summary>
    /// <param name="submission">What was sent, and passed the validator.</param>
    /// <param name="honeypotFilled">Whether the field that people do not see was filled in.</param>
    public string? Suspect(ContactSubmission submission, bool honeypotFilled)
    {
        var tooFast = submission.SecondsToFill < options.Value.MinimumSeconds;
        var tooManyLinks = Links().Count(submission.Message!) + Links().Count(submission.Name!) > options.Value.MaximumLinks;
        return honeypotFilled || tooFast || tooManyLinks
            ? string.Join(',', new[] { honeypotFilled ? "honeypot" : null, tooFast ? "tooFast" : null, tooManyLinks ? "tooManyLinks" : null }.OfType<string>())
            : null;
    }

    // One address counts once, with a scheme, with www., or with both, whatever is in its path; an e-mail address is no link. It ends
    // where no address goes on, so that several with nothing but a comma or a bracket between them are several.
    [GeneratedRegex("""(?:https?://|(?<![\w@.\-])www\.(?=[\p{L}\p{N}])(?![^\s<>"'(),;|\[\]{}/?#]*@))[^\s<>"'(),;|\[\]{}]*""", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Links();
}
