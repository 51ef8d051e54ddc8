using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Api.Data;
using Api.Http;
using Microsoft.Extensions.Options;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>
/// Calls webhooks as Standard Webhooks describe it (https://www.standardwebhooks.com). Calls are signed. Redirects are
/// not followed, and the body of an answer is not read.
/// </summary>
sealed class WebhookSender : IDisposable
{
    static readonly TimeSpan TimeOut = TimeSpan.FromSeconds(20);
    static readonly JsonSerializerOptions JsonOptions = CreateJsonOptions();

    readonly bool allowInternal;
    readonly WriteEvent write;
    readonly TimeProvider time;
    readonly HttpClient client;

    public WebhookSender(IOptions<WebhookOptions> options, WriteEvent write, TimeProvider time)
    {
        allowInternal = options.Value.AllowInternal;
        this.write = write;
        this.time = time;
        client = new HttpClient(
            new SocketsHttpHandler
            {
                ConnectCallback = ConnectAsync,
                AllowAutoRedirect = false,
                UseProxy = false,
                UseCookies = false,
                ActivityHeadersPropagator = null,
                AutomaticDecompression = DecompressionMethods.None,
                MaxResponseDrainSize = 0,
                MaxResponseHeadersLength = 16,
                // A name is looked up again, since it may lead elsewhere by then.
                PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            }
        )
        {
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestHeaders = { { "User-Agent", "Clinic-API" } },
        };
    }

    public void Dispose() => client.Dispose();

    /// <summary>Calls an endpoint about a delivery.</summary>
    public async Task<Outcome> SendAsync(WebhookEndpoint endpoint, Delivery delivery, CancellationToken ct)
    {
        WebhookEvent? body;
        try
        {
            body = await write(delivery, ct);
        }
        catch (Exception e) when (e is not StorageException && !ct.IsCancellationRequested)
        {
            return Outcome.Unexpected(e);
        }
        return body is null
            ? new Outcome("the message was erased", IsFinal: true)
            : await SendAsync(endpoint, delivery.DeliveryId, body, ct);
    }

    /// <summary>Makes a call that only shows that calls arrive.</summary>
    public Task<Outcome> SendTestAsync(WebhookEndpoint endpoint, CancellationToken ct)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow()).ToString();
        return SendAsync(endpoint, id, new WebhookEvent("notify.test", time.GetCurrentInstant(), new { }), ct);
    }

    async Task<Outcome> SendAsync(WebhookEndpoint endpoint, string id, WebhookEvent body, CancellationToken ct)
    {
        var content = JsonSerializer.SerializeToUtf8Bytes(body, JsonOptions);
        var timestamp = time.GetCurrentInstant().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint.Url)
        {
            Content = new ByteArrayContent(content)
            {
                Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
            },
            Headers =
            {
                { "webhook-id", id },
                { "webhook-timestamp", timestamp },
                {
                    "webhook-signature",
                    string.Join(' ', endpoint.Secrets.Select(secret => Sign(secret, id, timestamp, content)))
                },
            },
        };
        using var late = new CancellationTokenSource(TimeOut, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        try
        {
            using var response = await client.SendAsync(
                request,
                HttpCompletionOption.ResponseHeadersRead,
                either.Token
            );
            return Judge(response);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            var outcome = late.IsCancellationRequested
                ? new Outcome($"no answer within {TimeOut.TotalSeconds} seconds")
                : Explain(e.GetBaseException());
            return outcome with { IsOutOfReach = true };
        }
    }

    Outcome Judge(HttpResponseMessage response)
    {
        if (response.IsSuccessStatusCode)
            return Outcome.Delivered;
        if (response.StatusCode == HttpStatusCode.Gone)
            return new Outcome("HTTP 410: the receiver is gone", IsFinal: true, IsGone: true);
        var isOutOfReach =
            response.StatusCode
            is HttpStatusCode.TooManyRequests
                or HttpStatusCode.BadGateway
                or HttpStatusCode.ServiceUnavailable
                or HttpStatusCode.GatewayTimeout;
        return new Outcome($"HTTP {(int)response.StatusCode}", ReadRetryAfter(response), IsOutOfReach: isOutOfReach);
    }

    static Outcome Explain(Exception e) =>
        e switch
        {
            InternalAddressException => new Outcome("refused: internal address"),
            AuthenticationException => new Outcome(
                "TLS with the receiver failed: its certificate is not trusted here or not for that name"
            ),
            SocketException
            {
                SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
            } => new Outcome("the receiver's name is not known"),
            // A name that is longer than any in the DNS.
            ArgumentException => new Outcome("the receiver's name is not known"),
            SocketException { SocketErrorCode: SocketError.ConnectionReset } => new Outcome("the connection was cut"),
            SocketException => new Outcome("the receiver cannot be reached"),
            IOException => new Outcome("the connection was cut"),
            _ => Outcome.Unexpected(e),
        };

    /// <summary>The signature with one secret: HMAC-SHA256 of the id, the timestamp and the body.</summary>
    static string Sign(byte[] secret, string id, string timestamp, byte[] body) =>
        "v1,"
        + Convert.ToBase64String(
            HMACSHA256.HashData(secret, (byte[])[.. Encoding.UTF8.GetBytes($"{id}.{timestamp}."), .. body])
        );

    Duration? ReadRetryAfter(HttpResponseMessage response) =>
        response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta.ToDuration(),
            { Date: { } date } => (date - time.GetUtcNow()).ToDuration(),
            _ => null,
        };

    // Connects to the address that was checked: a second look-up of the name could give another one.
    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        // An address is not looked up: Dns refuses 0.0.0.0 and [::].
        var found = IPAddress.TryParse(host, out var address) ? [address] : await Dns.GetHostAddressesAsync(host, ct);
        IPAddress[] addresses = [.. found.Where(address => allowInternal || PublicAddress.IsPublic(address))];
        if (addresses.Length == 0)
            throw new InternalAddressException();
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

    static JsonSerializerOptions CreateJsonOptions()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Json.Configure(options);
        return options;
    }

#pragma warning disable CA1032, CA1064 // Thrown and caught here only
    sealed class InternalAddressException() : Exception("Every address of the receiver is internal.");
#pragma warning restore CA1032, CA1064
}
