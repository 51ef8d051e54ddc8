namespace Api.Access;

/// <summary>Why a credential is refused.</summary>
enum CredentialFault
{
    Malformed,
    Unknown,
    Expired,
    Revoked,
    NotYetValid,
    WrongSignature,
    WrongIssuer,
    WrongAudience,

    /// <summary>It is a token, and there are no settings for tokens.</summary>
    TokensNotAccepted,

    /// <summary>The keys of the identity provider cannot be fetched.</summary>
    ProviderUnreachable,
}

/// <summary>A credential is refused.</summary>
#pragma warning disable CA1032, CA1064 // It is never thrown: the result of an authentication carries it
sealed class RefusedCredentialException(CredentialFault fault, string? owner = null) : Exception(fault.ToString())
#pragma warning restore CA1032, CA1064
{
    public CredentialFault Fault => fault;

    /// <summary>Whose it is, as the audit names them; <c>null</c> when that is not certain.</summary>
    public string? Owner => owner;

    /// <summary>The reason in the language of the request.</summary>
    public string Describe() =>
        fault is CredentialFault.TokensNotAccepted or CredentialFault.ProviderUnreachable
            ? AccessText.Texts.Get(fault.ToString())
            : AccessText.Texts.Get($"Credential{fault}");
}

/// <summary>Reads the credential of a request: <c>Authorization: Bearer …</c> (RFC 6750, section 2.1).</summary>
static class Credential
{
    const string Scheme = "Bearer ";

    /// <summary>The credential; <c>null</c> when there is none. Other schemes count as none.</summary>
    public static string? Read(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        return header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : null;
    }

    /// <summary>Whether a credential is meant to be a key. Otherwise it is a token.</summary>
    public static bool IsKey(string? credential) =>
        credential?.StartsWith(AccessKey.Prefix, StringComparison.Ordinal) == true;
}
