using System.Security.Cryptography;
using System.Text;
using Api.Data;

namespace Api.Contact;

/// <summary>
/// What the sender of a submission asks with whether it was handled: the reference, and a proof that it comes from the
/// receipt. 128 bits that nobody guesses and that are stored nowhere. In lower case, as all URLs here.
/// </summary>
sealed class ReceiptToken(Keys keys) : IDisposable
{
    readonly KeyedHash proofs = new(() => keys.Secret("contact-submission receipt"));

    public string Of(string reference) =>
        reference.Replace("-", "", StringComparison.Ordinal).ToLowerInvariant() + Convert.ToHexStringLower(proofs.Of(reference));

    /// <summary>
    /// The reference that a token proves to know, or <c>null</c>. Takes as long for a token that is nearly right as for one
    /// that is no token at all.
    /// </summary>
    public string? Read(string token)
    {
        var reference = token.Length == Reference.Letters + 2 * KeyedHash.Bytes && Ascii.IsValid(token)
            ? Reference.Hyphenated(token[..Reference.Letters].ToUpperInvariant()) : Reference.Hyphenated(new string('0', Reference.Letters));
        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(Of(reference)), Encoding.UTF8.GetBytes(token)) ? reference : null;
    }

    public void Dispose() => proofs.Dispose();
}
