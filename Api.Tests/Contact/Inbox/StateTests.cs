using System.Data.Common;
using System.Text;
using System.Text.Json.Nodes;
using Api.Outbox;
using Api.Tests.Access;
using Dapper;

namespace Api.Tests.Contact.Inbox;

public sealed class StateTests(IdleOutbox outbox) : IClassFixture<IdleOutbox>, IAsyncLifetime
{
    static readonly string[] All = ["acknowledgement waiting", "mail delivered", "webhook waiting"];

    readonly ApiFactory api = outbox.Api;
    StaffKey key = null!;

    public async ValueTask InitializeAsync()
    {
        await api.ExecuteAsync("DELETE FROM submissions");
        key = await api.InboxKeyAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static TheoryData<string, string> Transitions
    {
        get
        {
            string[] states = ["new", "open", "handled", "spam"];
            var data = new TheoryData<string, string>();
            foreach (var from in states)
            {
                foreach (var to in states)
                    data.Add(from, to);
            }
            return data;
        }
    }

    Task<long> VersionAsync(string reference) =>
        api.QueryAsync<long>("SELECT version FROM submissions WHERE reference = @reference", new { reference });

    [Theory, MemberData(nameof(Transitions))]
    public async Task A_state_becomes_another(string from, string to)
    {
        var receipt = await outbox.ReceivedAsync();
        var reference = (string)receipt["reference"]!;
        await outbox.DeliverAsync(Channel.Mail);
        if (from != "new")
            await api.StateAsync(key, reference, from, from == "handled" ? "email" : null);
        var handledBefore = api.Now();
        var (version, audit) = (await VersionAsync(reference), await api.AuditAsync(reference));
        api.Clock.Advance(TimeSpan.FromHours(1));

        var isSame = from == to;
        var handledBy = (to, isSame) switch
        {
            ("handled", true) => "email",
            ("handled", false) => "telephone",
            _ => null,
        };
        var item = await api.StateAsync(key, reference, to, handledBy);
        var handledAt = isSame ? handledBefore : api.Now();
        Assert.Equal(
            (to, handledBy, to == "handled" ? handledAt.ToText() : null, to == "spam" ? "staff" : null),
            (
                (string?)item["state"],
                (string?)item["handledBy"],
                (string?)item["handledAt"],
                (string?)item["spamReason"]
            )
        );
        Assert.Equal(isSame ? version : version + 1, await VersionAsync(reference));
        var withAnswer = handledBy is null ? "" : $", {handledBy}";
        Assert.Equal(
            isSame ? audit : [.. audit, $"{key.Actor} stateChanged {from} to {to}{withAnswer}"],
            await api.AuditAsync(reference)
        );
        var isWithdrawn = to == "spam" || (from, to) == ("spam", "handled");
        var deliveries = isWithdrawn ? ["mail delivered"] : All;
        Assert.Equal(deliveries, await outbox.DeliveriesAsync(reference));
        JsonAssert.Equal(
            $$"""
            {
              "reference": "{{reference}}",
              "status": "{{(to == "handled" ? "handled" : "received")}}",
              "receivedAt": "{{receipt["receivedAt"]}}",
              "handledAt": {{(to == "handled" ? $"\"{handledAt.ToText()}\"" : "null")}},
              "handledBy": {{(handledBy is null ? "null" : $"\"{handledBy}\"")}}
            }
            """,
            await api.GetAsync($"/v1/contact-receipts/{receipt["token"]}")
        );

        // Again: it is so already.
        var (entries, dump) = (await api.AuditAsync(reference), await api.DumpAsync("submissions", "outbox"));
        api.Clock.Advance(TimeSpan.FromHours(1));
        item["overdue"] = (bool)item["overdue"]! || to is "new" or "open";
        var again = await api.StateAsync(key, reference, to, handledBy);
        again["overdue"] = item["overdue"]!.DeepClone();
        JsonAssert.Equal(item.ToJsonString(), again);
        Assert.Equal(dump, await api.DumpAsync("submissions", "outbox"));
        Assert.Equal(entries, await api.AuditAsync(reference));
    }

    [Theory]
    [InlineData("new", true), InlineData("open", true), InlineData("handled", false), InlineData("spam", false)]
    public async Task The_notifications_about_caught_spam_go_out_when_it_is_released(string to, bool areAdded)
    {
        var reference = (string)(await outbox.ReceivedAsync(isSpam: true))["reference"]!;
        Assert.Empty(await outbox.DeliveriesAsync(reference));
        for (var i = 0; i < 3; i++)
        {
            var item = await api.StateAsync(key, reference, to);
            Assert.Equal(to == "spam" ? "honeypot" : null, (string?)item["spamReason"]);
            Assert.Equal(
                areAdded ? ["acknowledgement waiting", "mail waiting", "webhook waiting"] : [],
                await outbox.DeliveriesAsync(reference)
            );
        }
    }

    [Fact]
    public async Task The_answer_of_a_handled_message_can_be_corrected_and_its_time_stays()
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        var first = await api.StateAsync(key, reference, "handled", "telephone");
        api.Clock.Advance(TimeSpan.FromHours(1));
        var corrected = await api.StateAsync(key, reference, "handled", "inPerson");
        Assert.Equal((string?)first["handledAt"], (string?)corrected["handledAt"]);
        Assert.Equal("inPerson", (string?)corrected["handledBy"]);
        Assert.Null((string?)(await api.StateAsync(key, reference, "handled"))["handledBy"]);
        Assert.Equal(
            [
                $"{key.Actor} stateChanged new to handled, telephone",
                $"{key.Actor} stateChanged handled to handled, inPerson",
                $"{key.Actor} stateChanged handled to handled",
            ],
            await api.AuditAsync(reference)
        );
    }

