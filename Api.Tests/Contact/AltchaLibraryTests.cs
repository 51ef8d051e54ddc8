using System.Globalization;
using System.Text;
using System.Text.Json;
using Api.Contact;
using Api.Tests.Npm;
using Microsoft.Extensions.Time.Testing;

namespace Api.Tests.Contact;

/// <summary>Both sides of the protocol against those of ALTCHA's own library: Npm/altcha.mjs.</summary>
[AnyEngine]
public sealed class AltchaLibraryTests
{
    const string Key = "a key that the library takes as text";
    const int MaxNumber = 2000;

    static readonly DateTimeOffset InAnHour = ApiFactory.Now.AddHours(1);

    readonly FakeTimeProvider clock = new(ApiFactory.Now);

    Altcha WithKey(string key) =>
        new(Encoding.UTF8.GetBytes(key), new ChallengeOptions { MaxNumber = MaxNumber }, clock);

    static async Task<string> LibraryAsync(params string[] args) =>
        (await NodeModules.RunAsync("altcha.mjs", args)).Single();

    static Task<string> SolveAsync(ContactChallenge challenge) =>
        LibraryAsync("solve", JsonSerializer.Serialize(challenge, JsonSerializerOptions.Web));

    static async Task<bool> IsValidAsync(string payload, string key, DateTimeOffset time) =>
        bool.Parse(
            await LibraryAsync(
                "verify",
                payload,
                key,
                time.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)
            )
        );

    static async Task<ContactChallenge> ChallengeAsync(object options) =>
        JsonSerializer.Deserialize<ContactChallenge>(
            await LibraryAsync("create", JsonSerializer.Serialize(options)),
            JsonSerializerOptions.Web
        )!;

    [Fact]
    public async Task A_challenge_that_is_made_here_is_solved_and_verified_by_the_library()
    {
        var payload = await SolveAsync(WithKey(Key).NewChallenge());
        Assert.Equal(ChallengeVerdict.Valid, WithKey(Key).Verify(payload, out _));
        Assert.True(await IsValidAsync(payload, Key, ApiFactory.Now));
        // And it is no yes-man.
        Assert.False(await IsValidAsync(payload, Key + "s", ApiFactory.Now));
        Assert.False(await IsValidAsync(payload, Key, InAnHour.AddMilliseconds(1)));
    }

    [Fact]
    public async Task A_challenge_that_the_library_makes_in_the_same_form_is_valid_here()
    {
        var challenge = await ChallengeAsync(
            new
            {
                hmacKey = Key,
                maxnumber = MaxNumber,
                saltLength = 16,
                expires = InAnHour.ToUnixTimeMilliseconds(),
            }
        );
        var payload = await SolveAsync(challenge);
        Assert.Equal(ChallengeVerdict.Valid, WithKey(Key).Verify(payload, out var redemption));
        Assert.Equal(challenge.Challenge, Convert.ToHexStringLower(redemption.Digest));
        Assert.Equal(InAnHour, redemption.Expires.ToDateTimeOffset());
        Assert.Equal(ChallengeVerdict.WrongSignature, WithKey(Key + "s").Verify(payload, out _));
        clock.SetUtcNow(InAnHour);
        Assert.Equal(ChallengeVerdict.Expired, WithKey(Key).Verify(payload, out _));
    }

    [Fact]
    public async Task A_challenge_that_the_library_makes_in_another_form_is_refused()
    {
        object[] options =
        [
            new
            {
                hmacKey = Key,
                maxnumber = MaxNumber,
                saltLength = 16,
            },
            new
            {
                hmacKey = Key,
                maxnumber = MaxNumber,
                expires = InAnHour.ToUnixTimeMilliseconds(),
            },
            new
            {
                hmacKey = Key,
                maxnumber = MaxNumber,
                saltLength = 16,
                expires = InAnHour.ToUnixTimeMilliseconds(),
                @params = new { form = "contact" },
            },
            new
            {
                hmacKey = Key,
                maxnumber = MaxNumber,
                saltLength = 16,
                expires = InAnHour.ToUnixTimeMilliseconds(),
                algorithm = "SHA-512",
            },
        ];
        foreach (var other in options)
        {
            var payload = await SolveAsync(await ChallengeAsync(other));
            Assert.True(await IsValidAsync(payload, Key, ApiFactory.Now));
            Assert.Equal(ChallengeVerdict.Malformed, WithKey(Key).Verify(payload, out _));
        }
    }
}
