using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.CommandLine;
using Api.Contact;
using FsCheck.Xunit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NodaTime;

namespace Api.Tests.Contact;

[AnyEngine]
public sealed class AltchaTests
{
    const int MaxNumber = 200;
    static readonly byte[] Key = Encoding.ASCII.GetBytes("a key of this test alone, 32 long");

    readonly FakeTimeProvider clock = new(ApiFactory.Now);
    readonly Altcha altcha;

    public AltchaTests() =>
        altcha = new Altcha(Key, new ChallengeOptions { Mode = ChallengeMode.Required, MaxNumber = MaxNumber }, clock);

    static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    static string Sign(string challenge) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Key, Encoding.UTF8.GetBytes(challenge)));

    static int Solve(ContactChallenge challenge) =>
        Enumerable.Range(0, challenge.MaxNumber + 1).Single(n => Hash($"{challenge.Salt}{n}") == challenge.Challenge);

    /// <summary>The members as the widget sends them; a change gives JSON as it is to be written.</summary>
    static string Payload(ContactChallenge challenge, int number, params (string Member, string Json)[] changes)
    {
        var members = new List<(string Name, string Json)>
        {
            ("algorithm", $"\"{challenge.Algorithm}\""),
            ("challenge", $"\"{challenge.Challenge}\""),
            ("number", $"{number}"),
            ("salt", $"\"{challenge.Salt}\""),
            ("signature", $"\"{challenge.Signature}\""),
            ("took", "12"),
        };
        foreach (var change in changes)
        {
            members.RemoveAll(member => member.Name == change.Member);
            if (change.Json != "")
                members.Add(change);
        }
        return Base64($"{{{string.Join(',', members.Select(member => $"\"{member.Name}\":{member.Json}"))}}}");
    }

    static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>Signed with the right key, whatever its form.</summary>
    static ContactChallenge Made(string salt, string number)
    {
        var challenge = Hash(salt + number);
        return new ContactChallenge("SHA-256", challenge, MaxNumber, salt, Sign(challenge));
    }

    ChallengeVerdict Verify(string payload)
    {
        var verdict = altcha.Verify(payload, out var redemption);
        // What is not valid leaves nothing that could be redeemed by mistake.
        if (verdict == ChallengeVerdict.Valid)
            Assert.Equal(32, redemption.Digest.Length);
        else
            Assert.Equal(default, redemption);
        return verdict;
    }

    [Fact]
    public void A_challenge_is_what_the_protocol_says()
    {
        var challenge = altcha.NewChallenge();
        Assert.Equal(("SHA-256", MaxNumber), (challenge.Algorithm, challenge.MaxNumber));
        Assert.Matches($"^[0-9a-f]{{32}}\\?expires={ApiFactory.Now.AddHours(1).ToUnixTimeSeconds()}&$", challenge.Salt);
        Assert.Equal(challenge.Challenge, Hash($"{challenge.Salt}{Solve(challenge)}"));
        Assert.Equal(Sign(challenge.Challenge), challenge.Signature);
    }

    [Fact]
    public void No_two_are_the_same_and_every_number_from_the_smallest_to_the_largest_comes_up()
    {
        var few = new Altcha(Key, new ChallengeOptions { MaxNumber = 3 }, clock);
        var challenges = Enumerable.Range(0, 500).Select(_ => few.NewChallenge()).ToArray();
        Assert.Equal(500, challenges.Select(challenge => challenge.Salt).Distinct().Count());
        Assert.Equal([0, 1, 2, 3], challenges.Select(Solve).Distinct().Order());
    }

    [Fact]
    public void A_solution_is_valid_and_redeemed_by_the_hash_until_it_expires()
    {
        var challenge = altcha.NewChallenge();
        Assert.Equal(ChallengeVerdict.Valid, altcha.Verify(Payload(challenge, Solve(challenge)), out var redemption));
        Assert.Equal(challenge.Challenge, Convert.ToHexStringLower(redemption.Digest));
        Assert.Equal(Instant.FromDateTimeOffset(ApiFactory.Now.AddHours(1)), redemption.Expires);
    }

    [Fact]
    public void However_a_payload_is_written_it_is_redeemed_by_the_same_digest()
    {
        var challenge = altcha.NewChallenge();
        var number = Solve(challenge);
        var first = Payload(challenge, number);
        string[] others =
        [
            " " + first + "\n",
            Payload(challenge, number, ("took", "")),
            Payload(challenge, number, ("test", "[{\"salt\":1}]")),
            Payload(
                challenge,
                number,
                ("salt", $"\"{challenge.Salt.Replace("&", "\\u0026", StringComparison.Ordinal)}\"")
            ),
            Payload(challenge, number, ("algorithm", "\"SHA\\u002d256\"")),
            Base64(
                Encoding
                    .UTF8.GetString(Convert.FromBase64String(first))
                    .Replace(",", " ,\r\n", StringComparison.Ordinal)
            ),
        ];
        Assert.Equal(ChallengeVerdict.Valid, altcha.Verify(first, out var redemption));
        Assert.All(
            others,
            other =>
            {
                Assert.Equal(ChallengeVerdict.Valid, altcha.Verify(other, out var again));
                Assert.Equal(redemption.Digest, again.Digest);
            }
        );
    }

    [Fact]
    public void It_expires_on_the_second()
    {
        // Not on a full one, as the salt has whole seconds.
        clock.Advance(TimeSpan.FromMilliseconds(700));
        var challenge = altcha.NewChallenge();
        var payload = Payload(challenge, Solve(challenge));
        clock.SetUtcNow(ApiFactory.Now.AddHours(1).AddTicks(-1));
        Assert.Equal(ChallengeVerdict.Valid, Verify(payload));
        clock.Advance(TimeSpan.FromTicks(1));
        Assert.Equal(ChallengeVerdict.Expired, Verify(payload));
        clock.Advance(TimeSpan.FromDays(9000));
        Assert.Equal(ChallengeVerdict.Expired, Verify(payload));
        // An expiry that nothing vouches for says nothing.
        Assert.Equal(ChallengeVerdict.WrongSolution, Verify(Payload(challenge, (Solve(challenge) + 1) % MaxNumber)));
        Assert.Equal(
            ChallengeVerdict.WrongSignature,
            Verify(Payload(challenge with { Signature = Hash("") }, Solve(challenge)))
        );
    }

    [Fact]
    public void Another_number_another_salt_or_another_challenge_is_no_solution()
    {
        var (challenge, other) = (altcha.NewChallenge(), altcha.NewChallenge());
        var number = Solve(challenge);
        Assert.All(
            Enumerable.Range(0, MaxNumber + 1).Except([number]),
            wrong => Assert.Equal(ChallengeVerdict.WrongSolution, Verify(Payload(challenge, wrong)))
        );
        Assert.Equal(ChallengeVerdict.WrongSolution, Verify(Payload(challenge with { Salt = other.Salt }, number)));
        Assert.Equal(ChallengeVerdict.WrongSolution, Verify(Payload(other with { Salt = challenge.Salt }, number)));
        // Nobody buys time by another expiry, and what is not solved is not called expired either.
        Assert.Equal(
            ChallengeVerdict.WrongSolution,
            Verify(
                Payload(
                    challenge with
                    {
                        Salt = challenge.Salt.Replace("expires=1", "expires=9", StringComparison.Ordinal),
                    },
                    number
                )
            )
        );
        Assert.Equal(
            ChallengeVerdict.WrongSolution,
            Verify(Payload(challenge with { Salt = challenge.Salt[..^2] + "0&" }, number + 1))
        );
    }

    [Fact]
    public void A_challenge_without_the_right_signature_is_refused()
    {
        var challenge = altcha.NewChallenge();
        var number = Solve(challenge);
        Assert.All(
            Enumerable.Range(0, 64),
            at =>
                Assert.Equal(
                    ChallengeVerdict.WrongSignature,
                    Verify(Payload(challenge with { Signature = Changed(challenge.Signature, at) }, number))
                )
        );
        Assert.All(
            Enumerable.Range(0, 64),
            at =>
                Assert.Equal(
                    ChallengeVerdict.WrongSignature,
                    Verify(Payload(challenge with { Challenge = Changed(challenge.Challenge, at) }, number))
                )
        );
        Assert.Equal(
            ChallengeVerdict.WrongSignature,
            Verify(Payload(challenge with { Signature = altcha.NewChallenge().Signature }, number))
        );

        var elsewhere = new Altcha(
            RandomNumberGenerator.GetBytes(32),
            new ChallengeOptions { MaxNumber = MaxNumber },
            clock
        ).NewChallenge();
        Assert.Equal(ChallengeVerdict.WrongSignature, Verify(Payload(elsewhere, Solve(elsewhere))));
        // A challenge of the sender's own, with the hash as it should be and no key.
        Assert.Equal(
            ChallengeVerdict.WrongSignature,
            Verify(Payload(Made(challenge.Salt, "7") with { Signature = Hash("7") }, 7))
        );

        static string Changed(string hex, int at) =>
            string.Concat(hex.AsSpan(0, at), hex[at] == '0' ? "1" : "0", hex.AsSpan(at + 1));
    }

    const string Random = "0123456789abcdef0123456789abcdef";

    // Each of them is hashed and signed as it should be, so that nothing but its form speaks against it.
    [Theory]
    [InlineData(Random + "?expires=1782910800", "5", "no border")]
    [InlineData(Random + "?expires=178291080", "05", "a digit of the expiry passed to the number")]
    [InlineData(Random + "?expires=17829108005", "7", "a digit of the number passed to the expiry")]
    [InlineData(Random + "?expires=1782910800&5", "7", "behind the border")]
    [InlineData(Random + "?expires=1782910800", "&7", "the border passed to the number")]
    [InlineData(Random + "?expires=17829108001&", "7", "eleven digits")]
    [InlineData(Random + "?expires=978291080&", "7", "nine digits")]
    [InlineData(Random + "?expires=0982910800&", "7", "a leading zero")]
    [InlineData(Random + "?expires=-782910800&", "7", "before 1970")]
    [InlineData(Random + "?expires=+782910800&", "7", "a sign")]
    [InlineData(Random + "?expires=1.78291e+9&", "7", "an exponent")]
    [InlineData(Random + "?expires= 782910800&", "7", "white space")]
    [InlineData(Random + "?expires=１７８2&", "7", "digits of another script, in as many bytes")]
    [InlineData(Random + "?expires=1782910800&expires=9999999999&", "7", "two expiries")]
    [InlineData(Random + "?x=1&expires=1782910800&", "7", "another parameter")]
    [InlineData(Random + "?expires=1782910800&x=1&", "7", "another parameter behind")]
    [InlineData(Random + "?expire=11782910800&", "7", "another name")]
    [InlineData(Random + "?EXPIRES=1782910800&", "7", "another case")]
    [InlineData(Random + "&expires=1782910800&", "7", "no question mark")]
    [InlineData(Random + "?expires=1782910800#", "7", "another border")]
    [InlineData(Random + "?expires=&", "7", "no expiry")]
    [InlineData(Random + "&", "7", "no parameter")]
    [InlineData(Random, "7", "nothing but random")]
    [InlineData("0123456789ABCDEF0123456789ABCDEF?expires=1782910800&", "7", "upper case")]
    [InlineData("g123456789abcdef0123456789abcdef?expires=1782910800&", "7", "no hexadecimal")]
    [InlineData(
        "?expires=1782910800&?expires=178?expires=1782910800&",
        "7",
        "parameters in the place of the random part"
    )]
    [InlineData("123456789abcdef0123456789abcdef?expires=1782910800&", "7", "too short")]
    [InlineData("00123456789abcdef0123456789abcdef?expires=1782910800&", "7", "too long")]
    [InlineData("", "7", "empty")]
    [InlineData(Random + "?expires=1782910800&", "07", "a leading zero in the number")]
    [InlineData(Random + "?expires=1782910800&", "-0", "minus nothing")]
    [InlineData(Random + "?expires=1782910800&", "-7", "below the smallest")]
    [InlineData(Random + "?expires=1782910800&", "201", "above the largest")]
    [InlineData(Random + "?expires=1782910800&", "4294967303", "above the largest int")]
    [InlineData(Random + "?expires=1782910800&", "99999999999999999999", "above the largest long")]
    [InlineData(Random + "?expires=1782910800&", "7.0", "a fraction")]
    [InlineData(Random + "?expires=1782910800&", "7e0", "an exponent in the number")]
    [InlineData(Random + "?expires=1782910800&", "+7", "a sign in the number")]
    [InlineData(Random + "?expires=1782910800&", "0x7", "no decimal")]
    [InlineData(Random + "?expires=1782910800&", "\"7\"", "a text for a number")]
    [InlineData(Random + "?expires=1782910800&", "null", "no number")]
    [InlineData(Random + "?expires=1782910800&", "true", "a truth")]
    [InlineData(Random + "?expires=1782910800&", "[7]", "a list")]
    [InlineData(Random + "?expires=1782910800&", "", "left out")]
    public void Signed_salts_and_numbers_of_another_form_are_refused(string salt, string number, string why)
    {
        var verdict = Verify(Payload(Made(salt, number.Trim('"')), 0, ("number", number)));
        Assert.True(verdict == ChallengeVerdict.Malformed, $"{why}: {verdict}");
    }

    [Fact]
    public void A_hand_made_challenge_of_the_right_form_is_valid()
    {
        Assert.Equal(ChallengeVerdict.Valid, Verify(Payload(Made(Random + "?expires=1782910800&", "7"), 7)));
        Assert.Equal(ChallengeVerdict.Valid, Verify(Payload(Made(Random + "?expires=9999999999&", "0"), 0)));
        Assert.Equal(ChallengeVerdict.Valid, Verify(Payload(Made(Random + "?expires=1782910800&", "200"), 200)));
    }

    /// <summary>Wherever the border between the salt and the number is moved, one payload alone is valid.</summary>
    [Fact]
    public void A_solution_has_one_border_only()
    {
        var challenge = altcha.NewChallenge();
        var text = $"{challenge.Salt}{Solve(challenge)}";
        var valid = 0;
        for (var border = 0; border <= text.Length; border++)
        {
            var number = text[border..];
            foreach (var written in new[] { number, $"\"{number}\"" })
            {
                var verdict = Verify(Payload(challenge with { Salt = text[..border] }, 0, ("number", written)));
                if (verdict == ChallengeVerdict.Valid)
                    valid++;
                else
                    Assert.Equal(ChallengeVerdict.Malformed, verdict);
            }
        }
        Assert.Equal(1, valid);
    }

    [Theory]
    [
        InlineData("algorithm", ""),
        InlineData("algorithm", "\"SHA-512\""),
        InlineData("algorithm", "\"sha-256\""),
        InlineData("algorithm", "null"),
        InlineData("algorithm", "{}")
    ]
    [
        InlineData("challenge", ""),
        InlineData("challenge", "\"\""),
        InlineData("challenge", "7"),
        InlineData("challenge", "null"),
        InlineData("challenge", "\"\\ud83d\"")
    ]
    [
        InlineData("signature", ""),
        InlineData("signature", "\"\""),
        InlineData("signature", "[]"),
        InlineData("signature", "null")
    ]
    [
        InlineData("salt", ""),
        InlineData("salt", "7"),
        InlineData("salt", "{\"salt\":\"x\"}"),
        InlineData("salt", "\"\\u0000\"")
    ]
    [
        InlineData("took", "nonsense"),
        InlineData("took", "[["),
        InlineData("took", "1}{"),
        InlineData("took", "1,"),
        InlineData("took", "1}//"),
        InlineData("\\ud83d", "1")
    ]
    public void Members_that_are_missing_or_of_another_type_are_malformed(string member, string json)
    {
        var challenge = Made(Random + "?expires=1782910800&", "7");
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Payload(challenge, 7, (member, json))));
    }

    [Theory]
    [
        InlineData("algorithm"),
        InlineData("challenge"),
        InlineData("number"),
        InlineData("salt"),
        InlineData("signature")
    ]
    public void A_member_that_is_there_twice_is_malformed(string member)
    {
        var json = Encoding.UTF8.GetString(
            Convert.FromBase64String(Payload(Made(Random + "?expires=1782910800&", "7"), 7))
        );
        var value = JsonNode.Parse(json)![member]!.ToJsonString();
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Base64($"{json[..^1]},\"{member}\":{value}}}")));
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Base64($"{{\"{member}\":{value},{json[1..]}")));
    }

    [Fact]
    public void Hexadecimal_in_upper_case_is_malformed()
    {
        var challenge = Made(Random + "?expires=1782910800&", "7");
        Assert.Equal(
            ChallengeVerdict.Malformed,
            Verify(Payload(challenge with { Signature = challenge.Signature.ToUpperInvariant() }, 7))
        );
        Assert.Equal(
            ChallengeVerdict.Malformed,
            Verify(Payload(challenge with { Challenge = challenge.Challenge.ToUpperInvariant() }, 7))
        );
    }

    [Theory]
    [
        InlineData(""),
        InlineData(" "),
        InlineData("%"),
        InlineData("e"),
        InlineData("e30"),
        InlineData("e30="),
        InlineData("bnVsbA=="),
        InlineData("W10="),
        InlineData("Nw=="),
        InlineData("/w=="),
        InlineData("\0")
    ]
    [
        InlineData("eyJ"),
        InlineData("\ud83d"),
        InlineData("{\"algorithm\":\"SHA-256\"}"),
        InlineData("../../etc/passwd"),
        InlineData("' OR 1=1 --")
    ]
    public void A_text_that_is_not_a_payload_is_malformed(string payload) =>
        Assert.Equal(ChallengeVerdict.Malformed, Verify(payload));

    [Fact]
    public void A_payload_has_at_most_2000_characters()
    {
        var challenge = Made(Random + "?expires=1782910800&", "7");
        var fits = Payload(challenge, 7);
        Assert.Equal(ChallengeVerdict.Valid, Verify(fits.PadRight(2000)));
        Assert.Equal(ChallengeVerdict.Malformed, Verify(fits.PadRight(2001)));
        Assert.Equal(
            ChallengeVerdict.Malformed,
            Verify(Payload(challenge, 7, ("took", $"\"{new string('x', 2000)}\"")))
        );
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Base64(new string('[', 1400))));
        Assert.Equal(ChallengeVerdict.Malformed, Verify(new string('A', 10_000_000)));
    }

    [Property(MaxTest = 2000)]
    public void Any_text_gets_an_answer_and_none_is_valid(string? text, byte[] bytes)
    {
        Assert.Equal(ChallengeVerdict.Malformed, Verify(text!));
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Base64(text ?? "")));
        Assert.Equal(ChallengeVerdict.Malformed, Verify(Convert.ToBase64String(bytes)));
        Assert.Equal(
            ChallengeVerdict.Malformed,
            Verify(Payload(Made(Random + "?expires=1782910800&", "7"), 7, ("salt", JsonSerializer.Serialize(text))))
        );
    }

    [Property(MaxTest = 2000)]
    public void A_payload_that_is_damaged_anywhere_is_valid_only_where_it_says_the_same(int seed)
    {
        var random = new Random(seed);
        var json = Convert.FromBase64String(Payload(Made(Random + "?expires=1782910800&", "7"), 7));
        for (var times = random.Next(1, 4); times > 0; times--)
            json[random.Next(json.Length)] = (byte)random.Next(256);
        if (Verify(Convert.ToBase64String(json)) == ChallengeVerdict.Valid)
        {
            var members = JsonNode.Parse(json)!;
            var expected = Made(Random + "?expires=1782910800&", "7");
            Assert.Equal(
                (expected.Salt, expected.Challenge, expected.Signature, 7),
                (
                    (string)members["salt"]!,
                    (string)members["challenge"]!,
                    (string)members["signature"]!,
                    (int)members["number"]!
                )
            );
        }
    }

    [Fact]
    public async Task A_challenge_over_HTTP_has_the_names_of_the_protocol_and_is_not_cached()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Contact:Challenge:Mode=optional",
                "--Contact:Challenge:MaxNumber=1000",
                "--Contact:Challenge:LifetimeMinutes=5",
            ])
        );
        using var response = await api.Client.GetAsync("/v1/contact-challenge");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        var answer = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        Assert.Equal(["algorithm", "challenge", "maxnumber", "salt", "signature"], answer.Select(member => member.Key));
        Assert.Equal(1000, (int?)answer["maxnumber"]);
        var challenge = answer.Deserialize<ContactChallenge>(JsonSerializerOptions.Web)!;
        Assert.Contains(
            $"expires={ApiFactory.Now.AddMinutes(5).ToUnixTimeSeconds()}&",
            challenge.Salt,
            StringComparison.Ordinal
        );
        Assert.Equal(
            ChallengeVerdict.Valid,
            api.App.Services.GetRequiredService<Altcha>().Verify(Payload(challenge, Solve(challenge)), out _)
        );

        Assert.NotEqual((string?)answer["salt"], (string?)(await api.GetAsync("/v1/contact-challenge"))["salt"]);
    }

    [Fact]
    public async Task Without_challenges_the_answer_is_a_404_that_says_so()
    {
        await using var api = await ApiFactory.StartAsync();
        using var response = await api.Client.GetAsync("/v1/contact-challenge");
        await JsonAssert.ProblemAsync(
            response,
            404,
            "not-found",
            "No challenge is needed: send the message without one."
        );
    }

    [Theory]
    [InlineData("Mode=sometimes", "Contact:Challenge:Mode is 'sometimes': set it to one of Off, Optional, Required.")]
    [InlineData("Mode=1", "Contact:Challenge:Mode is '1': set it to one of Off, Optional, Required.")]
    [InlineData("Mode=", "Contact:Challenge:Mode is '': set it to one of Off, Optional, Required.")]
    [InlineData("MaxNumber=0", "Contact:Challenge:MaxNumber is 0: set it to a whole number from 1 to 10000000.")]
    [InlineData("MaxNumber=-5", "Contact:Challenge:MaxNumber is -5: set it to a whole number from 1 to 10000000.")]
    [InlineData(
        "MaxNumber=many",
        "Contact:Challenge:MaxNumber is 'many': set it to a whole number of at most 2147483647."
    )]
    [InlineData(
        "MaxNumber=10000001",
        "Contact:Challenge:MaxNumber is 10000001: set it to a whole number from 1 to 10000000."
    )]
    [InlineData(
        "LifetimeMinutes=0",
        "Contact:Challenge:LifetimeMinutes is 0: set it to a whole number from 1 to 1440."
    )]
    [InlineData(
        "LifetimeMinutes=99999999999",
        "Contact:Challenge:LifetimeMinutes is '99999999999': set it to a whole number of at most 2147483647."
    )]
    public void A_wrong_setting_stops_the_start(string setting, string sentence) =>
        Assert.Equal(
            sentence,
            Faults.Describe(Assert.ThrowsAny<Exception>(() => Program.Compose([$"--Contact:Challenge:{setting}"])))
        );

    [Theory]
    [
        InlineData("off", ChallengeMode.Off),
        InlineData("optional", ChallengeMode.Optional),
        InlineData("Required", ChallengeMode.Required)
    ]
    public async Task A_mode_is_set_by_its_name(string name, object mode)
    {
        await using var app = Program.Compose([$"--Contact:Challenge:Mode={name}"]);
        Assert.Equal(mode, app.Services.GetRequiredService<IOptions<ContactOptions>>().Value.Challenge.Mode);
    }
}
