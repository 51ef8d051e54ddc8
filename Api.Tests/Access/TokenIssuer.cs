using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Access;

/// <summary>An identity provider (OpenID Connect): it publishes its RSA key, and issues access tokens (RFC 7519).</summary>
sealed class TokenIssuer : IAsyncDisposable
{
    public const string Audience = "clinic-api",
        Subject = "248289761001",
        PersonName = "Ada Example",
        KeyId = "2026-06";

    readonly WebApplication site;

    TokenIssuer(WebApplication site) => this.site = site;

    public RSA Key { get; } = RSA.Create(2048);
    public string Url => site.Urls.Single();

    /// <summary>Whether it answers. If not, every request to it fails.</summary>
    public bool IsUp { get; set; } = true;

    /// <summary>The settings of a program that takes its tokens, with a value of <c>roles</c> for each role.</summary>
    public string[] Settings =>
        [
            $"--Authentication:Schemes:Bearer:Authority={Url}",
            "--Authentication:Schemes:Bearer:RequireHttpsMetadata=false",
            $"--Authentication:Schemes:Bearer:ValidAudiences:0={Audience}",
            .. Grant(0, "everything", ["Admin"]),
            .. Grant(1, "front-desk", ["Inbox"]),
            .. Grant(2, "front-desk-jonesboro", ["Inbox"], "jonesboro"),
            .. Grant(3, "editor-paragould", ["Content"], "paragould"),
        ];

    /// <summary>The settings of a grant: what a value of the claim gives.</summary>
    public static IEnumerable<string> Grant(int index, string value, string[] roles, params string[] locations)
    {
        var grant = $"--Access:Tokens:Grants:{index}";
        return
        [
            $"{grant}:Value={value}",
            .. roles.Select((role, i) => $"{grant}:Roles:{i}={role}"),
            .. locations.Select((location, i) => $"{grant}:Locations:{i}={location}"),
        ];
    }

    public static async Task<TokenIssuer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var issuer = new TokenIssuer(builder.Build());
        issuer.site.MapGet("/.well-known/openid-configuration", () => issuer.Answer(issuer.Metadata()));
        issuer.site.MapGet("/keys", () => issuer.Answer(issuer.PublicKeys()));
        await issuer.site.StartAsync();
        return issuer;
    }

    IResult Answer(JsonObject document) =>
        IsUp ? TypedResults.Text(document.ToJsonString(), "application/json") : TypedResults.StatusCode(500);

    JsonObject Metadata() => new() { ["issuer"] = Url, ["jwks_uri"] = $"{Url}/keys" };

    JsonObject PublicKeys() => new() { ["keys"] = new JsonArray(ToJwk(Key, KeyId)) };

    static JsonObject ToJwk(RSA key, string id)
    {
        var numbers = key.ExportParameters(includePrivateParameters: false);
        return new JsonObject
        {
            ["kty"] = "RSA",
            ["use"] = "sig",
            ["kid"] = id,
            ["n"] = Base64Url.EncodeToString(numbers.Modulus),
            ["e"] = Base64Url.EncodeToString(numbers.Exponent),
        };
    }

    /// <summary>Claims that are valid for an hour from a moment on.</summary>
    public JsonObject Claims(DateTimeOffset now, params (string Name, JsonNode? Value)[] changes)
    {
        var claims = new JsonObject
        {
            ["iss"] = Url,
            ["aud"] = Audience,
            ["sub"] = Subject,
            ["name"] = PersonName,
            ["roles"] = new JsonArray("everything"),
            ["iat"] = now.ToUnixTimeSeconds(),
            ["nbf"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        foreach (var (name, value) in changes)
        {
            claims.Remove(name);
            if (value is not null)
                claims[name] = value;
        }
        return claims;
    }

    /// <summary>A token for claims, signed as the provider does.</summary>
    public string Sign(JsonObject claims) =>
        Assemble(
            Header("RS256"),
            claims,
            data => Key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        );

    /// <summary>A valid token of an admin, with other claims.</summary>
    public string Sign(DateTimeOffset now, params (string Name, JsonNode? Value)[] changes) =>
        Sign(Claims(now, changes));

    public static JsonObject Header(string algorithm) =>
        new()
        {
            ["alg"] = algorithm,
            ["typ"] = "JWT",
            ["kid"] = KeyId,
        };

    /// <summary>The header of a token whose signer brings his own key along.</summary>
    public static JsonObject HeaderWith(RSA key) =>
        new()
        {
            ["alg"] = "RS256",
            ["typ"] = "JWT",
            ["kid"] = "own",
            ["jwk"] = ToJwk(key, "own"),
        };

    /// <summary>Makes a token in any way.</summary>
    public static string Assemble(JsonObject header, JsonObject claims, Func<byte[], byte[]> sign)
    {
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    static string Encode(JsonObject part) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(part.ToJsonString()));

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        Key.Dispose();
    }
}
