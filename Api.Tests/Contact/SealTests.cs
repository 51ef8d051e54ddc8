using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Api.Contact;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class SealTests
{
    static readonly string[] Written = ["Marked Name", "marked.sender@example.com", "8705550142", "A marked message."];

    static Task<string> SubmitMarkedAsync(ApiFactory api) => SubmitMarkedAsync(api, "A marked message.");

    static async Task<string> SubmitMarkedAsync(ApiFactory api, string message) =>
        (string)
            (
                await api.ReceivedAsync(
                    Valid(
                        ("name", "Marked Name"),
                        ("email", "marked.sender@example.com"),
                        ("telephone", "(870) 555-0142"),
                        ("message", message)
                    ),
                    ("Idempotency-Key", $"\"{message[..Math.Min(message.Length, 20)]}\"")
                )
            )["reference"]!;

    /// <summary>The database's files as they are on the disk, and on SQLite a backup.</summary>
    static async Task<Dictionary<string, byte[]>> FilesAsync(ApiFactory api)
    {
        if (Engine.IsPostgres)
            return Engine.ReadFiles(api.Folder.Path);
        var copy = api.Folder.File("copy");
        await api.Maintenance.BackupAsync(copy, default);
        var files = Engine.ReadFiles(api.Folder.Path);
        File.Delete(copy);
        return files;
    }

    static string[] Containing(Dictionary<string, byte[]> files, byte[] bytes) =>
        [.. files.Where(file => file.Value.AsSpan().IndexOf(bytes) >= 0).Select(file => file.Key)];

    static ApiFactory On(ApiFactory api, params string[] settings)
    {
        var other = new ApiFactory();
        other.Settings.AddRange([
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
            .. settings,
        ]);
        return other;
    }

    static async Task<ApiFactory> StartOnAsync(ApiFactory api, params string[] settings)
    {
        var other = On(api, settings);
        await other.InitializeAsync();
        return other;
    }

    [Fact]
    public async Task Nothing_that_a_sender_wrote_is_on_the_disk_in_any_encoding()
    {
        await using var api = await ApiFactory.StartAsync();
        await SubmitMarkedAsync(api);
        var files = await FilesAsync(api);
        if (!Engine.IsPostgres)
            Assert.Superset(
                new HashSet<string> { "clinic.db", "clinic.db-wal", "clinic.db-shm", "copy" },
                files.Keys.Select(file => Path.GetFileName(file)).ToHashSet()
            );
        // What is not sealed is found, so the search works.
        Assert.NotEmpty(Containing(files, "Understanding Anxiety"u8.ToArray()));
        foreach (var text in Written)
        {
            var utf8 = Encoding.UTF8.GetBytes(text);
            byte[][] forms =
            [
                utf8,
                Encoding.Unicode.GetBytes(text),
                Encoding.UTF8.GetBytes(Convert.ToBase64String(utf8)[..^4]),
                Encoding.UTF8.GetBytes(Convert.ToHexString(utf8)),
                SHA256.HashData(utf8),
            ];
            foreach (var form in forms)
                Assert.Empty(Containing(files, form));
        }
        Assert.Empty(Containing(files, SHA256.HashData("+18705550142"u8)));
    }

    [Fact]
    [SqliteOnly("PostgreSQL overwrites deleted rows in its own time.")]
    public async Task Nothing_is_left_of_a_message_that_was_erased()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Mail:Host=127.0.0.1",
                "--Mail:Port=1",
                "--Mail:From=a@example.com",
                "--Mail:Recipients:*:0=staff@example.com",
            ])
        );
        for (var i = 0; i < 40; i++)
            await api.ReceivedAsync(Valid(("message", $"Filler {i} {new string('x', 100 * i)}")));
        var reference = await SubmitMarkedAsync(api);
        var kept = (string)(await api.ReceivedAsync(Valid(("message", "This one stays."))))["reference"]!;
        var row = await api.RowAsync(
            "SELECT sealed, email_index, fingerprint, delivery_id FROM submissions s JOIN outbox o ON o.submission_id = s.id WHERE reference = @reference",
            new { reference }
        );
        byte[][] traces = [.. row.Select(value => value as byte[] ?? Encoding.UTF8.GetBytes((string)value!))];
        foreach (var trace in traces)
            Assert.NotEmpty(Containing(await FilesAsync(api), trace));

        Assert.True(await api.EraseAsync(reference));
        var files = await FilesAsync(api);
        foreach (var trace in traces)
            Assert.Empty(Containing(files, trace));
        Assert.False(await api.EraseAsync(reference));
        // The audit knows that it was erased, by its reference alone.
        Assert.Equal(
            "submissionErased",
            await api.QueryAsync<string>(
                "SELECT action FROM audit_entries WHERE reference = @reference",
                new { reference }
            )
        );
        Assert.Equal("This one stays.", (await api.OpenAsync(kept))!.Message);
    }

    [Fact]
    public async Task What_a_person_sent_is_found_by_address_or_number_however_they_are_written_and_nothing_else_is()
    {
        await using var api = await ApiFactory.StartAsync();
        var first = await SubmitMarkedAsync(api, "First.");
        // Newest first is by the time.
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = (string)
            (await api.ReceivedAsync(Valid(("email", "Marked.Sender@EXAMPLE.com"), ("telephone", null))))["reference"]!;
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        var third = (string)
            (await api.ReceivedAsync(Valid(("email", "other@example.com"), ("telephone", "+1-870-555-0142"))))[
                "reference"
            ]!;
        await api.ReceivedAsync(Valid(("email", "marked.sender@example.org"), ("telephone", "870 555 0143")));

        async Task<string[]> Find(string? email, string? telephone) =>
            [.. (await api.FindBySenderAsync(email, telephone)).Select(found => found.Reference)];
        Assert.Equal([second, first], await Find("MARKED.sender@example.com", null));
        Assert.Equal([third, first], await Find(null, "+18705550142"));
        Assert.Equal([third, second, first], await Find("marked.sender@example.com", "+18705550142"));
        Assert.Empty(await Find("nobody@example.com", "+18705550199"));
        Assert.Empty(await Find(null, null));
    }

    [Fact]
    public async Task With_a_new_key_old_messages_stay_readable_and_findable()
    {
        await using var api = await ApiFactory.StartAsync();
        var old = await SubmitMarkedAsync(api, "Old.");
        var now = DateTimeOffset.UtcNow;
        api.App.Services.GetRequiredService<IKeyManager>().CreateNewKey(now, now.AddDays(90));

        await using var later = await StartOnAsync(api);
        later.Clock.Advance(TimeSpan.FromSeconds(1));
        var fresh = await SubmitMarkedAsync(later, "Fresh.");
        Assert.Equal("Old.", (await later.OpenAsync(old))!.Message);
        Assert.Equal("Fresh.", (await later.OpenAsync(fresh))!.Message);
        Assert.Equal(
            [fresh, old],
            (await later.FindBySenderAsync("marked.sender@example.com", null)).Select(found => found.Reference)
        );
        // Each payload of Data Protection begins with four bytes that mark it and the sixteen of its key's id.
        Assert.Equal(2, await later.QueryAsync<long>("SELECT count(DISTINCT substr(sealed, 5, 16)) FROM submissions"));
        // And whoever sends the old one again is still answered the same.
        Assert.Equal(old, await SubmitMarkedAsync(later, "Old."));
    }

    [Fact]
    public async Task A_certificate_protects_the_keys_and_can_be_replaced()
    {
        await using var api = new ApiFactory();
        string Certificate(string name)
        {
            using var key = RSA.Create(2048);
            var request = new CertificateRequest(
                $"CN={name}",
                key,
                HashAlgorithmName.SHA256,
                RSASignaturePadding.Pkcs1
            );
            using var certificate = request.CreateSelfSigned(
                DateTimeOffset.UtcNow.AddDays(-1),
                DateTimeOffset.UtcNow.AddDays(1)
            );
            var file = api.Folder.File($"{name}.pfx");
            File.WriteAllBytes(file, certificate.Export(X509ContentType.Pkcs12, "a password"));
            return file;
        }
        string[] Use(params string[] files) =>
            [
                .. files.SelectMany(
                    (file, i) =>
                        new[] { $"--Keys:Certificates:{i}:File={file}", $"--Keys:Certificates:{i}:Password=a password" }
                ),
            ];
        var (first, second) = (Certificate("first"), Certificate("second"));

        api.Settings.AddRange(Use(first));
        await api.InitializeAsync();
        var reference = await SubmitMarkedAsync(api);
        var ring = File.ReadAllText(Directory.GetFiles(api.Folder.Keys, "key-*.xml").Single());
        Assert.Contains("EncryptedData", ring, StringComparison.Ordinal);
        Assert.DoesNotContain("<masterKey", ring, StringComparison.Ordinal);

        var fault = await Assert.ThrowsAsync<StartupFault>(() => StartOnAsync(api));
        Assert.Contains("or their certificate is missing", fault.Message, StringComparison.Ordinal);
        fault = await Assert.ThrowsAsync<StartupFault>(() => StartOnAsync(api, Use(second)));
        Assert.Contains("or their certificate is missing", fault.Message, StringComparison.Ordinal);
        fault = await Assert.ThrowsAsync<StartupFault>(() =>
            StartOnAsync(api, $"--Keys:Certificates:0:File={first}", "--Keys:Certificates:0:Password=wrong")
        );
        Assert.Contains("first.pfx of Keys:Certificates:0 cannot be opened", fault.Message, StringComparison.Ordinal);

        await using var both = await StartOnAsync(api, Use(second, first));
        Assert.Equal("A marked message.", (await both.OpenAsync(reference))!.Message);
    }

    [Fact]
    public async Task Without_the_keys_of_its_messages_the_program_starts_only_if_their_loss_is_accepted()
    {
        await using var api = await ApiFactory.StartAsync();
        var lost = await SubmitMarkedAsync(api, "Lost.");
        using var elsewhere = new TempFolder();
        string[] keys = [$"--Keys:Folder={elsewhere.Keys}"];

        var fault = await Assert.ThrowsAsync<StartupFault>(() => StartOnAsync(api, keys));
        Assert.Contains("do not open the messages in the database", fault.Message, StringComparison.Ordinal);

        await using (var anew = await StartOnAsync(api, [.. keys, "--Keys:AcceptLoss=true"]))
        {
            var reference = await SubmitMarkedAsync(anew, "After.");
            Assert.Equal("After.", (await anew.OpenAsync(reference))!.Message);
            await Assert.ThrowsAnyAsync<CryptographicException>(() => anew.OpenAsync(lost));
        }
        // From then on the new keys are the right ones.
        await using var again = await StartOnAsync(api, keys);
    }

    [Theory]
    [InlineData(""), InlineData("/keys"), InlineData("/a/b")]
    public void Keys_are_never_kept_with_the_database(string below)
    {
        using var folder = new TempFolder();
        var fault = Assert.Throws<StartupFault>(() =>
            Program.Compose([$"--Database:Folder={folder.Path}", $"--Keys:Folder={folder.Path}{below}"])
        );
        Assert.Contains("is in the database's folder", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sealed_content_opens_for_its_own_submission_only()
    {
        await using var api = await ApiFactory.StartAsync();
        var (first, second) = (await SubmitMarkedAsync(api, "First."), await SubmitMarkedAsync(api, "Second."));
        await api.ExecuteAsync(
            "UPDATE submissions SET sealed = (SELECT sealed FROM submissions WHERE reference = @first) WHERE reference = @second",
            new { first, second }
        );
        await Assert.ThrowsAsync<CryptographicException>(() => api.OpenAsync(second));
        var content = await api.QueryAsync<byte[]>(
            "SELECT sealed FROM submissions WHERE reference = @first",
            new { first }
        );
        await api.ExecuteAsync(
            "UPDATE submissions SET sealed = @longer WHERE reference = @first",
            new { first, longer = (byte[])[.. content, 0] }
        );
        await Assert.ThrowsAnyAsync<CryptographicException>(() => api.OpenAsync(first));
    }

    [Fact]
    public async Task Messages_that_an_older_program_stored_in_clear_are_sealed_at_the_next_start_and_leave_no_trace()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync(
            """
            INSERT INTO submissions_in_clear
                (reference, location_id, name, email, telephone, preferred_contact, message, consent, received_at)
            VALUES (@reference, 1, 'Marked Name', 'marked.sender@example.com', '(870) 555-0142 x7', 'telephone',
                    @message, TRUE, '2026-06-01T08:00:00.000Z')
            """,
            Enumerable
                .Range(0, 450)
                .Select(i => new { reference = $"OLD0-0000-{i:0000}", message = $"A marked message. {i}" })
        );
        Assert.True(Engine.IsPostgres || api.Sqlite.TryEmptyLog(TimeSpan.FromSeconds(5)));
        Assert.NotEmpty(Containing(await FilesAsync(api), "A marked message."u8.ToArray()));

        await using var upgraded = await StartOnAsync(api);
        // PostgreSQL overwrites deleted rows in its own time.
        var files = Engine.IsPostgres ? [] : await FilesAsync(api);
        foreach (var text in Written)
            Assert.Empty(Containing(files, Encoding.UTF8.GetBytes(text)));
        Assert.Equal(450, await upgraded.CountAsync());
        Assert.Equal(0, await upgraded.QueryAsync<long>("SELECT count(*) FROM submissions_in_clear"));
        Assert.Equal(
            new SubmissionContent(
                "OLD0-0000-0449",
                "Marked Name",
                "marked.sender@example.com",
                "+18705550142",
                "7",
                PreferredContact.Telephone,
                "A marked message. 449"
            ),
            await upgraded.OpenAsync("OLD0-0000-0449")
        );
        Assert.Equal(450, (await upgraded.FindBySenderAsync("marked.sender@example.com", null)).Count);
        Assert.Equal(
            "2026-06-01T08:00:00Z",
            (await upgraded.Submitted().FindAsync("OLD0-0000-0000", default))!.ReceivedAt.ToString()
        );
    }

    [Fact]
    public async Task The_keys_are_for_their_owner_only()
    {
        if (OperatingSystem.IsWindows())
            Assert.Skip("Windows has other rights.");
        await using var api = await ApiFactory.StartAsync();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute,
            new DirectoryInfo(api.Folder.Keys).UnixFileMode
        );
        Assert.All(
            new DirectoryInfo(api.Folder.Keys).GetFiles(),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode)
        );
    }
}
