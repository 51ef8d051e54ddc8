using System.Security.Claims;
using Api.Audit;
using Api.Http;
using NodaTime;

namespace Api.Access;

/// <summary>A role at some locations.</summary>
/// <param name="Role">The role.</param>
/// <param name="Locations">The slugs of the locations that it is confined to; <c>null</c>: all.</param>
public sealed record Grant(Role Role, IReadOnlyList<string>? Locations);

/// <summary>
/// A person or program of the staff, as its credential says. A handler of a staff endpoint has it as a parameter.
/// </summary>
sealed record Caller
{
    /// <summary><c>key:</c> and the id of a key, or <c>user:</c> and the subject of a token.</summary>
    public required string Id { get; init; }

    public required string Name { get; init; }
    public required IReadOnlyList<Grant> Grants { get; init; }

    /// <summary>When the credential expires; <c>null</c>: never.</summary>
    public required Instant? ExpiresAt { get; init; }

    public bool Has(Role role) => Grants.Any(grant => Allows(grant, role));

    /// <summary>
    /// The slugs of the locations at which the caller has a role; <c>null</c>: all. For the caller, nothing of other
    /// locations exists.
    /// </summary>
    public IReadOnlyCollection<string>? LocationsOf(Role role)
    {
        var grants = Grants.Where(grant => Allows(grant, role)).ToArray();
        return grants.Any(grant => grant.Locations is null)
            ? null
            : grants.SelectMany(grant => grant.Locations!).ToHashSet(StringComparer.Ordinal);
    }

    // An admin may do everything.
    static bool Allows(Grant grant, Role role) => grant.Role == role || grant.Role == Role.Admin;

    /// <summary>The caller as the audit names it.</summary>
    public Actor ToActor(HttpContext http) =>
        new(Id, Name, [.. Grants.Select(grant => Json.NameOf(grant.Role)).Distinct()], Problem.TraceId(http));

    public ClaimsPrincipal ToPrincipal() => new(new Identity(this));

    public static Caller? Find(ClaimsPrincipal principal) => (principal.Identity as Identity)?.Caller;

    public static ValueTask<Caller?> BindAsync(HttpContext http) => ValueTask.FromResult(Find(http.User));

    sealed class Identity(Caller caller) : ClaimsIdentity("staff")
    {
        public Caller Caller => caller;
    }
}
