using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Api.Tests.Outbox;

/// <summary>
/// The other end of a webhook in this process, for thousands of calls. It answers each with 204, and remembers the
/// calls by their <c>webhook-id</c>.
/// </summary>
sealed class CallRecorder : IAsyncDisposable
{
    readonly WebApplication app;
    readonly ConcurrentDictionary<string, int> calls = new();

    CallRecorder(WebApplication app) => this.app = app;

    public Uri Url => new(app.Urls.Single());

    /// <summary>How often each delivery was made, by its id.</summary>
    public IReadOnlyDictionary<string, int> Calls => calls;

    public static async Task<CallRecorder> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var recorder = new CallRecorder(builder.Build());
        recorder.app.Run(http =>
        {
            recorder.calls.AddOrUpdate(http.Request.Headers["webhook-id"].ToString(), 1, (_, count) => count + 1);
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        await recorder.app.StartAsync();
        return recorder;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
