using System.Text;
using Api.Contact;
using Api.Contact.Inbox;
using Api.Tests.Access;
using CsvHelper;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

public sealed class TableTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    static readonly string[] Columns =
    [
        "reference",
        "location",
        "receivedAt",
        "replyBy",
        "state",
        "assignee",
        "handledAt",
        "handledBy",
        "language",
        "name",
        "email",
        "telephone",
        "extension",
        "preferredContact",
        "message",
    ];

    StaffKey key = null!;

    public async ValueTask InitializeAsync()
    {
        await api.ExecuteAsync("DELETE FROM submissions");
        key = await api.InboxKeyAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    async Task<byte[]> ExportAsync(string query = "")
    {
        using var response = await api.SendAsync(key, HttpMethod.Get, $"{InboxApi.Path}/export.csv{query}");
        Assert.Equal(200, (int)response.StatusCode);
        Assert.Equal("text/csv; charset=utf-8", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("messages.csv", response.Content.Headers.ContentDisposition!.FileName);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        return await response.Content.ReadAsByteArrayAsync();
    }

    static List<string[]> Read(byte[] table)
    {
        using var reader = CsvReader.Create(table);
        Assert.Equal(Columns, reader.Headers);
        List<string[]> rows = [];
        while (reader.Read())
            rows.Add([.. Enumerable.Range(0, reader.FieldCount).Select(reader.GetString)]);
        return rows;
    }

    [Fact]
    public async Task A_message_is_a_record_with_all_that_is_known_of_it()
    {
        var received = api.Now() - Duration.FromHours(3);
        var message = new StoredMessage
        {
            Location = "ash-flat",
            ReceivedAt = received,
            ReplyBy = received + Duration.FromHours(9),
            State = SubmissionState.Handled,
            Assignee = "Ana \"Annie\" Ruiz, RN",
            HandledAt = received + Duration.FromMilliseconds(1500),
            HandledBy = HandledBy.InPerson,
            Name = "Zoë; 王",
            Email = "zoe@example.com",
            Telephone = "+18705550142",
            Extension = "007",
            PreferredContact = PreferredContact.Telephone,
            Text = "One \"line\",\nand 😀 another.",
        };
        await api.StoreAsync(message);
        var table = await ExportAsync();
        Assert.Equal(
            "\ufeff"
                + string.Join(',', Columns)
                + "\r\n"
                + $"{message.Reference},ash-flat,{received.ToText()},{(received + Duration.FromHours(9)).ToText()},handled,"
                + $"\"Ana \"\"Annie\"\" Ruiz, RN\",{(received + Duration.FromMilliseconds(1500)).ToText()},inPerson,en,"
                + "Zoë; 王,zoe@example.com,\"'+18705550142\",007,telephone,\"One \"\"line\"\",\nand 😀 another.\"\r\n",
            Encoding.UTF8.GetString(table)
        );
        Assert.Equal("One \"line\",\nand 😀 another.", Assert.Single(Read(table))[^1]);
        Assert.Equal(
            $"{key.Actor} submissionsExported csv of all locations from the first to the last",
            await api.LastDeedAsync()
        );
    }

    [Fact]
    public async Task Without_messages_it_has_only_the_names_of_the_columns() =>
        Assert.Equal(
            [0xef, 0xbb, 0xbf, .. Encoding.ASCII.GetBytes(string.Join(',', Columns) + "\r\n")],
            await ExportAsync()
        );

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1+1", "'+1+1")]
    [InlineData("-1+1", "'-1+1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\t=1", "'\t=1")]
    [InlineData("\r=1", "'\r=1")]
    [InlineData("=HYPERLINK(\"http://a.example\",\"x\")", "'=HYPERLINK(\"http://a.example\",\"x\")")]
    [InlineData("a=1", "a=1")]
    [InlineData("'=1", "'=1")]
    [InlineData("\"=1", "\"=1")]
    [InlineData("😀=1", "😀=1")]
    [InlineData("", "")]
    [InlineData(",", ",")]
    public async Task A_text_that_would_be_a_formula_begins_with_an_apostrophe(string text, string expected)
    {
        await api.StoreAsync(
            new StoredMessage
            {
                Assignee = text,
                Name = text,
                Email = text,
                Telephone = text,
                Extension = text,
                Text = text,
            }
        );
        var row = Assert.Single(Read(await ExportAsync()));
        foreach (var column in new[] { "assignee", "name", "email", "telephone", "extension", "message" })
            Assert.Equal((column, expected), (column, row[Array.IndexOf(Columns, column)]));
    }

    [Fact]
    public async Task A_period_and_a_location_restrict_it_and_spam_is_left_out()
    {
        var start = Instant.FromUtc(2026, 6, 1, 0, 0);
        var messages = Enumerable
            .Range(0, 24)
            .Select(i => new StoredMessage
            {
                Location = i % 2 == 0 ? "jonesboro" : "paragould",
                ReceivedAt = start + Duration.FromDays(i),
                State = i % 5 == 0 ? SubmissionState.Spam : SubmissionState.Open,
            })
            .ToArray();
        await api.StoreAsync(messages);
        string[] Expected(Func<int, bool> holds) =>
            [
                .. messages
                    .Where((message, i) => message.State != SubmissionState.Spam && holds(i))
                    .Reverse()
                    .Select(message => message.Reference),
            ];
        async Task<string[]> Exported(string query) => [.. Read(await ExportAsync(query)).Select(row => row[0])];
        Assert.Equal(Expected(_ => true), await Exported(""));
        Assert.Equal(Expected(i => i % 2 == 0), await Exported("?location=jonesboro"));
        Assert.Equal(
            Expected(i => i is >= 3 and < 18),
            await Exported("?from=2026-06-04T00:00:00Z&to=2026-06-19T00:00:00Z")
        );
        Assert.Equal(
            Expected(i => i is >= 4 and <= 17 && i % 2 == 1),
            await Exported("?from=2026-06-04T00:00:00.0001Z&to=2026-06-18T00:00:00.0001Z&location=paragould")
        );
        Assert.Equal(
            $"{key.Actor} submissionsExported csv of paragould from 2026-06-04T00:00:00Z to 2026-06-18T00:00:00Z",
            await api.LastDeedAsync()
        );
        Assert.Empty(await Exported("?from=2026-06-19T00:00:00Z&to=2026-06-04T00:00:00Z"));
    }

    [Theory]
    [InlineData("?from=x&to=2026-07-01&location=nowhere")]
    public async Task A_wrong_filter_is_named(string query)
    {
        var problem = await api.GetAsync(key, $"{InboxApi.Path}/export.csv{query}", 422);
        Assert.Equal(
            ["from", "to", "location"],
            problem["errors"]!.AsArray().Select(error => (string?)error!["parameter"])
        );
    }

    [Fact]
    public async Task It_has_any_number_of_messages_once_and_the_newest_first()
    {
        var messages = Enumerable
            .Range(0, 1203)
            // The boundaries of the pages are among messages of the same instant.
            .Select(i => new StoredMessage
            {
                ReceivedAt = api.Now() - Duration.FromMinutes(i / 50),
                State = (SubmissionState)(i % 3),
            })
            .ToArray();
        await api.StoreAsync(messages);
        await api.LoseKeysAsync(messages[700].Reference);
        var rows = Read(await ExportAsync());
        Assert.Equal(
            messages
                .OrderByDescending(message => message.ReceivedAt)
                .ThenByDescending(message => message.Reference, StringComparer.Ordinal)
                .Select(message => message.Reference),
            rows.Select(row => row[0])
        );
        // What the keys do not open is a record without its sender.
        var unreadable = rows.Single(row => row[0] == messages[700].Reference);
        Assert.All(unreadable[9..], value => Assert.Equal("", value));
        Assert.Equal("jonesboro", unreadable[1]);
    }

    [Theory]
    [InlineData("\""), InlineData("😀"), InlineData("x\n")]
    public async Task A_message_can_be_longer_than_what_is_written_at_once(string part)
    {
        var text = string.Concat(Enumerable.Repeat(part, 60_000)) + "end";
        await api.StoreAsync([.. Enumerable.Range(0, 3).Select(_ => new StoredMessage { Text = text })]);
        Assert.All(Read(await ExportAsync()), row => Assert.Equal(text, row[^1]));
    }

    [Fact]
    public async Task A_fault_on_the_way_ends_the_connection_before_the_end()
    {
        await using var own = await ApiFactory.StartAsync();
        var desk = await own.InboxKeyAsync();
        // More than the buffers between the program and its client can hold.
        await own.StoreAsync([
            .. Enumerable.Range(0, 1100).Select(_ => new StoredMessage { Text = new string('x', 16_000) }),
        ]);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{InboxApi.Path}/export.csv")
        {
            Headers = { { desk.Header.Name, desk.Header.Value } },
        };
        using var response = await own.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await using var table = await response.Content.ReadAsStreamAsync();
        await table.ReadExactlyAsync(new byte[1000]);
        await own.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        await Assert.ThrowsAnyAsync<IOException>(() => table.CopyToAsync(Stream.Null));
    }
}
