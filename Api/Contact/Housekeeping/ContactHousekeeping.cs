using Api.Data;
using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact.Housekeeping;

/// <summary>
/// Deletes once an hour what has expired: redeemed challenges, counted acknowledgements, traces of erased submissions.
/// </summary>
sealed partial class ContactHousekeeping(
    Database db,
    HousekeepingStore store,
    OutboxStore outbox,
    IOptions<ContactOptions> options,
    TimeProvider time,
    ILogger<ContactHousekeeping> log
) : BackgroundService
{
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
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Expired data could not be deleted ({Fault}); the next attempt is in an hour"
    )]
    partial void LogFault(string fault);
}
