using System.Diagnostics;
using System.Threading.Channels;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Api.Data.Sqlite;

/// <summary>
/// Group commit. A durable commit costs a flush of the disk, whatever is in it. So one thread at a time, the leader,
/// takes all waiting items, runs them in one transaction, and commits them together. If one of them fails, each is run
/// again in a transaction of its own. Callers continue after the commit.
/// </summary>
/// <remarks>
/// A caller that finds no leader leads one batch itself, on its own thread, so a single write costs no more than
/// without a queue. If more items have arrived meanwhile, the queue's own thread takes over and leads until nothing
/// waits. Savepoints would make the second run unnecessary, but they cost time for every item: with them, 64 senders at
/// once got 7 % fewer messages stored in a second.
/// </remarks>
sealed class WriteQueue : IAsyncDisposable
{
    const int LargestBatch = 256;

    readonly Channel<Item> waiting;
    readonly Func<SqliteConnection> open;
    readonly Thread queueThread;
    readonly SemaphoreSlim awaken = new(0);
    readonly TaskCompletionSource finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly List<Item> batch = new(LargestBatch);
    Writer? writer;
    int leading;
    long commits;
    volatile bool handedOver,
        stopping;

    public WriteQueue(Func<SqliteConnection> open, int capacity)
    {
        this.open = open;
        waiting = Channel.CreateBounded<Item>(capacity);
        queueThread = new Thread(LeadWhenAsked) { IsBackground = true, Name = nameof(WriteQueue) };
        queueThread.Start();
    }

    public long Commits => Interlocked.Read(ref commits);

    /// <summary>The number of items that wait.</summary>
    public int Length => waiting.Reader.Count;

    /// <summary>Receives the time that an item has waited, when it is taken from the queue.</summary>
    public Action<TimeSpan> Taken { get; init; } = _ => { };

    /// <summary>Receives the number of items that are about to be committed together.</summary>
    public Action<int> Batched { get; init; } = _ => { };

    /// <summary>Runs in every transaction before its commit. An exception fails the whole batch.</summary>
    public Action BeforeCommit { get; init; } = () => { };

    /// <summary>Runs after every commit.</summary>
    public Action Committed { get; init; } = () => { };

    /// <summary>Receives the reason when a write was not stored.</summary>
    public Action<Exception> Failed { get; init; } = _ => { };

    /// <summary>Runs last on the writing connection, before it is closed.</summary>
    public Action<SqliteConnection> Closing { get; init; } = _ => { };

    /// <inheritdoc cref="Database.WriteAsync"/>
    /// <param name="span">The span of the write. It gets two parts: waiting and being executed.</param>
    public Task<T> EnqueueAsync<T>(
        Func<SqliteConnection, T> work,
        CancellationToken ct,
        Action? beforeCommit = null,
        Activity? span = null
    )
    {
        if (ct.IsCancellationRequested)
            return Task.FromCanceled<T>(ct);
        var item = new Item<T>(work, ct) { BeforeCommit = beforeCommit, Span = span };
        if (!waiting.Writer.TryWrite(item))
        {
            item.Abandon();
            throw new WriteQueueFullException(
                stopping ? "The program is stopping." : "Too many writes wait for the disk."
            );
        }
        if (TryLead())
        {
            CommitWaiting();
            if (StillLeads())
            {
                handedOver = true;
                awaken.Release();
            }
        }
        return item.Task;
    }

    /// <summary>Accepts nothing more, and completes once everything accepted is on disk.</summary>
    public async ValueTask DisposeAsync()
    {
        stopping = true;
        waiting.Writer.TryComplete();
        awaken.Release();
        await finished.Task;
    }

    bool TryLead() => Interlocked.CompareExchange(ref leading, 1, 0) == 0;

    // Gives up the lead, and takes it again if there is more: the caller of an item that was queued after the last look
    // could not lead itself.
    bool StillLeads()
    {
        Volatile.Write(ref leading, 0);
        Interlocked.MemoryBarrier();
        return waiting.Reader.TryPeek(out _) && TryLead();
    }

    // Its own thread, because under load it mostly waits for the disk.
    void LeadWhenAsked()
    {
        do
        {
            awaken.Wait();
            if (!handedOver)
                continue;
            handedOver = false;
            do CommitWaiting();
            while (StillLeads());
        } while (!stopping);

        // Nothing more is accepted. If a caller still leads, it soon ends or hands over.
        while (!handedOver && !TryLead())
            Thread.Sleep(1);
        while (waiting.Reader.TryPeek(out _))
            CommitWaiting();
        Close();
        finished.SetResult();
    }

