using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Tests.Contact;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Access;

/// <summary>
/// Nobody uses an endpoint who may not. The endpoints are those of the program, so a new one is tested without a change
/// here.
/// </summary>
public sealed class AuthorizationTests(AuthorizationTests.Clinic clinic) : IClassFixture<AuthorizationTests.Clinic>
{
    static readonly RSA Other = RSA.Create(2048);

    const string Missing = "Bearer realm=\"staff\"";

    static string Invalid(string description) =>
        $"{Missing}, error=\"invalid_token\", error_description=\"{description}\"";

    static readonly string Malformed = Invalid(
        "The credential is mistyped or incomplete: it is neither a key nor an access token"
    );

    static readonly string Unsigned = Invalid("The signature of the access token is not valid here");

    /// <summary>Credentials that are refused, and the header that says why.</summary>
    static readonly Dictionary<string, (Func<Clinic, string?> Authorization, string Challenge)> Refused = new()
    {
        ["no credential"] = (_ => null, Missing),
        ["another scheme"] = (_ => "Basic eDp5", Missing),
        ["a scheme alone"] = (_ => "Bearer", Missing),
        ["a key without a scheme"] = (c => c.Admin.Text, Missing),
        ["malformed key"] = (_ => "Bearer clinic_x", Malformed),
        ["two keys"] = (c => $"Bearer {c.Admin.Text}, Bearer {c.Admin.Text}", Malformed),
        ["key with a wrong checksum"] = (c => $"Bearer {Mistype(c.Admin.Text)}", Malformed),
        ["unknown key"] = (_ => $"Bearer {AccessKey.New()}", Invalid("There is no such key")),
        ["expired key"] = (c => $"Bearer {c.Expired.Text}", Invalid("The credential has expired")),
        ["revoked key"] = (c => $"Bearer {c.Revoked.Text}", Invalid("The key was revoked")),
        ["malformed token"] = (_ => "Bearer a.b.c", Malformed),
        ["token of another's key"] = (c => Token(c, TokenIssuer.Header("RS256"), SignWith(Other)), Unsigned),
        ["token that brings its key"] = (c => Token(c, TokenIssuer.HeaderWith(Other), SignWith(Other)), Unsigned),
        ["token whose claims were changed"] = (c => $"Bearer {ChangeClaims(c)}", Unsigned),
        ["token with an empty signature"] = (c => Token(c, TokenIssuer.Header("RS256"), _ => []), Unsigned),
        ["token with alg none"] = (c => Token(c, TokenIssuer.Header("none"), _ => []), Unsigned),
        ["token with alg None"] = (c => Token(c, TokenIssuer.Header("None"), _ => []), Unsigned),
        ["HS256 with the public key, PEM"] = (
            c => Hs256(c, Encoding.ASCII.GetBytes(c.Issuer.Key.ExportSubjectPublicKeyInfoPem())),
            Unsigned
        ),
        ["HS256 with the public key, DER"] = (c => Hs256(c, c.Issuer.Key.ExportSubjectPublicKeyInfo()), Unsigned),
        ["HS256 with the modulus"] = (c => Hs256(c, c.Issuer.Key.ExportParameters(false).Modulus!), Unsigned),
        ["token of another issuer"] = (
            c => Claiming(c, ("iss", "https://id.example.com")),
            Invalid("The access token comes from another issuer")
        ),
        ["token without an issuer"] = (
            c => Claiming(c, ("iss", null)),
            Invalid("The access token comes from another issuer")
        ),
        ["token for another audience"] = (
            c => Claiming(c, ("aud", "another-api")),
            Invalid("The access token is for another audience")
        ),
        ["token without an audience"] = (
            c => Claiming(c, ("aud", null)),
            Invalid("The access token is for another audience")
        ),
        ["expired token"] = (
            c => Claiming(c, ("exp", ApiFactory.Now.AddMinutes(-2).ToUnixTimeSeconds())),
            Invalid("The credential has expired")
        ),
        ["token that is not valid yet"] = (
            c => Claiming(c, ("nbf", ApiFactory.Now.AddMinutes(2).ToUnixTimeSeconds())),
            Invalid("The access token is not valid yet")
        ),
        ["token that never expires"] = (c => Claiming(c, ("exp", null)), Malformed),
        ["token without a subject"] = (c => Claiming(c, ("sub", null)), Malformed),
    };

