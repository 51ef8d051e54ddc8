using Api.Data;
using Api.Data.Sqlite;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Tests.Data;

[SqliteOnly("The write queue")]
public sealed class WriteQueueTests : IAsyncLifetime
{
    readonly TempFolder folder = new();
    readonly List<Exception> failures = [];
    WriteQueue queue = null!;

    string File => folder.File("test.db");

    public async ValueTask InitializeAsync()
    {
        queue = Queue();
        await queue.EnqueueAsync(c => c.Execute("CREATE TABLE notes (text TEXT NOT NULL UNIQUE) STRICT"), default);
    }

    public async ValueTask DisposeAsync()
    {
        await queue.DisposeAsync();
        folder.Dispose();
    }

    WriteQueue Queue(int capacity = 1000) =>
        new(
            () =>
            {
                var connection = new SqliteConnection($"Data Source={File};Pooling=False");
                connection.Open();
                connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
                return connection;
            },
            capacity
        )
        {
            Failed = failures.Add,
        };

    static int Insert(SqliteConnection connection, string text) =>
        connection.Execute("INSERT INTO notes (text) VALUES (@text)", new { text });

    string[] Stored()
    {
        using var other = new SqliteConnection($"Data Source={File};Pooling=False");
        return [.. other.Query<string>("SELECT text FROM notes ORDER BY text")];
    }

    /// <summary>Keeps the leader busy, so that what is queued meanwhile comes together.</summary>
    sealed class Gate : IDisposable
    {
        readonly ManualResetEventSlim open = new();
        readonly TaskCompletionSource entered = new();

        public Task<int> CloseAsync(WriteQueue queue)
        {
            // The caller leads, on its own thread.
            var task = Task.Run(() =>
                queue.EnqueueAsync(
                    _ =>
                    {
                        entered.TrySetResult();
                        open.Wait(TimeSpan.FromMinutes(1));
                        return 0;
                    },
                    default
                )
            );
            entered.Task.Wait();
            return task;
        }

        public void Dispose() => open.Set();
    }

    [Fact]
    public async Task Acknowledged_writes_are_committed()
    {
        Assert.Equal(1, await queue.EnqueueAsync(c => Insert(c, "a"), default));
        Assert.Equal(["a"], Stored());
    }

    [Fact]
    public async Task Nothing_is_acknowledged_before_the_commit()
    {
        using var reader = new SqliteConnection($"Data Source={File};Pooling=False");
        reader.Open();
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var second = queue.EnqueueAsync(c => Insert(c, "a"), default);
        Assert.False(second.IsCompleted);
        Assert.Empty(Stored());
        gate.Dispose();
        await second;
        await first;
        Assert.Equal(["a"], Stored());
    }

    [Fact]
    public async Task Writes_that_share_a_commit_share_their_check_and_only_its_own_writes_fail()
    {
        var checks = 0;
        Action holds = () => checks++;
        Action fails = () => throw new InvalidOperationException("A key is missing.");
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        Task[] kept =
        [
            queue.EnqueueAsync(c => Insert(c, "a"), default, holds),
            queue.EnqueueAsync(c => Insert(c, "b"), default, holds),
        ];
        gate.Dispose();
        await first;
        await Task.WhenAll(kept);
        Assert.Equal(1, checks);

        gate = new Gate();
        first = gate.CloseAsync(queue);
        var other = queue.EnqueueAsync(c => Insert(c, "c"), default);
        var refused = queue.EnqueueAsync(c => Insert(c, "d"), default, fails);
        gate.Dispose();
        await first;
        await other;
        await Assert.ThrowsAsync<InvalidOperationException>(() => refused);
        Assert.Equal(["a", "b", "c"], Stored());
    }

