using System.Diagnostics.Metrics;
using System.Net;
using Api.CommandLine;
using Api.Outbox;
using Api.Tests.Contact;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Outbox;

public sealed class OutboxTests
{
    static readonly string Secret = OutboxApi.NewSecret();

    [Theory]
    [InlineData("submissions", false), InlineData("outbox", false)]
    [InlineData("outbox", true), InlineData("acknowledged_addresses", true)]
    public async Task A_message_is_stored_with_its_deliveries_or_not_at_all(string refusing, bool acknowledge)
    {
        await using var server = new FaultyMailServer();
        await using var api = await OutboxApi.StartAsync([
            .. OutboxApi.Mail(server),
            $"--Mail:Acknowledge={acknowledge}",
            "--Contact:Challenge:Mode=optional",
        ]);
        var messages = new[] { Submissions.Valid(), Submissions.Valid(("altcha", await api.SolveChallengeAsync())) };
        await using (await api.RefuseAsync($"INSERT ON {refusing}"))
        {
            foreach (var message in messages)
            {
                using var response = await api.SubmitAsync(message);
                Assert.Equal(HttpStatusCode.InternalServerError, response.StatusCode);
            }
            Assert.Equal(0, await api.CountAsync());
        }
        // The challenge is still valid.
        foreach (var message in messages)
            await api.ReceivedAsync(message);
        Assert.Equal(2, await api.CountAsync());
        Assert.Equal(acknowledge ? 4 : 2, (await api.RowsAsync()).Length);
    }

    [Fact]
    public async Task A_delivery_whose_last_attempt_fails_is_reported_and_can_be_sent_again()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        JsonAssert.Equal(
            """{ "status": "ok", "waiting": 0, "failed": 0, "oldestWaitingSince": null, "failedAcknowledgements": 0, "quarantined": 0 }""",
            await api.GetAsync("/health/outbox")
        );
        var reference = await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        JsonAssert.Equal(
            """{ "status": "ok", "waiting": 1, "failed": 0, "oldestWaitingSince": "2026-07-01T12:00:00Z", "failedAcknowledgements": 0, "quarantined": 0 }""",
            await api.GetAsync("/health/outbox")
        );

        // The longest delays of the plan; a shorter jump must not do.
        double[] hours = [5 / 3600d, 5 / 60d, 0.5, 2, 5, 10, 14, 20, 24];
        for (var attempts = 2; attempts <= 10; attempts++)
        {
            api.Clock.Advance(TimeSpan.FromHours(hours[attempts - 2] * 1.101));
            await api.UntilAsync(rows => rows[0].Attempts == attempts);
            if (attempts == 5)
                JsonAssert.Equal(
                    """{ "status": "failing", "waiting": 1, "failed": 0, "oldestWaitingSince": "2026-07-01T12:00:00Z", "failedAcknowledgements": 0, "quarantined": 0 }""",
                    await api.GetAsync("/health/outbox")
                );
        }
        var row = Assert.Single(await api.RowsAsync());
        Assert.Equal(("failed", 10, "the mail server cannot be reached"), row.Outcome);
        JsonAssert.Equal(
            """{ "status": "failing", "waiting": 0, "failed": 1, "oldestWaitingSince": null, "failedAcknowledgements": 0, "quarantined": 0 }""",
            await api.GetAsync("/health/outbox")
        );
        JsonAssert.Equal("""{ "status": "ok" }""", await api.GetAsync("/health/ready"));

