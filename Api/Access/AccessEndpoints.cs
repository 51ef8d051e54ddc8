using Api.Http.OpenApi;
using Microsoft.AspNetCore.Http.HttpResults;
using NodaTime;

namespace Api.Access;

/// <summary>Who a credential belongs to, and what it allows.</summary>
/// <param name="Name">The name of the key or person.</param>
/// <param name="Grants">The roles, each with the locations that it is confined to.</param>
/// <param name="ExpiresAt">When the credential expires (UTC); <c>null</c>: never.</param>
public sealed record StaffMember(string Name, IReadOnlyList<Grant> Grants, Instant? ExpiresAt);

static class AccessEndpoints
{
    public static void MapAccess(this IEndpointRouteBuilder staff) =>
        staff
            .MapGroup("")
            .WithTag("Staff", "For the clinic's staff only: with a key or an access token.")
            .MapGet("/me", Me)
            .WithName("getStaffMember");

    /// <summary>Get what your credential allows</summary>
    /// <remarks>
    /// Answers with any valid credential, also one without a role, so that a page can show what its user may do.
    /// </remarks>
    static Ok<StaffMember> Me(Caller caller) =>
        TypedResults.Ok(new StaffMember(caller.Name, caller.Grants, caller.ExpiresAt));
}
