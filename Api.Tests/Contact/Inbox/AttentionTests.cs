using System.Text.Json.Nodes;
using Api.Contact.Inbox;
using Api.Tests.Access;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

public sealed class AttentionTests
{
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    static async Task<JsonNode> AttentionAsync(ApiFactory api, params string[] locations)
    {
        var key = await api.InboxKeyAsync(locations: locations is [] ? null : locations);
        return await api.GetAsync(key, "/v1/staff/attention");
    }

    [Fact]
    public async Task Overdue_messages_unread_spam_and_failed_deliveries_are_counted()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.StopDeliveringAsync();
        var (late, onTime) = (Now - Duration.FromMilliseconds(1), Now);
        StoredMessage[] messages =
        [
            new() { ReplyBy = late },
            new() { ReplyBy = late, State = SubmissionState.Open },
            new() { ReplyBy = late, State = SubmissionState.Handled },
            new() { ReplyBy = onTime },
            new() { ReplyBy = null },
            new() { ReplyBy = late, Location = "paragould" },
            new() { ReplyBy = late, State = SubmissionState.Spam },
            new() { State = SubmissionState.Spam, FirstReadAt = late },
            new() { State = SubmissionState.Spam, Location = "paragould" },
        ];
        await api.StoreAsync(messages);
        async Task DeliverAsync(StoredMessage message, string channel, string state) =>
            await api.ExecuteAsync(
                """
                INSERT INTO outbox (delivery_id, submission_id, channel, target, state, waiting_since)
                SELECT @id, id, @channel, '', @state, received_at FROM submissions WHERE reference = @Reference
                """,
                new
                {
                    id = $"{Guid.NewGuid()}",
                    message.Reference,
                    channel,
                    state,
                }
            );
        foreach (var channel in new[] { "mail", "webhook", "acknowledgement" })
        {
            foreach (var state in new[] { "waiting", "failed", "delivered" })
                await DeliverAsync(messages[0], channel, state);
        }
        await DeliverAsync(messages[5], "mail", "failed");

        var all = await AttentionAsync(api);
        Assert.Equal((3, 2, 3), ((int)all["overdueMessages"]!, (int)all["unreadSpam"]!, (int)all["failedDeliveries"]!));
        var paragould = await AttentionAsync(api, "paragould");
        Assert.Equal(
            (1, 1, 1),
            ((int)paragould["overdueMessages"]!, (int)paragould["unreadSpam"]!, (int)paragould["failedDeliveries"]!)
        );
        // Each number is that of a list.
        var key = await api.InboxKeyAsync();
        Assert.Equal(3, (await api.GetAsync(key, $"{InboxApi.Path}?overdue=true")).References().Length);
        // Reading the spam is looking at it.
        await api.GetAsync(key, $"{InboxApi.Path}/{messages[6].Reference}");
        Assert.Equal(1, (int)(await AttentionAsync(api))["unreadSpam"]!);
    }

    [Fact]
    public async Task Hours_that_nobody_has_verified_for_long_are_named()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Contact:VerifyHoursDays=90")
        );
        async Task<string[]> UnverifiedAsync(params string[] locations) =>
            [.. (await AttentionAsync(api, locations))["unverifiedHours"]!.AsArray().Select(slug => (string)slug!)];
        Task VerifyAsync(string slug, Instant at) =>
            api.ExecuteAsync("UPDATE locations SET hours_verified_at = @at WHERE slug = @slug", new { at, slug });
        Assert.Equal(["ash-flat", "jonesboro", "paragould"], await UnverifiedAsync());
        await VerifyAsync("ash-flat", Now - Duration.FromDays(90));
        await VerifyAsync("jonesboro", Now - Duration.FromDays(90) + Duration.FromMilliseconds(1));
        Assert.Equal(["ash-flat", "paragould"], await UnverifiedAsync());
        Assert.Equal(["paragould"], await UnverifiedAsync("jonesboro", "paragould"));
        // Nobody needs the hours of a location that is closed for good.
        await api.ExecuteAsync("UPDATE locations SET closed_for_good_on = '2026-06-30' WHERE slug = 'paragould'");
        Assert.Equal(["ash-flat"], await UnverifiedAsync());
    }

    [Fact]
    public async Task Hours_need_not_be_verified_when_the_setting_is_0()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Contact:VerifyHoursDays=0")
        );
        JsonAssert.Equal(
            """{ "overdueMessages": 0, "unreadSpam": 0, "failedDeliveries": 0, "unverifiedHours": [] }""",
            await AttentionAsync(api)
        );
    }
}
