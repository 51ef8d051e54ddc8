namespace Api.Data;

/// <summary>
/// Looks every second whether the content has changed: other instances and the commands change it, too.
/// </summary>
sealed class ContentPoll(ContentVersion version, StorageHealth health, TimeProvider time) : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    readonly PeriodicTimer timer = new(Pause, time);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The server has read it before the host starts. The openapi command starts the host without a database.
        if (version.Current == 0)
            return;
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

    public override void Dispose()
    {
        timer.Dispose();
        base.Dispose();
    }
}
