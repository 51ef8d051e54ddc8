using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using NodaTime;

namespace Api.Data;

/// <summary>The database, as stores see it. What only one engine needs is in that engine's folder.</summary>
abstract class Database : IAsyncDisposable
{
    /// <summary>What the database is called in messages to the operator: its file, or its name and server.</summary>
    public abstract string Name { get; }

    /// <summary>The name of the engine in telemetry (OpenTelemetry's <c>db.system.name</c>).</summary>
    public abstract string EngineName { get; }

    /// <summary>
    /// The end of a query that selects rows <c>o</c> to change them: it locks them, and leaves out those that another
    /// instance has locked. Empty where there is only one writer.
    /// </summary>
    public abstract string SkipLocked { get; }

    /// <summary>The condition that a value is in a list, which is a parameter like <c>@ids</c>.</summary>
    public abstract string IsIn(string parameter);

    /// <summary>
    /// Runs queries on a read-only connection. Two queries can see different states of the database: use
    /// <see cref="ReadSnapshotAsync"/> if that matters.
    /// </summary>
    /// <param name="query">Queries on the given connection.</param>
    /// <param name="ct">Stops the queries.</param>
    /// <param name="method">The calling method, which names the span.</param>
    /// <param name="file">The calling method's file.</param>
    /// <exception cref="StorageException">The database cannot do its work at the moment.</exception>
    public abstract Task<T> ReadAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    );

    /// <summary>Runs queries on a read-only connection, all of which see the same state of the database.</summary>
    /// <inheritdoc cref="ReadAsync" path="/param|/exception"/>
    public abstract Task<T> ReadSnapshotAsync<T>(
        Func<DbConnection, Task<T>> query,
        CancellationToken ct,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    );

    /// <summary>Runs statements that belong together, and completes once their commit is on disk.</summary>
    /// <param name="work">
    /// Statements on the given connection. It may await nothing else, and can run a second time, when another write in
    /// the same transaction fails. If it throws, its statements are rolled back, and the task fails with what it threw.
    /// </param>
    /// <param name="ct">Undoes the write when it fires before the work is done. Later it has no effect.</param>
    /// <param name="beforeCommit">
    /// Called before the commit. If it throws, nothing is committed. Writes that share a commit and give equal
    /// delegates share the call.
    /// </param>
    /// <param name="isOneCommand">
    /// Whether the work is a single command to a server, which then commits it by itself. That saves a round trip. More
    /// than one would not be all or nothing.
    /// </param>
    /// <param name="method">The calling method, which names the span.</param>
    /// <param name="file">The calling method's file.</param>
    /// <exception cref="WriteQueueFullException">Too many writes wait already; nothing was done.</exception>
    /// <exception cref="StorageException">
    /// The database cannot do its work at the moment. Nothing was done; but when the connection to a server breaks
    /// during the commit, the write may have been done.
    /// </exception>
    public abstract Task<T> WriteAsync<T>(
        Func<DbConnection, Task<T>> work,
        CancellationToken ct,
        Action? beforeCommit = null,
        bool isOneCommand = false,
        [CallerMemberName] string method = "",
        [CallerFilePath] string file = ""
    );

    /// <summary>Inserts a row, and rows that refer to it. On a server it is one command.</summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="insert"><c>INSERT … RETURNING id</c>, of one row or none.</param>
    /// <param name="values">Its parameters.</param>
    /// <param name="dependents">The rows that refer to it.</param>
    /// <returns>The row's id; <c>null</c> when none was inserted, and then no dependents either.</returns>
    public abstract Task<long?> InsertAsync(
        DbConnection connection,
        string insert,
        object values,
        DependentRows? dependents
    );

    /// <summary>Lets no other transaction write to a table before the given one ends.</summary>
    public abstract Task BlockWritersAsync(DbConnection connection, string table);

    /// <summary>Runs work that only one instance of the program may do at a time.</summary>
    /// <param name="kind">The kind of work. Different kinds can run at the same time.</param>
    /// <param name="waits">Whether to wait while another instance does such work.</param>
    /// <param name="work">The work.</param>
    /// <param name="ct">Stops the waiting.</param>
    /// <returns>False when another instance does such work, so that this one did not.</returns>
    public abstract Task<bool> TryRunAloneAsync(SoleWork kind, bool waits, Func<Task> work, CancellationToken ct);

    /// <summary>Checks at the start of a server that messages can be stored safely.</summary>
    /// <exception cref="StartupFault">They cannot.</exception>
    public abstract Task PrepareToServeAsync(CancellationToken ct);

    /// <summary>Checks that there is a database, for commands that must not create one.</summary>
    /// <exception cref="StartupFault">There is none.</exception>
    public abstract void RequireExisting();

    /// <summary>
    /// Remembers that rows are erased, in the transaction that erases them, so that their traces are removed even after
    /// a restart.
    /// </summary>
    public abstract Task RememberErasureAsync(DbConnection connection, Instant now);

    /// <summary>
    /// Removes the traces of erased rows. A long reader can hold that up; then it is tried again once a minute.
    /// </summary>
    public abstract Task TryRemoveTracesAsync(CancellationToken ct);

    /// <summary>
    /// Since when there can be traces that <see cref="TryRemoveTracesAsync"/> could not remove; <c>null</c> when there
    /// are none.
    /// </summary>
    public abstract Task<Instant?> FindOldestTraceAsync(CancellationToken ct);

    /// <summary>Finds what would prevent a message from being stored now; <c>null</c> when nothing is known.</summary>
    public abstract Task<StorageFault?> FindFaultAsync(CancellationToken ct);

    public abstract ValueTask DisposeAsync();
}

/// <summary>New rows that refer to one of another table.</summary>
/// <param name="Insert"><c>INSERT … SELECT … FROM parent</c>, where <c>parent.id</c> is the other row's.</param>
/// <param name="Values">Its parameters.</param>
sealed record DependentRows(string Insert, DynamicParameters Values)
{
    /// <summary>Inserts them when the other row is there.</summary>
    public Task InsertAsync(DbConnection connection, long parent)
    {
        Values.Add("parent", parent);
        return connection.ExecuteAsync($"WITH parent AS (SELECT @parent AS id) {Insert}", Values);
    }
}

/// <summary>What only one instance of the program may do at a time.</summary>
enum SoleWork
{
    /// <summary>Migrating.</summary>
    Migration,

    /// <summary>Making the first keys, and sealing what an older program stored in clear.</summary>
    Keys,

    /// <summary>Loading content.</summary>
    Seed,

    /// <summary>Deleting what has expired.</summary>
    Housekeeping,

    /// <summary>Deleting old entries of the audit.</summary>
    Audit,
}
