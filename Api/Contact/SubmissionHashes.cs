using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Api.Data;

namespace Api.Contact;

/// <summary>
/// Keyed hashes that stand for what a sender wrote where it must be found or compared again: HMAC-SHA256, each purpose
/// with a key of its own, cut to 128 bits. That is enough for no two texts ever to share a hash by chance.
/// </summary>
sealed class SubmissionHashes(Keys keys)
{
    /// <summary>The length of a hash in bytes.</summary>
    public const int Length = 16;

    readonly ConcurrentDictionary<string, byte[]> secrets = new();

    byte[] Hash(string purpose, ReadOnlySpan<byte> bytes)
    {
        var secret = secrets.GetOrAdd(
            purpose,
            static (purpose, keys) => keys.Secret($"contact-submission {purpose}"),
            keys
        );
        return HMACSHA256.HashData(secret, bytes)[..Length];
    }

    byte[] Hash(string purpose, string text) => Hash(purpose, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Finds a person's submissions by the e-mail address. Upper and lower case are the same: the standard
    /// distinguishes them before the @, but mailboxes do not.
    /// </summary>
    public byte[]? HashEmail(string? email) => email is null ? null : Hash("email index", email.ToLowerInvariant());

    /// <summary>Finds a person's submissions by the telephone number in E.164.</summary>
    public byte[]? HashTelephone(string? telephone) => telephone is null ? null : Hash("telephone index", telephone);

    /// <summary>
    /// The same for all spellings of an address that most mail providers deliver to one mailbox: upper and lower case,
    /// with a tag after a plus sign, with dots or without. For limits only: the worst that can happen is that two
    /// people share one.
    /// </summary>
    public byte[]? HashMailbox(string? email)
    {
        if (email is null)
            return null;
        var at = Math.Max(0, email.LastIndexOf('@'));
        var untagged = email[..at].Split('+')[0].Replace(".", "", StringComparison.Ordinal);
        return Hash("mailbox", (untagged + email[at..]).ToLowerInvariant());
    }

    /// <summary>
    /// The reference of a submission that comes with an Idempotency-Key. The same key always gives the same reference,
    /// so the unique column in the database recognises a repetition, and the keys are not stored. It is as hard to
    /// guess as any other.
    /// </summary>
    /// <param name="endpoint">
    /// The operation that the key was sent to. The same key at another operation is another key.
    /// </param>
    /// <param name="key">The Idempotency-Key.</param>
    /// <param name="expiredUses">How many expired submissions already used this key.</param>
    public string MakeReference(string endpoint, string key, int expiredUses) =>
        Reference.FromHash(Hash("reference", $"{endpoint}\n{expiredUses}\n{key}"));

    /// <summary>
    /// The id of a note that comes with an Idempotency-Key. The same key of the same person always gives the same id.
    /// </summary>
    public Guid MakeNoteId(string reference, string author, string key) =>
        new(Hash("note", $"{reference}\n{author}\n{key}"));

    /// <summary>Stands for an Idempotency-Key in this process.</summary>
    /// <inheritdoc cref="MakeReference" path="/param"/>
    public UInt128 HashKey(string endpoint, string key) =>
        BinaryPrimitives.ReadUInt128BigEndian(Hash("reference", $"{endpoint}\n\n{key}"));

    /// <summary>The same for two submissions that say the same to the same location.</summary>
    /// <param name="content">What was sent.</param>
    /// <param name="location">The slug of the location.</param>
    public byte[] Fingerprint(SubmissionContent content, string location) =>
        Hash("fingerprint", [.. Encoding.UTF8.GetBytes(location), 0, .. JsonSerializer.SerializeToUtf8Bytes(content)]);

    /// <summary>Stands for the reference of an erased submission, which must not be kept.</summary>
    public byte[] HashErased(string reference) => Hash("erased", reference);

    /// <summary>Stands for the fingerprint of an erased submission, which must not be kept.</summary>
    public byte[] HashErased(byte[] fingerprint) => Hash("erased", fingerprint);

    /// <summary>Proves in a receipt's token that it belongs to the reference.</summary>
    public byte[] ProveReceipt(string reference) => Hash("receipt", reference);
}
