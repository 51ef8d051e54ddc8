using Api.Tests.Access;
using Api.Tests.Contact.Inbox;

namespace Api.Tests.CommandLine;

/// <summary>The commands about submissions use the inbox, and act as the operator.</summary>
public sealed class SubmissionCommandTests
{
    static async Task<string> RunAsync(ApiFactory api, params string[] args)
    {
        var (exitCode, output, errors) = await Command.RunAsync([
            .. args.Prepend("submissions"),
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
        ]);
        Assert.Equal((0, ""), (exitCode, errors));
        return output;
    }

    /// <summary>A reference as somebody types it who reads it from paper.</summary>
    static string Type(string reference) =>
        reference.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal).Replace('0', 'o').Replace('1', 'l');

    [Fact]
    public async Task The_operator_opens_handles_releases_and_erases_and_the_audit_has_it()
    {
        await using var api = await ApiFactory.StartAsync();
        var (reference, spam) = (await api.SubmittedAsync(), await api.SpamAsync());
        var key = await api.InboxKeyAsync();
        await api.ChangedAsync(key, reference, "notes", InboxApi.Note("Called\nback."));
        await api.ChangedAsync(key, reference, "assignee", InboxApi.Assignee("me"));

        var shown = await RunAsync(api, "show", Type(reference));
        foreach (
            var line in new[]
            {
                $"Reference:  {reference}\n",
                "State:      new\n",
                "Assignee:   Front desk\n",
                "Handled:    -\n",
                "Telephone:  +18705550100\n",
                "\nI would like an appointment.\n",
                "\nNote of Front desk, 2026-07-01T12:00:00Z\nCalled\nback.\n",
            }
        )
            Assert.Contains(line, shown, StringComparison.Ordinal);
        Assert.Equal($"{reference} is marked as handled.\n", await RunAsync(api, "handled", Type(reference)));
        Assert.Equal($"{spam} is released.\n", await RunAsync(api, "release", Type(spam)));
        Assert.Equal(
            $"{reference} is erased. Backups from before still have it.\n",
            await RunAsync(api, "erase", Type(reference))
        );

        Assert.Equal(
            [
                $"{key.Actor} noteAdded",
                $"{key.Actor} assigneeChanged to Front desk",
                "operator submissionRead",
                "operator stateChanged new to handled",
                "operator submissionErased",
            ],
            await api.AuditAsync(reference)
        );
        Assert.Equal(["operator stateChanged spam to open"], await api.AuditAsync(spam));
    }

    [Fact]
    public async Task A_list_is_in_the_audit_and_shows_states()
    {
        await using var api = await ApiFactory.StartAsync();
        var key = await api.InboxKeyAsync();
        var handled = await api.SubmittedAsync();
        await api.StateAsync(key, handled, "handled");
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        var spam = await api.SubmittedAsync();
        await api.StateAsync(key, spam, "spam");
        Assert.Equal(
            $"""
            {handled}  2026-07-01T12:00:00Z  jonesboro  handled
            1 message is in quarantine: submissions list quarantine shows it.

            """,
            await RunAsync(api, "list")
        );
        Assert.Equal($"operator submissionsListed {handled}", await api.LastDeedAsync());
        Assert.Equal(
            $"{spam}  2026-07-01T12:00:01Z  jonesboro  quarantined: by the staff\n",
            await RunAsync(api, "list", "quarantine")
        );
        Assert.Equal($"operator submissionsListed {spam}", await api.LastDeedAsync());
    }

    [Fact]
    public async Task A_message_that_is_handled_already_stays_as_it_is()
    {
        await using var api = await ApiFactory.StartAsync();
        var reference = await api.SubmittedAsync();
        var before = await api.StateAsync(await api.InboxKeyAsync(), reference, "handled", "telephone");
        Assert.Equal($"{reference} is marked as handled.\n", await RunAsync(api, "handled", reference));
        var list = await api.GetAsync(await api.InboxKeyAsync(), InboxApi.Path);
        JsonAssert.Equal(before.ToJsonString(), list["items"]!.AsArray().Single());
        Assert.Single(await api.AuditAsync(reference));
    }

    [Theory]
    [InlineData("7K3Q", "'7K3Q' is no reference: they look like 7K3Q-X9MZ-2TBV.")]
    [InlineData("7K3Q-X9MZ-2TBU", "'7K3Q-X9MZ-2TBU' is no reference: they look like 7K3Q-X9MZ-2TBV.")]
    [InlineData("7k3qx9mz2tbv", "There is no submission 7K3Q-X9MZ-2TBV")]
    public async Task A_wrong_reference_is_refused_in_one_sentence_and_is_not_in_the_audit(
        string typed,
        string sentence
    )
    {
        await using var api = await ApiFactory.StartAsync();
        foreach (var command in new[] { "show", "handled", "release", "erase" })
        {
            var (exitCode, output, errors) = await Command.RunAsync(
                "submissions",
                command,
                typed,
                $"--Database:Folder={api.Folder.Path}",
                $"--Keys:Folder={api.Folder.Keys}"
            );
            Assert.Equal((1, ""), (exitCode, output));
            Assert.StartsWith(sentence, errors, StringComparison.Ordinal);
        }
        Assert.Equal(0, await api.QueryAsync<long>("SELECT count(*) FROM audit_entries"));
    }
}
