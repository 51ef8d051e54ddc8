using Api.Contact.Inbox;
using Api.Tests.Access;
using Api.Tests.Hours;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

/// <summary>
/// The list against a filter in plain C#, over random messages. A failure prints its seed, and
/// <see cref="RandomPlansAttribute"/> says how to run it again.
/// </summary>
public sealed class RandomInboxTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    const string Me = "Ana Ruiz";

    static readonly string[] Locations = ["jonesboro", "paragould", "ash-flat"];
    static readonly string?[] Assignees = [null, null, Me, "Éva", "none of them", "ana ruiz"];

    [Fact]
    public async Task The_list_is_what_a_plain_filter_finds()
    {
        // Clocks have more digits than the database.
        api.Clock.Advance(TimeSpan.FromTicks(1234));
        foreach (var seed in RandomPlansAttribute.DrawSeeds(15))
            await CheckAsync(seed);
    }

    async Task CheckAsync(int seed)
    {
        var random = new Random(seed);
        var now = api.Now();
        await api.ExecuteAsync("DELETE FROM submissions");
        var messages = Enumerable.Range(0, random.Next(40)).Select(_ => NextMessage(random, now)).ToArray();
        await api.StoreAsync(messages);
        var confined = Locations.Where(_ => random.Next(2) == 0).ToArray();
        var keys = new[] { await api.InboxKeyAsync(Me), await api.InboxKeyAsync(Me, confined) };
        for (var i = 0; i < 10; i++)
        {
            var (key, seen) = random.Next(3) == 0 ? (keys[1], confined) : (keys[0], Locations);
            var filter = NextFilter(random, now, seen);
            var expected = messages
                .Where(message => seen.Contains(message.Location) && filter.Matches(message, now))
                .OrderByDescending(message => message.ReceivedAt)
                .ThenByDescending(message => message.Reference, StringComparer.Ordinal)
                .Select(message => $"{message.Reference} {IsOverdue(message, now)}");
            var listed = await ListAsync(key, $"limit={random.Next(1, 15)}{filter}");
            Assert.True(
                expected.SequenceEqual(listed),
                $"SEED={seed}, {filter}: {string.Join(", ", listed)} instead of {string.Join(", ", expected)}"
            );
        }
    }

    async Task<List<string>> ListAsync(StaffKey key, string query)
    {
        List<string> listed = [];
        var cursor = "";
        while (cursor is not null)
        {
            var page = await api.GetAsync(key, $"{InboxApi.Path}?{query}&cursor={cursor}");
            listed.AddRange(page["items"]!.AsArray().Select(item => $"{item!["reference"]} {(bool)item["overdue"]!}"));
            cursor = (string?)page["nextCursor"];
        }
        return listed;
    }

    static T Pick<T>(Random random, params IReadOnlyList<T> values) => values[random.Next(values.Count)];

    static StoredMessage NextMessage(Random random, Instant now)
    {
        var state = Pick(random, Enum.GetValues<SubmissionState>());
        return new StoredMessage
        {
            Location = Pick(random, Locations),
            ReceivedAt = NextTime(random, now),
            ReplyBy = random.Next(4) == 0 ? null : NextTime(random, now),
            State = state,
            QuarantinedFor = random.Next(3) == 0 ? "honeypot" : null,
            Assignee = Pick(random, Assignees),
            HandledAt = state == SubmissionState.Handled ? now : null,
        };
    }

    // Few enough that many are the same.
    static Instant NextTime(Random random, Instant now) =>
        now
        + Duration.FromDays(random.Next(-2, 3))
        + Duration.FromMilliseconds(Pick(random, -1, 0, 0, 1))
        + Duration.FromMinutes(random.Next(2));

    static bool IsOverdue(StoredMessage message, Instant now) =>
        message.State is SubmissionState.New or SubmissionState.Open && message.ReplyBy < now;

    static Filter NextFilter(Random random, Instant now, string[] seen) =>
        new(
            random.Next(2) == 0 ? null : Pick(random, Enum.GetValues<SubmissionState>()),
            random.Next(2) == 0 || seen.Length == 0 ? null : Pick(random, seen),
            random.Next(2) == 0 ? null : Pick(random, "me", "none", Me, "Éva", "ana ruiz", "nobody"),
            random.Next(3) == 0 ? NextBound(random, now) : null,
            random.Next(3) == 0 ? NextBound(random, now) : null,
            Pick<bool?>(random, null, null, true, false),
            Pick<bool?>(random, null, null, true, false)
        );

    // Also between two milliseconds.
    static Instant NextBound(Random random, Instant now) =>
        NextTime(random, now) + Duration.FromTicks(Pick(random, 0, 0, 1, 9_999));

    sealed record Filter(
        SubmissionState? State,
        string? Location,
        string? Assignee,
        Instant? From,
        Instant? To,
        bool? Overdue,
        bool? Spam
    )
    {
        public bool Matches(StoredMessage message, Instant now)
        {
            var wantsSpam = Spam ?? State == SubmissionState.Spam;
            var assignee = Assignee == "me" ? Me : Assignee;
            return wantsSpam == (message.State == SubmissionState.Spam)
                && (State is null || message.State == State)
                && (Location is null || message.Location == Location)
                && (assignee is null || message.Assignee == (assignee == "none" ? null : assignee))
                && (From is null || message.ReceivedAt >= From)
                && (To is null || message.ReceivedAt < To)
                && (Overdue is null || IsOverdue(message, now) == Overdue);
        }

        /// <summary>As the query of a request.</summary>
        public override string ToString() =>
            string.Concat(
                Parameter("state", State is { } state ? Api.Http.Json.NameOf(state) : null),
                Parameter("location", Location),
                Parameter("assignee", Assignee),
                Parameter("from", From?.ToText()),
                Parameter("to", To?.ToText()),
                Parameter("overdue", Overdue is { } overdue ? $"{overdue}" : null),
                Parameter("spam", Spam is { } spam ? $"{spam}" : null)
            );

        static string Parameter(string name, string? value) =>
            value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
    }
}
