using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Api.Data;

/// <summary>More writes wait than <see cref="DatabaseOptions.WriteQueueCapacity"/> allows, or the program is stopping.</summary>
#pragma warning disable CA1032, CA1064 // Thrown by the queue only, turned into a 503 in one place
sealed class WriteQueueFullException(string message) : Exception(message);
#pragma warning restore CA1032, CA1064

/// <summary>
/// Group commit. A durable commit costs a flush of the disk, whatever is in it; so one thread at a time, the leader, takes
/// all that waits, runs each item in a savepoint of its own, and commits them together. Callers are told after the commit.
/// </summary>
/// <remarks>
/// A caller that finds no leader leads one batch itself, on its own thread: a lone write so costs what it would cost without
/// a queue. When more has come meanwhile, it hands the lead over to the queue's own thread, which keeps it until nothing waits.
/// </remarks>
sealed class WriteQueue : IAsyncDisposable
{
    const int LargestBatch = 256;

    readonly Channel<Item> waiting;
    readonly Func<SqliteConnection> open;
    readonly Thread follower;
    readonly SemaphoreSlim awaken = new(0);
    readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Item> batch = new(LargestBatch);
    Writer? writer;
    int leading;
    long commits;
    volatile bool handedOver, stopping;

    public WriteQueue(Func<SqliteConnection> open, int capacity)
    {
        this.open = open;
        waiting = Channel.CreateBounded<Item>(capacity);
        follower = new Thread(Follow) { IsBackground = true, Name = nameof(WriteQueue) };
        follower.Start();
    }

    public long Commits => Interlocked.Read(ref commits);

    /// <summary>Runs in every transaction before it is committed. What it throws fails the whole batch.</summary>
    public Action BeforeCommit { get; init; } = () => { };

    /// <summary>Runs after every commit.</summary>
    public Action Committed { get; init; } = () => { };

    /// <summary>Is told why a write was not stored.</summary>
    public Action<Exception> Failed { get; init; } = _ => { };

    /// <summary>Runs last on the writing connection, before it is closed.</summary>
    public Action<SqliteConnection> Closing { get; init; } = _ => { };

    public Task<T> EnqueueAsync<T>(Func<SqliteConnection, T> work, CancellationToken ct)
    {
        if (ct.IsCancellationRequested) return Task.FromCanceled<T>(ct);
        var item = new Item<T>(work, ct);
        if (!waiting.Writer.TryWrite(item))
        {
            item.Abandon();
            throw new WriteQueueFullException(stopping ? "The program is stopping." : "Too many writes wait for the disk.");
        }
        if (TryLead())
        {
            CommitWaiting();
            if (EndLead())
            {
                handedOver = true;
                awaken.Release();
            }
        }
        return item.Task;
    }

