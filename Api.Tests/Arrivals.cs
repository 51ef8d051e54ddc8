namespace Api.Tests;

/// <summary>What others have sent so far, in order, and waiting for it.</summary>
sealed class Arrivals<T>
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    readonly Lock gate = new();
    readonly List<T> items = [];
    TaskCompletionSource change = new(TaskCreationOptions.RunContinuationsAsynchronously);
    string? end;

    public void Add(T item)
    {
        lock (gate) items.Add(item);
        Changed();
    }

    /// <summary>Nothing more comes, and why: who waits need not lose patience.</summary>
    public void End(string why)
    {
        lock (gate) end ??= why;
        Changed();
    }

    /// <summary>All that has arrived, once it is <paramref name="count"/> or more.</summary>
    /// <exception cref="TimeoutException">So many do not come.</exception>
    public async Task<T[]> WaitAsync(int count)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            Task next;
            lock (gate)
            {
                if (items.Count >= count) return [.. items];
                if (end is not null) throw new TimeoutException($"{items.Count} of {count} have arrived, and no more will: {end}");
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
