using System.Collections.Concurrent;
using Api.Data;
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
    /// <summary>Writes down what must be delivered about a submission. Called inside <see cref="Database.WriteAsync"/>.</summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="submission">The submission's row.</param>
    /// <param name="location">The slug of its location.</param>
    /// <param name="hasEmail">Whether its sender can be sent an acknowledgement.</param>
    /// <param name="now">When it was received or released.</param>
    public void Add(SqliteConnection connection, long submission, string location, bool hasEmail, Instant now)
    {
        List<(string Channel, string Target)> deliveries = [];
        if (mail.IsOn)
        {
            foreach (var recipient in mail.RecipientsOf(location)) deliveries.Add((Channel.Mail, recipient));
            if (mail.Acknowledge && hasEmail) deliveries.Add((Channel.Acknowledgement, ""));
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

    /// <summary>What is due, the longest due first, and of those at once the one that waits longest; some of it at a time.</summary>
    /// <param name="channel">By which way.</param>
    /// <param name="target">To whom; <c>null</c>: to anybody.</param>
    /// <param name="now">What is due until then.</param>
    /// <param name="limit">How much at most.</param>
    /// <param name="ct">Cancels it.</param>
    public async Task<IReadOnlyList<Delivery>> ReadDueAsync(string channel, string? target, Instant now, int limit, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<Delivery>(new CommandDefinition(
            """
            SELECT o.id, o.delivery_id, o.channel, o.target, o.attempts, s.reference, l.slug AS location, l.name AS location_name, l.time_zone,
                   s.received_at, coalesce(s.released_at, s.received_at) AS occurred_at, s.reply_by, s.language,
                   CASE WHEN o.channel = 'acknowledgement' THEN s.sealed END AS sealed
            FROM outbox o
            JOIN submissions s ON s.id = o.submission_id
            JOIN locations l ON l.id = s.location_id
            WHERE o.state = 'waiting' AND o.channel = @channel AND (@target IS NULL OR o.target = @target) AND o.due_at <= @now
            ORDER BY o.due_at, o.waiting_since, o.id
            LIMIT @limit
            """,
            new { channel, target, now, limit }, cancellationToken: ct))];
    }

    /// <summary>When the next attempt is due; <c>null</c> when nothing waits.</summary>
    /// <inheritdoc cref="ReadDueAsync" path="/param"/>
    public async Task<Instant?> NextDueAsync(string channel, string? target, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var next = await connection.QuerySingleAsync<NextDue>(new CommandDefinition(
            """
            SELECT min(due_at) AS due_at
            FROM outbox
            WHERE state = 'waiting' AND channel = @channel AND (@target IS NULL OR target = @target) AND due_at > ''
            """,
            new { channel, target }, cancellationToken: ct));
        return next.DueAt;
    }

    sealed record NextDue
    {
        public required Instant? DueAt { get; init; }
    }

    /// <summary>Writes down what came of attempts.</summary>
    /// <param name="marks">Of each delivery.</param>
    /// <param name="disabled">The webhook to call no more, if there is one.</param>
    /// <param name="now">The present.</param>
    public Task MarkAsync(IReadOnlyList<Mark> marks, string? disabled, Instant now) => db.WriteAsync(connection =>
    {
        foreach (var mark in marks)
        {
            connection.Prepared(
                """
                UPDATE outbox
                SET state = @state, attempts = attempts + 1, tried_at = @tried, due_at = @due, fault = @fault
                WHERE id = @id AND state = 'waiting'
                """,
                ("@state", mark.State),
                ("@tried", SqlTypes.ToColumn(mark.TriedAt)),
                ("@due", mark.DueAt is { } due ? SqlTypes.ToColumn(due) : ""),
                ("@fault", mark.Fault),
                ("@id", mark.Id)).ExecuteNonQuery();
        }
        if (disabled is not null)
            connection.Execute("INSERT INTO disabled_webhooks (name, disabled_at) VALUES (@disabled, @now) ON CONFLICT (name) DO NOTHING", new { disabled, now });
        return 0;
    }, CancellationToken.None); // What was delivered is marked, also while the program stops.

    /// <summary>Gives up what waits for a webhook that is disabled.</summary>
    /// <returns>How much; <c>null</c> when it is not disabled.</returns>
    public async Task<int?> GiveUpDisabledAsync(string name, string fault, CancellationToken ct)
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
        return await db.WriteAsync(connection => connection.Execute(
            """
            UPDATE outbox SET state = 'failed', fault = @fault
            WHERE state = 'waiting' AND channel = 'webhook' AND target = @name AND EXISTS (SELECT 1 FROM disabled_webhooks WHERE name = @name)
            """,
            new { name, fault }), ct);
    }

    /// <summary>Gives up what waits for mail or webhooks that are configured no more: it would wait for ever, and nobody would know.</summary>
    /// <returns>How much.</returns>
    public Task<int> GiveUpUnconfiguredAsync(string fault, CancellationToken ct) => db.WriteAsync(connection => connection.Execute(
        """
        UPDATE outbox SET state = 'failed', fault = @fault
        WHERE state = 'waiting' AND CASE WHEN channel = 'webhook' THEN target NOT IN (SELECT value FROM json_each(@names)) ELSE NOT @mailIsOn END
        """,
        new { fault, mailIsOn = mail.IsOn, names = System.Text.Json.JsonSerializer.Serialize(webhooks.Endpoints.Select(endpoint => endpoint.Name)) }), ct);

    /// <summary>Makes due at once what was last tried in the future: the clock was set back since, and its due time is not right any more.</summary>
    public Task<int> BringForwardAsync(Instant now, CancellationToken ct) => db.WriteAsync(connection => connection.Execute(
        "UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND tried_at > @now", new { now }), ct);

    /// <summary>Makes due at once whatever was tried before: the clock was set back just now.</summary>
    public Task<int> BringForwardAsync(CancellationToken ct) => db.WriteAsync(connection => connection.Execute(
        "UPDATE outbox SET due_at = '' WHERE state = 'waiting' AND due_at > ''"), ct);

    public async Task<OutboxCounts> CountAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.QuerySingleAsync<OutboxCounts>(new CommandDefinition(
            """
            SELECT (SELECT count(*) FROM outbox WHERE state = 'waiting' AND channel <> 'acknowledgement') AS waiting,
                   (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel <> 'acknowledgement') AS failed,
                   (SELECT min(waiting_since) FROM outbox WHERE state = 'waiting' AND channel <> 'acknowledgement') AS oldest_waiting_since,
                   (SELECT count(*) FROM outbox WHERE state = 'failed' AND channel = 'acknowledgement') AS failed_acknowledgements
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
    public Task<int> RetryAsync(string? deliveryId, Instant now, CancellationToken ct) => db.WriteAsync(connection =>
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
