using System.Collections.Concurrent;
using System.Data.Common;
using System.Net.Http.Json;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Articles;
using Api.CommandLine;
using Api.Data;
using Api.Data.Sqlite;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OutputCaching;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Internal;
using Microsoft.Extensions.Logging;

namespace Api.Tests;

/// <summary>
/// The program in this process, on a database of its own and behind a real Kestrel on a free port. Its clock stands at
/// <see cref="Now"/> until a test moves it.
/// </summary>
public sealed class ApiFactory : IAsyncLifetime
{
    public static readonly DateTimeOffset Now = new(2026, 7, 1, 12, 0, 0, TimeSpan.Zero);

    int requestsUnderWay;

    public TempFolder Folder { get; } = new();
    public JumpingClock Clock { get; } = new(Now);
    public HttpClient Client { get; private set; } = null!;
    public WebApplication App { get; private set; } = null!;
    public LogSink Log { get; } = new();
    internal Database Database => App.Services.GetRequiredService<Database>();

    /// <summary>The database, in tests of what only SQLite has.</summary>
    internal SqliteDatabase Sqlite => App.Services.GetRequiredService<SqliteDatabase>();

    internal ContentVersion Version => App.Services.GetRequiredService<ContentVersion>();

    internal DatabaseMaintenance Maintenance => App.Services.GetRequiredService<DatabaseMaintenance>();

    /// <summary>Settings that override those of appsettings.json. Add them before the start.</summary>
    public List<string> Settings { get; } = [];

    /// <summary>Changes the composition of the program. Set it before the start.</summary>
    public Action<WebApplicationBuilder>? Configure { get; set; }

    /// <summary>Adds endpoints to the program. Set it before the start.</summary>
    public Action<WebApplication>? Map { get; set; }

    public static async Task<ApiFactory> StartAsync(Action<ApiFactory>? change = null)
    {
        var factory = new ApiFactory();
        change?.Invoke(factory);
        await factory.InitializeAsync();
        return factory;
    }

