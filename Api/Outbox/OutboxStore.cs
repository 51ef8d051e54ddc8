using System.Collections.Concurrent;
using System.Text.Json;
using Api.Data;
using Api.Data.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Outbox;

/// <summary>
/// How much is in the outbox that is not delivered to the staff. Acknowledgements are counted apart: that a sender mistyped an
/// address is nothing that anybody here could mend.
/// </summary>
sealed record OutboxCounts
{
    public required int Waiting { get; init; }

    /// <summary>How many deliveries were given up.</summary>
    public required int Failed { get; init; }

    /// <summary>Since when the one waits that has waited longest; <c>null</c> when none waits.</summary>
    public required Instant? OldestWaitingSince { get; init; }

    public required int FailedAcknowledgements { get; init; }

    /// <summary>How many messages are set aside as spam, and told to nobody.</summary>
    public required int Quarantined { get; init; }
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

    /// <summary><c>null</c>: at once, or never.</summary>
    public required Instant? DueAt { get; init; }

    public required string? Fault { get; init; }
}

/// <summary>All SQL on the outbox.</summary>
sealed class OutboxStore(Database db, MailOptions mail, WebhookOptions webhooks)
{
    /// <summary>
    /// How many acknowledgements are written for one address in <see cref="AcknowledgementPeriod"/>: anybody can give another's
    /// address, and automatic answers to one address must be limited (RFC 3834, section 2).
    /// </summary>
    public const int MostAcknowledgements = 3;

    /// <inheritdoc cref="MostAcknowledgements"/>
    public static readonly Duration AcknowledgementPeriod = Duration.FromDays(1);

    // A claim that ends later than any made now was made before the clock was set back.
    const string IsFree = "(o.claimed_until <= @now OR o.claimed_until > @longest)";

    // Recipients may have left the configuration since. @recipients: their lists by location, and '*' for all other locations.
    const string IsConfigured =
        """
        (o.channel <> 'mail' OR o.target IN (
            SELECT value
            FROM json_each(coalesce((SELECT value FROM json_each(@recipients) WHERE key = l.slug),
                                    (SELECT value FROM json_each(@recipients) WHERE key = '*'), '[]'))))
        """;

    const string IsDue =
        $"""
        o.state = 'waiting' AND o.channel = @channel AND (@target IS NULL OR o.target = @target) AND o.due_at <= @now
        AND {IsFree} AND {IsConfigured}
        """;

    readonly string recipients = JsonSerializer.Serialize(mail.Recipients);

    /// <summary>Writes down what must be delivered about a submission. Called inside <see cref="Database.WriteAsync"/>.</summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="submission">The submission's row.</param>
    /// <param name="location">The slug of its location.</param>
    /// <param name="sender">A keyed hash of the sender's e-mail address; <c>null</c> when there is none.</param>
    /// <param name="now">When it was received or released.</param>
    public void Add(SqliteConnection connection, long submission, string location, byte[]? sender, Instant now)
    {
        List<(string Channel, string Target)> deliveries = [];
        if (mail.IsOn)
        {
            foreach (var recipient in mail.RecipientsOf(location)) deliveries.Add((Channel.Mail, recipient));
            if (mail.Acknowledge && sender is not null && CountAcknowledgement(connection, sender, now)) deliveries.Add((Channel.Acknowledgement, ""));
        }
        foreach (var endpoint in webhooks.Endpoints) deliveries.Add((Channel.Webhook, endpoint.Name));
        if (deliveries.Count == 0) return;

        // One statement for all of them, and one text for each number of them.
        var rows = new (string, object?)[2 + 3 * deliveries.Count];
        rows[0] = ("@submission", submission);
        rows[1] = ("@now", SqlTypes.ToColumn(now));
        for (var i = 0; i < deliveries.Count; i++)
        {
            rows[2 + 3 * i] = ($"@id{i}", Guid.CreateVersion7(now.ToDateTimeOffset()).ToString());
            rows[3 + 3 * i] = ($"@channel{i}", deliveries[i].Channel);
            rows[4 + 3 * i] = ($"@target{i}", deliveries[i].Target);
        }
        connection.Prepared(Insert(deliveries.Count), rows).ExecuteNonQuery();
    }

    static string Insert(int count) => Inserts.GetOrAdd(count, static count =>
        "INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since) VALUES " +
        string.Join(", ", Enumerable.Range(0, count).Select(i => $"(@id{i}, @submission, @channel{i}, @target{i}, @now)")));

    static readonly ConcurrentDictionary<int, string> Inserts = new();

