using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>Forgets, once an hour, what is needed no more: redeemed challenges, whom was acknowledged, what erased messages came with.</summary>
sealed partial class ContactHousekeeping(
    ContactStore store, OutboxStore outbox, IOptions<ContactOptions> options, TimeProvider time, ILogger<ContactHousekeeping> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <summary>For so much longer than needed they are kept, so that none is valid again when a clock is set back.</summary>
    static readonly Duration ClockFault = Duration.FromDays(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                var now = time.GetCurrentInstant();
                while (await store.ForgetChallengesAsync(now - ClockFault, stoppingToken)) { }
                await store.ForgetErasedAsync(now - Duration.FromHours(options.Value.IdempotencyHours), stoppingToken);
                await outbox.ForgetAcknowledgedAsync(now, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A full disk, a busy database: whatever it is, there is another hour. The host would end the program.
                LogFault(e.GetType().Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "What is needed no more could not be forgotten ({Fault}); tried again in an hour")]
    partial void LogFault(string fault);
}
