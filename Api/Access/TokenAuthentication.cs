using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Access;

/// <summary>
/// Authenticates requests with an access token (JWT) of an identity provider. <c>Authentication:Schemes:Bearer</c> says
/// how it is checked, in the framework's own words.
/// </summary>
static class TokenAuthentication
{
    const string Section = "Authentication:Schemes:Bearer";

    static readonly Duration ClockSkew = Duration.FromMinutes(1);

    static readonly TimeSpan ProviderTimeout = TimeSpan.FromSeconds(5);

    static readonly string[] Asymmetric =
    [
        SecurityAlgorithms.RsaSha256,
        SecurityAlgorithms.RsaSha384,
        SecurityAlgorithms.RsaSha512,
        SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSsaPssSha384,
        SecurityAlgorithms.RsaSsaPssSha512,
        SecurityAlgorithms.EcdsaSha256,
        SecurityAlgorithms.EcdsaSha384,
        SecurityAlgorithms.EcdsaSha512,
    ];

    // With the keys in the settings, as of `dotnet user-jwts`.
    static readonly string[] Symmetric =
    [
        SecurityAlgorithms.HmacSha256,
        SecurityAlgorithms.HmacSha384,
        SecurityAlgorithms.HmacSha512,
    ];

    /// <summary>Whether there are settings for tokens.</summary>
    public static bool IsConfigured(IConfiguration configuration) => configuration.GetSection(Section).Exists();

