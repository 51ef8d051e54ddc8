using System.Net;
using System.Net.Sockets;
using System.Text;
using Api.CommandLine;

namespace Api.Tests.Http;

public sealed class ServerTests
{
    static async Task<bool> BelievesForwardedHttpsAsync(params string[] proxies)
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(proxies.Select((proxy, index) => $"--Proxies:Known:{index}={proxy}")));
        using var response = await api.SendAsync(HttpMethod.Get, "/v1/locations", ("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.9"),
            ("Host", "api.example.com"));
        return response.Headers.Contains("Strict-Transport-Security");
    }

    [Fact]
    public async Task Forwarded_headers_are_believed_from_configured_proxies_only()
    {
        Assert.False(await BelievesForwardedHttpsAsync());
        Assert.False(await BelievesForwardedHttpsAsync("192.0.2.1"));
        Assert.True(await BelievesForwardedHttpsAsync("127.0.0.1"));
        Assert.True(await BelievesForwardedHttpsAsync("192.0.2.1", "127.0.0.0/8"));
        Assert.Throws<StartupFault>(() => Program.Compose(["--Proxies:Known:0=300.0.0.1"]));
    }

    [Theory]
    [InlineData("GET /v1/locations HTTP/1.1\r\nHost: x\r\nX-Long: {20000}\r\n\r\n", 431)]
    [InlineData("GET /{20000} HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    [InlineData("GET /v1/locations HTTP/1.1\r\n\r\n", 400)]
    [InlineData("nonsense\r\n\r\n", 400)]
    [InlineData("GET /v1/locations HTTP/9.9\r\nHost: x\r\n\r\n", 505)]
    public async Task What_is_no_decent_request_is_turned_away(string request, int status)
    {
        await using var api = await ApiFactory.StartAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request.Replace("{20000}", new string('x', 20_000), StringComparison.Ordinal)));
        Assert.StartsWith($"HTTP/1.1 {status} ", await new StreamReader(stream).ReadLineAsync(), StringComparison.Ordinal);
        await api.GetAsync("/v1/locations");
    }

    [Fact]
    public async Task A_sender_who_hangs_up_half_way_leaves_nothing_and_harms_nobody()
    {
        await using var api = await ApiFactory.StartAsync();
        for (var i = 0; i < 20; i++)
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
            await using var stream = socket.GetStream();
            await stream.WriteAsync("POST /v1/contact-submissions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"name\":\"MARKED"u8.ToArray());
        }
        await api.GetAsync("/v1/locations");
        await using var connection = await api.Database.OpenAsync(default);
        Assert.Equal(0, await Dapper.SqlMapper.ExecuteScalarAsync<int>(connection, "SELECT count(*) FROM submissions"));
        Assert.DoesNotContain("MARKED", api.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("Error ", api.Log.Text, StringComparison.Ordinal);
    }
}
