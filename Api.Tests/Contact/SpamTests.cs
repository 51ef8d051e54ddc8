using System.Text.Json.Nodes;
using NodaTime.Extensions;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class SpamTests
{
    static readonly string[] Notified = ["--Mail:Host=127.0.0.1", "--Mail:Port=1", "--Mail:From=website@example.com", "--Mail:Recipients:*:0=staff@example.com"];

    public static TheoryData<string, string?> Signs => new()
    {
        { """{ "website": "https://spam.example" }""", "honeypot" },
        { """{ "website": true }""", "honeypot" },
        { """{ "website": { } }""", "honeypot" },
        { """{ "website": 0 }""", "honeypot" },
        { """{ "website": "" }""", null },
        { """{ "website": "  " }""", null },
        { """{ "website": null }""", null },
        { """{ "website": false }""", null },
        { """{ "secondsToFill": 2.9 }""", "tooFast" },
        { """{ "secondsToFill": 3 }""", null },
        { """{ "secondsToFill": 90000 }""", null },
        { """{ "message": "a http://a.example b https://b.example c www.c.example" }""", null },
        { """{ "message": "a http://a.example b https://b.example c www.c.example d HTTP://d.example" }""", "tooManyLinks" },
        { """{ "name": "http://a.example", "message": "http://b.example http://c.example http://d.example" }""", "tooManyLinks" },
        { """{ "website": "x", "secondsToFill": 0, "message": "http:// http:// http:// http://" }""", "honeypot,tooFast,tooManyLinks" },
    };

    [Theory]
    [MemberData(nameof(Signs))]
    public async Task What_is_caught_is_set_aside_with_its_reason_and_answered_as_any_other(string changes, string? reason)
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(Notified));
        var receipt = await api.ReceivedAsync(Valid([.. JsonNode.Parse(changes)!.AsObject().Select(change => (change.Key, change.Value?.DeepClone()))]));
        Assert.Equal(7, receipt.Count);
        Assert.Equal(reason, await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions"));
        // Nobody is told of spam.
        Assert.Equal(reason is null ? 1 : 0, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task What_was_caught_can_be_released_once_and_is_then_delivered_as_any_other()
    {
        await using var api = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(Notified));
        var reference = (string)(await api.ReceivedAsync(Valid(("website", "x"))))["reference"]!;
        Assert.Equal([("honeypot", reference)], (await api.Submitted().ListAsync(quarantined: true, 10, default)).Select(s => (s.QuarantinedFor, s.Reference)));
        Assert.Empty(await api.Submitted().ListAsync(quarantined: false, 10, default));

        Assert.True(await api.Submitted().ReleaseAsync(reference, api.Clock.GetCurrentInstant(), default));
        Assert.Equal(1, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
        Assert.Empty(await api.Submitted().ListAsync(quarantined: true, 10, default));
        Assert.Equal([reference], (await api.Submitted().ListAsync(quarantined: false, 10, default)).Select(s => s.Reference));

        Assert.False(await api.Submitted().ReleaseAsync(reference, api.Clock.GetCurrentInstant(), default));
        Assert.False(await api.Submitted().ReleaseAsync("0000-0000-0000", api.Clock.GetCurrentInstant(), default));
        Assert.Equal(1, await api.QueryAsync<long>("SELECT count(*) FROM outbox"));
    }

    [Fact]
    public async Task The_field_and_the_limits_are_those_of_the_configuration()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange(["--Contact:Honeypot=fax", "--Contact:MinimumSeconds=0", "--Contact:MaximumLinks=100"]));
        Assert.Equal("fax", (string?)(await api.GetAsync("/v1/contact-form"))["honeypot"]);
        await api.ReceivedAsync(Valid(("fax", "x")));
        Assert.Equal("honeypot", await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions"));
        await api.ReceivedAsync(Valid(("secondsToFill", 0), ("message", string.Join(' ', Enumerable.Repeat("http://a.example", 50)))));
        Assert.Null(await api.QueryAsync<string?>("SELECT quarantined_for FROM submissions ORDER BY id DESC LIMIT 1"));
        using var response = await api.SubmitAsync(Valid(("website", "x")));
        await JsonAssert.ProblemAsync(response, 422, "invalid", errors: """[{ "pointer": "#/website", "detail": "There is no such member here." }]""");
    }
}
