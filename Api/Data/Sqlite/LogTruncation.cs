using System.Data.Common;
using Dapper;
using NodaTime;

namespace Api.Data.Sqlite;

/// <summary>
/// Empties the write-ahead log, trying once a minute, after something was erased (the log has its traces until then) or
/// when the log has grown too large. A long reader, such as a backup or a replicator, can hold that up. What is owed is
/// stored in the database, so a restart does not forget it.
/// </summary>
sealed partial class LogTruncation(SqliteDatabase db, TimeProvider time, ILogger<LogTruncation> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1),
        Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Remembers, in the transaction that erases something, that the log must be emptied.</summary>
    public static void Owe(DbConnection connection, Instant now) =>
        connection.Execute("INSERT INTO owed_log_truncations (erased_at) VALUES (@now)", new { now });

    /// <summary>Since when the log can have traces of erased rows; <c>null</c> when it has none.</summary>
    public Task<Instant?> OwedSinceAsync(CancellationToken ct) =>
        db.ReadAsync(
            async connection =>
            {
                // The verb check can meet a database of an older program.
                var isKnown = await connection.ExecuteScalarAsync<bool>(
                    "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'owed_log_truncations')"
                );
                return isKnown
                    ? await connection.ExecuteScalarAsync<Instant?>("SELECT min(erased_at) FROM owed_log_truncations")
                    : null;
            },
            ct
        );

    /// <summary>Empties the log if something was erased or the log is too large.</summary>
    /// <param name="patience">How long to wait for readers. Writers wait as long.</param>
    /// <returns>False when the log must still be emptied.</returns>
    public async Task<bool> TryAsync(TimeSpan patience, CancellationToken ct)
    {
        var last = await db.ReadAsync(
            connection => connection.ExecuteScalarAsync<long?>("SELECT max(id) FROM owed_log_truncations"),
            ct
        );
        if (last is null && !db.IsLogTooLarge)
            return true;
        if (!db.TryEmptyLog(patience))
            return false;
        // Later erasures have higher ids and stay owed.
        if (last is not null)
            await db.WriteAsync(
                connection =>
                    connection.ExecuteAsync("DELETE FROM owed_log_truncations WHERE id <= @last", new { last }),
                ct
            );
        return true;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await TryAsync(Patience, stoppingToken);
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
