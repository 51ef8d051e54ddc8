using System.Data.Common;
using System.Runtime.CompilerServices;
using Api.Audit;
using Api.Data;
using Api.Http;
using Api.Outbox;
using Dapper;
using NodaTime;

namespace Api.Contact.Inbox;

/// <summary>Which messages to list. <c>null</c> does not restrict.</summary>
sealed record InboxFilter
{
    /// <summary>The <see cref="Assignee"/> of messages that nobody takes care of.</summary>
    public const string NoAssignee = "none";

    public required IReadOnlyList<SubmissionState> States { get; init; }

    /// <summary>The row of a location.</summary>
    public long? Location { get; init; }

    public string? Assignee { get; init; }
    public Instant? From { get; init; }

    /// <summary>Exclusive.</summary>
    public Instant? To { get; init; }

    public bool? Overdue { get; init; }

    /// <summary>Which sender's messages.</summary>
    public SenderHashes? Sender { get; init; }
}

/// <summary>A sender, as the keyed hashes of an e-mail address and a telephone number. Either is enough.</summary>
sealed record SenderHashes(byte[]? Email, byte[]? Telephone);

/// <summary>The result of a change.</summary>
enum ChangeOutcome
{
    /// <summary>The message is now as it was asked for, whether or not it was so before.</summary>
    Done,

    /// <summary>There is no such message, or not for this user.</summary>
    NotFound,

    /// <summary>Somebody else has changed it since.</summary>
    Stale,

    /// <summary>The Idempotency-Key was used for another note.</summary>
    KeyTaken,
}