    [Fact]
    public async Task Spam_that_is_released_by_many_at_once_is_notified_about_once()
    {
        var reference = (string)(await outbox.ReceivedAsync(isSpam: true))["reference"]!;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => api.StateAsync(key, reference, "open")));
        Assert.Equal(
            ["acknowledgement waiting", "mail waiting", "webhook waiting"],
            await outbox.DeliveriesAsync(reference)
        );
        Assert.Equal([$"{key.Actor} stateChanged spam to open"], await api.AuditAsync(reference));
    }

    [Fact]
    public async Task What_was_delivered_before_it_became_spam_is_not_delivered_again()
    {
        var reference = (string)(await outbox.ReceivedAsync(isSpam: true))["reference"]!;
        await api.StateAsync(key, reference, "open");
        await outbox.DeliverAsync(Channel.Mail);
        // One that was given up is not delivered.
        await outbox.RecordAsync((await outbox.ClaimAsync(Channel.Webhook))!, new Outcome("a fault", IsFinal: true));
        Assert.Equal(
            ["acknowledgement waiting", "mail delivered", "webhook failed"],
            await outbox.DeliveriesAsync(reference)
        );
        await api.StateAsync(key, reference, "spam");
        Assert.Equal(["mail delivered"], await outbox.DeliveriesAsync(reference));
        Assert.Null(await outbox.ClaimAsync(Channel.Acknowledgement));
        await api.StateAsync(key, reference, "open");
        Assert.Equal(All, await outbox.DeliveriesAsync(reference));
        await outbox.DeliverAsync(Channel.Acknowledgement);
        await outbox.DeliverAsync(Channel.Webhook);

        foreach (var state in new[] { "spam", "open", "spam", "new" })
            await api.StateAsync(key, reference, state);
        Assert.Equal(
            ["acknowledgement delivered", "mail delivered", "webhook delivered"],
            await outbox.DeliveriesAsync(reference)
        );
    }

    [Fact]
    public async Task A_delivery_that_is_under_way_is_not_made_a_second_time()
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        var claim = (await outbox.ClaimAsync(Channel.Mail))!;
        await api.StateAsync(key, reference, "spam");
        Assert.Equal(["mail waiting"], await outbox.DeliveriesAsync(reference));
        await api.StateAsync(key, reference, "open");
        Assert.Equal(
            ["acknowledgement waiting", "mail waiting", "webhook waiting"],
            await outbox.DeliveriesAsync(reference)
        );
        Assert.Null(await outbox.ClaimAsync(Channel.Mail));
        await outbox.RecordAsync(claim, Outcome.Delivered);
        Assert.Equal(All, await outbox.DeliveriesAsync(reference));
    }

    [Fact]
    public async Task A_delivery_that_fails_while_the_message_is_spam_is_not_tried_again()
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        var claim = (await outbox.ClaimAsync(Channel.Mail))!;
        await api.StateAsync(key, reference, "spam");
        await outbox.RecordAsync(claim, new Outcome("a fault"));
        Assert.Empty(await outbox.DeliveriesAsync(reference));
        await api.StateAsync(key, reference, "open");
        Assert.Equal(
            ["acknowledgement waiting", "mail waiting", "webhook waiting"],
            await outbox.DeliveriesAsync(reference)
        );
    }

    [Theory]
    [InlineData("open", "spam", "UPDATE outbox SET claimed_by = NULL, claimed_until = ''", "")]
    [InlineData("spam", "open", "DELETE FROM outbox WHERE state = 'waiting'", "mail waiting")]
    public async Task A_failure_that_is_recorded_just_when_the_state_changes_loses_no_delivery_and_leaves_none(
        string from,
        string to,
        string recorded,
        string expected
    )
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        await outbox.DeliverAsync(Channel.Webhook);
        await outbox.DeliverAsync(Channel.Acknowledgement);
        Assert.NotNull(await outbox.ClaimAsync(Channel.Mail));
        await api.StateAsync(key, reference, from);
        var change = Task.CompletedTask;
        await api.Database.WriteAsync(
            async connection =>
            {
                await connection.ExecuteAsync(recorded);
                change = Task.Run(() => api.StateAsync(key, reference, to));
                // SQLite has one write at a time. PostgreSQL must let the change wait for the delivery.
                while (Engine.IsPostgres && !change.IsCompleted && !await IsAnyWaitingAsync(connection))
                    await Task.Delay(1);
                return 0;
            },
            default
        );
        await change;
        var mail = (await outbox.DeliveriesAsync(reference)).Except(["acknowledgement delivered", "webhook delivered"]);
        Assert.Equal(expected, string.Join(", ", mail));

        static Task<bool> IsAnyWaitingAsync(DbConnection connection) =>
            connection.ExecuteScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            );
    }

    [Fact]
    public async Task A_delivery_that_succeeds_while_the_message_is_spam_is_not_made_again()
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        var claim = (await outbox.ClaimAsync(Channel.Mail))!;
        await api.StateAsync(key, reference, "spam");
        await outbox.RecordAsync(claim, Outcome.Delivered);
        await api.StateAsync(key, reference, "open");
        Assert.Equal(All, await outbox.DeliveriesAsync(reference));
    }

    [Theory]
    [InlineData("open", "acknowledgement waiting, mail waiting, webhook waiting")]
    [InlineData("handled", "")]
    public async Task A_delivery_whose_process_died_waits_for_the_release_of_its_message(string to, string expected)
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        Assert.NotNull(await outbox.ClaimAsync(Channel.Mail));
        await api.StateAsync(key, reference, "spam");
        api.Clock.Advance(2 * Claim.Length.ToTimeSpan());
        Assert.Null(await outbox.ClaimAsync(Channel.Mail));
        await api.StateAsync(key, reference, to);
        Assert.Equal(expected, string.Join(", ", await outbox.DeliveriesAsync(reference)));
    }

    [Fact]
    public async Task Whoever_lost_a_claim_does_not_withdraw_what_another_delivers()
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        var lost = (await outbox.ClaimAsync(Channel.Mail))!;
        api.Clock.Advance(Claim.Length.ToTimeSpan());
        var claim = (await outbox.ClaimAsync(Channel.Mail))!;
        await api.StateAsync(key, reference, "spam");
        await outbox.RecordAsync(lost, new Outcome("too late"));
        await outbox.RecordAsync(claim, Outcome.Delivered);
        await api.StateAsync(key, reference, "open");
        Assert.Equal(All, await outbox.DeliveriesAsync(reference));
    }

    [Theory]
    [InlineData(
        "{}",
        """[{ "pointer": "#/state", "detail": "The new state is needed: new, open, handled or spam." }]"""
    )]
    [InlineData(
        """{ "state": "closed" }""",
        """[{ "pointer": "#/state", "detail": "This must be one of new, open, handled, spam." }]"""
    )]
    [InlineData(
        """{ "state": "open", "handledBy": "email" }""",
        """[{ "pointer": "#/handledBy", "detail": "Only a handled message can say how the sender was answered." }]"""
    )]
    [InlineData(
        """{ "state": "handled", "handledBy": "fax", "version": 1 }""",
        """
            [
              { "pointer": "#/handledBy", "detail": "This must be one of telephone, email, inPerson, other." },
              { "pointer": "#/version", "detail": "There is no such member here." }
            ]
            """
    )]
    public async Task A_wrong_state_is_refused(string body, string errors)
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        using var response = await api.ChangeAsync(key, reference, "state", JsonNode.Parse(body)!.AsObject());
        await JsonAssert.ProblemAsync(response, 422, "invalid", errors: errors);
        Assert.Empty(await api.AuditAsync(reference));
    }

    [Theory]
    [InlineData("state=open", "application/x-www-form-urlencoded", 415)]
    [InlineData("{", "application/json", 400)]
    public async Task A_body_that_is_no_JSON_is_refused(string body, string mediaType, int status)
    {
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        using var request = new HttpRequestMessage(HttpMethod.Put, $"{InboxApi.Path}/{reference}/state")
        {
            Content = new StringContent(body, Encoding.UTF8, mediaType),
            Headers = { { key.Header.Name, key.Header.Value } },
        };
        using var response = await api.Client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
    }

    [Theory]
    [InlineData("\"2\"", 200)]
    [InlineData("*", 200)]
    [InlineData("\"1\"", 412)]
    [InlineData("\"3\"", 412)]
    [InlineData("\"1\", \"2\"", 200)]
    [InlineData("\"x,2\",W/\"3\" , \"2\"", 200)]
    [InlineData("\"1\", W/\"2\", \"3\"", 412)]
    [InlineData("W/\"2\"", 412)]
    [InlineData("2", 412)]
    [InlineData("\"2", 412)]
    [InlineData("\"-2\"", 412)]
    [InlineData("\" 2\"", 412)]
    [InlineData("\"two\"", 412)]
    [InlineData("\"\"", 412)]
    [InlineData("\"22222222222222222222222222\"", 412)]
    public async Task A_change_is_made_to_the_version_in_If_Match_only(string tag, int status)
    {
        var admin = await api.AdminKeyAsync();
        var reference = (string)(await outbox.ReceivedAsync())["reference"]!;
        using (var second = await api.ChangeAsync(key, reference, "assignee", InboxApi.Assignee("me")))
            Assert.Equal("\"2\"", second.Headers.ETag!.ToString());
        var changes = new Func<Task<HttpResponseMessage>>[]
        {
            () => api.ChangeAsync(key, reference, "state", InboxApi.State("open"), InboxApi.IfMatch(tag)),
            () => api.ChangeAsync(key, reference, "assignee", InboxApi.Assignee(null), InboxApi.IfMatch(tag)),
            () => api.ChangeAsync(key, reference, "notes", InboxApi.Note("A note."), InboxApi.IfMatch(tag)),
            () =>
                api.SendAsync(admin, HttpMethod.Delete, $"{InboxApi.Path}/{reference}", headers: InboxApi.IfMatch(tag)),
        };
        foreach (var change in changes)
        {
            using var response = await change();
            if (status == 412)
                await JsonAssert.ProblemAsync(
                    response,
                    412,
                    "stale",
                    "Somebody else has changed this message since the version in If-Match."
                );
            else
                Assert.Contains((int)response.StatusCode, new[] { 200, 204 });
            // Each change makes a new version.
            await api.ExecuteAsync("UPDATE submissions SET version = 2");
        }
        Assert.Equal(status == 412 ? 1 : 5, (await api.AuditAsync(reference)).Length);
    }
}
