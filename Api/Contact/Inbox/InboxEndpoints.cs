using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Api.Access;
using Api.Audit;
using Api.Data;
using Api.Http;
using Api.Http.OpenApi;
using Api.Locations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using NodaTime;
using NodaTime.Extensions;
using NodaTime.Text;

namespace Api.Contact.Inbox;

static class InboxEndpoints
{
    public const int LongestReference = 20;

    public static readonly IReadOnlyList<SubmissionState> WithoutSpam =
    [
        SubmissionState.New,
        SubmissionState.Open,
        SubmissionState.Handled,
    ];

    public static void MapInbox(this RouteGroupBuilder staff)
    {
        var inbox = staff.For(Role.Inbox).MapGroup("/submissions").WithTags("Staff");
        inbox.MapGet("/", ListAsync).WithName("listSubmissions").Paged();
        inbox.MapGet("/counts", CountAsync).WithName("countSubmissions");
        inbox.MapGet("/{reference}", GetAsync).WithName("getSubmission").WithMetadata(Version);

        var changes = inbox.MapGroup("/{reference}").WithValidation().ReceivesJson();
        changes.MapPut("/state", SetStateAsync).WithName("setSubmissionState").WithMetadata(Version);
        changes.MapPut("/assignee", AssignAsync).WithName("setSubmissionAssignee").WithMetadata(Version);
        changes
            .MapPost("/notes", AddNoteAsync)
            .WithName("addSubmissionNote")
            .WithMetadata(Version, new TakesIdempotencyKey());
    }

    static readonly ResponseHeader Version = new(
        "ETag",
        "The version of the message. Send it as `If-Match` with a change, to be told if somebody else was faster.",
        "\"3\"",
        IsRequired: true
    );

    /// <summary>List messages</summary>
    /// <remarks>
    /// Newest first, and without their texts. Spam is left out, unless `spam=true` or `state=spam` asks for it. A
    /// credential that is confined to locations sees only the messages for these. Needs the role `inbox`, and is
    /// recorded in the audit.
    /// </remarks>
    /// <param name="state" example="new">Only messages in this state.</param>
    /// <param name="location" example="jonesboro">Only messages for this location, by its slug.</param>
    /// <param name="assignee" example="me">
    /// Only messages that this person takes care of: a name, `me`, or `none` for nobody.
    /// </param>
    /// <param name="from" example="2026-07-01T00:00:00Z">
    /// Only messages that were received at this instant or later.
    /// </param>
    /// <param name="to" example="2026-08-01T00:00:00Z">Only messages that were received before this instant.</param>
    /// <param name="overdue" example="false">
    /// `true`: only messages whose sender should have been answered by now. `false`: only the others.
    /// </param>
    /// <param name="spam" example="false">`true`: only spam. `false`: none, which is the default.</param>
    /// <param name="limit" example="20">The largest number of items on a page, 1 to 100.</param>
    /// <param name="cursor">The `nextCursor` of the previous page. Leave it out for the first page.</param>
    static async Task<
        Results<Ok<Page<InboxItem>>, Problem<Problems.InvalidCursor>, Problem<Problems.Invalid>>
    > ListAsync(
        [OneOf<SubmissionState>] string? state,
        [MaxLength(64)] string? location,
        [MaxLength(AssigneeChangeValidator.LongestName)] string? assignee,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? from,
        [DataType(DataType.DateTime), MaxLength(PointsInTime.LongestInstant)] string? to,
        bool? overdue,
        bool? spam,
        [DefaultValue(Paging.DefaultLimit), Range(1, Paging.LargestLimit)] int? limit,
        [MaxLength(1000)] string? cursor,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        AuditStore audit,
        LocationStore locations,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var (row, wrongLocation) = await ReadLocationAsync(location, user, locations, ct);
        FieldError?[] errors =
        [
            OneOf.Read<SubmissionState>("state", state, out var onlyState),
            wrongLocation,
            TextRules.CheckText("assignee", assignee, AssigneeChangeValidator.LongestName),
            PointsInTime.ReadInstant("from", from, out var fromInstant),
            PointsInTime.ReadInstant("to", to, out var toInstant),
            Paging.CheckLimit(limit),
        ];
        if (Problems.FindBrokenRules(errors) is { } broken)
            return broken;

        var filter = new InboxFilter
        {
            States = ChooseStates(onlyState, spam),
            Location = row,
            Assignee = NameOf(string.IsNullOrEmpty(assignee) ? null : assignee, user),
            From = fromInstant,
            To = toInstant,
            Overdue = overdue,
        };
        var list = $"submissions\n{string.Join(',', filter.States)}\n{filter}";
        if (!Paging.TryReadCursor(cursor, list, parts: 2, out var key))
            return Problems.BadCursor();
        (Instant, string)? after = null;
        if (key is [var receivedAt, var reference])
        {
            if (!InstantPattern.ExtendedIso.Parse(receivedAt).TryGetValue(default, out var instant))
                return Problems.BadCursor();
            after = (instant, reference);
        }

        var now = time.GetCurrentInstant().ToStoredPrecision();
        var size = limit ?? Paging.DefaultLimit;
        var rows = await store.FindAsync(filter, after, size + 1, user, now, ct);
        var page = Paging.Page(
            http,
            rows,
            size,
            last => Paging.Cursor(list, InstantPattern.ExtendedIso.Format(last.ReceivedAt), last.Reference)
        );
        await audit.RecordAsync(new Deed(user.Actor, AuditAction.SubmissionsListed, Details: Describe(page.Items)), ct);
        return TypedResults.Ok(
            new Page<InboxItem>(
                [
                    .. page.Items.Select(item =>
                        InboxMapping.ToItem(item, seal.TryOpen(item.Reference, item.Sealed), now)
                    ),
                ],
                page.NextCursor
            )
        );
    }

