using System.Net.Sockets;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Api.Tests.Outbox;

/// <summary>Each fault is what a client of others sees, before a sender of ours is measured by it.</summary>
[AnyEngine]
public sealed class FaultyMailServerTests
{
    static async Task<string> SendAsync(
        FaultyMailServer server,
        string text = "Hello.\r\n",
        string to = "staff@clinic.example.com",
        int timeout = 60_000
    )
    {
        using var client = new SmtpClient { Timeout = timeout };
        await client.ConnectAsync("127.0.0.1", server.Port, SecureSocketOptions.None);
        var mail = new MimeMessage(
            [MailboxAddress.Parse("website@clinic.example.com")],
            InternetAddressList.Parse(to),
            "A message",
            new TextPart("plain") { Text = text }
        );
        await client.SendAsync(mail);
        await client.DisconnectAsync(quit: true);
        return mail.MessageId!;
    }

    [Fact]
    public async Task It_takes_mail_with_its_envelope_and_text()
    {
        await using var server = new FaultyMailServer();
        var id = await SendAsync(
            server,
            ".One line\r\n..and another\r\n.\r\n",
            "staff@clinic.example.com, desk@clinic.example.com"
        );
        var mail = Assert.Single(await server.TakenAsync(1));
        Assert.Equal(
            ("website@clinic.example.com", "staff@clinic.example.com desk@clinic.example.com"),
            (mail.From, string.Join(' ', mail.To))
        );
        Assert.Contains($"Message-Id: <{id}>\r\n", mail.Text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n.One line\r\n..and another\r\n.\r\n", mail.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SmtpStep.Greeting, "421 4.3.2 Not now", 421)]
    [InlineData(SmtpStep.Greeting, "554 5.3.2 Never", 554)]
    [InlineData(SmtpStep.MailFrom, "451 4.3.0 Later", 451)]
    [InlineData(SmtpStep.RcptTo, "450 4.2.1 Busy", 450)]
    [InlineData(SmtpStep.RcptTo, "550 5.1.1 Unknown", 550)]
    [InlineData(SmtpStep.Data, "451 4.3.0 Later", 451)]
    [InlineData(SmtpStep.Data, "554 5.6.0 No", 554)]
    [InlineData(SmtpStep.AfterText, "452 4.3.1 Full", 452)]
    [InlineData(SmtpStep.AfterText, "554 5.7.1 Spam", 554)]
    internal async Task It_refuses_at_a_step_and_then_behaves(SmtpStep step, string reply, int status)
    {
        await using var server = new FaultyMailServer();
        server.Fail(step, reply);
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => SendAsync(server));
        Assert.Equal(status, (int)refused.StatusCode);
        Assert.Equal([step], await server.FailedAsync(1));
        Assert.Empty(await server.TakenAsync(0));

        server.Behave();
        await SendAsync(server);
        Assert.Single(await server.TakenAsync(1));
    }

    [Theory]
    [InlineData(SmtpStep.Greeting, 0)]
    [InlineData(SmtpStep.Hello, 0)]
    [InlineData(SmtpStep.InText, 0)]
    // The client cannot know it, but the mail is there.
    [InlineData(SmtpStep.AfterText, 1)]
    internal async Task It_cuts_the_connection_at_a_step_and_then_behaves(SmtpStep step, int taken)
    {
        await using var server = new FaultyMailServer();
        server.Fail(step, FaultyMailServer.Cut);
        var cut = await Assert.ThrowsAnyAsync<Exception>(() =>
            SendAsync(server, new string('x', 70) + "\r\n" + new string('y', 70) + "\r\n")
        );
        Assert.True(cut is SmtpProtocolException or IOException or SocketException, $"{cut}");
        Assert.Equal([step], await server.FailedAsync(1));
        Assert.Equal(taken, (await server.TakenAsync(0)).Length);

        server.Behave();
        await SendAsync(server);
        Assert.Equal(taken + 1, (await server.TakenAsync(taken + 1)).Length);
    }

    [Theory]
    [InlineData(SmtpStep.Greeting)]
    [InlineData(SmtpStep.AfterText)]
    internal async Task It_falls_silent_at_a_step_until_the_client_loses_patience(SmtpStep step)
    {
        await using var server = new FaultyMailServer();
        server.Fail(step, FaultyMailServer.Silence);
        await Assert.ThrowsAsync<TimeoutException>(() => SendAsync(server, timeout: 500));
        Assert.Equal([step], await server.FailedAsync(1));
        Assert.Empty(await server.TakenAsync(0));
    }

    [Fact]
    public async Task It_refuses_one_recipient_only()
    {
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.RcptTo, "550 5.1.1 Unknown", only: "gone@");
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() =>
            SendAsync(server, to: "gone@clinic.example.com")
        );
        Assert.Equal(
            (SmtpErrorCode.RecipientNotAccepted, "gone@clinic.example.com"),
            (refused.ErrorCode, refused.Mailbox?.Address)
        );
        await SendAsync(server);
        Assert.Equal(["staff@clinic.example.com"], Assert.Single(await server.TakenAsync(1)).To);
    }

    [Fact]
    public async Task It_refuses_connections_and_listens_again_on_the_same_port()
    {
        await using var server = new FaultyMailServer();
        var port = server.Port;
        for (var round = 1; round <= 3; round++)
        {
            server.Refuse();
            var refused = await Assert.ThrowsAsync<SocketException>(() => SendAsync(server));
            Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
            server.Behave();
            await SendAsync(server);
            Assert.Equal((port, round), (server.Port, (await server.TakenAsync(round)).Length));
        }
    }
}
