using System.Text.RegularExpressions;
using Api.Http;
using Api.Locations;
using FluentValidation;
using FluentValidation.Results;

namespace Api.Contact;

/// <summary>The rules of a contact submission; the OpenAPI document shows them too.</summary>
sealed partial class ContactValidator : AbstractValidator<ContactSubmission>
{
    readonly LocationStore locations;

    public ContactValidator(LocationStore locations)
    {
        this.locations = locations;

        // One complaint a member: that an absent name is also too short helps nobody.
        RuleLevelCascadeMode = CascadeMode.Stop;

        RuleFor(s => s.Name).NotEmpty().WithMessage("Your name is needed.")
            .MaximumCharacters(100).WithMessage("The name must have at most 100 characters.")
            .NoControlCharacters().WithMessage("The name must not have control characters or line breaks.");

        RuleFor(s => s.Email).NotEmpty().WithMessage("An e-mail address is needed, since you prefer to be answered by e-mail.")
            .When(s => s.PreferredContact == PreferredContact.Email, ApplyConditionTo.CurrentValidator)
            .MaximumLength(254).WithMessage("The e-mail address must have at most 254 characters.")
            .Matches(EmailAddress()).WithMessage("This is not an e-mail address.");

        RuleFor(s => s.Telephone).NotEmpty().WithMessage("A telephone number is needed, since you prefer to be answered by telephone.")
            .When(s => s.PreferredContact == PreferredContact.Telephone, ApplyConditionTo.CurrentValidator)
            .MaximumLength(40).WithMessage("The telephone number must have at most 40 characters.")
            .Matches(TelephoneNumber()).WithMessage("This is not a telephone number: it needs 7 to 15 digits, with an optional + before them.");

        RuleFor(s => s.PreferredContact).NotNull().WithMessage("Say how you would like to be answered: email or telephone.")
            .IsInEnum();

        RuleFor(s => s.Location).NotEmpty().WithMessage("Say at which location you would like to be seen.");

        RuleFor(s => s.Message).NotEmpty().WithMessage("A message is needed.")
            .MaximumCharacters(5000).WithMessage("The message must have at most 5000 characters.")
            .NoControlCharacters(except: "\n\t").WithMessage("The message must not have control characters.");

        RuleFor(s => s.Consent).Equal(true).WithMessage("Your consent is needed, or the message cannot be kept.");

        RuleFor(s => s.Email).Must((s, email) => !string.IsNullOrEmpty(email) || !string.IsNullOrEmpty(s.Telephone))
            .WithMessage("An e-mail address or a telephone number is needed.").When(s => s.PreferredContact is null);
    }

    public const string NoSuchLocation = "There is no such location.";

    /// <summary>
    /// Whether the location exists is asked only when there is something else to complain about, so that all of it is said at
    /// once. Otherwise the write itself finds out, and no read goes before it.
    /// </summary>
    public override async Task<ValidationResult> ValidateAsync(ValidationContext<ContactSubmission> context, CancellationToken cancellation = default)
    {
        var result = await base.ValidateAsync(context, cancellation);
        var complain = !result.IsValid || context.RootContextData.ContainsKey(Validation.AlreadyBroken);
        if (complain && context.InstanceToValidate.Location is { } slug && !await locations.ExistsAsync(slug, cancellation))
            result.Errors.Add(new ValidationFailure(nameof(ContactSubmission.Location), NoSuchLocation));
        return result;
    }

    // The rule of HTML's <input type=email>, so that a form and this API agree.
    // https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address
    [GeneratedRegex(@"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$")]
    private static partial Regex EmailAddress();

    [GeneratedRegex(@"^\+?(?:[ ./()-]*[0-9]){7,15}[ ./()-]*$")]
    private static partial Regex TelephoneNumber();
}

/// <summary>Rules on text that FluentValidation does not have.</summary>
static class TextRules
{
    /// <summary>Counts as a person does: an emoji, or a letter with its accents, is one character.</summary>
    public static IRuleBuilderOptions<T, string?> MaximumCharacters<T>(this IRuleBuilder<T, string?> rule, int most) =>
        rule.SetValidator(new MaximumCharactersValidator<T>(most));

    /// <summary>Refuses control characters (Unicode category Cc) but for those named.</summary>
    public static IRuleBuilderOptions<T, string?> NoControlCharacters<T>(this IRuleBuilder<T, string?> rule, string except = "") =>
        rule.Must(text => text is null || !text.Any(c => char.IsControl(c) && !except.Contains(c, StringComparison.Ordinal)));
}
