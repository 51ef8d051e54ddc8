using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Api.Tests;

/// <summary>The program in a process of its own, as its operator starts it.</summary>
sealed partial class ApiProcess : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Limits that tests of other things do not reach.</summary>
    public static readonly string[] GenerousLimits =
    [
        "--Contact:Limits:PerClient:Requests=1000000000",
        "--Contact:Limits:Overall:Requests=1000000000",
        "--Access:Refusals:PerClient:Requests=1000000000",
        "--Access:Refusals:Overall:Requests=1000000000",
    ];

    readonly Process process;
    readonly StringBuilder output = new(),
        errors = new();

    ApiProcess(string[] args, string? trusted = null)
    {
        args = Complete(args);
        process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [typeof(Program).Assembly.Location, .. args])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = AppContext.BaseDirectory,
            },
        };
        // OpenSSL reads this variable, and then trusts no other certificates.
        if (trusted is not null)
            process.StartInfo.Environment["SSL_CERT_FILE"] = trusted;
        process.OutputDataReceived += (_, line) => Append(output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(errors, line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>The folder in which tests keep the keys of a database.</summary>
    public static string KeysBeside(string folder) => folder + "-keys";

    /// <summary>
    /// Adds the folder of the keys to arguments that have the database's only, and lets them name the database of the
    /// <see cref="Engine"/>.
    /// </summary>
    public static string[] Complete(string[] args)
    {
        var hasKeys = args.Any(arg => arg.StartsWith("--Keys:Folder", StringComparison.Ordinal));
        if (Engine.FindFolder(args) is { } folder && !hasKeys)
            args = [.. args, $"--Keys:Folder={KeysBeside(folder)}"];
        return Engine.Translate(args);
    }

    public string Output => Read(output);
    public string Errors => Read(errors);
    public Process Process => process;

    public static ApiProcess Start(params string[] args) => new(args);

    /// <summary>Runs a command to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] args)
    {
        using var api = Start(args);
        return (await api.ExitAsync(), api.Output, api.Errors);
    }

    /// <summary>Runs a command to its end, on a machine that trusts the certificates of a PEM file.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunTrustingAsync(
        string certificates,
        params string[] args
    )
    {
        using var api = new ApiProcess(args, certificates);
        return (await api.ExitAsync(), api.Output, api.Errors);
    }

    /// <summary>Starts a server on a free port, and waits until it serves.</summary>
    public static async Task<(ApiProcess Process, HttpClient Client)> ServeAsync(string folder, params string[] args)
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder);
        return await ServeAsync([$"--Database:Folder={folder}", .. args]);
    }

    /// <inheritdoc cref="ServeAsync(string, string[])"/>
    public static async Task<(ApiProcess Process, HttpClient Client)> ServeAsync(string[] args)
    {
        // The system chooses the port. A free one that was found before could be another program's by now.
        var api = Start(["--Urls=http://127.0.0.1:0", .. GenerousLimits, .. args]);
        var waited = Stopwatch.StartNew();
        Match address;
        while (!(address = ListeningAddress().Match(api.Output)).Success)
        {
            if (api.process.HasExited || waited.Elapsed > Patience)
            {
                using (api)
                    throw new InvalidOperationException($"The program does not serve.\n{api.Output}{api.Errors}");
            }
            await Task.Delay(20);
        }
        var client = new HttpClient { BaseAddress = new Uri(address.Groups[1].Value) };
        (await client.GetAsync("/health/ready")).EnsureSuccessStatusCode();
        return (api, client);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await process.WaitForExitAsync(patience.Token);
        return process.ExitCode;
    }

    /// <summary>Sends SIGKILL: no handler runs, and nothing is flushed.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await ExitAsync();
    }

    /// <summary>Sends SIGTERM, as a supervisor does.</summary>
    public void Terminate() => Process.Start("kill", ["-TERM", $"{process.Id}"]).WaitForExit();

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
    }

    [GeneratedRegex(@"Now listening on: (http://[\d.:]+\d)\D")]
    private static partial Regex ListeningAddress();

    static void Append(StringBuilder text, string? line)
    {
        lock (text)
            if (line is not null)
                text.AppendLine(line);
    }

    static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
