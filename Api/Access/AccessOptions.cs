using Api.Http.RateLimiting;

namespace Api.Access;

/// <summary>The section <c>Access</c> of the configuration.</summary>
sealed class AccessOptions
{
    /// <summary>How access tokens are read.</summary>
    public TokenOptions Tokens { get; set; } = new();

    /// <summary>How many refused sign-ins are explained and recorded. Further ones get a 429.</summary>
    public RefusalLimits Refusals { get; set; } = new();

    public IEnumerable<string> FindMistakes()
    {
        foreach (var (i, grant) in Tokens.Grants.Index())
        {
            if (string.IsNullOrEmpty(grant.Value))
                yield return Settings.DescribeMistake(
                    $"Access:Tokens:Grants:{i}:Value",
                    grant.Value,
                    "a value of the claim"
                );
            if (grant.Roles.Length == 0)
                yield return Settings.DescribeMistake(
                    $"Access:Tokens:Grants:{i}:Roles",
                    null,
                    "a list of Inbox, Content, Admin"
                );
        }
        if (Tokens.Claim.Length == 0)
            yield return Settings.DescribeMistake("Access:Tokens:Claim", Tokens.Claim, "the name of a claim");
        foreach (var (name, limit) in new[] { ("PerClient", Refusals.PerClient), ("Overall", Refusals.Overall) })
        {
            if (limit.Requests < 1)
                yield return Settings.DescribeMistake($"Access:Refusals:{name}:Requests", limit.Requests, "1 or more");
            if (limit.WindowSeconds < 1)
                yield return Settings.DescribeMistake(
                    $"Access:Refusals:{name}:WindowSeconds",
                    limit.WindowSeconds,
                    "1 or more"
                );
        }
    }
}

/// <summary>How access tokens are read. <c>Authentication:Schemes:Bearer</c> says how they are checked.</summary>
sealed class TokenOptions
{
    /// <summary>The claim whose values give roles, such as <c>groups</c>. It can be a text or a list.</summary>
    public string Claim { get; set; } = "roles";

    /// <summary>The claim with the person's name, for the audit and for assigned messages.</summary>
    public string NameClaim { get; set; } = "name";

    /// <summary>What the values of the claim give. Other values give nothing.</summary>
    public TokenGrant[] Grants { get; set; } = [];
}

/// <summary>What a value of the claim gives.</summary>
sealed class TokenGrant
{
    public string? Value { get; set; }
    public Role[] Roles { get; set; } = [];

    /// <summary>The slugs of the locations that it is confined to. Empty: all.</summary>
    public string[] Locations { get; set; } = [];
}

/// <summary>How many refused sign-ins are explained and recorded.</summary>
sealed class RefusalLimits
{
    public LimitOptions PerClient { get; set; } = new() { Requests = 20, WindowSeconds = 600 };

    /// <summary>From all clients together, so that no number of addresses fills the audit.</summary>
    public LimitOptions Overall { get; set; } = new() { Requests = 1000, WindowSeconds = 600 };
}
