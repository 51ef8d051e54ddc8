using System.CommandLine;
using System.Runtime.InteropServices;

namespace Api.CommandLine;

/// <summary>Runs a command on the composed program, and reports whatever ends it in one sentence.</summary>
sealed class CommandRunner(string[] settings)
{
    /// <summary>The exit code after a fault or a wrong call.</summary>
    public const int Failed = 1;

    const int Interrupted = 130;

    readonly Dictionary<Command, CommandHelp> helps = [];

    /// <summary>The help of the commands.</summary>
    public IReadOnlyDictionary<Command, CommandHelp> Helps => helps;

    /// <summary>Does the work of a command and returns the exit code.</summary>
    public delegate Task<int> RunCommand(WebApplication app, ParseResult parsed, CancellationToken ct);

    /// <param name="name">The command.</param>
    /// <param name="description">What it does, for <c>--help</c>.</param>
    /// <param name="help">What else <c>--help</c> says.</param>
    /// <param name="run">Does it.</param>
    /// <param name="argument">Its argument, if it has one.</param>
    /// <param name="options">Its options.</param>
    /// <param name="logs">Whether it logs. Otherwise the console has only what it prints.</param>
    public Command Create(
        string name,
        string description,
        CommandHelp help,
        RunCommand run,
        Argument? argument = null,
        IReadOnlyList<Option>? options = null,
        bool logs = false
    )
    {
        var command = new Command(name, description);
        if (argument is not null)
            command.Add(argument);
        foreach (var option in options ?? [])
            command.Add(option);
        SetAction(command, help, run, logs);
        return command;
    }

    public void SetAction(Command command, CommandHelp help, RunCommand run, bool logs)
    {
        helps.Add(command, help);
        command.SetAction((parsed, ct) => RunAsync(parsed, run, logs, ct));
    }

    async Task<int> RunAsync(ParseResult parsed, RunCommand run, bool logs, CancellationToken ct)
    {
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(ct);
        // Once the server has started, the host handles these too, and stops it in its own time.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            await using var app = Program.Compose(
                settings,
                builder =>
                {
                    if (!logs)
                        builder.Logging.ClearProviders();
                }
            );
            return await run(app, parsed, interruption.Token);
        }
        catch (OperationCanceledException) when (interruption.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Interrupted.");
            return Interrupted;
        }
        catch (Exception e)
        {
            await Console.Error.WriteLineAsync(Faults.Describe(e));
            return Failed;
        }

        // The first signal asks the command to end. The second one ends the program, unless the host still stops the
        // server.
        void Cancel(PosixSignalContext signal)
        {
            if (interruption.IsCancellationRequested)
                return;
            signal.Cancel = true;
            interruption.Cancel();
        }
    }
}
