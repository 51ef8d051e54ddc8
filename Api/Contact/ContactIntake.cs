using System.Globalization;
using Api.Data;
using Api.Http.RateLimiting;
using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>Takes in a submission that the validator has passed: seals it, works out its receipt, stores it, wakes up whoever delivers.</summary>
sealed class ContactIntake(
    ContactStore store, ContactLocations locations, SubmissionSeal seal, SpamFilter spam, ReceiptToken token, OutboxSignal signal,
    IOptions<ContactOptions> options, TimeProvider time)
{
    const string Endpoint = "createContactSubmission";

    /// <summary>
    /// How many other messages under one Idempotency-Key are told apart from the first one. After that all are answered as others, or
    /// somebody who knows a key could try out what was sent with it.
    /// </summary>
    const int MostGuesses = 5;

    readonly RateLimit guesses = new("idempotency-key", isPerClient: true, new LimitOptions { Requests = MostGuesses, WindowSeconds = 3600 }, time);

    /// <summary>Stores a submission once. When the task completes, it is on disk.</summary>
    /// <param name="submission">What was sent.</param>
    /// <param name="honeypotFilled">Whether the field that people do not see was filled in.</param>
    /// <param name="key">The Idempotency-Key, if there was one.</param>
    /// <param name="challenge">The solved challenge to redeem, if there was one.</param>
    /// <param name="language">The language of the answer.</param>
    /// <returns>What became of it, and the receipt for what is stored.</returns>
    public async Task<(Intake Outcome, ContactReceipt? Receipt)> ReceiveAsync(
        ContactSubmission submission, bool honeypotFilled, string? key, Redemption? challenge, CultureInfo language)
    {
        if (key is not null && !MayCompare(key)) return (Intake.KeyTaken, null);
        var settings = options.Value;
        var location = (await locations.GetAsync(CancellationToken.None))[submission.Location!];
        var received = time.GetCurrentInstant().ToStoredPrecision();
        var telephone = Telephone(submission);
        var quarantinedFor = spam.Suspect(submission, honeypotFilled);
        for (var turn = 0; ; turn++)
        {
            var reference = key is null ? Reference.New() : seal.ReferenceOf(Endpoint, key, turn);
            var content = seal.Seal(ContentOf(submission, reference, telephone), location.Slug);
            var stored = new NewSubmission
            {
                Reference = reference,
                Location = location,
                ReceivedAt = received,
                ReplyBy = settings.ReplyWithinOpenHours == 0 ? null : location.Schedule.AfterOpenTime(received, Duration.FromHours(settings.ReplyWithinOpenHours)),
                AfterHours = !location.Schedule.IsOpen(received),
                Language = language.Name,
                QuarantinedFor = quarantinedFor,
                MailboxHash = seal.MailboxHash(submission.Email),
                EmailIndex = seal.EmailIndex(submission.Email),
                TelephoneIndex = seal.TelephoneIndex(telephone?.E164),
                Fingerprint = key is null ? null : content.Fingerprint,
                ErasedHash = key is null ? null : seal.ErasedHash(reference),
                Challenge = challenge,
                Sealed = content.Sealed,
            };
            var (outcome, before) = await store.AddAsync(stored, KeysSince(received));
            switch (outcome)
            {
                case Intake.Stored:
                    if (quarantinedFor is null) signal.Set();
                    return (outcome, new ContactReceipt(reference, received, location.Slug, stored.ReplyBy, stored.AfterHours, settings.NoticesIn(language), token.Of(reference)));
                case Intake.Repeated:
                    return (outcome, ReceiptOf(before!));
                case Intake.ReferenceTaken:
                    continue;
                default:
                    return (outcome, null);
            }
        }
    }

    /// <summary>
    /// The receipt of a submission that was stored before under the same key; <c>null</c> when there is none, or it was another.
    /// Whatever would keep it from being taken in now, it was acknowledged. Asked for after every refusal, so this is where other
    /// messages under the key are counted.
    /// </summary>
    public async Task<ContactReceipt?> FindReceiptAsync(ContactSubmission submission, string key, CancellationToken ct)
    {
        // A message that lacks one of these cannot have been acknowledged.
        if (submission is not { Name: not null, PreferredContact: not null, Location: { } location, Message: not null, Consent: true } || !MayCompare(key)) return null;
        var telephone = Telephone(submission);
        if (telephone is null && submission.Telephone is not null) return null;
        var since = KeysSince(time.GetCurrentInstant());
        for (var turn = 0; ; turn++)
        {
            var reference = seal.ReferenceOf(Endpoint, key, turn);
            if (await store.FindKeptAsync(reference, ct) is not { } before) return null;
            if (before.ReceivedAt <= since) continue;
            if (store.IsRepeated(before, seal.Fingerprint(ContentOf(submission, reference, telephone), location))) return ReceiptOf(before);
            guesses.TryTake(seal.KeyHash(Endpoint, key), out _);
            return null;
        }
    }

    bool MayCompare(string key) => guesses.Peek(seal.KeyHash(Endpoint, key)).Remaining > 0;

    TelephoneNumber? Telephone(ContactSubmission submission) =>
        submission.Telephone is null ? null : TelephoneNumber.Read(submission.Telephone, options.Value.TelephoneRegion);

    static SubmissionContent ContentOf(ContactSubmission submission, string reference, TelephoneNumber? telephone) => new(
        reference, submission.Name!, submission.Email, telephone?.E164, telephone?.Extension, submission.PreferredContact!.Value, submission.Message!);

    Instant KeysSince(Instant now) => now - Duration.FromHours(options.Value.IdempotencyHours);

    ContactReceipt ReceiptOf(StoredSubmission stored) => new(stored.Reference, stored.ReceivedAt, stored.Location, stored.ReplyBy, stored.AfterHours,
        options.Value.NoticesIn(CultureInfo.GetCultureInfo(stored.Language)), token.Of(stored.Reference));
}