    public async ValueTask InitializeAsync()
    {
        var settings = Engine.Translate([
            "--Urls=http://127.0.0.1:0",
            .. await ChooseDatabaseAsync(),
            $"--Keys:Folder={Folder.Keys}",
            .. ApiProcess.GenerousLimits,
            .. Settings,
        ]);
        App = Program.Compose(
            settings,
            builder =>
            {
                builder.Logging.ClearProviders().AddProvider(Log);
                builder.Services.AddSingleton<TimeProvider>(Clock);
                builder.Services.AddSingleton(CacheOnFakeClock(Clock));
                builder.Services.AddSingleton<IStartupFilter>(new OutermostMiddleware(CountAsync));
                Configure?.Invoke(builder);
            }
        );
        Map?.Invoke(App);
        await Startup.StartAsync(App);
        Client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false })
        {
            BaseAddress = new Uri(App.Urls.Single()),
        };
    }

    async Task<string[]> ChooseDatabaseAsync()
    {
        // The test has prepared it.
        if (FindSetting("Database:ConnectionString") is not null)
            return [];
        var prepared = FindSetting("Seed:Folder") is null ? PreparedDatabase.Seeded : PreparedDatabase.Empty;
        await prepared.CopyToAsync(FindSetting("Database:Folder") ?? Folder.Path);
        return [$"--Database:Folder={Folder.Path}"];
    }

    string? FindSetting(string name) =>
        Settings.LastOrDefault(setting => setting.StartsWith($"--{name}=", StringComparison.Ordinal))?.Split('=', 2)[1];

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        // Missing when the program refused its settings.
        if (App is not null)
            await App.DisposeAsync();
        Folder.Dispose();
    }

    /// <summary>Sends a GET, asserts the status, and reads the body as JSON.</summary>
    public async Task<JsonNode> GetAsync(string path, int status = 200)
    {
        using var response = await Client.GetAsync(path);
        Assert.Equal(status, (int)response.StatusCode);
        return (await response.Content.ReadFromJsonAsync<JsonNode>())!;
    }

    public Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        params (string Name, string Value)[] headers
    )
    {
        var request = new HttpRequestMessage(method, path);
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return Client.SendAsync(request);
    }

    /// <summary>Runs SQL that changes the database. The program knows of the change afterwards.</summary>
    public async Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        var rows = await ExecuteUnnoticedAsync(sql, parameters);
        await Version.RefreshAsync(default);
        return rows;
    }

    /// <summary>
    /// Runs SQL that changes the database behind the program's back. It looks for changes once its clock moves.
    /// </summary>
    public Task<int> ExecuteUnnoticedAsync(string sql, object? parameters = null) =>
        Database.WriteAsync(connection => connection.ExecuteAsync(sql, parameters), default);

    /// <summary>Reads all rows.</summary>
    public Task<T[]> RowsAsync<T>(string sql, object? parameters = null) =>
        Database.ReadAsync(async connection => (await connection.QueryAsync<T>(sql, parameters)).ToArray(), default);

    /// <summary>Reads the columns of the only row.</summary>
    public Task<object?[]> RowAsync(string sql, object? parameters = null) =>
        Database.ReadAsync(
            async connection =>
            {
                IDictionary<string, object?> row = await connection.QuerySingleAsync(sql, parameters);
                return row.Values.ToArray();
            },
            default
        );

    /// <summary>Reads the first column of the first row.</summary>
    public Task<T> QueryAsync<T>(string sql, object? parameters = null) =>
        Database.ReadAsync(async connection => (await connection.ExecuteScalarAsync<T>(sql, parameters))!, default);

    /// <summary>Reads whole tables, with a line for each row.</summary>
    public Task<string> DumpAsync(params string[] tables) =>
        Database.ReadAsync(
            async connection =>
            {
                var lines = new List<string>();
                foreach (var table in tables)
                {
                    var rows = await connection.QueryAsync($"SELECT * FROM {table}");
                    lines.AddRange(rows.Select(row => $"{table}: {row}").Order(StringComparer.Ordinal));
                }
                return string.Join('\n', lines);
            },
            default
        );

    internal async Task SaveArticlesAsync(params ArticleDraft[] drafts)
    {
        var store = App.Services.GetRequiredService<ArticleStore>();
        var articles = drafts.Select(draft => (Draft: draft, Text: ArticleText.Render(draft.Markdown))).ToArray();
        await Database.WriteAsync(
            async connection =>
            {
                foreach (var (draft, text) in articles)
                    await store.SaveAsync(connection, draft, text);
                return articles.Length;
            },
            default
        );
        await Version.RefreshAsync(default);
    }

    /// <summary>Lets time pass, once every answer is in the cache that a test has read.</summary>
    public async Task AdvanceAsync(TimeSpan time)
    {
        await SettleAsync();
        Clock.Advance(time);
    }

    /// <inheritdoc cref="AdvanceAsync"/>
    public async Task AdvanceToAsync(DateTimeOffset now)
    {
        await SettleAsync();
        Clock.SetUtcNow(now);
    }

    // The cache stores an answer after its last byte was sent, so a test can have read it before that.
    async Task SettleAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (Volatile.Read(ref requestsUnderWay) > 0)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Delay(1);
        }
    }

    /// <summary>Lets the content count as changed, so that the next answer is made anew.</summary>
    public async Task ForgetAnswersAsync()
    {
        await SettleAsync();
        await ExecuteAsync("UPDATE content_version SET version = version + 1");
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

    internal sealed class OutermostMiddleware(Func<HttpContext, RequestDelegate, Task> middleware) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) =>
            app =>
            {
                app.Use(middleware);
                next(app);
            };
    }

    // The framework's own store has no other way to replace its clock.
    static IOutputCacheStore CacheOnFakeClock(TimeProvider clock)
    {
        const string Store = "Microsoft.AspNetCore.OutputCaching.Memory.MemoryOutputCacheStore";
        const BindingFlags AnyConstructor = BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public;
        var type = typeof(OutputCacheOptions).Assembly.GetType(Store, throwOnError: true)!;
        var cache = new MemoryCache(new MemoryCacheOptions { Clock = new CacheClock(clock), SizeLimit = 1 << 24 });
        return (IOutputCacheStore)Activator.CreateInstance(type, AnyConstructor, null, [cache], null)!;
    }

    sealed class CacheClock(TimeProvider clock) : ISystemClock
    {
        public DateTimeOffset UtcNow => clock.GetUtcNow();
    }
}

static class DatabaseExtensions
{
    /// <summary>Writes without awaiting, as most tests do.</summary>
    public static Task<T> WriteSynchronouslyAsync<T>(
        this Database db,
        Func<DbConnection, T> work,
        CancellationToken ct
    ) => db.WriteAsync(connection => Task.FromResult(work(connection)), ct);
}

/// <summary>Everything that was logged.</summary>
[ProviderAlias("Sink")]
public sealed class LogSink : ILoggerProvider, ILogger
{
    readonly ConcurrentQueue<string> lines = new();

    public string Text => string.Join('\n', lines);

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter
    ) => lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");

    public void Dispose() { }
}

/// <summary>
/// A folder, and one for keys beside it. Both are deleted after the test, with the databases that they stand for.
/// </summary>
public sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("clinic-").FullName;

    /// <summary>The folder for keys. The program creates it.</summary>
    public string Keys => ApiProcess.KeysBeside(Path);

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        Engine.DropDatabases(Path);
        Directory.Delete(Path, recursive: true);
        if (Directory.Exists(Keys))
            Directory.Delete(Keys, recursive: true);
    }
}

static class JsonAssert
{
    /// <summary>Asserts that two documents have the same members and values.</summary>
    public static void Equal(string expected, JsonNode? actual)
    {
        if (!JsonNode.DeepEquals(JsonNode.Parse(expected), actual))
            Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(Readable), actual?.ToJsonString(Readable));
    }

    /// <summary>Asserts a whole problem document. Its trace id is always another one.</summary>
    public static async Task ProblemAsync(
        HttpResponseMessage response,
        int status,
        string type,
        string? detail = null,
        string? errors = null
    )
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
        if (detail is not null)
            Assert.Equal(detail, (string?)problem["detail"]);
        if (errors is not null)
            Equal(errors, problem["errors"]);
    }

    static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
