using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using Api.Data;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using Microsoft.Extensions.Options;
using MimeKit;

namespace Api.Outbox;

/// <summary>Sends mails through the configured server, many over one connection.</summary>
sealed class MailSender(IOptions<MailOptions> settings, WriteMail write, MailBuilder builder, TimeProvider time)
{
    const string TimedOut = "the mail server did not answer in time",
        WasCut = "the connection to the mail server was cut";

    /// <summary>After this many mails in a row that broke the connection, the server is out of reach.</summary>
    const int BreaksInARow = 2;

    readonly MailOptions options = settings.Value;

    /// <summary>
    /// Sends mails one after the other, and returns each result at once. When the server cannot be reached, all
    /// remaining deliveries share that result, so that they do not each try to reach it.
    /// </summary>
    public async IAsyncEnumerable<(IReadOnlyList<Delivery> Deliveries, Outcome Outcome)> SendAsync(
        IReadOnlyList<Delivery> deliveries,
        [EnumeratorCancellation] CancellationToken ct
    )
    {
        var client = new Client();
        try
        {
            var breaks = 0;
            for (var i = 0; i < deliveries.Count; i++)
            {
                var (mail, failure) = await WriteAsync(deliveries[i], ct);
                if (mail is null)
                {
                    yield return ([deliveries[i]], failure!);
                    continue;
                }

                if (client.IsConnected && !client.Accepts(mail))
                {
                    await LeaveAsync(client, ct);
                    client.Dispose();
                    client = new Client();
                }
                if (!client.IsConnected && await ConnectAsync(client, ct) is { } unreachable)
                {
                    yield return ([.. deliveries.Skip(i)], unreachable with { IsOutOfReach = true });
                    yield break;
                }

                var (outcome, isBroken) = await SendAsync(client, mail, ct);
                yield return ([deliveries[i]], outcome);
                if (!isBroken)
                {
                    breaks = 0;
                    continue;
                }
                client.Dispose();
                client = new Client();
                breaks++;
                if (breaks == BreaksInARow && i + 1 < deliveries.Count)
                {
                    yield return ([.. deliveries.Skip(i + 1)], outcome with { IsOutOfReach = true });
                    yield break;
                }
            }
            await LeaveAsync(client, ct);
        }
        finally
        {
            client.Dispose();
        }
    }

    /// <summary>Sends a test mail over a connection of its own.</summary>
    public async Task<Outcome> SendTestAsync(string recipient, CancellationToken ct)
    {
        using var client = new Client();
        if (await ConnectAsync(client, ct) is { } unreachable)
            return unreachable;
        var (outcome, isBroken) = await SendAsync(client, builder.BuildTest(recipient), ct);
        if (!isBroken)
            await LeaveAsync(client, ct);
        return outcome;
    }

    /// <summary>Writes one mail. A fault in one must not hold up the others.</summary>
    async Task<(MimeMessage? Mail, Outcome? Failure)> WriteAsync(Delivery delivery, CancellationToken ct)
    {
        try
        {
            return await write(delivery, ct) is { } text
                ? (builder.Build(delivery, text), null)
                : (null, new Outcome("the message was erased", IsFinal: true));
        }
        catch (UndeliverableException e)
        {
            return (null, new Outcome(e.Message, IsFinal: true));
        }
        catch (Exception e) when (e is not StorageException && !ct.IsCancellationRequested)
        {
            return (null, Outcome.Unexpected(e));
        }
    }

    /// <returns>Why it failed; <c>null</c> when the server is ready for mails.</returns>
    async Task<Outcome?> ConnectAsync(Client client, CancellationToken ct)
    {
        var step = "connect";
        try
        {
            client.LocalDomain = options.HeloName!;
            var security = options.Security switch
            {
                MailSecurity.StartTls => SecureSocketOptions.StartTls,
                MailSecurity.Tls => SecureSocketOptions.SslOnConnect,
                _ => SecureSocketOptions.None,
            };
            await InTimeAsync(ct => client.ConnectAsync(options.Host!, options.Port!.Value, security, ct), ct);
            step = "log in";
            if (options.User is not null)
                await InTimeAsync(ct => client.AuthenticateAsync(options.User, options.Password!, ct), ct);
            return null;
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            return e switch
            {
                OperationCanceledException or TimeoutException => new Outcome(TimedOut),
                SocketException => new Outcome("the mail server cannot be reached"),
                SslHandshakeException => new Outcome(
                    "TLS with the mail server failed: its certificate is not trusted here or not for that name"
                ),
                NotSupportedException when step == "connect" => new Outcome("the mail server does not offer STARTTLS"),
                NotSupportedException => new Outcome("the mail server does not offer a login"),
                AuthenticationException => new Outcome("the mail server refused the user or the password"),
                SmtpCommandException refused when step == "connect" && client.SentGreetingLast => GreetingRefused(
                    refused
                ),
                SmtpCommandException refused => new Outcome(
                    $"the mail server answered {(int)refused.StatusCode} to the attempt to {step}"
                ),
                IOException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            };
        }
    }

