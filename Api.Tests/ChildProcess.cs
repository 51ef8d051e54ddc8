using System.Diagnostics;
using System.Text;

namespace Api.Tests;

/// <summary>Another program that a test starts. It ends with the test.</summary>
sealed class ChildProcess : IAsyncDisposable
{
    readonly Process process;
    readonly Arrivals<string> lines = new();
    readonly StringBuilder log = new();
    readonly Task<int> exit;

    public ChildProcess(string program, string folder, params string[] args)
    {
        process = new Process
        {
            StartInfo = new ProcessStartInfo(program, args)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder,
            },
        };
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data is null)
                return;
            Append(line.Data);
            lines.Add(line.Data);
        };
        process.ErrorDataReceived += (_, line) => Append(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        exit = WatchAsync();
    }

    /// <summary>The standard output and the errors so far.</summary>
    public string Log
    {
        get
        {
            lock (log)
                return log.ToString();
        }
    }

    public bool HasExited => exit.IsCompleted;

    /// <summary>
    /// The lines of the standard output, once there are enough. It throws if the program ends before.
    /// </summary>
    public Task<string[]> LinesAsync(int count) => lines.WaitAsync(count);

    /// <summary>The next line of the standard output after the given number of lines.</summary>
    public async Task<string> LineAsync(int after) => (await LinesAsync(after + 1))[after];

    public async Task SendAsync(string line)
    {
        await process.StandardInput.WriteLineAsync(line);
        await process.StandardInput.FlushAsync();
    }

    /// <summary>Waits until the program ends by itself.</summary>
    public Task<int> ExitAsync() => exit;

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
        await exit;
        process.Dispose();
    }

    async Task<int> WatchAsync()
    {
        await process.WaitForExitAsync();
        lines.End($"{process.StartInfo.FileName} has ended with {process.ExitCode}.\n{Log}");
        return process.ExitCode;
    }

    void Append(string? line)
    {
        lock (log)
            if (line is not null)
                log.AppendLine(line);
    }
}
