using Api.Data;
using FluentValidation;

namespace Api.Contact;

static class ContactServices
{
    public static void AddContact(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSettings<ContactOptions>("Contact").PostConfigure(options => options.Check());
        services.AddSingleton(ChallengeOptions.Read(builder.Configuration));
        services.AddSingleton(provider => new Altcha(provider.GetRequiredService<Keys>().Secret("contact-submission challenge"),
            provider.GetRequiredService<ChallengeOptions>(), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<SubmissionSeal>();
        services.AddSingleton<ReceiptToken>();
        services.AddSingleton<ContactStore>();
        services.AddSingleton<ContactLocations>();
        services.AddSingleton<SpamFilter>();
        services.AddSingleton<ContactIntake>();
        services.AddSingleton<ContactFormBuilder>();
        services.AddHostedService<ContactHousekeeping>();
        services.PostConfigure<LoggerFilterOptions>(QuietLogging.Apply);
        services.AddSingleton<IValidator<ContactSubmission>, ContactValidator>();
        services.ConfigureSwaggerGen(gen => gen.SchemaFilter<ContactSchema>());
    }
}
