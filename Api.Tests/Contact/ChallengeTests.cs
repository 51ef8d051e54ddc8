using System.Net;
using System.Text.Json.Nodes;
using Api.Contact;
using Api.Locations;
using Microsoft.Extensions.DependencyInjection;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

/// <summary>Messages with challenges, as a front end sends them.</summary>
public sealed class ChallengeTests
{
    static Task<ApiFactory> StartAsync(string mode) =>
        ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([$"--Contact:Challenge:Mode={mode}", "--Contact:Challenge:MaxNumber=50"])
        );

    static async Task RefusedAsync(ApiFactory api, JsonObject body, string detail)
    {
        var before = await api.CountAsync();
        using var response = await api.SubmitAsync(body);
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            detail,
            $$"""[{ "pointer": "#/altcha", "detail": "{{detail}}" }]"""
        );
        Assert.Equal(before, await api.CountAsync());
    }

    [Fact]
    public async Task A_required_solution_is_valid_for_one_message()
    {
        await using var api = await StartAsync("required");
        await RefusedAsync(api, Valid(), "Confirm that you are not a program: the solution of a challenge is needed.");
        var solution = await api.SolveChallengeAsync();
        await api.ReceivedAsync(Valid(("altcha", solution)));
        await RefusedAsync(
            api,
            Valid(("altcha", solution)),
            "The solution of this challenge was used before: get a new challenge."
        );
        await RefusedAsync(
            api,
            Valid(("message", "Another."), ("altcha", solution)),
            "The solution of this challenge was used before: get a new challenge."
        );
        await RefusedAsync(
            api,
            Valid(("altcha", "nonsense")),
            "The solution of the challenge is not right: get a new challenge."
        );
        await api.ReceivedAsync(Valid(("altcha", await api.SolveChallengeAsync())));
    }

    [Fact]
    public async Task Of_many_senders_with_the_same_solution_one_is_accepted()
    {
        await using var api = await StartAsync("required");
        var solution = await api.SolveChallengeAsync();
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, 30)
                .Select(i => api.SubmitAsync(Valid(("message", $"Message {i}."), ("altcha", solution))))
        );
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.Equal(29, answers.Count(answer => answer.StatusCode == HttpStatusCode.UnprocessableEntity));
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task A_challenge_is_not_spent_on_a_message_that_is_refused_or_not_stored()
    {
        await using var api = await StartAsync("required");
        var solution = await api.SolveChallengeAsync();
        using var broken = await api.SubmitAsync(Valid(("email", "nobody"), ("altcha", solution)));
        await JsonAssert.ProblemAsync(
            broken,
            422,
            "invalid",
            errors: """[{ "pointer": "#/email", "detail": "This is not an e-mail address." }]"""
        );

        await api.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        using var failed = await api.SubmitAsync(Valid(("altcha", solution)));
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await api.ExecuteAsync("ALTER TABLE away RENAME TO submissions");

        await api.ReceivedAsync(Valid(("altcha", solution)));
    }

    [Fact]
    public async Task A_challenge_is_not_spent_when_the_key_or_the_reference_is_taken()
    {
        await using var api = await StartAsync("required");
        await api.ReceivedAsync(Valid(("altcha", await api.SolveChallengeAsync())), ("Idempotency-Key", "\"a\""));
        var solution = await api.SolveChallengeAsync();
        using var taken = await api.SubmitAsync(
            Valid(("message", "Another."), ("altcha", solution)),
            ("Idempotency-Key", "\"a\"")
        );
        await JsonAssert.ProblemAsync(
            taken,
            422,
            "invalid",
            "This key was sent before with another message: make a new one for each message."
        );
        await api.ReceivedAsync(Valid(("message", "Another."), ("altcha", solution)), ("Idempotency-Key", "\"b\""));

        // Of references, which are random, only the store itself can be given one that is taken.
        var locations = await api.App.Services.GetRequiredService<LocationStore>().ListAsync(default);
        NewSubmission New(string reference) =>
            new()
            {
                Reference = reference,
                Location = locations["jonesboro"],
                ReceivedAt = NodaTime.Instant.FromUtc(2026, 7, 1, 12, 0),
                ReplyBy = null,
                AfterHours = null,
                Language = "en",
                QuarantinedFor = null,
                MailboxHash = null,
                EmailIndex = null,
                TelephoneIndex = null,
                Fingerprint = null,
                ErasedHash = null,
                Challenge = new Redemption(new byte[32], NodaTime.Instant.FromUtc(2026, 7, 1, 13, 0)),
                Sealed = [1],
                TraceParent = null,
            };
        var reference = await api.QueryAsync<string>("SELECT reference FROM submissions LIMIT 1");
        Assert.Equal((IntakeOutcome.ReferenceTaken, null), await api.Submitted().AddAsync(New(reference), default));
        Assert.Equal((IntakeOutcome.Stored, null), await api.Submitted().AddAsync(New("0000-0000-0000"), default));
        Assert.Equal(
            (IntakeOutcome.ChallengeSpent, null),
            await api.Submitted().AddAsync(New("0000-0000-0001"), default)
        );
        Assert.Equal(3, await api.CountAsync());
    }

    [Fact]
    public async Task An_expired_key_takes_a_new_message_with_a_new_solution()
    {
        await using var api = await StartAsync("required");
        await api.ReceivedAsync(Valid(("altcha", await api.SolveChallengeAsync())), ("Idempotency-Key", "\"a\""));
        api.Clock.AdjustTime(ApiFactory.Now.AddHours(24));
        await api.ReceivedAsync(
            Valid(("message", "Another."), ("altcha", await api.SolveChallengeAsync())),
            ("Idempotency-Key", "\"a\"")
        );
        Assert.Equal(2, await api.CountAsync());
    }

    [Fact]
    public async Task A_repetition_gets_the_same_answer_with_the_old_a_new_or_an_expired_solution()
    {
        await using var api = await StartAsync("required");
        var solution = await api.SolveChallengeAsync();
        var first = (await api.ReceivedAsync(Valid(("altcha", solution)), ("Idempotency-Key", "\"a\""))).ToJsonString();
        JsonAssert.Equal(first, await api.ReceivedAsync(Valid(("altcha", solution)), ("Idempotency-Key", "\"a\"")));
        JsonAssert.Equal(
            first,
            await api.ReceivedAsync(Valid(("altcha", await api.SolveChallengeAsync())), ("Idempotency-Key", "\"a\""))
        );
        api.Clock.Advance(TimeSpan.FromMinutes(61));
        JsonAssert.Equal(first, await api.ReceivedAsync(Valid(("altcha", solution)), ("Idempotency-Key", "\"a\"")));
        JsonAssert.Equal(first, await api.ReceivedAsync(Valid(), ("Idempotency-Key", "\"a\"")));
        Assert.Equal(1, await api.CountAsync());

        // Another message, or another key, finds nothing.
        using var other = await api.SubmitAsync(
            Valid(("message", "Another."), ("altcha", solution)),
            ("Idempotency-Key", "\"a\"")
        );
        await JsonAssert.ProblemAsync(other, 422, "invalid", "The challenge has expired: get a new one.");
        using var another = await api.SubmitAsync(Valid(("altcha", solution)), ("Idempotency-Key", "\"b\""));
        await JsonAssert.ProblemAsync(another, 422, "invalid", "The challenge has expired: get a new one.");
    }

    [Fact]
    public async Task An_optional_solution_may_be_missing_but_not_wrong()
    {
        await using var api = await StartAsync("optional");
        await api.ReceivedAsync(Valid());
        var solution = await api.SolveChallengeAsync();
        await api.ReceivedAsync(Valid(("altcha", solution)));
        await RefusedAsync(
            api,
            Valid(("altcha", solution)),
            "The solution of this challenge was used before: get a new challenge."
        );
        await RefusedAsync(
            api,
            Valid(("altcha", "nonsense")),
            "The solution of the challenge is not right: get a new challenge."
        );
    }

    [Fact]
    public async Task Without_challenges_a_solution_that_a_form_still_sends_is_ignored()
    {
        await using var api = await StartAsync("off");
        await api.ReceivedAsync(Valid(("altcha", "nonsense")));
        await api.GetAsync("/v1/contact-challenge", 404);
    }

    [Theory]
    [
        InlineData("off", null, false),
        InlineData("optional", "/v1/contact-challenge", false),
        InlineData("required", "/v1/contact-challenge", true)
    ]
    public async Task The_form_says_whether_there_is_one_and_where(string mode, string? url, bool required)
    {
        await using var api = await StartAsync(mode);
        var form = await api.GetAsync("/v1/contact-form");
        Assert.Equal(mode, (string?)form["challenge"]!["mode"]);
        Assert.Equal(url, (string?)form["challenge"]!["url"]);
        Assert.Equal(required, form["schema"]!["required"]!.AsArray().Any(member => (string?)member == "altcha"));
    }

    [Fact]
    public async Task Redeemed_challenges_are_deleted_once_they_have_expired()
    {
        await using var api = await StartAsync("required");
        var solution = await api.SolveChallengeAsync();
        await api.ReceivedAsync(Valid(("altcha", solution)));
        // A clock that is set back makes it valid once more, and it is still known.
        api.Clock.Advance(TimeSpan.FromHours(2));
        api.Clock.AdjustTime(ApiFactory.Now);
        await RefusedAsync(
            api,
            Valid(("altcha", solution)),
            "The solution of this challenge was used before: get a new challenge."
        );
        api.Clock.Advance(TimeSpan.FromHours(26));
        while (await api.QueryAsync<long>("SELECT count(*) FROM redeemed_challenges") > 0)
            await Task.Delay(1);
    }

    [Fact]
    public async Task The_refusal_is_also_in_Spanish()
    {
        await using var api = await StartAsync("required");
        using var response = await api.SubmitAsync(Valid(), ("Accept-Language", "es"));
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            "Confirme que no es un programa: hace falta la solución de un desafío."
        );
        Assert.Equal("es", response.Content.Headers.ContentLanguage.Single());
    }
}
