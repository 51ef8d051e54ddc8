namespace Api.Tests.Data.Postgres;

/// <summary>
/// Three instances as processes. All of them start at the same time, on an empty database and an empty folder of keys.
/// Tests of one class share them.
/// </summary>
public sealed class ThreeInstances : IDisposable
{
    readonly Lazy<Task> started;
    (ApiProcess Process, HttpClient Client)[] instances = [];

    // Started by the first test, which is skipped without PostgreSQL.
    public ThreeInstances() => started = new Lazy<Task>(StartAsync);

    internal Deployment Deployment { get; private set; } = null!;

    internal IReadOnlyList<HttpClient> Clients => [.. instances.Select(instance => instance.Client)];

    internal IReadOnlyList<ApiProcess> Processes => [.. instances.Select(instance => instance.Process)];

    /// <summary>How many rows each table had after the start.</summary>
    internal IReadOnlyDictionary<string, long> Rows { get; private set; } = null!;

    /// <summary>Waits until all three are ready.</summary>
    public Task ReadyAsync() => started.Value;

    async Task StartAsync()
    {
        Deployment = Deployment.OnDurableServer();
        instances = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Deployment.ServeAsync()));
        Rows = Deployment.CountRows();
    }

    public void Dispose()
    {
        foreach (var (process, client) in instances)
        {
            process.Dispose();
            client.Dispose();
        }
        Deployment?.Dispose();
    }
}
