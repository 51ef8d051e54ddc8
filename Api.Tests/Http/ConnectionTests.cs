using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Api.Http;

namespace Api.Tests.Http;

[AnyEngine]
public sealed class ConnectionTests
{
    [Theory]
    [
        InlineData(512, 1, 112),
        InlineData(1024, 1, 624),
        InlineData(1024, 2, 312),
        InlineData(524_288, 1, 10_000),
        InlineData(524_288, 2, 5_000),
        InlineData(null, 1, 10_000),
        InlineData(1024, 0, 624)
    ]
    public void The_number_of_connections_follows_the_number_of_file_descriptors(
        int? descriptors,
        int listeners,
        int connections
    ) => Assert.Equal(connections, Connections.LimitOf(descriptors, listeners));

    [Theory]
    [
        InlineData("http://localhost:5080", 2),
        InlineData("http://127.0.0.1:0", 1),
        InlineData("http://localhost:1;http://*:2", 3),
        InlineData(null, 0)
    ]
    public void Localhost_has_two_listeners(string? urls, int listeners) =>
        Assert.Equal(listeners, Connections.ListenersOf(urls));

    [Fact]
    public void Too_few_file_descriptors_stop_the_start_with_one_sentence()
    {
        var fault = Assert.Throws<StartupFault>(() => Connections.LimitOf(320, 1));
        Assert.StartsWith(
            "Only 320 files may be open at once, which is too few to serve: allow at least 1024",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain("\n", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_connections_than_file_descriptors_do_not_stop_the_program()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("Descriptors are limited with sh.");
        using var folder = new TempFolder();
        var port = ApiProcess.FreePort();
        var start = new ProcessStartInfo(
            "sh",
            [
                "-c",
                "ulimit -n 600 && exec dotnet \"$@\"",
                "sh",
                typeof(Program).Assembly.Location,
                $"--Urls=http://127.0.0.1:{port}",
                .. ApiProcess.Complete([$"--Database:Folder={folder.Path}"]),
            ]
        )
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var idle = new List<TcpClient>();
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            var waited = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    (await client.GetAsync("/v1/locations")).EnsureSuccessStatusCode();
                    break;
                }
                catch (HttpRequestException) when (waited.Elapsed < TimeSpan.FromMinutes(1) && !process.HasExited)
                {
                    await Task.Delay(20);
                }
            }
            for (var i = 0; i < 700; i++)
            {
                var socket = new TcpClient();
                await socket.ConnectAsync(IPAddress.Loopback, port);
                idle.Add(socket);
            }
            // Who is too many is told so at once, and who is there already is still answered.
            Assert.Equal(
                0,
                await idle[^1].GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30))
            );
            for (var i = 0; i < 50; i++)
                (await client.GetAsync($"/v1/articles?q=word{i}")).EnsureSuccessStatusCode();
            Assert.False(process.HasExited);
        }
        finally
        {
            foreach (var socket in idle)
                socket.Dispose();
            if (!process.HasExited)
                process.Kill();
        }
    }
}
