namespace Api.Http.RateLimiting;

/// <summary>A limit in the configuration: how many requests in how much time.</summary>
sealed class LimitOptions
{
    /// <summary>How many requests; 0 for no limit.</summary>
    public int Requests { get; set; }

    /// <summary>The length of the window in seconds. It begins with the first request.</summary>
    public int WindowSeconds { get; set; }
}