    static string Mistype(string key) => key[..^1] + (key[^1] == '0' ? '1' : '0');

    static Func<byte[], byte[]> SignWith(RSA key) =>
        data => key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

    static string Token(Clinic clinic, JsonObject header, Func<byte[], byte[]> sign) =>
        $"Bearer {TokenIssuer.Assemble(header, clinic.Issuer.Claims(ApiFactory.Now), sign)}";

    static string Claiming(Clinic clinic, (string, JsonNode?) claim) =>
        $"Bearer {clinic.Issuer.Sign(ApiFactory.Now, claim)}";

    static string Hs256(Clinic clinic, byte[] secret) =>
        Token(clinic, TokenIssuer.Header("HS256"), data => HMACSHA256.HashData(secret, data));

    static string ChangeClaims(Clinic clinic)
    {
        var powerless = clinic.Issuer.Sign(ApiFactory.Now, ("roles", new JsonArray())).Split('.');
        var powerful = clinic.Issuer.Sign(ApiFactory.Now).Split('.');
        return $"{powerless[0]}.{powerful[1]}.{powerless[2]}";
    }

    /// <summary>A clinic that takes keys and tokens, and has a message.</summary>
    public sealed class Clinic : IAsyncLifetime
    {
        internal ApiFactory Api { get; } = new();
        internal TokenIssuer Issuer { get; private set; } = null!;
        internal StaffKey Admin { get; private set; } = null!;
        internal StaffKey Expired { get; private set; } = null!;
        internal StaffKey Revoked { get; private set; } = null!;
        internal string Reference { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Issuer = await TokenIssuer.StartAsync();
            Api.Settings.AddRange(Issuer.Settings);
            await Api.InitializeAsync();
            Admin = await Api.CreateKeyAsync([Role.Admin]);
            Expired = await Api.CreateKeyAsync([Role.Admin], lifetime: TimeSpan.FromSeconds(-1));
            Revoked = await Api.CreateKeyAsync([Role.Admin]);
            await Api.RevokeKeyAsync(Revoked);
            Reference = (string)(await Api.ReceivedAsync(Submissions.Valid()))["reference"]!;
        }

        public async ValueTask DisposeAsync()
        {
            await Api.DisposeAsync();
            await Issuer.DisposeAsync();
        }

        /// <summary>Sends a request to an endpoint. It changes something if nobody refuses it.</summary>
        internal async Task<HttpResponseMessage> SendAsync(string endpoint, string? authorization)
        {
            var (method, path) = endpoint.Split(' ') is [var first, var second] ? (first, second) : default;
            using var request = new HttpRequestMessage(new HttpMethod(method!), Fill(path!));
            if (method is not ("GET" or "DELETE"))
                request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
            if (authorization is not null)
                Assert.True(request.Headers.TryAddWithoutValidation("Authorization", authorization));
            return await Api.Client.SendAsync(request);
        }

        string Fill(string route) =>
            string.Join(
                '/',
                route
                    .Split('/')
                    .Select(segment =>
                        segment == "{reference}" ? Reference
                        : segment.StartsWith('{') ? "x"
                        : segment
                    )
            );

        /// <summary>Everything that the staff can change.</summary>
        internal async Task<string> DumpAsync() =>
            await Api.DumpAsync("submissions", "submission_notes", "outbox", "access_keys", "articles", "locations");
    }

