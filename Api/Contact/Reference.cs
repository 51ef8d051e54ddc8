using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Api.Contact;

/// <summary>
/// The code that a sender is given for a submission: 60 random bits, which nobody guesses, as twelve characters of
/// Crockford's base 32, which has no I, L, O and U to mistake when it is read out on the telephone.
/// </summary>
static class Reference
{
    /// <summary>How many characters it has, without hyphens.</summary>
    public const int Letters = 12;

    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string New() => Hyphenated(RandomNumberGenerator.GetString(Alphabet, Letters));

    /// <summary>Of 60 of the bits of a hash.</summary>
    public static string Of(ReadOnlySpan<byte> hash)
    {
        var bits = BinaryPrimitives.ReadUInt64BigEndian(hash);
        Span<char> letters = stackalloc char[Letters];
        foreach (ref var letter in letters)
        {
            letter = Alphabet[(int)(bits & 31)];
            bits >>= 5;
        }
        return Hyphenated(new string(letters));
    }

    /// <summary><c>7K3QX9MZ2TBV</c> as <c>7K3Q-X9MZ-2TBV</c>.</summary>
    public static string Hyphenated(string letters) => $"{letters[..4]}-{letters[4..8]}-{letters[8..]}";
}
