namespace Api.Outbox;

static class OutboxServices
{
    /// <exception cref="StartupFault">A setting makes no sense.</exception>
    public static void AddOutbox(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton(MailOptions.Read(builder.Configuration));
        builder.Services.AddSingleton(WebhookOptions.Read(builder.Configuration));
        builder.Services.AddSingleton<OutboxStore>();
        builder.Services.AddSingleton<OutboxSignal>();
        builder.Services.AddSingleton<OutboxMetrics>();
        builder.Services.AddSingleton<MailWriter>();
        builder.Services.AddSingleton<MailSender>();
        builder.Services.AddSingleton<WebhookSender>();
        builder.Services.AddSingleton<OutboxDelivery>();
        builder.Services.AddHostedService(services => services.GetRequiredService<OutboxDelivery>());
    }

    /// <summary>The texts of a list, or the one that stands in its place.</summary>
    internal static string[] Texts(this IConfigurationSection section) =>
        section.Value is { Length: > 0 } only ? [only] : [.. section.GetChildren().Select(item => item.Value ?? "")];
}
