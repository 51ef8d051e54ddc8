using System.Net.Sockets;
using System.Runtime.CompilerServices;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Api.Outbox;

/// <summary>Sends mails through the configured server, many over one connection.</summary>
sealed class MailSender(MailOptions options, MailWriter writer, TimeProvider time)
{
    const string TimedOut = "the mail server did not answer in time", WasCut = "the connection to the mail server was cut";

    /// <summary>After so many mails in a row that broke the connection it is the server that is broken.</summary>
    const int BreaksInARow = 2;

    /// <summary>
    /// Tells of one delivery after the other what came of it, as soon as it is known. When the server cannot be reached, all that
    /// are left share that failure, instead of each trying to reach it.
    /// </summary>
    public async IAsyncEnumerable<(IReadOnlyList<Delivery> Deliveries, Outcome Outcome)> SendAsync(
        IReadOnlyList<Delivery> deliveries, [EnumeratorCancellation] CancellationToken ct)
    {
        var client = new SmtpClient();
        try
        {
            var breaks = 0;
            for (var i = 0; i < deliveries.Count; i++)
            {
                var (mail, failed) = writer.Write(deliveries[i]);
                if (mail is null)
                {
                    yield return ([deliveries[i]], failed!);
                    continue;
                }

                if (!client.IsConnected)
                {
                    if (await ConnectAsync(client, ct) is { } unreachable)
                    {
                        yield return ([.. deliveries.Skip(i)], unreachable with { OutOfReach = true });
                        yield break;
                    }
                }
                var (outcome, broken) = await SendAsync(client, mail, ct);
                yield return ([deliveries[i]], outcome);
                if (broken)
                {
                    client.Dispose();
                    client = new SmtpClient();
                    if (++breaks == BreaksInARow && i + 1 < deliveries.Count)
                    {
                        yield return ([.. deliveries.Skip(i + 1)], outcome with { OutOfReach = true });
                        yield break;
                    }
                }
                else
                {
                    breaks = 0;
                }
            }
            await LeaveAsync(client, ct);
        }
        finally
        {
            client.Dispose();
        }
    }

    /// <summary>Sends one mail over a connection of its own.</summary>
    public async Task<Outcome> SendTestAsync(string recipient, CancellationToken ct)
    {
        using var client = new SmtpClient();
        if (await ConnectAsync(client, ct) is { } unreachable) return unreachable;
        var (outcome, broken) = await SendAsync(client, writer.WriteTest(recipient), ct);
        if (!broken) await LeaveAsync(client, ct);
        return outcome;
    }

    /// <returns>Why it failed; <c>null</c> when the server is ready to take mails.</returns>
    async Task<Outcome?> ConnectAsync(SmtpClient client, CancellationToken ct)
    {
        var step = "connect";
        try
        {
            await InTimeAsync(ct => client.ConnectAsync(options.Host!, options.Port, options.Security switch
            {
                MailSecurity.StartTls => SecureSocketOptions.StartTls,
                MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                _ => SecureSocketOptions.None,
            }, ct), ct);
            step = "log in";
            if (options.User is not null) await InTimeAsync(ct => client.AuthenticateAsync(options.User, options.Password!, ct), ct);
            return null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return e switch
            {
                OperationCanceledException or TimeoutException => new Outcome(TimedOut),
                SocketException => new Outcome("the mail server cannot be reached"),
                SslHandshakeException => new Outcome("TLS with the mail server failed: its certificate is not trusted here or not for that name"),
                NotSupportedException when step == "connect" => new Outcome("the mail server does not offer STARTTLS"),
                NotSupportedException => new Outcome("the mail server does not offer a login"),
                AuthenticationException => new Outcome("the mail server refused the user or the password"),
                SmtpCommandException refused => new Outcome($"the mail server answered {(int)refused.StatusCode} to the attempt to {step}"),
                IOException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            };
        }
    }

    /// <returns>What came of it, and whether the connection is of no use any more.</returns>
    async Task<(Outcome Outcome, bool Broken)> SendAsync(SmtpClient client, MimeMessage mail, CancellationToken ct)
    {
        const int ClosingConnection = 421;
        try
        {
            await InTimeAsync(ct => client.SendAsync(mail, ct), ct);
            return (Outcome.Delivered, false);
        }
        catch (SmtpCommandException refused) when (!ct.IsCancellationRequested)
        {
            var to = refused.ErrorCode switch
            {
                SmtpErrorCode.RecipientNotAccepted => "the recipient",
                SmtpErrorCode.SenderNotAccepted => "the address in Mail:From",
                _ => "the mail",
            };
            return (new Outcome($"the mail server answered {(int)refused.StatusCode} to {to}"), (int)refused.StatusCode == ClosingConnection || !client.IsConnected);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return (e switch
            {
                OperationCanceledException or TimeoutException => new Outcome(TimedOut),
                ServiceNotAuthenticatedException => new Outcome("the mail server asks for a login"),
                IOException or SocketException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            }, true);
        }
    }

    async Task LeaveAsync(SmtpClient client, CancellationToken ct)
    {
        try
        {
            await InTimeAsync(ct => client.DisconnectAsync(quit: true, ct), ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // All that matters was said before.
        }
    }

    async Task InTimeAsync(Func<CancellationToken, Task> step, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(options.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        await step(either.Token);
    }
}
