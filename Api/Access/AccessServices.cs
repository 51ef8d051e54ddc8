using Api.Http;
using Api.Http.OpenApi;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authorization;

namespace Api.Access;

static class AccessServices
{
    /// <summary>The scheme of the staff: a key, or else an access token.</summary>
    const string Staff = "Staff";

    public static void AddAccess(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<AccessOptions>("Access").ValidateAll(access => access.FindMistakes());
        services.AddSingleton<AccessKeyStore>();
        services.AddSingleton<KeyRing>();

        var takesTokens = TokenAuthentication.IsConfigured(builder.Configuration);
        var authentication = services
            .AddAuthentication()
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null)
            .AddPolicyScheme(
                Staff,
                null,
                options =>
                    options.ForwardDefaultSelector = http =>
                        takesTokens && !Credential.IsKey(Credential.Read(http.Request))
                            ? JwtBearerDefaults.AuthenticationScheme
                            : KeyAuthentication.SchemeName
            );
        if (takesTokens)
            TokenAuthentication.Add(authentication, builder.Configuration);

        // The audit has a line about each refusal.
        builder.Logging.AddFilter(typeof(KeyAuthentication).FullName, LogLevel.Warning);

        // Whatever is neither public nor for a role is for nobody.
        services
            .AddAuthorizationBuilder()
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAssertion(_ => false).Build());
        services.AddSingleton<IAuthorizationMiddlewareResultHandler, AccessDecisions>();
        services.ConfigureSwaggerGen(gen =>
        {
            gen.DocumentFilter<SecuritySchemes>();
            gen.OperationFilter<SecurityRequirements>();
        });
        services.ExposeHeader("WWW-Authenticate");
    }

    public static void UseAccess(this WebApplication app)
    {
        // Requests for everybody skip authentication and authorization, which take time. A pipeline is built from its
        // end, so rest is set before it is used.
        RequestDelegate rest = null!;
        app.Use(next => http => IsForEverybody(http) ? rest(http) : next(http));
        app.UseAuthentication();
        app.UseAuthorization();
        app.Use(next => rest = next);
    }

    static bool IsForEverybody(HttpContext http) =>
        http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null;

    /// <summary>
    /// The group of the staff's endpoints. Each needs a credential, and none is cached. Add endpoints for a role to
    /// <see cref="For"/>.
    /// </summary>
    public static RouteGroupBuilder MapStaff(this IEndpointRouteBuilder routes)
    {
        var staff = routes
            .MapGroup("/staff")
            .WithMetadata(new ExamplesInCommon("staff"))
            .WithProblems(ProblemTypes.Unauthorized, ProblemTypes.QuotaExceeded, ProblemTypes.Busy)
            .RequireAuthorization(new AuthorizationPolicyBuilder(Staff).RequireAssertion(IsCaller).Build());
        staff.AddEndpointFilter(
            (invocation, next) =>
            {
                invocation.HttpContext.Response.Headers.CacheControl = "no-store";
                return next(invocation);
            }
        );
        staff.MapAccess();
        return staff;
    }

    static bool IsCaller(AuthorizationHandlerContext context) => Caller.Find(context.User) is not null;

    /// <summary>The part of the group that needs a role.</summary>
    /// <param name="staff">The group.</param>
    /// <param name="role">The role.</param>
    /// <param name="everywhere">Whether it is needed at all locations, rather than at some.</param>
    public static RouteGroupBuilder For(this RouteGroupBuilder staff, Role role, bool everywhere = false) =>
        staff
            .MapGroup("")
            .WithMetadata(new NeededRole(role, everywhere))
            .WithProblems(ProblemTypes.Forbidden)
            .RequireAuthorization(
                new AuthorizationPolicyBuilder(Staff)
                    .RequireAssertion(context =>
                        Caller.Find(context.User) is { } caller
                        && caller.Has(role)
                        && (!everywhere || caller.LocationsOf(role) is null)
                    )
                    .Build()
            );
}

/// <summary>Metadata of an endpoint: the role that it needs.</summary>
/// <param name="Role">The role.</param>
/// <param name="Everywhere">Whether it is needed at all locations.</param>
sealed record NeededRole(Role Role, bool Everywhere);
