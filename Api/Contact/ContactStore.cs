using System.Security.Cryptography;
using Api.Data;
using Api.Data.Sqlite;
using Api.Outbox;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Contact;

/// <summary>A submission that is ready to be stored.</summary>
sealed record NewSubmission
{
    public required string Reference { get; init; }
    public required ContactLocation Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required bool? AfterHours { get; init; }
    public required string Language { get; init; }
    public required string? QuarantinedFor { get; init; }

    /// <summary>A keyed hash of the mailbox to acknowledge it to; <c>null</c> when there is none.</summary>
    public required byte[]? MailboxHash { get; init; }

    public required byte[]? EmailIndex { get; init; }
    public required byte[]? TelephoneIndex { get; init; }

    /// <summary>A keyed hash of what was sent, where the reference is made of an Idempotency-Key; otherwise <c>null</c>.</summary>
    public required byte[]? Fingerprint { get; init; }

    /// <summary>What stands for the reference once it is erased, where the reference is made of an Idempotency-Key; otherwise <c>null</c>.</summary>
    public required byte[]? ErasedHash { get; init; }

    /// <summary>The challenge to redeem with it, if there is one.</summary>
    public required Redemption? Challenge { get; init; }

    public required byte[] Sealed { get; init; }
}

/// <summary>What became of a <see cref="NewSubmission"/>.</summary>
enum Intake
{
    /// <summary>It is stored.</summary>
    Stored,

    /// <summary>The same was stored before under the same Idempotency-Key.</summary>
    Repeated,

    /// <summary>Something else was stored before under the same Idempotency-Key.</summary>
    KeyTaken,

    /// <summary>Its challenge was redeemed before.</summary>
    ChallengeSpent,

    /// <summary>
    /// Another submission has its reference: one that came with the same Idempotency-Key so long ago that the key is over. Or by
    /// chance, once in a million years.
    /// </summary>
    ReferenceTaken,
}

/// <summary>What is kept of a submission in clear: enough for its receipt.</summary>
sealed record StoredSubmission
{
    public required string Reference { get; init; }
    public required string Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required bool? AfterHours { get; init; }
    public required string Language { get; init; }
    public required Instant? HandledAt { get; init; }
    public required byte[]? Fingerprint { get; init; }

    /// <summary>Whether it was erased; the fingerprint is then a hash of the fingerprint.</summary>
    public required bool IsErased { get; init; }
}

/// <summary>A submission in a list for the staff.</summary>
sealed record SubmissionSummary
{
    public required string Reference { get; init; }
    public required string Location { get; init; }
    public required Instant ReceivedAt { get; init; }
    public required Instant? ReplyBy { get; init; }
    public required Instant? HandledAt { get; init; }

    /// <summary>Why it is set aside as spam; <c>null</c> when it never was, or was released.</summary>
    public required string? QuarantinedFor { get; init; }
}

/// <summary>All SQL on submissions.</summary>
sealed class ContactStore(Database db, SubmissionSeal seal, OutboxStore outbox, LogTruncation truncation)
{
    /// <summary>
    /// Stores a submission with all that belongs to it, in one item of the write queue: its challenge is redeemed, its
    /// Idempotency-Key remembered, its deliveries written down. When the task completes, all of it is on disk, or none.
    /// </summary>
    /// <param name="submission">The submission.</param>
    /// <param name="keysSince">Idempotency-Keys from before are over.</param>
    /// <returns>What became of it, and for <see cref="Intake.Repeated"/> what was stored before.</returns>
    public Task<(Intake Outcome, StoredSubmission? Before)> AddAsync(NewSubmission submission, Instant keysSince) => db.WriteSynchronouslyAsync(connection =>
    {
        var redeemed = submission.Challenge is not { } challenge || Redeem(connection, challenge);
        if (redeemed && Insert(connection, submission) is { } id)
        {
            if (submission.QuarantinedFor is null) outbox.Add(connection, id, submission.Location.Slug, submission.MailboxHash, submission.ReceivedAt);
            return (Intake.Stored, (StoredSubmission?)null);
        }

        var before = submission.Fingerprint is null ? null : FindKept(connection, submission.Reference);
        if (before?.ReceivedAt <= keysSince) before = null;
        // A sender who tries again may come with the solution that was redeemed the first time, or with a new one.
        if (before is not null && IsRepeated(before, submission.Fingerprint!)) return (Intake.Repeated, before);
        if (!redeemed) return (Intake.ChallengeSpent, null);
        // Nothing is stored, so the challenge is as good as before.
        if (submission.Challenge is { Digest: var digest }) connection.Execute("DELETE FROM redeemed_challenges WHERE digest = @digest", new { digest });
        return (before is null ? Intake.ReferenceTaken : Intake.KeyTaken, null);
    }, CancellationToken.None); // A sender whose connection breaks now has still written to us.

