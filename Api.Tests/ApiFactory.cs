using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.CommandLine;
using Api.Data.Sqlite;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace Api.Tests;

/// <summary>
/// A fresh app, composed as the program itself does it, on a fresh database in a temporary folder, behind a real Kestrel on
/// a free port. Its clock stands at <see cref="Now"/> until a test moves it.
/// </summary>
public sealed class ApiFactory : IAsyncLifetime
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    int requestsUnderWay;

    public TempFolder Folder { get; } = new();
    public FakeTimeProvider Clock { get; } = new(Now);
    public HttpClient Client { get; private set; } = null!;
    public WebApplication App { get; private set; } = null!;
    public LogSink Log { get; } = new();
    internal SqliteDatabase Database => App.Services.GetRequiredService<SqliteDatabase>();

    internal SqliteMaintenance Maintenance => App.Services.GetRequiredService<SqliteMaintenance>();

    /// <summary>Settings over those of appsettings.json; set before the start.</summary>
    public List<string> Settings { get; } = [];

    /// <summary>What a test does differently; set before the start.</summary>
    public Action<WebApplicationBuilder>? Configure { get; set; }

    public static async Task<ApiFactory> StartAsync(Action<ApiFactory>? change = null)
    {
        var factory = new ApiFactory();
        change?.Invoke(factory);
        await factory.InitializeAsync();
        return factory;
    }

    public async ValueTask InitializeAsync()
    {
        App = Program.Compose(["--Urls=http://127.0.0.1:0", $"--Database:Folder={Folder.Path}", $"--Keys:Folder={Folder.Keys}", .. ApiProcess.GenerousLimits, .. Settings], builder =>
        {
            builder.Logging.ClearProviders().AddProvider(Log);
            builder.Services.AddSingleton<TimeProvider>(Clock);
            builder.Services.AddSingleton(CacheOnFakeClock(Clock));
            builder.Services.AddSingleton<IStartupFilter>(new OutermostMiddleware(CountAsync));
            Configure?.Invoke(builder);
        });
        await Startup.StartAsync(App);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(App.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        // Not there when a test saw it refuse to be put together.
        if (App is not null) await App.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>GET, the status asserted, the body as JSON.</summary>
    public async Task<JsonNode> GetAsync(string path, int status = 200)
    {
        using var response = await Client.GetAsync(path);
        Assert.Equal(status, (int)response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers) Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return Client.SendAsync(request);
    }

    /// <summary>Empties the output cache, so that the next answer is made anew.</summary>
    public async Task ForgetAnswersAsync()
    {
        // The cache stores an answer after its last byte was sent. So a request can still be under way whose answer a test has read.
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Volatile.Read(ref requestsUnderWay) > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
        foreach (var tag in new[] { "articles", "locations", "hours", "contact-form", "docs" })
            await App.Services.GetRequiredService<IOutputCacheStore>().EvictByTagAsync(tag, default);
    }

    async Task CountAsync(HttpContext http, RequestDelegate next)
    {
        Interlocked.Increment(ref requestsUnderWay);
        try
        {
            await next(http);
        }
        finally
        {
            Interlocked.Decrement(ref requestsUnderWay);
        }
    }

    sealed class OutermostMiddleware(Func<HttpContext, RequestDelegate, Task> middleware) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(middleware);
            next(app);
        };
    }

    // The framework's own store, but for the clock: it goes by the system's and offers no other.
    static IOutputCacheStore CacheOnFakeClock(TimeProvider clock)
    {
        var type = typeof(OutputCacheOptions).Assembly.GetType("Microsoft.AspNetCore.OutputCaching.Memory.MemoryOutputCacheStore", throwOnError: true)!;
        var cache = new MemoryCache(new MemoryCacheOptions { Clock = new Ticking(clock), SizeLimit = 1 << 24 });
        return (IOutputCacheStore)Activator.CreateInstance(type, System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.NonPublic |
            System.Reflection.BindingFlags.Public, null, [cache], null)!;
    }

    sealed class Ticking(TimeProvider clock) : ISystemClock
    {
        public DateTimeOffset UtcNow => clock.GetUtcNow();
    }
}

/// <summary>Everything that was logged.</summary>
[ProviderAlias("Sink")]
public sealed class LogSink : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<string> lines = new();

    public string Text => string.Join('\n', lines);

    public ILogger CreateLogger(string categoryName) => this;
    public bool IsEnabled(LogLevel logLevel) => true;
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
    public void Dispose() { }
}

/// <summary>A folder, and one for keys beside it, that are gone after the test.</summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("clinic-").FullName;

    /// <summary>Made by whoever needs it.</summary>
    public string Keys => ApiProcess.KeysBeside(Path);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Directory.Delete(Path, recursive: true);
        if (Directory.Exists(Keys)) Directory.Delete(Keys, recursive: true);
    }
}

static class JsonAssert
{
    /// <summary>The same JSON, member for member.</summary>
    public static void Equal(string expected, JsonNode? actual)
    {
        if (!JsonNode.DeepEquals(JsonNode.Parse(expected), actual))
            Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(Readable), actual?.ToJsonString(Readable));
    }

    /// <summary>A whole problem document: its trace id, which differs, must be there.</summary>
    public static async Task ProblemAsync(HttpResponseMessage response, int status, string type, string? detail = null, string? errors = null)
    {
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoStore);
        var problem = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal($"/problems/{type}", (string?)problem["type"]);
        Assert.Equal(status, (int?)problem["status"]);
        Assert.False(string.IsNullOrEmpty((string?)problem["title"]));
        Assert.Equal(response.RequestMessage!.RequestUri!.AbsolutePath, (string?)problem["instance"]);
        Assert.Matches("^[0-9a-f]{32}$", (string?)problem["traceId"]);
        if (detail is not null) Assert.Equal(detail, (string?)problem["detail"]);
        if (errors is not null) Equal(errors, problem["errors"]);
    }

    static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
