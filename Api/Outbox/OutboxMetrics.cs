using System.Diagnostics.Metrics;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>The measurements of the outbox, under the meter <c>Clinic</c>.</summary>
sealed class OutboxMetrics
{
    readonly Counter<long> deliveries;
    volatile OutboxCounts counts = new()
    {
        Waiting = 0,
        Failed = 0,
        OldestWaitingSince = null,
        FailedAcknowledgements = 0,
    };

    public OutboxMetrics(IMeterFactory meters, TimeProvider time)
    {
        var meter = meters.Create(Telemetry.Name);
        deliveries = meter.CreateCounter<long>(
            "clinic.outbox.deliveries",
            "{attempt}",
            "Attempts to deliver, by channel and outcome: delivered, waiting (it is tried again) or failed (it was "
                + "given up)."
        );
        meter.CreateObservableGauge(
            "clinic.outbox.waiting",
            () => counts.Waiting,
            "{delivery}",
            "Deliveries that wait, without acknowledgements."
        );
        meter.CreateObservableGauge(
            "clinic.outbox.oldest_waiting",
            () => counts.OldestWaitingSince is { } since ? (time.GetCurrentInstant() - since).TotalSeconds : 0,
            "s",
            "How long the oldest delivery has waited; 0 when none waits."
        );
        meter.CreateObservableGauge(
            "clinic.outbox.failed",
            () => counts.Failed,
            "{delivery}",
            "Deliveries that were given up and can be sent again, without acknowledgements."
        );
        meter.CreateObservableGauge(
            "clinic.outbox.failed_acknowledgements",
            () => counts.FailedAcknowledgements,
            "{delivery}",
            "Acknowledgements that were given up, usually because of a mistyped address."
        );
    }

    public void CountAttempt(string channel, string outcome) =>
        deliveries.Add(1, new("clinic.delivery.channel", channel), new("clinic.delivery.outcome", outcome));

    /// <summary>
    /// Sets what the gauges show. They do not count themselves: a measurement must not read the database.
    /// </summary>
    public void Show(OutboxCounts latest) => counts = latest;
}