    [Fact]
    public async Task Waiting_writers_share_a_commit()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var before = queue.Commits;
        var waiting = Enumerable
            .Range(0, 100)
            .Select(i => queue.EnqueueAsync(c => Insert(c, $"{i}"), default))
            .ToArray();
        gate.Dispose();
        await first;
        await Task.WhenAll(waiting);
        Assert.Equal(100, Stored().Length);
        Assert.Equal(2, queue.Commits - before);
    }

    [Fact]
    public async Task A_failing_write_leaves_its_neighbours_intact_and_is_told_once()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var a = queue.EnqueueAsync(c => Insert(c, "a"), default);
        var broken = queue.EnqueueAsync(
            c =>
            {
                Insert(c, "half");
                return Insert(c, "a");
            },
            default
        );
        var thrown = queue.EnqueueAsync<int>(
            c =>
            {
                Insert(c, "other half");
                throw new InvalidOperationException("no");
            },
            default
        );
        var b = queue.EnqueueAsync(c => Insert(c, "b"), default);
        gate.Dispose();
        await Task.WhenAll(first, a, b);
        var notUnique = await Assert.ThrowsAsync<SqliteException>(() => broken);
        Assert.Equal(2067, notUnique.SqliteExtendedErrorCode);
        var no = await Assert.ThrowsAsync<InvalidOperationException>(() => thrown);
        Assert.Equal([notUnique, no], failures);
        Assert.Equal(["a", "b"], Stored());
    }

    [Fact]
    public async Task A_write_that_ends_the_transaction_leaves_its_neighbours_intact()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var a = queue.EnqueueAsync(c => Insert(c, "a"), default);
        var broken = queue.EnqueueAsync(c => c.Execute("INSERT OR ROLLBACK INTO notes VALUES ('x'), ('x')"), default);
        var b = queue.EnqueueAsync(c => Insert(c, "b"), default);
        gate.Dispose();
        await Task.WhenAll(first, a, b);
        await Assert.ThrowsAsync<SqliteException>(() => broken);
        Assert.Equal(["a", "b"], Stored());
    }

    [Fact]
    public async Task A_write_that_hides_the_end_of_the_transaction_fails_and_leaves_its_neighbours_intact()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var a = queue.EnqueueAsync(c => Insert(c, "a"), default);
        var broken = queue.EnqueueAsync(
            c => Assert.Throws<SqliteException>(() => c.Execute("INSERT OR ROLLBACK INTO notes VALUES ('x'), ('x')")),
            default
        );
        var b = queue.EnqueueAsync(c => Insert(c, "b"), default);
        gate.Dispose();
        await Task.WhenAll(first, a, b);
        await Assert.ThrowsAsync<InvalidOperationException>(() => broken);
        Assert.Equal(["a", "b"], Stored());
    }

    [Fact]
    public async Task A_write_cancelled_while_it_waits_leaves_nothing_and_returns_at_once()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        using var cancel = new CancellationTokenSource();
        var task = queue.EnqueueAsync(c => Insert(c, "a"), cancel.Token);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        gate.Dispose();
        await first;
        await queue.EnqueueAsync(c => Insert(c, "b"), default);
        Assert.Equal(["b"], Stored());
    }

    [Fact]
    public async Task A_write_cancelled_during_its_work_leaves_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var task = queue.EnqueueAsync(
            c =>
            {
                var rows = Insert(c, "a");
                cancel.Cancel();
                return rows;
            },
            cancel.Token
        );
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.Empty(Stored());
    }

    [Fact]
    public async Task Cancelling_after_the_commit_changes_nothing()
    {
        using var cancel = new CancellationTokenSource();
        var task = queue.EnqueueAsync(c => Insert(c, "a"), cancel.Token);
        await task;
        cancel.Cancel();
        Assert.Equal(1, await task);
        Assert.Equal(["a"], Stored());
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        await using var small = Queue(capacity: 2);
        var gate = new Gate();
        var first = gate.CloseAsync(small);
        var waiting = new[]
        {
            small.EnqueueAsync(c => Insert(c, "a"), default),
            small.EnqueueAsync(c => Insert(c, "b"), default),
        };
        Assert.Throws<WriteQueueFullException>(() =>
        {
            _ = small.EnqueueAsync(c => Insert(c, "c"), default);
        });
        gate.Dispose();
        await first;
        await Task.WhenAll(waiting);
        await small.EnqueueAsync(c => Insert(c, "d"), default);
        Assert.Equal(["a", "b", "d"], Stored());
    }

    [Fact]
    public async Task A_lone_write_is_committed_on_the_callers_own_thread()
    {
        var caller = Environment.CurrentManagedThreadId;
        var task = queue.EnqueueAsync(_ => Environment.CurrentManagedThreadId, default);
        Assert.True(task.IsCompletedSuccessfully);
        Assert.Equal(caller, await task);
    }

    [Fact]
    public async Task Writers_from_many_threads_are_all_served()
    {
        await Task.WhenAll(
            Enumerable
                .Range(0, 8)
                .Select(thread =>
                    Task.Run(async () =>
                    {
                        for (var i = 0; i < 300; i++)
                            await queue.EnqueueAsync(c => Insert(c, $"{thread}/{i}"), default);
                    })
                )
        );
        Assert.Equal(2400, Stored().Length);
    }

    [Fact]
    public async Task Stopping_finishes_accepted_writes_and_accepts_no_more()
    {
        var stopping = Queue();
        var gate = new Gate();
        var first = gate.CloseAsync(stopping);
        var waiting = Enumerable
            .Range(0, 50)
            .Select(i => stopping.EnqueueAsync(c => Insert(c, $"{i}"), default))
            .ToArray();
        var stopped = stopping.DisposeAsync().AsTask();
        Assert.Throws<WriteQueueFullException>(() =>
        {
            _ = stopping.EnqueueAsync(c => Insert(c, "late"), default);
        });
        gate.Dispose();
        await stopped;
        Assert.True(waiting.All(task => task.IsCompletedSuccessfully));
        await first;
        Assert.Equal(50, Stored().Length);
    }

    [Fact]
    public async Task While_another_process_holds_the_lock_writes_fail_and_then_work_again()
    {
        await using var hasty = new WriteQueue(
            () =>
            {
                var connection = new SqliteConnection($"Data Source={File};Pooling=False;Default Timeout=1");
                connection.Open();
                return connection;
            },
            10
        );
        await using (var other = new SqliteConnection($"Data Source={File};Pooling=False"))
        {
            other.Open();
            other.Execute("BEGIN IMMEDIATE");
            var blocked = await Assert.ThrowsAsync<SqliteException>(() =>
                hasty.EnqueueAsync(c => Insert(c, "a"), default)
            );
            Assert.Equal(5, blocked.SqliteErrorCode);
            other.Execute("ROLLBACK");
        }
        await hasty.EnqueueAsync(c => Insert(c, "b"), default);
        Assert.Equal(["b"], Stored());
    }

    [Fact]
    public async Task A_full_disk_fails_a_write_completely_and_writes_work_again_once_there_is_room()
    {
        await queue.EnqueueAsync(c => Insert(c, "before"), default);
        var pages = await queue.EnqueueAsync(c => c.ExecuteScalar<int>("PRAGMA page_count"), default);
        await queue.EnqueueAsync(c => c.ExecuteScalar<int>($"PRAGMA max_page_count = {pages + 2}"), default);

        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var small = queue.EnqueueAsync(c => Insert(c, "small"), default);
        var large = queue.EnqueueAsync(
            c =>
            {
                Insert(c, "half");
                return Insert(c, new string('x', 100_000));
            },
            default
        );
        gate.Dispose();
        await first;
        Assert.Equal(13, (await Assert.ThrowsAsync<SqliteException>(() => large)).SqliteErrorCode);
        await small;
        Assert.Equal(["before", "small"], Stored());

        await queue.EnqueueAsync(c => c.ExecuteScalar<int>("PRAGMA max_page_count = 1000000"), default);
        await queue.EnqueueAsync(c => Insert(c, new string('x', 100_000)), default);
        Assert.Equal(3, Stored().Length);
    }

    [Fact]
    public async Task A_write_that_fails_in_its_batch_and_succeeds_alone_returns_its_result()
    {
        var gate = new Gate();
        var first = gate.CloseAsync(queue);
        var runs = 0;
        var unlucky = queue.EnqueueAsync(
            c => ++runs == 1 ? c.Execute("INSERT OR ROLLBACK INTO notes VALUES ('x'), ('x')") : Insert(c, "second try"),
            default
        );
        var neighbour = queue.EnqueueAsync(c => Insert(c, "neighbour"), default);
        gate.Dispose();
        await Task.WhenAll(first, neighbour);
        Assert.Equal(1, await unlucky);
        Assert.Equal(["neighbour", "second try"], Stored());
    }

    [Fact]
    public async Task A_batch_that_must_not_be_committed_leaves_nothing_and_the_next_write_works()
    {
        var refused = true;
        var failures = 0;
        await using var guarded = new WriteQueue(
            () =>
            {
                var connection = new SqliteConnection($"Data Source={File};Pooling=False");
                connection.Open();
                return connection;
            },
            100
        )
        {
            BeforeCommit = () =>
            {
                if (refused)
                    throw new StorageException(StorageFault.Replaced);
            },
            Failed = _ => failures++,
        };
        await Assert.ThrowsAsync<StorageException>(() => guarded.EnqueueAsync(c => Insert(c, "refused"), default));
        Assert.Equal(1, failures);
        Assert.Empty(Stored());
        refused = false;
        await guarded.EnqueueAsync(c => Insert(c, "taken"), default);
        Assert.Equal(["taken"], Stored());
    }
}
