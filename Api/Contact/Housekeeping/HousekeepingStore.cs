using System.Data.Common;
using System.Security.Cryptography;
using Api.Data;
using Dapper;
using NodaTime;

namespace Api.Contact.Housekeeping;

/// <summary>What the program does with submissions by itself.</summary>
sealed class HousekeepingStore(Database db, SubmissionSeal seal, SubmissionHashes hashes)
{
    /// <summary>Deletes a batch of redeemed challenges that have expired.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> ForgetChallengesAsync(Instant expired, CancellationToken ct)
    {
        const int Batch = 500;
        var deleted = await db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    """
                    DELETE FROM redeemed_challenges
                    WHERE digest IN (SELECT digest FROM redeemed_challenges WHERE expires_at <= @expired LIMIT @Batch)
                    """,
                    new { expired, Batch }
                ),
            ct
        );
        return deleted == Batch;
    }

    /// <summary>
    /// Deletes what is kept about erased submissions whose Idempotency-Keys have expired, except for the fact that the
    /// keys were used.
    /// </summary>
    /// <returns>How many.</returns>
    public Task<int> ForgetErasedAsync(Instant keysSince, CancellationToken ct) =>
        db.WriteAsync(
            connection =>
                connection.ExecuteAsync(
                    """
                    UPDATE erased_submissions
                    SET fingerprint_hash = NULL, location_id = NULL, reply_by = NULL, after_hours = NULL,
                        language = NULL
                    WHERE fingerprint_hash IS NOT NULL AND received_at <= @keysSince
                    """,
                    new { keysSince }
                ),
            ct
        );

    /// <summary>
    /// The references and versions of a batch of messages whose retention is over, the oldest first.
    /// </summary>
    /// <param name="handledBefore">Until when they were handled; <c>null</c>: these are kept.</param>
    /// <param name="spamBefore">Until when spam was received; <c>null</c>: it is kept.</param>
    /// <param name="limit">The largest number of messages.</param>
    public Task<IReadOnlyList<(string Reference, IReadOnlyList<long>? Versions)>> FindExpiredAsync(
        Instant? handledBefore,
        Instant? spamBefore,
        int limit,
        CancellationToken ct
    ) =>
        db.ReadAsync<IReadOnlyList<(string, IReadOnlyList<long>?)>>(
            async connection =>
                [
                    .. from row in await connection.QueryAsync<(string Reference, long Version)>(
                        new CommandDefinition(
                            """
                            SELECT reference, version
                            FROM submissions
                            WHERE (state = 'handled' AND handled_at <= @handledBefore)
                               OR (state = 'spam' AND received_at <= @spamBefore)
                            ORDER BY received_at
                            LIMIT @limit
                            """,
                            new
                            {
                                handledBefore,
                                spamBefore,
                                limit,
                            },
                            cancellationToken: ct
                        )
                    )
                    select (row.Reference, new[] { row.Version }),
                ],
            ct
        );

    /// <summary>Whether there are submissions, which the keys must open.</summary>
    public Task<bool> HasSubmissionsAsync(CancellationToken ct) =>
        db.ReadAsync(
            connection =>
                connection.ExecuteScalarAsync<bool>(
                    new CommandDefinition("SELECT EXISTS (SELECT 1 FROM submissions)", cancellationToken: ct)
                ),
            ct
        );

    /// <summary>Whether the keys open the newest submission; true when there is none.</summary>
    public async Task<bool> CanOpenAsync(CancellationToken ct)
    {
        var newest = await db.ReadAsync(
            connection =>
                connection.QuerySingleOrDefaultAsync<(string Reference, byte[] Sealed)?>(
                    new CommandDefinition(
                        "SELECT reference, sealed FROM submissions ORDER BY id DESC LIMIT 1",
                        cancellationToken: ct
                    )
                ),
            ct
        );
        if (newest is not { } submission)
            return true;
        try
        {
            seal.Open(submission.Reference, submission.Sealed);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    /// <summary>
    /// Seals the submissions that an older program stored in clear, and leaves no byte of the originals behind.
    /// </summary>
    public async Task SealOldAsync(string telephoneRegion, Instant now, CancellationToken ct)
    {
        var hasSealed = false;
        while (
            await db.WriteAsync(connection => SealOldBatchAsync(connection, telephoneRegion, now), ct, seal.RequireKeys)
        )
            hasSealed = true;
        if (hasSealed)
            await db.TryRemoveTracesAsync(ct);
    }

    /// <returns>Whether there may be more.</returns>
    async Task<bool> SealOldBatchAsync(DbConnection connection, string telephoneRegion, Instant now)
    {
        var rows = (
            await connection.QueryAsync<ClearRow>(
                """
                SELECT id, reference, location_id, name, email, telephone, preferred_contact, message, received_at
                FROM submissions_in_clear
                ORDER BY id
                LIMIT 200
                """
            )
        ).AsList();
        if (rows.Count == 0)
            return false;
        foreach (var row in rows)
            await SealOldAsync(connection, row, telephoneRegion);
        await db.RememberErasureAsync(connection, now);
        return true;
    }

    async Task SealOldAsync(DbConnection connection, ClearRow row, string telephoneRegion)
    {
        var telephone = row.Telephone is null ? null : TelephoneNumber.Read(row.Telephone, telephoneRegion);
        var preferred = row.PreferredContact == "email" ? PreferredContact.Email : PreferredContact.Telephone;
        var content = new SubmissionContent(
            row.Reference,
            row.Name,
            row.Email,
            telephone?.E164 ?? row.Telephone,
            telephone?.Extension,
            preferred,
            row.Message
        );
        await connection.ExecuteAsync(
            """
            INSERT INTO submissions (reference, location_id, received_at, language, email_index, telephone_index,
                                     sealed)
            VALUES (@Reference, @LocationId, @ReceivedAt, 'en', @emailIndex, @telephoneIndex, @content)
            """,
            new
            {
                row.Reference,
                row.LocationId,
                row.ReceivedAt,
                emailIndex = hashes.HashEmail(row.Email),
                telephoneIndex = hashes.HashTelephone(telephone?.E164),
                content = seal.Seal(content),
            }
        );
        await connection.ExecuteAsync("DELETE FROM submissions_in_clear WHERE id = @Id", new { row.Id });
    }

    sealed record ClearRow
    {
        public required long Id { get; init; }
        public required string Reference { get; init; }
        public required long LocationId { get; init; }
        public required string Name { get; init; }
        public required string? Email { get; init; }
        public required string? Telephone { get; init; }
        public required string PreferredContact { get; init; }
        public required string Message { get; init; }
        public required Instant ReceivedAt { get; init; }
    }
}