/// <summary>What the staff do with submissions. Everything that is read or changed is recorded in the audit.</summary>
sealed class InboxStore(
    Database db,
    AuditStore audit,
    SubmissionSeal seal,
    SubmissionHashes hashes,
    NoteSeal noteSeal,
    OutboxStore outbox
)
{
    const string Submissions = "submissions s JOIN locations l ON l.id = s.location_id";

    const string Columns = """
        s.id, s.reference, s.location_id, l.slug AS location, s.received_at, s.reply_by, s.after_hours, s.language,
        s.state, s.quarantined_for, s.assignee, s.handled_at, s.handled_by, s.first_read_at, s.version, s.sealed,
        (SELECT count(*) FROM submission_notes n WHERE n.submission_id = s.id) AS note_count
        """;

    /// <summary>Lists messages, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="after">
    /// When the last message of the page before was received, and its reference; <c>null</c> for the first page.
    /// </param>
    /// <param name="limit">The largest number of messages.</param>
    /// <param name="user">Who lists them.</param>
    /// <param name="now">The present.</param>
    public async Task<IReadOnlyList<InboxRow>> FindAsync(
        InboxFilter filter,
        (Instant ReceivedAt, string Reference)? after,
        int limit,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        // Each state of each location is a range of an index that is sorted like the list. Their union is read only as
        // far as the page goes.
        var locations = filter.Location is { } only ? [only] : user.Locations;
        var sources = locations is null
            ? filter.States.Select(state => $"s.state = '{Json.NameOf(state)}'").ToArray()
            :
            [
                .. from location in locations.Where(user.MaySee)
                from state in filter.States
                select $"s.location_id = {location} AND s.state = '{Json.NameOf(state)}'",
            ];
        if (sources.Length == 0)
            return [];

        var conditions = string.Concat(ConditionsOf(filter, after).Select(condition => $" AND {condition}"));
        var union = string.Join(
            " UNION ALL ",
            sources.Select(
                (source, i) =>
                    $"""
                        SELECT id, received_at, reference FROM (
                            SELECT s.id, s.received_at, s.reference
                            FROM submissions s
                            WHERE {source}{conditions}
                            ORDER BY s.received_at DESC, s.reference DESC
                            LIMIT @limit
                        ) AS source{i}
                        """
            )
        );
        return await db.ReadAsync<IReadOnlyList<InboxRow>>(
            async connection =>
                [
                    .. await connection.QueryAsync<InboxRow>(
                        new CommandDefinition(
                            $"""
                            SELECT {Columns}
                            FROM {Submissions}
                            WHERE s.id IN (SELECT id FROM ({union}) AS newest
                                           ORDER BY received_at DESC, reference DESC
                                           LIMIT @limit)
                            ORDER BY s.received_at DESC, s.reference DESC
                            """,
                            new
                            {
                                limit,
                                now,
                                receivedAt = after?.ReceivedAt,
                                after = after?.Reference,
                                filter.Assignee,
                                From = filter.From?.RoundUpToStoredPrecision(),
                                To = filter.To?.RoundUpToStoredPrecision(),
                                email = filter.Sender?.Email,
                                telephone = filter.Sender?.Telephone,
                            },
                            cancellationToken: ct
                        )
                    ),
                ],
            ct
        );
    }

    static IEnumerable<string> ConditionsOf(InboxFilter filter, (Instant, string)? after)
    {
        const string IsOverdue = "s.state IN ('new', 'open') AND s.reply_by < @now";
        if (after is not null)
            yield return "(s.received_at, s.reference) < (@receivedAt, @after)";
        if (filter.Assignee == InboxFilter.NoAssignee)
            yield return "s.assignee IS NULL";
        else if (filter.Assignee is not null)
            yield return "s.assignee = @Assignee";
        if (filter.From is not null)
            yield return "s.received_at >= @From";
        if (filter.To is not null)
            yield return "s.received_at < @To";
        if (filter.Overdue == true)
            yield return IsOverdue;
        // Without a time it is NULL, and not overdue.
        if (filter.Overdue == false)
            yield return $"({IsOverdue}) IS NOT TRUE";
        if (filter.Sender is not null)
            yield return """
                s.id IN (SELECT p.id FROM submissions p WHERE p.email_index = @email OR p.telephone_index = @telephone)
                """;
    }

    /// <summary>What is kept to find a sender by.</summary>
    /// <param name="email">An e-mail address.</param>
    /// <param name="telephone">A telephone number in E.164.</param>
    public SenderHashes HashSender(string? email, string? telephone) =>
        new(hashes.HashEmail(email), hashes.HashTelephone(telephone));

    /// <summary>How many messages each location has that the user may see, by the slug of the location.</summary>
    public Task<IReadOnlyList<LocationCounts>> CountAsync(InboxUser user, Instant now, CancellationToken ct) =>
        db.ReadSnapshotAsync<IReadOnlyList<LocationCounts>>(
            async connection =>
            {
                var locations = await connection.QueryAsync<(long Id, string Slug)>(
                    "SELECT id, slug FROM locations ORDER BY name, slug"
                );
                var states = await CountsAsync("state", "submissions");
                var answers = await CountsAsync("handled_by", "submissions WHERE handled_by IS NOT NULL");
                var overdue = await CountsAsync(
                    "'overdue'",
                    "submissions WHERE state IN ('new', 'open') AND reply_by < @now"
                );
                var erased = (
                    await connection.QueryAsync<(long Location, int Count)>(
                        "SELECT location_id, submissions FROM erasure_counts"
                    )
                ).ToDictionary();
                return
                [
                    .. locations
                        .Where(location => user.MaySee(location.Id))
                        .Select(location => new LocationCounts(
                            location.Slug,
                            Of(states, location.Id, "new"),
                            Of(states, location.Id, "open"),
                            Of(states, location.Id, "handled"),
                            Of(states, location.Id, "spam"),
                            Of(overdue, location.Id, "overdue"),
                            erased.GetValueOrDefault(location.Id),
                            new HandledByCounts(
                                Of(answers, location.Id, "telephone"),
                                Of(answers, location.Id, "email"),
                                Of(answers, location.Id, "inPerson"),
                                Of(answers, location.Id, "other")
                            )
                        )),
                ];

                async Task<Dictionary<(long, string), int>> CountsAsync(string kind, string rows) =>
                    (
                        await connection.QueryAsync<(long Location, string Kind, int Count)>(
                            new CommandDefinition(
                                $"""
                                SELECT location_id, {kind} AS kind, count(*)
                                FROM {rows}
                                GROUP BY location_id, kind
                                """,
                                new { now },
                                cancellationToken: ct
                            )
                        )
                    ).ToDictionary(row => (row.Location, row.Kind), row => row.Count);

                static int Of(Dictionary<(long, string), int> counts, long location, string kind) =>
                    counts.GetValueOrDefault((location, kind));
            },
            ct
        );

    /// <summary>
    /// How many messages are overdue, how many look like spam and were read by nobody, and how many mails and webhooks
    /// to the staff were given up.
    /// </summary>
    public Task<(int Overdue, int UnreadSpam, int FailedDeliveries)> CountAttentionAsync(
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var isSeen = user.Locations is null ? "TRUE" : $"s.location_id {db.IsIn("@locations")}";
        return db.ReadSnapshotAsync(
            connection =>
                connection.QuerySingleAsync<(int, int, int)>(
                    new CommandDefinition(
                        $"""
                        SELECT (SELECT count(*) FROM submissions s
                                WHERE s.state IN ('new', 'open') AND s.reply_by < @now AND {isSeen}),
                               (SELECT count(*) FROM submissions s
                                WHERE s.state = 'spam' AND s.first_read_at IS NULL AND {isSeen}),
                               (SELECT count(*) FROM outbox o JOIN submissions s ON s.id = o.submission_id
                                WHERE o.state = 'failed' AND o.channel <> 'acknowledgement' AND {isSeen})
                        """,
                        new { now, locations = user.Locations?.ToArray() },
                        cancellationToken: ct
                    )
                ),
            ct
        );
    }

    /// <summary>The number of messages that are set aside as spam.</summary>
    public Task<int> CountSpamAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<int>(
                    new CommandDefinition(
                        "SELECT count(*) FROM submissions WHERE state = 'spam'",
                        cancellationToken: ct
                    )
                ),
            ct
        );

    /// <summary>A message with its content, without a trace in the audit.</summary>
    /// <returns><c>null</c> when there is none.</returns>
    public Task<InboxRow?> FindAsync(string reference, InboxUser user, CancellationToken ct) =>
        db.ReadAsync(connection => FindRowAsync(connection, reference, user, ct), ct);

    static async Task<InboxRow?> FindRowAsync(
        DbConnection connection,
        string reference,
        InboxUser user,
        CancellationToken ct
    )
    {
        var row = await connection.QuerySingleOrDefaultAsync<InboxRow>(
            new CommandDefinition(
                $"SELECT {Columns} FROM {Submissions} WHERE s.reference = @reference",
                new { reference },
                cancellationToken: ct
            )
        );
        return row is not null && user.MaySee(row.LocationId) ? row : null;
    }

    /// <summary>Opens a message, and records that it was read.</summary>
    /// <returns><c>null</c> when there is none.</returns>
    public Task<OpenedMessage?> OpenAsync(string reference, InboxUser user, Instant now, CancellationToken ct) =>
        audit.WriteAsync<OpenedMessage?>(
            async (connection, deeds) =>
            {
                if (await FindRowAsync(connection, reference, user, ct) is not { } row)
                    return null;
                deeds.Add(new Deed(user.Actor, AuditAction.SubmissionRead, reference));
                if (row.FirstReadAt is null)
                {
                    // Somebody else can open it at the same time.
                    var firstReadAt = await connection.ExecuteScalarAsync<Instant?>(
                        """
                        UPDATE submissions
                        SET first_read_at = coalesce(first_read_at, @now)
                        WHERE id = @Id
                        RETURNING first_read_at
                        """,
                        new { now, row.Id }
                    );
                    row = row with { FirstReadAt = firstReadAt };
                }
                return await ReadAllOfAsync(connection, row);
            },
            ct
        );

    /// <summary>Opens all messages that a filter finds, and records that they were exported.</summary>
    public async Task<IReadOnlyList<OpenedMessage>> ExportAsync(
        InboxFilter filter,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var rows = await FindAsync(filter, after: null, int.MaxValue, user, now, ct);
        var opened = await db.ReadSnapshotAsync<IReadOnlyList<OpenedMessage>>(
            async connection =>
            {
                List<OpenedMessage> messages = [];
                foreach (var row in rows)
                    messages.Add(await ReadAllOfAsync(connection, row));
                return messages;
            },
            ct
        );
        await audit.WriteAsync(
            (_, deeds) =>
            {
                deeds.AddRange(
                    rows.Select(row => new Deed(
                        user.Actor,
                        AuditAction.SubmissionsExported,
                        row.Reference,
                        "all of a sender"
                    ))
                );
                return Task.FromResult(true);
            },
            ct
        );
        return opened;
    }

    static async Task<OpenedMessage> ReadAllOfAsync(DbConnection connection, InboxRow row)
    {
        var notes = await connection.QueryAsync<NoteRow>(
            """
            SELECT id, written_at, author, sealed
            FROM submission_notes
            WHERE submission_id = @Id
            ORDER BY written_at, id
            """,
            new { row.Id }
        );
        var history = await AuditStore.FindHistoryAsync(connection, row.Reference);
        var deliveries = await OutboxStore.FindOfAsync(connection, row.Id);
        return new OpenedMessage(row, notes.AsList(), history, deliveries);
    }

    /// <summary>Changes the state of a message. Out of spam its notifications go out, once.</summary>
    /// <param name="reference">The message.</param>
    /// <param name="change">Its new state.</param>
    /// <param name="versions">The versions that may be changed; <c>null</c>: any.</param>
    /// <param name="user">Who changes it.</param>
    /// <param name="now">The present.</param>
    public async Task<ChangeOutcome> SetStateAsync(
        string reference,
        StateChange change,
        IReadOnlyList<long>? versions,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var state = change.State!.Value;
        var mailbox = await HashMailboxAsync(reference, user, ct);
        return await ChangeAsync(
            reference,
            versions,
            user,
            async (connection, before) =>
            {
                if (before.State == state && before.HandledBy == change.HandledBy)
                    return null;
                var isReleased = before.State == SubmissionState.Spam && state != SubmissionState.Handled;
                await connection.ExecuteAsync(
                    """
                    UPDATE submissions
                    SET state = @state, handled_by = @handledBy, version = version + 1,
                        handled_at = CASE WHEN @isHandled THEN coalesce(handled_at, @now) END,
                        released_at = CASE WHEN @isReleased THEN coalesce(released_at, @now) ELSE released_at END
                    WHERE id = @Id
                    """,
                    new
                    {
                        state = Json.NameOf(state),
                        handledBy = change.HandledBy is { } by ? Json.NameOf(by) : null,
                        isHandled = state == SubmissionState.Handled,
                        isReleased,
                        now,
                        before.Id,
                    }
                );
                if (isReleased)
                    await outbox.AddMissingAsync(connection, before.Id, before.Location, mailbox, now);
                // Spam can still have deliveries of a process that died while it made them.
                else if (state == SubmissionState.Spam || before.State == SubmissionState.Spam)
                    await OutboxStore.WithdrawAsync(connection, before.Id, now);
                var details = $"{Json.NameOf(before.State)} to {Json.NameOf(state)}";
                return new Deed(
                    user.Actor,
                    AuditAction.StateChanged,
                    reference,
                    change.HandledBy is { } answer ? $"{details}, {Json.NameOf(answer)}" : details
                );
            },
            ct
        );
    }

    /// <summary>Assigns a message to somebody, or to nobody.</summary>
    /// <param name="assignee">A name, or <c>null</c>.</param>
    /// <inheritdoc cref="SetStateAsync" path="/param"/>
    public Task<ChangeOutcome> AssignAsync(
        string reference,
        string? assignee,
        IReadOnlyList<long>? versions,
        InboxUser user,
        CancellationToken ct
    ) =>
        ChangeAsync(
            reference,
            versions,
            user,
            async (connection, before) =>
            {
                if (before.Assignee == assignee)
                    return null;
                await connection.ExecuteAsync(
                    "UPDATE submissions SET assignee = @assignee, version = version + 1 WHERE id = @Id",
                    new { assignee, before.Id }
                );
                return new Deed(
                    user.Actor,
                    AuditAction.AssigneeChanged,
                    reference,
                    assignee is null ? "to nobody" : $"to {assignee}"
                );
            },
            ct
        );

    /// <summary>Adds a note to a message, once for each Idempotency-Key.</summary>
    /// <param name="text">The note.</param>
    /// <param name="key">The Idempotency-Key, if there is one.</param>
    /// <inheritdoc cref="SetStateAsync" path="/param"/>
    public async Task<ChangeOutcome> AddNoteAsync(
        string reference,
        string text,
        string? key,
        IReadOnlyList<long>? versions,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var id = key is null
            ? Guid.CreateVersion7(now.ToDateTimeOffset())
            : hashes.MakeNoteId(reference, user.Actor.Id, key);
        var content = noteSeal.Seal(id, text);
        return await ChangeAsync(
            reference,
            versions,
            user,
            async (connection, before) =>
            {
                await connection.ExecuteAsync(
                    """
                    INSERT INTO submission_notes (id, submission_id, written_at, author, sealed)
                    VALUES (@id, @submission, @now, @Name, @content)
                    """,
                    new
                    {
                        id = id.ToString(),
                        submission = before.Id,
                        now,
                        user.Name,
                        content,
                    }
                );
                await connection.ExecuteAsync(
                    "UPDATE submissions SET version = version + 1 WHERE id = @Id",
                    new { before.Id }
                );
                return new Deed(user.Actor, AuditAction.NoteAdded, reference);
            },
            ct,
            key is null ? null : FindEarlierAsync,
            beforeCommit: seal.RequireKeys
        );

        async Task<ChangeOutcome?> FindEarlierAsync(DbConnection connection)
        {
            var earlier = await connection.ExecuteScalarAsync<byte[]?>(
                "SELECT sealed FROM submission_notes WHERE id = @id",
                new { id = id.ToString() }
            );
            if (earlier is null)
                return null;
            return noteSeal.TryOpen(id, earlier) == text ? ChangeOutcome.Done : ChangeOutcome.KeyTaken;
        }
    }

    /// <summary>
    /// Changes a message as it is now. Nobody else changes it at the same time.
    /// </summary>
    /// <param name="change">Changes it, and says what was done; <c>null</c>: nothing, since it was so before.</param>
    /// <param name="findEarlier">
    /// Finds the outcome if the same request came before, whatever has changed since; <c>null</c>: it did not.
    /// </param>
    Task<ChangeOutcome> ChangeAsync(
        string reference,
        IReadOnlyList<long>? versions,
        InboxUser user,
        Func<DbConnection, Before, Task<Deed?>> change,
        CancellationToken ct,
        Func<DbConnection, Task<ChangeOutcome?>>? findEarlier = null,
        Action? beforeCommit = null,
        [CallerMemberName] string method = ""
    ) =>
        audit.WriteAsync(
            async (connection, deeds) =>
            {
                // An update that changes nothing locks the row, and its answer is the newest version of it.
                var before = await connection.QuerySingleOrDefaultAsync<Before>(
                    """
                    UPDATE submissions SET version = version
                    WHERE reference = @reference
                    RETURNING id, location_id, state, handled_by, assignee, version,
                              (SELECT slug FROM locations WHERE locations.id = location_id) AS location
                    """,
                    new { reference }
                );
                if (before is null || !user.MaySee(before.LocationId))
                    return ChangeOutcome.NotFound;
                if (findEarlier is not null && await findEarlier(connection) is { } earlier)
                    return earlier;
                if (versions?.Contains(before.Version) == false)
                    return ChangeOutcome.Stale;
                if (await change(connection, before) is { } deed)
                    deeds.Add(deed);
                return ChangeOutcome.Done;
            },
            ct,
            beforeCommit,
            method
        );

    sealed record Before
    {
        public required long Id { get; init; }
        public required long LocationId { get; init; }
        public required string Location { get; init; }
        public required SubmissionState State { get; init; }
        public required HandledBy? HandledBy { get; init; }
        public required string? Assignee { get; init; }
        public required long Version { get; init; }
    }

    async Task<byte[]?> HashMailboxAsync(string reference, InboxUser user, CancellationToken ct)
    {
        var row = await FindAsync(reference, user, ct);
        // Without the keys the sender's address is unknown, so there is no acknowledgement.
        return row is null ? null : hashes.HashMailbox(seal.TryOpen(reference, row.Sealed)?.Email);
    }

    /// <summary>Erases a message because the user wants it, as the other overload erases many.</summary>
    /// <inheritdoc cref="SetStateAsync" path="/param"/>
    public async Task<ChangeOutcome> EraseAsync(
        string reference,
        IReadOnlyList<long>? versions,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var outcomes = await EraseEachAsync([(reference, versions)], reason: null, user, now, ct);
        return outcomes[0];
    }

    /// <summary>
    /// Removes messages and everything that belongs to them. No byte of them stays in the database, nor in its log once
    /// that can be emptied: see <see cref="Database.TryRemoveTracesAsync"/>. Earlier backups still have them. How many
    /// were erased is kept, and for one that came with an Idempotency-Key a keyed hash, so that a repetition is not
    /// stored again.
    /// </summary>
    /// <param name="messages">
    /// The references of the messages, each with the versions that may be erased; <c>null</c>: any.
    /// </param>
    /// <param name="reason">Why, for the audit.</param>
    /// <param name="user">Who erases them.</param>
    /// <param name="now">The present.</param>
    /// <returns>How many were erased.</returns>
    public async Task<int> EraseAsync(
        IReadOnlyList<(string Reference, IReadOnlyList<long>? Versions)> messages,
        string reason,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var outcomes = await EraseEachAsync(messages, reason, user, now, ct);
        return outcomes.Count(outcome => outcome == ChangeOutcome.Done);
    }

    async Task<IReadOnlyList<ChangeOutcome>> EraseEachAsync(
        IReadOnlyList<(string Reference, IReadOnlyList<long>? Versions)> messages,
        string? reason,
        InboxUser user,
        Instant now,
        CancellationToken ct
    )
    {
        var outcomes = await audit.WriteAsync<IReadOnlyList<ChangeOutcome>>(
            async (connection, deeds) =>
            {
                // A repetition that is being stored just now would not see that the submission is erased.
                await db.BlockWritersAsync(connection, "submissions");
                List<ChangeOutcome> outcomes = [];
                foreach (var (reference, versions) in messages)
                {
                    var outcome = await EraseAsync(connection, reference, versions, user);
                    outcomes.Add(outcome);
                    if (outcome == ChangeOutcome.Done)
                        deeds.Add(new Deed(user.Actor, AuditAction.SubmissionErased, reference, reason));
                }
                if (deeds.Count > 0)
                    await db.RememberErasureAsync(connection, now);
                return outcomes;
            },
            ct
        );
        if (outcomes.Contains(ChangeOutcome.Done))
            await db.TryRemoveTracesAsync(ct);
        return outcomes;
    }

    async Task<ChangeOutcome> EraseAsync(
        DbConnection connection,
        string reference,
        IReadOnlyList<long>? versions,
        InboxUser user
    )
    {
        var found = await connection.QuerySingleOrDefaultAsync<(long Location, byte[]? Fingerprint, long Version)?>(
            "SELECT location_id, fingerprint, version FROM submissions WHERE reference = @reference",
            new { reference }
        );
        if (found is not { } submission || !user.MaySee(submission.Location))
            return ChangeOutcome.NotFound;
        if (versions?.Contains(submission.Version) == false)
            return ChangeOutcome.Stale;
        if (submission.Fingerprint is not null)
            await RememberErasedAsync(connection, reference, submission.Fingerprint);
        await connection.ExecuteAsync("DELETE FROM submissions WHERE reference = @reference", new { reference });
        await connection.ExecuteAsync(
            """
            INSERT INTO erasure_counts AS e (location_id, submissions)
            VALUES (@Location, 1)
            ON CONFLICT (location_id) DO UPDATE SET submissions = e.submissions + 1
            """,
            new { submission.Location }
        );
        return ChangeOutcome.Done;
    }

    // Its Idempotency-Key may come again, with the same message or with another one.
    Task<int> RememberErasedAsync(DbConnection connection, string reference, byte[] fingerprint) =>
        connection.ExecuteAsync(
            """
            INSERT INTO erased_submissions (reference_hash, received_at, fingerprint_hash, location_id, reply_by,
                                            after_hours, language)
            SELECT @referenceHash, received_at, @fingerprintHash, location_id, reply_by, after_hours, language
            FROM submissions
            WHERE reference = @reference
            ON CONFLICT (reference_hash) DO NOTHING
            """,
            new
            {
                reference,
                referenceHash = hashes.HashErased(reference),
                fingerprintHash = hashes.HashErased(fingerprint),
            }
        );
}

