using System.Globalization;
using FluentValidation;
using FluentValidation.Validators;

namespace Api.Http;

/// <summary>A rule on length that counts as the OpenAPI document is to say.</summary>
interface IMaximumCharacters
{
    int Most { get; }
}

/// <summary>At most so many characters as a person counts them: Unicode's extended grapheme clusters (UAX #29).</summary>
sealed class MaximumCharactersValidator<T>(int most) : PropertyValidator<T, string?>, IMaximumCharacters
{
    public int Most => most;

    public override string Name => "MaximumCharactersValidator";

    public override bool IsValid(ValidationContext<T> context, string? value) =>
        value is null || value.Length <= most || new StringInfo(value).LengthInTextElements <= most;
}
