using Api.Contact.Inbox;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class ReceiptTests
{
    [Fact]
    public async Task A_receipt_shows_whether_the_message_was_handled_and_when()
    {
        await using var api = await ApiFactory.StartAsync();
        var receipt = await api.ReceivedAsync(Valid());
        var path = $"/v1/contact-receipts/{receipt["token"]}";
        JsonAssert.Equal(
            $$"""{ "reference": "{{receipt["reference"]}}", "status": "received", "receivedAt": "2026-07-01T12:00:00Z", "handledAt": null, "handledBy": null }""",
            await api.GetAsync(path)
        );

        api.Clock.Advance(TimeSpan.FromHours(3));
        await api.SetStateAsync((string)receipt["reference"]!, SubmissionState.Handled);
        using var response = await api.SendAsync(HttpMethod.Get, path);
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        JsonAssert.Equal(
            $$"""{ "reference": "{{receipt["reference"]}}", "status": "handled", "receivedAt": "2026-07-01T12:00:00Z", "handledAt": "2026-07-01T15:00:00Z", "handledBy": null }""",
            await api.GetAsync(path)
        );
        // Once: the time of the first answer stays.
        api.Clock.Advance(TimeSpan.FromDays(1));
        await api.SetStateAsync((string)receipt["reference"]!, SubmissionState.Handled);
        Assert.Equal("2026-07-01T15:00:00Z", (string?)(await api.GetAsync(path))["handledAt"]);
    }

    [Fact]
    public async Task A_receipt_in_quarantine_looks_like_any_other()
    {
        await using var api = await ApiFactory.StartAsync();
        var receipt = await api.ReceivedAsync(Valid(("website", "https://spam.example")));
        Assert.Equal("received", (string?)(await api.GetAsync($"/v1/contact-receipts/{receipt["token"]}"))["status"]);
    }

    [Fact]
    public async Task A_wrong_token_is_a_404_whatever_is_wrong_with_it()
    {
        await using var api = await ApiFactory.StartAsync();
        var token = (string)(await api.ReceivedAsync(Valid()))["token"]!;
        string[] wrong =
        [
            .. Enumerable
                .Range(0, token.Length)
                .Select(at => token[..at] + (token[at] == '0' ? '1' : '0') + token[(at + 1)..]),
            token[..^1],
            token + "0",
            token.ToUpperInvariant(),
            "x",
            "000000000000" + new string('0', 32),
            new string('é', 44),
            new string('x', 5000),
            token[..12],
        ];
        foreach (var other in wrong)
        {
            using var response = await api.SendAsync(HttpMethod.Get, $"/v1/contact-receipts/{other}");
            await JsonAssert.ProblemAsync(response, 404, "not-found", "There is no such receipt.");
        }
        await api.GetAsync($"/v1/contact-receipts/{token}");
    }

    [Fact]
    public async Task An_erased_message_no_longer_has_a_receipt()
    {
        await using var api = await ApiFactory.StartAsync();
        var receipt = await api.ReceivedAsync(Valid());
        Assert.True(await api.EraseAsync((string)receipt["reference"]!));
        await api.GetAsync($"/v1/contact-receipts/{receipt["token"]}", 404);
    }

    [Theory]
    // A Wednesday, 7 am in Jonesboro, and in the middle of the day.
    [InlineData("2026-07-01T12:00:00Z", 18, "2026-07-02T22:00:00Z", true)]
    [InlineData("2026-07-01T15:00:00Z", 1, "2026-07-01T16:00:00Z", false)]
    [InlineData("2026-07-01T21:30:00Z", 1, "2026-07-02T13:30:00Z", false)]
    // A Friday evening; Saturday and Sunday do not count.
    [InlineData("2026-07-03T22:00:00Z", 9, "2026-07-06T22:00:00Z", true)]
    // The clocks are set back in the night to Sunday, November 1st: Monday begins an hour later by UTC.
    [InlineData("2026-10-30T21:00:00Z", 2, "2026-11-02T15:00:00Z", false)]
    [InlineData("2026-07-01T12:00:00Z", 0, null, true)]
    [InlineData("2026-07-01T12:00:00Z", 0.5, "2026-07-01T13:30:00Z", true)]
    public async Task The_time_to_an_answer_is_counted_in_opening_hours(
        string now,
        double hours,
        string? replyBy,
        bool afterHours
    )
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add(FormattableString.Invariant($"--Contact:ReplyWithinOpenHours={hours}"))
        );
        api.Clock.AdjustTime(DateTimeOffset.Parse(now, System.Globalization.CultureInfo.InvariantCulture));
        var receipt = await api.ReceivedAsync(Valid());
        Assert.Equal(replyBy, (string?)receipt["replyBy"]);
        Assert.Equal(afterHours, (bool?)receipt["afterHours"]);
    }

    [Fact]
    public async Task Without_known_hours_no_answer_is_promised()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync("DELETE FROM weekly_hours");
        var receipt = await api.ReceivedAsync(Valid());
        Assert.Null(receipt["replyBy"]);
        Assert.Null(receipt["afterHours"]);
    }

    [Fact]
    public async Task Notices_are_those_of_the_configuration_in_the_senders_language()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Contact:Notices:es:Emergency=Llame.",
                "--Contact:Notices:es:Privacy=Privado.",
            ])
        );
        var receipt = await api.ReceivedAsync(Valid(), ("Accept-Language", "es"), ("Idempotency-Key", "\"a\""));
        JsonAssert.Equal("""{ "emergency": "Llame.", "privacy": "Privado." }""", receipt["notices"]);
        // Whoever asks again is answered the same.
        JsonAssert.Equal(
            receipt.ToJsonString(),
            await api.ReceivedAsync(Valid(), ("Accept-Language", "en"), ("Idempotency-Key", "\"a\""))
        );
    }
}
