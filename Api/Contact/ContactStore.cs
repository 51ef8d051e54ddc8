using System.Data.Common;
using Api.Contact.Inbox;
using Api.Data;
using Api.Locations;
using Api.Outbox;
using Dapper;
using NodaTime;

namespace Api.Contact;

/// <summary>A submission that is ready to be stored.</summary>
sealed record NewSubmission
{
    public required string Reference { get; init; }
    public required ScheduledLocation Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required bool? AfterHours { get; init; }
    public required string Language { get; init; }

    /// <summary>Why it is set aside as spam; <c>null</c> when it is not.</summary>
    public required string? QuarantinedFor { get; init; }

    /// <summary>A keyed hash of the sender's mailbox; <c>null</c> when it gets no acknowledgement.</summary>
    public required byte[]? MailboxHash { get; init; }

    public required byte[]? EmailIndex { get; init; }
    public required byte[]? TelephoneIndex { get; init; }

    /// <summary>A keyed hash of what was sent with an Idempotency-Key; <c>null</c> without one.</summary>
    public required byte[]? Fingerprint { get; init; }

    /// <summary>
    /// A keyed hash of the reference, which is kept after erasure; <c>null</c> without an Idempotency-Key.
    /// </summary>
    public required byte[]? ErasedHash { get; init; }

    /// <summary>The solved challenge to redeem, if there is one.</summary>
    public required Redemption? Challenge { get; init; }

    public required byte[] Sealed { get; init; }

    /// <inheritdoc cref="Delivery.TraceParent"/>
    public required string? TraceParent { get; init; }
}

/// <summary>The result of storing a submission.</summary>
enum IntakeOutcome
{
    /// <summary>It is stored.</summary>
    Stored,

    /// <summary>The same submission was stored before under the same Idempotency-Key.</summary>
    Repeated,

    /// <summary>Another submission was stored before under the same Idempotency-Key.</summary>
    KeyTaken,

    /// <summary>Its challenge was redeemed before, perhaps for the same submission.</summary>
    ChallengeSpent,

    /// <summary>
    /// Another submission has the same reference. It came with the same Idempotency-Key, which has expired since; or it
    /// is a coincidence, once in a million years.
    /// </summary>
    ReferenceTaken,
}

/// <summary>What is stored in clear about a submission: enough for its receipt.</summary>
sealed record StoredSubmission
{
    public required string Reference { get; init; }
    public required string Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required bool? AfterHours { get; init; }
    public required string Language { get; init; }
    public required Instant? HandledAt { get; init; }
    public required HandledBy? HandledBy { get; init; }
    public required byte[]? Fingerprint { get; init; }

    /// <summary>Whether it was erased. The fingerprint is then a hash of the fingerprint.</summary>
    public required bool IsErased { get; init; }
}

/// <summary>Stores submissions, and finds them again for their receipts.</summary>
sealed class ContactStore(Database db, SubmissionSeal seal, SubmissionHashes hashes, OutboxStore outbox)
{
    /// <summary>
    /// Stores a submission, redeems its challenge and adds its deliveries to the outbox, all or nothing. When the task
    /// completes, it is on disk.
    /// </summary>
    /// <param name="submission">The submission.</param>
    /// <param name="keysSince">Idempotency-Keys from before then have expired.</param>
    /// <returns>The outcome, and for <see cref="IntakeOutcome.Repeated"/> the earlier submission.</returns>
    public async Task<(IntakeOutcome Outcome, StoredSubmission? Earlier)> AddAsync(
        NewSubmission submission,
        Instant keysSince
    )
    {
        var outcome = await db.WriteAsync(
            connection => StoreAsync(connection, submission),
            // A sender whose connection breaks now has still written to the clinic.
            CancellationToken.None,
            beforeCommit: seal.RequireKeys,
            // Then there is nothing to write but what TryInsertAsync does.
            isOneCommand: submission.Challenge is null && submission.MailboxHash is null
        );
        if (outcome != IntakeOutcome.ReferenceTaken || submission.Fingerprint is null)
            return (outcome, null);

        var earlier = await FindEvenErasedAsync(submission.Reference, CancellationToken.None);
        // The Idempotency-Key has expired.
        if (earlier is null || earlier.ReceivedAt <= keysSince)
            return (outcome, null);
        return IsRepetition(earlier, submission.Fingerprint)
            ? (IntakeOutcome.Repeated, earlier)
            : (IntakeOutcome.KeyTaken, null);
    }

    async Task<IntakeOutcome> StoreAsync(DbConnection connection, NewSubmission submission)
    {
        if (submission.Challenge is { } challenge && !await TryRedeemAsync(connection, challenge))
            return IntakeOutcome.ChallengeSpent;
        if (await TryInsertAsync(connection, submission) is not { } id)
        {
            // Nothing is stored, so the challenge stays valid.
            await TakeBackRedemptionAsync(connection, submission.Challenge);
            return IntakeOutcome.ReferenceTaken;
        }
        if (submission.QuarantinedFor is null)
            await outbox.TryAcknowledgeAsync(
                connection,
                id,
                submission.MailboxHash,
                submission.ReceivedAt,
                submission.TraceParent
            );
        return IntakeOutcome.Stored;
    }

