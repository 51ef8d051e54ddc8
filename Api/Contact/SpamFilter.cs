using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;

namespace Api.Contact;

/// <summary>
/// Recognises spam. Each sign can be wrong, for example when a browser fills in the hidden field for an honest sender.
/// So spam is set aside with its reason, and never dropped.
/// </summary>
sealed partial class SpamFilter(IOptions<ContactOptions> options)
{
    /// <summary>
    /// The reasons to take a submission for spam: <c>honeypot</c>, <c>tooFast</c> and <c>tooManyLinks</c>, separated by
    /// commas; <c>null</c> when there is none.
    /// </summary>
    /// <param name="submission">A valid submission.</param>
    /// <param name="honeypotFilled">Whether the field that people do not see was filled in.</param>
    public string? FindReasons(ContactSubmission submission, bool honeypotFilled)
    {
        List<string> reasons = [];
        if (honeypotFilled)
            reasons.Add("honeypot");
        if (submission.SecondsToFill < options.Value.MinimumSeconds)
            reasons.Add("tooFast");
        var links = Links().Count(submission.Message!) + Links().Count(submission.Name!);
        if (links > options.Value.MaximumLinks)
            reasons.Add("tooManyLinks");
        return reasons.Count == 0 ? null : string.Join(',', reasons);
    }

    // An address counts once, with a scheme, with www. or with both, whatever its path contains. An e-mail address is
    // not a link. An address ends at a comma or a bracket, so that a list of addresses counts as several.
    [GeneratedRegex(
        """(?:https?://|(?<![\w@.\-])www\.(?=[\p{L}\p{N}])(?![^\s<>"'(),;|\[\]{}/?#]*@))[^\s<>"'(),;|\[\]{}]*""",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant
    )]
    private static partial Regex Links();
}
