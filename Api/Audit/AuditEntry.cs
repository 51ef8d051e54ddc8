using NodaTime;

namespace Api.Audit;

/// <summary>Who does something, and in which request.</summary>
/// <param name="Id">
/// <c>key:</c> and the id of a key, <c>user:</c> and the subject of a token, <c>operator</c> for a command,
/// <c>program</c> for what happens by itself, <c>unknown</c> for a refused sign-in.
/// </param>
/// <param name="Name">The name of the key or user, if it has one.</param>
/// <param name="Roles">The roles that it acts in; <c>null</c> when it needs none.</param>
/// <param name="RequestId">The W3C trace id of the request; <c>null</c> without one.</param>
sealed record Actor(string Id, string? Name = null, IReadOnlyList<string>? Roles = null, string? RequestId = null)
{
    /// <summary>Somebody with a shell on the server.</summary>
    public static readonly Actor Operator = new("operator");

    /// <summary>The program itself.</summary>
    public static readonly Actor Program = new("program");

    /// <summary>Who sends a request. A handler of a staff endpoint has it as a parameter.</summary>
    public static ValueTask<Actor?> BindAsync(HttpContext http) => ValueTask.FromResult(http.Features.Get<Actor>());
}

/// <summary>Something that somebody did and that is recorded.</summary>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">What was done.</param>
/// <param name="Reference">The submission that it was done to, if it was one.</param>
/// <param name="Details">More about it in the program's own words. Never what a sender wrote, nor a note.</param>
sealed record Deed(Actor Actor, AuditAction Action, string? Reference = null, string? Details = null);

/// <summary>What somebody did.</summary>
public enum AuditAction
{
    /// <summary>A credential was refused.</summary>
    SignInRefused,

    /// <summary>A key was created.</summary>
    KeyCreated,

    /// <summary>A key was revoked.</summary>
    KeyRevoked,

    /// <summary>A page of the inbox was read, with the senders' names.</summary>
    SubmissionsListed,

    /// <summary>A message was opened.</summary>
    SubmissionRead,

    /// <summary>The messages of one person were searched for.</summary>
    SubmissionsSearched,

    /// <summary>Messages were exported.</summary>
    SubmissionsExported,

    /// <summary>The state of a message was changed.</summary>
    StateChanged,

    /// <summary>A message was assigned to somebody, or to nobody.</summary>
    AssigneeChanged,

    /// <summary>A note was added to a message.</summary>
    NoteAdded,

    /// <summary>A message was erased.</summary>
    SubmissionErased,

    /// <summary>The audit was read.</summary>
    AuditRead,
}

/// <summary>An entry of the audit.</summary>
/// <param name="At">When it was done (UTC).</param>
/// <param name="Actor">
/// Who did it: `key:` and the id of a key, `user:` and the subject of a token, `operator` for a command on the server,
/// `program` for what happens by itself, `unknown` for a refused sign-in.
/// </param>
/// <param name="ActorName">The name of the key or user at that time; <c>null</c> when it has none.</param>
/// <param name="Roles">The roles of the actor; <c>null</c> for an actor who needs none.</param>
/// <param name="Action">What was done.</param>
/// <param name="Reference">The reference of the submission; <c>null</c> when it was not done to a single one.</param>
/// <param name="Details">More about it, in the program's own words.</param>
/// <param name="RequestId">
/// The W3C trace id of the request, as `traceId` in a problem and in the log; <c>null</c> without a request.
/// </param>
public sealed record AuditEntry(
    Instant At,
    string Actor,
    string? ActorName,
    IReadOnlyList<string>? Roles,
    AuditAction Action,
    string? Reference,
    string? Details,
    string? RequestId
);
