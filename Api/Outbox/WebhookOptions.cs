namespace Api.Outbox;

/// <summary>The section <c>Webhooks</c> of the configuration. Without an endpoint nothing is called.</summary>
sealed class WebhookOptions
{
    /// <summary>Whether endpoints may be on this machine or in an internal network, and without TLS.</summary>
    public bool AllowInternal { get; set; }

    /// <summary>What is called, by a name that stays the same when the URL changes.</summary>
    public Dictionary<string, WebhookEndpoint> Endpoints { get; } = new(StringComparer.Ordinal);
}

/// <summary>An endpoint that is told of submissions, as Standard Webhooks describe it.</summary>
sealed class WebhookEndpoint
{
    public string Url { get; set; } = "";

    /// <summary>
    /// <c>whsec_</c> and the base64 of 24 to 64 random bytes. While a secret is replaced, the new and the old one: what is sent
    /// is signed with each.
    /// </summary>
    public List<string> Secrets { get; } = [];
}