    // Enough to find out whose messages were on the page.
    public static string Describe(IReadOnlyList<InboxRow> rows) =>
        rows switch
        {
            [] => "none",
            [var only] => only.Reference,
            _ => string.Create(
                CultureInfo.InvariantCulture,
                $"{rows.Count} from {rows[0].Reference} to {rows[^1].Reference}"
            ),
        };

    static SubmissionState[] ChooseStates(SubmissionState? state, bool? spam)
    {
        var chosen = spam ?? state == SubmissionState.Spam ? [SubmissionState.Spam] : WithoutSpam;
        return [.. chosen.Where(one => state is null || one == state)];
    }

    /// <returns>
    /// The row of the location; <c>null</c> without a slug. And the error, if the user sees no such location.
    /// </returns>
    public static async Task<(long? Row, FieldError? Error)> ReadLocationAsync(
        string? slug,
        InboxUser user,
        LocationStore locations,
        CancellationToken ct
    )
    {
        if (string.IsNullOrEmpty(slug))
            return (null, null);
        var found = await locations.FindAsync(slug, ct);
        return found is not null && user.MaySee(found.Id)
            ? (found.Id, null)
            : (null, FieldError.ForParameter("location", ContactText.Texts.Get("LocationUnknown")));
    }

    static string? NameOf(string? assignee, InboxUser user) => assignee == "me" ? user.Name : assignee;

    /// <summary>Count messages</summary>
    /// <remarks>
    /// By location and state, for the badges of a page. A credential that is confined to locations gets only these.
    /// Needs the role `inbox`.
    /// </remarks>
    static async Task<Ok<WholeList<LocationCounts>>> CountAsync(
        InboxUser user,
        InboxStore store,
        TimeProvider time,
        CancellationToken ct
    ) => TypedResults.Ok(new WholeList<LocationCounts>(await store.CountAsync(user, time.GetCurrentInstant(), ct)));

    /// <summary>Open a message</summary>
    /// <remarks>
    /// The message with its notes, what the staff did with it, and its mails and webhooks. Needs the role `inbox`, and
    /// is recorded in the audit.
    /// </remarks>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">
    /// The reference, as a person types it: in upper or lower case, with or without hyphens, with O for 0, and I or L
    /// for 1.
    /// </param>
    static async Task<Results<Ok<InboxMessage>, Problem<Problems.NotFound>>> GetAsync(
        [MaxLength(LongestReference)] string reference,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        NoteSeal notes,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant().ToStoredPrecision();
        if (Reference.Read(reference) is not { } known || await store.OpenAsync(known, user, now, ct) is not { } opened)
            return NoSuchSubmission();
        SetVersion(http, opened.Row);
        var content = seal.TryOpen(known, opened.Row.Sealed);
        return TypedResults.Ok(InboxMapping.ToMessage(opened, content, notes, now));
    }

    /// <summary>Set the state of a message</summary>
    /// <remarks>
    /// Handled messages say so on their senders' receipts. A message that leaves the state `spam` for `new` or `open`
    /// is released: the mails and webhooks about it go out, once. When it becomes `spam`, those that are not delivered
    /// yet are withdrawn.
    ///
    /// Sending the same again changes nothing. Send the `ETag` of the message as `If-Match` to get a 412 if somebody
    /// else has changed it since. Needs the role `inbox`, and is recorded in the audit.
    /// </remarks>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">The reference, as a person types it.</param>
    static async Task<
        Results<Ok<InboxItem>, Problem<Problems.NotFound>, Problem<Problems.Stale>, Problem<Problems.Invalid>>
    > SetStateAsync(
        [MaxLength(LongestReference)] string reference,
        Body<StateChange> body,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        var now = time.GetCurrentInstant().ToStoredPrecision();
        return await ChangeAsync(
            reference,
            (known, versions) => store.SetStateAsync(known, body.Value, versions, user, now, ct),
            new Answer(user, store, seal, now, http, ct)
        );
    }

