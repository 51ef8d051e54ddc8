namespace Api.Http;

/// <summary>The headers that tell a browser what it must not do with an answer.</summary>
static class SecurityHeaders
{
    const int OneYear = 365 * 24 * 60 * 60;

    public static IServiceCollection AddSecurityHeaders(this IServiceCollection services)
    {
        // A JSON answer is not a page: nothing in it may load, run or be framed.
        var api = Common(csp => csp.AddDefaultSrc().None());
        var docs = Common(csp =>
        {
            csp.AddDefaultSrc().None();
            csp.AddScriptSrc().Self();
            // The hash of a style attribute in Swagger UI. The browser test fails when an upgrade changes it.
            csp.AddStyleSrc().Self().UnsafeHashes().WithHash256("RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w=");
            csp.AddImgSrc().Self().Data();
            csp.AddConnectSrc().Self();
            csp.AddBaseUri().None();
            csp.AddFormAction().None();
        });
        services
            .AddSecurityHeaderPolicies()
            .SetDefaultPolicy(api)
            .SetPolicySelector(context =>
                Docs.IsPage(context.HttpContext.Request.Path) ? docs : context.SelectedPolicy
            );
        return services;
    }

    static HeaderPolicyCollection Common(Action<CspBuilder> content) =>
        new HeaderPolicyCollection()
            .AddContentTypeOptionsNoSniff()
            .AddFrameOptionsDeny()
            .AddReferrerPolicyNoReferrer()
            .AddStrictTransportSecurityMaxAge(OneYear)
            .AddContentSecurityPolicy(csp =>
            {
                content(csp);
                csp.AddFrameAncestors().None();
            });
}
