using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>
/// Makes challenges and verifies their solutions, as version 1 of the ALTCHA protocol describes them. The sender's
/// browser looks for the number whose SHA-256 after the salt is the challenge. Nothing is stored before a challenge is
/// redeemed: its signature, an HMAC, shows that it was made here, and its salt contains its expiry.
/// </summary>
/// <remarks>
/// The protocol hashes salt and number without a border between them, and signs only that hash. If the salt ended in
/// digits, those of its expiry, somebody could move digits between salt and number, and one solution would stay valid
/// for ever (https://altcha.org/security-advisory/). So the salt ends in <c>&amp;</c>, and a salt or number of any
/// other form than the one that is made here is refused. Then no two pairs of them are the same text. The key is for
/// this HMAC alone.
/// </remarks>
sealed partial class Altcha(byte[] key, ChallengeOptions options, TimeProvider time)
{
    const string Algorithm = "SHA-256";
    const int RandomDigits = 32;

    // The widget's own payload has about 350 characters.
    public const int LongestPayload = 2000;

    // Further members are allowed: the widget also sends how long it took.
    static readonly JsonSerializerOptions PayloadJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
    };

    /// <summary>Makes a challenge that nobody has seen before, valid from now for the configured time.</summary>
    public ContactChallenge NewChallenge()
    {
        var expires = (time.GetCurrentInstant() + Duration.FromMinutes(options.LifetimeMinutes)).ToUnixTimeSeconds();
        var random = RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true);
        var salt = string.Create(CultureInfo.InvariantCulture, $"{random}?expires={expires}&");
        var number = RandomNumberGenerator.GetInt32(options.MaxNumber + 1).ToString(CultureInfo.InvariantCulture);
        var challenge = Convert.ToHexStringLower(Hash(salt + number));
        return new ContactChallenge(
            Algorithm,
            challenge,
            options.MaxNumber,
            salt,
            Convert.ToHexStringLower(Sign(challenge))
        );
    }

    /// <summary>
    /// Verifies what the widget sends: JSON in base64, with the challenge and the number that solves it. Any text gets
    /// a verdict; none throws. The caller must know whether the challenge was redeemed before.
    /// </summary>
    /// <param name="payload">The payload as it was sent.</param>
    /// <param name="redemption">
    /// Identifies a valid solution, so that it is redeemed only once; otherwise empty.
    /// </param>
    public ChallengeVerdict Verify(string? payload, out Redemption redemption)
    {
        redemption = default;
        if (Read(payload) is not { } solution)
            return ChallengeVerdict.Malformed;

        // All parts at once, with spaces as borders, which none of them contains.
        var number = solution.Number.GetRawText();
        var form = Form().Match($"{solution.Salt} {number} {solution.Challenge} {solution.Signature}");
        if (!form.Success || solution.Algorithm != Algorithm)
            return ChallengeVerdict.Malformed;
        if (long.Parse(number, CultureInfo.InvariantCulture) > options.MaxNumber)
            return ChallengeVerdict.Malformed;

        if (!IsSame(Sign(solution.Challenge), solution.Signature))
            return ChallengeVerdict.WrongSignature;
        var digest = Hash(solution.Salt + number);
        if (!IsSame(digest, solution.Challenge))
            return ChallengeVerdict.WrongSolution;

        // Last, since only a right solution proves the salt and so its expiry.
        var expires = Instant.FromUnixTimeSeconds(
            long.Parse(form.Groups["expires"].ValueSpan, CultureInfo.InvariantCulture)
        );
        if (time.GetCurrentInstant() >= expires)
            return ChallengeVerdict.Expired;
        redemption = new Redemption(digest, expires);
        return ChallengeVerdict.Valid;
    }

    static Solution? Read(string? payload)
    {
        if (payload is null || payload.Length > LongestPayload)
            return null;
        var json = new byte[payload.Length];
        if (!Convert.TryFromBase64String(payload, json, out var length))
            return null;
        try
        {
            return JsonSerializer.Deserialize<Solution>(json.AsSpan(0, length), PayloadJson);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // It is not JSON, or has half a surrogate pair.
            return null;
        }
    }

    byte[] Sign(string challenge) => HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(challenge));

    static byte[] Hash(string text) => SHA256.HashData(Encoding.ASCII.GetBytes(text));

    static bool IsSame(byte[] hash, string hex) =>
        CryptographicOperations.FixedTimeEquals(hash, Convert.FromHexString(hex));

    // 7f1c0a5b9e3d48261f0e9d8c7b6a5948?expires=1782910800& 31415 and two hashes. JSON itself allows no leading zeros.
    [GeneratedRegex(@"^[0-9a-f]{32}\?expires=(?<expires>[1-9][0-9]{9})& [0-9]{1,10} [0-9a-f]{64} [0-9a-f]{64}\z")]
    private static partial Regex Form();

    sealed record Solution
    {
        public required string Algorithm { get; init; }
        public required string Challenge { get; init; }
        public required JsonElement Number { get; init; }
        public required string Salt { get; init; }
        public required string Signature { get; init; }
    }
}

/// <summary>A challenge for the ALTCHA widget. The names are those of the protocol.</summary>
/// <param name="Algorithm">The hash: always <c>SHA-256</c>.</param>
/// <param name="Challenge">The hash, in hexadecimal, of the salt followed by the number to find.</param>
/// <param name="MaxNumber">The largest number to try; the smallest is 0.</param>
/// <param name="Salt">
/// The text before the number. Its <c>expires</c> is the end of the challenge, in seconds since 1970.
/// </param>
/// <param name="Signature">The proof that this API made the challenge. Send it back unchanged.</param>
public sealed record ContactChallenge(
    string Algorithm,
    string Challenge,
    [property: JsonPropertyName("maxnumber")] int MaxNumber,
    string Salt,
    string Signature
);

/// <summary>The result of verifying a payload.</summary>
enum ChallengeVerdict
{
    /// <summary>A challenge that was made here, solved in time.</summary>
    Valid,

    /// <summary>Not a payload of the protocol, or not of the form that is made here.</summary>
    Malformed,

    /// <summary>The challenge was not made here, or with another key.</summary>
    WrongSignature,

    /// <summary>Salt and number do not belong to the challenge.</summary>
    WrongSolution,

    /// <summary>A challenge that was made here, solved too late.</summary>
    Expired,
}

/// <summary>What must be stored about a challenge, so that it is redeemed once.</summary>
/// <param name="Digest">Its identity: 32 bytes, the same however the payload is written.</param>
/// <param name="Expires">From then on it is refused anyway, and need not be stored.</param>
readonly record struct Redemption(byte[] Digest, Instant Expires);
