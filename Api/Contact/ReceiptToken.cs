using System.Security.Cryptography;
using System.Text;

namespace Api.Contact;

/// <summary>
/// The token a sender uses to look up whether the submission was handled: the reference and a proof that it comes from
/// the receipt. The proof has 128 bits, which nobody guesses, and is not stored. Lower case, as in all URLs of this
/// API.
/// </summary>
sealed class ReceiptToken(SubmissionHashes hashes)
{
    public string Create(string reference) =>
        reference.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant()
        + Convert.ToHexStringLower(hashes.ProveReceipt(reference));

    /// <summary>
    /// The reference that a token proves; <c>null</c> for a wrong token. A token that is nearly right takes as long as
    /// any other text.
    /// </summary>
    public string? Read(string token)
    {
        var hasForm = token.Length == Reference.Letters + 2 * SubmissionHashes.Length && Ascii.IsValid(token);
        var letters = hasForm ? token[..Reference.Letters].ToUpperInvariant() : new string('0', Reference.Letters);
        var reference = Reference.Hyphenate(letters);
        var isRight = CryptographicOperations.FixedTimeEquals(
            Encoding.UTF8.GetBytes(Create(reference)),
            Encoding.UTF8.GetBytes(token)
        );
        return isRight ? reference : null;
    }
}
