namespace Api.Http;

/// <summary>How many connections the machine lets the program hold: each takes a file descriptor, and a process that runs out of them dies.</summary>
static class Connections
{
    /// <summary>More would be an attack on a clinic's API.</summary>
    const int Most = 10_000;

    /// <summary>What the program itself needs: 310 while it waits, and some for the database, mails and webhooks.</summary>
    const int Reserved = 400;

    /// <summary>Below this nothing useful is left.</summary>
    const int LeastDescriptors = 512;

    /// <summary>The limit of one listener, such that all of them together stay below that of the process.</summary>
    /// <param name="descriptors">How many descriptors the process may have; <c>null</c> when there is no limit or none is known.</param>
    /// <param name="listeners">How many sockets it listens on.</param>
    /// <exception cref="StartupFault">There are too few to serve anybody.</exception>
    public static long LimitOf(long? descriptors, int listeners)
    {
        if (descriptors < LeastDescriptors)
        {
            throw new StartupFault($"Only {descriptors} files may be open at once, which is too few to serve: allow at least 1024, " +
                "with ulimit -n, LimitNOFILE= of systemd or --ulimit nofile= of Docker.");
        }
        return Math.Min(Most, (descriptors ?? long.MaxValue) - Reserved) / Math.Max(1, listeners);
    }

    /// <summary>How many sockets addresses are listened on with; localhost is both 127.0.0.1 and [::1].</summary>
    public static int ListenersOf(string? urls) => (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries)
        .Sum(url => url.Contains("://localhost", StringComparison.OrdinalIgnoreCase) ? 2 : 1);

    /// <summary>The limit of this process, as Linux tells it.</summary>
    public static long? Descriptors()
    {
        const string Limits = "/proc/self/limits", Row = "Max open files";
        if (!File.Exists(Limits) || File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Row, StringComparison.Ordinal)) is not { } row) return null;
        return long.TryParse(row[Row.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries)[0], out var soft) ? soft : null;
    }
}
