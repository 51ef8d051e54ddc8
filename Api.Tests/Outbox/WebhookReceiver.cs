using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Tests.Npm;
using NodaTime;

namespace Api.Tests.Outbox;

/// <summary>
/// A webhook's request as it arrived: headers by their names in lower case, the indexes of those of the receiver's
/// secrets that it is signed with, and if it is none, why, in the words of the standard's library.
/// </summary>
sealed record Received(
    string Method,
    string Path,
    IReadOnlyDictionary<string, string> Headers,
    string Body,
    IReadOnlyList<int> VerifiedWith,
    string? Error
)
{
    public string? Id => Headers.GetValueOrDefault("webhook-id");
    public string? Timestamp => Headers.GetValueOrDefault("webhook-timestamp");
    public bool Verified => VerifiedWith.Count > 0;
}

/// <summary>
/// The other end of a webhook, in Node with the npm package of Standard Webhooks. It answers 204 to what it can verify
/// and 400 to all else, until it is told otherwise. Its clock stands where it was put. Skipped without Node.
/// </summary>
sealed class WebhookReceiver : IAsyncDisposable
{
    readonly ChildProcess node;
    int tellings;

    WebhookReceiver(ChildProcess node) => this.node = node;

    /// <summary>Any path below it is received too.</summary>
    public Uri Url { get; private set; } = null!;

    public static async Task<WebhookReceiver> StartAsync(Instant now, params string[] secrets)
    {
        var receiver = new WebhookReceiver(
            await NodeModules.StartAsync("receiver.mjs", [$"{now.ToUnixTimeMilliseconds()}", .. secrets])
        );
        receiver.Url = new Uri((await receiver.SaidAsync<string>("url", 1))[0]);
        return receiver;
    }

    /// <summary>All requests since the start, once there are so many.</summary>
    public Task<Received[]> ReceivedAsync(int count) => SaidAsync<Received>("request", count);

    /// <summary>
    /// From now on it answers so, and goes on verifying: <c>Retry-After</c> and <c>Location</c> are headers.
    /// </summary>
    public Task AnswerAsync(int status, Duration delay = default, params (string Name, string Value)[] headers) =>
        TellAsync(
            new
            {
                answer = new
                {
                    status,
                    delay = delay.TotalMilliseconds,
                    headers = headers.ToDictionary(header => header.Name, header => header.Value),
                },
            }
        );

    /// <summary>From now on it takes each request and cuts the connection without an answer.</summary>
    public Task CutAsync() => TellAsync(new { answer = new { cut = true } });

    /// <summary>From now on it answers by what it can verify, as at the start.</summary>
    public Task BehaveAsync() => TellAsync(new { answer = (object?)null });

    public Task SetClockAsync(Instant now) => TellAsync(new { now = now.ToUnixTimeMilliseconds() });

    public ValueTask DisposeAsync() => node.DisposeAsync();

    async Task TellAsync(object what)
    {
        await node.SendAsync(JsonSerializer.Serialize(what));
        await SaidAsync<JsonNode>("told", Interlocked.Increment(ref tellings));
    }

    async Task<T[]> SaidAsync<T>(string member, int count)
    {
        for (var lines = await node.LinesAsync(0); ; lines = await node.LinesAsync(lines.Length + 1))
        {
            var said = lines.Select(line => JsonNode.Parse(line)![member]).OfType<JsonNode>().ToArray();
            if (said.Length >= count)
                return [.. said.Select(what => what.Deserialize<T>(JsonSerializerOptions.Web)!)];
        }
    }
}
