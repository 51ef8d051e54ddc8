using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Api.Tests.Outbox;

/// <summary>Where in a session a mail server can fail.</summary>
enum SmtpStep
{
    Greeting,
    Hello,
    MailFrom,
    RcptTo,
    Data,

    /// <summary>When the first line of the mail has come.</summary>
    InText,

    /// <summary>When all of the mail has come, and only the answer to it is missing.</summary>
    AfterText,
}

/// <summary>A mail that was taken: its envelope, and its text as it came, less the dots that SMTP doubles.</summary>
sealed record TakenMail(string From, IReadOnlyList<string> To, string Text);

/// <summary>
/// A mail server, without TLS, that takes every mail until it is told to fail at a step, and again once it is told to
/// behave. What it is told holds for the steps to come, in sessions that are open too.
/// </summary>
sealed class FaultyMailServer : IAsyncDisposable
{
    /// <summary>In place of a reply: the connection is cut.</summary>
    public const string Cut = "cut";

    /// <summary>In place of a reply: nothing comes, and the connection stays open.</summary>
    public const string Silence = "silence";

    // Bound but not listening, it keeps the port its own while connections are refused.
    readonly Socket place = Bind(0);
    readonly CancellationTokenSource end = new();
    readonly Arrivals<TakenMail> taken = new();
    readonly Arrivals<SmtpStep> failed = new();
    readonly System.Collections.Concurrent.ConcurrentQueue<string> commands = new();
    readonly List<Task> sessions = [];
    readonly Lock gate = new();
    Socket? listener;
    volatile Func<SmtpStep, string, string?> fault = (_, _) => null;

    public FaultyMailServer() => Behave();

    public int Port => ((IPEndPoint)place.LocalEndPoint!).Port;

    /// <summary>
    /// All mails taken, once there are so many. One whose answer was cut off after its text is among them.
    /// </summary>
    public Task<TakenMail[]> TakenAsync(int count) => taken.WaitAsync(count);

    /// <summary>
    /// The steps at which it failed as told, once there are so many. A refused connection is not among them.
    /// </summary>
    public Task<SmtpStep[]> FailedAsync(int count) => failed.WaitAsync(count);

    /// <summary>All commands that clients have given, in order.</summary>
    public IReadOnlyList<string> Commands => [.. commands];

    /// <summary>Fails at a step.</summary>
    /// <param name="step">At which one.</param>
    /// <param name="reply">
    /// What it says, as in <c>451 4.3.0 Later</c>, or <see cref="Cut"/>, or <see cref="Silence"/>.
    /// </param>
    /// <param name="only">Only when the client's line contains this, an address for instance.</param>
    public void Fail(SmtpStep step, string reply, string only = "")
    {
        Behave();
        fault = (at, line) => at == step && line.Contains(only, StringComparison.OrdinalIgnoreCase) ? reply : null;
    }

    /// <summary>Connections are refused: nobody listens.</summary>
    public void Refuse()
    {
        lock (gate)
        {
            listener?.Dispose();
            listener = null;
        }
    }

