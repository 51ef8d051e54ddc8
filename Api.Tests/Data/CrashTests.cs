using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;

namespace Api.Tests.Data;

public sealed class CrashTests
{
    const int Rounds = 4, Senders = 16;

    [Fact]
    public async Task A_process_that_is_killed_under_load_loses_no_acknowledged_message()
    {
        using var folder = new TempFolder();
        var acknowledged = new ConcurrentQueue<(string Reference, string Message)>();
        for (var round = 0; round < Rounds; round++)
        {
            var (api, client) = await ApiProcess.ServeAsync(folder.Path);
            using (api)
            {
                var goal = acknowledged.Count + Random.Shared.Next(50, 400);
                var senders = Enumerable.Range(0, Senders).Select(sender => SendUntilKilledAsync(client, $"{round}/{sender}", acknowledged)).ToArray();
                while (acknowledged.Count < goal) await Task.Yield();
                await api.KillAsync();
                await Task.WhenAll(senders);
            }

            using var connection = new SqliteConnection($"Data Source={folder.File("clinic.db")};Pooling=False");
            var stored = connection.Query<(string Reference, string Message)>("SELECT reference, message FROM submissions").ToDictionary();
            Assert.All(acknowledged, sent => Assert.Equal(sent.Message, stored[sent.Reference]));
            Assert.Equal(stored.Count, stored.Values.Distinct().Count());
            Assert.Equal("ok", connection.ExecuteScalar<string>("PRAGMA integrity_check"));
        }
    }

    static async Task SendUntilKilledAsync(HttpClient client, string sender, ConcurrentQueue<(string, string)> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var message = $"Message {sender}/{i}";
            try
            {
                using var response = await client.PostAsJsonAsync("/v1/contact-submissions", new
                {
                    name = "Test Sender",
                    telephone = "555-555-0100",
                    preferredContact = "telephone",
                    location = "paragould",
                    message,
                    consent = true,
                });
                response.EnsureSuccessStatusCode();
                acknowledged.Enqueue(((string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["reference"]!, message));
            }
            catch (HttpRequestException)
            {
                return;
            }
        }
    }
}
