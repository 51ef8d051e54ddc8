using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Api.Contact;
using Api.Contact.Inbox;
using Microsoft.Extensions.DependencyInjection;

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

    public static Task<long> CountAsync(this ApiFactory api) =>
        api.QueryAsync<long>("SELECT count(*) FROM submissions");
}
