using System.Data.Common;
using System.Runtime.CompilerServices;
using Api.Data;
using Api.Http;
using Dapper;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Audit;

/// <summary>Which entries of the audit to list. <c>null</c> does not restrict.</summary>
sealed record AuditFilter
{
    public required string? Actor { get; init; }
    public required AuditAction? Action { get; init; }
    public required string? Reference { get; init; }
    public required Instant? From { get; init; }

    /// <summary>Exclusive.</summary>
    public required Instant? To { get; init; }
}

/// <summary>
/// Records what the staff do. Each entry is also a line of the log, so that a copy can leave the machine. Triggers in
/// the database refuse to change an entry, and to delete one before its time.
/// </summary>
sealed partial class AuditStore(Database db, IOptions<AuditOptions> options, TimeProvider time, ILogger<AuditStore> log)
{
    const string Nothing = "-";

    /// <summary>Records something that changes nothing. When the task completes, the entry is on disk.</summary>
    public Task RecordAsync(Deed deed, CancellationToken ct) =>
        WriteAsync(
            (_, deeds) =>
            {
                deeds.Add(deed);
                return Task.FromResult(true);
            },
            ct
        );

    /// <summary>Runs a write, and records what it did in the same commit.</summary>
    /// <param name="work">Does it, and adds what it did to the list.</param>
    /// <inheritdoc cref="Database.WriteAsync" path="/param|/exception"/>
    public async Task<T> WriteAsync<T>(
        Func<DbConnection, List<Deed>, Task<T>> work,
        CancellationToken ct,
        Action? beforeCommit = null,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    )
    {
        var (result, done) = await db.WriteAsync(
            async connection =>
            {
                List<Deed> deeds = [];
                var result = await work(connection, deeds);
                foreach (var deed in deeds)
                    await AddAsync(connection, deed);
                return (result, deeds);
            },
            ct,
            beforeCommit,
            method: method,
            file: file
        );
        foreach (var deed in done)
            Log(deed);
        return result;
    }

    Task<int> AddAsync(DbConnection connection, Deed deed)
    {
        var now = time.GetCurrentInstant();
        return connection.ExecuteAsync(
            """
            INSERT INTO audit_entries (at, actor, actor_name, roles, action, reference, details, request_id, keep_until)
            VALUES (@now, @Id, @Name, @Roles, @action, @Reference, @Details, @RequestId, @keepUntil)
            """,
            new
            {
                now,
                deed.Actor.Id,
                deed.Actor.Name,
                deed.Actor.Roles,
                action = Json.NameOf(deed.Action),
                deed.Reference,
                deed.Details,
                deed.Actor.RequestId,
                keepUntil = now + Duration.FromDays(options.Value.RetentionDays),
            }
        );
    }

    void Log(Deed deed)
    {
        if (!log.IsEnabled(LogLevel.Information))
            return;
        var (action, actor) = (Json.NameOf(deed.Action), deed.Actor);
        var roles = actor.Roles is null ? Nothing : string.Join(',', actor.Roles);
        LogDeed(
            action,
            actor.Id,
            actor.Name ?? Nothing,
            roles,
            deed.Reference ?? Nothing,
            deed.Details ?? Nothing,
            actor.RequestId ?? Nothing
        );
    }

    /// <summary>Lists entries, newest first.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="before">The row of the last entry of the page before; <c>null</c> for the first page.</param>
    /// <param name="limit">The largest number of entries.</param>
    public Task<IReadOnlyList<(long Row, AuditEntry Entry)>> ListAsync(
        AuditFilter filter,
        long? before,
        int limit,
        CancellationToken ct
    )
    {
        List<string> conditions = [];
        if (before is not null)
            conditions.Add("id < @before");
        if (filter.Actor is not null)
            conditions.Add("actor = @Actor");
        if (filter.Action is not null)
            conditions.Add("action = @action");
        if (filter.Reference is not null)
            conditions.Add("reference = @Reference");
        if (filter.From is not null)
            conditions.Add("at >= @From");
        if (filter.To is not null)
            conditions.Add("at < @To");
        var where = conditions.Count == 0 ? "" : "WHERE " + string.Join(" AND ", conditions);
        return db.ReadAsync<IReadOnlyList<(long, AuditEntry)>>(
            async connection =>
            {
                var rows = await connection.QueryAsync<Row>(
                    new CommandDefinition(
                        $"""
                        SELECT id, at, actor, actor_name, roles, action, reference, details, request_id
                        FROM audit_entries
                        {where}
                        ORDER BY id DESC
                        LIMIT @limit
                        """,
                        new
                        {
                            before,
                            filter.Actor,
                            action = filter.Action is { } action ? Json.NameOf(action) : null,
                            filter.Reference,
                            filter.From,
                            filter.To,
                            limit,
                        },
                        cancellationToken: ct
                    )
                );
                return [.. rows.Select(row => (row.Id, row.ToEntry()))];
            },
            ct
        );
    }

    /// <summary>How a submission was changed, oldest first. Who has read it is left out.</summary>
    /// <param name="connection">The connection of the read or write that asks.</param>
    /// <param name="reference">Its reference.</param>
    public static async Task<IReadOnlyList<AuditEntry>> FindHistoryAsync(DbConnection connection, string reference)
    {
        var rows = await connection.QueryAsync<Row>(
            """
            SELECT id, at, actor, actor_name, roles, action, reference, details, request_id
            FROM audit_entries
            WHERE reference = @reference AND action IN ('stateChanged', 'assigneeChanged', 'noteAdded')
            ORDER BY id
            """,
            new { reference }
        );
        return [.. rows.Select(row => row.ToEntry())];
    }

    /// <summary>Deletes a batch of entries whose time is over.</summary>
    /// <returns>How many.</returns>
    public Task<int> ForgetAsync(Instant now, int limit, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    """
                    DELETE FROM audit_entries
                    WHERE id IN (SELECT id FROM audit_entries WHERE keep_until <= @now ORDER BY keep_until LIMIT @limit)
                    """,
                    new { now, limit }
                ),
            ct
        );

    sealed record Row
    {
        public required long Id { get; init; }
        public required Instant At { get; init; }
        public required string Actor { get; init; }
        public required string? ActorName { get; init; }
        public required IReadOnlyList<string>? Roles { get; init; }
        public required AuditAction Action { get; init; }
        public required string? Reference { get; init; }
        public required string? Details { get; init; }
        public required string? RequestId { get; init; }

        public AuditEntry ToEntry() => new(At, Actor, ActorName, Roles, Action, Reference, Details, RequestId);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Action} by {Actor}, name {Name}, roles {Roles}, reference {Reference}, details {Details}, "
            + "trace {TraceId}"
    )]
    partial void LogDeed(
        string action,
        string actor,
        string name,
        string roles,
        string reference,
        string details,
        string traceId
    );
}
