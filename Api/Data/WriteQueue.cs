using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Dapper;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Api.Data;

/// <summary>More writes wait than <see cref="DatabaseOptions.WriteQueueCapacity"/> allows, or the program is stopping.</summary>
#pragma warning disable CA1032, CA1064 // Thrown by the queue only, turned into a 503 in one place
sealed class WriteQueueFullException(string message) : Exception(message);
#pragma warning restore CA1032, CA1064

/// <summary>
/// Group commit. A durable commit costs a flush of the disk, whatever is in it; so a single consumer takes all that
/// waits, runs each item in a savepoint of its own, and commits them together. Callers are told after the commit.
/// </summary>
sealed class WriteQueue : IAsyncDisposable
{
    const int LargestBatch = 256;

    readonly Channel<Item> waiting;
    readonly Func<SqliteConnection> open;
    readonly Task consumer;
    SqliteConnection? connection;
    long commits;
    volatile bool stopping;

    public WriteQueue(Func<SqliteConnection> open, int capacity)
    {
        this.open = open;
        waiting = Channel.CreateBounded<Item>(new BoundedChannelOptions(capacity) { SingleReader = true });
        // A thread of its own, since it spends its life waiting for the disk.
        consumer = Task.Factory.StartNew(
            Consume, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public long Commits => Interlocked.Read(ref commits);

    public Task<T> EnqueueAsync<T>(Func<SqliteConnection, T> work, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return Task.FromCanceled<T>(ct);
        var item = new Item<T>(work, ct);
        if (waiting.Writer.TryWrite(item)) return item.Task;
        item.Abandon();
        throw new WriteQueueFullException(stopping ? "The program is stopping." : "Too many writes wait for the disk.");
    }

    /// <summary>Accepts nothing more and returns once all that was accepted is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        waiting.Writer.TryComplete();
        await consumer;
    }

    void Consume()
    {
        var batch = new List<Item>(LargestBatch);
        while (waiting.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            batch.Clear();
            while (batch.Count < LargestBatch && waiting.Reader.TryRead(out var item))
            {
                if (item.TryStart())
                    batch.Add(item);
            }

            if (batch.Count > 0) Commit(batch);
        }
        connection?.Dispose();
    }

    void Commit(List<Item> batch)
    {
        try
        {
            connection ??= open();
            connection.Execute("BEGIN IMMEDIATE");
        }
        catch (Exception e)
        {
            // Nobody's fault in this batch (another process holds the lock, say), so trying each alone would not help.
            Forget();
            foreach (var item in batch) item.Fail(e);
            return;
        }

        try
        {
            RunAndCommit(batch);
        }
        catch (Exception e)
        {
            Undo();
            if (batch.Count == 1)
                batch[0].Fail(e);
            else
                // One item can take the whole transaction with it (a full disk does). Its neighbours get another chance.
                foreach (var item in batch) Commit([item]);
        }
    }

    void RunAndCommit(List<Item> batch)
    {
        var writer = connection!;
        foreach (var item in batch)
        {
            writer.Execute("SAVEPOINT item");
            if (item.Run(writer))
            {
                writer.Execute("RELEASE item");
            }
            else
            {
                // SQLite itself rolls everything back on some errors; then there is no savepoint to return to.
                if (sqlite3_get_autocommit(writer.Handle) != 0) item.Rethrow();
                writer.Execute("ROLLBACK TO item; RELEASE item");
            }
        }
        writer.Execute("COMMIT");
        Interlocked.Increment(ref commits);
        foreach (var item in batch) item.Complete();
    }

    void Undo()
    {
        try
        {
            if (sqlite3_get_autocommit(connection!.Handle) == 0) connection.Execute("ROLLBACK");
        }
        catch (Exception)
        {
            // Whatever it was, the consumer must live on: without it no write would ever be answered again.
            Forget();
        }
    }

    // The next batch opens a new connection: this one is in a state that nobody knows.
    void Forget()
    {
        connection?.Dispose();
        connection = null;
    }

    abstract class Item
    {
        /// <returns>False when the caller cancelled while it waited.</returns>
        public abstract bool TryStart();

        /// <returns>False when the work threw, or was cancelled, and must be rolled back.</returns>
        public abstract bool Run(SqliteConnection connection);
        public abstract void Rethrow();
        public abstract void Complete();
        public abstract void Fail(Exception e);
    }

    sealed class Item<T> : Item
    {
        // Callers go on elsewhere: the consumer's thread is for writing.
        readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly Func<SqliteConnection, T> work;
        readonly CancellationToken ct;
        readonly CancellationTokenRegistration cancellation;
        int claimed;
        T? result;
        ExceptionDispatchInfo? error;

        public Item(Func<SqliteConnection, T> work, CancellationToken ct)
        {
            this.work = work;
            this.ct = ct;
            // Whoever claims the item first, the canceller or the consumer, decides its fate.
            cancellation = ct.UnsafeRegister(static (state, ct) =>
            {
                var item = (Item<T>)state!;
                if (item.Claim()) item.done.TrySetCanceled(ct);
            }, this);
        }

        public Task<T> Task => done.Task;

        public void Abandon() => cancellation.Dispose();

        public override bool TryStart()
        {
            cancellation.Unregister();
            return Claim();
        }

        public override bool Run(SqliteConnection connection)
        {
            error = null;
            try
            {
                result = work(connection);
                ct.ThrowIfCancellationRequested();
                return true;
            }
            catch (Exception e)
            {
                error = ExceptionDispatchInfo.Capture(e);
                return false;
            }
        }

        public override void Rethrow() => error!.Throw();

        public override void Complete()
        {
            if (error is null) done.TrySetResult(result!);
            else Fail(error.SourceException);
        }

        public override void Fail(Exception e)
        {
            if (e is OperationCanceledException && ct.IsCancellationRequested) done.TrySetCanceled(ct);
            else done.TrySetException(e);
        }

        bool Claim() => Interlocked.Exchange(ref claimed, 1) == 0;
    }
}
