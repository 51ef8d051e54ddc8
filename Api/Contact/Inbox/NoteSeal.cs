using System.Security.Cryptography;
using System.Text;
using Api.Data;
using Microsoft.AspNetCore.DataProtection;

namespace Api.Contact.Inbox;

/// <summary>Seals the notes of the staff. A note that is moved to another row does not open.</summary>
sealed class NoteSeal(Keys keys)
{
    const int IdBytes = 16;

    readonly IDataProtector sealer = keys.Sealer("submission-note");

    public byte[] Seal(Guid id, string text) =>
        Keys.Seal(sealer, [.. id.ToByteArray(), .. Encoding.UTF8.GetBytes(text)]);

    /// <returns><c>null</c> when the keys do not fit, or it is another note's.</returns>
    public string? TryOpen(Guid id, byte[] sealedText)
    {
        try
        {
            var content = Keys.Unseal(sealer, sealedText);
            return new Guid(content.AsSpan(..IdBytes)) == id
                ? Encoding.UTF8.GetString(content.AsSpan(IdBytes..))
                : null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
