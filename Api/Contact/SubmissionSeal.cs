using System.Security.Cryptography;
using System.Text.Json;
using Api.Data;
using Microsoft.AspNetCore.DataProtection;

namespace Api.Contact;

/// <summary>What a sender wrote, as it is sealed.</summary>
/// <param name="Reference">
/// The submission's reference. It ties the content to its row: moved to another row it does not open.
/// </param>
/// <param name="Name">The sender's name.</param>
/// <param name="Email">The e-mail address, as it was entered.</param>
/// <param name="Telephone">The telephone number in E.164. Some old submissions have it as it was entered.</param>
/// <param name="Extension">The digits to dial after the number, if any.</param>
/// <param name="PreferredContact">How the sender would like to be answered.</param>
/// <param name="Message">The message.</param>
sealed record SubmissionContent(
    string Reference,
    string Name,
    string? Email,
    string? Telephone,
    string? Extension,
    PreferredContact PreferredContact,
    string Message
)
{
    // A record's own ToString would write the message into any log line that names it.
    public override string ToString() => nameof(SubmissionContent);
}

/// <summary>Seals what a sender wrote before it reaches the database, and opens it for the staff.</summary>
sealed class SubmissionSeal(Keys keys)
{
    readonly IDataProtector sealer = keys.Sealer("contact-submission");

    /// <summary>Seals content. Before it is committed, <see cref="RequireKeys"/> must hold.</summary>
    public byte[] Seal(SubmissionContent content) => Keys.Seal(sealer, JsonSerializer.SerializeToUtf8Bytes(content));

    /// <summary>Checks that what is sealed now can be opened after a restart.</summary>
    /// <exception cref="StorageException">A key is missing.</exception>
    public void RequireKeys() => keys.RequireInPlace();

    /// <exception cref="CryptographicException">
    /// The keys do not fit, or it is the content of another submission.
    /// </exception>
    public SubmissionContent Open(string reference, byte[] sealedContent)
    {
        var content = JsonSerializer.Deserialize<SubmissionContent>(Keys.Unseal(sealer, sealedContent))!;
        return content.Reference == reference
            ? content
            : throw new CryptographicException("It was sealed for another submission.");
    }

    /// <returns><c>null</c> when it does not open.</returns>
    public SubmissionContent? TryOpen(string reference, byte[] sealedContent)
    {
        try
        {
            return Open(reference, sealedContent);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