    static bool Redeem(SqliteConnection connection, Redemption challenge) => connection.Prepared(
        "INSERT INTO redeemed_challenges (digest, expires_at) VALUES (@digest, @expires) ON CONFLICT (digest) DO NOTHING",
        ("@digest", challenge.Digest), ("@expires", SqlTypes.ToColumn(challenge.Expires))).ExecuteNonQuery() == 1;

    /// <returns>The row; <c>null</c> when the reference is taken, or was by a submission that is erased.</returns>
    static long? Insert(SqliteConnection connection, NewSubmission submission) => (long?)connection.Prepared(
        """
        INSERT INTO submissions (reference, location_id, received_at, reply_by, after_hours, language, quarantined_for,
                                 email_index, telephone_index, fingerprint, sealed)
        SELECT @reference, @location, @received, @replyBy, @afterHours, @language, @quarantinedFor,
               @emailIndex, @telephoneIndex, @fingerprint, @sealed
        WHERE NOT EXISTS (SELECT 1 FROM erased_submissions WHERE reference_hash = @erased)
        ON CONFLICT (reference) DO NOTHING
        RETURNING id
        """,
        ("@reference", submission.Reference),
        ("@location", submission.Location.Id),
        ("@received", SqlTypes.ToColumn(submission.ReceivedAt)),
        ("@replyBy", submission.ReplyBy is { } replyBy ? SqlTypes.ToColumn(replyBy) : null),
        ("@afterHours", submission.AfterHours),
        ("@language", submission.Language),
        ("@quarantinedFor", submission.QuarantinedFor),
        ("@emailIndex", submission.EmailIndex),
        ("@telephoneIndex", submission.TelephoneIndex),
        ("@fingerprint", submission.Fingerprint),
        ("@sealed", submission.Sealed),
        ("@erased", submission.ErasedHash)).ExecuteScalar();

    /// <summary>A submission by its reference, or <c>null</c>.</summary>
    public async Task<StoredSubmission?> FindAsync(string reference, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return Find(connection, reference);
    }

    static StoredSubmission? Find(SqliteConnection connection, string reference) => connection.QuerySingleOrDefault<StoredSubmission>(
        """
        SELECT s.reference, l.slug AS location, s.received_at, s.reply_by, s.after_hours, s.language, s.handled_at, s.fingerprint, 0 AS is_erased
        FROM submissions s
        JOIN locations l ON l.id = s.location_id
        WHERE s.reference = @reference
        """,
        new { reference });

    /// <summary>A submission by its reference, which is made of an Idempotency-Key, also if it was erased; or <c>null</c>.</summary>
    public async Task<StoredSubmission?> FindKeptAsync(string reference, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return FindKept(connection, reference);
    }

    StoredSubmission? FindKept(SqliteConnection connection, string reference) => Find(connection, reference) ?? connection.QuerySingleOrDefault<StoredSubmission>(
        """
        SELECT @reference AS reference, l.slug AS location, e.received_at, e.reply_by, e.after_hours, coalesce(e.language, '') AS language, NULL AS handled_at,
               e.fingerprint_hash AS fingerprint, 1 AS is_erased
        FROM erased_submissions e
        LEFT JOIN locations l ON l.id = e.location_id
        WHERE e.reference_hash = @hash
        """,
        new { reference, hash = seal.ErasedHash(reference) });

    /// <summary>Whether what comes now under the same Idempotency-Key is what was stored before.</summary>
    public bool IsRepeated(StoredSubmission before, byte[] fingerprint) =>
        before.Fingerprint.AsSpan().SequenceEqual(before.IsErased ? seal.ErasedHash(fingerprint) : fingerprint);

