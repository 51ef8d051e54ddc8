using System.Collections.Concurrent;
using System.Data.Common;
using Api.Data;
using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;

namespace Api.Outbox;

/// <summary>
/// How many deliveries to the staff are unfinished. Acknowledgements are counted separately: a sender's mistyped
/// address is nothing that the operator could repair.
/// </summary>
sealed record OutboxCounts
{
    public required int Waiting { get; init; }

    /// <summary>The number of deliveries that were given up.</summary>
    public required int Failed { get; init; }

    /// <summary>When the oldest waiting delivery was queued; <c>null</c> when none waits.</summary>
    public required Instant? OldestWaitingSince { get; init; }

    public required int FailedAcknowledgements { get; init; }
}

/// <summary>A delivery in a list for the operator.</summary>
sealed record OutboxEntry
{
    public required string DeliveryId { get; init; }
    public required string Reference { get; init; }
    public required string Channel { get; init; }
    public required string Target { get; init; }
    public required string State { get; init; }
    public required int Attempts { get; init; }

    /// <summary><c>null</c>: at once or never.</summary>
    public required Instant? DueAt { get; init; }

    public required string? Fault { get; init; }
}

/// <summary>
/// All SQL on the outbox. A column that is empty text instead of a time means: at once (<c>due_at</c>) or not claimed
/// (<c>claimed_until</c>).
/// </summary>
sealed class OutboxStore
{
    /// <summary>
    /// How many acknowledgements one address gets per <see cref="AcknowledgementPeriod"/>. Anybody can enter another
    /// person's address, so automatic answers must be limited (RFC 3834, section 2).
    /// </summary>
    public const int LargestNumberOfAcknowledgements = 3;

    /// <inheritdoc cref="LargestNumberOfAcknowledgements"/>
    public static readonly Duration AcknowledgementPeriod = Duration.FromDays(1);

    // The submission that a delivery is about decides its reference, and its location decides the group of the
    // recipients.
    const string OutboxWithSubmissions = """
        outbox o
        JOIN submissions s ON s.id = o.submission_id
        JOIN locations l ON l.id = s.location_id
        """;

    // A claim that ends later than @latestEnd was made before the clock was set back.
    const string IsFree = "(o.claimed_until <= @now OR o.claimed_until > @latestEnd)";

    // The INSERT for each number of deliveries.
    static readonly ConcurrentDictionary<int, string> Inserts = new();

    readonly Database db;
    readonly MailOptions mail;
    readonly string[] webhooks,
        groups,
        recipients;
    readonly string isConfigured,
        selectDue;

    public OutboxStore(Database db, IOptions<MailOptions> mail, IOptions<WebhookOptions> webhooks)
    {
        this.db = db;
        this.mail = mail.Value;
        this.webhooks = [.. webhooks.Value.Endpoints.Keys];
        groups = [.. this.mail.Recipients.Keys];
        recipients =
        [
            .. this.mail.Recipients.SelectMany(group => group.Value.Select(address => $"{group.Key} {address}")),
        ];
        // Whether the recipient is still in the settings. @recipients has "group address", @groups the groups with an
        // entry.
        isConfigured = $"""
            (o.channel <> 'mail'
             OR l.slug || ' ' || o.target {db.IsIn("@recipients")}
             OR NOT l.slug {db.IsIn("@groups")} AND '* ' || o.target {db.IsIn("@recipients")})
            """;
        selectDue = $"""
            SELECT o.id
            FROM {OutboxWithSubmissions}
            WHERE o.state = 'waiting' AND o.channel = @channel AND (@target IS NULL OR o.target = @target)
              AND o.due_at <= @now AND s.state <> 'spam'
              AND {IsFree} AND {isConfigured}
            ORDER BY o.due_at, o.waiting_since, o.id
            LIMIT @limit
            """;
    }

    /// <summary>
    /// The deliveries to the staff about a new submission: a mail to each recipient, a call of each webhook.
    /// </summary>
    /// <param name="group">The group of recipients.</param>
    /// <param name="now">When the submission was received or released.</param>
    /// <param name="traceParent"><see cref="Delivery.TraceParent"/></param>
    /// <returns>Rows that refer to the submission's; <c>null</c> when nobody is to be told.</returns>
    public DependentRows? MakeDeliveriesToStaff(string group, Instant now, string? traceParent) =>
        MakeDeliveries(FindStaff(group), now, traceParent);

