using System.Net;
using System.Text.Json.Nodes;
using static Api.Tests.Contact.Submissions;

namespace Api.Tests.Contact;

public sealed class IdempotencyTests
{
    const string Header = "Idempotency-Key";

    [Fact]
    public async Task A_request_that_is_sent_again_is_stored_once_and_answered_the_same()
    {
        await using var api = await ApiFactory.StartAsync();
        using var first = await api.SubmitAsync(Valid(), (Header, "\"a key\""));
        api.Clock.Advance(TimeSpan.FromHours(23));
        using var again = await api.SubmitAsync(Valid(), (Header, "\"a key\""));
        Assert.Equal(HttpStatusCode.Created, again.StatusCode);
        Assert.Equal(await first.Content.ReadAsStringAsync(), await again.Content.ReadAsStringAsync());
        Assert.Equal(first.Headers.Location, again.Headers.Location);
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task Simultaneous_repetitions_are_stored_once_and_get_the_same_answer()
    {
        await using var api = await ApiFactory.StartAsync();
        for (var round = 0; round < 10; round++)
        {
            var key = $"\"{round}\"";
            var answers = await Task.WhenAll(
                Enumerable.Range(0, 30).Select(_ => api.ReceivedAsync(Valid(), (Header, key)))
            );
            Assert.Single(answers.Select(answer => answer.ToJsonString()).Distinct());
            Assert.Equal(round + 1, await api.CountAsync());
        }
    }

    [Fact]
    public async Task A_request_that_is_sent_again_after_a_restart_is_answered_the_same()
    {
        await using var api = await ApiFactory.StartAsync();
        var first = await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        await using var restarted = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([$"--Database:Folder={api.Folder.Path}", $"--Keys:Folder={api.Folder.Keys}"])
        );
        JsonAssert.Equal(first.ToJsonString(), await restarted.ReceivedAsync(Valid(), (Header, "\"a key\"")));
        Assert.Equal(1, await restarted.CountAsync());
    }

