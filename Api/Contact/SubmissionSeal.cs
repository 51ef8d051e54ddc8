using System.Buffers.Binary;
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
    readonly KeyedHash mailboxes = new(() => keys.Secret("contact-submission mailbox"));
    readonly KeyedHash erased = new(() => keys.Secret("contact-submission erased"));

    /// <param name="content">What to seal.</param>
    /// <param name="location">The slug of the location that it is for, which is part of what the fingerprint tells apart.</param>
    public SealedContent Seal(SubmissionContent content, string location)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(content);
        return new SealedContent(keys.Seal(sealer, bytes), Fingerprint(bytes, location));
    }

    /// <summary>What <see cref="Seal"/> makes as the fingerprint, without sealing anything.</summary>
    public byte[] Fingerprint(SubmissionContent content, string location) => Fingerprint(JsonSerializer.SerializeToUtf8Bytes(content), location);

    byte[] Fingerprint(byte[] content, string location) => fingerprints.Of([.. Encoding.UTF8.GetBytes(location), 0, .. content]);

    /// <exception cref="CryptographicException">The keys are not those that it was sealed with, or it is another submission's.</exception>
    public SubmissionContent Open(string reference, byte[] sealedContent)
    {
        var content = JsonSerializer.Deserialize<SubmissionContent>(Keys.Unseal(sealer, sealedContent))!;
        return content.Reference == reference ? content : throw new CryptographicException("It was sealed for another submission.");
    }

    /// <summary>Upper and lower case are one: the standard lets the part before the @ differ by it, but nobody's mailbox does.</summary>
    public byte[]? EmailIndex(string? email) => email is null ? null : emails.Of(email.ToLowerInvariant());

    /// <summary>
    /// The same for all spellings of an address that most mail providers deliver to one mailbox: upper and lower case, with a tag
    /// behind a plus sign, with dots or without. For limits only: two people with one hash share a limit, and that is all.
    /// </summary>
    public byte[]? MailboxHash(string? email)
    {
        if (email is null) return null;
        var at = Math.Max(0, email.LastIndexOf('@'));
        var untagged = email[..at].Split('+')[0].Replace(".", "", StringComparison.Ordinal);
        return mailboxes.Of((untagged + email[at..]).ToLowerInvariant());
    }

    /// <summary>Stands for a reference or a fingerprint of a submission that was erased, and of which nothing may be left.</summary>
    public byte[] ErasedHash(ReadOnlySpan<byte> trace) => erased.Of(trace);

    /// <inheritdoc cref="ErasedHash(ReadOnlySpan{byte})"/>
    public byte[] ErasedHash(string reference) => erased.Of(reference);

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

    /// <summary>Stands for an Idempotency-Key where only this process needs to know it again.</summary>
    /// <inheritdoc cref="ReferenceOf" path="/param"/>
    public UInt128 KeyHash(string endpoint, string key) => BinaryPrimitives.ReadUInt128BigEndian(references.Of($"{endpoint}\n\n{key}"));

    public void Dispose()
    {
        emails.Dispose();
        telephones.Dispose();
        references.Dispose();
        fingerprints.Dispose();
        mailboxes.Dispose();
        erased.Dispose();
    }
}
