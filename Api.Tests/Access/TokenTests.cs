using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Api.Access;
using Api.CommandLine;

namespace Api.Tests.Access;

/// <summary>Access tokens: what their claims give, the identity provider, and the settings.</summary>
public sealed class TokenTests(TokenTests.Clinic clinic) : IClassFixture<TokenTests.Clinic>
{
    const string Me = "/v1/staff/me",
        Bearer = "--Authentication:Schemes:Bearer";

    public sealed class Clinic : IAsyncLifetime
    {
        internal ApiFactory Api { get; } = new();
        internal TokenIssuer Issuer { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Issuer = await TokenIssuer.StartAsync();
            Api.Settings.AddRange(Issuer.Settings);
            await Api.InitializeAsync();
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Issuer.DisposeAsync();
        }
    }

    static (string, string) Header(string token) => ("Authorization", $"Bearer {token}");

    static async Task<JsonNode> ReadMeAsync(ApiFactory api, string token)
    {
        using var answer = await api.SendAsync(HttpMethod.Get, Me, Header(token));
        Assert.Equal(200, (int)answer.StatusCode);
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    [Theory]
    [InlineData("\"everything\"", """[{ "role": "admin", "locations": null }]""")]
    [InlineData("""["everything"]""", """[{ "role": "admin", "locations": null }]""")]
    [InlineData("""["front-desk-jonesboro"]""", """[{ "role": "inbox", "locations": ["jonesboro"] }]""")]
    [InlineData(
        """["somebody", "editor-paragould", 5, { "a": 1 }, null, "front-desk-jonesboro", "front-desk-jonesboro"]""",
        """[{ "role": "inbox", "locations": ["jonesboro"] }, { "role": "content", "locations": ["paragould"] }]"""
    )]
    [InlineData("\"front-desk-jonesboro editor-paragould\"", "[]")]
    [InlineData("\"Everything\"", "[]")]
    [InlineData("[]", "[]")]
    [InlineData("5", "[]")]
    [InlineData("null", "[]")]
    public async Task The_values_of_the_claim_give_roles_at_locations(string roles, string grants)
    {
        var token = clinic.Issuer.Sign(ApiFactory.Now, ("roles", JsonNode.Parse(roles)));
        JsonAssert.Equal(grants, (await ReadMeAsync(clinic.Api, token))["grants"]);
    }

    [Fact]
    public async Task A_token_says_who_its_user_is_and_when_it_expires()
    {
        JsonAssert.Equal(
            """
            {
              "name": "Ada Example",
              "grants": [{ "role": "admin", "locations": null }],
              "expiresAt": "2026-07-01T13:00:00Z"
            }
            """,
            await ReadMeAsync(clinic.Api, clinic.Issuer.Sign(ApiFactory.Now))
        );
    }

    [Theory]
    [InlineData("name", null)]
    [InlineData("name", "")]
    public async Task A_user_without_a_name_is_called_by_the_subject(string claim, string? value)
    {
        var token = clinic.Issuer.Sign(ApiFactory.Now, (claim, value));
        Assert.Equal(TokenIssuer.Subject, (string?)(await ReadMeAsync(clinic.Api, token))["name"]);
    }

    [Fact]
    public async Task A_token_is_valid_a_minute_longer_since_clocks_differ()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(clinic.Issuer.Settings));
        var token = clinic.Issuer.Sign(ApiFactory.Now.AddSeconds(59));
        await ReadMeAsync(api, token);
        api.Clock.SetUtcNow(ApiFactory.Now.AddSeconds(59).AddHours(1).AddSeconds(59));
        await ReadMeAsync(api, token);
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(401, (int)(await api.SendAsync(HttpMethod.Get, Me, Header(token))).StatusCode);
    }

    [Fact]
    public async Task The_audit_names_the_subject_and_the_user()
    {
        var token = clinic.Issuer.Sign(ApiFactory.Now, ("sub", "auditor"), ("roles", new JsonArray("everything")));
        for (var i = 0; i < 2; i++)
        {
            using var answer = await clinic.Api.SendAsync(
                HttpMethod.Get,
                "/v1/staff/audit?actor=user:auditor",
                Header(token)
            );
            var items = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["items"]!.AsArray();
            Assert.Equal(i, items.Count);
            if (i == 0)
                continue;
            Assert.Equal("user:auditor", (string?)items[0]!["actor"]);
            Assert.Equal("Ada Example", (string?)items[0]!["actorName"]);
            JsonAssert.Equal("""["admin"]""", items[0]!["roles"]);
        }
    }

    [Fact]
    public async Task Other_claims_can_have_the_roles_and_the_name()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                .. clinic.Issuer.Settings,
                "--Access:Tokens:Claim=https://example.com/groups",
                "--Access:Tokens:NameClaim=preferred_username",
            ])
        );
        var token = clinic.Issuer.Sign(
            ApiFactory.Now,
            ("https://example.com/groups", new JsonArray("front-desk")),
            ("preferred_username", "ada")
        );
        JsonAssert.Equal(
            """
            {
              "name": "ada",
              "grants": [{ "role": "inbox", "locations": null }],
              "expiresAt": "2026-07-01T13:00:00Z"
            }
            """,
            await ReadMeAsync(api, token)
        );
    }

    [Fact]
    public async Task While_the_identity_provider_does_not_answer_tokens_get_a_503_and_keys_work()
    {
        await using var issuer = await TokenIssuer.StartAsync();
        issuer.IsUp = false;
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(issuer.Settings));
        var key = await api.CreateKeyAsync([Role.Inbox]);
        var token = issuer.Sign(ApiFactory.Now);
        using (var answer = await api.SendAsync(HttpMethod.Get, Me, Header(token)))
        {
            await JsonAssert.ProblemAsync(
                answer,
                503,
                "busy",
                "The identity provider does not answer, so access tokens cannot be checked now. Keys work."
            );
            Assert.NotNull(answer.Headers.RetryAfter);
            Assert.Empty(answer.Headers.WwwAuthenticate);
        }
        Assert.Equal(200, (int)(await api.SendAsync(key, HttpMethod.Get, Me)).StatusCode);
        Assert.Equal(
            0,
            await api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries WHERE action = 'signInRefused'")
        );
        issuer.IsUp = true;
        await ReadMeAsync(api, token);
        // Its keys are known now.
        issuer.IsUp = false;
        await ReadMeAsync(api, token);
    }

    // As dotnet user-jwts writes it.
    [Fact]
    public async Task Tokens_of_dotnet_user_jwts_work_with_its_settings()
    {
        var secret = RandomNumberGenerator.GetBytes(32);
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                $"{Bearer}:ValidAudiences:0=http://localhost:5080",
                $"{Bearer}:ValidAudiences:1=https://localhost:7080",
                $"{Bearer}:ValidIssuer=dotnet-user-jwts",
                $"{Bearer}:SigningKeys:0:Id=6dfb7c3a",
                $"{Bearer}:SigningKeys:0:Issuer=dotnet-user-jwts",
                $"{Bearer}:SigningKeys:0:Value={Convert.ToBase64String(secret)}",
                $"{Bearer}:SigningKeys:0:Length=32",
                "--Access:Tokens:Claim=role",
                .. TokenIssuer.Grant(0, "admin", ["Admin"]),
            ])
        );
        string Sign(byte[] secret, params (string, JsonNode?)[] changes) =>
            TokenIssuer.Assemble(
                new JsonObject { ["alg"] = "HS256", ["typ"] = "JWT" },
                clinic.Issuer.Claims(
                    ApiFactory.Now,
                    [
                        ("iss", "dotnet-user-jwts"),
                        ("aud", new JsonArray("http://localhost:5080", "https://localhost:7080")),
                        ("name", null),
                        ("unique_name", "ada"),
                        ("sub", "ada"),
                        ("role", "admin"),
                        .. changes,
                    ]
                ),
                data => HMACSHA256.HashData(secret, data)
            );
        JsonAssert.Equal(
            """
            {
              "name": "ada",
              "grants": [{ "role": "admin", "locations": null }],
              "expiresAt": "2026-07-01T13:00:00Z"
            }
            """,
            await ReadMeAsync(api, Sign(secret))
        );
        foreach (
            var wrong in new[]
            {
                Sign(RandomNumberGenerator.GetBytes(32)),
                Sign([]),
                Sign(secret, ("aud", TokenIssuer.Audience)),
                Sign(secret, ("iss", clinic.Issuer.Url)),
                clinic.Issuer.Sign(ApiFactory.Now, ("iss", "dotnet-user-jwts"), ("aud", "http://localhost:5080")),
            }
        )
            Assert.Equal(401, (int)(await api.SendAsync(HttpMethod.Get, Me, Header(wrong))).StatusCode);
    }

    const string Schemes = "Authentication:Schemes:Bearer";

    [Theory]
    [InlineData(
        $"{Schemes}:ValidAudience is needed to refuse tokens for other programs: set it, or remove {Schemes}.",
        $"{Bearer}:Authority=https://id.example.com"
    )]
    [InlineData(
        $"{Schemes}:ValidAudience is needed to refuse tokens for other programs",
        $"{Bearer}:Authority=https://id.example.com",
        $"{Bearer}:ValidAudience="
    )]
    [InlineData(
        $"{Schemes}:Authority is needed to know whose tokens to accept: set it, or remove {Schemes}.",
        $"{Bearer}:ValidAudience=clinic-api"
    )]
    [InlineData(
        $"{Schemes}:Authority is needed to know whose tokens to accept",
        $"{Bearer}:Authority=",
        $"{Bearer}:ValidAudience=clinic-api"
    )]
    [InlineData(
        $"{Schemes}:Authority is needed to check signatures: set it, or remove {Schemes}.",
        $"{Bearer}:ValidAudience=clinic-api",
        $"{Bearer}:ValidIssuer=https://id.example.com"
    )]
    [InlineData(
        $"{Schemes}:Authority is 'id.example.com': set it to an address like https://id.example.com.",
        $"{Bearer}:Authority=id.example.com",
        $"{Bearer}:ValidAudience=clinic-api"
    )]
    [InlineData(
        $"{Schemes}:Authority is 'http://id.example.com': set it to an address like https://id.example.com.",
        $"{Bearer}:Authority=http://id.example.com",
        $"{Bearer}:ValidAudience=clinic-api"
    )]
    [InlineData(
        $"{Schemes}:SigningKeys needs one key for each issuer that is valid, with its Issuer and a Value in base64: correct it.",
        $"{Bearer}:ValidIssuer=dotnet-user-jwts",
        $"{Bearer}:ValidAudience=clinic-api",
        $"{Bearer}:SigningKeys:0:Issuer=dotnet-user-jwts",
        $"{Bearer}:SigningKeys:0:Value=???"
    )]
    [InlineData(
        "Access:Tokens:Grants:0:Value is not set: set it to a value of the claim.",
        "--Access:Tokens:Grants:0:Roles:0=Inbox"
    )]
    [InlineData(
        "Access:Tokens:Grants:0:Value is '': set it to a value of the claim.",
        "--Access:Tokens:Grants:0:Roles:0=Inbox",
        "--Access:Tokens:Grants:0:Value="
    )]
    [InlineData(
        "Access:Tokens:Grants:0:Roles is not set: set it to a list of Inbox, Content, Admin.",
        "--Access:Tokens:Grants:0:Value=x"
    )]
    [InlineData(
        "Access:Tokens:Grants:0:Roles:0 is 'Boss'",
        "--Access:Tokens:Grants:0:Value=x",
        "--Access:Tokens:Grants:0:Roles:0=Boss"
    )]
    [InlineData(
        "Access:Tokens:Grants:0:Locations has 'nowhere', a location that does not exist: use ash-flat, jonesboro, ",
        "--Access:Tokens:Grants:0:Value=x",
        "--Access:Tokens:Grants:0:Roles:0=Inbox",
        "--Access:Tokens:Grants:0:Locations:0=jonesboro",
        "--Access:Tokens:Grants:0:Locations:1=nowhere"
    )]
    [InlineData("Access:Tokens:Grants:0:Role is no setting of this program", "--Access:Tokens:Grants:0:Role=Inbox")]
    [InlineData("Access:Tokens:Claim is '': set it to the name of a claim.", "--Access:Tokens:Claim=")]
    [InlineData(
        "Access:Refusals:PerClient:Requests is 0: set it to 1 or more.",
        "--Access:Refusals:PerClient:Requests=0"
    )]
    [InlineData(
        "Access:Refusals:Overall:WindowSeconds is -1: set it to 1 or more.",
        "--Access:Refusals:Overall:WindowSeconds=-1"
    )]
    [InlineData("Audit:RetentionDays is 0: set it to a number of days from 1 to 36500.", "--Audit:RetentionDays=0")]
    public async Task A_wrong_setting_is_refused_in_one_sentence(string sentence, params string[] settings)
    {
        await using var api = new ApiFactory();
        api.Settings.AddRange(settings);
        var fault = await Assert.ThrowsAnyAsync<Exception>(async () => await api.InitializeAsync());
        var text = Faults.Describe(fault);
        Assert.Contains(sentence, text, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', text);
    }
}
