using Api.Data;
using NodaTime.Extensions;

namespace Api.Outbox;

/// <summary>What an operator can do about notifications.</summary>
static class OutboxVerbs
{
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
        services.GetRequiredService<Database>().RequireFile();
        services.GetRequiredService<Migrator>().Migrate();
    }
}
