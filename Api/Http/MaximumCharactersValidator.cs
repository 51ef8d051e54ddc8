using FluentValidation;
using FluentValidation.Validators;

namespace Api.Http;

/// <summary>A rule on length that counts as JSON Schema does.</summary>
interface IMaximumCharacters
{
    int Most { get; }
}

/// <summary>
/// At most so many characters as JSON Schema counts them, Unicode code points, so that a form that checks by the schema and
/// this API agree. FluentValidation's own rule counts UTF-16 units, of which an emoji has two.
/// </summary>
sealed class MaximumCharactersValidator<T>(int most) : PropertyValidator<T, string?>, IMaximumCharacters
{
    public int Most => most;

    public override string Name => "MaximumCharactersValidator";

    public override bool IsValid(ValidationContext<T> context, string? value) =>
        value is null || value.Length <= most || value.EnumerateRunes().Count() <= most;
}
