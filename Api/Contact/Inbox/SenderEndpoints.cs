using System.ComponentModel.DataAnnotations;
using Api.Access;
using Api.Audit;
using Api.Data;
using Api.Http;
using Api.Locations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact.Inbox;

/// <summary>All that is held about a person.</summary>
/// <param name="ExportedAt">When this was made (UTC).</param>
/// <param name="Messages">The person's messages with the notes about them, newest first.</param>
public sealed record SenderExport(Instant ExportedAt, IReadOnlyList<InboxMessage> Messages);

/// <summary>The result of an erasure.</summary>
/// <param name="Erased">How many messages were erased.</param>
public sealed record Erasure(int Erased);

/// <summary>What the staff do with all messages of a person, or with many messages at once.</summary>
static class SenderEndpoints
{
    const int LongestSearch = 200,
        ErasureBatch = 100;

    public static void MapSenders(this RouteGroupBuilder staff)
    {
        var inbox = staff.For(Role.Inbox).MapGroup("/submissions").WithTags("Staff");
        inbox
            .MapGet("/export.csv", ExportTableAsync)
            .WithName("exportSubmissions")
            .Produces<string>(StatusCodes.Status200OK, InboxExport.MediaType);
        var senders = inbox.MapGroup("").WithValidation().ReceivesJson();
        senders.MapPost("/search", SearchAsync).WithName("searchSubmissions");
        senders.MapPost("/export", ExportSenderAsync).WithName("exportSender");

        var erasures = staff.For(Role.Admin).MapGroup("/submissions").WithTags("Staff");
        erasures.MapDelete("/{reference}", EraseAsync).WithName("eraseSubmission");
        erasures
            .MapGroup("")
            .WithValidation()
            .ReceivesJson()
            .MapPost("/erase", EraseSenderAsync)
            .WithName("eraseSender");
    }

    /// <summary>Search for the messages of a person</summary>
    /// <remarks>
    /// The newest 200 messages, spam included, that were sent with this e-mail address or telephone number. The address
    /// and the number are in the body, since URLs end up in logs. Needs the role `inbox`, and is recorded in the audit.
    /// </remarks>
    static async Task<Results<Ok<WholeList<InboxItem>>, Problem<Problems.Invalid>>> SearchAsync(
        Body<Sender> body,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        AuditStore audit,
        IOptions<ContactOptions> options,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant().ToStoredPrecision();
        var filter = FilterOf(body.Value, store, options);
        var rows = await store.FindAsync(filter, after: null, LongestSearch, user, now, ct);
        await audit.RecordAsync(
            new Deed(user.Actor, AuditAction.SubmissionsSearched, Details: InboxEndpoints.Describe(rows)),
            ct
        );
        return TypedResults.Ok(
            new WholeList<InboxItem>([
                .. rows.Select(row => InboxMapping.ToItem(row, seal.TryOpen(row.Reference, row.Sealed), now)),
            ])
        );
    }

    /// <summary>Export the messages of a person</summary>
    /// <remarks>
    /// One document with all that is held about the person who sent messages with this e-mail address or telephone
    /// number, to answer a request for access to personal data. Needs the role `inbox`, and is recorded in the audit.
    /// </remarks>
    static async Task<Results<Ok<SenderExport>, Problem<Problems.Invalid>>> ExportSenderAsync(
        Body<Sender> body,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        NoteSeal notes,
        IOptions<ContactOptions> options,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant().ToStoredPrecision();
        var opened = await store.ExportAsync(FilterOf(body.Value, store, options), user, now, ct);
        return TypedResults.Ok(
            new SenderExport(
                now,
                [
                    .. opened.Select(message =>
                        InboxMapping.ToMessage(
                            message,
                            seal.TryOpen(message.Row.Reference, message.Row.Sealed),
                            notes,
                            now
                        )
                    ),
                ]
            )
        );
    }

