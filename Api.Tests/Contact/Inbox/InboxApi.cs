using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Api.Access;
using Api.Contact;
using Api.Contact.Inbox;
using Api.Data;
using Api.Outbox;
using Api.Tests.Access;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;

namespace Api.Tests.Contact.Inbox;

/// <summary>Messages in the inbox, and the requests of the staff about them.</summary>
static class InboxApi
{
    public const string Path = "/v1/staff/submissions";

    public static Task<StaffKey> InboxKeyAsync(
        this ApiFactory api,
        string name = "Front desk",
        string[]? locations = null
    ) => api.CreateKeyAsync([Role.Inbox], name, locations);

    public static Task<StaffKey> AdminKeyAsync(this ApiFactory api, string[]? locations = null) =>
        api.CreateKeyAsync([Role.Admin], "Office", locations);

    /// <summary>Sends a message that is taken in.</summary>
    /// <returns>Its reference.</returns>
    public static async Task<string> SubmittedAsync(
        this ApiFactory api,
        params (string Name, JsonNode? Value)[] changes
    ) => (string)(await api.ReceivedAsync(Submissions.Valid(changes)))["reference"]!;

    /// <summary>Sends a message that is taken for spam.</summary>
    /// <returns>Its reference.</returns>
    public static Task<string> SpamAsync(this ApiFactory api, params (string Name, JsonNode? Value)[] changes) =>
        api.SubmittedAsync([("website", "https://spam.example"), .. changes]);

    public static JsonObject State(string state, string? handledBy = null) =>
        new() { ["state"] = state, ["handledBy"] = handledBy };

    public static JsonObject Assignee(string? name) => new() { ["assignee"] = name };

    public static JsonObject Note(string? text) => new() { ["text"] = text };

    public static (string, string) IfMatch(string tag) => ("If-Match", tag);

    /// <summary>Sends a change of a message: of its <c>state</c> or <c>assignee</c>, or one of its <c>notes</c>.</summary>
    public static Task<HttpResponseMessage> ChangeAsync(
        this ApiFactory api,
        StaffKey key,
        string reference,
        string what,
        JsonObject body,
        params (string Name, string Value)[] headers
    ) =>
        api.SendAsync(
            key,
            what == "notes" ? HttpMethod.Post : HttpMethod.Put,
            $"{Path}/{reference}/{what}",
            body,
            headers
        );

