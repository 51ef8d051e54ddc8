using Api.Data;
using Api.Data.Sqlite;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;

namespace Api.Tests.Data;

/// <summary>What happens to the database's files behind the program's back.</summary>
[SqliteOnly("The database's files")]
public sealed class DatabaseFilesTests : IAsyncDisposable
{
    const string Replaced =
        "The database's files were moved, deleted or replaced while the program ran: put them back, or restart the program.";

    readonly TempFolder elsewhere = new();

    public ValueTask DisposeAsync()
    {
        elsewhere.Dispose();
        return ValueTask.CompletedTask;
    }

    static string[] FilesOf(string folder) => Directory.GetFiles(folder, "clinic.db*");

    /// <summary>The files as a process that is killed now would leave them.</summary>
    string CrashImage(string folder, string name)
    {
        var image = Directory.CreateDirectory(elsewhere.File(name)).FullName;
        foreach (var file in FilesOf(folder).Where(file => !file.EndsWith("-shm", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(image, Path.GetFileName(file)));
        return image;
    }

    static ApiFactory On(ApiFactory api, string folder)
    {
        var other = new ApiFactory();
        other.Settings.AddRange([$"--Database:Folder={folder}", $"--Keys:Folder={api.Folder.Keys}"]);
        return other;
    }

    static async Task<long> CountAfterStartAsync(ApiFactory api, string folder)
    {
        await using var other = On(api, folder);
        await other.InitializeAsync();
        return await other.CountAsync();
    }

    public static TheoryData<string> Losses =>
        [
            "delete",
            "delete folder",
            "move",
            "move folder",
            "delete log",
            "delete index",
            "rename a copy over it",
            "write a copy over it",
        ];

    [Theory, MemberData(nameof(Losses))]
    public async Task Nothing_is_acknowledged_once_the_files_are_gone_or_replaced(string loss)
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        var copy = elsewhere.File("copy.db");
        await api.Maintenance.BackupAsync(copy, default);
        var file = api.Folder.File("clinic.db");
        switch (loss)
        {
            case "delete":
                foreach (var each in FilesOf(api.Folder.Path))
                    File.Delete(each);
                break;
            case "delete folder":
                Directory.Delete(api.Folder.Path, recursive: true);
                break;
            case "move":
                foreach (var each in FilesOf(api.Folder.Path))
                    File.Move(each, elsewhere.File(Path.GetFileName(each)));
                break;
            case "move folder":
                Directory.Move(api.Folder.Path, elsewhere.File("moved"));
                break;
            case "delete log":
                File.Delete(file + "-wal");
                break;
            case "delete index":
                File.Delete(file + "-shm");
                break;
            case "rename a copy over it":
                File.Move(copy, file, overwrite: true);
                break;
            default:
                using (var target = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    target.SetLength(0);
                    target.Write(File.ReadAllBytes(copy));
                }
                break;
        }

        for (var i = 0; i < 5; i++)
        {
            using var refused = await api.SubmitAsync(Submissions.Valid());
            await JsonAssert.ProblemAsync(
                refused,
                503,
                "busy",
                "The server cannot store or read anything at the moment."
            );
            Assert.Equal(TimeSpan.FromSeconds(60), refused.Headers.RetryAfter?.Delta);
        }
        using var ready = await api.Client.GetAsync("/health/ready");
        Assert.Equal(503, (int)ready.StatusCode);
        Assert.DoesNotContain(api.Folder.Path, await ready.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", api.Log.Text, StringComparison.Ordinal);
        Assert.Equal(1, api.Log.Text.Split(Replaced).Length - 1);
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        (await api.SubmitAsync(Submissions.Valid())).Dispose();
        Assert.Equal(2, api.Log.Text.Split(Replaced).Length - 1);

        // So that the folder can be deleted after the test.
        Directory.CreateDirectory(api.Folder.Path);
    }

    [Fact]
    public async Task Files_that_are_put_back_are_used_again()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        Directory.Move(api.Folder.Path, elsewhere.File("moved"));
        using var refused = await api.SubmitAsync(Submissions.Valid());
        Assert.Equal(503, (int)refused.StatusCode);
        await JsonAssert.ProblemAsync(await api.Client.GetAsync("/health/ready"), 503, "busy");

        Directory.Move(elsewhere.File("moved"), api.Folder.Path);
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));
        await api.ReceivedAsync(Submissions.Valid());
        Assert.Equal(2, await api.CountAsync());
    }

    [Fact]
    public async Task A_deleted_database_does_not_come_back_empty()
    {
        await using var api = await ApiFactory.StartAsync();
        File.Delete(api.Folder.File("clinic.db"));
        Assert.Throws<StartupFault>(() => api.Sqlite.OpenForWriting(create: false));
        using var refused = await api.SubmitAsync(Submissions.Valid());
        Assert.Equal(503, (int)refused.StatusCode);
        Assert.False(File.Exists(api.Folder.File("clinic.db")));
    }

    [Fact]
    public async Task After_a_clean_stop_the_database_file_alone_has_every_message()
    {
        await using var api = new ApiFactory();
        await api.InitializeAsync();
        for (var i = 0; i < 20; i++)
            await api.ReceivedAsync(Submissions.Valid());
        await api.App.StopAsync();
        await api.App.DisposeAsync();

        Assert.False(File.Exists(api.Folder.File("clinic.db-wal")));
        File.Copy(api.Folder.File("clinic.db"), elsewhere.File("clinic.db"));
        Assert.Equal(20, await CountAfterStartAsync(api, elsewhere.Path));
    }

    [Fact]
    public async Task A_replaced_database_is_not_changed_at_the_stop()
    {
        await using var api = new ApiFactory();
        await api.InitializeAsync();
        var copy = elsewhere.File("copy.db");
        await api.Maintenance.BackupAsync(copy, default);
        for (var i = 0; i < 20; i++)
            await api.ReceivedAsync(Submissions.Valid());
        var file = api.Folder.File("clinic.db");
        var bytes = File.ReadAllBytes(copy);
        using (var target = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            target.SetLength(0);
            target.Write(bytes);
        }
        await api.App.StopAsync();
        await api.App.DisposeAsync();
        Assert.Equal(bytes, File.ReadAllBytes(file));
    }

    [Fact]
    public async Task A_program_killed_again_and_again_starts_with_every_message()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        var first = CrashImage(api.Folder.Path, "first");
        await using var second = On(api, first);
        await second.InitializeAsync();
        // Somebody who reads all the while keeps the header of the file from being brought up to date.
        await using var reader = await second.Sqlite.OpenAsync(default);
        _ = await reader.ExecuteScalarAsync<long>("BEGIN; SELECT count(*) FROM submissions");
        await second.ReceivedAsync(Submissions.Valid());
        await using var beside = On(api, first);
        await beside.InitializeAsync();
        await beside.ReceivedAsync(Submissions.Valid());
        await second.ReceivedAsync(Submissions.Valid());

        Assert.Equal(1, await CountAfterStartAsync(api, CrashImage(api.Folder.Path, "third")));
        Assert.Equal(4, await CountAfterStartAsync(api, CrashImage(first, "fourth")));
        await reader.ExecuteAsync("ROLLBACK");
    }

    [Fact]
    public async Task Renewing_the_mark_and_writing_do_not_wait_for_each_other()
    {
        await using var api = await ApiFactory.StartAsync();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
                await api.ExecuteAsync("UPDATE SchemaVersions SET Applied = Applied");
        });
        for (var i = 0; i < 50; i++)
            await Task.Run(() => api.Database.PrepareToServeAsync(default));
        await stop.CancelAsync();
        await writing;
        await api.ReceivedAsync(Submissions.Valid());
    }

    public static TheoryData<string> Mixtures =>
        [
            "a backup of its own",
            "a backup of another installation",
            "the file of an earlier run",
            "no file",
            "an empty file",
            "no file and no mark",
        ];

    [Theory, MemberData(nameof(Mixtures))]
    public async Task A_database_with_the_log_of_another_is_not_served(string mixture)
    {
        await using var api = new ApiFactory();
        await api.InitializeAsync();
        for (var i = 0; i < 3; i++)
            await api.ReceivedAsync(Submissions.Valid());
        var backup = elsewhere.File("backup.db");
        await api.Maintenance.BackupAsync(backup, default);
        await api.App.DisposeAsync();
        var earlier = elsewhere.File("earlier.db");
        File.Copy(api.Folder.File("clinic.db"), earlier);

        await using var again = On(api, api.Folder.Path);
        await again.InitializeAsync();
        for (var i = 0; i < 5; i++)
            await again.ReceivedAsync(Submissions.Valid());
        var image = CrashImage(api.Folder.Path, "image");
        var file = Path.Combine(image, "clinic.db");
        switch (mixture)
        {
            case "a backup of its own":
                File.Copy(backup, file, overwrite: true);
                break;
            case "a backup of another installation":
                await using (var other = await ApiFactory.StartAsync())
                {
                    await other.ReceivedAsync(Submissions.Valid());
                    await other.Maintenance.BackupAsync(elsewhere.File("other.db"), default);
                }
                File.Copy(elsewhere.File("other.db"), file, overwrite: true);
                break;
            case "the file of an earlier run":
                File.Copy(earlier, file, overwrite: true);
                break;
            case "an empty file":
                File.WriteAllBytes(file, []);
                break;
            default:
                File.Delete(file);
                if (mixture == "no file and no mark")
                    File.Delete(file + "-mark");
                break;
        }
        var log = File.ReadAllBytes(file + "-wal");

        var fault = await Assert.ThrowsAsync<StartupFault>(() => CountAfterStartAsync(api, image));
        Assert.Contains($"{file}-wal", fault.Message, StringComparison.Ordinal);
        Assert.Equal(log, File.ReadAllBytes(file + "-wal"));
    }

    [Fact]
    public async Task Without_a_mark_inconsistent_pages_are_noticed()
    {
        await using var api = await ApiFactory.StartAsync();
        for (var i = 0; i < 40; i++)
            await api.ReceivedAsync(Submissions.Valid(("message", new string('x', 4000))));
        var backup = elsewhere.File("backup.db");
        await api.Maintenance.BackupAsync(backup, default);
        Assert.True(api.Sqlite.TryEmptyLog(TimeSpan.FromSeconds(5)));
        for (var i = 0; i < 200; i++)
            await api.ReceivedAsync(Submissions.Valid(("message", new string('y', 4000))));
        Assert.True(api.Sqlite.TryEmptyLog(TimeSpan.FromSeconds(5)));
        await api.ReceivedAsync(Submissions.Valid());
        var image = CrashImage(api.Folder.Path, "image");
        File.Copy(backup, Path.Combine(image, "clinic.db"), overwrite: true);
        File.Delete(Path.Combine(image, "clinic.db-mark"));

        var fault = await Assert.ThrowsAsync<StartupFault>(() => CountAfterStartAsync(api, image));
        Assert.Contains("do not fit together", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_owner_may_read_the_database_its_log_its_marks_and_backups()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has other rights.");
        await using var api = new ApiFactory();
        var folder = api.Folder.File("made");
        api.Settings.Add($"--Database:Folder={folder}");
        await api.InitializeAsync();
        await api.ReceivedAsync(Submissions.Valid());
        await api.Maintenance.BackupAsync(Path.Combine(folder, "copy.db"), default);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            new DirectoryInfo(folder).UnixFileMode
        );
        var files = new DirectoryInfo(folder).GetFiles();
        Assert.Equal(
            ["clinic.db", "clinic.db-lock", "clinic.db-mark", "clinic.db-shm", "clinic.db-wal", "copy.db"],
            files.Select(file => file.Name).Order(StringComparer.Ordinal)
        );
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode));
    }

    [Theory]
    [
        InlineData("journal_mode", "wal"),
        InlineData("synchronous", "2"),
        InlineData("secure_delete", "1"),
        InlineData("foreign_keys", "1"),
        InlineData("busy_timeout", "5000"),
        InlineData("wal_autocheckpoint", "4000"),
        InlineData("journal_size_limit", "33554432"),
        InlineData("cache_size", "-8000")
    ]
    public async Task Messages_are_written_with_the_settings_for_durability_and_erasure(string pragma, string value)
    {
        await using var api = await ApiFactory.StartAsync();
        Assert.Equal(
            value,
            await api.Database.WriteSynchronouslyAsync(
                connection => connection.ExecuteScalar<string>($"PRAGMA {pragma}"),
                default
            )
        );
    }

    // SQLITE_PROTOCOL (15) is met while another process replaces the files.
    [Theory]
    [InlineData(5), InlineData(6), InlineData(15)]
    public void What_passes_by_itself_is_busy(int code) =>
        Assert.Equal(StorageFault.Busy, SqliteFaults.Find(new SqliteException("", code)));

    [Theory]
    [InlineData(
        8,
        "The database cannot be written to: give this user write access to it, or connect to the primary server."
    )]
    [InlineData(
        10,
        "The database's files cannot be opened, read or written: check the disk, its rights and the limit of open files."
    )]
    [InlineData(
        14,
        "The database's files cannot be opened, read or written: check the disk, its rights and the limit of open files."
    )]
    [InlineData(11, "The database is damaged: run the check command, then stop the program and restore a backup.")]
    [InlineData(13, "The disk is full: make room on it.")]
    public async Task A_full_disk_is_logged_once_a_minute_and_not_ready_until_it_has_room(int code, string sentence)
    {
        await using var api = await ApiFactory.StartAsync();
        // The trigger fails every message in the way of a faulty disk; the probe of the readiness check meets the same.
        var failing = true;
        await api.Database.WriteSynchronouslyAsync(
            connection =>
            {
                ((SqliteConnection)connection).CreateFunction(
                    "fail",
                    () => failing ? throw new SqliteException("", code) : 0
                );
                connection.Execute(
                    "CREATE TEMP TRIGGER faulty BEFORE INSERT ON submissions BEGIN SELECT fail(); END; CREATE TEMP TRIGGER probe BEFORE UPDATE ON SchemaVersions BEGIN SELECT fail(); END"
                );
                return 0;
            },
            default
        );
        for (var i = 0; i < 5; i++)
        {
            using var refused = await api.SubmitAsync(Submissions.Valid());
            Assert.Equal(code == 13 ? 507 : 503, (int)refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(60), refused.Headers.RetryAfter?.Delta);
        }
        Assert.Equal(1, api.Log.Text.Split(sentence).Length - 1);
        Assert.DoesNotContain("   at ", api.Log.Text, StringComparison.Ordinal);
        // Anybody may ask whether it is ready: what is wrong is told, and not what the operator can do or where.
        using (var ready = await api.Client.GetAsync("/health/ready"))
            await JsonAssert.ProblemAsync(ready, 503, "busy", sentence.Split(':')[0] + ".");
        failing = false;
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));
        await api.ReceivedAsync(Submissions.Valid());
    }

    [Fact]
    public async Task A_write_that_awaits_anything_but_its_statements_is_refused_and_leaves_nothing_behind()
    {
        await using var api = await ApiFactory.StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() =>
            api.Database.WriteAsync(
                async connection =>
                {
                    await connection.ExecuteAsync("DELETE FROM locations");
                    return await Task.Delay(Timeout.Infinite, TestContext.Current.CancellationToken)
                        .ContinueWith(_ => 0, TaskScheduler.Default);
                },
                default
            )
        );
        Assert.Equal(3, await api.QueryAsync<int>("SELECT count(*) FROM locations"));
        await api.Database.WriteSynchronouslyAsync(_ => 0, default);
    }

    [Fact]
    public async Task A_successful_write_makes_the_service_ready_again()
    {
        await using var api = await ApiFactory.StartAsync();
        var health = api.App.Services.GetRequiredService<StorageHealth>();
        await Assert.ThrowsAsync<StorageException>(() =>
            api.Database.WriteSynchronouslyAsync<int>(_ => throw new SqliteException("", 13), default)
        );
        Assert.Equal(StorageFault.Full, health.Fault);
        await api.Database.WriteSynchronouslyAsync(_ => 0, default);
        Assert.Null(health.Fault);
    }
}