    /// <summary>Assign a message</summary>
    /// <remarks>
    /// To yourself, to somebody else or to nobody. It notifies nobody. The same rules as for the state apply.
    /// </remarks>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">The reference, as a person types it.</param>
    static async Task<
        Results<Ok<InboxItem>, Problem<Problems.NotFound>, Problem<Problems.Stale>, Problem<Problems.Invalid>>
    > AssignAsync(
        [MaxLength(LongestReference)] string reference,
        Body<AssigneeChange> body,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    ) =>
        await ChangeAsync(
            reference,
            (known, versions) => store.AssignAsync(known, NameOf(body.Value.Assignee, user), versions, user, ct),
            new Answer(user, store, seal, time.GetCurrentInstant().ToStoredPrecision(), http, ct)
        );

    /// <summary>Add a note to a message</summary>
    /// <remarks>
    /// For the staff only. It is encrypted like the message and erased with it. With an `Idempotency-Key` it is added
    /// once, however often it is sent. Needs the role `inbox`, and is recorded in the audit.
    /// </remarks>
    /// <param name="reference" example="7K3Q-X9MZ-2TBV">The reference, as a person types it.</param>
    static async Task<
        Results<
            Ok<InboxItem>,
            Problem<Problems.Malformed>,
            Problem<Problems.NotFound>,
            Problem<Problems.Stale>,
            Problem<Problems.Invalid>
        >
    > AddNoteAsync(
        [MaxLength(LongestReference)] string reference,
        Body<NewNote> body,
        InboxUser user,
        InboxStore store,
        SubmissionSeal seal,
        TimeProvider time,
        HttpContext http,
        CancellationToken ct
    )
    {
        if (IdempotencyKey.Read(http.Request, out var key) is { } malformed)
            return new Problem<Problems.Malformed>(malformed);
        var now = time.GetCurrentInstant().ToStoredPrecision();
        var changed = await ChangeAsync(
            reference,
            (known, versions) => store.AddNoteAsync(known, body.Value.Text!, key, versions, user, now, ct),
            new Answer(user, store, seal, now, http, ct)
        );
        return changed.Result switch
        {
            Ok<InboxItem> ok => ok,
            Problem<Problems.NotFound> missing => missing,
            Problem<Problems.Stale> stale => stale,
            var other => (Problem<Problems.Invalid>)other,
        };
    }

    sealed record Answer(
        InboxUser User,
        InboxStore Store,
        SubmissionSeal Seal,
        Instant Now,
        HttpContext Http,
        CancellationToken Ct
    );

    /// <summary>Makes a change, and answers with the message as it is then.</summary>
    static async Task<
        Results<Ok<InboxItem>, Problem<Problems.NotFound>, Problem<Problems.Stale>, Problem<Problems.Invalid>>
    > ChangeAsync(string text, Func<string, IReadOnlyList<long>?, Task<ChangeOutcome>> change, Answer answer)
    {
        if (Reference.Read(text) is not { } reference)
            return NoSuchSubmission();
        var outcome = await change(reference, ReadVersions(answer.Http.Request));
        if (outcome == ChangeOutcome.Stale)
            return SomebodyElseChanged();
        if (outcome == ChangeOutcome.KeyTaken)
            return Problems.BrokenRules(
                FieldError.ForParameter(IdempotencyKey.Header, InboxText.Texts.Get("NoteKeyTaken"))
            );
        if (
            outcome == ChangeOutcome.NotFound
            // It can have been erased just now.
            || await answer.Store.FindAsync(reference, answer.User, answer.Ct) is not { } row
        )
            return NoSuchSubmission();
        SetVersion(answer.Http, row);
        return TypedResults.Ok(InboxMapping.ToItem(row, answer.Seal.TryOpen(reference, row.Sealed), answer.Now));
    }

    public static Problem<Problems.NotFound> NoSuchSubmission() => new(InboxText.Texts.Get("NoSuchSubmission"));

    public static Problem<Problems.Stale> SomebodyElseChanged() => new(InboxText.Texts.Get("SomebodyElseChanged"));

    static void SetVersion(HttpContext http, InboxRow row) =>
        http.Response.Headers.ETag = string.Create(CultureInfo.InvariantCulture, $"\"{row.Version}\"");

    /// <summary>Reads the versions in <c>If-Match</c> (RFC 9110, section 13.1.1).</summary>
    /// <returns><c>null</c>: any. None if no tag is one of a message.</returns>
    public static IReadOnlyList<long>? ReadVersions(HttpRequest request)
    {
        if (request.Headers.IfMatch.Count == 0)
            return null;
        var tags = request.GetTypedHeaders().IfMatch;
        if (tags.Contains(EntityTagHeaderValue.Any))
            return null;
        return
        [
            .. from tag in tags
            where !tag.IsWeak
            let version = ReadVersion(tag.Tag.AsSpan().Trim('"'))
            where version is not null
            select version.Value,
        ];
    }

    static long? ReadVersion(ReadOnlySpan<char> digits) =>
        long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : null;
}