    /// <returns>False when the challenge was redeemed before.</returns>
    static async Task<bool> TryRedeemAsync(DbConnection connection, Redemption challenge)
    {
        var added = await connection.ExecuteAsync(
            """
            INSERT INTO redeemed_challenges (digest, expires_at)
            VALUES (@Digest, @Expires)
            ON CONFLICT (digest) DO NOTHING
            """,
            new { challenge.Digest, challenge.Expires }
        );
        return added == 1;
    }

    static async Task TakeBackRedemptionAsync(DbConnection connection, Redemption? challenge)
    {
        if (challenge is { } redeemed)
            await connection.ExecuteAsync(
                "DELETE FROM redeemed_challenges WHERE digest = @Digest",
                new { redeemed.Digest }
            );
    }

    /// <summary>Stores a submission with its deliveries to the staff.</summary>
    /// <returns>The row; <c>null</c> when a submission has the reference, or an erased one had it.</returns>
    Task<long?> TryInsertAsync(DbConnection connection, NewSubmission submission) =>
        db.InsertAsync(
            connection,
            """
            INSERT INTO submissions (reference, location_id, received_at, reply_by, after_hours, language, state,
                                     quarantined_for, email_index, telephone_index, fingerprint, sealed)
            SELECT @Reference, @LocationId, @ReceivedAt, @ReplyBy, @AfterHours, @Language, @state,
                   @QuarantinedFor, @EmailIndex, @TelephoneIndex, @Fingerprint, @Sealed
            WHERE NOT EXISTS (SELECT 1 FROM erased_submissions WHERE reference_hash = @ErasedHash)
            ON CONFLICT (reference) DO NOTHING
            RETURNING id
            """,
            new
            {
                submission.Reference,
                LocationId = submission.Location.Id,
                submission.ReceivedAt,
                submission.ReplyBy,
                submission.AfterHours,
                submission.Language,
                state = submission.QuarantinedFor is null ? "new" : "spam",
                submission.QuarantinedFor,
                submission.EmailIndex,
                submission.TelephoneIndex,
                submission.Fingerprint,
                submission.Sealed,
                submission.ErasedHash,
            },
            submission.QuarantinedFor is null
                ? outbox.MakeDeliveriesToStaff(submission.Location.Slug, submission.ReceivedAt, submission.TraceParent)
                : null
        );

    /// <summary>Whether a submission with the same Idempotency-Key as an earlier one says the same.</summary>
    public bool IsRepetition(StoredSubmission earlier, byte[] fingerprint)
    {
        var expected = earlier.IsErased ? hashes.HashErased(fingerprint) : fingerprint;
        return earlier.Fingerprint.AsSpan().SequenceEqual(expected);
    }

    /// <summary>A submission by its reference, or <c>null</c>.</summary>
    public Task<StoredSubmission?> FindAsync(string reference, CancellationToken ct) =>
        db.ReadAsync(connection => FindAsync(connection, reference, ct), ct);

    static Task<StoredSubmission?> FindAsync(DbConnection connection, string reference, CancellationToken ct) =>
        connection.QuerySingleOrDefaultAsync<StoredSubmission>(
            new CommandDefinition(
                """
                SELECT s.reference, l.slug AS location, s.received_at, s.reply_by, s.after_hours, s.language,
                       s.handled_at, s.handled_by, s.fingerprint, FALSE AS is_erased
                FROM submissions s
                JOIN locations l ON l.id = s.location_id
                WHERE s.reference = @reference
                """,
                new { reference },
                cancellationToken: ct
            )
        );

    /// <summary>
    /// A submission that came with an Idempotency-Key by its reference, even if it was erased; or <c>null</c>.
    /// </summary>
    public Task<StoredSubmission?> FindEvenErasedAsync(string reference, CancellationToken ct) =>
        db.ReadAsync(connection => FindEvenErasedAsync(connection, reference, ct), ct);

    async Task<StoredSubmission?> FindEvenErasedAsync(
        DbConnection connection,
        string reference,
        CancellationToken ct
    ) =>
        await FindAsync(connection, reference, ct)
        ?? await connection.QuerySingleOrDefaultAsync<StoredSubmission>(
            new CommandDefinition(
                """
                SELECT @reference AS reference, l.slug AS location, e.received_at, e.reply_by, e.after_hours,
                       coalesce(e.language, '') AS language, NULL AS handled_at, NULL AS handled_by,
                       e.fingerprint_hash AS fingerprint,
                       TRUE AS is_erased
                FROM erased_submissions e
                LEFT JOIN locations l ON l.id = e.location_id
                WHERE e.reference_hash = @hash
                """,
                new { reference, hash = hashes.HashErased(reference) },
                cancellationToken: ct
            )
        );
}
