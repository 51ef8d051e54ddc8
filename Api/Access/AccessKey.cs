using System.Security.Cryptography;
using System.Text;

namespace Api.Access;

/// <summary>
/// The text of a key: <c>clinic_</c>, 256 random bits and a checksum of 32 bits, both in hexadecimal digits. Programs
/// that look for leaked secrets find it by its beginning, and a mistyped key is recognised without the database.
/// </summary>
static class AccessKey
{
    public const string Prefix = "clinic_";

    const int SecretBytes = 32,
        ChecksumBytes = 4;

    public static string New()
    {
        var secret = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(SecretBytes));
        return Prefix + secret + Checksum(secret);
    }

    /// <summary>Whether a text has the form of a key, with the right checksum.</summary>
    public static bool IsWellFormed(string key)
    {
        const int SecretLength = 2 * SecretBytes;
        if (
            key.Length != Prefix.Length + SecretLength + 2 * ChecksumBytes
            || !key.StartsWith(Prefix, StringComparison.Ordinal)
            || !Ascii.IsValid(key)
        )
            return false;
        var secret = key.Substring(Prefix.Length, SecretLength);
        return key.EndsWith(Checksum(secret), StringComparison.Ordinal);
    }

    /// <summary>
    /// What is stored of a key. It needs neither salt nor stretching: nobody guesses 256 random bits.
    /// </summary>
    public static byte[] Hash(string key) => SHA256.HashData(Encoding.ASCII.GetBytes(key));

    static string Checksum(string secret) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Prefix + secret))[..ChecksumBytes]);
}
