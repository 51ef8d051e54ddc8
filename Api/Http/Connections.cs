namespace Api.Http;

/// <summary>
/// Limits the number of connections. Each takes a file descriptor, and a process that runs out of them dies.
/// </summary>
static class Connections
{
    // More connections to a clinic's API are an attack.
    const int Maximum = 10_000;

    // The program itself needs 310 when idle, and some for the database, mails and webhooks.
    const int Reserved = 400;

    const int FewestDescriptors = 512;

    /// <summary>The limit of one listener. All listeners together stay below the limit of the process.</summary>
    /// <param name="descriptors">The limit on descriptors; <c>null</c> when there is none or it is unknown.</param>
    /// <param name="listeners">The number of sockets that the program listens on.</param>
    /// <exception cref="StartupFault">There are too few descriptors.</exception>
    public static long LimitOf(long? descriptors, int listeners)
    {
        if (descriptors < FewestDescriptors)
        {
            throw new StartupFault(
                $"Only {descriptors} files may be open at once, which is too few to serve: allow at least 1024, "
                    + "with ulimit -n, LimitNOFILE= of systemd or --ulimit nofile= of Docker."
            );
        }
        return Math.Min(Maximum, (descriptors ?? long.MaxValue) - Reserved) / Math.Max(1, listeners);
    }

    /// <summary>The number of sockets for these URLs. Localhost is both 127.0.0.1 and [::1].</summary>
    public static int ListenersOf(string? urls) =>
        (urls ?? "")
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Sum(url => url.Contains("://localhost", StringComparison.OrdinalIgnoreCase) ? 2 : 1);

    /// <summary>The limit on descriptors of this process, on Linux.</summary>
    public static long? Descriptors()
    {
        const string Limits = "/proc/self/limits",
            Row = "Max open files";
        if (
            !File.Exists(Limits)
            || File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Row, StringComparison.Ordinal))
                is not { } row
        )
            return null;
        return long.TryParse(row[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], out var soft)
            ? soft
            : null;
    }
}
