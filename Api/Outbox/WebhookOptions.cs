using System.Diagnostics.CodeAnalysis;

namespace Api.Outbox;

/// <summary>The section <c>Webhooks</c> of the configuration. Without an endpoint nothing is called.</summary>
sealed class WebhookOptions
{
    /// <summary>Whether endpoints may be on this machine or in an internal network, and may do without TLS.</summary>
    public bool AllowInternal { get; set; }

    /// <summary>What is called, by name.</summary>
    public Dictionary<string, WebhookSettings> Endpoints { get; } = new(StringComparer.Ordinal);

    /// <summary>The endpoints, ready to be called.</summary>
    public IReadOnlyList<WebhookEndpoint> ReadEndpoints() =>
        [
            .. Endpoints.Select(endpoint => new WebhookEndpoint(
                endpoint.Key,
                new Uri(endpoint.Value.Url!),
                [.. endpoint.Value.Secrets.Select(WebhookEndpoint.ReadSecret).OfType<byte[]>()]
            )),
        ];

    /// <summary>Reads secrets that are a single text instead of a list.</summary>
    public void AddSingleSecrets(IConfiguration configuration)
    {
        foreach (var (name, endpoint) in Endpoints)
            endpoint.Secrets = configuration.GetSection($"Webhooks:Endpoints:{name}:Secrets").ReadTexts();
    }

    /// <summary>The settings that break a rule, one sentence each. No sentence repeats a secret.</summary>
    public IEnumerable<string> FindMistakes() =>
        Endpoints.SelectMany(endpoint =>
            FindMistakes($"Webhooks:Endpoints:{endpoint.Key}", endpoint.Value, AllowInternal)
        );

    static IEnumerable<string> FindMistakes(string key, WebhookSettings endpoint, bool allowInternal)
    {
        if (!IsWebUrl(endpoint.Url, out var url))
            yield return $"{key}:Url must be an absolute https URL without user and password.";
        else if (url.Scheme != Uri.UriSchemeHttps && !allowInternal)
            yield return $"{key}:Url must be https, unless Webhooks:AllowInternal is true.";

        if (endpoint.Secrets.Length == 0)
            yield return $"{key}:Secrets is missing: every call must be signed.";
        for (var i = 0; i < endpoint.Secrets.Length; i++)
        {
            if (WebhookEndpoint.ReadSecret(endpoint.Secrets[i]) is null)
                yield return $"{key}:Secrets:{i} {WebhookEndpoint.SecretRule}.";
        }
    }

    static bool IsWebUrl(string? text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
        && url.UserInfo.Length == 0
        && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps);
}

/// <summary>The settings of one endpoint.</summary>
sealed class WebhookSettings
{
    public string? Url { get; set; }
    public string[] Secrets { get; set; } = [];
}

/// <summary>An endpoint that is told about submissions, as Standard Webhooks describe it.</summary>
/// <param name="Name">Its name in the settings and in the outbox, which stays the same when the URL changes.</param>
/// <param name="Url">The URL to call.</param>
/// <param name="Secrets">The secrets to sign with: two while one replaces the other.</param>
sealed record WebhookEndpoint(string Name, Uri Url, IReadOnlyList<byte[]> Secrets)
{
    const string SecretPrefix = "whsec_";
    const int ShortestSecret = 24,
        LongestSecret = 64;

    public static readonly string SecretRule =
        $"must be {SecretPrefix} and the base64 of {ShortestSecret} to {LongestSecret} random bytes";

    /// <summary>The bytes of a secret; <c>null</c> if it breaks the <see cref="SecretRule"/>.</summary>
    public static byte[]? ReadSecret(string secret)
    {
        if (!secret.StartsWith(SecretPrefix, StringComparison.Ordinal))
            return null;
        var bytes = new byte[LongestSecret + 2];
        var isBase64 = Convert.TryFromBase64String(secret[SecretPrefix.Length..], bytes, out var length);
        return isBase64 && length is >= ShortestSecret and <= LongestSecret ? bytes[..length] : null;
    }

    // A record's own ToString would write the URL, which may be a secret itself, into a log line that names the
    // endpoint.
    public override string ToString() => Name;
}
