using System.Text.Json.Nodes;
using Api.CommandLine;
using Api.Contact.Inbox;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class SpamTests
{
    static readonly string[] Notified =
    [
        "--Mail:Host=127.0.0.1",
        "--Mail:Port=1",
        "--Mail:From=website@example.com",
        "--Mail:Recipients:*:0=staff@example.com",
    ];

    public static TheoryData<string, string?> Signs =>
        new()
        {
            { """{ "website": "https://spam.example" }""", "honeypot" },
            { """{ "website": true }""", "honeypot" },
            { """{ "website": { } }""", "honeypot" },
            { """{ "website": 0 }""", "honeypot" },
            { """{ "website": "" }""", null },
            { """{ "website": "  " }""", null },
            { """{ "website": "\u0020\t\n\u00a0" }""", null },
            { """{ "website": "\\" }""", "honeypot" },
            { """{ "website": null }""", null },
            { """{ "website": false }""", null },
            { """{ "secondsToFill": 2.9 }""", "tooFast" },
            { """{ "secondsToFill": 3 }""", null },
            { """{ "secondsToFill": 90000 }""", null },
            { """{ "message": "a http://a.example b https://b.example c www.c.example" }""", null },
            {
                """{ "message": "a http://a.example b https://b.example c www.c.example d HTTP://d.example" }""",
                "tooManyLinks"
            },
            { """{ "message": "https://www.a.example http://www.b.example HTTPS://WWW.c.example" }""", null },
            {
                """{ "message": "https://www.a.example http://www.b.example HTTPS://WWW.c.example www.d.example" }""",
                "tooManyLinks"
            },
            {
                """{ "message": "sam@www.a.example www.sam@b.example www.c@d.example sam.www.e@example.com (www.f-g@h.example) <www.i@j.example> mailto:www.k@l.example" }""",
                null
            },
            {
                """{ "message": "sam@example.com sam@example.org sam@example.net sam@example.edu https://a.example www.b.example" }""",
                null
            },
            {
                """{ "message": "https://web.archive.example/web/2020/https://www.a.example/www.html?u=http://b.example www.c.example/@sam http://d.example/www.e" }""",
                null
            },
            { """{ "message": "a www. b www... c www d Awww. e ewww.f http s www.g.example" }""", null },
            { """{ "message": "http://a.example,http://b.example;http://c.example|www.d.example" }""", "tooManyLinks" },
            {
                """{ "message": "[url=http://a.example]http://a.example[/url]<a href=\"http://b.example\">http://b.example</a>" }""",
                "tooManyLinks"
            },
            {
                """{ "message": "(www.a.example)(www.b.example)(https://www.c.example)(https://d.example/www)" }""",
                "tooManyLinks"
            },
            {
                """{ "name": "http://a.example", "message": "http://b.example http://c.example http://d.example" }""",
                "tooManyLinks"
            },
            {
                """{ "website": "x", "secondsToFill": 0, "message": "http:// http:// http:// http://" }""",
                "honeypot,tooFast,tooManyLinks"
            },
        };

    [Theory]
    [MemberData(nameof(Signs))]
    public async Task Spam_is_quarantined_with_its_reason_and_answered_like_any_other_message(
        string changes,
        string? reason
    )
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(Notified));
        var receipt = await api.ReceivedAsync(
            Valid([.. JsonNode.Parse(changes)!.AsObject().Select(change => (change.Key, change.Value?.DeepClone()))])
        );
        Assert.Equal(7, receipt.Count);
        Assert.Equal(reason, await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions"));
        // Nobody is told of spam.
        Assert.Equal(reason is null ? 1 : 0, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task A_quarantined_message_can_be_released_once_and_is_then_delivered()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(Notified));
        var reference = (string)(await api.ReceivedAsync(Valid(("website", "x"))))["reference"]!;
        Assert.Equal(
            [("honeypot", reference)],
            (await api.ListAsync(SubmissionState.Spam)).Select(s => (s.QuarantinedFor, s.Reference))
        );
        Assert.Empty(await api.ListAsync(SubmissionState.New, SubmissionState.Open));

        Assert.Equal(ChangeOutcome.Done, await api.SetStateAsync(reference, SubmissionState.Open));
        Assert.Equal(1, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
        Assert.Empty(await api.ListAsync(SubmissionState.Spam));
        Assert.Equal(
            [reference],
            (await api.ListAsync(SubmissionState.New, SubmissionState.Open)).Select(s => s.Reference)
        );

        Assert.Equal(ChangeOutcome.Done, await api.SetStateAsync(reference, SubmissionState.Open));
        Assert.Equal(ChangeOutcome.NotFound, await api.SetStateAsync("0000-0000-0000", SubmissionState.Open));
        Assert.Equal(1, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task The_number_of_messages_in_quarantine_is_in_the_health_report_the_metrics_and_the_list()
    {
        await using var api = await ApiFactory.StartAsync();
        Dictionary<string, int> gauges = [];
        var meters = api.App.Services.GetRequiredService<System.Diagnostics.Metrics.IMeterFactory>();
        using var listener = new System.Diagnostics.Metrics.MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Clinic" && instrument.Meter.Scope == meters)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => gauges[instrument.Name] = value);
        listener.Start();

        var honest = (string)(await api.ReceivedAsync(Valid()))["reference"]!;
        await ToldAsync(0, "");
        var first = (string)(await api.ReceivedAsync(Valid(("website", "x"))))["reference"]!;
        await ToldAsync(1, "1 message is in quarantine: submissions list quarantine shows it.\n");
        await api.ReceivedAsync(Valid(("secondsToFill", 0)));
        await ToldAsync(2, "2 messages are in quarantine: submissions list quarantine shows them.\n");
        await api.SetStateAsync(first, SubmissionState.Open);
        await ToldAsync(1, "1 message is in quarantine: submissions list quarantine shows it.\n");
        await api.EraseAsync(honest);
        await ToldAsync(1, "1 message is in quarantine: submissions list quarantine shows it.\n");

        async Task ToldAsync(int count, string line)
        {
            var health = await api.GetAsync("/health/outbox");
            Assert.Equal(("ok", count), ((string?)health["status"], (int)health["quarantined"]!));
            await using var output = new StringWriter();
            await SubmissionCommands.ListAsync(api.App, quarantined: false, output, default);
            Assert.Equal(
                line,
                string.Concat(
                    output
                        .ToString()
                        .ReplaceLineEndings("\n")
                        .Split('\n')
                        .Where(text => text.Contains("quarantine", StringComparison.Ordinal))
                        .Select(text => text + "\n")
                )
            );
            using var patience = new CancellationTokenSource(Outbox.OutboxApi.Patience);
            while (gauges.GetValueOrDefault("clinic.submissions.quarantined", -1) != count)
            {
                Assert.False(patience.IsCancellationRequested);
                api.Clock.Advance(TimeSpan.FromSeconds(1));
                listener.RecordObservableInstruments();
                await Task.Delay(1);
            }
        }
    }

    [Fact]
    public async Task The_field_and_the_limits_are_those_of_the_configuration()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Contact:Honeypot=fax",
                "--Contact:MinimumSeconds=0",
                "--Contact:MaximumLinks=100",
            ])
        );
        Assert.Equal("fax", (string?)(await api.GetAsync("/v1/contact-form"))["honeypot"]);
        await api.ReceivedAsync(Valid(("fax", "x")));
        Assert.Equal("honeypot", await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions"));
        await api.ReceivedAsync(
            Valid(("secondsToFill", 0), ("message", string.Join(' ', Enumerable.Repeat("http://a.example", 50))))
        );
        Assert.Null(await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions ORDER BY id DESC LIMIT 1"));
        using var response = await api.SubmitAsync(Valid(("website", "x")));
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "pointer": "#/website", "detail": "There is no such member here." }]"""
        );
    }
}
