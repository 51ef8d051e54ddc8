namespace Api.Outbox;

/// <summary>Wakes up whoever delivers, when something was written to the outbox.</summary>
sealed class OutboxSignal : IDisposable
{
    readonly SemaphoreSlim set = new(0, 1);

    public void Set()
    {
        if (set.CurrentCount > 0) return;
        try
        {
            set.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody else was faster, and that is as good.
        }
    }

    public void Dispose() => set.Dispose();
}
