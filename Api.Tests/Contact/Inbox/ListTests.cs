using Api.Contact.Inbox;
using Api.Tests.Access;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

public sealed class ListTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    StaffKey key = null!;

    Instant Now => api.Now();

    public async ValueTask InitializeAsync()
    {
        await api.ExecuteAsync("DELETE FROM submissions");
        key = await api.InboxKeyAsync("Ana Ruiz");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    Task<System.Text.Json.Nodes.JsonNode> ListAsync(string query, int status = 200) =>
        api.GetAsync(key, $"{InboxApi.Path}{query}", status);

    [Fact]
    public async Task An_item_says_who_wrote_and_what_was_done_and_has_no_text_of_the_message()
    {
        var received = Now - Duration.FromHours(5);
        await api.StoreAsync(
            new StoredMessage
            {
                Reference = "AAAA-AAAA-AAAA",
                Location = "paragould",
                ReceivedAt = received,
                ReplyBy = Now - Duration.FromHours(1),
                State = SubmissionState.Open,
                QuarantinedFor = "honeypot",
                Assignee = "Ana Ruiz",
                FirstReadAt = Now - Duration.FromHours(2),
                Name = "Zoë 王",
            }
        );
        var list = await ListAsync("");
        JsonAssert.Equal(
            $$"""
            {
              "items": [
                {
                  "reference": "AAAA-AAAA-AAAA",
                  "location": "paragould",
                  "receivedAt": "{{received.ToText()}}",
                  "replyBy": "{{(Now - Duration.FromHours(1)).ToText()}}",
                  "overdue": true,
                  "state": "open",
                  "spamReason": null,
                  "assignee": "Ana Ruiz",
                  "handledAt": null,
                  "handledBy": null,
                  "firstReadAt": "{{(Now - Duration.FromHours(2)).ToText()}}",
                  "name": "Zoë 王",
                  "preferredContact": "email",
                  "language": "en",
                  "noteCount": 0
                }
              ],
              "nextCursor": null
            }
            """,
            list
        );
        foreach (var secret in new[] { "appointment", "sender@example.com" })
            Assert.DoesNotContain(secret, list.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal($"{key.Actor} submissionsListed AAAA-AAAA-AAAA", await api.LastDeedAsync());
    }

    [Fact]
    public async Task The_newest_come_first_and_the_audit_says_which_were_on_the_page()
    {
        await api.StoreAsync(
            new StoredMessage { Reference = "BBBB-BBBB-BBBB", ReceivedAt = Now - Duration.FromMinutes(2) },
            new StoredMessage { Reference = "AAAA-AAAA-AAAA", ReceivedAt = Now - Duration.FromMinutes(1) },
            new StoredMessage { Reference = "DDDD-DDDD-DDDD", ReceivedAt = Now - Duration.FromMinutes(3) },
            new StoredMessage { Reference = "CCCC-CCCC-CCCC", ReceivedAt = Now - Duration.FromMinutes(2) }
        );
        Assert.Equal(
            ["AAAA-AAAA-AAAA", "CCCC-CCCC-CCCC", "BBBB-BBBB-BBBB", "DDDD-DDDD-DDDD"],
            (await ListAsync("")).References()
        );
        Assert.Equal(
            $"{key.Actor} submissionsListed 4 from AAAA-AAAA-AAAA to DDDD-DDDD-DDDD",
            await api.LastDeedAsync()
        );
        await ListAsync("?assignee=nobody%20of%20that%20name");
        Assert.Equal($"{key.Actor} submissionsListed none", await api.LastDeedAsync());
    }

    [Theory]
    [InlineData("", "new open handled old")]
    [InlineData("?state=&location=&assignee=&from=&to=&cursor=", "new open handled old")]
    [InlineData("?state=new", "new old")]
    [InlineData("?state=open", "open")]
    [InlineData("?state=handled", "handled")]
    [InlineData("?state=spam", "caught marked")]
    [InlineData("?spam=true", "caught marked")]
    [InlineData("?spam=false", "new open handled old")]
    [InlineData("?spam=true&state=spam", "caught marked")]
    [InlineData("?spam=true&state=new", "")]
    [InlineData("?spam=false&state=spam", "")]
    [InlineData("?spam=false&state=open", "open")]
    [InlineData("?location=jonesboro", "new handled old")]
    [InlineData("?location=paragould", "open")]
    [InlineData("?location=ash-flat", "")]
    [InlineData("?location=ash-flat&spam=true", "caught")]
    [InlineData("?assignee=me", "open")]
    [InlineData("?assignee=Ana%20Ruiz", "open")]
    [InlineData("?assignee=ana%20ruiz", "")]
    [InlineData("?assignee=%C3%89va", "handled")]
    [InlineData("?assignee=none", "new old")]
    [InlineData("?assignee=none&location=paragould", "")]
    [InlineData("?overdue=true", "open old")]
    [InlineData("?overdue=false", "new handled")]
    [InlineData("?overdue=true&spam=true", "")]
    [InlineData("?overdue=false&spam=true", "caught marked")]
    [InlineData("?overdue=true&assignee=me&location=paragould&state=open", "open")]
    [InlineData("?from=2026-06-30T12:00:00Z", "new open handled")]
    [InlineData("?from=2026-06-30T12:00:00.001Z", "new open handled")]
    [InlineData("?to=2026-06-30T12:00:00Z", "old")]
    [InlineData("?from=2026-05-02T07:00:00-05:00&to=2026-05-02T12:00:00.001Z", "old")]
    [InlineData("?from=2026-05-02T12:00:00Z&to=2026-05-02T12:00:00Z", "")]
    public async Task Filters_restrict_the_list(string query, string expected)
    {
        var start = Instant.FromDateTimeOffset(ApiFactory.Now);
        Dictionary<string, StoredMessage> messages = new()
        {
            ["new"] = new StoredMessage { ReceivedAt = start, ReplyBy = start + Duration.FromHours(9) },
            ["open"] = new StoredMessage
            {
                ReceivedAt = start - Duration.FromMinutes(1),
                Location = "paragould",
                ReplyBy = start - Duration.FromMilliseconds(1),
                State = SubmissionState.Open,
                Assignee = "Ana Ruiz",
            },
            ["handled"] = new StoredMessage
            {
                ReceivedAt = start - Duration.FromMinutes(2),
                ReplyBy = start - Duration.FromDays(1),
                State = SubmissionState.Handled,
                HandledAt = start,
                Assignee = "Éva",
            },
            ["caught"] = new StoredMessage
            {
                ReceivedAt = start - Duration.FromMinutes(3),
                Location = "ash-flat",
                ReplyBy = start - Duration.FromDays(1),
                State = SubmissionState.Spam,
                QuarantinedFor = "tooFast",
            },
            ["marked"] = new StoredMessage
            {
                ReceivedAt = start - Duration.FromMinutes(4),
                State = SubmissionState.Spam,
                Assignee = "Éva",
            },
            ["old"] = new StoredMessage
            {
                ReceivedAt = start - Duration.FromDays(60),
                ReplyBy = start - Duration.FromDays(59),
            },
        };
        await api.StoreAsync([.. messages.Values]);
        var names = messages.ToDictionary(message => message.Value.Reference, message => message.Key);
        var found = (await ListAsync(query)).References().Select(reference => names[reference]);
        Assert.Equal(expected, string.Join(' ', found));
    }

    [Fact]
    public async Task Spam_says_why_it_is_spam()
    {
        var caught = await api.SpamAsync();
        var honest = await api.SubmittedAsync();
        await api.StateAsync(key, honest, "spam");
        var reasons = (await ListAsync("?spam=true"))["items"]!
            .AsArray()
            .ToDictionary(item => (string)item!["reference"]!, item => (string?)item!["spamReason"]);
        Assert.Equal(new Dictionary<string, string?> { [caught] = "honeypot", [honest] = "staff" }, reasons);
    }

    [Theory]
    [InlineData("?state=New", "state", "This must be one of new, open, handled, spam.")]
    [InlineData("?location=nowhere", "location")]
    [InlineData("?location=Jonesboro", "location")]
    [InlineData("?location=%00", "location")]
    [InlineData("?assignee=%00", "assignee")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?from=2026-07-01", "from")]
    [InlineData("?to=1800-01-01T00:00:00Z", "to")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?limit=101", "limit")]
    [InlineData("?limit=-1&state=old&location=x&from=x&to=x", "state location from to limit")]
    public async Task A_wrong_filter_is_named(string query, string parameters, string? detail = null)
    {
        using var response = await api.SendAsync(key, HttpMethod.Get, InboxApi.Path + query);
        Assert.Equal(422, (int)response.StatusCode);
        var problem = await response.JsonAsync();
        var named = problem["errors"]!.AsArray().Select(error => (string?)error!["parameter"]);
        Assert.Equal(parameters, string.Join(' ', named));
        if (detail is not null)
            Assert.Equal(detail, (string?)problem["errors"]![0]!["detail"]);
    }

    [Fact]
    public async Task An_assignee_of_101_characters_is_refused_and_one_of_100_emoji_is_not()
    {
        await ListAsync($"?assignee={string.Concat(Enumerable.Repeat("%F0%9F%98%80", 100))}");
        await ListAsync($"?assignee={new string('x', 101)}", 422);
    }

    [Theory]
    [InlineData("overdue=maybe"), InlineData("spam=1"), InlineData("limit=many")]
    public async Task A_filter_of_the_wrong_type_is_a_400(string query) => await ListAsync($"?{query}", 400);

    [Fact]
    public async Task Pages_are_complete_while_messages_arrive_and_are_erased()
    {
        var messages = Enumerable
            .Range(0, 60)
            // Three at a time, so that the order is by the reference, too.
            .Select(i => new StoredMessage { ReceivedAt = Now - Duration.FromMinutes(i / 3) })
            .OrderByDescending(message => message.ReceivedAt)
            .ThenByDescending(message => message.Reference, StringComparer.Ordinal)
            .ToArray();
        await api.StoreAsync(messages);
        var expected = messages.Select(message => message.Reference).ToList();
        List<string> listed = [];
        for (var query = "?limit=7"; ; )
        {
            using var response = await api.SendAsync(key, HttpMethod.Get, InboxApi.Path + query);
            var page = await response.JsonAsync();
            listed.AddRange(page.References());
            if (page["nextCursor"] is null)
            {
                Assert.False(response.Headers.Contains("Link"));
                break;
            }
            Assert.Equal(7, page.References().Length);
            query = $"?limit=7&cursor={page["nextCursor"]}";
            Assert.Equal($"<{InboxApi.Path}{query}>; rel=\"next\"", response.Headers.GetValues("Link").Single());
            // A new one, an old one, the last of this page, and the first of the next.
            api.Clock.Advance(TimeSpan.FromSeconds(1));
            await api.SubmittedAsync();
            var next = expected[listed.Count];
            foreach (var erased in new[] { listed[0], listed[^1], next })
                await api.EraseAsync(erased);
            expected.Remove(next);
        }
        Assert.Equal(expected, listed);
        // What arrived meanwhile is on the first page.
        Assert.Equal(7, (await ListAsync("?limit=7")).References().Except(listed).Count());
    }

    [Fact]
    public async Task The_last_page_is_known_to_be_the_last()
    {
        await api.StoreAsync([.. Enumerable.Range(0, 4).Select(_ => new StoredMessage())]);
        var first = await ListAsync("?limit=2");
        var second = await ListAsync($"?limit=2&cursor={first["nextCursor"]}");
        Assert.Null(second["nextCursor"]);
        Assert.Equal(4, first.References().Concat(second.References()).Distinct().Count());
        // Another limit goes on from the same place.
        Assert.Equal(second.References(), (await ListAsync($"?cursor={first["nextCursor"]}")).References());
    }

    [Fact]
    public async Task A_cursor_is_refused_with_other_filters()
    {
        await api.StoreAsync([.. Enumerable.Range(0, 4).Select(_ => new StoredMessage { Assignee = "Ana Ruiz" })]);
        var cursor = (string)(await ListAsync("?limit=2&location=jonesboro&assignee=me"))["nextCursor"]!;
        await ListAsync($"?location=jonesboro&assignee=me&cursor={cursor}");
        // The same person.
        await ListAsync($"?location=jonesboro&assignee=Ana%20Ruiz&cursor={cursor}");
        foreach (
            var other in new[]
            {
                "",
                "&location=jonesboro",
                "&assignee=me",
                "&location=paragould&assignee=me",
                "&location=jonesboro&assignee=none",
                "&location=jonesboro&assignee=me&state=new",
                "&location=jonesboro&assignee=me&overdue=false",
                "&location=jonesboro&assignee=me&from=2020-01-01T00:00:00Z",
                "&location=jonesboro&assignee=me&to=2030-01-01T00:00:00Z",
            }
        )
        {
            using var response = await api.SendAsync(key, HttpMethod.Get, $"{InboxApi.Path}?cursor={cursor}{other}");
            await JsonAssert.ProblemAsync(response, 400, "invalid-cursor");
        }
        foreach (var nonsense in new[] { "x", cursor[1..], cursor + "A", cursor[..^4] })
            await ListAsync($"?location=jonesboro&assignee=me&cursor={nonsense}", 400);
    }

    [Fact]
    public async Task A_message_whose_keys_are_lost_is_listed_without_its_sender()
    {
        var reference = await api.SubmittedAsync();
        await api.LoseKeysAsync(reference);
        var item = (await ListAsync(""))["items"]!.AsArray().Single()!;
        Assert.Equal(reference, (string?)item["reference"]);
        Assert.Equal((null, null), ((string?)item["name"], (string?)item["preferredContact"]));
    }

    [Fact]
    public async Task Counts_are_by_location_and_state()
    {
        var now = Now;
        await api.ExecuteAsync("DELETE FROM erasure_counts");
        StoredMessage Message(string location, SubmissionState state, HandledBy? by = null, int overdueMinutes = -1) =>
            new()
            {
                Location = location,
                State = state,
                HandledBy = by,
                HandledAt = state == SubmissionState.Handled ? now : null,
                ReplyBy = now - Duration.FromMinutes(overdueMinutes),
            };
        await api.StoreAsync(
            Message("jonesboro", SubmissionState.New),
            Message("jonesboro", SubmissionState.New, overdueMinutes: 1),
            Message("jonesboro", SubmissionState.Open, overdueMinutes: 1),
            Message("jonesboro", SubmissionState.Handled, HandledBy.Email, overdueMinutes: 1),
            Message("jonesboro", SubmissionState.Handled, HandledBy.Email),
            Message("jonesboro", SubmissionState.Handled, HandledBy.InPerson),
            Message("jonesboro", SubmissionState.Handled),
            Message("paragould", SubmissionState.Spam, overdueMinutes: 1),
            Message("paragould", SubmissionState.Handled, HandledBy.Telephone),
            Message("paragould", SubmissionState.Handled, HandledBy.Other),
            // Due just now is not overdue yet.
            Message("paragould", SubmissionState.New, overdueMinutes: 0)
        );
        var erased = new StoredMessage { Location = "ash-flat" };
        await api.StoreAsync(erased);
        await api.EraseAsync(erased.Reference);
        JsonAssert.Equal(
            """
            {
              "items": [
                {
                  "location": "ash-flat", "new": 0, "open": 0, "handled": 0, "spam": 0, "overdue": 0, "erased": 1,
                  "handledBy": { "telephone": 0, "email": 0, "inPerson": 0, "other": 0 }
                },
                {
                  "location": "jonesboro", "new": 2, "open": 1, "handled": 4, "spam": 0, "overdue": 2, "erased": 0,
                  "handledBy": { "telephone": 0, "email": 2, "inPerson": 1, "other": 0 }
                },
                {
                  "location": "paragould", "new": 1, "open": 0, "handled": 2, "spam": 1, "overdue": 0, "erased": 0,
                  "handledBy": { "telephone": 1, "email": 0, "inPerson": 0, "other": 1 }
                }
              ]
            }
            """,
            await ListAsync("/counts")
        );
    }
}
