using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Contact;
using Api.Contact.Inbox;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Contact;

/// <summary>Sends messages to an app, and looks at what it made of them.</summary>
static class Submissions
{
    public const string Endpoint = "/v1/contact-submissions";

    /// <summary>A message that is taken in, with changes.</summary>
    public static JsonObject Valid(params (string Name, JsonNode? Value)[] changes)
    {
        var body = new JsonObject
        {
            ["name"] = "Test Sender",
            ["email"] = "sender@example.com",
            ["telephone"] = "+1 870 555 0100",
            ["preferredContact"] = "email",
            ["location"] = "jonesboro",
            ["message"] = "I would like an appointment.",
            ["consent"] = true,
        };
        foreach (var (name, value) in changes)
            body[name] = value;
        return body;
    }

    public static Task<HttpResponseMessage> SubmitAsync(
        this ApiFactory api,
        JsonNode body,
        params (string Name, string Value)[] headers
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Endpoint)
        {
            Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers)
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        return api.Client.SendAsync(request);
    }

    /// <summary>Sends a message that is taken in.</summary>
    /// <returns>The receipt.</returns>
    public static async Task<JsonObject> ReceivedAsync(
        this ApiFactory api,
        JsonNode body,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await api.SubmitAsync(body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == HttpStatusCode.Created, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    /// <summary>Asks for a challenge and solves it.</summary>
    public static async Task<string> SolveChallengeAsync(this ApiFactory api)
    {
        var challenge = await api.GetAsync("/v1/contact-challenge");
        var number = Enumerable
            .Range(0, (int)challenge["maxnumber"]! + 1)
            .Single(n =>
                Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes($"{challenge["salt"]}{n}")))
                == (string?)challenge["challenge"]
            );
        return Convert.ToBase64String(
            JsonSerializer.SerializeToUtf8Bytes(
                new JsonObject
                {
                    ["algorithm"] = (string?)challenge["algorithm"],
                    ["challenge"] = (string?)challenge["challenge"],
                    ["number"] = number,
                    ["salt"] = (string?)challenge["salt"],
                    ["signature"] = (string?)challenge["signature"],
                }
            )
        );
    }

    public static ContactStore Submitted(this ApiFactory api) => api.App.Services.GetRequiredService<ContactStore>();

    public static InboxStore Inbox(this ApiFactory api) => api.App.Services.GetRequiredService<InboxStore>();

    // What the operator's commands do.

    /// <summary>What the sender wrote; <c>null</c> when there is no such message.</summary>
    /// <exception cref="CryptographicException">The keys do not open it.</exception>
    public static async Task<SubmissionContent?> OpenAsync(this ApiFactory api, string reference)
    {
        var row = await api.Inbox().FindAsync(reference, InboxUser.Operator, default);
        return row is null ? null : api.App.Services.GetRequiredService<SubmissionSeal>().Open(reference, row.Sealed);
    }

    public static Task<IReadOnlyList<InboxRow>> ListAsync(this ApiFactory api, params SubmissionState[] states) =>
        api.FindAsync(new InboxFilter { States = states });

    public static Task<IReadOnlyList<InboxRow>> FindBySenderAsync(
        this ApiFactory api,
        string? email,
        string? telephone
    ) =>
        api.FindAsync(
            new InboxFilter
            {
                States = Enum.GetValues<SubmissionState>(),
                Sender = api.Inbox().HashSender(email, telephone),
            }
        );

    static Task<IReadOnlyList<InboxRow>> FindAsync(this ApiFactory api, InboxFilter filter) =>
        api.Inbox().FindAsync(filter, after: null, limit: 1000, InboxUser.Operator, api.Now(), default);

    public static Task<ChangeOutcome> SetStateAsync(this ApiFactory api, string reference, SubmissionState state) =>
        api.Inbox()
            .SetStateAsync(
                reference,
                new StateChange { State = state },
                versions: null,
                InboxUser.Operator,
                api.Now(),
                default
            );

    /// <returns>Whether there was such a message.</returns>
    public static async Task<bool> EraseAsync(this ApiFactory api, string reference) =>
        await api.Inbox().EraseAsync(reference, versions: null, InboxUser.Operator, api.Now(), default)
        == ChangeOutcome.Done;

    static Instant Now(this ApiFactory api) => Instant.FromDateTimeOffset(api.Clock.GetUtcNow());

    public static Task<long> CountAsync(this ApiFactory api) =>
        api.QueryAsync<long>("SELECT count(*) FROM submissions");
}
