using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Api.Tests.Outbox;

/// <summary>The real mail server behaves as one does, before a sender of ours is measured by it.</summary>
[AnyEngine]
public sealed class MailServerTests
{
    static MimeMessage Mail(string to, string subject = "A message for Zoë") =>
        new(
            [MailboxAddress.Parse($"website@{MailServer.Domain}")],
            [MailboxAddress.Parse(to)],
            subject,
            new TextPart("plain") { Text = ".One line\n..and another: Zoë\n" }
        );

    static async Task<SmtpClient> ConnectAsync(MailServer server, int port, SecureSocketOptions security)
    {
        var client = new SmtpClient
        {
            ServerCertificateValidationCallback = (_, certificate, _, _) =>
                certificate?.GetCertHashString() == server.Certificate.GetCertHashString(),
        };
        await client.ConnectAsync("localhost", port, security);
        return client;
    }

    [Fact]
    public async Task A_mail_with_STARTTLS_arrives_in_the_mailbox_once_the_certificate_is_trusted()
    {
        await using var server = await MailServer.StartAsync();
        using (var stranger = new SmtpClient())
            await Assert.ThrowsAsync<SslHandshakeException>(() =>
                stranger.ConnectAsync("localhost", server.Port, SecureSocketOptions.StartTls)
            );

        using var client = await ConnectAsync(server, server.Port, SecureSocketOptions.StartTls);
        Assert.True(client.IsSecure);
        var sent = Mail($"front.desk@{MailServer.Domain}");
        await client.SendAsync(sent);
        await client.DisconnectAsync(quit: true);

        var mail = Assert.Single(await server.ReceivedAsync(1));
        Assert.Equal(
            (sent.MessageId, "A message for Zoë", ".One line\n..and another: Zoë\n"),
            (mail.MessageId, mail.Subject, mail.TextBody?.ReplaceLineEndings("\n"))
        );
        Assert.Equal(
            ($"<website@{MailServer.Domain}>", $"front.desk@{MailServer.Domain}"),
            (mail.Headers[HeaderId.ReturnPath], mail.Headers["Delivered-To"])
        );
        Assert.Contains("with ESMTPS", mail.Headers[HeaderId.Received], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_recipient_and_another_domain_are_refused_for_good()
    {
        await using var server = await MailServer.StartAsync();
        using var client = await ConnectAsync(server, server.Port, SecureSocketOptions.StartTls);
        var unknown = await Assert.ThrowsAsync<SmtpCommandException>(() => client.SendAsync(Mail(MailServer.Unknown)));
        Assert.Equal(
            (SmtpErrorCode.RecipientNotAccepted, 550, MailServer.Unknown),
            (unknown.ErrorCode, (int)unknown.StatusCode, unknown.Mailbox?.Address)
        );
        var elsewhere = await Assert.ThrowsAsync<SmtpCommandException>(() =>
            client.SendAsync(Mail("someone@elsewhere.example"))
        );
        Assert.Equal((SmtpErrorCode.RecipientNotAccepted, 554), (elsewhere.ErrorCode, (int)elsewhere.StatusCode));
        Assert.Empty(await server.ReceivedAsync(0));
    }

    [Fact]
    public async Task Where_it_insists_on_a_login_only_the_right_password_is_one()
    {
        await using var server = await MailServer.StartAsync();
        using (var nobody = await ConnectAsync(server, server.LoginPort, SecureSocketOptions.StartTls))
        {
            await Assert.ThrowsAsync<SmtpCommandException>(() => nobody.SendAsync(Mail($"staff@{MailServer.Domain}")));
            await Assert.ThrowsAsync<AuthenticationException>(() =>
                nobody.AuthenticateAsync(MailServer.UserName, "wrong")
            );
        }

        using var client = await ConnectAsync(server, server.LoginPort, SecureSocketOptions.StartTls);
        await client.AuthenticateAsync(MailServer.UserName, MailServer.Password);
        await client.SendAsync(Mail($"staff@{MailServer.Domain}"));
        Assert.Single(await server.ReceivedAsync(1));
    }

    [Fact]
    public async Task Two_run_at_once_and_each_has_its_own_mail_the_oldest_first()
    {
        await using var one = await MailServer.StartAsync();
        await using var other = await MailServer.StartAsync();
        using (var client = await ConnectAsync(other, other.Port, SecureSocketOptions.None))
            await client.SendAsync(Mail($"staff@{MailServer.Domain}", "other"));
        using (var client = await ConnectAsync(one, one.TlsPort, SecureSocketOptions.SslOnConnect))
        {
            for (var count = 1; count <= 3; count++)
            {
                await client.SendAsync(Mail($"staff{count}@{MailServer.Domain}", $"{count}"));
                Assert.Equal(
                    Enumerable.Range(1, count).Select(number => $"{number}"),
                    (await one.ReceivedAsync(count)).Select(mail => mail.Subject)
                );
            }
        }

        Assert.Equal("other", Assert.Single(await other.ReceivedAsync(1)).Subject);
    }
}
