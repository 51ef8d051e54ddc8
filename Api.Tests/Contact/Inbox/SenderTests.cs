using System.Text.Json.Nodes;
using Api.Contact.Inbox;
using Api.Tests.Access;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

public sealed class SenderTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    const string Email = "zoe.sender@example.com",
        Telephone = "+18705550142";

    StaffKey key = null!,
        admin = null!;

    public async ValueTask InitializeAsync()
    {
        await api.ExecuteAsync("DELETE FROM submissions; DELETE FROM erasure_counts");
        key = await api.InboxKeyAsync();
        admin = await api.AdminKeyAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    static JsonObject Sender(string? email, string? telephone) =>
        new() { ["email"] = email, ["telephone"] = telephone };

    Task<JsonNode> PostAsync(string what, string? email, string? telephone = null) =>
        api.PostAsync(what == "erase" ? admin : key, $"{InboxApi.Path}/{what}", Sender(email, telephone));

    /// <summary>Messages by e-mail, by telephone, with both, as spam, and of somebody else.</summary>
    async Task<(string ByEmail, string ByTelephone, string Both, string Spam)> SubmitAsync()
    {
        async Task<string> NextAsync(string? email, string? telephone, string? website = null)
        {
            api.Clock.Advance(TimeSpan.FromSeconds(1));
            return await api.SubmittedAsync(
                ("email", email),
                ("telephone", telephone),
                ("preferredContact", email is null ? "telephone" : "email"),
                ("website", website)
            );
        }
        await NextAsync("zoe.sender@example.org", "870 555 0143");
        return (
            await NextAsync(Email, null),
            await NextAsync(null, "(870) 555-0142"),
            await NextAsync("Zoe.Sender@Example.COM", "+1 870-555-0142 ext 9"),
            await NextAsync(Email, null, "spam")
        );
    }

    [Theory]
    [InlineData(Email, null, "Spam Both ByEmail")]
    [InlineData(" ZOE.SENDER@EXAMPLE.COM ", null, "Spam Both ByEmail")]
    [InlineData(null, "8705550142", "Both ByTelephone")]
    [InlineData(null, "(870) 555-0142", "Both ByTelephone")]
    [InlineData(null, "870.555.0142", "Both ByTelephone")]
    [InlineData(null, "+1 870 555 0142", "Both ByTelephone")]
    [InlineData(null, "1-870-555-0142 x123", "Both ByTelephone")]
    [InlineData(null, "tel:+1-870-555-0142", "Both ByTelephone")]
    [InlineData(null, "٨٧٠ ٥٥٥ ٠١٤٢", "Both ByTelephone")]
    [InlineData(Email, "870 555 0142", "Spam Both ByTelephone ByEmail")]
    [InlineData("nobody@example.com", "870 555 0199", "")]
    [InlineData("zoe.sender", null, "")]
    [InlineData("zoe.sender+tag@example.com", null, "")]
    public async Task A_person_is_found_however_the_address_and_number_are_written(
        string? email,
        string? telephone,
        string expected
    )
    {
        var (byEmail, byTelephone, both, spam) = await SubmitAsync();
        var names = new Dictionary<string, string>
        {
            [byEmail] = "ByEmail",
            [byTelephone] = "ByTelephone",
            [both] = "Both",
            [spam] = "Spam",
        };
        var found = (await PostAsync("search", email, telephone)).References();
        Assert.Equal(expected, string.Join(' ', found.Select(reference => names[reference])));
        Assert.Matches(
            $"^{key.Actor} submissionsSearched (none|{spam}|[2-4] from {spam} to .*|2 from {both} to .*)$",
            await api.LastDeedAsync()
        );
        // The same for the export and the erasure.
        var exported = (await PostAsync("export", email, telephone)).References("messages");
        Assert.Equal(found, exported);
        Assert.Equal(found.Length, (int)(await PostAsync("erase", email, telephone))["erased"]!);
        Assert.Equal(
            names.Keys.Except(found).Order(),
            (await api.ListAsync(Enum.GetValues<SubmissionState>()))
                .Select(row => row.Reference)
                .Intersect(names.Keys)
                .Order()
        );
    }

    [Fact]
    public async Task A_search_shows_items_and_at_most_the_newest_200()
    {
        var messages = Enumerable
            .Range(0, 205)
            .Select(i => new StoredMessage { Email = Email, ReceivedAt = api.Now() - Duration.FromMinutes(i) })
            .ToArray();
        await api.StoreAsync(messages);
        var found = await PostAsync("search", Email);
        Assert.Equal(messages.Take(200).Select(message => message.Reference), found.References());
        JsonAssert.Equal(
            $$"""
            {
              "reference": "{{messages[0].Reference}}", "location": "jonesboro",
              "receivedAt": "{{messages[0].ReceivedAt.ToText()}}", "replyBy": null, "overdue": false, "state": "new",
              "spamReason": null, "assignee": null, "handledAt": null, "handledBy": null, "firstReadAt": null,
              "name": "Test Sender", "preferredContact": "email", "language": "en", "noteCount": 0
            }
            """,
            found["items"]![0]
        );
        // An access request gets all.
        Assert.Equal(205, (await PostAsync("export", Email)).References("messages").Length);
    }

    [Fact]
    public async Task An_export_has_each_message_as_it_is_opened()
    {
        var (byEmail, _, both, _) = await SubmitAsync();
        await api.ChangedAsync(key, both, "notes", InboxApi.Note("Called back."));
        await api.StateAsync(key, byEmail, "handled", "email");
        var export = await PostAsync("export", null, "870 555 0142");
        Assert.Equal(["exportedAt", "messages"], export.AsObject().Select(member => member.Key));
        Assert.Equal(api.Now().ToText(), (string?)export["exportedAt"]);
        var opened = await api.GetAsync(key, $"{InboxApi.Path}/{both}");
        // An export is no reading.
        opened["firstReadAt"] = null;
        JsonAssert.Equal(opened.ToJsonString(), export["messages"]![0]);
        Assert.Equal(
            [
                $"{key.Actor} noteAdded",
                $"{key.Actor} submissionsExported all of a sender",
                $"{key.Actor} submissionRead",
            ],
            await api.AuditAsync(both)
        );
    }

    public static TheoryData<string?, string?, string> WrongSenders =>
        new()
        {
            { null, null, "#/email" },
            { "", " ", "#/email" },
            { null, "12", "#/telephone" },
            { Email, "nobody", "#/telephone" },
            { new string('x', 250) + "@b.de", null, "#/email" },
            { null, new string('1', 41), "#/telephone" },
        };

    [Theory, MemberData(nameof(WrongSenders))]
    public async Task A_wrong_sender_is_refused(string? email, string? telephone, string pointer)
    {
        foreach (var what in new[] { "search", "export", "erase" })
        {
            using var response = await api.SendAsync(
                admin,
                HttpMethod.Post,
                $"{InboxApi.Path}/{what}",
                Sender(email, telephone)
            );
            Assert.Equal(422, (int)response.StatusCode);
            var named = (await response.JsonAsync())["errors"]!.AsArray().Select(error => (string?)error!["pointer"]);
            Assert.Equal([pointer], named);
        }
    }

    [Fact]
    public async Task Erasing_a_person_erases_any_number_of_messages_and_counts_them()
    {
        string[] locations = ["jonesboro", "paragould", "ash-flat"];
        var messages = Enumerable
            .Range(0, 250)
            .Select(i => new StoredMessage
            {
                Email = Email,
                Location = locations[i % 3],
                State = Enum.GetValues<SubmissionState>()[i % 4],
                HandledAt = i % 4 == 2 ? api.Now() : null,
            })
            .ToArray();
        await api.StoreAsync(messages);
        var other = new StoredMessage { Email = "other@example.com" };
        await api.StoreAsync(other);
        await api.ChangedAsync(key, messages[0].Reference, "notes", InboxApi.Note("A note."));

        JsonAssert.Equal("""{ "erased": 250 }""", await PostAsync("erase", Email));
        JsonAssert.Equal("""{ "erased": 0 }""", await PostAsync("erase", Email));
        Assert.Equal([other.Reference], await api.RowsAsync<string>("SELECT reference FROM submissions"));
        Assert.Equal(0, await api.QueryAsync<long>("SELECT count(*) FROM submission_notes"));
        var counts = (await api.GetAsync(key, $"{InboxApi.Path}/counts"))["items"]!.AsArray();
        Assert.Equal(
            [("ash-flat", 83), ("jonesboro", 84), ("paragould", 83)],
            counts.Select(item => ((string)item!["location"]!, (int)item["erased"]!))
        );
        Assert.Equal(
            [$"{key.Actor} noteAdded", $"{admin.Actor} submissionErased all of a sender"],
            await api.AuditAsync(messages[0].Reference)
        );
        Assert.Equal(
            250,
            await api.QueryAsync<long>(
                $"SELECT count(*) FROM audit_entries WHERE action = 'submissionErased' AND actor = '{admin.Actor}'"
            )
        );
    }

    [Fact]
    public async Task A_message_is_erased_once()
    {
        var reference = await api.SubmittedAsync();
        await api.ChangedAsync(key, reference, "notes", InboxApi.Note("A note."));
        Task<HttpResponseMessage> EraseAsync(StaffKey who) =>
            api.SendAsync(who, HttpMethod.Delete, $"{InboxApi.Path}/{reference.ToLowerInvariant()}");
        using (var refused = await EraseAsync(key))
            Assert.Equal(403, (int)refused.StatusCode);
        using (var erased = await EraseAsync(admin))
            Assert.Equal((204, ""), ((int)erased.StatusCode, await erased.Content.ReadAsStringAsync()));
        using (var again = await EraseAsync(admin))
            await JsonAssert.ProblemAsync(again, 404, "not-found", "There is no message with this reference.");
        await api.GetAsync(key, $"{InboxApi.Path}/{reference}", 404);
        Assert.Equal([$"{key.Actor} noteAdded", $"{admin.Actor} submissionErased"], await api.AuditAsync(reference));
        var count = (await api.GetAsync(key, $"{InboxApi.Path}/counts"))["items"]![1]!;
        Assert.Equal((0, 1), ((int)count["new"]!, (int)count["erased"]!));
    }

    [Fact]
    public async Task The_Idempotency_Key_of_an_erased_message_is_answered_as_before()
    {
        var (body, idempotencyKey) = (
            Submissions.Valid(("email", Email)),
            ("Idempotency-Key", $"\"{Guid.NewGuid()}\"")
        );
        var receipt = await api.ReceivedAsync(body, idempotencyKey);
        JsonAssert.Equal("""{ "erased": 1 }""", await PostAsync("erase", Email));
        JsonAssert.Equal(receipt.ToJsonString(), await api.ReceivedAsync(body, idempotencyKey));
        using var other = await api.SubmitAsync(Submissions.Valid(("message", "Another.")), idempotencyKey);
        Assert.Equal(422, (int)other.StatusCode);
        Assert.Empty((await PostAsync("search", Email)).References());
    }

    [Fact]
    public async Task Whom_the_staff_look_for_is_not_in_the_log()
    {
        await SubmitAsync();
        await PostAsync("search", Email, Telephone);
        await PostAsync("export", Email, Telephone);
        await PostAsync("erase", Email, Telephone);
        Assert.Contains("submissionsSearched by", api.Log.Text, StringComparison.Ordinal);
        foreach (var secret in new[] { "zoe.sender", "5550142", "Test Sender" })
            Assert.DoesNotContain(secret, api.Log.Text, StringComparison.OrdinalIgnoreCase);
    }
}
