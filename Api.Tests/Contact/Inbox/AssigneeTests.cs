using System.Text.Json.Nodes;
using Api.Tests.Access;

namespace Api.Tests.Contact.Inbox;

public sealed class AssigneeTests(ApiFactory api) : IClassFixture<ApiFactory>, IAsyncLifetime
{
    StaffKey key = null!;
    string reference = null!;

    public async ValueTask InitializeAsync()
    {
        key = await api.InboxKeyAsync("Ana Ruiz");
        reference = await api.SubmittedAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static TheoryData<string?, string?> Names =>
        new()
        {
            { "me", "Ana Ruiz" },
            { "Zoë Ñandú", "Zoë Ñandú" },
            { "  Dr. Lee\t", "Dr. Lee" },
            { "Zoe\u0308", "Zoë" },
            { "نور الدين", "نور الدين" },
            { "👩‍⚕️", "👩‍⚕️" },
            { string.Concat(Enumerable.Repeat("😀", 100)), string.Concat(Enumerable.Repeat("😀", 100)) },
            { "None", "None" },
            { "Robert'); DROP TABLE submissions;--", "Robert'); DROP TABLE submissions;--" },
            { "", null },
            { "   ", null },
            { null, null },
        };

    [Theory, MemberData(nameof(Names))]
    public async Task A_message_is_assigned_by_name(string? name, string? expected)
    {
        await api.ChangedAsync(key, reference, "assignee", InboxApi.Assignee("Somebody"));
        for (var i = 0; i < 2; i++)
        {
            using var response = await api.ChangeAsync(key, reference, "assignee", InboxApi.Assignee(name));
            Assert.Equal("\"3\"", response.Headers.ETag!.ToString());
            Assert.Equal(expected, (string?)(await response.JsonAsync())["assignee"]);
        }
        Assert.Equal(
            [
                $"{key.Actor} assigneeChanged to Somebody",
                $"{key.Actor} assigneeChanged to {(expected is null ? "nobody" : expected)}",
            ],
            await api.AuditAsync(reference)
        );
    }

    public static TheoryData<JsonNode?, string> WrongNames =>
        new()
        {
            { "none", "To assign the message to nobody, send null." },
            { new string('x', 101), "The name must have at most 100 characters." },
            { string.Concat(Enumerable.Repeat("😀", 101)), "The name must have at most 100 characters." },
            { "Ana\nRuiz", "The name must not have control characters or line breaks." },
            { "Ana\u0000", "The name must not have control characters or line breaks." },
            { "Ana\u0085Ruiz", "The name must not have control characters or line breaks." },
            { 5, "This must be text." },
        };

    [Theory, MemberData(nameof(WrongNames))]
    public async Task A_wrong_name_is_refused(JsonNode? name, string detail)
    {
        using var response = await api.ChangeAsync(
            key,
            reference,
            "assignee",
            new JsonObject { ["assignee"] = name?.DeepClone() }
        );
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: $$"""[{ "pointer": "#/assignee", "detail": "{{detail}}" }]"""
        );
        Assert.Empty(await api.AuditAsync(reference));
    }
}
