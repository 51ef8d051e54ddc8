namespace Api.Outbox;

/// <summary>The section <c>Webhooks</c> of the configuration. Without an endpoint nothing is called.</summary>
sealed class WebhookOptions
{
    const string Section = "Webhooks", SecretPrefix = "whsec_";
    const int ShortestSecret = 24, LongestSecret = 64;

    /// <summary>Whether endpoints may be on this machine or in an internal network, and without TLS.</summary>
    public bool AllowInternal { get; init; }

    /// <summary>What is called.</summary>
    public IReadOnlyList<WebhookEndpoint> Endpoints { get; init; } = [];

    /// <exception cref="StartupFault">A setting has a value that makes no sense. No secret is repeated.</exception>
    public static WebhookOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection(Section);
        var allowInternal = section[nameof(AllowInternal)] is { Length: > 0 } text && (bool.TryParse(text, out var allow)
            ? allow : throw new StartupFault($"{Section}:{nameof(AllowInternal)} must be true or false."));
        return new WebhookOptions
        {
            AllowInternal = allowInternal,
            Endpoints = [.. section.GetSection(nameof(Endpoints)).GetChildren().Select(endpoint => ReadEndpoint(endpoint, allowInternal))],
        };
    }

    static WebhookEndpoint ReadEndpoint(IConfigurationSection section, bool allowInternal)
    {
        if (!Uri.TryCreate(section["Url"], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0)
            throw Fault("Url", "must be an absolute https URL without user and password");
        if (url.Scheme != "https" && !allowInternal) throw Fault("Url", $"must be https, unless {Section}:{nameof(AllowInternal)} is true");
        byte[][] secrets = [.. section.GetSection("Secrets").Texts().Select(ReadSecret)];
        return secrets.Length > 0 ? new WebhookEndpoint(section.Key, url, secrets) : throw Fault("Secrets", "is missing: what is sent must be signed");

        byte[] ReadSecret(string secret, int index)
        {
            var bytes = new byte[LongestSecret + 2];
            return secret.StartsWith(SecretPrefix, StringComparison.Ordinal) && Convert.TryFromBase64String(secret[SecretPrefix.Length..], bytes, out var length) &&
                length is >= ShortestSecret and <= LongestSecret
                ? bytes[..length]
                : throw Fault($"Secrets:{index}", $"must be {SecretPrefix} and the base64 of {ShortestSecret} to {LongestSecret} random bytes");
        }

        StartupFault Fault(string setting, string rule) => new($"{section.Path}:{setting} {rule}.");
    }
}

/// <summary>An endpoint that is told of submissions, as Standard Webhooks describe it.</summary>
/// <param name="Name">What it is called here; stays the same when the URL changes.</param>
/// <param name="Url">What is called.</param>
/// <param name="Secrets">While a secret is replaced, the new and the old one: what is sent is signed with each.</param>
sealed record WebhookEndpoint(string Name, Uri Url, IReadOnlyList<byte[]> Secrets)
{
    // A record's own ToString would write the URL, which may be a secret too, into any log line that names it.
    public override string ToString() => Name;
}
