using System.Text.RegularExpressions;
using Api.Http;
using FluentValidation;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>The rules of a contact submission. The OpenAPI document and the form's schema are made from them.</summary>
sealed partial class ContactValidator : AbstractValidator<ContactSubmission>
{
    public const int NameMaxLength = 100, EmailMaxLength = 254, TelephoneMaxLength = 40, AltchaMaxLength = 2000;

    public ContactValidator(ContactLocations locations, IOptions<ContactOptions> options, TimeProvider time)
    {
        var settings = options.Value;

        // One complaint a member: that an absent name is also too short helps nobody.
        RuleLevelCascadeMode = CascadeMode.Stop;

        RuleFor(s => s.Name).NotEmpty().Says("NameNeeded")
            .MaximumCharacters(NameMaxLength).Says("NameTooLong", NameMaxLength)
            .NoControlCharacters().Says("NameControl");

        RuleFor(s => s.Email).NotEmpty().Says("EmailNeeded")
            .When(s => s.PreferredContact == PreferredContact.Email, ApplyConditionTo.CurrentValidator)
            .MaximumCharacters(EmailMaxLength).Says("EmailTooLong", EmailMaxLength)
            .Matches(EmailAddress()).Says("EmailWrong");

        RuleFor(s => s.Telephone).NotEmpty().Says("TelephoneNeeded")
            .When(s => s.PreferredContact == PreferredContact.Telephone, ApplyConditionTo.CurrentValidator)
            .MaximumCharacters(TelephoneMaxLength).Says("TelephoneTooLong", TelephoneMaxLength)
            .Must(text => text is null || TelephoneNumber.Read(text, settings.TelephoneRegion) is not null).Says("TelephoneWrong");

        RuleFor(s => s.PreferredContact).NotNull().Says("PreferredContactNeeded");

        RuleFor(s => s.Location).NotEmpty().Says("LocationNeeded")
            .MustAsync(async (slug, ct) => (await locations.GetAsync(ct)).ContainsKey(slug!)).Says("LocationUnknown")
            .MustAsync(async (slug, ct) => !(await locations.GetAsync(ct))[slug!].Schedule.IsClosedForGood(time.GetCurrentInstant())).Says("LocationClosed");

        RuleFor(s => s.Message).NotEmpty().Says("MessageNeeded")
            .MaximumCharacters(settings.MessageMaxLength).Says("MessageTooLong", settings.MessageMaxLength)
            .NoControlCharacters(exceptLineBreaksAndTabs: true).Says("MessageControl");

        RuleFor(s => s.Consent).Equal(true).Says("ConsentNeeded");

        RuleFor(s => s.SecondsToFill).GreaterThanOrEqualTo(0).Says("SecondsWrong");

        RuleFor(s => s.Altcha).MaximumCharacters(AltchaMaxLength).Says("ChallengeWrong");

        RuleFor(s => s.Email).Must((s, email) => !string.IsNullOrEmpty(email) || !string.IsNullOrEmpty(s.Telephone))
            .Says("EmailOrTelephoneNeeded").When(s => s.PreferredContact is null);
    }

    // The rule of HTML's <input type=email>, so that a form and this API agree.
    // https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
    [GeneratedRegex(@"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$")]
    private static partial Regex EmailAddress();
}

/// <summary>What a rule says when it is broken, in the language of the request.</summary>
static class SpokenRules
{
    public static IRuleBuilderOptions<ContactSubmission, TMember> Says<TMember>(this IRuleBuilderOptions<ContactSubmission, TMember> rule, string text) =>
        rule.WithMessage(_ => ContactText.Get(text));

    public static IRuleBuilderOptions<ContactSubmission, TMember> Says<TMember>(this IRuleBuilderOptions<ContactSubmission, TMember> rule, string text, int most) =>
        rule.WithMessage(_ => ContactText.Get(text, most));
}
