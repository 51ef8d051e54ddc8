using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Api.Tests.Contact;

namespace Api.Tests.Deploy;

/// <summary>The systemd units, and the settings that they share with the command <c>clinic</c>.</summary>
[AnyEngine]
public sealed class ServiceTests : IDisposable
{
    const int Nobody = 65534;

    readonly TempFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory, InlineData("clinic.service"), InlineData("clinic-backup.service"), InlineData("clinic-backup.timer")]
    public async Task Systemd_finds_nothing_wrong_with_a_unit(string unit)
    {
        var tools = Tools.Need("systemd-analyze", "dotnet");
        (string, string)[] dotnet = [("/usr/bin/dotnet", tools[1])];
        foreach (var name in (string[])["clinic.service", "clinic-backup.service", "clinic-backup.timer"])
            await File.WriteAllTextAsync(
                folder.File(name),
                DeployFiles.Read(name, name.EndsWith(".service", StringComparison.Ordinal) ? dotnet : [])
            );
        // Most mistakes are warnings, with which it ends well.
        await using var process = new ChildProcess(tools[0], folder.Path, "verify", "--man=no", folder.File(unit));
        Assert.Equal((0, ""), (await process.ExitAsync(), process.Log));
    }

    [Fact]
    public async Task The_program_serves_under_the_system_call_filter_of_its_unit()
    {
        // Debian's own, which has Debian's libraries.
        const string Python = "/usr/bin/python3";
        Tools.Need("systemd-analyze", Python);
        await using (var library = new ChildProcess(Python, folder.Path, "-c", "import seccomp"))
            Tools.Need(await library.ExitAsync() == 0, "not installed: python3-seccomp");
        await using var server = new ChildProcess(
            Python,
            folder.Path,
            [
                DeployFiles.PathOfTest("filtered.py"),
                Path.Combine(DeployFiles.Folder(), "clinic.service"),
                "dotnet",
                typeof(Program).Assembly.Location,
                .. ApiProcess.Complete([$"--Database:Folder={folder.File("data")}"]),
                "--Urls=http://127.0.0.1:0",
            ]
        );
        const string Listening = "Now listening on: ";
        string? url = null;
        for (var lines = 0; url is null; lines++)
        {
            var line = await server.LineAsync(lines);
            if (line.Contains(Listening, StringComparison.Ordinal))
                url = line.Split(Listening)[1];
        }
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        using var sent = await client.PostAsJsonAsync(Submissions.Endpoint, Submissions.Valid());
        Assert.Equal(HttpStatusCode.Created, sent.StatusCode);
    }

    [Fact]
    public async Task The_program_starts_with_all_settings_of_the_example()
    {
        await using var api = new ApiFactory();
        string[] elsewhere = ["Folder=", "Keys:Certificates"];
        api.Settings.AddRange(
            DeployFiles
                .ReadSettings(withExamples: true)
                .Where(setting => !elsewhere.Any(name => setting.Contains(name, StringComparison.Ordinal)))
        );
        Assert.True(api.Settings.Count >= 8);
        await api.InitializeAsync();
    }

    [Fact]
    public async Task The_command_has_the_settings_and_the_rights_of_the_service()
    {
        Tools.Need("setpriv", "stat");
        Tools.Need(Environment.IsPrivilegedProcess, "not root");
        Process.Start("chown", [$"{Nobody}", folder.Path]).WaitForExit();
        await File.WriteAllTextAsync(
            folder.File("settings"),
            DeployFiles.Read(
                "settings",
                ("/var/lib/clinic/data", folder.File("data")),
                ("/var/lib/clinic/keys", folder.File("keys")),
                ("#Mail__", "Mail__")
            )
        );
        await File.WriteAllTextAsync(
            folder.File("clinic"),
            DeployFiles.Read(
                "clinic",
                ("/etc/clinic/settings", folder.File("settings")),
                ("/srv/clinic", AppContext.BaseDirectory),
                ("=clinic", $"={Nobody}"),
                ("/usr/bin/dotnet", "dotnet")
            )
        );
        await using (var migrate = new ChildProcess("sh", folder.Path, folder.File("clinic"), "migrate"))
            Assert.True(await migrate.ExitAsync() == 0, migrate.Log);
        await using var stat = new ChildProcess("stat", folder.Path, "-c%u %a", "data", "data/clinic.db");
        Assert.Equal([$"{Nobody} 700", $"{Nobody} 600"], await stat.LinesAsync(2));
    }
}
