using Api.Data;
using NodaTime.Extensions;

namespace Api.Audit;

/// <summary>Deletes once an hour, in one instance, the entries of the audit whose time is over.</summary>
sealed partial class AuditHousekeeping(Database db, AuditStore store, TimeProvider time, ILogger<AuditHousekeeping> log)
    : BackgroundService
{
    const int Batch = 500;

    static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await db.TryRunAloneAsync(
                    SoleWork.Audit,
                    waits: false,
                    () => ForgetAsync(stoppingToken),
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

    async Task ForgetAsync(CancellationToken ct)
    {
        var forgotten = 0;
        int batch;
        do
        {
            batch = await store.ForgetAsync(time.GetCurrentInstant(), Batch, ct);
            forgotten += batch;
        } while (batch == Batch);
        if (forgotten > 0)
            LogForgotten(forgotten);
    }

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Count} entries of the audit were deleted: their time is over"
    )]
    partial void LogForgotten(int count);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Old entries of the audit could not be deleted ({Fault}); the next attempt is in an hour"
    )]
    partial void LogFault(string fault);
}
