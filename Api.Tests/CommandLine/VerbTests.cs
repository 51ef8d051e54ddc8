using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using Api.CommandLine;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;

namespace Api.Tests.CommandLine;

public sealed class VerbTests : IDisposable
{
    static readonly object Message = new
    {
        name = "Test Sender",
        email = "sender@example.com",
        preferredContact = "email",
        location = "jonesboro",
        message = "Hello.",
        consent = true,
    };

    readonly TempFolder folder = new();

    string Database => $"--Database:Folder={folder.Path}";
    string DatabaseFile => folder.File("clinic.db");

    public void Dispose() => folder.Dispose();

    static T Read<T>(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        return connection.ExecuteScalar<T>(sql)!;
    }

    static async Task FaultAsync(string expected, params string[] args)
    {
        var (exitCode, output, errors) = await ApiProcess.RunAsync(args);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("   at ", output, StringComparison.Ordinal);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task With_no_argument_it_makes_migrates_and_seeds_the_database_and_serves()
    {
        var (api, client) = await ApiProcess.ServeAsync(folder.File("made/for/me"));
        using (api)
            Assert.Contains("Combining Psychotropic Medication", await client.GetStringAsync("/v1/articles"), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File("made/for/me/clinic.db")));
    }

    [Fact]
    public async Task SIGTERM_finishes_what_was_accepted_and_exits_with_0()
    {
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using (api)
        {
            // A sender whose body is still on its way when the signal comes.
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, client.BaseAddress!.Port);
            await using var stream = socket.GetStream();
            var body = System.Text.Json.JsonSerializer.Serialize(Message);
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(
                $"POST /v1/contact-submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..20]}"));
            // Answered after it on a connection of its own, so the program has accepted the sender by now.
            await client.GetStringAsync("/health/live");
            api.Terminate();
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(body[20..]));
            var answer = await new StreamReader(stream).ReadLineAsync();
            Assert.Equal("HTTP/1.1 201 Created", answer);
            Assert.Equal(0, await api.ExitAsync());
        }
        Assert.Equal(1, Read<int>(DatabaseFile, "SELECT count(*) FROM submissions"));
    }

    [Fact]
    public async Task A_port_that_is_taken_is_said_in_one_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await FaultAsync("The port is taken by another program", Database, $"--Urls=http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_to_is_said_in_one_sentence()
    {
        File.WriteAllText(folder.File("file"), "");
        await FaultAsync("cannot be written to", "migrate", $"--Database:Folder={folder.File("file")}/below");
        await FaultAsync("cannot be written to", "migrate", "--Database:Folder=/proc/nowhere");
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_said_in_one_sentence_and_left_as_it_is()
    {
        File.WriteAllText(DatabaseFile, new string('x', 5000));
        await FaultAsync("is not a SQLite database", Database, $"--Urls=http://127.0.0.1:{ApiProcess.FreePort()}");
        Assert.Equal(new string('x', 5000), File.ReadAllText(DatabaseFile));
    }

    [Fact]
    public async Task A_database_newer_than_the_program_is_said_in_one_sentence()
    {
        await ApiProcess.RunAsync("migrate", Database);
        using (var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False"))
            connection.Execute("INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_later.sql', '2027-01-01')");
        await FaultAsync("is newer than this program (it has had migration 9999_later.sql)", Database, $"--Urls=http://127.0.0.1:{ApiProcess.FreePort()}");
    }

    [Theory]
    [InlineData("nonsense"), InlineData("serve nonsense"), InlineData("backup"), InlineData("--Proxies:Known:0=nonsense")]
    public async Task A_slip_on_the_command_line_does_not_start_a_server(string args)
    {
        var (exitCode, _, errors) = await ApiProcess.RunAsync([Database, .. args.Split(' ')]);
        Assert.Equal(1, exitCode);
        Assert.NotEqual("", errors);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("0"), InlineData("-1"), InlineData("1000001"), InlineData("many"), InlineData("99999999999")]
    public async Task A_write_queue_of_a_senseless_size_is_said_in_one_sentence(string size) =>
        await FaultAsync("Database:WriteQueueCapacity", "migrate", Database, $"--Database:WriteQueueCapacity={size}");

    [Theory]
    [InlineData("serve"), InlineData("migrate"), InlineData("check"), InlineData("seed"), InlineData("submissions list"), InlineData("submissions erase 0000-0000-0000"),
     InlineData("outbox list"), InlineData("backup copy.db")]
    public async Task On_a_damaged_database_every_verb_ends_with_one_sentence(string verb)
    {
        await ApiProcess.RunAsync("seed", Database);
        var bytes = File.ReadAllBytes(DatabaseFile);
        // The schema, below the header that makes it a database.
        bytes.AsSpan(100, 3996).Fill(0x5a);
        File.WriteAllBytes(DatabaseFile, bytes);
        await FaultAsync("", [.. verb.Replace("copy.db", folder.File("copy.db"), StringComparison.Ordinal).Split(' '), Database, $"--Urls=http://127.0.0.1:{ApiProcess.FreePort()}"]);
        Assert.Equal(bytes, File.ReadAllBytes(DatabaseFile));
    }

    public static TheoryData<Exception, string> Faults => new()
    {
        { new StartupFault("The cause."), "The cause." },
        { new SqliteException("secret", 13), "The disk is full: make room on it." },
        { new SqliteException("secret", 8), "The database cannot be written to: give this user write access to its file and folder." },
        { new SqliteException("secret", 11), "The database is damaged: run the verb check, then stop the program and restore a backup." },
        { new SqliteException("secret", 1), "A fault in this program ended it: SqliteException in an unknown place. Please report it." },
        { new InvalidOperationException("secret", new SqliteException("secret", 5)), "The database is locked by another program." },
        { new KeyNotFoundException("secret"), "A fault in this program ended it: KeyNotFoundException in an unknown place. Please report it." },
        { new AggregateException(new KeyNotFoundException("secret")), "A fault in this program ended it: AggregateException in an unknown place. Please report it." },
        { new System.Security.Cryptography.CryptographicException("secret"), "A message cannot be opened with these keys: restore the keys from a backup." },
        { new IOException("No such file."), "A file cannot be read or written: No such file." },
    };

    [Theory, MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void Whatever_ends_a_verb_is_one_sentence_without_what_anybody_wrote(Exception fault, string sentence) => Assert.Equal(sentence, Api.CommandLine.Faults.Describe(fault));

    [Fact]
    public async Task A_database_that_this_user_cannot_write_to_is_not_served()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has other rights.");
        // Root may write everywhere, so the program runs as nobody, who must be able to read it.
        var setpriv = Tools.Need("setpriv")[0];
        Tools.Need(Environment.IsPrivilegedProcess, "not root");
        await ApiProcess.RunAsync("seed", Database);
        var keys = Directory.CreateDirectory(folder.Keys);
        System.Diagnostics.Process.Start("chmod", ["755", folder.Path]).WaitForExit();
        System.Diagnostics.Process.Start("chmod", ["644", DatabaseFile]).WaitForExit();
        System.Diagnostics.Process.Start("chmod", ["777", keys.FullName]).WaitForExit();
        var start = new System.Diagnostics.ProcessStartInfo(setpriv, ["--reuid=65534", "--regid=65534", "--clear-groups", "dotnet", typeof(Program).Assembly.Location, Database, $"--Keys:Folder={folder.Keys}",
            $"--Urls=http://127.0.0.1:{ApiProcess.FreePort()}"])
        { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = AppContext.BaseDirectory };
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal((1, $"{DatabaseFile} cannot be written to: give this user write access to it and its folder, or set Database:Folder to another folder.\n"), (process.ExitCode, errors));
    }

    [Fact]
    public void No_file_is_watched_so_that_it_starts_where_no_more_can_be()
    {
        var app = Program.Compose([Database]);
        Assert.All(((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>(), provider => Assert.False(provider.Source.ReloadOnChange));
        Assert.NotEmpty(((IConfigurationRoot)app.Configuration).Providers.OfType<FileConfigurationProvider>());
    }

    [Fact]
    public async Task Which_time_zone_rules_it_has_is_said_at_the_start()
    {
        var (api, _) = await ApiProcess.ServeAsync(folder.Path);
        using (api) Assert.Contains($"Time zone rules: {NodaTime.DateTimeZoneProviders.Tzdb.VersionId}", api.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_brings_a_database_up_to_date_and_does_so_once()
    {
        var (exitCode, output, _) = await ApiProcess.RunAsync("migrate", Database);
        Assert.Equal(0, exitCode);
        Assert.Contains("is up to date", output, StringComparison.Ordinal);
        Assert.Equal(0, Read<int>(DatabaseFile, "SELECT count(*) FROM articles"));
        Assert.Equal(0, (await ApiProcess.RunAsync("migrate", Database)).ExitCode);
    }

    [Fact]
    public async Task Backup_while_the_server_runs_copies_what_was_acknowledged_and_never_overwrites()
    {
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using (api)
        {
            (await client.PostAsJsonAsync("/v1/contact-submissions", Message)).EnsureSuccessStatusCode();
            var copy = folder.File("copy.db");
            Assert.Equal(0, (await ApiProcess.RunAsync("backup", copy, Database)).ExitCode);
            Assert.Equal(1, Read<int>(copy, "SELECT count(*) FROM submissions"));
            Assert.Equal("ok", Read<string>(copy, "PRAGMA integrity_check"));
            await FaultAsync("exists already", "backup", copy, Database);
        }
        await FaultAsync("The backup could not be written", "backup", folder.File("no/such/folder/copy.db"), Database);
        await FaultAsync("There is no database", "backup", folder.File("other.db"), $"--Database:Folder={folder.File("none")}");
    }

    [Fact]
    public async Task Check_finds_what_is_broken()
    {
        await ApiProcess.RunAsync("seed", Database);
        Assert.Equal((0, "The database is sound.\n", ""), await ApiProcess.RunAsync("check", Database));

        using (var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False;Foreign Keys=False"))
            connection.Execute("INSERT INTO article_tags (tag, article_id) VALUES ('x', 999)");
        var (exitCode, _, errors) = await ApiProcess.RunAsync("check", Database);
        Assert.Equal(1, exitCode);
        Assert.Contains("article_tags", errors, StringComparison.Ordinal);

        using (var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False"))
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var bytes = File.ReadAllBytes(DatabaseFile);
        bytes.AsSpan(4096 * 3, 4096 * 4).Fill(0x5a);
        File.WriteAllBytes(DatabaseFile, bytes);
        Assert.Equal(1, (await ApiProcess.RunAsync("check", Database)).ExitCode);
        await FaultAsync("There is no database", "check", $"--Database:Folder={folder.File("none")}");
    }

    [Fact]
    public async Task The_submissions_are_listed_shown_found_handled_released_and_erased()
    {
        string reference, spam;
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using (api)
        {
            async Task<string> Submit(object message) =>
                (string)(await (await client.PostAsJsonAsync("/v1/contact-submissions", message)).Content.ReadFromJsonAsync<System.Text.Json.Nodes.JsonNode>())!["reference"]!;
            reference = await Submit(Message);
            spam = await Submit(new { name = "Spammer", telephone = "870-555-0142", preferredContact = "telephone", location = "paragould", message = "Buy.", consent = true, website = "x" });

            Assert.Matches($"^{reference}  20..-..-..T..:..:..Z  jonesboro  reply by 20[^\n]*\n1 message is in quarantine: submissions list quarantine shows it[.]\n$", await RunAsync("submissions", "list"));
            Assert.Matches($"^{spam}  [^ ]+  paragould  quarantined: honeypot\n$", await RunAsync("submissions", "list", "quarantine"));
            var shown = await RunAsync("submissions", "show", reference.ToLowerInvariant());
            foreach (var line in new[] { "Location:   jonesboro", "Name:       Test Sender", "E-mail:     sender@example.com", "Telephone:  -", "Preferred:  email", "\n\nHello.\n" })
                Assert.Contains(line, shown, StringComparison.Ordinal);
            Assert.Equal($"{reference} is marked as handled.\n", await RunAsync("submissions", "handled", reference));
            Assert.Contains("jonesboro  handled\n", await RunAsync("submissions", "list"), StringComparison.Ordinal);
            Assert.Equal($"{spam} is released.\n", await RunAsync("submissions", "release", spam));
            Assert.StartsWith(spam, await RunAsync("submissions", "list"), StringComparison.Ordinal);
            Assert.Equal($"{reference} is erased. Backups from before still have it.\n", await RunAsync("submissions", "erase", reference));
        }
        foreach (var verb in new[] { "show", "handled", "release", "erase" }) await FaultAsync($"There is no submission {reference}", "submissions", verb, reference, Database);
        await FaultAsync("There is no database", "submissions", "list", $"--Database:Folder={folder.File("none")}");

        async Task<string> RunAsync(params string[] args)
        {
            var (exitCode, output, errors) = await ApiProcess.RunAsync([.. args, Database]);
            Assert.Equal((0, ""), (exitCode, errors));
            return output;
        }
    }

    [Fact]
    public async Task Find_reads_the_address_or_number_from_standard_input()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Database:Folder={folder.Path}"));
        var reference = (string)(await api.ReceivedAsync(Submissions.Valid()))["reference"]!;
        async Task<string> FindAsync(string sender)
        {
            var output = new StringWriter();
            Assert.Equal(0, await SubmissionVerbs.FindAsync(api.App, new StringReader(sender + "\n"), output, default));
            return output.ToString();
        }
        var found = $"{reference}  2026-07-01T12:00:00Z  jonesboro  reply by 2026-07-02T22:00:00Z\n";
        Assert.Equal(found, await FindAsync("SENDER@example.com"));
        Assert.Equal(found, await FindAsync(" 870 555 0100"));
        Assert.Equal("", await FindAsync("other@example.com"));
        foreach (var nonsense in new[] { "nonsense", "" })
            Assert.Equal("Give an e-mail address or a telephone number on standard input.", (await Assert.ThrowsAsync<StartupFault>(() => FindAsync(nonsense))).Message);
    }

    [Fact]
    public async Task Help_lists_the_verbs()
    {
        var (exitCode, output, _) = await ApiProcess.RunAsync("--help");
        Assert.Equal(0, exitCode);
        foreach (var verb in new[] { "serve", "migrate", "seed", "openapi", "backup", "restore", "check", "submissions", "notify", "outbox" })
            Assert.Contains($"\n  {verb} ", output, StringComparison.Ordinal);
    }
}
