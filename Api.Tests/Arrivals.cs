namespace Api.Tests;

/// <summary>What other programs have sent so far, in order. A test can wait for it.</summary>
sealed class Arrivals<T>
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly Lock gate = new();
    readonly List<T> items = [];
    TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    string? end;

    public void Add(T item)
    {
        lock (gate)
            items.Add(item);
        Changed();
    }

    /// <summary>Ends all waiting, because nothing more arrives.</summary>
    public void End(string why)
    {
        lock (gate)
            end ??= why;
        Changed();
    }

    /// <summary>Waits until at least <paramref name="count"/> items have arrived.</summary>
    /// <returns>All items that have arrived.</returns>
    /// <exception cref="TimeoutException">Not enough items arrive.</exception>
    public async Task<T[]> WaitAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (items.Count >= count)
                    return [.. items];
                if (end is not null)
                    throw new TimeoutException($"{items.Count} of {count} have arrived, and no more will: {end}");
                next = change.Task;
            }

            try
            {
                await next.WaitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"{items.Count} of {count} have arrived within {Patience}.");
            }
        }
    }

    void Changed()
    {
        lock (gate)
        {
            change.SetResult();
            change = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