    /// <summary>Sends a change that succeeds.</summary>
    /// <returns>The message as it is then.</returns>
    public static async Task<JsonObject> ChangedAsync(
        this ApiFactory api,
        StaffKey key,
        string reference,
        string what,
        JsonObject body,
        params (string Name, string Value)[] headers
    )
    {
        using var response = await api.ChangeAsync(key, reference, what, body, headers);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == 200, text);
        return JsonNode.Parse(text)!.AsObject();
    }

    public static Task<JsonObject> StateAsync(
        this ApiFactory api,
        StaffKey key,
        string reference,
        string state,
        string? handledBy = null
    ) => api.ChangedAsync(key, reference, "state", State(state, handledBy));

    /// <summary>Sends a POST that succeeds, such as a search.</summary>
    public static async Task<JsonNode> PostAsync(this ApiFactory api, StaffKey key, string path, JsonObject body)
    {
        using var response = await api.SendAsync(key, HttpMethod.Post, path, body);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == 200, text);
        return JsonNode.Parse(text)!;
    }

    public static string[] References(this JsonNode list, string member = "items") =>
        [.. list[member]!.AsArray().Select(item => (string)item!["reference"]!)];

    /// <summary>What the audit has about a message, oldest first: who, what, and the details.</summary>
    public static Task<string[]> AuditAsync(this ApiFactory api, string reference) =>
        api.RowsAsync<string>(
            """
            SELECT actor || ' ' || action || coalesce(' ' || details, '')
            FROM audit_entries
            WHERE reference = @reference
            ORDER BY id
            """,
            new { reference }
        );

    /// <summary>The newest entry of the audit: who, what, and the details.</summary>
    public static Task<string> LastDeedAsync(this ApiFactory api) =>
        api.QueryAsync<string>(
            "SELECT actor || ' ' || action || coalesce(' ' || details, '') FROM audit_entries ORDER BY id DESC LIMIT 1"
        );

    /// <summary>Stores messages without their senders.</summary>
    public static async Task StoreAsync(this ApiFactory api, params IReadOnlyList<StoredMessage> messages)
    {
        var seal = api.App.Services.GetRequiredService<SubmissionSeal>();
        var hashes = api.App.Services.GetRequiredService<SubmissionHashes>();
        await api.ExecuteAsync(
            """
            INSERT INTO submissions (reference, location_id, received_at, reply_by, after_hours, language, state,
                                     quarantined_for, assignee, handled_at, handled_by, first_read_at, email_index,
                                     telephone_index, sealed)
            SELECT @Reference, id, @ReceivedAt, @ReplyBy, NULL, 'en', @state, @QuarantinedFor, @Assignee, @HandledAt,
                   @handledBy, @FirstReadAt, @email, @telephone, @content
            FROM locations
            WHERE slug = @Location
            """,
            messages.Select(message => new
            {
                message.Reference,
                message.ReceivedAt,
                message.ReplyBy,
                state = Api.Http.Json.NameOf(message.State),
                message.QuarantinedFor,
                message.Assignee,
                message.HandledAt,
                handledBy = message.HandledBy is { } by ? Api.Http.Json.NameOf(by) : null,
                message.FirstReadAt,
                email = hashes.HashEmail(message.Email),
                telephone = hashes.HashTelephone(message.Telephone),
                content = seal.Seal(
                    new SubmissionContent(
                        message.Reference,
                        message.Name,
                        message.Email,
                        message.Telephone,
                        message.Extension,
                        message.PreferredContact,
                        message.Text
                    )
                ),
                message.Location,
            })
        );
    }

    /// <summary>Seals the message with other keys than the program has.</summary>
    public static Task LoseKeysAsync(this ApiFactory api, string reference) =>
        api.ExecuteAsync(
            "UPDATE submissions SET sealed = @nonsense WHERE reference = @reference",
            new { reference, nonsense = new byte[100] }
        );

    /// <summary>The present, as the database stores it.</summary>
    public static Instant Now(this ApiFactory api) =>
        Instant.FromDateTimeOffset(api.Clock.GetUtcNow()).ToStoredPrecision();

    /// <summary>From now on nobody delivers anything.</summary>
    public static Task StopDeliveringAsync(this ApiFactory api) =>
        api.App.Services.GetRequiredService<OutboxDelivery>().StopAsync(default);

    public static string ToText(this Instant instant) =>
        instant.ToString("uuuu-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage response) =>
        (await response.Content.ReadFromJsonAsync<JsonNode>())!;
}

/// <summary>A message to store without a sender.</summary>
sealed record StoredMessage
{
    public string Reference { get; init; } = Api.Contact.Reference.New();
    public string Location { get; init; } = "jonesboro";
    public Instant ReceivedAt { get; init; } = Instant.FromDateTimeOffset(ApiFactory.Now);
    public Instant? ReplyBy { get; init; }
    public SubmissionState State { get; init; }
    public string? QuarantinedFor { get; init; }
    public string? Assignee { get; init; }
    public Instant? HandledAt { get; init; }
    public HandledBy? HandledBy { get; init; }
    public Instant? FirstReadAt { get; init; }
    public string Name { get; init; } = "Test Sender";
    public string? Email { get; init; } = "sender@example.com";
    public string? Telephone { get; init; }
    public string? Extension { get; init; }
    public PreferredContact PreferredContact { get; init; } = PreferredContact.Email;
    public string Text { get; init; } = "I would like an appointment.";
}
