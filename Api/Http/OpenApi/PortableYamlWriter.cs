using System.Text.RegularExpressions;
using Microsoft.OpenApi;

namespace Api.Http.OpenApi;

/// <summary>
/// YAML that readers of 1.1 and of 1.2 understand in the same way: those of 1.1, PyYAML and SnakeYAML among them, take
/// an unquoted <c>off</c> for false, <c>1:30</c> for 90 and <c>2026-01-12</c> for a date.
/// </summary>
sealed partial class PortableYamlWriter(TextWriter text) : OpenApiYamlWriter(text)
{
    public override void WriteValue(string value)
    {
        if (!IsAnotherType().IsMatch(value))
        {
            base.WriteValue(value);
            return;
        }
        WriteValueSeparator();
        Writer.Write($"'{value}'");
    }

    public override void WritePropertyName(string name) =>
        base.WritePropertyName(IsWord().IsMatch(name) ? $"'{name}'" : name);

    // The types of https://yaml.org/type/. What the writer quotes anyway may be among them.
    [GeneratedRegex(
        @"\A(?:~|null|y|n|yes|no|true|false|on|off|=|<<|[-+]?\.?[0-9][0-9_.,:]*(?:e[-+]?[0-9]+)?"
            + @"|[-+]?0[box]?[0-9a-f_]+|[-+]?\.(?:inf|nan)"
            + @"|[0-9]{4}-[0-9][0-9]?-[0-9][0-9]?(?:[Tt \t].*)?)\z",
        RegexOptions.IgnoreCase
    )]
    private static partial Regex IsAnotherType();

    [GeneratedRegex(@"\A(?:y|n|yes|no|true|false|on|off|null)\z", RegexOptions.IgnoreCase)]
    private static partial Regex IsWord();
}