    /// <exception cref="StartupFault">
    /// A setting is missing without which tokens of others would be accepted.
    /// </exception>
    public static void Add(AuthenticationBuilder authentication, IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        RequireAny(section, "is needed to know whose tokens to accept", "Authority", "ValidIssuer", "ValidIssuers");
        RequireAny(section, "is needed to refuse tokens for other programs", "ValidAudience", "ValidAudiences");
        RequireAny(section, "is needed to check signatures", "Authority", "SigningKeys");
        RequireAddress(section);
        RequireKeys(section);
        authentication.AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.BackchannelTimeout = ProviderTimeout;
            var parameters = options.TokenValidationParameters;
            parameters.ValidateIssuer = true;
            parameters.ValidateAudience = true;
            parameters.ValidAlgorithms = section.GetSection("SigningKeys").Exists()
                ? [.. Asymmetric, .. Symmetric]
                : Asymmetric;
            options.Events = new JwtBearerEvents
            {
                OnMessageReceived = async context =>
                {
                    if (Credential.Read(context.Request) is not null && !await IsProviderKnownAsync(context))
                        context.Fail(new RefusedCredentialException(CredentialFault.ProviderUnreachable));
                },
                OnTokenValidated = context =>
                {
                    if (ReadCaller(context.Principal!, context.SecurityToken, context.HttpContext) is { } caller)
                        context.Principal = caller.ToPrincipal();
                    else
                        context.Fail(new RefusedCredentialException(CredentialFault.Malformed));
                    return Task.CompletedTask;
                },
                OnAuthenticationFailed = context =>
                {
                    context.Fail(new RefusedCredentialException(Classify(context.Exception)));
                    return Task.CompletedTask;
                },
            };
        });
        authentication
            .Services.AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<TimeProvider>(
                (options, time) =>
                    options.TokenValidationParameters.LifetimeValidator = (from, to, _, _) =>
                        RequireInTime(from, to, time.GetCurrentInstant())
            );
    }

    static void RequireAny(IConfigurationSection section, string reason, params string[] names)
    {
        if (
            !names.Any(name => section.GetSection(name).AsEnumerable().Any(entry => !string.IsNullOrEmpty(entry.Value)))
        )
            throw new StartupFault($"{Section}:{names[0]} {reason}: set it, or remove {Section}.");
    }

    static void RequireAddress(IConfigurationSection section)
    {
        if (section["Authority"] is not { Length: > 0 } authority)
            return;
        var needsHttps = section.GetValue("RequireHttpsMetadata", defaultValue: true);
        if (
            !Uri.TryCreate(authority, UriKind.Absolute, out var address)
            || (address.Scheme != Uri.UriSchemeHttps && (needsHttps || address.Scheme != Uri.UriSchemeHttp))
        )
            throw new StartupFault(
                Settings.DescribeMistake($"{Section}:Authority", authority, "an address like https://id.example.com")
            );
    }

    // The framework would find these mistakes when the first token arrives.
    static void RequireKeys(IConfigurationSection section)
    {
        var keys = section.GetSection("SigningKeys").GetChildren().ToArray();
        var issuers = section
            .GetSection("ValidIssuers")
            .GetChildren()
            .Select(issuer => issuer.Value)
            .Append(section["ValidIssuer"]);
        var areRight =
            keys.All(key => issuers.Contains(key["Issuer"] ?? "") && IsBase64(key["Value"]))
            && keys.DistinctBy(key => key["Issuer"]).Count() == keys.Length;
        if (!areRight)
            throw new StartupFault(
                $"{Section}:SigningKeys needs one key for each issuer that is valid, with its Issuer and a Value in "
                    + "base64: correct it."
            );
    }

    static bool IsBase64(string? text) =>
        text is { Length: > 0 } && Convert.TryFromBase64String(text, new byte[text.Length], out _);

    // Without this, a token would seem to come from another issuer while the keys of its own cannot be fetched.
    static async Task<bool> IsProviderKnownAsync(MessageReceivedContext context)
    {
        if (context.Options.ConfigurationManager is not { } provider)
            return true;
        try
        {
            await provider.GetConfigurationAsync(context.HttpContext.RequestAborted);
            return true;
        }
        catch (Exception e) when (e is InvalidOperationException or IOException or HttpRequestException)
        {
            return false;
        }
    }

    static bool RequireInTime(DateTime? from, DateTime? to, Instant now)
    {
        if (to is null)
            throw new SecurityTokenNoExpirationException();
        if (from is not null && ToInstant(from.Value) > now + ClockSkew)
            throw new SecurityTokenNotYetValidException();
        if (ToInstant(to.Value) <= now - ClockSkew)
            throw new SecurityTokenExpiredException();
        return true;
    }

    static Instant ToInstant(DateTime utc) => Instant.FromDateTimeUtc(DateTime.SpecifyKind(utc, DateTimeKind.Utc));

    static CredentialFault Classify(Exception exception) =>
        exception switch
        {
            SecurityTokenExpiredException => CredentialFault.Expired,
            SecurityTokenNotYetValidException => CredentialFault.NotYetValid,
            SecurityTokenInvalidIssuerException => CredentialFault.WrongIssuer,
            SecurityTokenInvalidAudienceException => CredentialFault.WrongAudience,
            SecurityTokenMalformedException or SecurityTokenNoExpirationException => CredentialFault.Malformed,
            SecurityTokenException => CredentialFault.WrongSignature,
            _ => CredentialFault.Malformed,
        };

    /// <returns><c>null</c> when the token does not say whose it is.</returns>
    static Caller? ReadCaller(ClaimsPrincipal principal, SecurityToken token, HttpContext http)
    {
        if (principal.FindFirst("sub")?.Value is not { Length: > 0 } subject)
            return null;
        var options = http.RequestServices.GetRequiredService<IOptions<AccessOptions>>().Value.Tokens;
        var values = principal.FindAll(options.Claim).Select(claim => claim.Value).ToHashSet(StringComparer.Ordinal);
        return new Caller
        {
            Id = $"user:{subject}",
            Name = principal.FindFirst(options.NameClaim)?.Value is { Length: > 0 } name ? name : subject,
            Grants =
            [
                .. options
                    .Grants.Where(grant => values.Contains(grant.Value!))
                    .SelectMany(grant => grant.Roles.Select(role => new Grant(role, LocationsOf(grant)))),
            ],
            ExpiresAt = ToInstant(token.ValidTo),
        };
    }

    static string[]? LocationsOf(TokenGrant grant) => grant.Locations.Length == 0 ? null : grant.Locations;
}