    /// <summary>Export messages as a table</summary>
    /// <remarks>
    /// CSV (RFC 4180) in UTF-8 with a byte order mark, newest messages first, without spam. A text that a spreadsheet
    /// would take for a formula begins with an apostrophe. If something fails on the way, the connection is closed
    /// before the end. Needs the role `inbox`, and is recorded in the audit.
    /// </remarks>
    /// <param name="from" example="2026-07-01T00:00:00Z">
    /// Only messages that were received at this instant or later.
    /// </param>
    /// <param name="to" example="2026-08-01T00:00:00Z">Only messages that were received before this instant.</param>
    /// <param name="location" example="jonesboro">Only messages for this location, by its slug.</param>
    static async Task<Results<PushStreamHttpResult, Problem<Problems.Invalid>>> ExportTableAsync(
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? from,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? to,
        [MaxLength(64)] string? location,
        InboxUser user,
        InboxExport export,
        AuditStore audit,
        LocationStore locations,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var (row, wrongLocation) = await InboxEndpoints.ReadLocationAsync(location, user, locations, ct);
        FieldError?[] errors =
        [
            PointsInTime.ReadInstant("from", from, out var fromInstant),
            PointsInTime.ReadInstant("to", to, out var toInstant),
            wrongLocation,
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        var filter = new InboxFilter
        {
            States = InboxEndpoints.WithoutSpam,
            Location = row,
            From = fromInstant,
            To = toInstant,
        };
        var exported =
            $"csv of {(row is null ? "all locations" : location)} from {fromInstant?.ToString() ?? "the first"} "
            + $"to {toInstant?.ToString() ?? "the last"}";
        await audit.RecordAsync(new Deed(user.Actor, AuditAction.SubmissionsExported, Details: exported), ct);
        return TypedResults.Stream(
            output => export.WriteAsync(output, filter, user, time.GetCurrentInstant(), ct),
            $"{InboxExport.MediaType}; charset=utf-8",
            "messages.csv"
        );
    }

    /// <summary>Erase a message</summary>
    /// <remarks>
    /// The message, its notes, and the mails and webhooks about it are gone at once and for good, except from earlier
    /// backups. The number of erased messages stays in the counts, and the reference in the audit. Send the `ETag` of
    /// the message as `If-Match` to get a 412 if somebody else has changed it since. Needs the role `admin`.
    /// </remarks>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">The reference, as a person types it.</param>
    static async Task<Results<NoContent, Problem<Problems.NotFound>, Problem<Problems.Stale>>> EraseAsync(
        [MaxLength(InboxEndpoints.LongestReference)] string reference,
        InboxUser user,
        InboxStore store,
        TimeProvider time,
        HttpRequest request,
        CancellationToken ct
    )
    {
        if (Reference.Read(reference) is not { } known)
            return InboxEndpoints.NoSuchSubmission();
        var versions = InboxEndpoints.ReadVersions(request);
        return await store.EraseAsync(known, versions, user, time.GetCurrentInstant(), ct) switch
        {
            ChangeOutcome.NotFound => InboxEndpoints.NoSuchSubmission(),
            ChangeOutcome.Stale => InboxEndpoints.SomebodyElseChanged(),
            _ => TypedResults.NoContent(),
        };
    }

    /// <summary>Erase the messages of a person</summary>
    /// <remarks>
    /// All messages that were sent with this e-mail address or telephone number, as `DELETE` erases a single one. If it
    /// fails on the way, send it again for the rest. Needs the role `admin`.
    /// </remarks>
    static async Task<Results<Ok<Erasure>, Problem<Problems.Invalid>>> EraseSenderAsync(
        Body<Sender> body,
        InboxUser user,
        InboxStore store,
        IOptions<ContactOptions> options,
        TimeProvider time,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant();
        var filter = FilterOf(body.Value, store, options);
        var erased = 0;
        while (await store.FindAsync(filter, after: null, ErasureBatch, user, now, ct) is { Count: > 0 } rows)
        {
            (string, IReadOnlyList<long>?)[] messages =
            [
                .. rows.Select(row => (row.Reference, (IReadOnlyList<long>?)null)),
            ];
            erased += await store.EraseAsync(messages, "all of a sender", user, now, ct);
        }
        return TypedResults.Ok(new Erasure(erased));
    }

    static InboxFilter FilterOf(Sender sender, InboxStore store, IOptions<ContactOptions> options) =>
        new()
        {
            States = Enum.GetValues<SubmissionState>(),
            Sender = store.HashSender(sender.Email, sender.ReadTelephone(options.Value.TelephoneRegion)?.E164),
        };
}
