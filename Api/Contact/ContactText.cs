using System.Globalization;
using System.Resources;

namespace Api.Contact;

/// <summary>What the form tells a person, in the language of the request, which is <see cref="CultureInfo.CurrentUICulture"/>.</summary>
static class ContactText
{
    static readonly ResourceManager Resources = new(typeof(ContactText));

    public static string Get(string name) =>
        Resources.GetString(name, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException($"ContactText.resx has no {name}.");

    public static string Get(string name, int value) => string.Format(CultureInfo.InvariantCulture, Get(name), value);
}