        server.Behave();
        Assert.Equal(
            $"{row.DeliveryId}  failed  {reference}  mail  {OutboxApi.FrontDesk}  10 attempts  the mail server cannot be reached\n",
            await SaidAsync(output => OutboxCommands.ListAsync(api.App.Services, output, default))
        );
        await Assert.ThrowsAsync<StartupFault>(() =>
            OutboxCommands.RetryAsync(api.App.Services, "another", TextWriter.Null, default)
        );
        Assert.Equal(
            "1 delivery waits again; a running server sends them within seconds.\n",
            await SaidAsync(output => OutboxCommands.RetryAsync(api.App.Services, row.DeliveryId, output, default))
        );
        // The command is another process as a rule, and wakes up nobody.
        Assert.Equal(
            (row.DeliveryId, "delivered", 1),
            Assert.Single(
                (await api.DeliveredAsync(1, step: OutboxApi.Step)).Select(row =>
                    (row.DeliveryId, row.State, row.Attempts)
                )
            )
        );
        Assert.Single(await server.TakenAsync(1));
        Assert.Equal(
            "Nothing waits, and nothing failed.\n",
            await SaidAsync(output => OutboxCommands.ListAsync(api.App.Services, output, default))
        );
    }

    static async Task<string> SaidAsync(Func<TextWriter, Task<int>> command)
    {
        await using var output = new StringWriter();
        Assert.Equal(0, await command(output));
        return output.ToString().ReplaceLineEndings("\n");
    }

    [Fact]
    public async Task Retries_continue_after_a_restart()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Refuse();
        string due;
        await using (var api = await OutboxApi.StartOnAsync(folder, OutboxApi.Mail(server)))
        {
            await api.PostAsync();
            await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
            api.Clock.Advance(TimeSpan.FromSeconds(6));
            due = (await api.UntilAsync(rows => rows is [{ Attempts: 2 }]))[0].DueAt;
            await api.App.StopAsync();
        }
        server.Behave();
        await using var again = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                $"--Database:Folder={folder.Path}",
                $"--Keys:Folder={folder.Keys}",
                .. OutboxApi.Mail(server),
            ]);
            factory.Clock.Advance(TimeSpan.FromSeconds(10));
        });
        // Another is delivered meanwhile, so the worker has looked; this one is not due.
        await again.PostAsync();
        var rows = await again.UntilAsync(rows => rows is [_, { State: "delivered" }]);
        Assert.Equal(("waiting", 2, due), (rows[0].State, rows[0].Attempts, rows[0].DueAt));
        again.Clock.Advance(TimeSpan.FromMinutes(5.6));
        Assert.Equal(3, (await again.DeliveredAsync(2))[0].Attempts);
    }

    [Fact]
    public async Task A_delivery_that_could_not_be_recorded_is_repeated_with_the_same_id_only_after_the_next_start()
    {
        using var folder = new TempFolder();
        await using var receiver = await WebhookReceiver.StartAsync(Instant.FromDateTimeOffset(ApiFactory.Now), Secret);
        await using (var api = await OutboxApi.StartOnAsync(folder, OutboxApi.Webhook("crm", receiver.Url, Secret)))
        {
            var refusal = await api.RefuseAsync("UPDATE OF state ON outbox");
            await api.PostAsync();
            await receiver.ReceivedAsync(1);
            using var patience = new CancellationTokenSource(OutboxApi.Patience);
            while (!api.Log.Text.Contains("cannot be recorded", StringComparison.Ordinal))
                await Task.Delay(1, patience.Token);
            api.Clock.Advance(TimeSpan.FromMinutes(5));
            Assert.Equal(("waiting", 0, null), Assert.Single(await api.RowsAsync()).Outcome);
            await api.App.StopAsync();
            Assert.Single(await receiver.ReceivedAsync(1));
            await refusal.DisposeAsync();
        }
        await using var again = await OutboxApi.StartOnAsync(folder, OutboxApi.Webhook("crm", receiver.Url, Secret));
        await again.DeliveredAsync(1);
        var calls = await receiver.ReceivedAsync(2);
        Assert.Equal((calls[0].Id, calls[0].Body), (calls[1].Id, calls[1].Body));
    }

    [Fact]
    public async Task A_result_that_could_not_be_recorded_is_recorded_later_and_nothing_is_delivered_twice()
    {
        await using var receiver = await WebhookReceiver.StartAsync(Instant.FromDateTimeOffset(ApiFactory.Now), Secret);
        await using var api = await OutboxApi.StartAsync(OutboxApi.Webhook("crm", receiver.Url, Secret));
        var refusal = await api.RefuseAsync("UPDATE OF state ON outbox");
        await api.PostAsync();
        using var patience = new CancellationTokenSource(OutboxApi.Patience);
        while (!api.Log.Text.Contains("cannot be recorded", StringComparison.Ordinal))
            await Task.Delay(1, patience.Token);
        await refusal.DisposeAsync();
        await api.UntilAsync(rows => rows is [{ State: "delivered", Attempts: 1 }], step: OutboxApi.Step);
        Assert.Single(await receiver.ReceivedAsync(1));
    }

    [Fact]
    public async Task A_clock_that_is_set_back_by_a_year_while_the_program_runs_delays_nothing()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        api.Clock.AdjustTime(ApiFactory.Now.AddYears(-1));
        await api.PostAsync();
        server.Behave();
        // It is noticed within seconds.
        await api.UntilAsync(rows => rows[0].Attempts == 2 || rows[0].DueAt == "", step: OutboxApi.Step);
        // The worker may be in the pause that it makes after a server was out of reach, which ends with the clock.
        await api.DeliveredAsync(2, step: TimeSpan.FromMilliseconds(50));
        Assert.True(api.Clock.GetUtcNow() < ApiFactory.Now.AddYears(-1).AddMinutes(10));
        Assert.Equal(2, (await server.TakenAsync(2)).Length);
        Assert.Contains("The clock was set back", api.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_was_set_back_while_the_program_was_down_delays_nothing()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using (var api = await OutboxApi.StartOnAsync(folder, OutboxApi.Mail(server)))
        {
            await api.PostAsync();
            await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
            await api.App.StopAsync();
            await api.ExecuteAsync(
                """
                INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since) SELECT 'never tried', submission_id, channel, target, waiting_since FROM outbox
                """
            );
        }
        server.Behave();
        await using var earlier = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                $"--Database:Folder={folder.Path}",
                $"--Keys:Folder={folder.Keys}",
                .. OutboxApi.Mail(server),
            ]);
            factory.Clock.AdjustTime(ApiFactory.Now.AddYears(-1));
        });
        await earlier.DeliveredAsync(2);
    }

    [Fact]
    public async Task A_backlog_of_50_000_is_read_a_little_at_a_time()
    {
        await using var api = await OutboxApi.StartAsync(
            "--Mail:Host=127.0.0.1",
            $"--Mail:Port={ApiProcess.FreePort()}",
            "--Mail:Security=None",
            "--Mail:From=website@clinic.example.com",
            $"--Mail:Recipients:*:0={OutboxApi.FrontDesk}"
        );
        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        await api.ExecuteAsync(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
            INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since)
            SELECT 'delivery ' || i, (SELECT max(id) FROM submissions), 'webhook', 'crm', '2026-07-01T11:59:00.000Z' FROM n
            """
        );
        var store = api.App.Services.GetRequiredService<OutboxStore>();
        var due = (
            await store.ClaimAsync([(Channel.Webhook, "crm")], Instant.FromDateTimeOffset(ApiFactory.Now), 32, default)
        )!.Deliveries;
        Assert.Equal(Enumerable.Range(1, 32).Select(i => $"delivery {i}"), due.Select(delivery => delivery.DeliveryId));
        Assert.Equal(
            new OutboxCounts
            {
                Waiting = 50_001,
                Failed = 0,
                OldestWaitingSince = Instant.FromUtc(2026, 7, 1, 11, 59),
                FailedAcknowledgements = 0,
            },
            await store.CountAsync(default)
        );

        // Read row by row by the list, and through an index by the worker: never sorted, never scanned.
        const string Query =
            "SELECT id FROM outbox WHERE state = 'waiting' AND channel = 'webhook' AND due_at <= '2027' ORDER BY due_at, waiting_since, id LIMIT 32";
        if (Engine.IsPostgres)
        {
            await api.ExecuteAsync("ANALYZE outbox");
            var plan = string.Join('\n', await api.RowsAsync<string>($"EXPLAIN {Query}"));
            Assert.Matches("^Limit.*\n.*Index (Only )?Scan using outbox_waiting on outbox", plan);
            Assert.DoesNotContain("Sort", plan, StringComparison.Ordinal);
        }
        else
        {
            var step = await api.RowAsync($"EXPLAIN QUERY PLAN {Query}");
            Assert.Contains("SEARCH outbox USING COVERING INDEX outbox_waiting (channel=? AND due_at<?)", step);
        }
    }

    [Fact]
    public async Task A_backlog_is_worked_off_to_its_end_over_few_connections()
    {
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using var api = await OutboxApi.StartAsync(OutboxApi.Mail(server));
        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ Attempts: 1 }]);
        await api.ExecuteAsync(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
            INSERT INTO outbox (delivery_id, submission_id, channel, target, waiting_since)
            SELECT 'delivery ' || i, (SELECT max(id) FROM submissions), 'mail', 'front.desk@clinic.example.com', '2026-07-01T12:00:00.000Z' FROM n
            """
        );
        server.Behave();
        api.Clock.Advance(TimeSpan.FromSeconds(6));
        await api.DeliveredAsync(201);
        Assert.Equal(201, (await server.TakenAsync(201)).Length);
    }

    [Fact]
    public async Task Deliveries_that_are_no_longer_configured_are_given_up_at_the_next_start()
    {
        using var folder = new TempFolder();
        await using var server = new FaultyMailServer();
        server.Refuse();
        await using (
            var api = await OutboxApi.StartOnAsync(
                folder,
                [
                    .. OutboxApi.Mail(server),
                    .. OutboxApi.Webhook("crm", new($"http://127.0.0.1:{ApiProcess.FreePort()}/"), Secret),
                ]
            )
        )
        {
            await api.PostAsync();
            await api.UntilAsync(rows => rows is [{ Attempts: 1 }, { Attempts: 1 }]);
            await api.App.StopAsync();
        }
        await using var off = await OutboxApi.StartOnAsync(folder);
        var rows = await off.UntilAsync(rows => rows.All(row => row.State == "failed"));
        Assert.All(rows, row => Assert.Equal("mail, or this webhook, is no longer configured", row.Fault));
        Assert.Equal("failing", (string?)(await off.GetAsync("/health/outbox"))["status"]);
    }

    [Fact]
    public async Task The_metrics_count_attempts_by_channel_and_outcome_and_show_waiting_and_failed_deliveries()
    {
        await using var server = new FaultyMailServer();
        await using var receiver = await WebhookReceiver.StartAsync(Instant.FromDateTimeOffset(ApiFactory.Now), Secret);
        await receiver.AnswerAsync(410);
        await using var api = await OutboxApi.StartAsync([
            .. OutboxApi.Mail(server),
            .. OutboxApi.Webhook("crm", receiver.Url, Secret),
        ]);
        var meters = api.App.Services.GetRequiredService<IMeterFactory>();
        List<string> counted = [];
        Dictionary<string, int> gauges = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Clinic" && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>(
            (instrument, value, tags, _) =>
            {
                lock (counted)
                    counted.Add(
                        $"{instrument.Name} {value} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}"
                    );
            }
        );
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => gauges[instrument.Name] = value);
        listener.Start();

        await api.PostAsync();
        await api.UntilAsync(rows => rows is [{ State: "delivered" }, { State: "failed" }]);
        string[] expected =
        [
            "clinic.outbox.deliveries 1 clinic.delivery.channel=mail clinic.delivery.outcome=delivered",
            "clinic.outbox.deliveries 1 clinic.delivery.channel=webhook clinic.delivery.outcome=failed",
        ];
        // Counted after it is marked, and shown after the next count. A count can come between the two gauges.
        using var patience = new CancellationTokenSource(OutboxApi.Patience);
        while (Shown() != (0, 1) || !expected.SequenceEqual(Counted()))
        {
            Assert.False(patience.IsCancellationRequested, string.Join('\n', Counted()));
            api.Clock.Advance(TimeSpan.FromSeconds(1));
            listener.RecordObservableInstruments();
        }

        (int? Waiting, int? Failed) Shown() => (Find("clinic.outbox.waiting"), Find("clinic.outbox.failed"));

        int? Find(string gauge) => gauges.TryGetValue(gauge, out var value) ? value : null;

        string[] Counted()
        {
            lock (counted)
                return [.. counted.Order(StringComparer.Ordinal)];
        }
    }

    [Fact]
    public async Task A_test_goes_to_every_recipient_and_webhook_and_says_what_happened()
    {
        await using var server = new FaultyMailServer();
        await using var receiver = await WebhookReceiver.StartAsync(
            Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow()),
            Secret
        );
        string[] settings =
        [
            "notify",
            "test",
            .. OutboxApi.Mail(server),
            .. OutboxApi.Webhook("crm", receiver.Url, Secret),
        ];
        var (exitCode, output, errors) = await Command.RunAsync(settings);
        Assert.Equal(
            $"""
            mail to {OutboxApi.Elsewhere}: taken by the mail server
            mail to {OutboxApi.FrontDesk}: taken by the mail server
            webhook crm: delivered

            """.ReplaceLineEndings("\n"),
            output.ReplaceLineEndings("\n")
        );
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.All(
            await server.TakenAsync(2),
            mail => Assert.Contains("Subject: Test message of the web site\r\n", mail.Text, StringComparison.Ordinal)
        );
        var call = Assert.Single(await receiver.ReceivedAsync(1));
        Assert.True(call.Verified, call.Error);
        Assert.Matches("^\\{\"type\":\"notify.test\",\"timestamp\":\"[^\"]+Z\",\"data\":\\{\\}\\}$", call.Body);

        server.Fail(SmtpStep.RcptTo, "550 5.1.1 No", only: OutboxApi.FrontDesk);
        await receiver.AnswerAsync(503);
        (exitCode, output, _) = await Command.RunAsync(settings);
        Assert.Equal(
            $"""
            mail to {OutboxApi.Elsewhere}: taken by the mail server
            mail to {OutboxApi.FrontDesk}: the mail server answered 550 to the recipient
            webhook crm: HTTP 503

            """.ReplaceLineEndings("\n"),
            output.ReplaceLineEndings("\n")
        );
        Assert.Equal(1, exitCode);

        (exitCode, output, _) = await Command.RunAsync("notify", "test");
        Assert.Equal((1, "Nothing is configured: set Mail:Host or Webhooks:Endpoints."), (exitCode, output.Trim()));
    }

    [Fact]
    [SqliteOnly("PostgreSQL creates no database by itself.")]
    public async Task The_commands_of_the_outbox_need_a_database()
    {
        using var folder = new TempFolder();
        var (exitCode, output, errors) = await Command.RunAsync("outbox", "list", $"--Database:Folder={folder.Path}");
        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith("There is no database at ", errors, StringComparison.Ordinal);
        await Command.RunAsync("migrate", $"--Database:Folder={folder.Path}");
        (exitCode, output, _) = await Command.RunAsync("outbox", "retry", $"--Database:Folder={folder.Path}");
        Assert.Equal(
            (0, "0 deliveries wait again; a running server sends them within seconds."),
            (exitCode, output.Trim())
        );
        (exitCode, _, errors) = await Command.RunAsync(
            "outbox",
            "retry",
            "0197c5d0-0000-7000-8000-000000000000",
            $"--Database:Folder={folder.Path}"
        );
        Assert.Equal(
            (1, "No delivery '0197c5d0-0000-7000-8000-000000000000' has failed: outbox list shows those that have."),
            (exitCode, errors.Trim())
        );
    }

    [Fact]
    public async Task A_signal_reaches_every_waiting_worker_and_costs_nothing_without_one()
    {
        var signal = new OutboxSignal();
        signal.Set();
        var (first, second) = (signal.NextAsync(), signal.NextAsync());
        Assert.False(first.IsCompleted || second.IsCompleted);
        signal.Set();
        await Task.WhenAll(first, second).WaitAsync(OutboxApi.Patience);
        Assert.False(signal.NextAsync().IsCompleted);

        var before = GC.GetAllocatedBytesForCurrentThread();
        var idle = new OutboxSignal();
        for (var i = 0; i < 1000; i++)
            idle.Set();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }
}
