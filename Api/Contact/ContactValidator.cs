using System.Text.RegularExpressions;
using Api.Http;
using Api.Locations;
using FluentValidation;
using Microsoft.Extensions.Options;
using NodaTime.Extensions;

namespace Api.Contact;

/// <summary>The rules of a submission. The OpenAPI document and the schema of the form are made from them.</summary>
sealed partial class ContactValidator : AbstractValidator<ContactSubmission>
{
    public const int NameMaxLength = 100,
        EmailMaxLength = 254,
        TelephoneMaxLength = 40,
        AltchaMaxLength = Altcha.LongestPayload;

    public ContactValidator(LocationStore locations, IOptions<ContactOptions> options, TimeProvider time)
    {
        var settings = options.Value;

        // One error for each member: it helps nobody that a missing name is also too short.
        RuleLevelCascadeMode = CascadeMode.Stop;

        RuleFor(s => s.Name)
            .NotEmpty()
            .WithText("NameNeeded")
            .MaximumCharacters(NameMaxLength)
            .WithText("NameTooLong", NameMaxLength)
            .NoControlCharacters()
            .WithText("NameControl");

        RuleFor(s => s.Email)
            .NotEmpty()
            .WithText("EmailNeeded")
            .When(s => s.PreferredContact == PreferredContact.Email, ApplyConditionTo.CurrentValidator)
            .MaximumCharacters(EmailMaxLength)
            .WithText("EmailTooLong", EmailMaxLength)
            .Matches(EmailAddress())
            .WithText("EmailWrong");

        RuleFor(s => s.Telephone)
            .NotEmpty()
            .WithText("TelephoneNeeded")
            .When(s => s.PreferredContact == PreferredContact.Telephone, ApplyConditionTo.CurrentValidator)
            .MaximumCharacters(TelephoneMaxLength)
            .WithText("TelephoneTooLong", TelephoneMaxLength)
            .Must((s, text) => text is null || s.ReadTelephone(settings.TelephoneRegion) is not null)
            .WithText("TelephoneWrong");

        RuleFor(s => s.PreferredContact).NotNull().WithText("PreferredContactNeeded");

        RuleFor(s => s.Location)
            .NotEmpty()
            .WithText("LocationNeeded")
            .MustAsync(async (slug, ct) => await locations.FindAsync(slug!, ct) is not null)
            .WithText("LocationUnknown")
            .MustAsync(
                async (slug, ct) =>
                    (await locations.FindAsync(slug!, ct))?.Hours.Schedule.IsPermanentlyClosed(time.GetCurrentInstant())
                    != true
            )
            .WithText("LocationClosed");

        RuleFor(s => s.Message)
            .NotEmpty()
            .WithText("MessageNeeded")
            .MaximumCharacters(settings.MessageMaxLength)
            .WithText("MessageTooLong", settings.MessageMaxLength)
            .NoControlCharacters(exceptLineBreaksAndTabs: true)
            .WithText("MessageControl");

        RuleFor(s => s.Consent).Equal(true).WithText("ConsentNeeded");

        RuleFor(s => s.SecondsToFill).GreaterThanOrEqualTo(0).WithText("SecondsWrong");

        RuleFor(s => s.Altcha).MaximumCharacters(AltchaMaxLength).WithText("ChallengeWrong");

        RuleFor(s => s.Email)
            .Must((s, email) => !string.IsNullOrEmpty(email) || !string.IsNullOrEmpty(s.Telephone))
            .WithText("EmailOrTelephoneNeeded")
            .When(s => s.PreferredContact is null);
    }

    // The rule of HTML's <input type=email>, so that a form and this API agree.
    // https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
    [GeneratedRegex(
        @"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9]"
            + @"(?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$"
    )]
    private static partial Regex EmailAddress();
}

/// <summary>Gives a rule the sentence for when it is broken, in the language of the request.</summary>
static class RuleTexts
{
    public static IRuleBuilderOptions<ContactSubmission, TMember> WithText<TMember>(
        this IRuleBuilderOptions<ContactSubmission, TMember> rule,
        string name,
        params object?[] values
    ) => rule.WithMessage(_ => ContactText.Texts.Get(name, values));
}
