using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>
/// Makes challenges and verifies their solutions, as version 1 of the ALTCHA protocol has it: the sender's browser looks for the
/// number whose SHA-256 behind the salt is the challenge. Nothing is kept of a challenge until it is redeemed: its
/// signature, an HMAC, says that it was made here, and its salt says until when it is valid.
/// </summary>
/// <remarks>
/// The protocol hashes salt and number without a border between them, and signs nothing but that hash. Were the salt to end in
/// digits, those of its expiry, they could be passed to the number and back, and one solution would be good for ever
/// (https://altcha.org/security-advisory/). So the salt ends in <c>&amp;</c>, and what is not exactly of the form that is made
/// here, salt and number, is refused: then no two pairs of them are the same text. The key is for this HMAC alone.
/// </remarks>
sealed class Altcha(byte[] key, ChallengeOptions options, TimeProvider time)
{
    const string Algorithm = "SHA-256";
    const int DigestLength = SHA256.HashSizeInBytes, HexLength = 2 * DigestLength;

    // The widget's own is about 350.
    const int LongestPayload = 2000;

    // 7f1c0a5b9e3d48261f0e9d8c7b6a5948?expires=1782910800&
    const int RandomBytes = 16, ExpiryLength = 10, LongestNumber = 10;
    const int SaltLength = 2 * RandomBytes + 9 + ExpiryLength + 1;

    static ReadOnlySpan<byte> Expires => "?expires="u8;

    static readonly SearchValues<byte> Digits = SearchValues.Create("0123456789"u8), LowerHex = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>A challenge that nobody has seen before, valid for the configured time from now on.</summary>
    public ContactChallenge NewChallenge()
    {
        var expires = (time.GetCurrentInstant() + Duration.FromMinutes(options.LifetimeMinutes)).ToUnixTimeSeconds();
        var salt = string.Create(CultureInfo.InvariantCulture, $"{RandomNumberGenerator.GetHexString(2 * RandomBytes, lowercase: true)}?expires={expires}&");
        var number = RandomNumberGenerator.GetInt32(options.MaxNumber + 1);
        var challenge = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{salt}{number}"))));
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(challenge)));
        return new ContactChallenge(Algorithm, challenge, options.MaxNumber, salt, signature);
    }

    /// <summary>
    /// Verifies what the widget sends: JSON in base64, with the challenge as it was given and the number that solves it. Whether it
    /// was redeemed before is for the caller to know. Any text is answered, and none throws.
    /// </summary>
    /// <param name="payload">As it was sent.</param>
    /// <param name="redemption">What must be remembered of a valid one, so that it is redeemed once; otherwise empty.</param>
    public ChallengeVerdict Verify(ReadOnlySpan<char> payload, out Redemption redemption)
    {
        redemption = default;
        if (payload.Length > LongestPayload) return ChallengeVerdict.Malformed;
        Span<byte> json = stackalloc byte[LongestPayload];
        if (!Convert.TryFromBase64Chars(payload, json, out var length)) return ChallengeVerdict.Malformed;

        // Salt and number stand in one piece, as they are hashed.
        Span<byte> hashed = stackalloc byte[SaltLength + LongestNumber], challenge = stackalloc byte[HexLength], signature = stackalloc byte[HexLength];
        if (!TryRead(json[..length], hashed[..SaltLength], challenge, signature, hashed[SaltLength..], out var numberLength) ||
            !TryReadExpiry(hashed[..SaltLength], out var expires) || !IsNumber(hashed.Slice(SaltLength, numberLength)) ||
            challenge.ContainsAnyExcept(LowerHex) || signature.ContainsAnyExcept(LowerHex))
        {
            return ChallengeVerdict.Malformed;
        }

        Span<byte> digest = stackalloc byte[DigestLength], hex = stackalloc byte[HexLength];
        HMACSHA256.HashData(key, challenge, digest);
        Convert.TryToHexStringLower(digest, hex, out _);
        if (!CryptographicOperations.FixedTimeEquals(hex, signature)) return ChallengeVerdict.WrongSignature;

        SHA256.HashData(hashed[..(SaltLength + numberLength)], digest);
        Convert.TryToHexStringLower(digest, hex, out _);
        if (!CryptographicOperations.FixedTimeEquals(hex, challenge)) return ChallengeVerdict.WrongSolution;

        // Last, since only the solution vouches for the salt and by that for its expiry.
        if (time.GetCurrentInstant() >= expires) return ChallengeVerdict.Expired;
        redemption = new Redemption(digest.ToArray(), expires);
        return ChallengeVerdict.Valid;
    }

    /// <summary>
    /// Each of the five members once, each text of the one length that it has. Others are the widget's own affair: it tells how
    /// long it took.
    /// </summary>
    static bool TryRead(ReadOnlySpan<byte> json, Span<byte> salt, Span<byte> challenge, Span<byte> signature, Span<byte> number, out int numberLength)
    {
        numberLength = 0;
        bool hasAlgorithm = false, hasSalt = false, hasChallenge = false, hasSignature = false;
        var reader = new Utf8JsonReader(json);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool fits;
                if (reader.ValueTextEquals("algorithm"u8))
                    fits = reader.Read() && reader.TokenType == JsonTokenType.String && reader.ValueTextEquals(Algorithm) && First(ref hasAlgorithm);
                else if (reader.ValueTextEquals("salt"u8))
                    fits = TryReadText(ref reader, salt) && First(ref hasSalt);
                else if (reader.ValueTextEquals("challenge"u8))
                    fits = TryReadText(ref reader, challenge) && First(ref hasChallenge);
                else if (reader.ValueTextEquals("signature"u8))
                    fits = TryReadText(ref reader, signature) && First(ref hasSignature);
                else if (reader.ValueTextEquals("number"u8))
                    fits = numberLength == 0 && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.ValueSpan.TryCopyTo(number) && (numberLength = reader.ValueSpan.Length) > 0;
                else
                    fits = reader.Read() && reader.TrySkip();
                if (!fits) return false;
            }
            // A further Read complains of whatever comes behind the object.
            return reader.TokenType == JsonTokenType.EndObject && !reader.Read() && hasAlgorithm && hasSalt && hasChallenge && hasSignature && numberLength > 0;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON, or a text in it that is none in any encoding.
            return false;
        }
    }

    static bool First(ref bool seen) => !seen && (seen = true);

    static bool TryReadText(ref Utf8JsonReader reader, Span<byte> text)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.String) return false;
        if (!reader.ValueIsEscaped) return reader.ValueSpan.Length == text.Length && reader.ValueSpan.TryCopyTo(text);
        // Many a JSON writer has the & of the salt as \u0026.
        Span<byte> unescaped = stackalloc byte[LongestPayload];
        var length = reader.CopyString(unescaped);
        return length == text.Length && unescaped[..length].TryCopyTo(text);
    }

    static bool TryReadExpiry(ReadOnlySpan<byte> salt, out Instant expires)
    {
        expires = default;
        var parameter = salt[(2 * RandomBytes)..];
        if (salt[..(2 * RandomBytes)].ContainsAnyExcept(LowerHex) || !parameter.StartsWith(Expires) || parameter[^1] != '&') return false;
        var seconds = parameter[Expires.Length..^1];
        if (seconds[0] == '0' || seconds.ContainsAnyExcept(Digits) || !Utf8Parser.TryParse(seconds, out long since1970, out _)) return false;
        expires = Instant.FromUnixTimeSeconds(since1970);
        return true;
    }

    // JSON has no leading zeros, but signs, fractions and exponents.
    bool IsNumber(ReadOnlySpan<byte> number) =>
        !number.ContainsAnyExcept(Digits) && Utf8Parser.TryParse(number, out long value, out _) && value <= options.MaxNumber;
}

