using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Options;

namespace Api.Tests.Http;

public sealed class ServerTests
{
    static async Task<bool> BelievesForwardedHttpsAsync(params string[] proxies)
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(proxies.Select((proxy, index) => $"--Proxies:Known:{index}={proxy}"))
        );
        using var response = await api.SendAsync(
            HttpMethod.Get,
            "/v1/locations",
            ("X-Forwarded-Proto", "https"),
            ("X-Forwarded-For", "203.0.113.9"),
            ("Host", "api.example.com")
        );
        return response.Headers.Contains("Strict-Transport-Security");
    }

    [Fact]
    public async Task Forwarded_headers_are_trusted_from_configured_proxies_only()
    {
        Assert.False(await BelievesForwardedHttpsAsync());
        Assert.False(await BelievesForwardedHttpsAsync("192.0.2.1"));
        Assert.True(await BelievesForwardedHttpsAsync("127.0.0.1"));
        Assert.True(await BelievesForwardedHttpsAsync("192.0.2.1", "127.0.0.0/8"));
        Assert.Throws<OptionsValidationException>(() => Program.Compose(["--Proxies:Known:0=300.0.0.1"]));
    }

    [Theory]
    [InlineData("GET /v1/locations HTTP/1.1\r\nHost: x\r\nX-Long: {20000}\r\n\r\n", 431)]
    [InlineData("GET /{20000} HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    [InlineData("GET /v1/locations HTTP/1.1\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET /v1/locations HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    public async Task Malformed_and_oversized_requests_are_refused(string request, int status)
    {
        await using var api = await ApiFactory.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(request.Replace("{20000}", new string('x', 20_000), StringComparison.Ordinal))
        );
        Assert.StartsWith(
            $"HTTP/1.1 {status} ",
            await new StreamReader(stream).ReadLineAsync(),
            StringComparison.Ordinal
        );
        await api.GetAsync("/v1/locations");
    }

    [Fact]
    [AnyEngine]
    public async Task Hundreds_of_stalled_senders_hold_no_thread_delay_nobody_and_are_disconnected()
    {
        const int Each = 150;
        const string Start =
            "POST /v1/contact-submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n";
        using var folder = new TempFolder();
        // A process of its own, as only its threads are to be counted.
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using var running = api;
        int Threads()
        {
            api.Process.Refresh();
            return api.Process.Threads.Count;
        }
        var before = Threads();
        var senders = Enumerable
            .Repeat(Start + "\r\n{\"name\":\"MARKED", Each)
            .Concat(Enumerable.Repeat(Start, Each))
            .Concat(Enumerable.Repeat(Start + "\r\n{", Each))
            .Select((sent, i) => StopAsync(client.BaseAddress!.Port, sent, drips: i >= 2 * Each))
            .ToArray();
        var connected = await Task.WhenAll(senders);
        for (var i = 0; i < 20; i++)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            Assert.Contains(
                "understanding-anxiety",
                await client.GetStringAsync("/v1/articles?q=anxiety", patience.Token),
                StringComparison.Ordinal
            );
        }
        Assert.Contains(connected, connection => !connection.IsCompleted);
        Assert.InRange(Threads(), 1, before + 30);

        var answers = await Task.WhenAll(connected).WaitAsync(TimeSpan.FromMinutes(1));
        Assert.All(answers[..Each], answer => Assert.Contains("/problems/timeout", answer, StringComparison.Ordinal));
        Assert.All(
            answers[..(2 * Each)],
            answer => Assert.StartsWith("HTTP/1.1 408 ", answer, StringComparison.Ordinal)
        );
        // To a connection that still sends, the end can come before the answer.
        Assert.All(
            answers[(2 * Each)..],
            answer => Assert.True(answer is "" || answer.StartsWith("HTTP/1.1 408 ", StringComparison.Ordinal), answer)
        );
        Assert.InRange(Threads(), 1, before + 30);
        Assert.DoesNotContain("MARKED", api.Output, StringComparison.Ordinal);
    }

    /// <summary>Sends the beginning of a request, and then nothing more or a byte now and then.</summary>
    /// <returns>What is answered until the server ends the connection, once the beginning is sent.</returns>
    static async Task<Task<string>> StopAsync(int port, string beginning, bool drips)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning));
        return ReadAsync();

        async Task<string> ReadAsync()
        {
            using var closing = socket;
            var answer = new StreamReader(stream).ReadToEndAsync();
            try
            {
                while (drips && await Task.WhenAny(answer, Task.Delay(200)) != answer)
                    await stream.WriteAsync(" "u8.ToArray());
                return await answer;
            }
            catch (IOException)
            {
                return "";
            }
        }
    }

    [Fact]
    public async Task A_sender_who_disconnects_half_way_leaves_no_trace()
    {
        await using var api = await ApiFactory.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(
                "POST /v1/contact-submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"name\":\"MARKED"u8.ToArray()
            );
        }
        await api.GetAsync("/v1/locations");
        Assert.Equal(0, await api.QueryAsync<long>("SELECT count(*) FROM submissions"));
        Assert.DoesNotContain("MARKED", api.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Error ", api.Log.Text, StringComparison.Ordinal);
    }
}