    /// <summary>Accepts nothing more and returns once all that was accepted is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        waiting.Writer.TryComplete();
        awaken.Release();
        await finished.Task;
    }

    bool TryLead() => Interlocked.CompareExchange(ref leading, 1, 0) == 0;

    // What was queued after the last look and before the lead was given up has found a leader, and so must be seen here.
    // True: there is more, and the lead is taken again.
    bool EndLead()
    {
        Volatile.Write(ref leading, 0);
        Interlocked.MemoryBarrier();
        return waiting.Reader.TryPeek(out _) && TryLead();
    }

    // A thread of its own, since under load it spends its life waiting for the disk.
    void Follow()
    {
        do
        {
            awaken.Wait();
            if (!handedOver) continue;
            handedOver = false;
            do CommitWaiting();
            while (EndLead());
        }
        while (!stopping);

        // Nothing more is accepted. A caller may still lead, but not for long: it ends, or hands over.
        while (!handedOver && !TryLead()) Thread.Sleep(1);
        while (waiting.Reader.TryPeek(out _)) CommitWaiting();
        Close();
        finished.SetResult();
    }

    void Close()
    {
        try
        {
            if (writer is not null) Closing(writer.Connection);
        }
        catch (Exception e)
        {
            // All that was accepted is committed; only the end was not as clean as it might be.
            Failed(e);
        }
        Forget();
    }

    void CommitWaiting()
    {
        batch.Clear();
        while (batch.Count < LargestBatch && waiting.Reader.TryRead(out var item))
        {
            if (item.TryStart()) batch.Add(item);
        }
        if (batch.Count > 0) Commit(batch);
    }

    void Commit(List<Item> items)
    {
        try
        {
            writer ??= new Writer(open());
            writer.Begin.ExecuteNonQuery();
        }
        catch (Exception e)
        {
            // Nobody's fault in this batch (another process holds the lock, say), so trying each alone would not help.
            Forget();
            Failed(e);
            foreach (var item in items) item.Fail(e);
            return;
        }

        try
        {
            Run(items, writer);
            BeforeCommit();
            writer.Commit.ExecuteNonQuery();
        }
        catch (Exception e)
        {
            Undo();
            if (items.Count == 1)
            {
                Failed(e);
                items[0].Fail(e);
                return;
            }
            // One item can take the whole transaction with it (a full disk does). Its neighbours get another chance.
            foreach (var item in items.ToArray()) Commit([item]);
            return;
        }

        Interlocked.Increment(ref commits);
        Committed();
        foreach (var item in items)
        {
            if (item.Error is { } error) Failed(error);
            item.Complete();
        }
    }

    static void Run(List<Item> items, Writer writer)
    {
        if (items is [var only])
        {
            // The transaction is savepoint enough.
            if (!only.Run(writer.Connection)) only.Rethrow();
            return;
        }
        foreach (var item in items)
        {
            writer.Save.ExecuteNonQuery();
            if (!item.Run(writer.Connection))
            {
                // SQLite itself rolls everything back on some errors; then there is no savepoint to return to.
                if (!writer.InTransaction) item.Rethrow();
                writer.RollbackToSave.ExecuteNonQuery();
            }
            writer.Release.ExecuteNonQuery();
        }
    }

    void Undo()
    {
        try
        {
            if (writer!.InTransaction) writer.Rollback.ExecuteNonQuery();
        }
        catch (Exception)
        {
            // Whatever it was, the queue must live on: without it no write would ever be answered again.
            Forget();
        }
    }

    // The next batch opens a new connection: this one is in a state that nobody knows.
    void Forget()
    {
        var lost = writer;
        writer = null;
        try
        {
            lost?.Dispose();
        }
        catch (Exception e) when (e is SqliteException or InvalidOperationException)
        {
            // It is given up in any case.
        }
    }

    /// <summary>The writing connection, with the statements around every item prepared once.</summary>
    sealed class Writer(SqliteConnection connection) : IDisposable
    {
        public SqliteConnection Connection => connection;
        public SqliteCommand Begin { get; } = Prepare(connection, "BEGIN IMMEDIATE");
        public SqliteCommand Commit { get; } = Prepare(connection, "COMMIT");
        public SqliteCommand Rollback { get; } = Prepare(connection, "ROLLBACK");
        public SqliteCommand Save { get; } = Prepare(connection, "SAVEPOINT item");
        public SqliteCommand Release { get; } = Prepare(connection, "RELEASE item");
        public SqliteCommand RollbackToSave { get; } = Prepare(connection, "ROLLBACK TO item");
        public bool InTransaction => sqlite3_get_autocommit(connection.Handle) == 0;

        public void Dispose()
        {
            foreach (var command in new[] { Begin, Commit, Rollback, Save, Release, RollbackToSave }) command.Dispose();
            connection.Dispose();
        }

        static SqliteCommand Prepare(SqliteConnection connection, string sql)
        {
            var command = connection.CreateCommand();
            command.CommandText = sql;
            command.Prepare();
            return command;
        }
    }

    abstract class Item
    {
        /// <returns>False when the caller cancelled while it waited.</returns>
        public abstract bool TryStart();

        /// <returns>False when the work threw, or was cancelled, and must be rolled back.</returns>
        public abstract bool Run(SqliteConnection connection);
        public abstract void Rethrow();

        /// <summary>What the work threw; <c>null</c> when it succeeded.</summary>
        public abstract Exception? Error { get; }

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

        public override Exception? Error => error?.SourceException;

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
