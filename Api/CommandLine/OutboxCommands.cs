using System.CommandLine;
using Api.Data;
using Api.Outbox;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.CommandLine;

/// <summary>The commands about notifications, for the operator.</summary>
static class OutboxCommands
{
    public static IEnumerable<Command> Create(CommandRunner runner)
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
                    new CommandHelp("", "Mail:Host", "Mail:From", "Mail:Recipients", "Webhooks:Endpoints"),
                    (app, _, ct) => TestAsync(app.Services, Console.Out, ct)
                ),
            },
            new Command("outbox", "Mails and webhooks that are not delivered.")
            {
                runner.Create(
                    "list",
                    "Lists what failed and what waits, and why.",
                    new CommandHelp(
                        "--Database:Folder=/var/lib/clinic/data",
                        "Database:ConnectionString",
                        "Database:Folder"
                    ),
                    (app, _, ct) => ListAsync(app.Services, Console.Out, ct)
                ),
                runner.Create(
                    "retry",
                    "Sends again what failed, and enables webhooks whose receiver was gone.",
                    new CommandHelp(
                        "--Database:Folder=/var/lib/clinic/data",
                        "Database:ConnectionString",
                        "Database:Folder"
                    ),
                    (app, parsed, ct) => RetryAsync(app.Services, parsed.GetValue(delivery), Console.Out, ct),
                    delivery
                ),
            },
        ];
    }

    /// <summary>Sends a test to every recipient and every webhook, and prints the results.</summary>
    public static async Task<int> TestAsync(IServiceProvider services, TextWriter output, CancellationToken ct)
    {
        var mail = services.GetRequiredService<IOptions<MailOptions>>().Value;
        var webhooks = services.GetRequiredService<IOptions<WebhookOptions>>().Value.ReadEndpoints();
        string[] recipients = mail.IsOn
            ? [.. mail.Recipients.Values.SelectMany(addresses => addresses).Distinct()]
            : [];
        var hasFailed = false;
        foreach (var recipient in recipients)
        {
            var outcome = await services.GetRequiredService<MailSender>().SendTestAsync(recipient, ct);
            await PrintAsync($"mail to {recipient}", outcome.Fault ?? "taken by the mail server", outcome);
        }
        foreach (var endpoint in webhooks)
        {
            var outcome = await services.GetRequiredService<WebhookSender>().SendTestAsync(endpoint, ct);
            await PrintAsync($"webhook {endpoint.Name}", outcome.Fault ?? "delivered", outcome);
        }
        if (!mail.IsOn && webhooks.Count == 0)
        {
            await output.WriteLineAsync("Nothing is configured: set Mail:Host or Webhooks:Endpoints.");
            return 1;
        }
        if (mail.IsOn && recipients.Length == 0)
        {
            await output.WriteLineAsync("mail: there is no recipient: set Mail:Recipients.");
            return 1;
        }
        return hasFailed ? 1 : 0;

        Task PrintAsync(string target, string result, Outcome outcome)
        {
            hasFailed |= outcome.Fault is not null;
            return output.WriteLineAsync($"{target}: {result}");
        }
    }

    /// <summary>Lists the deliveries that failed or wait.</summary>
    public static async Task<int> ListAsync(IServiceProvider services, TextWriter output, CancellationToken ct)
    {
        Prepare(services);
        var count = await services
            .GetRequiredService<OutboxStore>()
            .ForEachUnfinishedAsync(entry => output.WriteLineAsync(Describe(entry)), ct);
        if (count == 0)
            await output.WriteLineAsync("Nothing waits, and nothing failed.");
        return 0;
    }

    static string Describe(OutboxEntry entry)
    {
        var attempts = $"{entry.Attempts} {(entry.Attempts == 1 ? "attempt" : "attempts")}";
        string?[] parts =
        [
            entry.DeliveryId,
            entry.State,
            entry.Reference,
            entry.Channel,
            entry.Target,
            attempts,
            DescribeDue(entry),
            entry.Fault,
        ];
        return string.Join("  ", parts.Where(part => !string.IsNullOrEmpty(part)));
    }

    static string? DescribeDue(OutboxEntry entry)
    {
        if (entry.DueAt is { } at)
            return $"due {at:uuuu-MM-dd'T'HH:mm:ss'Z'}";
        return entry.State == "waiting" ? "due now" : null;
    }

    /// <summary>Lets the server send failed deliveries again, or one of them.</summary>
    public static async Task<int> RetryAsync(
        IServiceProvider services,
        string? deliveryId,
        TextWriter output,
        CancellationToken ct
    )
    {
        Prepare(services);
        var now = services.GetRequiredService<TimeProvider>().GetCurrentInstant();
        var count = await services.GetRequiredService<OutboxStore>().RetryAsync(deliveryId, now, ct);
        if (deliveryId is not null && count == 0)
            throw new StartupFault($"No delivery '{deliveryId}' has failed: outbox list shows those that have.");
        var waiting = count == 1 ? "delivery waits" : "deliveries wait";
        await output.WriteLineAsync($"{count} {waiting} again; a running server sends them within seconds.");
        return 0;
    }

    static void Prepare(IServiceProvider services)
    {
        services.GetRequiredService<Database>().RequireExisting();
        services.GetRequiredService<Migrator>().Migrate();
    }
}
