using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Data;

/// <summary>
/// Empties the write-ahead log once a minute while it must be emptied: because something was erased, whose traces are left in the log until
/// then, or because it is too large. A long reader, such as a backup or a replicator, can hold that up for long; what is owed is
/// stored in the database, so that a restart does not forget it.
/// </summary>
sealed partial class LogTruncation(Database db, TimeProvider time, ILogger<LogTruncation> log) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromMinutes(1), Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>Remembers, in the transaction that erases something, that the log must be emptied.</summary>
    public static void Owe(SqliteConnection connection, Instant now) =>
        connection.Execute("INSERT INTO owed_log_truncations (erased_at) VALUES (@now)", new { now });

    /// <summary>When the first of what was erased since the log was last emptied was erased; <c>null</c> when the log has no traces.</summary>
    public async Task<Instant?> OwedSinceAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        // The verb check looks at databases of older programs too.
        var isKnown = await connection.ExecuteScalarAsync<bool>("SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = 'owed_log_truncations')");
        return isKnown
            ? await connection.ExecuteScalarAsync<Instant?>(new CommandDefinition("SELECT min(erased_at) FROM owed_log_truncations", cancellationToken: ct))
            : null;
    }

    /// <summary>Empties the log if something was erased, or the log is too large.</summary>
    /// <param name="patience">How long to wait for readers; writers wait as long.</param>
    /// <param name="ct">Stops before the next step.</param>
    /// <returns>False when the log must still be emptied.</returns>
    public async Task<bool> TryAsync(TimeSpan patience, CancellationToken ct)
    {
        long? last;
        await using (var connection = await db.OpenAsync(ct))
            last = await connection.ExecuteScalarAsync<long?>(new CommandDefinition("SELECT max(id) FROM owed_log_truncations", cancellationToken: ct));
        if (last is null && !db.IsLogTooLarge) return true;
        if (!db.TryEmptyLog(patience)) return false;
        // Erasures that were stored meanwhile have later ids, and stay owed.
        if (last is not null) await db.WriteSynchronouslyAsync(connection => connection.Execute("DELETE FROM owed_log_truncations WHERE id <= @last", new { last }), ct);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "The write-ahead log could not be emptied ({Fault}); tried again in a minute")]
    partial void LogFault(string fault);
}
