using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
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
        var client = new Client();
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

                if (client.IsConnected && !client.Takes(mail))
                {
                    await LeaveAsync(client, ct);
                    client.Dispose();
                    client = new Client();
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
                    client = new Client();
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
        using var client = new Client();
        if (await ConnectAsync(client, ct) is { } unreachable) return unreachable;
        var (outcome, broken) = await SendAsync(client, writer.WriteTest(recipient), ct);
        if (!broken) await LeaveAsync(client, ct);
        return outcome;
    }

    /// <returns>Why it failed; <c>null</c> when the server is ready to take mails.</returns>
    async Task<Outcome?> ConnectAsync(Client client, CancellationToken ct)
    {
        var step = "connect";
        try
        {
            client.LocalDomain = options.HeloName;
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
                SmtpCommandException refused when step == "connect" && client.SaidHello => GreetingRefused(refused),
                SmtpCommandException refused => new Outcome($"the mail server answered {(int)refused.StatusCode} to the attempt to {step}"),
                IOException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            };
        }
    }

    /// <returns>What came of it, and whether the connection is of no use any more.</returns>
    async Task<(Outcome Outcome, bool Broken)> SendAsync(Client client, MimeMessage mail, CancellationToken ct)
    {
        const int ClosingConnection = 421;
        try
        {
            client.Prepare(mail);
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
            // Postfix, for one, judges the greeting only when it has heard the recipient.
            var outcome = refused.Message.Contains("Helo command rejected", StringComparison.OrdinalIgnoreCase)
                ? GreetingRefused(refused)
                : new Outcome($"the mail server answered {(int)refused.StatusCode} to {to}");
            return (outcome, (int)refused.StatusCode == ClosingConnection || !client.IsConnected);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return (e switch
            {
                OperationCanceledException or TimeoutException => new Outcome(TimedOut),
                ServiceNotAuthenticatedException => new Outcome("the mail server asks for a login"),
                NotSupportedException => new Outcome("the mail server does not take an address with letters beyond ASCII before the @"),
                IOException or SocketException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            }, true);
        }
    }

    Outcome GreetingRefused(SmtpCommandException refused) =>
        new($"the mail server answered {(int)refused.StatusCode} to the greeting EHLO {options.HeloName}: set Mail:HeloName to a name that it accepts");

    async Task LeaveAsync(Client client, CancellationToken ct)
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

    /// <summary>
    /// A connection that knows how far it came, and asks for SMTPUTF8 only where an address needs it: before the @. A domain never
    /// does, since its A-labels say the same, and the next mail server may not have SMTPUTF8 and send the mail back (RFC 6531, section 3.6).
    /// </summary>
    sealed class Client : SmtpClient
    {
        readonly LastCommand last;
        bool isAscii;

        public Client() : this(new LastCommand())
        {
        }

        Client(LastCommand last) : base(last) => this.last = last;

        /// <summary>Whether the last that was said to the server was the greeting.</summary>
        public bool SaidHello => last.IsHello;

        /// <summary>Whether a mail can go over this connection: what it has given up it cannot have back.</summary>
        public bool Takes(MimeMessage mail) => !isAscii || !NeedsUtf8(mail);

        public void Prepare(MimeMessage mail)
        {
            if (isAscii || NeedsUtf8(mail)) return;
            Capabilities &= ~SmtpCapabilities.UTF8;
            isAscii = true;
        }

        static bool NeedsUtf8(MimeMessage mail) =>
            mail.From.Mailboxes.Concat(mail.To.Mailboxes).Any(mailbox => !Ascii.IsValid(mailbox.LocalPart));
    }

    /// <summary>Remembers whether the last command was the greeting, and nothing else of what is said.</summary>
    sealed class LastCommand : IProtocolLogger
    {
        public bool IsHello { get; private set; }

        public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

        public void LogConnect(Uri uri) => IsHello = false;

        public void LogClient(byte[] buffer, int offset, int count)
        {
            var command = buffer.AsSpan(offset, count);
            IsHello = command.StartsWith("EHLO "u8) || command.StartsWith("HELO "u8);
        }

        public void LogServer(byte[] buffer, int offset, int count)
        {
        }

        public void Dispose()
        {
        }
    }
}
