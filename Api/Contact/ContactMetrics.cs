using System.Diagnostics.Metrics;
using Api.Contact.Inbox;

namespace Api.Contact;

/// <summary>
/// Counts the messages in quarantine for the meter <c>Clinic</c>: a measurement itself must not read the database.
/// </summary>
sealed partial class ContactMetrics : BackgroundService
{
    static readonly TimeSpan Pause = TimeSpan.FromSeconds(15);

    readonly InboxStore inbox;
    readonly TimeProvider time;
    readonly ILogger<ContactMetrics> log;
    volatile int quarantined;

    public ContactMetrics(InboxStore inbox, IMeterFactory meters, TimeProvider time, ILogger<ContactMetrics> log)
    {
        (this.inbox, this.time, this.log) = (inbox, time, log);
        meters
            .Create(Telemetry.Name)
            .CreateObservableGauge(
                "clinic.submissions.quarantined",
                () => quarantined,
                "{message}",
                "Messages that are set aside as spam. Nobody is notified about them until they are released."
            );
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            try
            {
                quarantined = await inbox.CountSpamAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogFault(e.GetType().Name);
            }
        } while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The messages in quarantine could not be counted ({Fault})")]
    partial void LogFault(string fault);
}