    void Close()
    {
        try
        {
            if (writer is not null)
                Closing(writer.Connection);
        }
        catch (Exception e)
        {
            // Everything accepted is committed. Only the log could not be emptied.
            Failed(e);
        }
        Forget();
    }

    void CommitWaiting()
    {
        batch.Clear();
        while (batch.Count < LargestBatch && waiting.Reader.TryRead(out var item))
        {
            if (!item.TryStart())
                continue;
            Taken(item.Waited);
            batch.Add(item);
        }
        if (batch.Count == 0)
            return;
        Batched(batch.Count);
        Commit(batch);
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
            // Not the fault of an item (another process holds the lock, for example), so trying each alone would not
            // help.
            Forget();
            Failed(e);
            foreach (var item in items)
                item.Fail(e);
            return;
        }

        try
        {
            foreach (var item in items)
            {
                item.Run(writer.Connection);
                // Otherwise each of the next statements would be committed at once.
                if (!writer.InTransaction)
                    throw new InvalidOperationException("A write has ended its transaction.");
            }
            foreach (var check in items.Select(item => item.BeforeCommit).Distinct())
                check?.Invoke();
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
            // Perhaps only one of them is at fault.
            foreach (var item in items)
                Commit([item]);
            return;
        }

        Interlocked.Increment(ref commits);
        Committed();
        foreach (var item in items)
            item.Complete();
    }

    void Undo()
    {
        try
        {
            if (writer!.InTransaction)
                writer.Rollback.ExecuteNonQuery();
        }
        catch (Exception)
        {
            // The queue must go on, or no write would ever be answered again.
            Forget();
        }
    }

    // The next batch opens a new connection: the state of this one is unknown.
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
            // It is abandoned anyway.
        }
    }

    /// <summary>The writing connection with its transaction statements, prepared once.</summary>
    sealed class Writer(SqliteConnection connection) : IDisposable
    {
        public SqliteConnection Connection => connection;
        public SqliteCommand Begin { get; } = Prepare(connection, "BEGIN IMMEDIATE");
        public SqliteCommand Commit { get; } = Prepare(connection, "COMMIT");
        public SqliteCommand Rollback { get; } = Prepare(connection, "ROLLBACK");
        public bool InTransaction => sqlite3_get_autocommit(connection.Handle) == 0;

        public void Dispose()
        {
            foreach (var command in new[] { Begin, Commit, Rollback })
                command.Dispose();
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
        readonly long queuedAt = Stopwatch.GetTimestamp();

        public Action? BeforeCommit { get; init; }

        public Activity? Span { get; init; }

        /// <summary>The time from its creation to its start.</summary>
        public TimeSpan Waited { get; private set; }

        /// <returns>False when the caller cancelled it while it waited.</returns>
        public bool TryStart()
        {
            Waited = Stopwatch.GetElapsedTime(queuedAt);
            return TryClaim();
        }

        protected abstract bool TryClaim();

        public abstract void Run(SqliteConnection connection);

        public void Complete()
        {
            EndSpan();
            SetResult();
        }

        public void Fail(Exception e)
        {
            EndSpan();
            SetError(e);
        }

        protected abstract void SetResult();
        protected abstract void SetError(Exception e);

        void EndSpan()
        {
            Span?.AddPart("wait", TimeSpan.Zero, Waited);
            Span?.AddPart("execute", Waited, Stopwatch.GetElapsedTime(queuedAt));
        }
    }

    sealed class Item<T> : Item
    {
        // Callers continue on another thread, since this one is for writing.
        readonly TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        readonly Func<SqliteConnection, T> work;
        readonly CancellationToken ct;
        readonly CancellationTokenRegistration cancellation;
        int claimed;
        T? result;

        public Item(Func<SqliteConnection, T> work, CancellationToken ct)
        {
            this.work = work;
            this.ct = ct;
            // The first to claim it wins: the canceller or the leader.
            cancellation = ct.UnsafeRegister(
                static (state, ct) =>
                {
                    var item = (Item<T>)state!;
                    if (item.Claim())
                        item.done.TrySetCanceled(ct);
                },
                this
            );
        }

        public Task<T> Task => done.Task;

        public void Abandon() => cancellation.Dispose();

        protected override bool TryClaim()
        {
            cancellation.Unregister();
            return Claim();
        }

        public override void Run(SqliteConnection connection)
        {
            result = work(connection);
            ct.ThrowIfCancellationRequested();
        }

        protected override void SetResult() => done.TrySetResult(result!);

        protected override void SetError(Exception e)
        {
            if (e is OperationCanceledException && ct.IsCancellationRequested)
                done.TrySetCanceled(ct);
            else
                done.TrySetException(e);
        }

        bool Claim() => Interlocked.Exchange(ref claimed, 1) == 0;
    }
}