    static RouteEndpoint[] EndpointsOf(WebApplication app) =>
        [.. ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).Cast<RouteEndpoint>()];

    static IEnumerable<string> NamesOf(RouteEndpoint endpoint)
    {
        var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
        var methods = endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"];
        return methods.Select(method => $"{method} {path}");
    }

    static bool IsPublic(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    static IEnumerable<(string Name, RouteEndpoint Endpoint)> OfStaff { get; } =
        EndpointsOf(Program.Compose([]))
            .Where(endpoint => !IsPublic(endpoint))
            .SelectMany(endpoint => NamesOf(endpoint).Select(name => (name, endpoint)))
            .ToArray();

    public static TheoryData<string, string> Refusals =>
        [.. OfStaff.SelectMany(staff => Refused.Keys.Select(credential => (staff.Name, credential)))];

    public static TheoryData<string> StaffEndpoints => [.. OfStaff.Select(staff => staff.Name)];

    [Fact]
    public void The_table_has_endpoints() =>
        Assert.Contains("GET /v1/staff/audit", OfStaff.Select(staff => staff.Name));

    [Theory]
    [MemberData(nameof(Refusals), DisableDiscoveryEnumeration = true)]
    public async Task A_wrong_credential_is_refused_and_changes_nothing(string endpoint, string credential)
    {
        var (authorization, challenge) = Refused[credential];
        var before = await clinic.DumpAsync();
        var isRecorded = challenge != Missing;
        var entries = await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries");

        using var answer = await clinic.SendAsync(endpoint, authorization(clinic));

        Assert.Equal(challenge, string.Join("; ", answer.Headers.NonValidated["WWW-Authenticate"]));
        var detail = isRecorded
            ? challenge.Split('"')[^2] + "."
            : "Send a key or an access token as Authorization: Bearer ….";
        await JsonAssert.ProblemAsync(answer, 401, "unauthorized", detail);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Null(answer.Headers.ETag);
        Assert.Equal(before, await clinic.DumpAsync());
        Assert.Equal(
            entries + (isRecorded ? 1 : 0),
            await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries")
        );
        if (isRecorded)
            Assert.Equal(
                "signInRefused",
                await clinic.Api.QueryAsync<string>("SELECT action FROM audit_entries ORDER BY id DESC LIMIT 1")
            );
    }

    [Theory]
    [MemberData(nameof(StaffEndpoints), DisableDiscoveryEnumeration = true)]
    public async Task A_credential_without_the_role_is_forbidden_and_changes_nothing(string endpoint)
    {
        var needed = OfStaff.First(staff => staff.Name == endpoint).Endpoint.Metadata.GetMetadata<NeededRole>();
        // See Only_one_endpoint_takes_any_credential.
        if (needed is null)
            return;
        var roles = Enum.GetValues<Role>().Where(role => role != needed.Role && role != Role.Admin).ToArray();
        var key = await clinic.Api.CreateKeyAsync(roles);
        var powerless = await clinic.Api.CreateKeyAsync([]);
        List<string> credentials =
        [
            key.Header.Value,
            powerless.Header.Value,
            $"Bearer {clinic.Issuer.Sign(ApiFactory.Now, ("roles", new JsonArray("somebody", "Everything")))}",
            $"Bearer {clinic.Issuer.Sign(ApiFactory.Now, ("roles", null))}",
        ];
        foreach (var credential in credentials)
            await AssertForbiddenAsync(endpoint, credential, $"This needs the role {Name(needed.Role)}.");
        if (!needed.Everywhere)
            return;
        var confined = await clinic.Api.CreateKeyAsync([needed.Role], locations: ["jonesboro"]);
        await AssertForbiddenAsync(
            endpoint,
            confined.Header.Value,
            $"This needs the role {Name(needed.Role)} at all locations."
        );

        static string Name(Role role) => Api.Http.Json.NameOf(role);
    }

    async Task AssertForbiddenAsync(string endpoint, string credential, string detail)
    {
        // The first use of a key is remembered.
        using var me = await clinic.SendAsync("GET /v1/staff/me", credential);
        Assert.Equal(200, (int)me.StatusCode);
        var before = await clinic.DumpAsync();
        var entries = await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries");

        using var answer = await clinic.SendAsync(endpoint, credential);

        Assert.Equal(
            $"{Missing}, error=\"insufficient_scope\", error_description=\"{detail.TrimEnd('.')}\"",
            answer.Headers.WwwAuthenticate.ToString()
        );
        await JsonAssert.ProblemAsync(answer, 403, "forbidden", detail);
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
        Assert.Equal(before, await clinic.DumpAsync());
        Assert.Equal(entries, await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries"));
    }

    // Without this, the others would pass if the program refused everybody.
    [Theory]
    [MemberData(nameof(StaffEndpoints), DisableDiscoveryEnumeration = true)]
    public async Task A_valid_credential_is_let_through_and_nothing_is_cached(string endpoint)
    {
        // Only to endpoints that change nothing: the other tests need the message.
        if (!endpoint.StartsWith("GET ", StringComparison.Ordinal))
            return;
        foreach (var credential in new[] { clinic.Admin.Header.Value, $"Bearer {clinic.Issuer.Sign(ApiFactory.Now)}" })
        {
            using var answer = await clinic.SendAsync(endpoint, credential);
            Assert.Contains((int)answer.StatusCode, new[] { 200, 404, 422 });
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            Assert.Empty(answer.Headers.WwwAuthenticate);
        }
    }

    [Fact]
    public void An_endpoint_is_either_public_or_of_the_staff()
    {
        foreach (var endpoint in EndpointsOf(clinic.Api.App))
        {
            var path = "/" + endpoint.RoutePattern.RawText!.Trim('/');
            var isOfStaff = path.StartsWith("/v1/staff/", StringComparison.Ordinal);
            Assert.True(isOfStaff != IsPublic(endpoint), path);
            Assert.True(isOfStaff == endpoint.Metadata.OfType<AuthorizationPolicy>().Any(), path);
        }
    }

    [Fact]
    public void Only_one_endpoint_takes_any_credential() =>
        Assert.Equal(
            ["GET /v1/staff/me"],
            OfStaff
                .Where(staff => staff.Endpoint.Metadata.GetMetadata<NeededRole>() is null)
                .Select(staff => staff.Name)
        );

    [Fact]
    public async Task A_forgotten_endpoint_is_refused()
    {
        var calls = 0;
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Map = app =>
            {
                app.MapGet("/forgotten", () => calls++);
                app.MapGroup("/v1/staff").MapPost("/forgotten", () => calls++);
            }
        );
        var admin = await api.CreateKeyAsync([Role.Admin]);
        foreach (
            var (method, path) in new[] { (HttpMethod.Get, "/forgotten"), (HttpMethod.Post, "/v1/staff/forgotten") }
        )
        {
            using var without = await api.SendAsync(method, path);
            await JsonAssert.ProblemAsync(without, 401, "unauthorized");
            using var with = await api.SendAsync(admin, method, path);
            await JsonAssert.ProblemAsync(with, 401, "unauthorized");
        }
        Assert.Equal(0, calls);
    }

    [Theory]
    [InlineData("no credential")]
    [InlineData("unknown key")]
    [InlineData("token with alg none")]
    public async Task An_unknown_address_is_a_404_and_a_wrong_method_a_405(string credential)
    {
        var authorization = Refused[credential].Authorization(clinic);
        foreach (var path in new[] { "/v1/staff", "/v1/staff/", "/v1/staff/nothing", "/v1/nothing", "/nothing" })
        {
            using var answer = await clinic.SendAsync($"GET {path}", authorization);
            await JsonAssert.ProblemAsync(answer, 404, "not-found");
            Assert.Empty(answer.Headers.WwwAuthenticate);
        }
        foreach (var call in new[] { "POST /v1/staff/me", "DELETE /v1/staff/audit", "PUT /v1/articles" })
        {
            using var answer = await clinic.SendAsync(call, authorization);
            await JsonAssert.ProblemAsync(answer, 405, "method-not-allowed");
            Assert.Equal(["GET", "HEAD"], answer.Content.Headers.Allow.Order());
        }
    }

    public static TheoryData<string> PublicEndpoints =>
        [.. EndpointsOf(Program.Compose([])).Where(IsPublic).SelectMany(NamesOf).Distinct()];

    [Theory]
    [MemberData(nameof(PublicEndpoints), DisableDiscoveryEnumeration = true)]
    public async Task A_public_endpoint_ignores_a_wrong_credential(string endpoint)
    {
        var entries = await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries");
        using var without = await clinic.SendAsync(endpoint, null);
        foreach (var credential in new[] { "malformed key", "revoked key", "token with alg none" })
        {
            using var with = await clinic.SendAsync(endpoint, Refused[credential].Authorization(clinic));
            Assert.Equal(without.StatusCode, with.StatusCode);
            Assert.Empty(with.Headers.WwwAuthenticate);
        }
        Assert.NotEqual(401, (int)without.StatusCode);
        Assert.Equal(entries, await clinic.Api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries"));
    }

    [Fact]
    public async Task The_reason_is_in_the_caller_s_language_and_the_header_in_ASCII()
    {
        using var answer = await clinic.Api.SendAsync(
            HttpMethod.Get,
            "/v1/staff/me",
            ("Authorization", $"Bearer {AccessKey.New()}"),
            ("Accept-Language", "es")
        );
        await JsonAssert.ProblemAsync(answer, 401, "unauthorized", "Esa clave no existe.");
        Assert.Equal(Invalid("There is no such key"), answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task Without_settings_for_tokens_only_keys_are_accepted()
    {
        await using var api = await ApiFactory.StartAsync();
        using var answer = await api.SendAsync(
            HttpMethod.Get,
            "/v1/staff/me",
            ("Authorization", $"Bearer {clinic.Issuer.Sign(ApiFactory.Now)}")
        );
        const string Reason = "This server accepts keys only: it has no settings for access tokens";
        Assert.Equal(Invalid(Reason), answer.Headers.WwwAuthenticate.ToString());
        await JsonAssert.ProblemAsync(answer, 401, "unauthorized", Reason + ".");
    }

    static Task<ApiFactory> LimitedAsync(int perClient, int overall = 1000) =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                $"--Access:Refusals:PerClient:Requests={perClient}",
                $"--Access:Refusals:Overall:Requests={overall}",
                "--Proxies:Known:0=127.0.0.1",
            ])
        );

    static Task<HttpResponseMessage> SendAsync(ApiFactory api, string? credential, string client = "198.51.100.1") =>
        credential is null
            ? api.SendAsync(HttpMethod.Get, "/v1/staff/me", ("X-Forwarded-For", client))
            : api.SendAsync(
                HttpMethod.Get,
                "/v1/staff/me",
                ("X-Forwarded-For", client),
                ("Authorization", $"Bearer {credential}")
            );

    static Task<long> CountRefusalsAsync(ApiFactory api) =>
        api.QueryAsync<long>("SELECT COUNT(*) FROM audit_entries WHERE action = 'signInRefused'");

    [Fact]
    public async Task After_20_refused_credentials_a_client_gets_a_429_and_its_valid_keys_still_work()
    {
        var defaults = new RefusalLimits();
        Assert.Equal((20, 600), (defaults.PerClient.Requests, defaults.PerClient.WindowSeconds));
        await using var api = await LimitedAsync(defaults.PerClient.Requests);
        var key = await api.CreateKeyAsync([Role.Inbox]);
        for (var i = 0; i < 20; i++)
        {
            // Requests without a credential are not counted, as of a page whose user has not signed in yet.
            Assert.Equal(401, (int)(await SendAsync(api, null)).StatusCode);
            Assert.Equal(401, (int)(await SendAsync(api, AccessKey.New())).StatusCode);
        }
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 3; i++)
        {
            using var refused = await SendAsync(api, AccessKey.New());
            var violated = JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["violated-policies"];
            JsonAssert.Equal("""["refused-sign-ins"]""", violated);
            await JsonAssert.ProblemAsync(refused, 429, "quota-exceeded");
            Assert.Equal(TimeSpan.FromMinutes(9), refused.Headers.RetryAfter!.Delta);
        }
        Assert.Equal(20, await CountRefusalsAsync(api));
        Assert.Equal(200, (int)(await SendAsync(api, key.Text)).StatusCode);
        Assert.Equal(401, (int)(await SendAsync(api, AccessKey.New(), "198.51.100.2")).StatusCode);

        api.Clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(401, (int)(await SendAsync(api, AccessKey.New())).StatusCode);
    }

    [Fact]
    public async Task No_number_of_addresses_fills_the_audit()
    {
        await using var api = await LimitedAsync(perClient: 20, overall: 3);
        for (var i = 0; i < 6; i++)
        {
            using var answer = await SendAsync(api, AccessKey.New(), $"198.51.100.{i}");
            Assert.Equal(i < 3 ? 401 : 429, (int)answer.StatusCode);
        }
        Assert.Equal(3, await CountRefusalsAsync(api));
    }

    [Fact]
    public async Task A_refused_sign_in_is_recorded_although_its_sender_hangs_up()
    {
        var (arrived, left, done) = (
            new TaskCompletionSource(),
            new TaskCompletionSource(),
            new TaskCompletionSource()
        );
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Configure = builder =>
                builder.Services.AddSingleton<IStartupFilter>(
                    new ApiFactory.OutermostMiddleware(
                        async (http, next) =>
                        {
                            using var _ = http.RequestAborted.Register(left.SetResult);
                            arrived.SetResult();
                            await left.Task;
                            await next(http);
                            done.SetResult();
                        }
                    )
                )
        );
        using var impatience = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/staff/me");
        request.Headers.Add("Authorization", "Bearer x");
        var answer = api.Client.SendAsync(request, impatience.Token);
        await arrived.Task;
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => answer);
        await done.Task;
        Assert.Equal(1, await CountRefusalsAsync(api));
    }
}