    IReadOnlyCollection<(string Channel, string Target)> FindStaff(string group)
    {
        var mails = mail.IsOn ? mail.FindRecipients(group).Select(address => (Channel.Mail, address)) : [];
        return [.. mails, .. webhooks.Select(name => (Channel.Webhook, name))];
    }

    static DependentRows? MakeDeliveries(
        IReadOnlyCollection<(string Channel, string Target)> deliveries,
        Instant now,
        string? traceParent
    )
    {
        if (deliveries.Count == 0)
            return null;
        var values = new DynamicParameters();
        values.Add("now", now);
        values.Add("traceParent", traceParent);
        foreach (var (i, (channel, target)) in deliveries.Index())
        {
            values.Add($"id{i}", Guid.CreateVersion7(now.ToDateTimeOffset()).ToString());
            values.Add($"channel{i}", channel);
            values.Add($"target{i}", target);
        }
        return new DependentRows(Inserts.GetOrAdd(deliveries.Count, WriteInsert), values);
    }

    static string WriteInsert(int deliveries)
    {
        var rows = Enumerable
            .Range(0, deliveries)
            .Select(i => $"SELECT @id{i}, id, @channel{i}, @target{i}, @now, @traceParent FROM parent");
        return $"""
            INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since, trace_parent)
            {string.Join(" UNION ALL ", rows)}
            """;
    }

    /// <summary>Whether senders are sent acknowledgements.</summary>
    public bool AcknowledgesMessages => mail.IsOn && mail.Acknowledge;

    /// <summary>
    /// Adds the acknowledgement of a submission to its sender, unless the address had as many as it may have. Called
    /// inside <see cref="Database.WriteAsync"/>.
    /// </summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="submission">The id of the submission's row.</param>
    /// <param name="sender">A keyed hash of the sender's e-mail address; <c>null</c> without one.</param>
    /// <inheritdoc cref="MakeDeliveriesToStaff" path="/param"/>
    public async Task TryAcknowledgeAsync(
        DbConnection connection,
        long submission,
        byte[]? sender,
        Instant now,
        string? traceParent
    )
    {
        if (AcknowledgesMessages && sender is not null && await TryCountAcknowledgementAsync(connection, sender, now))
            await MakeDeliveries([(Channel.Acknowledgement, "")], now, traceParent)!
                .InsertAsync(connection, submission);
    }

    /// <summary>
    /// Adds the deliveries about a submission that it does not have: all of them, or those that were withdrawn.
    /// </summary>
    /// <inheritdoc cref="TryAcknowledgeAsync" path="/param"/>
    /// <inheritdoc cref="MakeDeliveriesToStaff" path="/param"/>
    public async Task AddMissingAsync(
        DbConnection connection,
        long submission,
        string group,
        byte[]? sender,
        Instant now
    )
    {
        var existing = (await LockAsync(connection, submission)).ToHashSet();
        if (MakeDeliveries([.. FindStaff(group).Except(existing)], now, traceParent: null) is { } missing)
            await missing.InsertAsync(connection, submission);
        if (!existing.Contains((Channel.Acknowledgement, "")))
            await TryAcknowledgeAsync(connection, submission, sender, now, traceParent: null);
    }

    /// <summary>
    /// Removes the deliveries about a submission that nobody delivers just now. An attempt that is under way cannot be
    /// taken back; if it fails, there is no other: see <see cref="RecordAsync"/>.
    /// </summary>
    public static async Task WithdrawAsync(DbConnection connection, long submission, Instant now)
    {
        await LockAsync(connection, submission);
        await connection.ExecuteAsync(
            $"DELETE FROM outbox AS o WHERE o.submission_id = @submission AND o.state <> 'delivered' AND {IsFree}",
            new
            {
                submission,
                now,
                latestEnd = Claim.LatestEnd(now),
            }
        );
    }

