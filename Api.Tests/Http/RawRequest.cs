using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;

namespace Api.Tests.Http;

/// <summary>An answer to a request whose every byte a test chose.</summary>
sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Body)
{
    public JsonObject Json => JsonNode.Parse(Body)!.AsObject();
}

/// <summary>Sends requests that no well-behaved client sends.</summary>
static class RawRequest
{
    /// <summary>A body behind the headers of a contact submission. Each character is one byte.</summary>
    public static byte[] Submission(string body, string? headers = null) =>
        Encoding.Latin1.GetBytes(
            "POST /v1/contact-submissions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + (headers ?? $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\n")
                + "\r\n"
                + body
        );

    /// <summary>Sends it and reads until the server closes the connection.</summary>
    public static async Task<RawAnswer> SendAsync(ApiFactory api, byte[] request)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, api.Client.BaseAddress!.Port);
        await using var stream = socket.GetStream();
        await stream.WriteAsync(request);
        var answer = new MemoryStream();
        await stream.CopyToAsync(answer);
        var bytes = answer.ToArray();
        var end = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        var lines = Encoding.Latin1.GetString(bytes, 0, end).Split("\r\n");
        var headers = lines
            .Skip(1)
            .Select(line => line.Split(": ", 2))
            .ToDictionary(line => line[0], line => line[1], StringComparer.OrdinalIgnoreCase);
        var body = bytes.AsMemory(end + 4);
        return new RawAnswer(
            int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture),
            headers,
            // An answer to HEAD has the headers of a body, and none.
            headers.ContainsKey("Transfer-Encoding") && !body.IsEmpty
                ? Unchunk(body)
                : body.ToArray()
        );
    }

    static byte[] Unchunk(ReadOnlyMemory<byte> chunks)
    {
        var body = new MemoryStream();
        while (true)
        {
            var line = chunks.Span.IndexOf("\r\n"u8);
            var size = int.Parse(
                Encoding.ASCII.GetString(chunks.Span[..line]),
                NumberStyles.HexNumber,
                CultureInfo.InvariantCulture
            );
            if (size == 0)
                return body.ToArray();
            body.Write(chunks.Span.Slice(line + 2, size));
            chunks = chunks[(line + 2 + size + 2)..];
        }
    }
}
