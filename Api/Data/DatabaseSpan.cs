using System.Diagnostics;

namespace Api.Data;

/// <summary>
/// The spans of reads and writes. They have the name of the method that reads or writes, and no statement or value.
/// </summary>
static class DatabaseSpan
{
    /// <summary>
    /// Starts a span inside the current one. Without one there is none: the program looks into the outbox all the time.
    /// </summary>
    /// <param name="system">The engine: see <see cref="Database.EngineName"/>.</param>
    /// <param name="operation"><c>read</c> or <c>write</c>.</param>
    /// <param name="method">The method that reads or writes.</param>
    /// <param name="file">The file that it is in, which is named after its class.</param>
    public static Activity? Start(string system, string operation, string method, string file)
    {
        if (Activity.Current is null || !Telemetry.Traces.HasListeners())
            return null;
        // The separators of the machine that compiled it.
        var type = file[(file.LastIndexOfAny(['/', '\\']) + 1)..].Split('.')[0];
        return Telemetry
            .Traces.StartActivity($"{type}.{method}", ActivityKind.Client)
            ?.SetTag("db.system.name", system)
            .SetTag("db.operation.name", operation);
    }

    /// <summary>Marks the span of work that failed. An exception's text could contain what a caller wrote.</summary>
    public static void Fail(this Activity? span, Exception exception) =>
        span
            ?.SetStatus(ActivityStatusCode.Error)
            .SetTag("error.type", StorageFaults.Find(exception)?.ToString() ?? exception.GetType().FullName);

    /// <summary>Adds a part of a span that has passed.</summary>
    /// <param name="span">The span.</param>
    /// <param name="name">The name of the part.</param>
    /// <param name="start">When it began, from the start of the span.</param>
    /// <param name="end">When it ended, from the start of the span.</param>
    public static void AddPart(this Activity span, string name, TimeSpan start, TimeSpan end) =>
        Telemetry
            .Traces.StartActivity(
                name,
                ActivityKind.Internal,
                span.Context,
                startTime: new DateTimeOffset(span.StartTimeUtc + start)
            )
            ?.SetEndTime(span.StartTimeUtc + end)
            .Dispose();
}
