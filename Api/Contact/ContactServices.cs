using Api.Contact.Housekeeping;
using Api.Contact.Inbox;
using Api.Contact.Notifications;
using Api.Data;
using Api.Outbox;
using FluentValidation;
using Microsoft.Extensions.Options;

namespace Api.Contact;

static class ContactServices
{
    public static void AddContact(this IServiceCollection services)
    {
        services.AddSettings<ContactOptions>("Contact").ValidateAll(contact => contact.FindMistakes());
        services.AddSingleton(provider => new Altcha(
            provider.GetRequiredService<Keys>().Secret("contact-submission challenge"),
            provider.GetRequiredService<IOptions<ContactOptions>>().Value.Challenge,
            provider.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<SubmissionHashes>();
        services.AddSingleton<SubmissionSeal>();
        services.AddSingleton<ReceiptToken>();
        services.AddSingleton<ContactStore>();
        services.AddSingleton<SpamFilter>();
        services.AddSingleton<ContactIntake>();
        services.AddSingleton<ContactFormBuilder>();
        services.AddSingleton<IValidator<ContactSubmission>, ContactValidator>();
        services.ConfigureSwaggerGen(gen =>
        {
            gen.SchemaFilter<ContactSchemaFilter>();
            gen.DocumentFilter<SubmissionWebhook>();
        });
        services.PostConfigure<LoggerFilterOptions>(QuietLogging.Apply);

        services.AddSingleton<NoteSeal>();
        services.AddSingleton<InboxStore>();
        services.AddSingleton<InboxExport>();
        services.AddSingleton<IValidator<StateChange>, StateChangeValidator>();
        services.AddSingleton<IValidator<AssigneeChange>, AssigneeChangeValidator>();
        services.AddSingleton<IValidator<NewNote>, NewNoteValidator>();
        services.AddSingleton<IValidator<Sender>, SenderValidator>();
        services.AddHostedService<ContactMetrics>();

        services.AddSingleton<HousekeepingStore>();
        services.AddSingleton<MessageKeys>();
        services.AddHostedService<ContactHousekeeping>();

        services.AddSingleton<SubmissionNotifications>();
        services.AddSingleton<WriteMail>(provider =>
            provider.GetRequiredService<SubmissionNotifications>().WriteMailAsync
        );
        services.AddSingleton<WriteEvent>(provider =>
            provider.GetRequiredService<SubmissionNotifications>().WriteEventAsync
        );
    }
}
