using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.XPath;

namespace Api.Http.OpenApi;

/// <summary>The XML comments of the code, with each paragraph on one line, for readers that keep line breaks.</summary>
static partial class XmlComments
{
    public static XPathDocument Read()
    {
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Api.xml"));
        text = SpaceAtEnds().Replace(text, "");
        text = BlankLine().Replace(text, "\n\n");
        text = LineInParagraph().Replace(text, " ");
        using var reader = XmlReader.Create(new StringReader(text));
        return new XPathDocument(reader);
    }

    [GeneratedRegex(@"(?<=<(?:summary|remarks|param name=""\w+"")>)\s+|\s+(?=</(?:summary|remarks|param)>)")]
    private static partial Regex SpaceAtEnds();

    [GeneratedRegex(@"\r?\n[ ]*\r?\n[ ]*")]
    private static partial Regex BlankLine();

    [GeneratedRegex(@"(?<=\S)\r?\n[ ]*(?=\S)")]
    private static partial Regex LineInParagraph();
}
