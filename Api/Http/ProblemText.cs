using System.Globalization;
using System.Resources;

namespace Api.Http;

/// <summary>The sentences of problems, in the language of the request, which is <see cref="CultureInfo.CurrentUICulture"/>.</summary>
static class ProblemText
{
    static readonly ResourceManager Resources = new(typeof(ProblemText));

    public static string Get(string name) =>
        Resources.GetString(name, CultureInfo.CurrentUICulture) ?? throw new MissingManifestResourceException($"ProblemText.resx has no {name}.");

    public static string Get(string name, params object?[] values) => string.Format(CultureInfo.InvariantCulture, Get(name), values);
}
