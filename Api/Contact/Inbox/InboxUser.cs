using Api.Access;
using Api.Audit;
using Api.Locations;

namespace Api.Contact.Inbox;

/// <summary>
/// Who works in the inbox, and with the messages of which locations. For them, no others exist. A handler of an inbox
/// endpoint has it as a parameter.
/// </summary>
/// <param name="Actor">Who it is, for the audit.</param>
/// <param name="Locations">The rows of the locations; <c>null</c>: all.</param>
sealed record InboxUser(Actor Actor, IReadOnlyCollection<long>? Locations)
{
    /// <summary>Somebody with a shell on the server.</summary>
    public static readonly InboxUser Operator = new(Actor.Operator, null);

    /// <summary>The program itself, when the retention of messages is over.</summary>
    public static readonly InboxUser Program = new(Actor.Program, null);

    /// <summary>The name that messages are assigned to and notes are signed with.</summary>
    public string Name => Actor.Name ?? Actor.Id;

    public bool MaySee(long location) => Locations?.Contains(location) != false;

    public static async ValueTask<InboxUser?> BindAsync(HttpContext http)
    {
        var (caller, actor) = (Caller.Find(http.User), http.Features.Get<Actor>());
        if (caller is null || actor is null)
            return null;
        var needed = http.GetEndpoint()!.Metadata.GetRequiredMetadata<NeededRole>().Role;
        if (caller.LocationsOf(needed) is not { } slugs)
            return new InboxUser(actor, null);
        var locations = await http.RequestServices.GetRequiredService<LocationStore>().ListAsync(http.RequestAborted);
        return new InboxUser(actor, [.. locations.Values.Where(at => slugs.Contains(at.Slug)).Select(at => at.Id)]);
    }
}
