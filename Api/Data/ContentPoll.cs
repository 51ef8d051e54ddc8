namespace Api.Data;

/// <summary>Reads the content's version every second. Other instances and the commands change content, too.</summary>
sealed class ContentPoll(ContentVersion version, StorageHealth health, TimeProvider time) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A server has read it before it starts. The openapi command starts the host without a database.
        if (version.Current == 0)
            return;
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await version.RefreshAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                health.Failed(e, isWrite: false);
            }
        }
    }
}
