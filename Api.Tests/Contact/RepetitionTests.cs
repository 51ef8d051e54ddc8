using System.Net;
using System.Text.Json.Nodes;
using Api.Contact.Housekeeping;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

/// <summary>What was acknowledged is answered the same again, whatever has happened since.</summary>
public sealed class RepetitionTests
{
    static readonly (string, string) Key = ("Idempotency-Key", "\"a key\"");

    static Task<ApiFactory> StartAsync(params string[] settings) =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Contact:Limits:PerClient:Requests=5",
                "--Contact:Limits:Overall:Requests=1000",
                .. settings,
            ])
        );

    static async Task<(string Body, string? Location)> AnswerAsync(
        ApiFactory api,
        JsonNode body,
        params (string, string)[] headers
    )
    {
        using var response = await api.SubmitAsync(body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Created, $"{response.StatusCode} {text}");
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
        Assert.Empty(response.Content.Headers.ContentLanguage);
        Assert.Null(response.Headers.RetryAfter);
        return (text, response.Headers.Location?.ToString());
    }

    [Fact]
    public async Task A_repetition_is_answered_when_the_limit_is_reached_and_uses_up_none_of_it()
    {
        await using var api = await StartAsync();
        var first = await AnswerAsync(api, Valid(), Key);
        for (var i = 0; i < 20; i++)
            Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
        for (var i = 0; i < 4; i++)
            await api.ReceivedAsync(Valid(("message", $"Another, {i}.")));
        using (var sixth = await api.SubmitAsync(Valid(("message", "One too many."))))
            Assert.Equal(HttpStatusCode.TooManyRequests, sixth.StatusCode);
        for (var i = 0; i < 20; i++)
            Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
        Assert.Equal(5, await api.CountAsync());
    }

    [Fact]
    public async Task A_repetition_is_answered_when_the_overall_limit_is_reached()
    {
        await using var api = await StartAsync("--Contact:Limits:Overall:Requests=1");
        var first = await AnswerAsync(api, Valid(), Key);
        using (var second = await api.SubmitAsync(Valid()))
            Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
    }

    public static TheoryData<string> Changes =>
        [
            "UPDATE locations SET closed_for_good_on = '2026-07-01' WHERE slug = 'jonesboro'",
            "UPDATE submissions SET handled_at = '2026-07-01T12:00:30.000Z'",
            "DELETE FROM weekly_hours",
        ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task A_repetition_is_answered_whatever_has_changed_in_the_database(string change)
    {
        await using var api = await StartAsync();
        var first = await AnswerAsync(api, Valid(), Key);
        await api.ExecuteAsync(change);
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        for (var i = 0; i < 10; i++)
            Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
        Assert.Equal(1, await api.CountAsync());
    }

    [Theory]
    [
        InlineData("--Contact:MessageMaxLength=5"),
        InlineData("--Contact:Challenge:Mode=required"),
        InlineData("--Contact:Limits:Overall:Requests=1"),
        InlineData("--Contact:MaximumLinks=0")
    ]
    public async Task A_repetition_is_answered_whatever_the_settings_say_since_a_restart(string setting)
    {
        await using var api = await StartAsync();
        var first = await AnswerAsync(api, Valid(), Key);
        await using var restarted = await StartAsync(
            $"--Database:Folder={api.Folder.Path}",
            $"--Keys:Folder={api.Folder.Keys}",
            setting
        );
        for (var i = 0; i < 10; i++)
            Assert.Equal(first, await AnswerAsync(restarted, Valid(), Key));
        Assert.Equal(1, await restarted.CountAsync());
    }

    [Fact]
    public async Task A_repetition_is_answered_while_nothing_can_be_written()
    {
        await using var api = await StartAsync();
        var first = await AnswerAsync(api, Valid(), Key);
        await using var refusal = await api.RefuseAsync("INSERT ON submissions");
        using (var other = await api.SubmitAsync(Valid(), ("Idempotency-Key", "\"another\"")))
            Assert.True((int)other.StatusCode >= 500);
        Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
    }

    [Theory]
    [
        InlineData("message", "\"Another message.\""),
        InlineData("telephone", "\"call me\""),
        InlineData("telephone", "null"),
        InlineData("consent", "false"),
        InlineData("message", "\"\"")
    ]
    [InlineData("name", "5"), InlineData("fax", "\"x\""), InlineData("location", "\"nowhere\"")]
    public async Task Another_message_under_the_same_key_gets_no_receipt_before_or_after_the_limit(
        string member,
        string value
    )
    {
        await using var api = await StartAsync();
        await AnswerAsync(api, Valid(), Key);
        using (var before = await api.SubmitAsync(Valid((member, JsonNode.Parse(value))), Key))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, before.StatusCode);
        for (var i = 0; i < 4; i++)
            await api.ReceivedAsync(Valid(("message", $"Another, {i}.")));
        using (var after = await api.SubmitAsync(Valid((member, JsonNode.Parse(value))), Key))
            Assert.Equal(HttpStatusCode.TooManyRequests, after.StatusCode);
        Assert.Equal(5, await api.CountAsync());
    }

    [Fact]
    public async Task Nobody_can_guess_what_was_sent_under_a_key()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Valid(), Key);
        for (var i = 0; i < 5; i++)
        {
            using var guess = await api.SubmitAsync(Valid(("message", $"Guess {i}.")), Key);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, guess.StatusCode);
        }
        // Now the right one is answered as a wrong one. Whoever has sent it can send it under another key.
        using (var right = await api.SubmitAsync(Valid(), Key))
            await JsonAssert.ProblemAsync(
                right,
                422,
                "invalid",
                "This key was sent before with another message: make a new one for each message."
            );
        await api.ReceivedAsync(Valid(), ("Idempotency-Key", "\"another\""));
        api.Clock.Advance(TimeSpan.FromHours(1));
        await api.ReceivedAsync(Valid(), Key);
        Assert.Equal(2, await api.CountAsync());
    }

    [Fact]
    public async Task A_malformed_key_is_reported_before_a_broken_rule()
    {
        await using var api = await StartAsync();
        using var response = await api.SubmitAsync(Valid(("message", "")), ("Idempotency-Key", "no quotes"));
        await JsonAssert.ProblemAsync(
            response,
            400,
            "malformed",
            "Idempotency-Key must be a text in double quotes of at most 255 characters, or a UUID."
        );
    }

    [Fact]
    public async Task A_message_whose_predecessor_under_the_key_was_erased_is_stored_once()
    {
        await using var api = await StartAsync("--Contact:Limits:PerClient:Requests=0");
        List<string> references = [];
        for (var day = 0; day < 4; day++)
        {
            references.Add((string)(await api.ReceivedAsync(Valid(), Key))["reference"]!);
            api.Clock.Advance(TimeSpan.FromHours(24));
        }
        var last = await AnswerAsync(api, Valid(), Key);
        foreach (var erased in new[] { 0, 2, 3, 1 })
        {
            Assert.True(await api.EraseAsync(references[erased]));
            Assert.Equal(last, await AnswerAsync(api, Valid(), Key));
            using var other = await api.SubmitAsync(Valid(("message", "Another.")), Key);
            Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        }
        Assert.Equal(1, await api.CountAsync());
        // And so for ever: what is forgotten of the erased ones is not that they were there.
        for (var day = 0; day < 3; day++)
        {
            api.Clock.Advance(TimeSpan.FromHours(24));
            var next = await AnswerAsync(api, Valid(), Key);
            api.Clock.Advance(TimeSpan.FromHours(2));
            Assert.Equal(next, await AnswerAsync(api, Valid(), Key));
            Assert.Equal(2 + day, await api.CountAsync());
        }
    }

    [Fact]
    public async Task An_erased_message_is_answered_as_before_while_its_key_is_remembered_and_is_not_stored_again()
    {
        await using var api = await StartAsync();
        var first = await AnswerAsync(api, Valid(), Key);
        Assert.True(await api.EraseAsync((string)JsonNode.Parse(first.Body)!["reference"]!));
        Assert.Equal(first, await AnswerAsync(api, Valid(), Key));
        using (var other = await api.SubmitAsync(Valid(("message", "Another.")), Key))
            Assert.Equal(HttpStatusCode.UnprocessableEntity, other.StatusCode);
        Assert.Equal(0, await api.CountAsync());
        await api.GetAsync(first.Location!, 404);
        Assert.Null(await api.Submitted().FindAsync((string)JsonNode.Parse(first.Body)!["reference"]!, default));

        api.Clock.Advance(TimeSpan.FromHours(24));
        Assert.NotEqual(first.Body, (await AnswerAsync(api, Valid(), Key)).Body);
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task After_its_key_expires_an_erased_message_leaves_only_the_fact_that_the_key_was_used()
    {
        await using var api = await StartAsync();
        var reference = (string)(await api.ReceivedAsync(Valid(), Key))["reference"]!;
        await api.EraseAsync(reference);
        api.Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(
            0,
            await api.App.Services.GetRequiredService<HousekeepingStore>().ForgetErasedAsync(KeysSince(), default)
        );
        api.Clock.Advance(TimeSpan.FromHours(1));
        await api.App.Services.GetRequiredService<HousekeepingStore>().ForgetErasedAsync(KeysSince(), default);
        Assert.Equal(
            1,
            await api.QueryAsync<long>(
                "SELECT count(*) FROM erased_submissions WHERE fingerprint_hash IS NULL AND location_id IS NULL AND reply_by IS NULL AND after_hours IS NULL AND language IS NULL"
            )
        );

        NodaTime.Instant KeysSince() =>
            NodaTime.Instant.FromDateTimeOffset(api.Clock.GetUtcNow()) - NodaTime.Duration.FromHours(24);
    }
}
