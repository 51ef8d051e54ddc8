using Api.Tests.Outbox;

namespace Api.Tests.Contact.Inbox;

/// <summary>What a mail server gets when messages become spam and are released again.</summary>
public sealed class ReleaseTests
{
    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(50);

    [Fact]
    public async Task A_mail_that_waits_for_its_server_is_withdrawn_with_the_message_and_sent_once_after_the_release()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        var key = await api.InboxKeyAsync();
        var reference = await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ State: "waiting", Attempts: 1 }]);
        await api.StateAsync(key, reference, "spam");
        Assert.Empty(await api.RowsAsync());

        server.Behave();
        var other = await api.PostAsync("paragould");
        await api.DeliveredAsync(1, Step);
        foreach (var state in new[] { "open", "open", "handled", "open" })
            await api.StateAsync(key, reference, state);
        await api.DeliveredAsync(2, Step);
        foreach (var state in new[] { "spam", "open", "spam", "new" })
            await api.StateAsync(key, reference, state);
        var last = await api.PostAsync("ash-flat");
        await api.DeliveredAsync(3, Step);

        await api.App.StopAsync();
        var mails = await server.TakenAsync(3);
        Assert.Equal(3, mails.Length);
        foreach (var about in new[] { other, reference, last })
            Assert.Single(mails, mail => mail.Text.Contains(about, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_mail_that_is_being_sent_while_the_message_becomes_spam_is_not_sent_again()
    {
        await using var server = new FaultyMailServer();
        server.Fail(SmtpStep.Data, FaultyMailServer.Silence);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        var key = await api.InboxKeyAsync();
        var reference = await api.PostAsync();
        await server.FailedAsync(1);
        await api.StateAsync(key, reference, "spam");
        Assert.Equal("waiting", Assert.Single(await api.RowsAsync()).State);
        // The server says nothing until the attempt is given up.
        server.Behave();
        await api.UntilAsync(rows => rows is [], TimeSpan.FromSeconds(1));
        await api.StateAsync(key, reference, "open");
        await api.DeliveredAsync(1, Step);
        await api.App.StopAsync();
        Assert.Single(await server.TakenAsync(1));
    }
}
