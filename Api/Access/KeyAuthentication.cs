using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Access;

/// <summary>Authenticates requests with a key.</summary>
sealed class KeyAuthentication(
    KeyRing keys,
    TimeProvider time,
    IOptionsMonitor<AuthenticationSchemeOptions> options,
    ILoggerFactory logs,
    UrlEncoder encoder
) : AuthenticationHandler<AuthenticationSchemeOptions>(options, logs, encoder)
{
    public const string SchemeName = "Key";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Credential.Read(Request) is not { } credential)
            return AuthenticateResult.NoResult();
        if (!AccessKey.IsWellFormed(credential))
            return Refuse(LooksLikeToken(credential) ? CredentialFault.TokensNotAccepted : CredentialFault.Malformed);
        if (await keys.FindAsync(credential, Context.RequestAborted) is not { } key)
            return Refuse(CredentialFault.Unknown);
        if (key.RevokedAt is not null)
            return Refuse(CredentialFault.Revoked, key);
        if (key.ExpiresAt <= time.GetCurrentInstant())
            return Refuse(CredentialFault.Expired, key);
        return AuthenticateResult.Success(new AuthenticationTicket(key.ToCaller().ToPrincipal(), SchemeName));
    }

    // A JWT (RFC 7519) comes here when there are no settings for tokens.
    static bool LooksLikeToken(string credential) => credential.Count(letter => letter == '.') == 2;

    static AuthenticateResult Refuse(CredentialFault fault, StoredKey? key = null) =>
        AuthenticateResult.Fail(new RefusedCredentialException(fault, key?.ToCaller().Id));
}
