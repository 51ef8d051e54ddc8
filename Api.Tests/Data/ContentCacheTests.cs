using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using Api.Data;
using Dapper;

namespace Api.Tests.Data;

public sealed class ContentCacheTests : IAsyncLifetime
{
    readonly ApiFactory api = new();
    readonly TaskCompletionSource mayRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int loads;

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    ContentCache<string> Cache(Func<DbConnection, Task<string>> load) => new(api.Database, api.Version, load);

    /// <summary>Has the name of Jonesboro. It reads the first time when it may.</summary>
    ContentCache<string> WaitingCache() =>
        Cache(async connection =>
        {
            Interlocked.Increment(ref loads);
            await mayRead.Task;
            return await ReadNameAsync(connection);
        });

    static Task<string> ReadNameAsync(DbConnection connection) =>
        connection.QuerySingleAsync<string>("SELECT name FROM locations WHERE slug = 'jonesboro'");

    const string Rename = "UPDATE locations SET name = 'Renamed' WHERE slug = 'jonesboro'";

    async Task UntilLoadingAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Volatile.Read(ref loads) == 0)
            await Task.Delay(1, patience.Token);
    }

    [Fact]
    public async Task Callers_at_the_same_time_share_a_load_and_later_ones_need_none()
    {
        var cache = WaitingCache();
        var callers = Enumerable.Range(0, 64).Select(_ => Task.Run(() => cache.GetAsync(default).AsTask())).ToArray();
        await UntilLoadingAsync();
        mayRead.SetResult();
        var names = await Task.WhenAll(callers);
        Assert.All(names, name => Assert.Same(names[0], name));
        var later = cache.GetAsync(default);
        Assert.True(later.IsCompletedSuccessfully);
        Assert.Same(names[0], await later);
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task It_loads_once_for_each_version()
    {
        mayRead.SetResult();
        var cache = WaitingCache();
        Assert.Equal("Jonesboro", await cache.GetAsync(default));
        await api.ExecuteAsync(Rename);
        Assert.Equal("Renamed", await cache.GetAsync(default));
        Assert.Equal("Renamed", await cache.GetAsync(default));
        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task A_load_that_fails_is_tried_again()
    {
        var cache = Cache(async connection =>
            Interlocked.Increment(ref loads) < 3
                ? throw new StorageException(StorageFault.Busy)
                : await ReadNameAsync(connection)
        );
        for (var i = 0; i < 2; i++)
            await Assert.ThrowsAsync<StorageException>(() => cache.GetAsync(default).AsTask());
        Assert.Equal("Jonesboro", await cache.GetAsync(default));
        Assert.Equal(3, loads);
    }

    [Fact]
    public async Task A_caller_who_goes_away_does_not_end_the_load_of_the_others()
    {
        var cache = WaitingCache();
        using var gone = new CancellationTokenSource();
        var first = cache.GetAsync(gone.Token).AsTask();
        await UntilLoadingAsync();
        var second = cache.GetAsync(default).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        Assert.False(second.IsCompleted);
        mayRead.SetResult();
        Assert.Equal("Jonesboro", await second);
        Assert.Equal(1, loads);
    }

    [Fact]
    public async Task A_change_during_a_load_is_neither_in_its_value_nor_taken_for_known()
    {
        var cache = WaitingCache();
        var first = cache.GetAsync(default).AsTask();
        // The version was read, and the name was not.
        await UntilLoadingAsync();
        await api.ExecuteUnnoticedAsync(Rename);
        mayRead.SetResult();
        Assert.Equal("Jonesboro", await first);
        await api.Version.RefreshAsync(default);
        Assert.Equal("Renamed", await cache.GetAsync(default));
    }

    [Fact]
    public async Task A_caller_who_knows_of_a_change_does_not_get_what_was_loaded_before_it()
    {
        var cache = WaitingCache();
        var first = cache.GetAsync(default).AsTask();
        await UntilLoadingAsync();
        await api.ExecuteAsync(Rename);
        var later = Enumerable.Range(0, 8).Select(_ => cache.GetAsync(default).AsTask()).ToArray();
        mayRead.SetResult();
        Assert.Equal("Jonesboro", await first);
        Assert.All(await Task.WhenAll(later), name => Assert.Equal("Renamed", name));
        Assert.Equal(2, loads);
    }

    [Fact]
    public async Task What_one_cache_finds_out_all_know()
    {
        var other = Cache(ReadNameAsync);
        Assert.Equal("Jonesboro", await other.GetAsync(default));
        await api.ExecuteUnnoticedAsync(Rename);
        Assert.Equal("Jonesboro", await other.GetAsync(default));
        Assert.Equal("Renamed", await Cache(ReadNameAsync).GetAsync(default));
        Assert.Equal("Renamed", await other.GetAsync(default));
    }

    [Fact]
    public async Task The_version_follows_a_database_that_was_set_back()
    {
        var cache = Cache(ReadNameAsync);
        await api.ExecuteAsync(Rename);
        Assert.Equal("Renamed", await cache.GetAsync(default));
        // As a backup that was restored.
        await api.ExecuteAsync(
            "UPDATE locations SET name = 'Jonesboro' WHERE slug = 'jonesboro'; UPDATE content_version SET version = 1"
        );
        Assert.Equal(1, api.Version.Current);
        Assert.Equal("Jonesboro", await cache.GetAsync(default));
        var later = cache.GetAsync(default);
        Assert.True(later.IsCompletedSuccessfully);
        await later;
    }

    [Fact]
    public async Task What_is_in_memory_is_answered_without_a_query()
    {
        string[] paths =
        [
            "/v1/status",
            "/v1/status?at=2026-07-01T15:00:00Z",
            "/v1/locations/jonesboro/status?at=2026-07-01T15:00:00Z",
            "/v1/locations/jonesboro/hours",
            "/v1/locations/jonesboro/calendar",
            "/v1/locations?near=35,-90&openAt=now&include=status",
            "/v1/locations/jonesboro",
            "/v1/locations/jonesboro/fhir",
            "/v1/hours.ics",
            "/v1/contact-form",
        ];
        await api.ExecuteAsync("UPDATE locations SET latitude = 35, longitude = -90");
        Assert.NotEmpty(await ListQueriesAsync("/v1/status"));
        Assert.NotEmpty(await ListQueriesAsync("/v1/locations"));
        await api.ForgetAnswersAsync();
        Assert.Equal(["HoursStore.LoadAsync"], await ListQueriesAsync("/v1/status"));
        Assert.Equal(["LocationStore.LoadAsync"], await ListQueriesAsync("/v1/locations"));
        await api.AdvanceAsync(TimeSpan.FromMinutes(2));
        foreach (var path in paths)
            Assert.Empty(await ListQueriesAsync(path));
        // There is something to count.
        Assert.Contains("ArticleStore.ListAsync", await ListQueriesAsync("/v1/articles"));
    }

    /// <summary>The spans of the database that a request causes.</summary>
    async Task<string[]> ListQueriesAsync(string path)
    {
        var trace = ActivityTraceId.CreateRandom();
        var names = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            // Also to that of requests: spans of the database are parts of theirs.
            ShouldListenTo = _ => true,
            Sample = (ref _) => ActivitySamplingResult.AllData,
            ActivityStopped = span =>
            {
                if (span.Source == Telemetry.Traces && span.TraceId == trace)
                    names.Enqueue(span.OperationName);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var response = await api.SendAsync(
            HttpMethod.Get,
            path,
            ("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01")
        );
        Assert.Equal(200, (int)response.StatusCode);
        return [.. names];
    }
}
