using System.Diagnostics.Metrics;

namespace Api.Outbox;

/// <summary>What the outbox tells whoever measures, under the meter <c>Clinic</c>.</summary>
sealed class OutboxMetrics
{
    readonly Counter<long> deliveries;
    volatile OutboxCounts counts = new() { Waiting = 0, Failed = 0, OldestWaitingSince = null, FailedAcknowledgements = 0, Quarantined = 0 };

    public OutboxMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("Clinic");
        deliveries = meter.CreateCounter<long>("clinic.outbox.deliveries", "{attempt}", "Attempts to deliver, by channel and outcome: delivered, waiting (it is tried again) or failed (it was given up).");
        meter.CreateObservableGauge("clinic.outbox.waiting", () => counts.Waiting, "{delivery}", "Deliveries that wait, acknowledgements left out.");
        meter.CreateObservableGauge("clinic.outbox.failed", () => counts.Failed, "{delivery}", "Deliveries that were given up and can be sent again, acknowledgements left out.");
        meter.CreateObservableGauge("clinic.outbox.failed_acknowledgements", () => counts.FailedAcknowledgements, "{delivery}", "Acknowledgements that were given up: most often a mistyped address.");
        meter.CreateObservableGauge("clinic.submissions.quarantined", () => counts.Quarantined, "{message}", "Messages that are set aside as spam, and told to nobody until they are released.");
    }

    public void Count(string channel, string outcome) => deliveries.Add(1, new("channel", channel), new("outcome", outcome));

    /// <summary>The gauges show the last count: a measurement must not read the database.</summary>
    public void Show(OutboxCounts latest) => counts = latest;
}
