using System.Globalization;
using Api.Data;
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
                HasEmail = submission.Email is not null,
                EmailIndex = seal.EmailIndex(submission.Email),
                TelephoneIndex = seal.TelephoneIndex(telephone?.E164),
                Fingerprint = key is null ? null : content.Fingerprint,
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
    /// For a request that cannot be taken in now: its challenge may have expired since.
    /// </summary>
    public async Task<ContactReceipt?> FindReceiptAsync(ContactSubmission submission, string key, CancellationToken ct)
    {
        var since = KeysSince(time.GetCurrentInstant());
        for (var turn = 0; ; turn++)
        {
            var reference = seal.ReferenceOf(Endpoint, key, turn);
            if (await store.FindAsync(reference, ct) is not { } before) return null;
            if (before.ReceivedAt <= since) continue;
            var (_, fingerprint) = seal.Seal(ContentOf(submission, reference, Telephone(submission)), submission.Location!);
            return before.Fingerprint.AsSpan().SequenceEqual(fingerprint) ? ReceiptOf(before) : null;
        }
    }

    TelephoneNumber? Telephone(ContactSubmission submission) =>
        submission.Telephone is null ? null : TelephoneNumber.Read(submission.Telephone, options.Value.TelephoneRegion);

    static SubmissionContent ContentOf(ContactSubmission submission, string reference, TelephoneNumber? telephone) => new(
        reference, submission.Name!, submission.Email, telephone?.E164, telephone?.Extension, submission.PreferredContact!.Value, submission.Message!);

    Instant KeysSince(Instant now) => now - Duration.FromHours(options.Value.IdempotencyHours);

    ContactReceipt ReceiptOf(StoredSubmission stored) => new(stored.Reference, stored.ReceivedAt, stored.Location, stored.ReplyBy, stored.AfterHours,
        options.Value.NoticesIn(CultureInfo.GetCultureInfo(stored.Language)), token.Of(stored.Reference));
}
