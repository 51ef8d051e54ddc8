using System.Text;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;

namespace Api.Tests.Data;

[SqliteOnly("The write-ahead log")]
public sealed class LogTruncationTests
{
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    static SqliteConnection ReadForLong(ApiFactory api)
    {
        var reader = new SqliteConnection($"Data Source={api.Folder.File("clinic.db")};Mode=ReadOnly;Pooling=False");
        reader.Open();
        _ = reader.ExecuteScalar<long>("BEGIN; SELECT count(*) FROM submissions");
        return reader;
    }

    static bool LogHas(ApiFactory api, string text)
    {
        using var stream = new FileStream(
            api.Folder.File("clinic.db-wal"),
            FileMode.Open,
            FileAccess.Read,
            FileShare.ReadWrite
        );
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text)) >= 0;
    }

    /// <summary>Lets minutes pass until the housekeeping, which runs on a thread of its own, has done it.</summary>
    static async Task PassMinutesUntilAsync(ApiFactory api, Func<Task<bool>> done)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await done())
        {
            patience.Token.ThrowIfCancellationRequested();
            api.Clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(1);
        }
    }

    [Fact]
    public async Task A_message_is_erased_during_a_long_read_and_its_traces_go_after_the_read()
    {
        await using var api = await ApiFactory.StartAsync();
        var reference = (string)(await api.ReceivedAsync(Submissions.Valid()))["reference"]!;
        using (ReadForLong(api))
        {
            Assert.True(await api.EraseAsync(reference));
            Assert.Equal(0, await api.CountAsync());
            Assert.True(LogHas(api, reference));
            Assert.Equal(Now, await api.Sqlite.FindOldestTraceAsync(default));
            var (exitCode, output, errors) = await ApiProcess.RunAsync("check", $"--Database:Folder={api.Folder.Path}");
            Assert.Equal((0, ""), (exitCode, errors));
            Assert.StartsWith(
                "The database is sound.\nThe log can still have traces of messages that were erased since 2026-07-01T12:00:00Z",
                output,
                StringComparison.Ordinal
            );
            // Others go on meanwhile.
            await api.ReceivedAsync(Submissions.Valid());
        }
        await PassMinutesUntilAsync(api, async () => await api.Sqlite.FindOldestTraceAsync(default) is null);
        Assert.False(LogHas(api, reference));
    }

    [Fact]
    public async Task An_owed_truncation_survives_a_restart()
    {
        await using var api = await ApiFactory.StartAsync();
        var reference = (string)(await api.ReceivedAsync(Submissions.Valid()))["reference"]!;
        using (ReadForLong(api))
        {
            Assert.True(await api.EraseAsync(reference));
            await using var restarted = new ApiFactory();
            restarted.Settings.AddRange([$"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"]);
            await restarted.InitializeAsync();
            Assert.Equal(Now, await restarted.Sqlite.FindOldestTraceAsync(default));
        }
        Assert.True(await api.Sqlite.TryTruncateLogAsync(TimeSpan.FromSeconds(5), default));
        Assert.Null(await api.Sqlite.FindOldestTraceAsync(default));
    }

    [Fact]
    public async Task A_log_that_grew_during_a_long_read_shrinks_by_itself()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync("CREATE TABLE filler (bytes BLOB)");
        long Length() => new FileInfo(api.Folder.File("clinic.db-wal")).Length;
        using (ReadForLong(api))
        {
            for (var i = 0; i < 40; i++)
                await api.ExecuteAsync("INSERT INTO filler VALUES (randomblob(1000000))");
            Assert.True(Length() > 40_000_000);
        }
        await PassMinutesUntilAsync(api, () => Task.FromResult(Length() <= 32 * 1024 * 1024));
    }
}
