using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Api.Tests.Outbox;

/// <summary>
/// The receiver believes what the standard says, and nothing else, before a sender of ours is measured by it.
/// </summary>
[AnyEngine]
public sealed class WebhookReceiverTests
{
    const string Body = """{"type":"example.happened","timestamp":"2026-07-01T12:00:00Z","data":{"name":"Zoë"}}""";

    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);
    static readonly string Secret = NewSecret(),
        Next = NewSecret();

    static string NewSecret() => "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(24));

    static string Sign(string secret, string id, string timestamp, string body) =>
        "v1,"
        + Convert.ToBase64String(
            HMACSHA256.HashData(
                Convert.FromBase64String(secret["whsec_".Length..]),
                Encoding.UTF8.GetBytes($"{id}.{timestamp}.{body}")
            )
        );

    static async Task<HttpResponseMessage> SendAsync(Uri url, string body, string signature, Instant? at = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        using var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("webhook-id", "msg_1");
        request.Headers.Add("webhook-timestamp", Seconds(at ?? Now));
        request.Headers.Add("webhook-signature", signature);
        return await client.SendAsync(request);
    }

    static string Seconds(Instant at) => at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_request_signed_by_the_standard_is_verified_and_with_one_byte_changed_it_is_not()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        var signature = Sign(Secret, "msg_1", Seconds(Now), Body);

        using var good = await SendAsync(new(receiver.Url, "/hooks?clinic=1"), Body, signature);
        Assert.Equal(HttpStatusCode.NoContent, good.StatusCode);
        using var bad = await SendAsync(receiver.Url, Body.Replace("Zoë", "Zoé", StringComparison.Ordinal), signature);
        Assert.Equal(HttpStatusCode.BadRequest, bad.StatusCode);

        var received = await receiver.ReceivedAsync(2);
        Assert.Equal(2, received.Length);
        Assert.Equal(
            ("POST", "/hooks?clinic=1", "msg_1", Seconds(Now), Body, true, null),
            (
                received[0].Method,
                received[0].Path,
                received[0].Id,
                received[0].Timestamp,
                received[0].Body,
                received[0].Verified,
                received[0].Error
            )
        );
        Assert.Equal("application/json; charset=utf-8", received[0].Headers["content-type"]);
        Assert.Equal((false, "No matching signature found"), (received[1].Verified, received[1].Error));
    }

    [Fact]
    public async Task The_receiver_reports_which_of_its_secrets_signed()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret, Next);
        var (old, next) = (Sign(Secret, "msg_1", Seconds(Now), Body), Sign(Next, "msg_1", Seconds(Now), Body));
        foreach (
            var signature in (string[])[$"{old} {next}", old, next, Sign(NewSecret(), "msg_1", Seconds(Now), Body)]
        )
            (await SendAsync(receiver.Url, Body, signature)).Dispose();
        Assert.Equal(
            ["0,1", "0", "1", ""],
            (await receiver.ReceivedAsync(4)).Select(request => string.Join(',', request.VerifiedWith))
        );
    }

    [Fact]
    public async Task Its_clock_is_the_tests()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        async Task<HttpStatusCode> Sent(Instant at)
        {
            using var response = await SendAsync(receiver.Url, Body, Sign(Secret, "msg_1", Seconds(at), Body), at);
            return response.StatusCode;
        }

        var later = Now + Duration.FromDays(3);
        Assert.Equal(HttpStatusCode.BadRequest, await Sent(later));
        await receiver.SetClockAsync(later);
        Assert.Equal(HttpStatusCode.NoContent, await Sent(later));
        Assert.Equal(HttpStatusCode.BadRequest, await Sent(Now));
        Assert.Equal(
            ["Message timestamp too new", null, "Message timestamp too old"],
            (await receiver.ReceivedAsync(3)).Select(request => request.Error)
        );
    }

    [Fact]
    public async Task It_answers_as_told()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Now, Secret);
        var signature = Sign(Secret, "msg_1", Seconds(Now), Body);

        await receiver.AnswerAsync(503, headers: ("Retry-After", "120"));
        using (var busy = await SendAsync(receiver.Url, Body, signature))
            Assert.Equal(
                (HttpStatusCode.ServiceUnavailable, TimeSpan.FromMinutes(2)),
                (busy.StatusCode, busy.Headers.RetryAfter?.Delta)
            );

        await receiver.AnswerAsync(307, headers: ("Location", "/elsewhere"));
        using (var moved = await SendAsync(receiver.Url, Body, signature))
            Assert.Equal(
                (HttpStatusCode.TemporaryRedirect, "/elsewhere"),
                (moved.StatusCode, moved.Headers.Location?.ToString())
            );

        await receiver.CutAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => SendAsync(receiver.Url, Body, signature));

        await receiver.AnswerAsync(200, delay: Duration.FromHours(1));
        var late = SendAsync(receiver.Url, Body, signature);
        Assert.All(await receiver.ReceivedAsync(4), request => Assert.True(request.Verified));
        Assert.False(late.IsCompleted);

        await receiver.BehaveAsync();
        using var good = await SendAsync(receiver.Url, Body, signature);
        Assert.Equal(HttpStatusCode.NoContent, good.StatusCode);
    }
}
