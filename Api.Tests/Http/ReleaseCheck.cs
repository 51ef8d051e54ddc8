using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Api.Tests.Http;

/// <summary>
/// Compares the OpenAPI document with the last released one. Each breaking change must be named in the changelog, under
/// the version of the document. A version with a date is released, and its document does not change any more.
/// </summary>
static partial class ReleaseCheck
{
    /// <summary>Finds what is wrong.</summary>
    /// <param name="released">The last released document, YAML.</param>
    /// <param name="current">The document of the program, YAML.</param>
    /// <param name="changelog">The changelog, newest version first.</param>
    public static IEnumerable<string> FindFaults(string released, string current, string changelog)
    {
        var (before, after) = (Parse(released), Parse(current));
        var (oldVersion, version) = ((string)before["info"]!["version"]!, (string)after["info"]!["version"]!);
        var headings = Heading().Matches(changelog);
        var newest = headings.FirstOrDefault();
        if (newest?.Groups["version"].Value != version)
        {
            yield return $"The changelog does not begin with version {version}, which the document has.";
            yield break;
        }
        if (IsReleased(newest) && released != current)
            yield return $"Version {version} is released, and its document has changed. Give it a new version, and "
                + "begin a section of the changelog. If you are releasing it, copy the document.";

        var changes = ContractChanges.Find(before, after);
        var old = headings.FirstOrDefault(heading => heading.Groups["version"].Value == oldVersion);
        if (old is null)
            yield return $"The changelog does not have version {oldVersion}, the last released one.";
        else if (changes.Count > 0 && IsReleased(old) && MajorOf(version) <= MajorOf(oldVersion))
            yield return $"Version {version} breaks clients of {oldVersion}: {string.Join("; ", changes)}. Undo it, or "
                + $"make it version {MajorOf(oldVersion) + 1}.0.0.";
        var end = headings.ElementAtOrDefault(1)?.Index ?? changelog.Length;
        var section = changelog[newest.Index..end];
        foreach (var change in changes)
            if (!section.Contains($"`{change.Where}`", StringComparison.Ordinal))
                yield return $"This breaks clients, and the changelog must say so under {version}: {change}.";
    }

    /// <summary>Reads YAML as JSON.</summary>
    public static JsonNode Parse(string yaml)
    {
        var reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
        var writer = new SerializerBuilder().JsonCompatible().Build();
        return JsonNode.Parse(writer.Serialize(reader.Deserialize<object>(yaml)))!;
    }

    static bool IsReleased(Match heading) => heading.Groups["date"].Value != "Unreleased";

    static int MajorOf(string version) => int.Parse(version.Split('.')[0], CultureInfo.InvariantCulture);

    [GeneratedRegex(
        @"^## \[(?<version>[0-9]+\.[0-9]+\.[0-9]+)\] - (?<date>Unreleased|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
        RegexOptions.Multiline
    )]
    private static partial Regex Heading();
}