    /// <returns>The result, and whether the connection is unusable now.</returns>
    async Task<(Outcome Outcome, bool IsBroken)> SendAsync(Client client, MimeMessage mail, CancellationToken ct)
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
            // Postfix, for example, checks the greeting only after it knows the recipient.
            var outcome = refused.Message.Contains("Helo command rejected", StringComparison.OrdinalIgnoreCase)
                ? GreetingRefused(refused)
                : new Outcome($"the mail server answered {(int)refused.StatusCode} to {to}");
            return (outcome, (int)refused.StatusCode == ClosingConnection || !client.IsConnected);
        }
        catch (Exception e) when (!ct.IsCancellationRequested)
        {
            var outcome = e switch
            {
                OperationCanceledException or TimeoutException => new Outcome(TimedOut),
                ServiceNotAuthenticatedException => new Outcome("the mail server asks for a login"),
                NotSupportedException => new Outcome(
                    "the mail server does not take an address with letters beyond ASCII before the @"
                ),
                IOException or SocketException or ProtocolException => new Outcome(WasCut),
                _ => Outcome.Unexpected(e),
            };
            return (outcome, true);
        }
    }

    Outcome GreetingRefused(SmtpCommandException refused) =>
        new(
            $"the mail server answered {(int)refused.StatusCode} to the greeting EHLO {options.HeloName}: "
                + "set Mail:HeloName to a name that it accepts"
        );

    async Task LeaveAsync(Client client, CancellationToken ct)
    {
        try
        {
            await InTimeAsync(ct => client.DisconnectAsync(quit: true, ct), ct);
        }
        catch (Exception) when (!ct.IsCancellationRequested)
        {
            // The mails were accepted before.
        }
    }

    async Task InTimeAsync(Func<CancellationToken, Task> step, CancellationToken ct)
    {
        using var late = new CancellationTokenSource(TimeSpan.FromSeconds(options.TimeoutSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, late.Token);
        await step(either.Token);
    }

    /// <summary>
    /// A connection that asks for SMTPUTF8 only when an address needs it before the @. A domain never needs it, since
    /// its A-labels mean the same, and the next mail server might not know SMTPUTF8 and return the mail (RFC 6531,
    /// section 3.6).
    /// </summary>
    sealed class Client : SmtpClient
    {
        readonly LastCommand last;
        bool isAscii;

        public Client()
            : this(new LastCommand()) { }

        Client(LastCommand last)
            : base(last) => this.last = last;

        /// <summary>Whether the last command to the server was the greeting.</summary>
        public bool SentGreetingLast => last.IsGreeting;

        /// <summary>
        /// Whether a mail can go over this connection, which cannot return to SMTPUTF8 after a mail without it.
        /// </summary>
        public bool Accepts(MimeMessage mail) => !isAscii || !NeedsUtf8(mail);

        public void Prepare(MimeMessage mail)
        {
            if (isAscii || NeedsUtf8(mail))
                return;
            Capabilities &= ~SmtpCapabilities.UTF8;
            isAscii = true;
        }

        static bool NeedsUtf8(MimeMessage mail) =>
            mail.From.Mailboxes.Concat(mail.To.Mailboxes).Any(mailbox => !Ascii.IsValid(mailbox.LocalPart));
    }

    /// <summary>Remembers whether the last command was the greeting, and nothing else of the conversation.</summary>
    sealed class LastCommand : IProtocolLogger
    {
        public bool IsGreeting { get; private set; }

        public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

        public void LogConnect(Uri uri) => IsGreeting = false;

        public void LogClient(byte[] buffer, int offset, int count)
        {
            var command = buffer.AsSpan(offset, count);
            IsGreeting = command.StartsWith("EHLO "u8) || command.StartsWith("HELO "u8);
        }

        public void LogServer(byte[] buffer, int offset, int count) { }

        public void Dispose() { }
    }
}