    /// <summary>
    /// The deliveries about a submission. Waits for those whose result is being recorded, and lets no other be recorded
    /// before the commit, since both depend on whether the submission is spam.
    /// </summary>
    static Task<IEnumerable<(string Channel, string Target)>> LockAsync(DbConnection connection, long submission) =>
        connection.QueryAsync<(string, string)>(
            """
            UPDATE outbox
            SET submission_id = submission_id
            WHERE submission_id = @submission
            RETURNING channel, target
            """,
            new { submission }
        );

    /// <summary>The deliveries about a submission.</summary>
    public static async Task<IReadOnlyList<OutboxEntry>> FindOfAsync(DbConnection connection, long submission) =>
        [
            .. await connection.QueryAsync<OutboxEntry>(
                """
                SELECT o.delivery_id, s.reference, o.channel, o.target, o.state, o.attempts,
                       nullif(o.due_at, '') AS due_at, o.fault
                FROM outbox o
                JOIN submissions s ON s.id = o.submission_id
                WHERE o.submission_id = @submission
                ORDER BY o.id
                """,
                new { submission }
            ),
        ];

    /// <returns>False when the address has had as many as it may have.</returns>
    static async Task<bool> TryCountAcknowledgementAsync(DbConnection connection, byte[] address, Instant now)
    {
        // The key of a row serializes instances that write to the same address at once.
        for (var number = 1; number <= LargestNumberOfAcknowledgements; number++)
        {
            var taken = await connection.ExecuteAsync(
                """
                INSERT INTO acknowledged_addresses AS a (address, number, written_at)
                VALUES (@address, @number, @now)
                ON CONFLICT (address, number) DO UPDATE SET written_at = excluded.written_at
                WHERE a.written_at <= @since OR a.written_at > @now
                """,
                new
                {
                    address,
                    number,
                    now,
                    since = now - AcknowledgementPeriod,
                }
            );
            if (taken == 1)
                return true;
        }
        return false;
    }

