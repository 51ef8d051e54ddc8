using System.Text;
using Api.Tests.Access;

namespace Api.Tests.Contact.Inbox;

public sealed class NoteTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    StaffKey key = null!;
    string reference = null!;

    public async ValueTask InitializeAsync()
    {
        key = await api.InboxKeyAsync();
        reference = await api.SubmittedAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    static (string, string) Key(string key) => ("Idempotency-Key", $"\"{key}\"");

    Task<HttpResponseMessage> NoteAsync(string? text, params (string, string)[] headers) =>
        api.ChangeAsync(key, reference, "notes", InboxApi.Note(text), headers);

    async Task<string?[]> TextsAsync(string of)
    {
        var opened = await api.GetAsync(key, $"{InboxApi.Path}/{of}");
        var notes = opened["notes"]!.AsArray().Select(note => (string?)note!["text"]).ToArray();
        Assert.Equal((int)opened["noteCount"]!, notes.Length);
        return notes;
    }

    public static TheoryData<string, string> Texts =>
        new()
        {
            { "A note.", "A note." },
            { "\r\n One\r\nTwo\rThree\tFour \n", "One\nTwo\nThree\tFour" },
            { "😀 👩‍⚕️ 王", "😀 👩‍⚕️ 王" },
            { "اتصلت به. \u200fلا جواب", "اتصلت به. \u200fلا جواب" },
            { "e\u0301", "é" },
            { "<b>\"&amp;'</b>", "<b>\"&amp;'</b>" },
            { string.Concat(Enumerable.Repeat("😀", 5000)), string.Concat(Enumerable.Repeat("😀", 5000)) },
        };

    [Theory, MemberData(nameof(Texts))]
    public async Task A_note_is_kept_as_it_was_written(string text, string expected)
    {
        using var response = await NoteAsync(text);
        Assert.Equal((200, "\"2\""), ((int)response.StatusCode, response.Headers.ETag!.ToString()));
        Assert.Equal(1, (int)(await response.JsonAsync())["noteCount"]!);
        Assert.Equal([expected], await TextsAsync(reference));
    }

    public static TheoryData<string?, string> WrongTexts =>
        new()
        {
            { null, "The text of the note is needed." },
            { "", "The text of the note is needed." },
            { " \n\t ", "The text of the note is needed." },
            { new string('x', 5001), "The note must have at most 5000 characters." },
            { "A\u0000", "The note must not have control characters." },
            { "A\u001b[31m", "The note must not have control characters." },
            { "A\u007fB", "The note must not have control characters." },
        };

    [Theory, MemberData(nameof(WrongTexts))]
    public async Task A_wrong_note_is_refused(string? text, string detail)
    {
        using var response = await NoteAsync(text);
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: $$"""[{ "pointer": "#/text", "detail": "{{detail}}" }]"""
        );
        Assert.Empty(await api.AuditAsync(reference));
    }

    [Fact]
    public async Task Without_a_key_each_note_is_another()
    {
        for (var i = 0; i < 3; i++)
            (await NoteAsync("A note.")).Dispose();
        Assert.Equal(["A note.", "A note.", "A note."], await TextsAsync(reference));
    }

    [Fact]
    public async Task A_note_is_added_once_for_each_key()
    {
        foreach (var (text, idempotencyKey) in new[] { ("One.", "a"), ("One.", "a"), (" One. ", "a"), ("One.", "b") })
        {
            using var response = await NoteAsync(text, Key(idempotencyKey));
            Assert.Equal(200, (int)response.StatusCode);
        }
        Assert.Equal(["One.", "One."], await TextsAsync(reference));
        Assert.Equal(
            2,
            (await api.AuditAsync(reference)).Count(entry => entry.EndsWith("noteAdded", StringComparison.Ordinal))
        );
        // The same key of somebody else, and for another message.
        var other = await api.InboxKeyAsync("Front desk");
        await api.ChangedAsync(other, reference, "notes", InboxApi.Note("One."), Key("a"));
        Assert.Equal(3, (await TextsAsync(reference)).Length);
        var second = await api.SubmittedAsync();
        await api.ChangedAsync(key, second, "notes", InboxApi.Note("Other."), Key("a"));
        Assert.Equal(["Other."], await TextsAsync(second));
    }

    [Fact]
    public async Task A_key_of_another_note_is_refused()
    {
        (await NoteAsync("One.", Key("a"))).Dispose();
        using var response = await NoteAsync("Other.", Key("a"));
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "parameter": "Idempotency-Key", "detail": "This key was used for another note." }]"""
        );
        Assert.Equal(["One."], await TextsAsync(reference));
    }

    [Fact]
    public async Task A_repetition_is_answered_although_the_version_has_changed_since()
    {
        for (var i = 0; i < 2; i++)
        {
            using var response = await NoteAsync("One.", Key("a"), InboxApi.IfMatch("\"1\""));
            Assert.Equal((200, "\"2\""), ((int)response.StatusCode, response.Headers.ETag?.ToString()));
        }
        await api.StateAsync(key, reference, "open");
        using (var later = await NoteAsync("One.", Key("a"), InboxApi.IfMatch("\"1\"")))
            Assert.Equal((200, "\"3\""), ((int)later.StatusCode, later.Headers.ETag?.ToString()));
        // Another note is no repetition.
        using (var other = await NoteAsync("Other.", Key("b"), InboxApi.IfMatch("\"1\"")))
            Assert.Equal(412, (int)other.StatusCode);
        Assert.Equal(["One."], await TextsAsync(reference));
    }

    [Theory]
    [InlineData("a"), InlineData("\"\""), InlineData("\"a")]
    public async Task A_malformed_key_is_a_400(string value)
    {
        using var response = await NoteAsync("One.", ("Idempotency-Key", value));
        Assert.Equal(400, (int)response.StatusCode);
        Assert.Empty(await TextsAsync(reference));
    }

    [Fact]
    public async Task Two_hundred_repetitions_at_once_make_one_note()
    {
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(_ => api.ChangedAsync(key, reference, "notes", InboxApi.Note("One."), Key("a")))
        );
        Assert.All(answers, answer => Assert.Equal(1, (int)answer["noteCount"]!));
        Assert.Equal(["One."], await TextsAsync(reference));
        Assert.Equal(
            1,
            (await api.AuditAsync(reference)).Count(entry => entry.EndsWith("noteAdded", StringComparison.Ordinal))
        );
    }

    [Fact]
    public async Task A_note_is_sealed_on_the_disk_and_in_backups_and_gone_after_the_erasure()
    {
        const string Marked = "Zzqnote about a person.";
        await using var own = await ApiFactory.StartAsync();
        var desk = await own.InboxKeyAsync();
        var about = await own.SubmittedAsync();
        await own.ChangedAsync(desk, about, "notes", InboxApi.Note(Marked), Key("a"));
        var (id, content) = (
            await own.QueryAsync<string>("SELECT id FROM submission_notes"),
            await own.QueryAsync<byte[]>("SELECT sealed FROM submission_notes")
        );
        var files = await FilesAsync(own);
        byte[][] traces = [Encoding.UTF8.GetBytes(id), content];
        Assert.All(traces, trace => Assert.True(Contains(files, trace)));
        byte[][] forms =
        [
            Encoding.UTF8.GetBytes(Marked),
            Encoding.Unicode.GetBytes(Marked),
            Encoding.UTF8.GetBytes(Convert.ToBase64String(Encoding.UTF8.GetBytes(Marked))[..^4]),
            Encoding.UTF8.GetBytes(Convert.ToHexString(Encoding.UTF8.GetBytes(Marked))),
        ];
        Assert.All(forms, form => Assert.False(Contains(files, form)));

        Assert.True(await own.EraseAsync(about));
        Assert.Equal(0, await own.QueryAsync<long>("SELECT count(*) FROM submission_notes"));
        // PostgreSQL overwrites deleted rows in its own time.
        if (Engine.IsPostgres)
            return;
        files = await FilesAsync(own);
        Assert.All(traces, trace => Assert.False(Contains(files, trace)));
    }

    /// <summary>The database's files as they are on the disk, and on SQLite a backup.</summary>
    static async Task<byte[][]> FilesAsync(ApiFactory api)
    {
        var copy = api.Folder.File("copy");
        if (!Engine.IsPostgres)
            await api.Maintenance.BackupAsync(copy, default);
        var files = Engine.ReadFiles(api.Folder.Path);
        File.Delete(copy);
        return [.. files.Values];
    }

    static bool Contains(byte[][] files, byte[] bytes) => files.Any(file => file.AsSpan().IndexOf(bytes) >= 0);
}
