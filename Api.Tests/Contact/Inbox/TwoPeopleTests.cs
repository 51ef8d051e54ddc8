using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Api.Tests.Access;

namespace Api.Tests.Contact.Inbox;

/// <summary>Two people change the same message at the same time, again and again.</summary>
public sealed partial class TwoPeopleTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    const int Rounds = 100;

    static readonly string[] Changes = ["state", "assignee", "notes", "erase"];

    /// <summary>A change by one of the two. They want different things.</summary>
    Task<HttpResponseMessage> ChangeAsync(
        StaffKey who,
        bool isFirst,
        string reference,
        string change,
        params (string, string)[] headers
    )
    {
        JsonObject Body() =>
            change switch
            {
                "state" => isFirst ? InboxApi.State("open") : InboxApi.State("handled", "telephone"),
                "assignee" => InboxApi.Assignee("me"),
                _ => InboxApi.Note($"A note of {who.Name}."),
            };
        return change == "erase"
            ? api.SendAsync(who, HttpMethod.Delete, $"{InboxApi.Path}/{reference}", headers: headers)
            : api.ChangeAsync(who, reference, change, Body(), headers);
    }

    async Task RaceAsync(Action<string, HttpStatusCode[]> check, params (string, string)[] headers)
    {
        var people = new[]
        {
            await api.CreateKeyAsync([Api.Access.Role.Admin], "Ana"),
            await api.CreateKeyAsync([Api.Access.Role.Admin], "Bo"),
        };
        for (var round = 0; round < Rounds; round++)
        {
            var reference = await api.SubmittedAsync();
            var changes = new[] { Changes[round % 4], Changes[round / 4 % 4] };
            var answers = await Task.WhenAll(
                changes.Select((change, i) => ChangeAsync(people[i], i == 0, reference, change, headers))
            );
            check(string.Join(" and ", changes), [.. answers.Select(answer => answer.StatusCode)]);
            await CheckAuditAsync(reference);
            foreach (var answer in answers)
                answer.Dispose();
        }
    }

    [Fact]
    public Task Without_If_Match_both_changes_are_made_unless_the_message_is_erased_before() =>
        RaceAsync(
            (changes, answers) =>
            {
                var missing = answers.Count(answer => answer == HttpStatusCode.NotFound);
                Assert.True(answers.Count(IsSuccess) + missing == 2, $"{changes}: {string.Join(' ', answers)}");
                Assert.True(
                    missing == 0 || (missing == 1 && changes.Contains("erase", StringComparison.Ordinal)),
                    $"{changes}: {string.Join(' ', answers)}"
                );
            }
        );

    [Fact]
    public Task With_If_Match_one_of_two_changes_is_made() =>
        RaceAsync(
            (changes, answers) =>
            {
                Assert.True(answers.Count(IsSuccess) == 1, $"{changes}: {string.Join(' ', answers)}");
                var other = answers.Single(answer => !IsSuccess(answer));
                Assert.True(
                    other == HttpStatusCode.PreconditionFailed
                        || (other == HttpStatusCode.NotFound && changes.Contains("erase", StringComparison.Ordinal)),
                    $"{changes}: {string.Join(' ', answers)}"
                );
            },
            InboxApi.IfMatch("\"1\"")
        );

    static bool IsSuccess(HttpStatusCode status) => status is HttpStatusCode.OK or HttpStatusCode.NoContent;

    /// <summary>The audit tells how the message came to be as it is.</summary>
    async Task CheckAuditAsync(string reference)
    {
        var entries = await api.AuditAsync(reference);
        var (state, assignee, notes) = ("new", default(string), 0L);
        foreach (var entry in entries)
        {
            if (StateChange().Match(entry) is { Success: true } change)
            {
                Assert.Equal(state, change.Groups["from"].Value);
                state = change.Groups["to"].Value;
            }
            else if (entry.Contains(" assigneeChanged to ", StringComparison.Ordinal))
                assignee = entry.Split(" to ")[1];
            else if (entry.EndsWith(" noteAdded", StringComparison.Ordinal))
                notes++;
            else
                Assert.EndsWith(" submissionErased", entry, StringComparison.Ordinal);
        }
        var erasures = entries.Count(entry => entry.EndsWith(" submissionErased", StringComparison.Ordinal));
        Assert.InRange(erasures, 0, 1);
        Assert.True(erasures == 0 || entries[^1].EndsWith(" submissionErased", StringComparison.Ordinal));
        var rows = await api.RowsAsync<(string, string?, long, long)>(
            """
            SELECT state, assignee, (SELECT count(*) FROM submission_notes WHERE submission_id = submissions.id), version
            FROM submissions
            WHERE reference = @reference
            """,
            new { reference }
        );
        Assert.Equal(erasures == 1 ? [] : [(state, assignee, notes, entries.Length + 1L)], rows);
    }

    [GeneratedRegex(" stateChanged (?<from>[a-z]+) to (?<to>[a-z]+)")]
    private static partial Regex StateChange();
}
