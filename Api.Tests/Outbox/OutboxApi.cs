using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace Api.Tests.Outbox;

/// <summary>An app with an outbox, senders who write to it, and a look at what is in it.</summary>
static class OutboxApi
{
    /// <summary>In every field that a sender fills in freely.</summary>
    public const string Marked = "MARKED";

    public const string Sender = "marked.sender@example.com";
    public const string FrontDesk = "front.desk@clinic.example.com",
        Elsewhere = "elsewhere@clinic.example.com";

    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>
    /// How far the clock moves each time that the rows are looked at: a pause of seconds passes soon, and no claim ends
    /// while a busy machine works on it.
    /// </summary>
    public static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    public static Task<ApiFactory> StartAsync(params string[] settings) =>
        ApiFactory.StartAsync(factory => factory.Settings.AddRange(settings));

    /// <summary>An app on data that another leaves behind or has left behind.</summary>
    public static Task<ApiFactory> StartOnAsync(TempFolder folder, params string[] settings) =>
        StartAsync([$"--Database:Folder={folder.Path}", $"--Keys:Folder={folder.Keys}", .. settings]);

    public static string[] Mail(FaultyMailServer server, params string[] more) =>
        [
            "--Mail:Host=127.0.0.1",
            $"--Mail:Port={server.Port}",
            "--Mail:Security=None",
            "--Mail:From=Clinic <website@clinic.example.com>",
            $"--Mail:Recipients:jonesboro:0={FrontDesk}",
            $"--Mail:Recipients:*:0={Elsewhere}",
            .. more,
        ];

    public static string[] Webhook(string name, Uri url, params string[] secrets) =>
        [
            "--Webhooks:AllowInternal=true",
            $"--Webhooks:Endpoints:{name}:Url={url}",
            .. secrets.Select((secret, index) => $"--Webhooks:Endpoints:{name}:Secrets:{index}={secret}"),
        ];

    public static string NewSecret() => "whsec_" + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    /// <returns>The reference.</returns>
    public static async Task<string> PostAsync(
        this ApiFactory api,
        string location = "jonesboro",
        string? email = Sender,
        string language = "en"
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/contact-submissions")
        {
            Content = JsonContent.Create(
                new
                {
                    name = Marked,
                    email,
                    telephone = "+1 870 555 0100",
                    preferredContact = "telephone",
                    location,
                    message = Marked,
                    consent = true,
                }
            ),
            Headers = { { "Accept-Language", language } },
        };
        using var response = await api.Client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonNode>();
        Assert.True((int)response.StatusCode == 201, answer?.ToJsonString());
        return (string)answer!["reference"]!;
    }

    public static Task<Row[]> RowsAsync(this ApiFactory api) =>
        api.RowsAsync<Row>(
            "SELECT delivery_id, channel, target, state, attempts, due_at, fault FROM outbox ORDER BY id"
        );

    /// <summary>The rows, once they are as they should be.</summary>
    public static async Task<Row[]> UntilAsync(this ApiFactory api, Func<Row[], bool> holds, TimeSpan step = default)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var rows = await api.RowsAsync();
            if (holds(rows))
                return rows;
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"Still {string.Join<Row>("; ", rows)}\n{api.Log.Text}");
            // Time goes on no faster than the program can work, however busy the machine is.
            await Task.Delay(1);
            api.Clock.Advance(step);
        }
    }

    public static Task<Row[]> DeliveredAsync(this ApiFactory api, int count, TimeSpan step = default) =>
        api.UntilAsync(rows => rows.Length == count && rows.All(row => row.State == "delivered"), step);
}

sealed record Row
{
    public required string DeliveryId { get; init; }
    public required string Channel { get; init; }
    public required string Target { get; init; }
    public required string State { get; init; }
    public required int Attempts { get; init; }
    public required string DueAt { get; init; }
    public required string? Fault { get; init; }

    public (string, int, string?) Outcome => (State, Attempts, Fault);
}
