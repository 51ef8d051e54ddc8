using System.Data.Common;
using System.Security.Cryptography;
using Api.Data;
using Api.Outbox;
using Dapper;
using NodaTime;

namespace Api.Contact.Inbox;

/// <summary>A submission in a list for the staff.</summary>
sealed record SubmissionSummary
{
    public required string Reference { get; init; }
    public required string Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required Instant? HandledAt { get; init; }

    /// <summary>Why it is set aside as spam; <c>null</c> when it is not, or was released.</summary>
    public required string? QuarantinedFor { get; init; }
}

/// <summary>What the staff do with submissions.</summary>
sealed class InboxStore(
    Database db,
    ContactStore submissions,
    SubmissionSeal seal,
    SubmissionHashes hashes,
    OutboxStore outbox
)
{
    const string SelectSummaries = """
        SELECT s.reference, l.slug AS location, s.received_at, s.reply_by, s.handled_at,
               CASE WHEN s.released_at IS NULL THEN s.quarantined_for END AS quarantined_for
        FROM submissions s
        JOIN locations l ON l.id = s.location_id
        """;

    /// <summary>The newest submissions in quarantine, or the newest others, newest first.</summary>
    public Task<IReadOnlyList<SubmissionSummary>> ListAsync(bool quarantined, int limit, CancellationToken ct) =>
        ListAsync(
            """
            WHERE (s.quarantined_for IS NOT NULL AND s.released_at IS NULL) = @quarantined
            ORDER BY s.id DESC
            LIMIT @limit
            """,
            new { quarantined, limit },
            ct
        );

    /// <summary>A person's submissions by an e-mail address or a telephone number in E.164, newest first.</summary>
    public Task<IReadOnlyList<SubmissionSummary>> FindBySenderAsync(
        string? email,
        string? telephone,
        CancellationToken ct
    ) =>
        ListAsync(
            """
            WHERE s.id IN (SELECT id FROM submissions WHERE email_index = @email OR telephone_index = @telephone)
            ORDER BY s.id DESC
            """,
            new { email = hashes.HashEmail(email), telephone = hashes.HashTelephone(telephone) },
            ct
        );

    Task<IReadOnlyList<SubmissionSummary>> ListAsync(string condition, object values, CancellationToken ct) =>
        db.ReadAsync<IReadOnlyList<SubmissionSummary>>(
            async connection =>
                [
                    .. await connection.QueryAsync<SubmissionSummary>(
                        new CommandDefinition($"{SelectSummaries} {condition}", values, cancellationToken: ct)
                    ),
                ],
            ct
        );

    /// <summary>The number of submissions in quarantine.</summary>
    public Task<int> CountQuarantinedAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<int>(
                    new CommandDefinition(
                        "SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL AND released_at IS NULL",
                        cancellationToken: ct
                    )
                ),
            ct
        );

    /// <summary>What the sender wrote, or <c>null</c>.</summary>
    /// <exception cref="CryptographicException">The keys are not those that it was sealed with.</exception>
    public async Task<SubmissionContent?> OpenAsync(string reference, CancellationToken ct)
    {
        var content = await db.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<byte[]>(
                    new CommandDefinition(
                        "SELECT sealed FROM submissions WHERE reference = @reference",
                        new { reference },
                        cancellationToken: ct
                    )
                ),
            ct
        );
        return content is null ? null : seal.Open(reference, content);
    }

    /// <returns>False when there is no such submission, or it was marked before.</returns>
    public async Task<bool> MarkHandledAsync(string reference, Instant now, CancellationToken ct)
    {
        var marked = await db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    "UPDATE submissions SET handled_at = @now WHERE reference = @reference AND handled_at IS NULL",
                    new { reference, now }
                ),
            ct
        );
        return marked == 1;
    }

    /// <summary>Takes a submission out of quarantine, and notifies the staff of its location.</summary>
    /// <returns>False when there is no such submission in quarantine.</returns>
    public async Task<bool> ReleaseAsync(string reference, Instant now, CancellationToken ct)
    {
        var mailbox = await HashMailboxAsync(reference, ct);
        return await db.WriteAsync(
            async connection =>
            {
                var released = await connection.QuerySingleOrDefaultAsync<(long Id, string Location)?>(
                    """
                    UPDATE submissions SET released_at = @now
                    WHERE reference = @reference AND quarantined_for IS NOT NULL AND released_at IS NULL
                    RETURNING id, (SELECT slug FROM locations WHERE locations.id = location_id)
                    """,
                    new { reference, now }
                );
                if (released is not { } submission)
                    return false;
                await outbox.AddAsync(connection, submission.Id, submission.Location, mailbox, now, traceParent: null);
                return true;
            },
            ct
        );
    }

    async Task<byte[]?> HashMailboxAsync(string reference, CancellationToken ct)
    {
        try
        {
            return hashes.HashMailbox((await OpenAsync(reference, ct))?.Email);
        }
        catch (CryptographicException)
        {
            // Without the keys the sender's address is unknown, so there is no acknowledgement.
            return null;
        }
    }

    /// <summary>
    /// Removes a submission and everything that belongs to it. No byte of it stays in the database, nor in its log once
    /// that can be emptied: see <see cref="Database.TryRemoveTracesAsync"/>. Earlier backups still have it.
    /// If it came with an Idempotency-Key, a keyed hash stays, so that a repetition is not stored again.
    /// </summary>
    /// <returns>False when there is no such submission.</returns>
    public async Task<bool> EraseAsync(string reference, Instant now, CancellationToken ct)
    {
        var fingerprint = (await submissions.FindAsync(reference, ct))?.Fingerprint;
        var isErased = await db.WriteAsync(
            async connection =>
            {
                // A repetition that is being stored just now would not see that the submission is erased.
                await db.BlockWritersAsync(connection, "submissions");
                if (fingerprint is not null)
                    await RememberErasedAsync(connection, reference, fingerprint);
                if (
                    await connection.ExecuteAsync(
                        "DELETE FROM submissions WHERE reference = @reference",
                        new { reference }
                    ) == 0
                )
                    return false;
                await db.RememberErasureAsync(connection, now);
                return true;
            },
            ct
        );
        if (isErased)
            await db.TryRemoveTracesAsync(ct);
        return isErased;
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
