using FluentValidation;
using FluentValidation.Validators;

namespace Api.Http;

/// <summary>Rules on text that FluentValidation does not have.</summary>
static class TextRules
{
    public static IRuleBuilderOptions<T, string?> MaximumCharacters<T>(this IRuleBuilder<T, string?> rule, int most) =>
        rule.SetValidator(new MaximumCharactersValidator<T>(most));

    /// <summary>Refuses control characters (Unicode category Cc) but for those named.</summary>
    public static IRuleBuilderOptions<T, string?> NoControlCharacters<T>(this IRuleBuilder<T, string?> rule, bool exceptLineBreaksAndTabs = false) =>
        rule.SetValidator(new NoControlCharactersValidator<T>(exceptLineBreaksAndTabs));
}

/// <summary>A rule on the control characters of a text.</summary>
interface INoControlCharacters
{
    bool ExceptLineBreaksAndTabs { get; }
}

sealed class NoControlCharactersValidator<T>(bool exceptLineBreaksAndTabs) : PropertyValidator<T, string?>, INoControlCharacters
{
    public bool ExceptLineBreaksAndTabs => exceptLineBreaksAndTabs;

    public override string Name => "NoControlCharactersValidator";

    public override bool IsValid(ValidationContext<T> context, string? value) =>
        value is null || !value.Any(c => char.IsControl(c) && !(exceptLineBreaksAndTabs && c is '\n' or '\t'));
}