    /// <summary>Id, slug and name of every location, by their names.</summary>
    public async Task<IEnumerable<(long Id, string Slug, string Name)>> ListLocationsAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.QueryAsync<(long, string, string)>(new CommandDefinition(
            "SELECT id, slug, name FROM locations ORDER BY name, slug", cancellationToken: ct));
    }

    // --- For the staff

    /// <summary>The newest submissions, or of those that are set aside as spam, the newest first.</summary>
    public async Task<IReadOnlyList<SubmissionSummary>> ListAsync(bool quarantined, int limit, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<SubmissionSummary>(new CommandDefinition(
            """
            SELECT s.reference, l.slug AS location, s.received_at, s.reply_by, s.handled_at,
                   CASE WHEN s.released_at IS NULL THEN s.quarantined_for END AS quarantined_for
            FROM submissions s
            JOIN locations l ON l.id = s.location_id
            WHERE (s.quarantined_for IS NOT NULL AND s.released_at IS NULL) = @quarantined
            ORDER BY s.id DESC
            LIMIT @limit
            """,
            new { quarantined, limit }, cancellationToken: ct))];
    }

    /// <summary>All that a person has sent, by an e-mail address or a telephone number in E.164; the newest first.</summary>
    public async Task<IReadOnlyList<SubmissionSummary>> FindBySenderAsync(string? email, string? telephone, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<SubmissionSummary>(new CommandDefinition(
            """
            SELECT s.reference, l.slug AS location, s.received_at, s.reply_by, s.handled_at,
                   CASE WHEN s.released_at IS NULL THEN s.quarantined_for END AS quarantined_for
            FROM submissions s
            JOIN locations l ON l.id = s.location_id
            WHERE s.id IN (SELECT id FROM submissions INDEXED BY submissions_by_sender WHERE email_index = @email OR telephone_index = @telephone)
            ORDER BY s.id DESC
            """,
            new { email = seal.EmailIndex(email), telephone = seal.TelephoneIndex(telephone) }, cancellationToken: ct))];
    }

    /// <summary>What the sender wrote, or <c>null</c>.</summary>
    /// <exception cref="CryptographicException">The keys are not those that it was sealed with.</exception>
    public async Task<SubmissionContent?> OpenAsync(string reference, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var content = await connection.ExecuteScalarAsync<byte[]>(new CommandDefinition(
            "SELECT sealed FROM submissions WHERE reference = @reference", new { reference }, cancellationToken: ct));
        return content is null ? null : seal.Open(reference, content);
    }

    /// <returns>False when there is no such submission, or it was marked before.</returns>
    public Task<bool> MarkHandledAsync(string reference, Instant now, CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        "UPDATE submissions SET handled_at = @now WHERE reference = @reference AND handled_at IS NULL", new { reference, now }) == 1, ct);

    /// <summary>Lets a submission that was taken for spam count as a message after all, and has it delivered.</summary>
    /// <returns>False when there is no such submission in quarantine.</returns>
    public async Task<bool> ReleaseAsync(string reference, Instant now, CancellationToken ct)
    {
        var mailbox = await MailboxHashAsync(reference, ct);
        return await db.WriteSynchronouslyAsync(connection =>
        {
            var released = connection.QuerySingleOrDefault<(long Id, string Location)?>(
                """
                UPDATE submissions SET released_at = @now
                WHERE reference = @reference AND quarantined_for IS NOT NULL AND released_at IS NULL
                RETURNING id, (SELECT slug FROM locations WHERE locations.id = location_id)
                """,
                new { reference, now });
            if (released is not { } submission) return false;
            outbox.Add(connection, submission.Id, submission.Location, mailbox, now);
            return true;
        }, ct);
    }

    async Task<byte[]?> MailboxHashAsync(string reference, CancellationToken ct)
    {
        try
        {
            return seal.MailboxHash((await OpenAsync(reference, ct))?.Email);
        }
        catch (CryptographicException)
        {
            // Without the keys there is nobody to acknowledge it to.
            return null;
        }
    }

    /// <summary>
    /// Removes a submission with all that belongs to it. No byte of it is left in the database, nor in the log as soon as that can be
    /// emptied: see <see cref="LogTruncation"/>. Backups that were made before still have it. Of an Idempotency-Key that it came with, a
    /// keyed hash stays, so that a repetition is not stored again.
    /// </summary>
    /// <returns>False when there is no such submission.</returns>
    public async Task<bool> EraseAsync(string reference, Instant now, CancellationToken ct)
    {
        var fingerprint = (await FindAsync(reference, ct))?.Fingerprint;
        var hashes = fingerprint is null ? default : (Reference: seal.ErasedHash(reference), Fingerprint: seal.ErasedHash(fingerprint));
        var erased = await db.WriteSynchronouslyAsync(connection =>
        {
            // Its key may come again, and so may a later message's that has the same key.
            if (fingerprint is not null)
            {
                connection.Execute(
                    """
                    INSERT INTO erased_submissions (reference_hash, received_at, fingerprint_hash, location_id, reply_by, after_hours, language)
                    SELECT @referenceHash, received_at, @fingerprintHash, location_id, reply_by, after_hours, language
                    FROM submissions
                    WHERE reference = @reference
                    """,
                    new { reference, referenceHash = hashes.Reference, fingerprintHash = hashes.Fingerprint });
            }
            if (connection.Execute("DELETE FROM submissions WHERE reference = @reference", new { reference }) == 0) return false;
            LogTruncation.Owe(connection, now);
            return true;
        }, ct);
        if (erased) await truncation.TryAsync(Patience, ct);
        return erased;
    }

    static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // --- Housekeeping

    /// <summary>Forgets redeemed challenges that expired before then, some at a time.</summary>
    /// <returns>Whether there may be more.</returns>
    public Task<bool> ForgetChallengesAsync(Instant expired, CancellationToken ct)
    {
        const int Some = 500;
        return db.WriteSynchronouslyAsync(connection => connection.Execute(
            "DELETE FROM redeemed_challenges WHERE digest IN (SELECT digest FROM redeemed_challenges WHERE expires_at <= @expired LIMIT @Some)",
            new { expired, Some }) == Some, ct);
    }

    /// <summary>Whether there are messages, which the keys must open.</summary>
    public async Task<bool> HasSealedAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition("SELECT EXISTS (SELECT 1 FROM submissions)", cancellationToken: ct));
    }

    /// <summary>Forgets of erased submissions all but that their Idempotency-Keys were used, where the keys have expired.</summary>
    public Task<int> ForgetErasedAsync(Instant keysSince, CancellationToken ct) => db.WriteSynchronouslyAsync(connection => connection.Execute(
        """
        UPDATE erased_submissions SET fingerprint_hash = NULL, location_id = NULL, reply_by = NULL, after_hours = NULL, language = NULL
        WHERE fingerprint_hash IS NOT NULL AND received_at <= @keysSince
        """, new { keysSince }), ct);

    /// <summary>How many submissions are set aside as spam.</summary>
    public async Task<int> CountQuarantinedAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "SELECT count(*) FROM submissions WHERE quarantined_for IS NOT NULL AND released_at IS NULL", cancellationToken: ct));
    }

    /// <summary>Whether the keys open the newest message; true when there is none.</summary>
    public async Task<bool> CanOpenAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var newest = await connection.QuerySingleOrDefaultAsync<(string Reference, byte[] Sealed)?>(new CommandDefinition(
            "SELECT reference, sealed FROM submissions ORDER BY id DESC LIMIT 1", cancellationToken: ct));
        if (newest is not { } submission) return true;
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

    /// <summary>Seals the messages that an older program stored in clear, and leaves no byte of them behind.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> SealOldAsync(string region, Instant now, CancellationToken ct)
    {
        var done = 0;
        while (await db.WriteSynchronouslyAsync(connection =>
        {
            var rows = connection.Query<ClearRow>(
                """
                SELECT id, reference, location_id, name, email, telephone, preferred_contact, message, received_at
                FROM submissions_in_clear
                ORDER BY id
                LIMIT 200
                """).AsList();
            foreach (var row in rows)
            {
                var telephone = row.Telephone is null ? null : TelephoneNumber.Read(row.Telephone, region);
                connection.Execute(
                    """
                    INSERT INTO submissions (reference, location_id, received_at, language, email_index, telephone_index, sealed)
                    VALUES (@Reference, @LocationId, @ReceivedAt, 'en', @emailIndex, @telephoneIndex, @content)
                    """,
                    new
                    {
                        row.Reference,
                        row.LocationId,
                        row.ReceivedAt,
                        emailIndex = seal.EmailIndex(row.Email),
                        telephoneIndex = seal.TelephoneIndex(telephone?.E164),
                        content = seal.Seal(new SubmissionContent(row.Reference, row.Name, row.Email, telephone?.E164 ?? row.Telephone, telephone?.Extension,
                            row.PreferredContact == "email" ? PreferredContact.Email : PreferredContact.Telephone, row.Message), location: "").Sealed,
                    });
                connection.Execute("DELETE FROM submissions_in_clear WHERE id = @Id", new { row.Id });
            }
            if (rows.Count > 0) LogTruncation.Owe(connection, now);
            done += rows.Count;
            return rows.Count > 0;
        }, ct)) { }
        if (done > 0) await truncation.TryAsync(Patience, ct);
        return done;
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