/// <summary>A message as it is stored.</summary>
sealed record InboxRow
{
    public required long Id { get; init; }
    public required string Reference { get; init; }
    public required long LocationId { get; init; }
    public required string Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required bool? AfterHours { get; init; }
    public required string Language { get; init; }
    public required SubmissionState State { get; init; }

    /// <summary>Why the program took it for spam; <c>null</c>: it did not.</summary>
    public required string? QuarantinedFor { get; init; }

    public required string? Assignee { get; init; }
    public required Instant? HandledAt { get; init; }
    public required HandledBy? HandledBy { get; init; }
    public required Instant? FirstReadAt { get; init; }

    /// <summary>Raised by every change.</summary>
    public required long Version { get; init; }

    public required byte[] Sealed { get; init; }
    public required int NoteCount { get; init; }
}

/// <summary>A note as it is stored.</summary>
sealed record NoteRow
{
    public required string Id { get; init; }
    public required Instant WrittenAt { get; init; }
    public required string Author { get; init; }
    public required byte[] Sealed { get; init; }
}

/// <summary>A message with all that belongs to it, as it is stored.</summary>
sealed record OpenedMessage(
    InboxRow Row,
    IReadOnlyList<NoteRow> Notes,
    IReadOnlyList<AuditEntry> History,
    IReadOnlyList<OutboxEntry> Deliveries
);
