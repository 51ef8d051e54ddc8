using System.Security.Cryptography;

namespace Api.Contact;

/// <summary>
/// The code that a sender is given for a submission: 60 random bits, which nobody guesses, as twelve characters of
/// Crockford's base 32, which has no I, L, O and U to mistake when it is read out on the telephone.
/// </summary>
static class Reference
{
    const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static string New() =>
        string.Join('-', RandomNumberGenerator.GetString(Alphabet, 12).Chunk(4).Select(part => new string(part)));
}
