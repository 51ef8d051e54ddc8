using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Api.Data;
using Microsoft.AspNetCore.DataProtection;

namespace Api.Contact;

/// <summary>What a sender wrote, as it is sealed.</summary>
/// <param name="Reference">The submission's reference. What is sealed so belongs to that one, and cannot be put into another's row.</param>
/// <param name="Name">The sender's name.</param>
/// <param name="Email">The e-mail address, as it was given.</param>
/// <param name="Telephone">The telephone number in E.164; as it was given where it comes from before that was asked for.</param>
/// <param name="Extension">The digits to dial after the number, if any.</param>
/// <param name="PreferredContact">How the sender would like to be answered.</param>
/// <param name="Message">The message.</param>
sealed record SubmissionContent(
    string Reference, string Name, string? Email, string? Telephone, string? Extension, PreferredContact PreferredContact, string Message)
{
    // As for ContactSubmission.
    public override string ToString() => nameof(SubmissionContent);
}

/// <summary>A content that is sealed, and what it was sealed of, which must not be kept.</summary>
/// <param name="Sealed">For the database.</param>
/// <param name="Fingerprint">A keyed hash of it: two contents that say the same to the same location have the same.</param>
readonly record struct SealedContent(byte[] Sealed, byte[] Fingerprint);

/// <summary>Seals what a sender wrote before it reaches the database, and makes the keyed hashes by which it is found again.</summary>
sealed class SubmissionSeal(Keys keys) : IDisposable
{
    readonly IDataProtector sealer = keys.Sealer("contact-submission");
    readonly KeyedHash emails = new(() => keys.Secret("contact-submission email index"));
    readonly KeyedHash telephones = new(() => keys.Secret("contact-submission telephone index"));
    readonly KeyedHash references = new(() => keys.Secret("contact-submission reference"));
    readonly KeyedHash fingerprints = new(() => keys.Secret("contact-submission fingerprint"));

    /// <param name="content">What to seal.</param>
    /// <param name="location">The slug of the location that it is for, which is part of what the fingerprint tells apart.</param>
    public SealedContent Seal(SubmissionContent content, string location)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(content);
        return new SealedContent(keys.Seal(sealer, bytes), fingerprints.Of([.. Encoding.UTF8.GetBytes(location), 0, .. bytes]));
    }

    /// <exception cref="CryptographicException">The keys are not those that it was sealed with, or it is another submission's.</exception>
    public SubmissionContent Open(string reference, byte[] sealedContent)
    {
        var content = JsonSerializer.Deserialize<SubmissionContent>(Keys.Unseal(sealer, sealedContent))!;
        return content.Reference == reference ? content : throw new CryptographicException("It was sealed for another submission.");
    }

    /// <summary>Upper and lower case are one: the standard lets the part before the @ differ by it, but nobody's mailbox does.</summary>
    public byte[]? EmailIndex(string? email) => email is null ? null : emails.Of(email.ToLowerInvariant());

    /// <param name="telephone">In E.164.</param>
    public byte[]? TelephoneIndex(string? telephone) => telephone is null ? null : telephones.Of(telephone);

    /// <summary>
    /// The reference of a submission that comes with an Idempotency-Key: the same one whenever the key comes again, so that the
    /// database, in which a reference is there once, tells a repetition without having to keep the keys. As hard to guess as any.
    /// </summary>
    /// <param name="endpoint">The operation that the key was sent to: the same key at another is another.</param>
    /// <param name="key">The Idempotency-Key.</param>
    /// <param name="turn">From 0: how many submissions before have had this key, and their time is over.</param>
    public string ReferenceOf(string endpoint, string key, int turn) => Reference.Of(references.Of($"{endpoint}\n{turn}\n{key}"));

    public void Dispose()
    {
        emails.Dispose();
        telephones.Dispose();
        references.Dispose();
        fingerprints.Dispose();
    }
}
