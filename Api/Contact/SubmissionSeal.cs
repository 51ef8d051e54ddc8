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

/// <summary>Seals what a sender wrote before it reaches the database, and makes the keyed hashes by which it is found again.</summary>
sealed class SubmissionSeal(Keys keys)
{
    /// <summary>Enough that two people never share a hash by chance; more would only make the indexes larger.</summary>
    const int HashBytes = 16;

    readonly IDataProtector sealer = keys.Sealer("contact-submission");
    readonly byte[] emailKey = keys.Secret("contact-submission email index");
    readonly byte[] telephoneKey = keys.Secret("contact-submission telephone index");
    readonly byte[] idempotencyKey = keys.Secret("contact-submission idempotency key");
    readonly byte[] fingerprintKey = keys.Secret("contact-submission fingerprint");

    public byte[] Seal(SubmissionContent content) => sealer.Protect(JsonSerializer.SerializeToUtf8Bytes(content));

    /// <exception cref="CryptographicException">The keys are not those that it was sealed with, or it is another submission's.</exception>
    public SubmissionContent Open(string reference, byte[] sealedContent)
    {
        var content = JsonSerializer.Deserialize<SubmissionContent>(sealer.Unprotect(sealedContent))!;
        return content.Reference == reference ? content : throw new CryptographicException("It was sealed for another submission.");
    }

    /// <summary>Upper and lower case are one: the standard lets the part before the @ differ by it, but nobody's mailbox does.</summary>
    public byte[]? EmailIndex(string? email) => email is null ? null : Hash(emailKey, email.ToLowerInvariant());

    /// <param name="telephone">In E.164.</param>
    public byte[]? TelephoneIndex(string? telephone) => telephone is null ? null : Hash(telephoneKey, telephone);

    /// <param name="endpoint">The operation that the key was sent to: the same key at another is another.</param>
    /// <param name="key">The Idempotency-Key.</param>
    public byte[] IdempotencyKey(string endpoint, string key) => Hash(idempotencyKey, $"{endpoint}\n{key}");

    /// <summary>
    /// Of what the message says and to whom. How long it took to write and the solution of a challenge are no part of it: a
    /// form that sends a message again may have to solve another.
    /// </summary>
    public byte[] Fingerprint(ContactSubmission submission) => HMACSHA256.HashData(fingerprintKey, JsonSerializer.SerializeToUtf8Bytes(
        submission with { SecondsToFill = null, Altcha = null }))[..HashBytes];

    static byte[] Hash(byte[] key, string text) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))[..HashBytes];
}
