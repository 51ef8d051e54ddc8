using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;

namespace Api.Tests.Npm;

/// <summary>
/// OpenStreetMap's <c>opening_hours</c> as opening_hours.js reads it, the library of its editors and maps. Many values
/// in one process. Skipped without Node.
/// </summary>
sealed class OpeningHoursLibrary : IAsyncDisposable
{
    readonly ChildProcess node;
    int answers;

    OpeningHoursLibrary(ChildProcess node) => this.node = node;

    public static async Task<OpeningHoursLibrary> StartAsync() => new(await NodeModules.StartAsync("openingHours.mjs"));

    /// <summary>
    /// What holds in every minute of so many dates by the clock on the wall: <c>o</c> open, <c>u</c> unknown, <c>c</c>
    /// closed. The library must take the value without an error or a warning.
    /// </summary>
    public async Task<char[]> ReadAsync(string value, LocalDate from, int days)
    {
        await node.SendAsync(
            JsonSerializer.Serialize(
                new
                {
                    value,
                    from = $"{from:uuuu-MM-dd}T00:00",
                    to = $"{from.PlusDays(days):uuuu-MM-dd}T00:00",
                }
            )
        );
        var answer = JsonNode.Parse(await node.LineAsync(answers++))!;
        if (answer["error"] is { } error)
            Assert.Fail($"{error}\n{value}");
        if (answer["warnings"]!.AsArray() is [{ } warning, ..])
            Assert.Fail($"{warning}\n{value}");

        var states = new char[days * 1440];
        Array.Fill(states, 'c');
        foreach (var interval in answer["intervals"]!.AsArray())
        {
            var (opens, closes) = (Minute(interval![0]!), Minute(interval[1]!));
            Array.Fill(states, interval[2]!.GetValue<string>() == "open" ? 'o' : 'u', opens, closes - opens);
        }
        return states;

        int Minute(JsonNode time) =>
            (int)
                (
                    DateTime.Parse(time.GetValue<string>(), CultureInfo.InvariantCulture) - from.ToDateTimeUnspecified()
                ).TotalMinutes;
    }

    public ValueTask DisposeAsync() => node.DisposeAsync();
}