    /// <summary>Takes every mail.</summary>
    public void Behave()
    {
        fault = (_, _) => null;
        lock (gate)
        {
            if (listener is not null)
                return;
            listener = Bind(Port);
            listener.Listen();
            sessions.Add(AcceptAsync(listener));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        Refuse();
        Task[] open;
        lock (gate)
            open = [.. sessions];
        await Task.WhenAll(open);
        place.Dispose();
        end.Dispose();
    }

    static Socket Bind(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        return socket;
    }

    async Task AcceptAsync(Socket from)
    {
        try
        {
            while (true)
            {
                var client = await from.AcceptAsync(end.Token);
                lock (gate)
                    sessions.Add(ServeAsync(client));
            }
        }
        catch (Exception closed)
            when (closed is SocketException or ObjectDisposedException or OperationCanceledException) { }
    }

    async Task ServeAsync(Socket client)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            await new Session(this, stream, reader).RunAsync();
        }
        catch (Exception gone) when (gone is IOException or OperationCanceledException) { }
    }

    sealed class Session(FaultyMailServer server, Stream stream, StreamReader reader)
    {
        string from = "";
        List<string> to = [];

        public async Task RunAsync()
        {
            await ReplyAsync(SmtpStep.Greeting, "", "220 localhost ESMTP");
            while (await ReadAsync() is { } line)
            {
                server.commands.Enqueue(line);
                switch (line.Split(' ', ':')[0].ToUpperInvariant())
                {
                    case "EHLO":
                        await ReplyAsync(
                            SmtpStep.Hello,
                            line,
                            "250-localhost\r\n250-ENHANCEDSTATUSCODES\r\n250-SMTPUTF8\r\n250 8BITMIME"
                        );
                        break;
                    case "HELO":
                        await ReplyAsync(SmtpStep.Hello, line, "250 localhost");
                        break;
                    case "MAIL":
                        if (await ReplyAsync(SmtpStep.MailFrom, line, "250 2.1.0 Ok"))
                            (from, to) = (Address(line), []);
                        break;
                    case "RCPT":
                        if (await ReplyAsync(SmtpStep.RcptTo, line, "250 2.1.5 Ok"))
                            to.Add(Address(line));
                        break;
                    case "DATA" when to.Count == 0:
                        await WriteAsync("503 5.5.1 No recipient was taken");
                        break;
                    case "DATA":
                        if (await ReplyAsync(SmtpStep.Data, line, "354 Go on"))
                            await TextAsync();
                        break;
                    case "RSET":
                        to = [];
                        await WriteAsync("250 2.0.0 Ok");
                        break;
                    case "NOOP":
                        await WriteAsync("250 2.0.0 Ok");
                        break;
                    case "QUIT":
                        await WriteAsync("221 2.0.0 Bye");
                        return;
                    default:
                        await WriteAsync("502 5.5.1 Unknown");
                        break;
                }
            }
        }

        async Task TextAsync()
        {
            var text = new StringBuilder();
            for (var lines = 0; ; lines++)
            {
                var line = await ReadAsync() ?? throw new IOException("The client went away.");
                if (lines == 0 && server.fault(SmtpStep.InText, line) is { } reply)
                    await FailAsync(SmtpStep.InText, reply);
                if (line == ".")
                    break;
                text.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
            }

            var mail = new TakenMail(from, to, text.ToString());
            var told = server.fault(SmtpStep.AfterText, mail.Text);
            // Before the answer, so that who has it finds the mail; and where the connection is cut the client cannot
            // know, but the mail is here.
            if (told is null or Cut)
                server.taken.Add(mail);
            if (told is null)
                await WriteAsync("250 2.0.0 Taken");
            else
                await FailAsync(SmtpStep.AfterText, told);
        }

        /// <returns>Whether it did not fail.</returns>
        async Task<bool> ReplyAsync(SmtpStep step, string line, string good)
        {
            if (server.fault(step, line) is { } reply)
            {
                await FailAsync(step, reply);
                return false;
            }

            await WriteAsync(good);
            return true;
        }

        async Task FailAsync(SmtpStep step, string reply)
        {
            server.failed.Add(step);
            if (reply == Silence)
                await Task.Delay(Timeout.InfiniteTimeSpan, server.end.Token);
            if (reply == Cut)
                throw new IOException("Cut as told.");
            await WriteAsync(reply);
            // A server that is not ready, or that interrupts, hangs up.
            if (step is SmtpStep.Greeting or SmtpStep.InText)
                throw new IOException("Hung up.");
        }

        Task WriteAsync(string reply) =>
            stream.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), server.end.Token).AsTask();

        Task<string?> ReadAsync() => reader.ReadLineAsync(server.end.Token).AsTask();

        static string Address(string line) =>
            line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.IndexOf('>', StringComparison.Ordinal)];
    }
}
