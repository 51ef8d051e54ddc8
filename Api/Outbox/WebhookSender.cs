using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Api.Http;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>
/// Calls webhooks as Standard Webhooks describe it (https://www.standardwebhooks.com): signed, without following redirects,
/// without reading what the receiver answers beyond its headers.
/// </summary>
sealed class WebhookSender : IDisposable
{
    static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(20);
    static readonly JsonSerializerOptions Wire = NewWire();

    readonly WebhookOptions options;
    readonly TimeProvider time;
    readonly HttpClient client;

    public WebhookSender(WebhookOptions options, TimeProvider time)
    {
        this.options = options;
        this.time = time;
        client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            MaxResponseDrainSize = 0,
            MaxResponseHeadersLength = 16,
            // So that a name which leads elsewhere now is looked up again.
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { { "User-Agent", "Clinic-API" } },
        };
    }

    public void Dispose() => client.Dispose();

    /// <summary>Tells an endpoint of a submission.</summary>
    public Task<Outcome> SendAsync(WebhookEndpoint endpoint, Delivery delivery, CancellationToken ct) => SendAsync(endpoint, delivery.DeliveryId, new
    {
        Type = "submission.received",
        Timestamp = delivery.OccurredAt,
        Data = new { Id = delivery.Reference, delivery.Location, delivery.ReceivedAt },
    }, ct);

    /// <summary>A call that says only that calls arrive.</summary>
    public Task<Outcome> SendTestAsync(WebhookEndpoint endpoint, CancellationToken ct) => SendAsync(endpoint, Guid.CreateVersion7(time.GetUtcNow()).ToString(), new
    {
        Type = "notify.test",
        Timestamp = time.GetCurrentInstant(),
        Data = new { },
    }, ct);

    async Task<Outcome> SendAsync(WebhookEndpoint endpoint, string id, object body, CancellationToken ct)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(body, Wire);
        var timestamp = time.GetCurrentInstant().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url)
        {
            Content = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            Headers =
            {
                { "webhook-id", id },
                { "webhook-timestamp", timestamp },
                { "webhook-signature", string.Join(' ', endpoint.Secrets.Select(secret => Sign(secret, id, timestamp, content))) },
            },
        };
        using var late = new CancellationTokenSource(TimeOut, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            return response.StatusCode switch
            {
                >= HttpStatusCode.OK and < HttpStatusCode.Ambiguous => Outcome.Delivered,
                HttpStatusCode.Gone => new Outcome("HTTP 410: the receiver is gone", Final: true, Gone: true),
                var status and (HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout) =>
                    new Outcome($"HTTP {(int)status}", RetryAfter(response), OutOfReach: true),
                var status => new Outcome($"HTTP {(int)status}", RetryAfter(response)),
            };
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            if (late.IsCancellationRequested) return new Outcome($"no answer within {TimeOut.TotalSeconds} seconds", OutOfReach: true);
            var fault = e.GetBaseException() switch
            {
                InternalAddressException => new Outcome("refused: internal address"),
                AuthenticationException => new Outcome("TLS with the receiver failed: its certificate is not trusted here or not for that name"),
                // ArgumentException: a name that is longer than any in the DNS.
                SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } or ArgumentException => new Outcome("the receiver's name is not known"),
                SocketException { SocketErrorCode: SocketError.ConnectionReset } or HttpIOException => new Outcome("the connection was cut"),
                SocketException => new Outcome("the receiver cannot be reached"),
                IOException => new Outcome("the connection was cut"),
                var other => Outcome.Unexpected(other),
            };
            return fault with { OutOfReach = true };
        }
    }

    /// <summary>The signature of one secret: HMAC-SHA256 of the id, the timestamp and the body.</summary>
    static string Sign(byte[] secret, string id, string timestamp, byte[] body) =>
        "v1," + Convert.ToBase64String(HMACSHA256.HashData(secret, (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body]));

    Duration? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta.ToDuration(),
        { Date: { } date } => (date - time.GetUtcNow()).ToDuration(),
        _ => null,
    };

    // The address that was checked is the one that is connected to: between a look-up and another a name can lead elsewhere.
    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        // An address is not looked up: of 0.0.0.0 and [::] Dns says that they are no addresses to ask for.
        var found = IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, ct);
        IPAddress[] addresses = [.. found.Where(address => options.AllowInternal || PublicAddress.Is(address))];
        if (addresses.Length == 0) throw new InternalAddressException();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    static JsonSerializerOptions NewWire()
    {
        var wire = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Json.Configure(wire);
        return wire;
    }

#pragma warning disable CA1032, CA1064 // Thrown and caught here only
    sealed class InternalAddressException() : Exception("Every address of the receiver is internal.");
#pragma warning restore CA1032, CA1064
}
