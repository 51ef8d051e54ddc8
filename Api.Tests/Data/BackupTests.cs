using Api.Data;
using Api.Tests.Contact;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Tests.Data;

[SqliteOnly("Backup and restore")]
public sealed class BackupTests : IDisposable
{
    readonly TempFolder elsewhere = new();

    public void Dispose() => elsewhere.Dispose();

    static T Read<T>(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        return connection.ExecuteScalar<T>(sql)!;
    }

    /// <summary>Overwrites the page that holds the root of a table.</summary>
    static void DamageRoot(string file, string table)
    {
        var page = Read<int>(file, $"SELECT rootpage FROM sqlite_master WHERE name = '{table}'");
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = (page - 1) * 4096L;
        stream.Write(Enumerable.Repeat((byte)0x5a, 4096).ToArray());
    }

    [Fact]
    public async Task A_copy_is_one_file_without_a_log()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Submissions.Valid());
        var copy = elsewhere.File("copy.db");
        await api.Maintenance.BackupAsync(copy, default);
        Assert.Equal("delete", Read<string>(copy, "PRAGMA journal_mode"));
        Assert.Equal(1, Read<long>(copy, "SELECT count(*) FROM submissions"));
        Assert.Equal(["copy.db"], Directory.GetFileSystemEntries(elsewhere.Path).Select(Path.GetFileName));
    }

    [Theory]
    [
        InlineData("submissions"),
        InlineData("articles"),
        InlineData("locations"),
        InlineData("outbox_of_submission"),
        InlineData("sqlite_autoindex_locations_1")
    ]
    public async Task A_damaged_database_is_not_copied(string damaged)
    {
        await using var api = new ApiFactory();
        await api.InitializeAsync();
        await api.ReceivedAsync(Submissions.Valid());
        await api.App.DisposeAsync();
        DamageRoot(api.Folder.File("clinic.db"), damaged);

        await using var app = Program.Compose([
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
        ]);
        var db = (DatabaseMaintenance)app.Services.GetService(typeof(DatabaseMaintenance))!;
        var fault = await Assert.ThrowsAsync<StartupFault>(() => db.BackupAsync(elsewhere.File("copy.db"), default));
        Assert.Contains(
            "is damaged, so it was not copied: run the check command.",
            fault.Message,
            StringComparison.Ordinal
        );
        Assert.Empty(Directory.GetFileSystemEntries(elsewhere.Path));
    }

    [Fact]
    public async Task The_next_backup_deletes_the_remains_of_a_killed_one_and_not_those_of_a_running_one()
    {
        await using var api = await ApiFactory.StartAsync();
        // No process has this number: it is above the kernel's limit.
        foreach (
            var leftover in new[]
            {
                ".old.db.99999999.partial",
                ".old.db.99999999.partial-journal",
                ".other.db.1.partial",
                "kept.partial",
            }
        )
            File.WriteAllText(elsewhere.File(leftover), "");
        await api.Maintenance.BackupAsync(elsewhere.File("copy.db"), default);
        Assert.Equal(
            [".other.db.1.partial", "copy.db", "kept.partial"],
            Directory.GetFileSystemEntries(elsewhere.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
    }

    async Task<ApiFactory> StoppedAsync(int messages)
    {
        var api = new ApiFactory();
        await api.InitializeAsync();
        for (var i = 0; i < messages; i++)
            await api.ReceivedAsync(Submissions.Valid());
        await api.Maintenance.BackupAsync(elsewhere.File("copy.db"), default);
        for (var i = 0; i < 3; i++)
            await api.ReceivedAsync(Submissions.Valid());
        await api.App.DisposeAsync();
        return api;
    }

    static async Task<string?> RestoreAsync(ApiFactory api, string copy)
    {
        await using var app = Program.Compose([
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
        ]);
        return await ((DatabaseMaintenance)app.Services.GetService(typeof(DatabaseMaintenance))!).RestoreAsync(
            copy,
            default
        );
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task Restore_replaces_a_database_and_its_log_and_keeps_the_old_one(bool withLog)
    {
        await using var api = await StoppedAsync(messages: 2);
        var file = api.Folder.File("clinic.db");
        if (withLog)
        {
            // As after a kill, with a copy that somebody has put in its place already.
            await File.WriteAllBytesAsync(file + "-wal", new byte[10_000]);
            await File.WriteAllBytesAsync(file + "-shm", new byte[32_768]);
        }
        var before = File.ReadAllBytes(file);
        Assert.Equal(file + "-before-restore", await RestoreAsync(api, elsewhere.File("copy.db")));

        Assert.Equal(before, File.ReadAllBytes(file + "-before-restore"));
        Assert.Equal(withLog, File.Exists(file + "-before-restore-wal"));
        Assert.Equal(
            [
                "clinic.db",
                "clinic.db-before-restore",
                .. withLog ? new[] { "clinic.db-before-restore-wal" } : [],
                "clinic.db-lock",
            ],
            Directory.GetFiles(api.Folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        await using var restored = new ApiFactory();
        restored.Settings.AddRange([$"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"]);
        await restored.InitializeAsync();
        Assert.Equal(2, await restored.CountAsync());
        await restored.ReceivedAsync(Submissions.Valid());
    }

    [Theory, InlineData("server"), InlineData("reader")]
    public async Task Nothing_is_restored_while_the_database_is_in_use(string user)
    {
        await using var stopped = await StoppedAsync(messages: 1);
        await using var server = new ApiFactory();
        server.Settings.AddRange([$"--Database:Folder={stopped.Folder.Path}", $"--Keys:Folder={stopped.Folder.Keys}"]);
        using var reader = new SqliteConnection($"Data Source={stopped.Folder.File("clinic.db")};Pooling=False");
        if (user == "server")
        {
            await server.InitializeAsync();
        }
        else
        {
            reader.Open();
            Assert.Equal(4, reader.ExecuteScalar<long>("BEGIN; SELECT count(*) FROM submissions"));
        }
        // Another process, since locks of one process do not hinder itself.
        var (exitCode, _, errors) = await ApiProcess.RunAsync(
            "restore",
            elsewhere.File("copy.db"),
            $"--Database:Folder={stopped.Folder.Path}"
        );
        Assert.Equal(
            (1, $"{stopped.Folder.File("clinic.db")} is in use: stop the program first.\n"),
            (exitCode, errors)
        );
        Assert.Equal(4, Read<long>(stopped.Folder.File("clinic.db"), "SELECT count(*) FROM submissions"));
    }

    [Theory]
    [InlineData("damaged", "is damaged or is not a SQLite database, so it was not restored")]
    [InlineData("text", "is damaged or is not a SQLite database, so it was not restored")]
    [InlineData("other", "is not a database of this program")]
    [InlineData("empty", "is not a database of this program")]
    [InlineData("missing", "There is no file")]
    [InlineData("itself", "is the database itself")]
    public async Task A_damaged_copy_is_not_restored_and_changes_nothing(string kind, string sentence)
    {
        await using var api = await StoppedAsync(messages: 1);
        var copy = elsewhere.File("copy.db");
        switch (kind)
        {
            case "damaged":
                DamageRoot(copy, "submissions");
                break;
            case "text":
                File.WriteAllText(copy, new string('x', 5000));
                break;
            case "other":
                File.Delete(copy);
                using (var other = new SqliteConnection($"Data Source={copy};Pooling=False"))
                {
                    other.Open();
                    other.Execute("CREATE TABLE notes (text TEXT)");
                }
                break;
            case "empty":
                File.WriteAllText(copy, "");
                break;
            case "missing":
                File.Delete(copy);
                break;
            default:
                copy = api.Folder.File("clinic.db");
                break;
        }
        var before = File.ReadAllBytes(api.Folder.File("clinic.db"));
        var fault = await Assert.ThrowsAsync<StartupFault>(() => RestoreAsync(api, copy));
        Assert.Contains(sentence, fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(api.Folder.File("clinic.db")));
        Assert.DoesNotContain(
            Directory.GetFiles(api.Folder.Path),
            file => file.Contains("partial", StringComparison.Ordinal)
        );
    }
}