    /// <summary>Deletes the addresses that may be acknowledged again.</summary>
    public Task<int> ForgetAcknowledgedAsync(Instant now, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    "DELETE FROM acknowledged_addresses WHERE written_at <= @since OR written_at > @now",
                    new { now, since = now - AcknowledgementPeriod }
                ),
            ct
        );

    /// <summary>
    /// Claims the next batch of due deliveries, oldest due time first, then oldest queued. Nobody else gets them until
    /// the claim ends.
    /// </summary>
    /// <param name="sources">The channels and targets. A target of <c>null</c> means all of the channel.</param>
    /// <param name="now">The present.</param>
    /// <param name="limit">The largest number of deliveries from each source.</param>
    /// <returns><c>null</c> when nothing is due.</returns>
    public async Task<Claim?> ClaimAsync(
        IReadOnlyList<(string Channel, string? Target)> sources,
        Instant now,
        int limit,
        CancellationToken ct
    )
    {
        // Usually nothing is due, which a read finds out without waiting for the writer.
        if (!await db.ReadAsync(IsAnyDueAsync, ct))
            return null;

        var name = Guid.NewGuid().ToString();
        var deliveries = await db.WriteAsync(
            async connection =>
            {
                // Sources follow each other, so that none waits for the end of another.
                List<Delivery> claimed = [];
                // Also those that the read found empty: what belongs together can have been written meanwhile.
                foreach (var source in sources)
                {
                    var rows = await connection.QueryAsync<Delivery>(
                        $"""
                        WITH due AS MATERIALIZED ({selectDue} {db.SkipLocked})
                        UPDATE outbox
                        SET claimed_by = @name, claimed_until = @until
                        WHERE id IN (SELECT id FROM due)
                        RETURNING id, delivery_id, channel, target, attempts, submission_id,
                                  nullif(due_at, '') AS due_at, waiting_since, trace_parent
                        """,
                        Parameters(source, name)
                    );
                    claimed.AddRange(
                        rows.OrderBy(row => row.DueAt).ThenBy(row => row.WaitingSince).ThenBy(row => row.Id)
                    );
                }
                return claimed;
            },
            ct
        );
        return deliveries.Count == 0 ? null : new Claim(name, deliveries, now + Claim.Length);

        async Task<bool> IsAnyDueAsync(DbConnection connection)
        {
            foreach (var source in sources)
            {
                var query = new CommandDefinition(
                    $"SELECT EXISTS ({selectDue})",
                    Parameters(source, null),
                    cancellationToken: ct
                );
                if (await connection.ExecuteScalarAsync<bool>(query))
                    return true;
            }
            return false;
        }

        object Parameters((string Channel, string? Target) source, string? name) =>
            new
            {
                channel = source.Channel,
                target = source.Target,
                now,
                limit,
                name,
                until = now + Claim.Length,
                latestEnd = Claim.LatestEnd(now),
                recipients,
                groups,
            };
    }

    /// <summary>Makes a claim last longer.</summary>
    public Task RenewAsync(Claim claim, Instant until, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    $"UPDATE outbox SET claimed_until = @until WHERE id {db.IsIn("@ids")} AND claimed_by = @name",
                    new
                    {
                        until,
                        ids = claim.Open,
                        name = claim.Name,
                    }
                ),
            ct
        );

    /// <summary>Gives back deliveries that were claimed and not tried.</summary>
    public Task ReleaseAsync(Claim claim) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    $"""
                    UPDATE outbox
                    SET claimed_by = NULL, claimed_until = ''
                    WHERE id {db.IsIn("@ids")} AND claimed_by = @name
                    """,
                    new { ids = claim.Open, name = claim.Name }
                ),
            CancellationToken.None
        );

    /// <summary>When the next attempt after <paramref name="now"/> is due; <c>null</c> when none is.</summary>
    /// <param name="source">The channel and target.</param>
    /// <param name="now">
    /// When the due deliveries were claimed. Those that are still there belong to somebody else.
    /// </param>
    public Task<Instant?> FindNextDueAsync(
        (string Channel, string? Target) source,
        Instant now,
        CancellationToken ct
    ) =>
        db.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<Instant?>(
                    new CommandDefinition(
                        """
                        SELECT min(due_at)
                        FROM outbox
                        WHERE state = 'waiting' AND channel = @channel
                            AND (@target IS NULL OR target = @target) AND due_at > @now
                        """,
                        new
                        {
                            channel = source.Channel,
                            target = source.Target,
                            now,
                        },
                        cancellationToken: ct
                    )
                ),
            ct
        );

    /// <summary>Records the results of attempts, which ends the claims of their deliveries.</summary>
    /// <param name="claim">The claim that the attempts were made under.</param>
    /// <param name="states">The new state of each delivery.</param>
    /// <param name="goneWebhook">The webhook to disable; <c>null</c>: none.</param>
    /// <param name="now">The present.</param>
    public Task RecordAsync(Claim claim, IReadOnlyList<DeliveryState> states, string? goneWebhook, Instant now) =>
        db.WriteAsync(
            async connection =>
            {
                foreach (var state in states)
                {
                    await connection.ExecuteAsync(
                        """
                        UPDATE outbox
                        SET state = @State, attempts = attempts + 1, tried_at = @TriedAt, due_at = coalesce(@DueAt, ''),
                            fault = @Fault, claimed_by = NULL, claimed_until = ''
                        WHERE id = @Id AND state = 'waiting' AND (claimed_by = @Name OR @State = 'delivered')
                        """,
                        new
                        {
                            state.State,
                            state.TriedAt,
                            state.DueAt,
                            state.Fault,
                            state.Id,
                            claim.Name,
                        }
                    );
                }
                // A message can have become spam meanwhile, whose deliveries are withdrawn.
                long[] undelivered = [.. states.Where(state => state.State != "delivered").Select(state => state.Id)];
                if (undelivered.Length > 0)
                {
                    await connection.ExecuteAsync(
                        $"""
                        DELETE FROM outbox
                        WHERE id {db.IsIn("@undelivered")} AND state <> 'delivered' AND claimed_until = ''
                          AND submission_id IN (SELECT id FROM submissions WHERE state = 'spam')
                        """,
                        new { undelivered }
                    );
                }
                if (goneWebhook is null)
                    return 0;
                return await connection.ExecuteAsync(
                    """
                    INSERT INTO disabled_webhooks (name, disabled_at)
                    VALUES (@goneWebhook, @now)
                    ON CONFLICT (name) DO NOTHING
                    """,
                    new { goneWebhook, now }
                );
            },
            // Also while the program stops: a delivery that was made must not be made again.
            CancellationToken.None
        );

    /// <summary>Gives up the deliveries that wait for a disabled webhook.</summary>
    /// <returns>How many; <c>null</c> when the webhook is not disabled.</returns>
    public async Task<int?> GiveUpDisabledAsync(string name, string fault, Instant now, CancellationToken ct)
    {
        var (isDisabled, hasWaiting) = await db.ReadAsync(
            connection =>
                connection.QuerySingleAsync<(bool, bool)>(
                    new CommandDefinition(
                        """
                        SELECT EXISTS (SELECT 1 FROM disabled_webhooks WHERE name = @name),
                               EXISTS (SELECT 1 FROM outbox
                                   WHERE state = 'waiting' AND channel = 'webhook' AND target = @name)
                        """,
                        new { name },
                        cancellationToken: ct
                    )
                ),
            ct
        );
        if (!isDisabled)
            return null;
        if (!hasWaiting)
            return 0;

        return await db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    $"""
                    UPDATE outbox AS o
                    SET state = 'failed', fault = @fault
                    WHERE o.state = 'waiting' AND o.channel = 'webhook' AND o.target = @name
                      AND EXISTS (SELECT 1 FROM disabled_webhooks WHERE name = @name) AND {IsFree}
                    """,
                    new
                    {
                        name,
                        fault,
                        now,
                        latestEnd = Claim.LatestEnd(now),
                    }
                ),
            ct
        );
    }

    /// <summary>
    /// Gives up the deliveries whose channel, recipient or webhook is no longer in the settings. They would wait for
    /// ever, and nobody would know. A recipient whose address is only written in another way stays.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<int> GiveUpUnconfiguredAsync(Instant now, CancellationToken ct)
    {
        var unknown = mail.IsOn ? await ListUnknownRecipientsAsync(ct) : [];
        return await db.WriteAsync(
            async connection =>
            {
                var givenUp = await GiveUpUnconfiguredChannelsAsync(connection, now);
                foreach (var (group, target) in unknown)
                {
                    var sameAddress = mail.FindRecipients(group)
                        .FirstOrDefault(recipient => MailAddress.AreSame(recipient, target));
                    var changed = await ChangeRecipientAsync(connection, group, target, sameAddress, now);
                    if (sameAddress is null)
                        givenUp += changed;
                }
                return givenUp;
            },
            ct
        );
    }

    Task<IEnumerable<(string Group, string Target)>> ListUnknownRecipientsAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.QueryAsync<(string, string)>(
                    new CommandDefinition(
                        $"""
                        SELECT DISTINCT l.slug, o.target
                        FROM {OutboxWithSubmissions}
                        WHERE o.state = 'waiting' AND o.channel = 'mail' AND NOT {isConfigured}
                        """,
                        new { recipients, groups },
                        cancellationToken: ct
                    )
                ),
            ct
        );

    Task<int> GiveUpUnconfiguredChannelsAsync(DbConnection connection, Instant now) =>
        connection.ExecuteAsync(
            $"""
            UPDATE outbox AS o
            SET state = 'failed',
                fault = CASE WHEN @mailIsOn AND o.channel = 'acknowledgement'
                        THEN 'acknowledgements are no longer configured'
                        ELSE 'mail, or this webhook, is no longer configured' END
            WHERE o.state = 'waiting' AND {IsFree}
              AND CASE o.channel
                  WHEN 'webhook' THEN NOT o.target {db.IsIn("@webhooks")}
                  WHEN 'acknowledgement' THEN NOT @acknowledge
                  ELSE NOT @mailIsOn END
            """,
            new
            {
                now,
                latestEnd = Claim.LatestEnd(now),
                mailIsOn = mail.IsOn,
                acknowledge = mail.IsOn && mail.Acknowledge,
                webhooks,
            }
        );

    /// <param name="renamed">
    /// The new way in which the address is written; <c>null</c>: it is no longer in the settings.
    /// </param>
    static Task<int> ChangeRecipientAsync(
        DbConnection connection,
        string group,
        string target,
        string? renamed,
        Instant now
    ) =>
        connection.ExecuteAsync(
            $"""
            UPDATE outbox AS o
            SET target = coalesce(@renamed, o.target),
                state = CASE WHEN @renamed IS NULL THEN 'failed' ELSE o.state END,
                fault = CASE WHEN @renamed IS NULL THEN 'this recipient is no longer configured' ELSE o.fault END
            WHERE o.state = 'waiting' AND o.channel = 'mail' AND o.target = @target AND {IsFree}
              AND EXISTS (SELECT 1
                          FROM submissions s
                          JOIN locations l ON l.id = s.location_id
                          WHERE s.id = o.submission_id AND l.slug = @group)
            """,
            new
            {
                renamed,
                target,
                group,
                now,
                latestEnd = Claim.LatestEnd(now),
            }
        );

    /// <summary>
    /// Makes deliveries due at once that were last tried in the future: the clock was set back while the program was
    /// down.
    /// </summary>
    public Task<int> MakeDueIfTriedAfterAsync(Instant now, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    "UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND tried_at > @now",
                    new { now }
                ),
            ct
        );

    /// <summary>Makes all deliveries due at once that were tried before: the clock was set back just now.</summary>
    public Task<int> MakeAllDueAsync(CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync("UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND due_at > ''"),
            ct
        );

    public Task<OutboxCounts> CountAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.QuerySingleAsync<OutboxCounts>(
                    new CommandDefinition(
                        """
                        SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting' AND channel <> 'acknowledgement')
                                   AS waiting,
                               (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel <> 'acknowledgement')
                                   AS failed,
                               (SELECT min(waiting_since) FROM outbox
                                WHERE state = 'waiting' AND channel <> 'acknowledgement') AS oldest_waiting_since,
                               (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel = 'acknowledgement')
                                   AS failed_acknowledgements
                        """,
                        cancellationToken: ct
                    )
                ),
            ct
        );

    // --- For the operator

    /// <summary>
    /// Hands on the unfinished deliveries one by one, failed ones first. There may be too many for the memory.
    /// </summary>
    /// <returns>How many there are.</returns>
    public Task<int> ForEachUnfinishedAsync(Func<OutboxEntry, Task> action, CancellationToken ct) =>
        db.ReadAsync(
            async connection =>
            {
                var entries = connection.QueryUnbufferedAsync<OutboxEntry>(
                    """
                    SELECT o.delivery_id, s.reference, o.channel, o.target, o.state, o.attempts,
                           nullif(o.due_at, '') AS due_at, o.fault
                    FROM outbox o
                    JOIN submissions s ON s.id = o.submission_id
                    WHERE o.state <> 'delivered'
                    ORDER BY o.state, o.id
                    """
                );
                var count = 0;
                await foreach (var entry in entries.WithCancellation(ct))
                {
                    await action(entry);
                    count++;
                }
                return count;
            },
            ct
        );

    /// <summary>Lets failed deliveries wait again, from the first attempt on, and enables their webhooks.</summary>
    /// <param name="deliveryId">Only this delivery; <c>null</c>: all that failed, and every webhook is enabled.</param>
    /// <param name="now">The present.</param>
    /// <returns>How many wait again.</returns>
    public Task<int> RetryAsync(string? deliveryId, Instant now, CancellationToken ct) =>
        db.WriteAsync(
            async connection =>
            {
                await connection.ExecuteAsync(
                    """
                    DELETE FROM disabled_webhooks
                    WHERE @deliveryId IS NULL
                       OR name IN (SELECT target
                                   FROM outbox
                                   WHERE delivery_id = @deliveryId AND state = 'failed' AND channel = 'webhook')
                    """,
                    new { deliveryId }
                );
                return await connection.ExecuteAsync(
                    """
                    UPDATE outbox SET state = 'waiting', attempts = 0, waiting_since = @now, due_at = '',
                        tried_at = NULL
                    WHERE state = 'failed' AND (@deliveryId IS NULL OR delivery_id = @deliveryId)
                    """,
                    new { deliveryId, now }
                );
            },
            ct
        );
}
