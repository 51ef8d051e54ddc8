namespace Api.Data.Sqlite;

/// <summary>
/// Empties the write-ahead log, trying once a minute, after something was erased (the log has its traces until then) or
/// when the log has grown too large. A long reader, such as a backup or a replicator, can hold that up.
/// </summary>
sealed partial class LogTruncation(SqliteDatabase db, TimeProvider time, ILogger<LogTruncation> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1),
        Patience = TimeSpan.FromMilliseconds(250);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await db.TryTruncateLogAsync(Patience, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogFault(e.GetType().Name);
            }
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The write-ahead log could not be emptied ({Fault}); tried again in a minute"
    )]
    partial void LogFault(string fault);
}
