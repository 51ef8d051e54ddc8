namespace Api.Outbox;

static class OutboxServices
{
    public static void AddOutbox(this IServiceCollection services)
    {
        services.AddOutboxSettings();
        services.AddSingleton<OutboxStore>();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<OutboxMetrics>();
        services.AddSingleton<MailBuilder>();
        services.AddSingleton<MailSender>();
        services.AddSingleton<WebhookSender>();
        services.AddSingleton<OutboxDelivery>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxDelivery>());
    }

    public static void AddOutboxSettings(this IServiceCollection services)
    {
        services
            .AddSettings<MailOptions>("Mail")
            .PostConfigure<IConfiguration>((mail, configuration) => mail.AddDefaults(configuration))
            .ValidateAll(mail => mail.FindMistakes());
        services
            .AddSettings<WebhookOptions>("Webhooks")
            .PostConfigure<IConfiguration>((webhooks, configuration) => webhooks.AddSingleSecrets(configuration))
            .ValidateAll(webhooks => webhooks.FindMistakes());
    }

    /// <summary>The texts of a list, or the single text that stands in its place.</summary>
    internal static string[] ReadTexts(this IConfigurationSection section) =>
        section.Value is { Length: > 0 } only ? [only] : [.. section.GetChildren().Select(item => item.Value ?? "")];
}
