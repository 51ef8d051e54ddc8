using System.Net;
using System.Text.Json.Nodes;
using Api.Contact.Inbox;
using Api.Outbox;
using Api.Seed;
using Api.Tests.Contact;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Data.Postgres;

/// <summary>
/// Two instances do the same at the same time, again and again. With SQLite a single writer decides who is first; here
/// the database must.
/// </summary>
[AnyEngine]
public sealed class RaceTests(RaceTests.TwoInstances two) : IClassFixture<RaceTests.TwoInstances>, IAsyncLifetime
{
    const int Rounds = 200;

    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    ApiFactory One => two.One;
    ApiFactory Other => two.Other;

    /// <summary>Two instances in this process, which accept solved challenges and have mails to deliver.</summary>
    public sealed class TwoInstances : IAsyncDisposable
    {
        readonly Lazy<Task> started;
        Deployment? deployment;

        // Started by the first test, which is skipped without PostgreSQL.
        public TwoInstances() => started = new Lazy<Task>(StartAsync);

        internal ApiFactory One { get; private set; } = null!;
        internal ApiFactory Other { get; private set; } = null!;

        public Task ReadyAsync() => started.Value;

        async Task StartAsync()
        {
            deployment = await Deployment.OnSharedServerAsync();
            string[] settings =
            [
                "--Contact:Challenge:Mode=optional",
                "--Contact:Challenge:MaxNumber=50",
                // Nobody answers there.
                "--Mail:Host=127.0.0.1",
                "--Mail:Port=9",
                "--Mail:Security=none",
                "--Mail:From=website@example.com",
                "--Mail:Recipients:*:0=staff@example.com",
                "--Mail:Acknowledge=true",
            ];
            One = await deployment.StartAsync(settings);
            Other = await deployment.StartAsync(settings);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var api in new[] { One, Other })
            {
                if (api is not null)
                    await api.DisposeAsync();
            }
            deployment?.Dispose();
        }
    }

    public async ValueTask InitializeAsync()
    {
        await two.ReadyAsync();
        await One.ExecuteAsync("DELETE FROM submissions; DELETE FROM acknowledged_addresses");
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task The_same_message_with_the_same_key_is_stored_once_and_both_get_the_same_receipt()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (body, key) = (Valid(("message", $"Message {round}")), NewKey());
            var receipts = await Task.WhenAll(One.ReceivedAsync(body, key), Other.ReceivedAsync(body, key));
            JsonAssert.Equal(receipts[0].ToJsonString(), receipts[1]);
        }
        Assert.Equal(Rounds, await One.CountAsync());
        Assert.Equal(Rounds, await CountDeliveriesAsync("mail"));
    }

    [Fact]
    public async Task Of_different_messages_with_the_same_key_one_is_stored()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var key = NewKey();
            await OneIsAcceptedAsync(
                One.SubmitAsync(Valid(("message", "One.")), key),
                Other.SubmitAsync(Valid(("message", "Other.")), key)
            );
        }
        Assert.Equal(Rounds, await One.CountAsync());
    }

    [Fact]
    public async Task Of_different_messages_with_the_same_solution_one_is_stored()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var solution = await (round % 2 == 0 ? One : Other).SolveChallengeAsync();
            await OneIsAcceptedAsync(
                One.SubmitAsync(Valid(("message", "One."), ("altcha", solution))),
                Other.SubmitAsync(Valid(("message", "Other."), ("altcha", solution)))
            );
        }
        Assert.Equal(Rounds, await One.CountAsync());
    }

    [Fact]
    public async Task The_same_message_with_the_same_key_and_solution_is_stored_once()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (body, key) = (Valid(("altcha", await One.SolveChallengeAsync())), NewKey());
            var receipts = await Task.WhenAll(One.ReceivedAsync(body, key), Other.ReceivedAsync(body, key));
            JsonAssert.Equal(receipts[0].ToJsonString(), receipts[1]);
        }
        Assert.Equal(Rounds, await One.CountAsync());
    }

    [Fact]
    public async Task A_message_is_released_once_and_delivered_once()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var reference = await SendAsync(One, Valid(("website", "filled in")));
            var released = await Task.WhenAll(
                One.SetStateAsync(reference, SubmissionState.Open),
                Other.SetStateAsync(reference, SubmissionState.Open)
            );
            Assert.All(released, outcome => Assert.Equal(ChangeOutcome.Done, outcome));
        }
        Assert.Equal(Rounds, await CountDeliveriesAsync("mail"));
    }

    [Fact]
    public async Task A_message_that_is_sent_again_while_it_is_erased_is_never_stored_again()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (body, key) = (Valid(("message", $"Message {round}")), NewKey());
            var receipt = await One.ReceivedAsync(body, key);
            var reference = (string)receipt["reference"]!;
            var (erasing, sending) = (EraseAsync(One, reference), Other.ReceivedAsync(body, key));
            Assert.True(await erasing);
            Assert.Equal(0, await One.CountAsync());
            JsonAssert.Equal(receipt.ToJsonString(), await sending);
            JsonAssert.Equal(receipt.ToJsonString(), await Other.ReceivedAsync(body, key));
            Assert.Equal(0, await One.CountAsync());
        }
    }

    [Fact]
    public async Task A_message_that_is_erased_twice_at_once_is_never_stored_again()
    {
        for (var round = 0; round < Rounds; round++)
        {
            var (body, key) = (Valid(("message", $"Message {round}")), NewKey());
            var reference = await SendAsync(One, body, key);
            var erased = await Task.WhenAll(EraseAsync(One, reference), EraseAsync(Other, reference));
            Assert.Single(erased, isErased => isErased);
            Assert.Equal(reference, await SendAsync(Other, body, key));
            Assert.Equal(0, await One.CountAsync());
        }
    }

    [Fact]
    public async Task An_address_gets_no_more_than_three_acknowledgements()
    {
        const int Senders = 60;
        for (var sender = 0; sender < Senders; sender++)
        {
            var body = Valid(("email", $"sender.{sender}@example.com"));
            await Task.WhenAll(
                Enumerable.Range(0, 6).Select(message => SendAsync(message % 2 == 0 ? One : Other, body))
            );
            Assert.Equal(3 * (sender + 1), await CountDeliveriesAsync("acknowledgement"));
        }
    }

    [Fact]
    public async Task Content_that_is_loaded_twice_at_once_is_there_once()
    {
        const int Loads = 30;
        string[] tables =
        [
            "locations",
            "weekly_hours",
            "weekly_periods",
            "hours_exceptions",
            "hours_exception_periods",
            "articles",
            "article_tags",
            "article_search",
        ];
        string[] versions = ["08:00", "09:00"];
        using var folder = new TempFolder();
        foreach (var opens in versions)
            WriteContent(folder.File(opens), opens);
        var loaded = new Dictionary<string, string>();
        foreach (var opens in versions)
        {
            await LoadAsync(One, folder.File(opens));
            loaded[opens] = await ReadContentAsync();
        }
        Assert.NotEqual(loaded["08:00"], loaded["09:00"]);

        for (var round = 0; round < Loads; round++)
        {
            // The same from both, or another from each: then all of it is the later one's.
            var opens = versions[round % 2];
            await Task.WhenAll(LoadAsync(One, folder.File("08:00")), LoadAsync(Other, folder.File(opens)));
            Assert.Contains(await ReadContentAsync(), round % 2 == 0 ? [loaded[opens]] : loaded.Values);
        }

        // Without the ids, which each load makes anew.
        async Task<string> ReadContentAsync()
        {
            List<string> lines = [];
            foreach (var table in tables)
            {
                var rows = await One.RowsAsync<string>(
                    $"""
                    SELECT (to_jsonb(t) - ARRAY['id', 'location_id', 'weekly_hours_id', 'hours_exception_id'])::text
                    FROM {table} t
                    """
                );
                lines.AddRange(rows.Order(StringComparer.Ordinal).Select(row => $"{table}: {row}"));
            }
            return string.Join('\n', lines);
        }
    }

    [Fact]
    public async Task What_failed_waits_again_once_when_it_is_retried_twice_at_once()
    {
        const int Failed = 20;
        for (var message = 0; message < Failed; message++)
            await SendAsync(One, Valid(("email", null), ("preferredContact", "telephone")));
        for (var round = 0; round < Rounds / 10; round++)
        {
            await One.ExecuteAsync("UPDATE outbox SET state = 'failed', claimed_by = NULL, claimed_until = ''");
            var retried = await Task.WhenAll(RetryAsync(One), RetryAsync(Other));
            Assert.Equal(Failed, retried.Sum());

            await One.ExecuteAsync("UPDATE outbox SET state = 'failed', claimed_by = NULL, claimed_until = ''");
            var delivery = await One.QueryAsync<string>("SELECT min(delivery_id) FROM outbox");
            retried = await Task.WhenAll(RetryAsync(One, delivery), RetryAsync(Other, delivery));
            Assert.Equal([0, 1], retried.Order());
        }
        Assert.Equal(Failed, await CountDeliveriesAsync("mail"));

        static Task<int> RetryAsync(ApiFactory api, string? delivery = null) =>
            api.App.Services.GetRequiredService<OutboxStore>().RetryAsync(delivery, Now, default);
    }

    static (string, string) NewKey() => ("Idempotency-Key", $"\"{Guid.NewGuid()}\"");

    static async Task<string> SendAsync(ApiFactory api, JsonNode body, params (string, string)[] headers) =>
        (string)(await api.ReceivedAsync(body, headers))["reference"]!;

    static Task<bool> EraseAsync(ApiFactory api, string reference) => api.EraseAsync(reference);

    static Task LoadAsync(ApiFactory api, string folder) =>
        api.App.Services.GetRequiredService<SeedLoader>().LoadAsync(folder, default);

    Task<long> CountDeliveriesAsync(string channel) =>
        One.QueryAsync<long>("SELECT count(*) FROM outbox WHERE channel = @channel", new { channel });

    static async Task OneIsAcceptedAsync(params Task<HttpResponseMessage>[] sending)
    {
        var answers = await Task.WhenAll(sending);
        Assert.Equal(
            [HttpStatusCode.Created, HttpStatusCode.UnprocessableEntity],
            answers.Select(answer => answer.StatusCode).Order()
        );
        foreach (var answer in answers)
            answer.Dispose();
    }

    static void WriteContent(string folder, string opens)
    {
        Directory.CreateDirectory(Path.Combine(folder, "articles"));
        foreach (var article in Directory.EnumerateFiles(Path.Combine(SeedFolder.Default, "articles")))
        {
            var text = File.ReadAllText(article)
                .Replace("tags: [", $"tags: [at-{opens[..2]}, ", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(folder, "articles", Path.GetFileName(article)), text);
        }
        var clinic = File.ReadAllText(Path.Combine(SeedFolder.Default, "clinic.yaml"));
        File.WriteAllText(
            Path.Combine(folder, "clinic.yaml"),
            clinic
                .Replace("08:00-17:00", $"{opens}-17:00", StringComparison.Ordinal)
                .Replace(
                    "  timeZone: America/Chicago\n",
                    $$"""
                      timeZone: America/Chicago
                      exceptions:
                        - { when: every 12-25, reason: Christmas Day, closed: true }
                        - { when: every 12-24, reason: Christmas Eve, periods: [{{opens}}-12:00] }

                    """,
                    StringComparison.Ordinal
                )
        );
    }
}
