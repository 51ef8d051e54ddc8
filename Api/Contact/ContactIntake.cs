using System.Diagnostics;
using System.Globalization;
using Api.Data;
using Api.Hours;
using Api.Http.RateLimiting;
using Api.Locations;
using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>Takes in a valid submission: seals it, works out its receipt, stores it, wakes the outbox.</summary>
sealed class ContactIntake(
    ContactStore store,
    LocationStore locations,
    SubmissionSeal seal,
    SubmissionHashes hashes,
    SpamFilter spam,
    ReceiptToken token,
    OutboxStore outbox,
    OutboxSignal signal,
    IOptions<ContactOptions> options,
    TimeProvider time
)
{
    const string Endpoint = "createContactSubmission";

    /// <summary>
    /// How many different messages under one Idempotency-Key are compared with the first one in an hour. After that all
    /// of them count as different; otherwise somebody who knows a key could guess what was sent with it.
    /// </summary>
    const int LargestNumberOfGuesses = 5;

    readonly RateLimit guesses = new(
        "idempotency-key",
        isPerClient: true,
        new LimitOptions { Requests = LargestNumberOfGuesses, WindowSeconds = 3600 },
        time
    );

    /// <summary>Stores a submission once. When the task completes, it is on disk.</summary>
    /// <param name="submission">A valid submission.</param>
    /// <param name="honeypotFilled">Whether the field that people do not see was filled in.</param>
    /// <param name="key">The Idempotency-Key, if there is one.</param>
    /// <param name="challenge">The solved challenge to redeem, if there is one.</param>
    /// <param name="language">The language of the receipt.</param>
    /// <returns>The outcome, and the receipt of a stored or repeated submission.</returns>
    public async Task<(IntakeOutcome Outcome, ContactReceipt? Receipt)> ReceiveAsync(
        ContactSubmission submission,
        bool honeypotFilled,
        string? key,
        Redemption? challenge,
        CultureInfo language
    )
    {
        if (key is not null && !MayCompare(key))
            return (IntakeOutcome.KeyTaken, null);
        var location = (await locations.ListAsync(CancellationToken.None))[submission.Location!];
        var received = time.GetCurrentInstant().ToStoredPrecision();
        var quarantinedFor = spam.FindReasons(submission, honeypotFilled);
        // Again while the reference is taken: by an expired use of the same key, or by coincidence.
        for (var expiredUses = 0; ; expiredUses++)
        {
            var reference = key is null ? Reference.New() : hashes.MakeReference(Endpoint, key, expiredUses);
            var content = ToContent(submission, reference);
            var prepared = new NewSubmission
            {
                Reference = reference,
                Location = location,
                ReceivedAt = received,
                ReplyBy = WorkOutReplyBy(location, received),
                AfterHours = !location.Hours.Schedule.IsOpen(received),
                Language = language.Name,
                QuarantinedFor = quarantinedFor,
                MailboxHash = outbox.AcknowledgesMessages ? hashes.HashMailbox(content.Email) : null,
                EmailIndex = hashes.HashEmail(content.Email),
                TelephoneIndex = hashes.HashTelephone(content.Telephone),
                Fingerprint = key is null ? null : hashes.Fingerprint(content, location.Slug),
                ErasedHash = key is null ? null : hashes.HashErased(reference),
                Challenge = challenge,
                Sealed = seal.Seal(content),
                TraceParent = Activity.Current?.Id,
            };
            var (outcome, earlier) = await store.AddAsync(prepared, KeysSince(received));
            switch (outcome)
            {
                case IntakeOutcome.ReferenceTaken:
                    continue;
                case IntakeOutcome.Stored:
                    if (quarantinedFor is null)
                        signal.Set();
                    return (
                        outcome,
                        CreateReceipt(
                            reference,
                            received,
                            location.Slug,
                            prepared.ReplyBy,
                            prepared.AfterHours,
                            language
                        )
                    );
                case IntakeOutcome.Repeated:
                    return (outcome, CreateReceipt(earlier!));
                default:
                    return (outcome, null);
            }
        }
    }

    /// <summary>
    /// Finds the receipt of the same submission that was stored before under the same key; <c>null</c> when there is
    /// none. It is called after every refusal, so this is where different messages under a key are counted.
    /// </summary>
    public async Task<ContactReceipt?> FindReceiptAsync(ContactSubmission submission, string key, CancellationToken ct)
    {
        if (!IsComplete(submission) || !MayCompare(key))
            return null;
        var since = KeysSince(time.GetCurrentInstant());
        for (var expiredUses = 0; ; expiredUses++)
        {
            var reference = hashes.MakeReference(Endpoint, key, expiredUses);
            if (await store.FindEvenErasedAsync(reference, ct) is not { } earlier)
                return null;
            if (earlier.ReceivedAt <= since)
                continue;
            if (store.IsRepetition(earlier, hashes.Fingerprint(ToContent(submission, reference), submission.Location!)))
                return CreateReceipt(earlier);
            guesses.TryTake(hashes.HashKey(Endpoint, key), out _);
            return null;
        }
    }

    /// <summary>
    /// Whether a submission can have been acknowledged before, whatever keeps it from being accepted now.
    /// </summary>
    bool IsComplete(ContactSubmission submission)
    {
        var isTelephoneRight = submission.Telephone is null || ReadTelephone(submission) is not null;
        return isTelephoneRight
            && submission
                is { Name: not null, PreferredContact: not null, Location: not null, Message: not null, Consent: true };
    }

    // The key is hashed only if somebody has guessed: that takes longer than all else here.
    bool MayCompare(string key) => guesses.Clients == 0 || guesses.Peek(hashes.HashKey(Endpoint, key)).Remaining > 0;

    TelephoneNumber? ReadTelephone(ContactSubmission submission) =>
        submission.ReadTelephone(options.Value.TelephoneRegion);

    SubmissionContent ToContent(ContactSubmission submission, string reference)
    {
        var telephone = ReadTelephone(submission);
        return new SubmissionContent(
            reference,
            submission.Name!,
            submission.Email,
            telephone?.E164,
            telephone?.Extension,
            submission.PreferredContact!.Value,
            submission.Message!
        );
    }

    Instant? WorkOutReplyBy(ScheduledLocation location, Instant received)
    {
        var openHours = options.Value.ReplyWithinOpenHours;
        return openHours == 0 ? null : location.Hours.Schedule.AfterOpenTime(received, Duration.FromHours(openHours));
    }

    /// <summary>Idempotency-Keys from before then have expired.</summary>
    Instant KeysSince(Instant now) => now - Duration.FromHours(options.Value.IdempotencyHours);

    ContactReceipt CreateReceipt(StoredSubmission stored) =>
        CreateReceipt(
            stored.Reference,
            stored.ReceivedAt,
            stored.Location,
            stored.ReplyBy,
            stored.AfterHours,
            CultureInfo.GetCultureInfo(stored.Language)
        );

    ContactReceipt CreateReceipt(
        string reference,
        Instant receivedAt,
        string location,
        Instant? replyBy,
        bool? afterHours,
        CultureInfo language
    ) =>
        new(
            reference,
            receivedAt,
            location,
            replyBy,
            afterHours,
            options.Value.FindNotices(language),
            token.Create(reference)
        );
}
