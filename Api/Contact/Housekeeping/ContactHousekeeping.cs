using Api.Contact.Inbox;
using Api.Data;
using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact.Housekeeping;

/// <summary>
/// Deletes once an hour what has expired: redeemed challenges, counted acknowledgements, traces of erased submissions,
/// and messages whose retention is over.
/// </summary>
sealed partial class ContactHousekeeping(
    Database db,
    HousekeepingStore store,
    InboxStore inbox,
    OutboxStore outbox,
    IOptions<ContactOptions> options,
    TimeProvider time,
    ILogger<ContactHousekeeping> log
) : BackgroundService
{
    const int RetentionBatch = 50;

    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>
    /// Challenges are kept for this much longer, so that none is valid again when the clock is set back.
    /// </summary>
    static readonly Duration ClockFault = Duration.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await db.TryRunAloneAsync(
                    SoleWork.Housekeeping,
                    waits: false,
                    () => DeleteExpiredAsync(stoppingToken),
                    stoppingToken
                );
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A full disk or a busy database must not end the program; there is another hour.
                LogFault(e.GetType().Name);
            }
        }
    }

    async Task DeleteExpiredAsync(CancellationToken ct)
    {
        var now = time.GetCurrentInstant();
        while (await store.ForgetChallengesAsync(now - ClockFault, ct)) { }
        await store.ForgetErasedAsync(now - Duration.FromHours(options.Value.IdempotencyHours), ct);
        await outbox.ForgetAcknowledgedAsync(now, ct);
        await EraseExpiredAsync(now, ct);
    }

    async Task EraseExpiredAsync(Instant now, CancellationToken ct)
    {
        var retention = options.Value.Retention;
        if (retention is { HandledDays: 0, SpamDays: 0 })
            return;
        var erased = 0;
        // In small steps, so that new messages need not wait. One that somebody has changed meanwhile stays.
        while (await FindExpiredAsync() is { Count: > 0 } expired)
            erased += await inbox.EraseAsync(expired, "retention", InboxUser.Program, now, ct);
        if (erased > 0)
            LogErased(erased);

        Task<IReadOnlyList<(string, IReadOnlyList<long>?)>> FindExpiredAsync() =>
            store.FindExpiredAsync(Before(retention.HandledDays), Before(retention.SpamDays), RetentionBatch, ct);

        Instant? Before(int days) => days == 0 ? null : now - Duration.FromDays(days);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Messages whose retention is over were erased: {Count}")]
    partial void LogErased(int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Expired data could not be deleted ({Fault}); the next attempt is in an hour"
    )]
    partial void LogFault(string fault);
}
