using Api.Access;
using Api.Locations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact.Inbox;

/// <summary>What somebody should look at.</summary>
/// <param name="OverdueMessages">
/// How many messages should have been answered by now: list them with `overdue=true`.
/// </param>
/// <param name="UnreadSpam">
/// How many messages look like spam and were read by nobody: list them with `spam=true`. Some may be honest.
/// </param>
/// <param name="FailedDeliveries">
/// How many mails and webhooks to the staff were given up. The operator can send them again.
/// </param>
/// <param name="UnverifiedHours">
/// The slugs of the locations whose hours nobody has verified for long. The clinic sets for how long.
/// </param>
public sealed record Attention(
    int OverdueMessages,
    int UnreadSpam,
    int FailedDeliveries,
    IReadOnlyList<string> UnverifiedHours
);

static class AttentionEndpoints
{
    public static void MapAttention(this RouteGroupBuilder staff) =>
        staff.For(Role.Inbox).WithTags("Staff").MapGet("/attention", GetAsync).WithName("getAttention");

    /// <summary>Get what needs attention</summary>
    /// <remarks>
    /// For the first look of the day. A credential that is confined to locations gets only what concerns these. Needs
    /// the role `inbox`.
    /// </remarks>
    static async Task<Ok<Attention>> GetAsync(
        InboxUser user,
        InboxStore store,
        LocationStore locations,
        IOptions<ContactOptions> options,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant();
        var (overdue, spam, failed) = await store.CountAttentionAsync(user, now, ct);
        var verifiedSince = now - Duration.FromDays(options.Value.VerifyHoursDays);
        return TypedResults.Ok(
            new Attention(
                overdue,
                spam,
                failed,
                [
                    .. (await locations.ListAsync(ct))
                        .Values.Where(location => user.MaySee(location.Id) && IsUnverified(location))
                        .Select(location => location.Slug),
                ]
            )
        );

        bool IsUnverified(ScheduledLocation location) =>
            options.Value.VerifyHoursDays > 0
            && !location.Hours.Schedule.IsPermanentlyClosed(now)
            && (location.Hours.VerifiedAt is null || location.Hours.VerifiedAt <= verifiedSince);
    }
}
