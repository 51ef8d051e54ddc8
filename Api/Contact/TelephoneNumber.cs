using PhoneNumbers;

namespace Api.Contact;

/// <summary>A telephone number that can be dialled.</summary>
/// <param name="E164">The number in E.164: <c>+</c> and up to 15 digits.</param>
/// <param name="Extension">The digits to dial after it, if any.</param>
sealed record TelephoneNumber(string E164, string? Extension)
{
    static readonly PhoneNumberUtil Util = PhoneNumberUtil.GetInstance();

    /// <summary>Reads a number as people write it in a region.</summary>
    /// <returns>
    /// <c>null</c> for a text that cannot be dialled. Only the length is checked, and not whether the number is in use:
    /// this library learns of new area codes late, and a right number must never be refused.
    /// </returns>
    public static TelephoneNumber? Read(string text, string region)
    {
        try
        {
            var number = Util.Parse(text, region);
            return Util.IsPossibleNumberWithReason(number) == PhoneNumberUtil.ValidationResult.IS_POSSIBLE
                ? new TelephoneNumber(
                    Util.Format(number, PhoneNumberFormat.E164),
                    number.HasExtension ? number.Extension : null
                )
                : null;
        }
        catch (NumberParseException)
        {
            return null;
        }
    }
}
