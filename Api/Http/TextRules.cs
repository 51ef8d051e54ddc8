using FluentValidation;
using FluentValidation.Validators;

namespace Api.Http;

/// <summary>Rules on text that FluentValidation does not have.</summary>
static class TextRules
{
    /// <summary>
    /// Limits the length in Unicode code points, as JSON Schema counts it. FluentValidation's own rule counts UTF-16
    /// units, of which an emoji has two, so a form that checks by the schema would disagree with this API.
    /// </summary>
    public static IRuleBuilderOptions<T, string?> MaximumCharacters<T>(
        this IRuleBuilder<T, string?> rule,
        int maximum
    ) => rule.SetValidator(new MaximumCharactersValidator<T>(maximum));

    /// <summary>
    /// Checks a parameter that is text: its length in Unicode code points, and that it does not have the character
    /// U+0000, which PostgreSQL cannot compare with anything.
    /// </summary>
    /// <returns>The error; <c>null</c> when there is none.</returns>
    public static FieldError? CheckText(string parameter, string? text, int maximum)
    {
        if (IsLonger(text, maximum))
            return FieldError.ForParameter(parameter, ProblemText.Get("TooLong", parameter, maximum));
        return text?.Contains('\0', StringComparison.Ordinal) is true
            ? FieldError.ForParameter(parameter, ProblemText.Get("NullCharacter", parameter))
            : null;
    }

    public static bool IsLonger(string? text, int maximum) =>
        text?.Length > maximum && text.EnumerateRunes().Count() > maximum;

    /// <summary>Refuses control characters (Unicode category Cc).</summary>
    public static IRuleBuilderOptions<T, string?> NoControlCharacters<T>(
        this IRuleBuilder<T, string?> rule,
        bool exceptLineBreaksAndTabs = false
    ) => rule.SetValidator(new NoControlCharactersValidator<T>(exceptLineBreaksAndTabs));
}

/// <summary>What the OpenAPI document needs to know of <see cref="MaximumCharactersValidator{T}"/>.</summary>
interface IMaximumCharacters
{
    int Maximum { get; }
}

sealed class MaximumCharactersValidator<T>(int maximum) : PropertyValidator<T, string?>, IMaximumCharacters
{
    public int Maximum => maximum;

    public override string Name => "MaximumCharactersValidator";

    public override bool IsValid(ValidationContext<T> context, string? value) => !TextRules.IsLonger(value, maximum);
}

/// <summary>What the OpenAPI document needs to know of <see cref="NoControlCharactersValidator{T}"/>.</summary>
interface INoControlCharacters
{
    bool ExceptLineBreaksAndTabs { get; }
}

sealed class NoControlCharactersValidator<T>(bool exceptLineBreaksAndTabs)
    : PropertyValidator<T, string?>,
        INoControlCharacters
{
    public bool ExceptLineBreaksAndTabs => exceptLineBreaksAndTabs;

    public override string Name => "NoControlCharactersValidator";

    public override bool IsValid(ValidationContext<T> context, string? value) =>
        value is null || !value.Any(c => char.IsControl(c) && !(exceptLineBreaksAndTabs && c is '\n' or '\t'));
}
