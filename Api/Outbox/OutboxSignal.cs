namespace Api.Outbox;

/// <summary>Wakes up whoever delivers, when something was written to the outbox. Every message sets it, and where nobody waits that costs a look.</summary>
sealed class OutboxSignal
{
    TaskCompletionSource? next;

    public void Set()
    {
        if (Volatile.Read(ref next) is not null) Interlocked.Exchange(ref next, null)?.SetResult();
    }

    /// <summary>
    /// Completes when it is next set. Whoever asks before looking at the outbox misses nothing: what was not yet there to be seen
    /// completes it.
    /// </summary>
    public Task NextAsync()
    {
        if (Volatile.Read(ref next) is { } waiting) return waiting.Task;
        var made = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return (Interlocked.CompareExchange(ref next, made, null) ?? made).Task;
    }
}
