using System.Globalization;
using Api.Audit;
using Api.Http;
using Api.Http.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Api.Access;

/// <summary>
/// Answers requests that lack a credential or a role (RFC 6750, section 3). A refused credential is recorded in the
/// audit. A client that sends too many gets a 429 for further ones. A valid credential from the same address still
/// works, since a clinic's staff share an address.
/// </summary>
sealed class AccessDecisions : IAuthorizationMiddlewareResultHandler
{
    const string Challenge = "Bearer realm=\"staff\"";

    readonly AuditStore audit;
    readonly RateLimitMetrics metrics;
    readonly ClientKey client = new();
    readonly List<RateLimit> limits;

    public AccessDecisions(
        AuditStore audit,
        RateLimitMetrics metrics,
        IOptions<AccessOptions> options,
        TimeProvider time
    )
    {
        this.audit = audit;
        this.metrics = metrics;
        var refusals = options.Value.Refusals;
        limits =
        [
            new RateLimit("refused-sign-ins", isPerClient: true, refusals.PerClient, time),
            new RateLimit("refused-sign-ins-overall", isPerClient: false, refusals.Overall, time),
        ];
    }

    public async Task HandleAsync(
        RequestDelegate next,
        HttpContext context,
        AuthorizationPolicy policy,
        PolicyAuthorizationResult authorizeResult
    )
    {
        // Without a route it is a 404, a 405 or a page of the docs.
        if (!authorizeResult.Succeeded && context.GetEndpoint() is RouteEndpoint)
        {
            var refusal = await RefuseAsync(context, policy);
            await refusal.ExecuteAsync(context);
            return;
        }
        if (Caller.Find(context.User) is { } caller)
            context.Features.Set(caller.ToActor(context));
        await next(context);
    }

    async Task<Problem> RefuseAsync(HttpContext http, AuthorizationPolicy policy)
    {
        if (Caller.Find(http.User) is { } caller)
            return Forbid(http, caller);
        foreach (var scheme in policy.AuthenticationSchemes)
        {
            if ((await http.AuthenticateAsync(scheme)).Failure is { } failure)
                return await RefuseAsync(http, failure);
        }
        http.Response.Headers.WWWAuthenticate = Challenge;
        return new Problem(ProblemTypes.Unauthorized, AccessText.Texts.Get("CredentialMissing"));
    }

    async Task<Problem> RefuseAsync(HttpContext http, Exception failure)
    {
        var refused =
            failure as RefusedCredentialException ?? new RefusedCredentialException(CredentialFault.Malformed);
        if (refused.Fault == CredentialFault.ProviderUnreachable)
            return new Problem(ProblemTypes.Busy, refused.Describe());

        var permit = new Permit(limits, client, http.Connection.RemoteIpAddress);
        if (!permit.IsGranted)
        {
            var refusal = permit.Refuse();
            foreach (var limit in refusal.ViolatedPolicies!)
                metrics.CountRefusal(limit);
            return refusal;
        }
        await audit.RecordAsync(
            new Deed(
                new Actor(refused.Owner ?? "unknown", RequestId: Problem.TraceId(http)),
                AuditAction.SignInRefused,
                Details: Json.NameOf(refused.Fault)
            ),
            // Whoever hangs up early is recorded, too.
            CancellationToken.None
        );
        SetChallenge(http, "invalid_token", refused.Describe);
        return new Problem(ProblemTypes.Unauthorized, refused.Describe());
    }

    static Problem Forbid(HttpContext http, Caller caller)
    {
        // The last one is that of the innermost group.
        var needed = http.GetEndpoint()!.Metadata.GetMetadata<NeededRole>();
        SetChallenge(http, "insufficient_scope", Describe);
        return new Problem(ProblemTypes.Forbidden, Describe());

        string Describe()
        {
            if (needed is null)
                return AccessText.Texts.Get("GrantMissing");
            var text = caller.Has(needed.Role) ? "AllLocationsNeeded" : "RoleMissing";
            return AccessText.Texts.Get(text, Json.NameOf(needed.Role));
        }
    }

    // Only ASCII is allowed there, so it is in English.
    static void SetChallenge(HttpContext http, string error, Func<string> describe)
    {
        var language = CultureInfo.CurrentUICulture;
        CultureInfo.CurrentUICulture = CultureInfo.InvariantCulture;
        try
        {
            http.Response.Headers[HeaderNames.WWWAuthenticate] =
                $"{Challenge}, error=\"{error}\", error_description=\"{describe().TrimEnd('.')}\"";
        }
        finally
        {
            CultureInfo.CurrentUICulture = language;
        }
    }
}
