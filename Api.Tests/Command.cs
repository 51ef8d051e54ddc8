using System.Text;
using Api.CommandLine;

namespace Api.Tests;

/// <summary>
/// Runs a command of the program to its end, in this process, which takes a fraction of the time of <see
/// cref="ApiProcess"/>. What the console loggers write is not part of the output.
/// </summary>
static class Command
{
    static readonly ConsoleOfTest Output = new(Console.Out);
    static readonly ConsoleOfTest Errors = new(Console.Error);

    static Command()
    {
        Console.SetOut(Output);
        Console.SetError(Errors);
    }

    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] args)
    {
        var output = Output.Capture();
        var errors = Errors.Capture();
        var exitCode = await Commands.RunAsync([
            .. ApiProcess.Complete(args),
            "--Logging:Console:LogLevel:Default=None",
        ]);
        return (exitCode, output.ToString(), errors.ToString());
    }

    /// <summary>Captures what each test writes to the console, although tests run at the same time.</summary>
    sealed class ConsoleOfTest(TextWriter console) : TextWriter
    {
        readonly AsyncLocal<StringWriter?> captured = new();

        public override Encoding Encoding => console.Encoding;

        public StringWriter Capture() => captured.Value = new StringWriter();

        public override void Write(char value) => Current.Write(value);

        public override void Write(string? value) => Current.Write(value);

        TextWriter Current => captured.Value ?? console;
    }
}
