using System.CommandLine;
using Api.Data;
using Api.Data.Sqlite;
using Api.Outbox;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>What an operator can do about notifications.</summary>
static class OutboxVerbs
{
    public static IEnumerable<Command> Create(VerbRunner runner)
    {
        var delivery = new Argument<string?>("delivery")
        {
            Description = "The id of one delivery. Without it, all that failed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        return
        [
            new Command("notify", "Notifications by mail and webhook.")
            {
                runner.Create(
                    "test",
                    "Sends a test to every recipient and webhook that is configured.",
                    (app, _, ct) => TestAsync(app.Services, Console.Out, ct)),
            },
            new Command("outbox", "Mails and webhooks that are not delivered.")
            {
                runner.Create(
                    "list",
                    "Lists what failed and what waits, and why.",
                    (app, _, _) => ListAsync(app.Services, Console.Out)),
                runner.Create(
                    "retry",
                    "Sends again what failed, and enables webhooks whose receiver was gone.",
                    (app, parsed, ct) => RetryAsync(app.Services, parsed.GetValue(delivery), Console.Out, ct),
                    delivery),
            },
        ];
    }

    /// <summary>Sends a test to every recipient and every webhook, and says what happened.</summary>
    public static async Task<int> TestAsync(IServiceProvider services, TextWriter output, CancellationToken ct)
    {
        var (mail, webhooks) = (services.GetRequiredService<MailOptions>(), services.GetRequiredService<WebhookOptions>());
        var failed = false;
        if (mail.IsOn)
        {
            foreach (var recipient in mail.Recipients.Values.SelectMany(addresses => addresses).Distinct())
                await TellAsync($"mail to {recipient}", "taken by the mail server", await services.GetRequiredService<MailSender>().SendTestAsync(recipient, ct));
        }
        foreach (var endpoint in webhooks.Endpoints)
            await TellAsync($"webhook {endpoint.Name}", "delivered", await services.GetRequiredService<WebhookSender>().SendTestAsync(endpoint, ct));
        if (!mail.IsOn && webhooks.Endpoints.Count == 0)
        {
            await output.WriteLineAsync("Nothing is configured: set Mail:Host or Webhooks:Endpoints.");
            return 1;
        }
        if (mail.IsOn && mail.Recipients.Values.All(addresses => addresses.Length == 0))
        {
            await output.WriteLineAsync("mail: there is no recipient: set Mail:Recipients.");
            return 1;
        }
        return failed ? 1 : 0;

        Task TellAsync(string target, string done, Outcome outcome)
        {
            failed |= outcome.Fault is not null;
            return output.WriteLineAsync($"{target}: {outcome.Fault ?? done}");
        }
    }

    /// <summary>Lists what failed or waits.</summary>
    public static async Task<int> ListAsync(IServiceProvider services, TextWriter output)
    {
        Prepare(services);
        var count = 0;
        await foreach (var entry in services.GetRequiredService<OutboxStore>().ListAsync())
        {
            var due = entry.DueAt is { } at ? $"due {at:uuuu-MM-dd'T'HH:mm:ss'Z'}" : entry.State == "waiting" ? "due now" : null;
            await output.WriteLineAsync(string.Join("  ", new[]
            {
                entry.DeliveryId, entry.State, entry.Reference, entry.Channel, entry.Target, $"{entry.Attempts} {(entry.Attempts == 1 ? "attempt" : "attempts")}", due, entry.Fault,
            }.Where(text => !string.IsNullOrEmpty(text))));
            count++;
        }
        if (count == 0) await output.WriteLineAsync("Nothing waits, and nothing failed.");
        return 0;
    }

    /// <summary>Has what failed, or one of it, sent again by the server.</summary>
    public static async Task<int> RetryAsync(IServiceProvider services, string? deliveryId, TextWriter output, CancellationToken ct)
    {
        Prepare(services);
        var count = await services.GetRequiredService<OutboxStore>().RetryAsync(deliveryId, services.GetRequiredService<TimeProvider>().GetCurrentInstant(), ct);
        if (deliveryId is not null && count == 0) throw new StartupFault($"No delivery '{deliveryId}' has failed: outbox list shows those that have.");
        await output.WriteLineAsync($"{count} {(count == 1 ? "delivery waits" : "deliveries wait")} again; a running server sends them within seconds.");
        return 0;
    }

    static void Prepare(IServiceProvider services)
    {
        services.GetRequiredService<SqliteDatabase>().RequireFile();
        services.GetRequiredService<Migrator>().Migrate();
    }
}
