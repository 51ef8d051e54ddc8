using System.Diagnostics.Metrics;

namespace Api.Data.Sqlite;

/// <summary>The measurements of the write queue, under the meter <c>Clinic</c>.</summary>
sealed class WriteQueueMetrics
{
    readonly Meter meter;
    readonly Histogram<double> wait;
    readonly Histogram<int> batch;

    public WriteQueueMetrics(IMeterFactory meters)
    {
        meter = meters.Create(Telemetry.Name);
        wait = meter.CreateHistogram(
            "clinic.write_queue.wait.duration",
            "s",
            "The time that a write waits before it is executed.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
            }
        );
        batch = meter.CreateHistogram(
            "clinic.write_queue.batch.size",
            "{write}",
            "The number of writes that share a commit.",
            advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] }
        );
    }

    public void ShowLength(Func<int> length) =>
        meter.CreateObservableGauge("clinic.write_queue.length", length, "{write}", "Writes that wait for the disk.");

    public void CountWait(TimeSpan waited) => wait.Record(waited.TotalSeconds);

    public void CountBatch(int size) => batch.Record(size);
}