    [Theory]
    [
        InlineData("message", "Another message."),
        InlineData("name", "Another Sender"),
        InlineData("email", "another@example.com")
    ]
    [
        InlineData("telephone", "+1 870 555 0199"),
        InlineData("location", "paragould"),
        InlineData("preferredContact", "telephone")
    ]
    public async Task The_same_key_with_another_message_is_a_422_and_stores_nothing(string member, string value)
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        using var other = await api.SubmitAsync(Valid((member, value)), (Header, "\"a key\""));
        await JsonAssert.ProblemAsync(
            other,
            422,
            "invalid",
            "This key was sent before with another message: make a new one for each message.",
            """[{ "parameter": "Idempotency-Key", "detail": "This key was sent before with another message: make a new one for each message." }]"""
        );
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task The_time_to_fill_in_the_form_and_the_solution_may_differ_in_a_repetition()
    {
        await using var api = await ApiFactory.StartAsync();
        var first = await api.ReceivedAsync(Valid(("secondsToFill", 40)), (Header, "\"a key\""));
        // Other white space, another order of members, another time.
        var again = new JsonObject(
            Valid(("secondsToFill", 55.5), ("name", "  Test Sender "))
                .Reverse()
                .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone()))
        );
        JsonAssert.Equal(first.ToJsonString(), await api.ReceivedAsync(again, (Header, "\"a key\"")));
    }

    [Fact]
    public async Task A_key_expires_after_a_day()
    {
        await using var api = await ApiFactory.StartAsync();
        var first = await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        api.Clock.Advance(TimeSpan.FromHours(24));
        var second = await api.ReceivedAsync(Valid(("message", "Another message.")), (Header, "\"a key\""));
        Assert.NotEqual((string?)first["reference"], (string?)second["reference"]);
        JsonAssert.Equal(
            second.ToJsonString(),
            await api.ReceivedAsync(Valid(("message", "Another message.")), (Header, "\"a key\""))
        );
        Assert.Equal(2, await api.CountAsync());
    }

    [Fact]
    public async Task Keys_are_remembered_as_long_as_the_settings_say()
    {
        await using var api = await ApiFactory.StartAsync(factory =>
            factory.Settings.Add("--Contact:IdempotencyHours=0.5")
        );
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        api.Clock.Advance(TimeSpan.FromMinutes(29));
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        Assert.Equal(1, await api.CountAsync());
        api.Clock.Advance(TimeSpan.FromMinutes(1));
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        Assert.Equal(2, await api.CountAsync());
    }

    [Fact]
    public async Task An_expired_key_can_be_used_again_and_again_for_new_messages()
    {
        await using var api = await ApiFactory.StartAsync();
        var references = new HashSet<string>();
        for (var day = 0; day < 4; day++)
        {
            var receipt = await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
            Assert.True(references.Add((string)receipt["reference"]!));
            api.Clock.Advance(TimeSpan.FromHours(23));
            JsonAssert.Equal(receipt.ToJsonString(), await api.ReceivedAsync(Valid(), (Header, "\"a key\"")));
            Assert.Equal(day + 1, await api.CountAsync());
            api.Clock.Advance(TimeSpan.FromHours(1));
        }
    }

    [Fact]
    public async Task Neither_the_key_nor_a_hash_that_others_could_make_of_it_is_in_the_reference()
    {
        await using var one = await ApiFactory.StartAsync();
        await using var other = await ApiFactory.StartAsync();
        // Made with another secret, it is another reference; and without a key it is another each time.
        Assert.NotEqual(
            (string?)(await one.ReceivedAsync(Valid(), (Header, "\"a key\"")))["reference"],
            (string?)(await other.ReceivedAsync(Valid(), (Header, "\"a key\"")))["reference"]
        );
        Assert.NotEqual(
            (string?)(await one.ReceivedAsync(Valid(), (Header, "\"1\"")))["reference"],
            (string?)(await one.ReceivedAsync(Valid(), (Header, "\"2\"")))["reference"]
        );
    }

    [Fact]
    public async Task A_refused_message_is_checked_again()
    {
        await using var api = await ApiFactory.StartAsync();
        using var broken = await api.SubmitAsync(Valid(("message", "")), (Header, "\"a key\""));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, broken.StatusCode);
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
    }

    [Fact]
    public async Task A_message_that_could_not_be_stored_does_not_use_up_its_key()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        using var failed = await api.SubmitAsync(Valid(), (Header, "\"a key\""));
        Assert.Equal(HttpStatusCode.InternalServerError, failed.StatusCode);
        await api.ExecuteAsync("ALTER TABLE away RENAME TO submissions");
        await api.ReceivedAsync(Valid(), (Header, "\"a key\""));
        Assert.Equal(1, await api.CountAsync());
    }

    [Fact]
    public async Task Without_a_key_each_request_is_a_new_message()
    {
        await using var api = await ApiFactory.StartAsync();
        Assert.NotEqual(
            (string?)(await api.ReceivedAsync(Valid()))["reference"],
            (string?)(await api.ReceivedAsync(Valid()))["reference"]
        );
    }

    [Fact]
    public async Task A_bare_UUID_is_the_same_key_as_the_one_in_quotes()
    {
        await using var api = await ApiFactory.StartAsync();
        await api.ReceivedAsync(Valid(), (Header, "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""));
        await api.ReceivedAsync(Valid(), (Header, "8e03978e-40d5-43dd-bc93-6894a57f9324"));
        await api.ReceivedAsync(Valid(), (Header, "\"8e03978e-40d5-43dd-bc93-6894a57f9324\";a=1"));
        Assert.Equal(1, await api.CountAsync());
    }

    [Theory]
    [
        InlineData("bare"),
        InlineData("\"\""),
        InlineData("\"open"),
        InlineData("\"a\", \"b\""),
        InlineData("\"\\x\""),
        InlineData("\"{300}\"")
    ]
    public async Task A_malformed_key_is_a_400_and_stores_nothing(string key)
    {
        await using var api = await ApiFactory.StartAsync();
        using var response = await api.SubmitAsync(
            Valid(),
            (Header, key.Replace("{300}", new string('x', 300), StringComparison.Ordinal))
        );
        await JsonAssert.ProblemAsync(
            response,
            400,
            "malformed",
            "Idempotency-Key must be a text in double quotes of at most 255 characters, or a UUID."
        );
        Assert.Equal(0, await api.CountAsync());
    }
}