/// <summary>A challenge as the ALTCHA widget takes it. The names are those of the protocol.</summary>
/// <param name="Algorithm">The hash: always <c>SHA-256</c>.</param>
/// <param name="Challenge">The hash, in hexadecimal, of the salt followed by the number that is looked for.</param>
/// <param name="MaxNumber">The largest number that is worth trying; the smallest is 0.</param>
/// <param name="Salt">What stands before the number. <c>expires</c> in it is when the challenge ends, in seconds since 1970.</param>
/// <param name="Signature">Says that this API made the challenge. Send it back as it is.</param>
public sealed record ContactChallenge(
    string Algorithm,
    string Challenge,
    [property: JsonPropertyName("maxnumber")] int MaxNumber,
    string Salt,
    string Signature);

/// <summary>What a payload turned out to be.</summary>
enum ChallengeVerdict
{
    /// <summary>A challenge that was made here, solved, in time.</summary>
    Valid,

    /// <summary>No payload of the protocol, or not of the form that is made here.</summary>
    Malformed,

    /// <summary>The challenge was not made here, or with another key.</summary>
    WrongSignature,

    /// <summary>Salt and number do not belong to the challenge.</summary>
    WrongSolution,

    /// <summary>A challenge that was made here, solved, too late.</summary>
    Expired,
}

/// <summary>What must be remembered of a challenge for it to be redeemed once.</summary>
/// <param name="Digest">Names it: 32 bytes, the same however its payload is written.</param>
/// <param name="Expires">From then on it is refused in any case, and need not be remembered.</param>
readonly record struct Redemption(byte[] Digest, Instant Expires);
