using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Api.Audit;

static class AuditEndpoints
{
    const int LongestActor = 300,
        LongestReference = 14;

    /// <summary>Adds the endpoints to a group for those who may read the audit.</summary>
    public static void MapAudit(this IEndpointRouteBuilder staff) =>
        staff.MapGroup("/audit").WithTags("Staff").MapGet("/", ListAsync).WithName("listAuditEntries").Paged();

    /// <summary>List what the staff did</summary>
    /// <remarks>
    /// The audit, newest first: who did what to which message, when, and in which request. It never has what a sender
    /// or the staff wrote. Entries cannot be changed, and are deleted when the clinic's retention is over. Reading the
    /// audit is recorded, too. Needs the role `admin` at all locations.
    /// </remarks>
    /// <param name="actor" example="key:8f3a61c2">Only what this actor did.</param>
    /// <param name="action" example="submissionRead">Only this.</param>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">Only what was done to this message.</param>
    /// <param name="from" example="2026-07-01T00:00:00Z">Only from this instant on.</param>
    /// <param name="to" example="2026-08-01T00:00:00Z">Only before this instant.</param>
    /// <param name="limit" example="20">The largest number of items on a page, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the previous page. Leave it out for the first page.</param>
    static async Task<
        Results<Ok<Page<AuditEntry>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>
    > ListAsync(
        [MaxLength(LongestActor)] string? actor,
        [OneOf<AuditAction>] string? action,
        [MaxLength(LongestReference)] string? reference,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? from,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? to,
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit,
        [MaxLength(1000)] string? cursor,
        Actor caller,
        AuditStore store,
        HttpContext http,
        CancellationToken ct
    )
    {
        FieldError?[] errors =
        [
            TextRules.CheckText("actor", actor, LongestActor),
            OneOf.Read<AuditAction>("action", action, out var onlyAction),
            TextRules.CheckText("reference", reference, LongestReference),
            PointsInTime.ReadInstant("from", from, out var fromInstant),
            PointsInTime.ReadInstant("to", to, out var toInstant),
            Paging.CheckLimit(limit),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        var filter = new AuditFilter
        {
            Actor = NullIfEmpty(actor),
            Action = onlyAction,
            Reference = NullIfEmpty(reference)?.ToUpperInvariant(),
            From = fromInstant,
            To = toInstant,
        };
        var list = $"audit\n{filter}";
        if (!Paging.TryReadCursor(cursor, list, parts: 1, out var key))
            return Problems.BadCursor();
        long? before = null;
        if (key is [var row])
        {
            if (!long.TryParse(row, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return Problems.BadCursor();
            before = number;
        }

        var entries = await store.ListAsync(filter, before, (limit ?? Paging.DefaultLimit) + 1, ct);
        await store.RecordAsync(new Deed(caller, AuditAction.AuditRead), ct);
        var page = Paging.Page(
            http,
            entries,
            limit ?? Paging.DefaultLimit,
            last => Paging.Cursor(list, last.Row.ToString(CultureInfo.InvariantCulture))
        );
        return TypedResults.Ok(new Page<AuditEntry>([.. page.Items.Select(item => item.Entry)], page.NextCursor));
    }

    static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