    /// <returns>False when the address has had as many as it may have.</returns>
    static bool CountAcknowledgement(SqliteConnection connection, byte[] address, Instant now) => connection.Prepared(
        """
        INSERT INTO acknowledged_addresses (address, written_at)
        SELECT @address, @now
        WHERE (SELECT count(*) FROM acknowledged_addresses WHERE address = @address AND written_at > @since AND written_at <= @now) < @most
        """,
        ("@address", address),
        ("@now", SqlTypes.ToColumn(now)),
        ("@since", SqlTypes.ToColumn(now - AcknowledgementPeriod)),
        ("@most", MostAcknowledgements)).ExecuteNonQuery() == 1;

    /// <summary>Forgets addresses that may be acknowledged again.</summary>
    public Task<int> ForgetAcknowledgedAsync(Instant now, CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "DELETE FROM acknowledged_addresses WHERE written_at <= @since OR written_at > @now",
        new { now, since = now - AcknowledgementPeriod }), ct);

    /// <summary>
    /// Claims what is due, the longest due first, and of those at once the one that waits longest; some of it at a time. Nobody
    /// else gets it until the claim ends.
    /// </summary>
    /// <param name="sources">By which ways and to whom; a target of <c>null</c>: to anybody.</param>
    /// <param name="now">What is due until then.</param>
    /// <param name="limit">How much of each source at most.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns><c>null</c> when nothing is due.</returns>
    public async Task<Claim?> ClaimAsync(IReadOnlyList<(string Channel, string? Target)> sources, Instant now, int limit, CancellationToken ct)
    {
        var (name, until) = (Guid.NewGuid().ToString(), now + Claim.Length);
        List<(string Channel, string? Target)> due = [];
        await using (var connection = await db.OpenAsync(ct))
        {
            // Most looks find nothing, and need not wait for the writer.
            foreach (var (channel, target) in sources)
            {
                var any = new CommandDefinition($"SELECT EXISTS ({SelectDue})", Parameters(channel, target), cancellationToken: ct);
                if (await connection.ExecuteScalarAsync<bool>(any)) due.Add((channel, target));
            }
        }
        if (due.Count == 0) return null;

        var ids = await db.WriteSynchronouslyAsync(connection => due.SelectMany(source => connection.Query<long>(
            $"UPDATE outbox SET claimed_by = @name, claimed_until = @until WHERE id IN ({SelectDue}) RETURNING id", Parameters(source.Channel, source.Target))).ToArray(), ct);
        if (ids.Length == 0) return null;
        await using var reader = await db.OpenAsync(ct);
        var deliveries = await reader.QueryAsync<Delivery>(new CommandDefinition(
            """
            SELECT o.id, o.delivery_id, o.channel, o.target, o.attempts, s.reference, l.slug AS location, l.name AS location_name, l.time_zone,
                   s.received_at, coalesce(s.released_at, s.received_at) AS occurred_at, s.reply_by, s.language,
                   CASE WHEN o.channel = 'acknowledgement' THEN s.sealed END AS sealed
            FROM outbox o
            JOIN submissions s ON s.id = o.submission_id
            JOIN locations l ON l.id = s.location_id
            WHERE o.id IN (SELECT value FROM json_each(@ids))
            ORDER BY o.due_at, o.waiting_since, o.id
            """,
            new { ids = JsonSerializer.Serialize(ids) }, cancellationToken: ct));
        // Of each source in turn, so that none waits for the end of another.
        return new Claim(name, [.. due.SelectMany(source => deliveries.Where(delivery => delivery.Channel == source.Channel))], until);

        object Parameters(string channel, string? target) => new { channel, target, now, limit, name, until, longest = until, recipients };
    }

    const string SelectDue =
        $"""
        SELECT o.id
        FROM outbox o
        JOIN submissions s ON s.id = o.submission_id
        JOIN locations l ON l.id = s.location_id
        WHERE {IsDue}
        ORDER BY o.due_at, o.waiting_since, o.id
        LIMIT @limit
        """;

    /// <summary>Makes a claim last longer.</summary>
    public Task RenewAsync(Claim claim, Instant until, CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "UPDATE outbox SET claimed_until = @until WHERE id IN (SELECT value FROM json_each(@ids)) AND claimed_by = @name",
        new { until, ids = JsonSerializer.Serialize(claim.Open), name = claim.Name }), ct);

    /// <summary>Gives back what was claimed and not tried.</summary>
    public Task ReleaseAsync(Claim claim) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "UPDATE outbox SET claimed_by = NULL, claimed_until = '' WHERE id IN (SELECT value FROM json_each(@ids)) AND claimed_by = @name",
        new { ids = JsonSerializer.Serialize(claim.Open), name = claim.Name }), CancellationToken.None);

    /// <summary>When the next attempt is due after <paramref name="now"/>; <c>null</c> when none is.</summary>
    /// <param name="channel">By which way.</param>
    /// <param name="target">To whom; <c>null</c>: to anybody.</param>
    /// <param name="now">When what was due was claimed. What was due then and is still there is somebody else's.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<Instant?> NextDueAsync(string channel, string? target, Instant now, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var next = await connection.QuerySingleAsync<NextDue>(new CommandDefinition(
            """
            SELECT min(due_at) AS due_at
            FROM outbox
            WHERE state = 'waiting' AND channel = @channel AND (@target IS NULL OR target = @target) AND due_at > @now
            """,
            new { channel, target, now }, cancellationToken: ct));
        return next.DueAt;
    }

    sealed record NextDue
    {
        public required Instant? DueAt { get; init; }
    }

    /// <summary>Writes down what came of attempts, which ends their claim.</summary>
    /// <param name="claim">The claim that they were made under.</param>
    /// <param name="marks">Of each delivery.</param>
    /// <param name="disabled">The webhook to call no more, if there is one.</param>
    /// <param name="now">The present.</param>
    public Task MarkAsync(Claim claim, IReadOnlyList<Mark> marks, string? disabled, Instant now) => db.WriteSynchronouslyAsync(connection =>
    {
        foreach (var mark in marks)
        {
            connection.Prepared(
                """
                UPDATE outbox
                SET state = @state, attempts = attempts + 1, tried_at = @tried, due_at = @due, fault = @fault, claimed_by = NULL, claimed_until = ''
                WHERE id = @id AND state = 'waiting' AND (claimed_by = @claim OR @state = 'delivered')
                """,
                ("@state", mark.State),
                ("@tried", SqlTypes.ToColumn(mark.TriedAt)),
                ("@due", mark.DueAt is { } due ? SqlTypes.ToColumn(due) : ""),
                ("@fault", mark.Fault),
                ("@id", mark.Id),
                ("@claim", claim.Name)).ExecuteNonQuery();
        }
        if (disabled is not null)
            connection.Execute("INSERT INTO disabled_webhooks (name, disabled_at) VALUES (@disabled, @now) ON CONFLICT (name) DO NOTHING", new { disabled, now });
        return 0;
    }, CancellationToken.None); // What was delivered is marked, also while the program stops.

    /// <summary>Gives up what waits for a webhook that is disabled.</summary>
    /// <returns>How much; <c>null</c> when it is not disabled.</returns>
    public async Task<int?> GiveUpDisabledAsync(string name, string fault, Instant now, CancellationToken ct)
    {
        await using (var connection = await db.OpenAsync(ct))
        {
            var (disabled, waits) = await connection.QuerySingleAsync<(bool, bool)>(new CommandDefinition(
                """
                SELECT EXISTS (SELECT 1 FROM disabled_webhooks WHERE name = @name),
                       EXISTS (SELECT 1 FROM outbox WHERE state = 'waiting' AND channel = 'webhook' AND target = @name)
                """, new { name }, cancellationToken: ct));
            if (!disabled) return null;
            if (!waits) return 0;
        }
        return await db.WriteSynchronouslyAsync(connection => connection.Execute(
            """
            UPDATE outbox AS o SET state = 'failed', fault = @fault
            WHERE o.state = 'waiting' AND o.channel = 'webhook' AND o.target = @name AND EXISTS (SELECT 1 FROM disabled_webhooks WHERE name = @name) AND
            """ + " " + IsFree,
            new { name, fault, now, longest = now + Claim.Length }), ct);
    }

    /// <summary>
    /// Gives up what waits for mail, recipients or webhooks that have left the configuration: it would wait for ever, and nobody
    /// would know. A recipient whose address is written in another way stays.
    /// </summary>
    /// <returns>How much.</returns>
    public async Task<int> GiveUpUnconfiguredAsync(Instant now, CancellationToken ct)
    {
        (string Location, string Target)[] others;
        await using (var connection = await db.OpenAsync(ct))
        {
            others = [.. await connection.QueryAsync<(string, string)>(new CommandDefinition(
                $"""
                SELECT DISTINCT l.slug, o.target
                FROM outbox o
                JOIN submissions s ON s.id = o.submission_id
                JOIN locations l ON l.id = s.location_id
                WHERE o.state = 'waiting' AND o.channel = 'mail' AND NOT {IsConfigured}
                """,
                new { recipients }, cancellationToken: ct))];
        }
        return await db.WriteSynchronouslyAsync(connection =>
        {
            var longest = now + Claim.Length;
            var givenUp = connection.Execute(
                $"""
                UPDATE outbox AS o SET state = 'failed', fault = CASE WHEN @mailIsOn AND o.channel = 'acknowledgement' THEN @acknowledgements ELSE @channels END
                WHERE o.state = 'waiting' AND {IsFree} AND CASE o.channel
                    WHEN 'webhook' THEN o.target NOT IN (SELECT value FROM json_each(@names))
                    WHEN 'acknowledgement' THEN NOT @acknowledge
                    ELSE NOT @mailIsOn END
                """,
                new
                {
                    now,
                    longest,
                    mailIsOn = mail.IsOn,
                    acknowledge = mail.IsOn && mail.Acknowledge,
                    names = JsonSerializer.Serialize(webhooks.Endpoints.Select(endpoint => endpoint.Name)),
                    channels = "mail, or this webhook, is configured no more",
                    acknowledgements = "acknowledgements are configured no more",
                });
            if (!mail.IsOn) return givenUp;
            foreach (var (location, target) in others)
            {
                var renamed = mail.FindRecipient(location, target);
                var count = connection.Execute(
                    $"""
                    UPDATE outbox AS o
                    SET target = coalesce(@renamed, o.target), state = CASE WHEN @renamed IS NULL THEN 'failed' ELSE o.state END,
                        fault = CASE WHEN @renamed IS NULL THEN 'this recipient is configured no more' ELSE o.fault END
                    WHERE o.state = 'waiting' AND o.channel = 'mail' AND o.target = @target AND {IsFree}
                      AND EXISTS (SELECT 1 FROM submissions s JOIN locations l ON l.id = s.location_id WHERE s.id = o.submission_id AND l.slug = @location)
                    """,
                    new { renamed, target, location, now, longest });
                if (renamed is null) givenUp += count;
            }
            return givenUp;
        }, ct);
    }

    /// <summary>Makes due at once what was last tried in the future: the clock was set back since, and its due time is not right any more.</summary>
    public Task<int> BringForwardAsync(Instant now, CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND tried_at > @now", new { now }), ct);

    /// <summary>Makes due at once whatever was tried before: the clock was set back just now.</summary>
    public Task<int> BringForwardAsync(CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND due_at > ''"), ct);

    public async Task<OutboxCounts> CountAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.QuerySingleAsync<OutboxCounts>(new CommandDefinition(
            """
            SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting' AND channel <> 'acknowledgement') AS waiting,
                   (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel <> 'acknowledgement') AS failed,
                   (SELECT min(waiting_since) FROM outbox WHERE state = 'waiting' AND channel <> 'acknowledgement') AS oldest_waiting_since,
                   (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel = 'acknowledgement') AS failed_acknowledgements,
                   (SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL AND released_at IS NULL) AS quarantined
            """, cancellationToken: ct));
    }

    /// <summary>The slugs of all locations.</summary>
    public async Task<IReadOnlyList<string>> ListLocationsAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<string>(new CommandDefinition("SELECT slug FROM locations ORDER BY slug", cancellationToken: ct))];
    }

    // --- For the operator

    /// <summary>What failed or waits, one by one, those that failed first.</summary>
    public async IAsyncEnumerable<OutboxEntry> ListAsync()
    {
        await using var connection = await db.OpenAsync(CancellationToken.None);
        var entries = connection.QueryUnbufferedAsync<OutboxEntry>(
            """
            SELECT o.delivery_id, s.reference, o.channel, o.target, o.state, o.attempts, nullif(o.due_at, '') AS due_at, o.fault
            FROM outbox o
            JOIN submissions s ON s.id = o.submission_id
            WHERE o.state <> 'delivered'
            ORDER BY o.state, o.id
            """);
        await foreach (var entry in entries) yield return entry;
    }

    /// <summary>Lets what failed wait again, from the beginning of the plan, and enables the webhooks that it is for.</summary>
    /// <param name="deliveryId">Only this one; <c>null</c>: all that failed, and every webhook is enabled.</param>
    /// <param name="now">The present.</param>
    /// <param name="ct">Cancels it.</param>
    /// <returns>How many wait again.</returns>
    public Task<int> RetryAsync(string? deliveryId, Instant now, CancellationToken ct) => db.WriteSynchronouslyAsync(connection =>
    {
        connection.Execute(
            """
            DELETE FROM disabled_webhooks
            WHERE @deliveryId IS NULL
               OR name IN (SELECT target FROM outbox WHERE delivery_id = @deliveryId AND state = 'failed' AND channel = 'webhook')
            """, new { deliveryId });
        return connection.Execute(
            """
            UPDATE outbox SET state = 'waiting', attempts = 0, waiting_since = @now, due_at = '', tried_at = NULL
            WHERE state = 'failed' AND (@deliveryId IS NULL OR delivery_id = @deliveryId)
            """, new { deliveryId, now });
    }, ct);
}
