using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Api.CommandLine;
using Api.Data;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;

namespace Api.Tests.CommandLine;

public sealed class CommandTests : IDisposable
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
    static string AnyPort => "--Urls=http://127.0.0.1:0";

    public void Dispose() => folder.Dispose();

    Task<ApiFactory> ServeAsync() =>
        ApiFactory.StartAsync(factory => factory.Settings.AddRange([Database, $"--Keys:Folder={folder.Keys}"]));

    static T Read<T>(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        return connection.ExecuteScalar<T>(sql)!;
    }

    static async Task AssertFaultAsync(string expected, params string[] args) =>
        AssertFault(expected, await Command.RunAsync(args));

    static void AssertFault(string expected, (int ExitCode, string Output, string Errors) result)
    {
        Assert.Equal(1, result.ExitCode);
        Assert.DoesNotContain("   at ", result.Output, StringComparison.Ordinal);
        Assert.Contains(expected, result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Errors, StringComparison.Ordinal);
        Assert.Single(result.Errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Without_arguments_it_creates_migrates_and_seeds_the_database_and_serves()
    {
        var (api, client) = await ApiProcess.ServeAsync(folder.File("made/for/me"));
        using (api)
        {
            var articles = await client.GetStringAsync("/v1/articles");
            Assert.Contains("Combining Psychotropic Medication", articles, StringComparison.Ordinal);
            var version = NodaTime.DateTimeZoneProviders.Tzdb.VersionId;
            Assert.Contains($"Time zone rules: {version}", api.Output, StringComparison.Ordinal);
        }
        Assert.True(Engine.IsPostgres || File.Exists(folder.File("made/for/me/clinic.db")));
    }

    [Fact]
    public async Task SIGTERM_finishes_accepted_requests_and_exits_with_0()
    {
        var (api, client) = await ApiProcess.ServeAsync(folder.Path);
        using (api)
        {
            // The rest of this sender's body arrives after the signal.
            using var socket = new TcpClient();
            await socket.ConnectAsync(IPAddress.Loopback, client.BaseAddress!.Port);
            await using var stream = socket.GetStream();
            var body = System.Text.Json.JsonSerializer.Serialize(Message);
            await stream.WriteAsync(
                System.Text.Encoding.ASCII.GetBytes(
                    $"POST /v1/contact-submissions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body[..20]}"
                )
            );
            // This request came later and is answered, so the program has accepted the sender by now.
            await client.GetStringAsync("/health/live");
            api.Terminate();
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes(body[20..]));
            var answer = await new StreamReader(stream).ReadLineAsync();
            Assert.Equal("HTTP/1.1 201 Created", answer);
            Assert.Equal(0, await api.ExitAsync());
        }
        Assert.Equal(1, Engine.Query<long>(folder.Path, "SELECT count(*) FROM submissions"));
    }

    [Fact]
    public async Task A_port_in_use_is_reported_in_one_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var url = $"--Urls=http://127.0.0.1:{((IPEndPoint)taken.LocalEndpoint).Port}";
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        AssertFault("The port is taken by another program", await ApiProcess.RunAsync(Database, url));
    }

    [Fact]
    [SqliteOnly("Its folder")]
    public async Task A_folder_that_is_not_writable_is_reported_in_one_sentence()
    {
        File.WriteAllText(folder.File("file"), "");
        await AssertFaultAsync("cannot be written to", "migrate", $"--Database:Folder={folder.File("file")}/below");
        await AssertFaultAsync("cannot be written to", "migrate", "--Database:Folder=/proc/nowhere");
    }

    [Fact]
    [SqliteOnly("Its file")]
    public async Task A_file_that_is_not_a_database_is_reported_in_one_sentence_and_not_changed()
    {
        File.WriteAllText(DatabaseFile, new string('x', 5000));
        await AssertFaultAsync("is not a SQLite database", Database, AnyPort);
        Assert.Equal(new string('x', 5000), File.ReadAllText(DatabaseFile));
    }

    [Fact]
    public async Task A_database_that_is_newer_than_the_program_is_reported_in_one_sentence()
    {
        await PreparedDatabase.Empty.CopyToAsync(folder.Path);
        Engine.Execute(
            folder.Path,
            "INSERT INTO SchemaVersions (ScriptName, Applied) VALUES ('9999_later.sql', '2027-01-01')"
        );
        await AssertFaultAsync("is newer than this program (it has had migration 9999_later.sql)", Database, AnyPort);
    }

    [Theory]
    [
        InlineData("nonsense"),
        InlineData("serve nonsense"),
        InlineData("backup"),
        InlineData("--Proxies:Known:0=nonsense")
    ]
    public async Task A_mistake_on_the_command_line_does_not_start_a_server(string args)
    {
        var (exitCode, _, errors) = await Command.RunAsync([Database, .. args.Split(' ')]);
        Assert.Equal(1, exitCode);
        Assert.NotEqual("", errors);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("0"), InlineData("-1"), InlineData("1000001"), InlineData("many"), InlineData("99999999999")]
    public async Task An_invalid_size_of_the_write_queue_is_reported_in_one_sentence(string size) =>
        await AssertFaultAsync(
            "Database:WriteQueueCapacity",
            "migrate",
            Database,
            $"--Database:WriteQueueCapacity={size}"
        );

    [Theory]
    [
        InlineData("serve"),
        InlineData("migrate"),
        InlineData("check"),
        InlineData("seed"),
        InlineData("submissions list"),
        InlineData("submissions erase 0000-0000-0000"),
        InlineData("outbox list"),
        InlineData("backup copy.db")
    ]
    [SqliteOnly("Its file")]
    public async Task Every_command_reports_a_damaged_database_in_one_sentence(string command)
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        var bytes = File.ReadAllBytes(DatabaseFile);
        // Destroys the schema, but not the header in front of it.
        bytes.AsSpan(100, 3996).Fill(0x5a);
        File.WriteAllBytes(DatabaseFile, bytes);
        var words = command.Replace("copy.db", folder.File("copy.db"), StringComparison.Ordinal).Split(' ');
        await AssertFaultAsync("", [.. words, Database, AnyPort]);
        Assert.Equal(bytes, File.ReadAllBytes(DatabaseFile));
    }

    public static TheoryData<Exception, string> Faults =>
        new()
        {
            { new StartupFault("The cause."), "The cause." },
            {
                new StorageException(StorageFault.Full, new InvalidOperationException("secret")),
                "The disk is full: make room on it."
            },
            {
                new StorageException(StorageFault.ReadOnly),
                "The database cannot be written to: give this user write access to it, or connect to the primary server."
            },
            {
                new StorageException(StorageFault.Damaged),
                "The database is damaged: run the check command, then stop the program and restore a backup."
            },
            {
                new SqliteException("secret", 1),
                "A fault in this program ended it: SqliteException in an unknown place. Please report it."
            },
            {
                new InvalidOperationException("secret", new StorageException(StorageFault.Busy)),
                "The database is locked by another program, or takes no more connections."
            },
            {
                new KeyNotFoundException("secret"),
                "A fault in this program ended it: KeyNotFoundException in an unknown place. Please report it."
            },
            {
                new AggregateException(new KeyNotFoundException("secret")),
                "A fault in this program ended it: AggregateException in an unknown place. Please report it."
            },
            {
                new System.Security.Cryptography.CryptographicException("secret"),
                "A message cannot be opened with these keys: restore the keys from a backup."
            },
            { new IOException("No such file."), "A file cannot be read or written: No such file." },
        };

    [Theory, MemberData(nameof(Faults), DisableDiscoveryEnumeration = true)]
    public void Every_fault_is_reported_in_one_sentence_without_the_words_of_a_sender(
        Exception fault,
        string sentence
    ) => Assert.Equal(sentence, Api.CommandLine.Faults.Describe(fault));

    [Fact]
    [SqliteOnly("Its file")]
    public async Task A_database_that_the_user_may_not_write_to_is_not_served()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has other rights.");
        // Root may write to every file, so the program runs as another user, who must be able to read it.
        var setpriv = Tools.Need("setpriv")[0];
        Tools.Need(Environment.IsPrivilegedProcess, "not root");
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        var keys = Directory.CreateDirectory(folder.Keys);
        System.Diagnostics.Process.Start("chmod", ["755", folder.Path]).WaitForExit();
        System.Diagnostics.Process.Start("chmod", ["644", DatabaseFile]).WaitForExit();
        System.Diagnostics.Process.Start("chmod", ["777", keys.FullName]).WaitForExit();
        var start = new System.Diagnostics.ProcessStartInfo(
            setpriv,
            [
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "dotnet",
                typeof(Program).Assembly.Location,
                Database,
                $"--Keys:Folder={folder.Keys}",
                $"--Urls=http://127.0.0.1:{ApiProcess.FreePort()}",
            ]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(
            (
                1,
                $"{DatabaseFile} cannot be written to: give this user write access to its folder and to all files there, or set Database:Folder to another folder.\n"
            ),
            (process.ExitCode, errors)
        );
    }

    [Fact]
    [SqliteOnly("Restore")]
    public async Task A_restore_as_root_says_whom_the_files_must_belong_to()
    {
        Tools.Need(Environment.IsPrivilegedProcess && !OperatingSystem.IsWindows(), "not root");
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        var copy = folder.File("copy.db");
        Assert.Equal(0, (await Command.RunAsync("backup", copy, Database)).ExitCode);
        var (exitCode, output, _) = await Command.RunAsync("restore", copy, Database);
        Assert.Equal(0, exitCode);
        Assert.EndsWith(
            "The restored files belong to root. If the program runs as another user, give them to that user: "
                + $"chown -R USER {folder.Path}\n",
            output,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void It_watches_no_settings_file_so_that_it_starts_where_no_more_files_can_be_watched()
    {
        var configuration = (IConfigurationRoot)Program.Compose([Database]).Configuration;
        var files = configuration.Providers.OfType<FileConfigurationProvider>().ToArray();
        Assert.NotEmpty(files);
        Assert.All(files, provider => Assert.False(provider.Source.ReloadOnChange));
    }

    [Fact]
    public async Task Migrate_brings_a_database_up_to_date_once()
    {
        var (exitCode, output, _) = await Command.RunAsync("migrate", Database);
        Assert.Equal(0, exitCode);
        Assert.Contains("is up to date", output, StringComparison.Ordinal);
        Assert.Equal(0, Engine.Query<long>(folder.Path, "SELECT count(*) FROM articles"));
        Assert.Equal(0, (await Command.RunAsync("migrate", Database)).ExitCode);
    }

    [Fact]
    [SqliteOnly("Backup")]
    public async Task Backup_copies_acknowledged_messages_while_the_server_runs_and_never_overwrites_a_file()
    {
        await using (var api = await ServeAsync())
        {
            (await api.Client.PostAsJsonAsync("/v1/contact-submissions", Message)).EnsureSuccessStatusCode();
            var copy = folder.File("copy.db");
            Assert.Equal(0, (await ApiProcess.RunAsync("backup", copy, Database)).ExitCode);
            Assert.Equal(1, Read<int>(copy, "SELECT count(*) FROM submissions"));
            Assert.Equal("ok", Read<string>(copy, "PRAGMA integrity_check"));
            await AssertFaultAsync("exists already", "backup", copy, Database);
        }
        await AssertFaultAsync(
            "The backup could not be written",
            "backup",
            folder.File("no/such/folder/copy.db"),
            Database
        );
    }

    [Theory]
    [InlineData("backup copy.db"), InlineData("check"), InlineData("submissions list"), InlineData("outbox list")]
    [SqliteOnly("PostgreSQL creates no database by itself.")]
    public async Task A_command_that_needs_a_database_creates_none(string command)
    {
        var words = command.Replace("copy.db", folder.File("copy.db"), StringComparison.Ordinal).Split(' ');
        await AssertFaultAsync("There is no database", [.. words, $"--Database:Folder={folder.File("none")}"]);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    [SqliteOnly("Its file")]
    public async Task Check_finds_damage()
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        Assert.Equal((0, "The database is sound.\n", ""), await Command.RunAsync("check", Database));

        using (var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False;Foreign Keys=False"))
            connection.Execute("INSERT INTO article_tags (tag, article_id) VALUES ('x', 999)");
        var (exitCode, _, errors) = await Command.RunAsync("check", Database);
        Assert.Equal(1, exitCode);
        Assert.Contains("article_tags", errors, StringComparison.Ordinal);

        using (var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False"))
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
        var bytes = File.ReadAllBytes(DatabaseFile);
        bytes.AsSpan(4096 * 3, 4096 * 4).Fill(0x5a);
        File.WriteAllBytes(DatabaseFile, bytes);
        Assert.Equal(1, (await Command.RunAsync("check", Database)).ExitCode);
    }

    [Fact]
    public async Task Submissions_are_listed_shown_handled_released_and_erased()
    {
        string reference,
            spam;
        await using (var api = await ServeAsync())
        {
            async Task<string> SubmitAsync(object message)
            {
                using var response = await api.Client.PostAsJsonAsync("/v1/contact-submissions", message);
                return (string)(await response.Content.ReadFromJsonAsync<JsonNode>())!["reference"]!;
            }
            reference = await SubmitAsync(Message);
            // Lists are sorted by the time.
            api.Clock.Advance(TimeSpan.FromSeconds(1));
            spam = await SubmitAsync(
                new
                {
                    name = "Spammer",
                    telephone = "870-555-0142",
                    preferredContact = "telephone",
                    location = "paragould",
                    message = "Buy.",
                    consent = true,
                    website = "x",
                }
            );

            Assert.Matches(
                $"^{reference}  20..-..-..T..:..:..Z  jonesboro  reply by 20[^\n]*\n1 message is in quarantine: submissions list quarantine shows it[.]\n$",
                await RunAsync("submissions", "list")
            );
            Assert.Matches(
                $"^{spam}  [^ ]+  paragould  quarantined: honeypot\n$",
                await RunAsync("submissions", "list", "quarantine")
            );
            var shown = await RunAsync("submissions", "show", reference.ToLowerInvariant());
            foreach (
                var line in new[]
                {
                    "Location:   jonesboro",
                    "Name:       Test Sender",
                    "E-mail:     sender@example.com",
                    "Telephone:  -",
                    "Preferred:  email",
                    "\n\nHello.\n",
                }
            )
                Assert.Contains(line, shown, StringComparison.Ordinal);
            Assert.Equal($"{reference} is marked as handled.\n", await RunAsync("submissions", "handled", reference));
            Assert.Contains("jonesboro  handled\n", await RunAsync("submissions", "list"), StringComparison.Ordinal);
            Assert.Equal($"{spam} is released.\n", await RunAsync("submissions", "release", spam));
            Assert.StartsWith(spam, await RunAsync("submissions", "list"), StringComparison.Ordinal);
            Assert.Equal(
                $"{reference} is erased. Backups from before still have it.\n",
                await RunAsync("submissions", "erase", reference)
            );
        }
        foreach (var command in new[] { "show", "handled", "release", "erase" })
            await AssertFaultAsync($"There is no submission {reference}", "submissions", command, reference, Database);

        async Task<string> RunAsync(params string[] args)
        {
            var (exitCode, output, errors) = await Command.RunAsync([.. args, Database]);
            Assert.Equal((0, ""), (exitCode, errors));
            return output;
        }
    }

    [Fact]
    public async Task Find_reads_the_address_or_number_from_standard_input()
    {
        await using var api = await ServeAsync();
        var reference = (string)(await api.ReceivedAsync(Submissions.Valid()))["reference"]!;
        async Task<string> FindAsync(string sender)
        {
            var output = new StringWriter();
            Assert.Equal(
                0,
                await SubmissionCommands.FindAsync(api.App, new StringReader(sender + "\n"), output, default)
            );
            return output.ToString();
        }
        var found = $"{reference}  2026-07-01T12:00:00Z  jonesboro  reply by 2026-07-02T22:00:00Z\n";
        Assert.Equal(found, await FindAsync("SENDER@example.com"));
        Assert.Equal(found, await FindAsync(" 870 555 0100"));
        Assert.Equal("", await FindAsync("other@example.com"));
        foreach (var nonsense in new[] { "nonsense", "" })
            Assert.Equal(
                "Give an e-mail address or a telephone number on standard input.",
                (await Assert.ThrowsAsync<StartupFault>(() => FindAsync(nonsense))).Message
            );
    }

    [Fact]
    public async Task Find_ends_while_it_waits_for_standard_input()
    {
        await using var api = await ServeAsync();
        using var console = new SilentConsole();
        using var interruption = new CancellationTokenSource();
        var find = Task.Run(() => SubmissionCommands.FindAsync(api.App, console, TextWriter.Null, interruption.Token));
        await console.Reading;
        await interruption.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => find.WaitAsync(TimeSpan.FromMinutes(1)));
    }

    /// <summary>A console on which nobody types. As the real one, it blocks also when it is read asynchronously.</summary>
    sealed class SilentConsole : TextReader
    {
        readonly TaskCompletionSource reading = new();
        readonly ManualResetEventSlim closed = new();

        public Task Reading => reading.Task;

        public override string? ReadLine()
        {
            reading.SetResult();
            closed.Wait();
            return null;
        }

        public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken) => new(ReadLine());

        protected override void Dispose(bool disposing)
        {
            closed.Set();
            base.Dispose(disposing);
        }
    }

    [Fact]
    public async Task Check_tries_the_keys_on_the_newest_message()
    {
        await using var api = await ApiFactory.StartAsync();
        await using var other = await ApiFactory.StartAsync();
        var database = $"--Database:Folder={api.Folder.Path}";
        // Without messages any keys are right.
        Assert.Equal(0, (await Command.RunAsync("check", database, $"--Keys:Folder={other.Folder.Keys}")).ExitCode);
        await api.ReceivedAsync(Submissions.Valid());

        var right = await Command.RunAsync("check", database, $"--Keys:Folder={api.Folder.Keys}");
        Assert.Equal((0, "The database is sound.\n", ""), right);
        foreach (var wrong in new[] { other.Folder.Keys, other.Folder.File("none") })
        {
            var (exitCode, output, errors) = await Command.RunAsync("check", database, $"--Keys:Folder={wrong}");
            Assert.Equal((1, ""), (exitCode, output));
            Assert.StartsWith(
                $"The keys in {wrong} do not open the messages in the database",
                errors,
                StringComparison.Ordinal
            );
            Assert.False(Directory.Exists(other.Folder.File("none")));
        }
    }

    static readonly System.CommandLine.RootCommand Root = Commands.Create([]);

    static IEnumerable<System.CommandLine.Command> Below(System.CommandLine.Command command) =>
        [command, .. command.Subcommands.SelectMany(Below)];

    static string[] WordsOf(string command) => command.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    static System.CommandLine.Command Find(string command) => Root.Parse(WordsOf(command)).CommandResult.Command;

    /// <summary>All commands, the program's own list. The empty one is the program without a command.</summary>
    public static TheoryData<string> All =>
        [.. Below(Root).Select(command => string.Join(' ', WordsOf(HelpPage.FindPath(command)).Skip(1)))];

    [Fact]
    public void The_list_has_commands_and_their_parts() =>
        Assert.All(["", "serve", "outbox", "outbox list"], name => Assert.Contains(name, All.Select(row => row.Data)));

    [Theory, MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    [AnyEngine]
    public async Task Help_shows_the_settings_and_an_example(string name)
    {
        var (exitCode, output, errors) = await Command.RunAsync([.. WordsOf(name), "--help"]);
        Assert.Equal((0, ""), (exitCode, errors));
        var command = Find(name);
        Assert.Contains(command.Description!, output, StringComparison.Ordinal);
        foreach (var below in command.Subcommands)
            Assert.Contains($"\n  {below.Name} ", output, StringComparison.Ordinal);
        if (command.Action is null)
            return;
        var example = output.Split("Example:\n")[1].Trim();
        Assert.StartsWith(HelpPage.FindPath(command), example, StringComparison.Ordinal);
        var words = System.CommandLine.Parsing.CommandLineParser.SplitCommandLine(
            example.Split(" > ")[0].Split(" < ")[0]
        );
        Assert.Empty(Root.Parse([.. words.Skip(1).Where(word => !IsSetting(word))]).Errors);
        if (name != "schema")
            Assert.Matches(@"\nSettings:\n  \w+:?\w* ", output);
    }

    static bool IsSetting(string word) =>
        word.StartsWith("--", StringComparison.Ordinal) && word.Contains(':', StringComparison.Ordinal);

    [Fact]
    public void Every_setting_in_the_help_is_one_of_the_program()
    {
        using var app = Program.Compose([]);
        Assert.All(
            HelpPage.Meanings.Keys.Where(name => name != "Urls"),
            name =>
            {
                var parts = name.Split(':');
                var section = app.Configuration.GetSection(parts[0]).GetChildren();
                Assert.Contains(parts[1], section.Select(child => child.Key));
            }
        );
    }

    [Theory, MemberData(nameof(All), DisableDiscoveryEnumeration = true)]
    [AnyEngine]
    public async Task A_wrong_call_is_refused_in_one_sentence(string name)
    {
        var words = WordsOf(name);
        string[] given =
        [
            .. Find(name).Arguments.Where(argument => argument.Arity.MinimumNumberOfValues == 1).Select(_ => "given"),
            .. Find(name)
                .Options.Where(option => option.Required)
                .SelectMany(option => new[] { option.Name, option.Name == "--role" ? "inbox" : "given" }),
        ];
        // A group needs one of its commands, and a command its argument and required options.
        if (Find(name).Action is null || given is not [])
            await RefusesAsync($"See: {HelpPage.FindPath(Find(name))} --help");
        await RefusesAsync("See: ", "surplus", "surplus");
        await RefusesAsync("-x is no option", "-x");
        await RefusesAsync("--nonsense is no option", "--nonsense");
        await RefusesAsync("--Urls is no option, and a setting needs a value", "--Urls", "--help");
        if (Find(name).Action is null)
            return;
        await RefusesAsync("Nonsense is no setting of this program", [.. given, "--Nonsense:Foo=1"]);
        await RefusesAsync("Contact:MaximumLinks is 'many'", [.. given, "--Contact:MaximumLinks=many"]);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));

        Task RefusesAsync(string sentence, params string[] args) =>
            AssertFaultAsync(sentence, [.. words, .. args, Database]);
    }

    [Theory]
    [InlineData("submissions list spam", "Argument 'spam' not recognized. Must be one of: 'quarantine'. See: ")]
    [InlineData("seed /nowhere", "There is no /nowhere/clinic.yaml: ")]
    public async Task A_folder_or_a_word_that_cannot_be_used_is_refused_in_one_sentence(string call, string sentence)
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        await AssertFaultAsync(sentence, [.. call.Split(' '), Database]);
    }

    [Theory]
    [InlineData("restore /nowhere.db", "/nowhere.db")]
    [InlineData("backup /proc/copy.db", "The backup could not be written")]
    [SqliteOnly("Backup and restore")]
    public async Task A_copy_that_cannot_be_read_or_written_is_refused_in_one_sentence(string call, string sentence)
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        await AssertFaultAsync(sentence, [.. call.Split(' '), Database]);
    }

    [Fact]
    [SqliteOnly("Backup")]
    public async Task Paths_of_a_command_begin_at_the_folder_of_the_caller()
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        string[] args = ["backup", "copy.db", Database, $"--Keys:Folder={folder.Keys}"];
        await using var backup = new ChildProcess("dotnet", folder.Path, [typeof(Program).Assembly.Location, .. args]);
        Assert.True(await backup.ExitAsync() == 0, backup.Log);
        Assert.True(File.Exists(folder.File("copy.db")));
    }

    [Fact]
    public async Task Seed_warns_about_recipients_without_a_location_and_locations_without_recipients()
    {
        await PreparedDatabase.Seeded.CopyToAsync(folder.Path);
        var (exitCode, output, _) = await ApiProcess.RunAsync(
            "seed",
            Database,
            "--Mail:Host=smtp.example.com",
            "--Mail:From=website@example.com",
            "--Mail:Recipients:annex=a@example.com",
            "--Mail:Recipients:jonesboro=a@example.com",
            "--Mail:Recipients:paragould=a@example.com"
        );
        Assert.Equal(0, exitCode);
        Assert.Contains(
            "Mail:Recipients:annex is for a location that does not exist",
            output,
            StringComparison.Ordinal
        );
        Assert.Contains("Nobody gets a mail about messages to ash-flat", output, StringComparison.Ordinal);
        Assert.DoesNotContain("messages to jonesboro", output, StringComparison.Ordinal);
    }
}
