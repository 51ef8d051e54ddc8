using System.Globalization;
using System.Resources;

namespace Api.Http;

/// <summary>The sentences of a resource file, in each language that there is a translation for.</summary>
/// <param name="resource">The type that has the name of the resource file and lies beside it.</param>
sealed class Texts(Type resource)
{
    readonly ResourceManager resources = new(resource);

    /// <summary>A text in the language of the request, which is the current UI culture.</summary>
    /// <param name="name">Its name in the resource file.</param>
    /// <param name="values">What stands for <c>{0}</c>, <c>{1}</c> and so on.</param>
    public string Get(string name, params object?[] values) => In(CultureInfo.CurrentUICulture, name, values);

    /// <inheritdoc cref="Get"/>
    /// <param name="language">The language of the text.</param>
    public string In(CultureInfo language, string name, params object?[] values)
    {
        var text =
            resources.GetString(name, language)
            ?? throw new MissingManifestResourceException($"{resources.BaseName}.resx has no {name}.");
        return values.Length == 0 ? text : string.Format(CultureInfo.InvariantCulture, text, values);
    }
}
