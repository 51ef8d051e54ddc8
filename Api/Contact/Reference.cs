using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Api.Contact;

/// <summary>
/// The code that a sender gets for a submission, like <c>7K3Q-X9MZ-2TBV</c>: 60 random bits, which nobody guesses, as
/// twelve characters of Crockford's base 32. It has no I, L, O and U, which are easily mistaken on the telephone.
/// </summary>
static class Reference
{
    /// <summary>The number of characters without hyphens.</summary>
    public const int Letters = 12;

    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string New() => Hyphenate(RandomNumberGenerator.GetString(Alphabet, Letters));

    /// <summary>Makes a reference from 60 bits of a hash.</summary>
    public static string FromHash(ReadOnlySpan<byte> hash)
    {
        var bits = BinaryPrimitives.ReadUInt64BigEndian(hash);
        var letters = new char[Letters];
        for (var i = 0; i < Letters; i++)
        {
            letters[i] = Alphabet[(int)(bits & 31)];
            bits >>= 5;
        }
        return Hyphenate(new string(letters));
    }

    /// <summary>
    /// Reads a reference as people type it: in upper or lower case, with hyphens, spaces or neither, with O for 0 and I or
    /// L for 1.
    /// </summary>
    /// <returns><c>null</c> when it is none.</returns>
    public static string? Read(string text)
    {
        var letters = string.Concat(
            text.Where(letter => letter is not ('-' or ' '))
                .Select(letter =>
                    char.ToUpperInvariant(letter) switch
                    {
                        'O' => '0',
                        'I' or 'L' => '1',
                        var other => other,
                    }
                )
        );
        return letters.Length == Letters && letters.All(letter => Alphabet.Contains(letter, StringComparison.Ordinal))
            ? Hyphenate(letters)
            : null;
    }

    /// <summary>Writes <c>7K3QX9MZ2TBV</c> as <c>7K3Q-X9MZ-2TBV</c>.</summary>
    public static string Hyphenate(string letters) => $"{letters[..4]}-{letters[4..8]}-{letters[8..]}";
}
