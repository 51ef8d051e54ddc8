namespace Api.Outbox;

/// <summary>Wakes the workers of the outbox when something was added to it.</summary>
sealed class OutboxSignal
{
    TaskCompletionSource? next;

    /// <summary>Every message sets it. Without a waiting worker that costs one read.</summary>
    public void Set()
    {
        if (Volatile.Read(ref next) is not null)
            Interlocked.Exchange(ref next, null)?.SetResult();
    }

    /// <summary>
    /// Completes at the next <see cref="Set"/>. A worker that asks before it reads the outbox misses nothing.
    /// </summary>
    public Task NextAsync()
    {
        if (Volatile.Read(ref next) is { } waiting)
            return waiting.Task;
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref next, made, null) ?? made).Task;
    }
}
