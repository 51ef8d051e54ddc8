using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Ganss.Xss;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Helpers;

namespace Api.Articles;

/// <summary>An article's rendered Markdown.</summary>
/// <param name="Html">The text as HTML that is safe to put into a page.</param>
/// <param name="Sections">All headings of the text in their order.</param>
/// <param name="PlainText">The words of the text and of the alternative texts of its images, for the search.</param>
/// <param name="ReadingMinutes">The reading time.</param>
/// <param name="DroppedAddresses">
/// The addresses that were removed from links and images, since their scheme is not allowed.
/// </param>
sealed partial record ArticleText(
    string Html,
    IReadOnlyList<Section> Sections,
    string PlainText,
    int ReadingMinutes,
    IReadOnlyList<string> DroppedAddresses
)
{
    /// <summary>
    /// The version of the renderer. Raise it whenever the same Markdown gives other HTML, sections, words or reading
    /// time. Stored articles are then rendered and indexed again.
    /// </summary>
    public const int Renderer = 2;

    /// <summary>
    /// The deepest nesting of elements. The parser and the serializer call themselves for each level.
    /// </summary>
    public const int DeepestNesting = 200;

    const int WordsPerMinute = 200;
    const string Headings = "h1, h2, h3, h4, h5, h6";

    static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .UsePipeTables()
        .UseEmphasisExtras()
        .UseAutoLinks()
        .Build();

    /// <summary>
    /// The schemes that addresses may have, in upper or lower case. They open a web page, a mail program, a telephone,
    /// a map, a calendar or a messenger. None of them runs anything in the page.
    /// </summary>
    public static IReadOnlyList<string> AllowedSchemes { get; } =
    [
        .. "https http ftp ftps mailto tel sms smsto mms mmsto callto fax geo maps webcal webcals".Split(' '),
        .. "xmpp sip sips im facetime facetime-audio whatsapp skype".Split(' '),
    ];

    /// <summary>
    /// The allowed attributes, each with its elements. An empty list means every element. Only headings may have an id,
    /// because another one could collide with an id of the page that the text is put into.
    /// </summary>
    public static IReadOnlyDictionary<string, string[]> AllowedAttributes { get; } =
        new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase)
        {
            ["id"] = ["h1", "h2", "h3", "h4", "h5", "h6"],
            ["href"] = ["a"],
            ["src"] = ["img"],
            ["alt"] = ["img"],
            ["title"] = [],
            ["lang"] = [],
            ["dir"] = [],
            ["start"] = ["ol"],
            ["reversed"] = ["ol"],
            ["type"] = ["ol"],
            ["value"] = ["li"],
            ["align"] = ["th", "td"],
            ["colspan"] = ["th", "td"],
            ["rowspan"] = ["th", "td"],
            ["scope"] = ["th"],
            ["abbr"] = ["th"],
        };

    static readonly string[] AllowedElements =
    [
        .. "h1 h2 h3 h4 h5 h6 p div span br hr blockquote ul ol li dl dt dd pre code".Split(' '),
        .. "em strong b i u s small del ins mark sub sup abbr cite q kbd a img figure figcaption".Split(' '),
        .. "table caption thead tbody tfoot tr th td".Split(' '),
    ];

    // An allow-list for raw HTML and for what Markdown produces: everything that is not named here is removed.
    static readonly HtmlSanitizerOptions Allowed = new()
    {
        AllowedTags = new HashSet<string>(AllowedElements, StringComparer.OrdinalIgnoreCase),
        // Markdown aligns the columns of a table with a style. TidyAttributes replaces it with the attribute align.
        AllowedAttributes = new HashSet<string>(AllowedAttributes.Keys, StringComparer.OrdinalIgnoreCase) { "style" },
        AllowedCssProperties = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "text-align" },
        AllowedSchemes = new HashSet<string>(AllowedSchemes, StringComparer.OrdinalIgnoreCase),
        UriAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href", "src" },
    };

    // Elements within a line of text. Every other element separates the words before it from those after it.
    static readonly HashSet<string> InlineElements =
    [
        .. "span code em strong b i u s small del ins mark sub sup abbr cite q kbd a".Split(' '),
    ];

    /// <summary>Renders an article's Markdown.</summary>
    /// <exception cref="ArgumentException">The text is nested too deeply.</exception>
    public static ArticleText Render(string markdown)
    {
        var html = Markdig.Markdown.ToHtml(markdown, Markdown);
        if (IsTooDeep(html))
            throw new ArgumentException($"The text has more than {DeepestNesting} nested elements.");

        var droppedAddresses = new List<string>();
        var sanitizer = new HtmlSanitizer(Allowed);
        sanitizer.RemovingAttribute += (_, removing) =>
        {
            if (removing.Reason == RemoveReason.NotAllowedUrlValue)
                droppedAddresses.Add(removing.Attribute.Value);
        };
        var body = sanitizer.SanitizeDom(html).Body!;
        foreach (var element in body.QuerySelectorAll("*"))
            TidyAttributes(element);

        var sections = NameHeadings(body);
        var text = ReadPlainText(body);
        var minutes = (int)Math.Ceiling((double)WordPattern().Count(text) / WordsPerMinute);
        return new ArticleText(body.InnerHtml.Trim(), sections, text, Math.Max(1, minutes), droppedAddresses);
    }

    /// <summary>
    /// Makes every address in the HTML absolute, for readers that do not know the page it comes from.
    /// </summary>
    /// <param name="html">The HTML of an article.</param>
    /// <param name="page">The absolute address of the article's page.</param>
    public static string ResolveAddresses(string html, string page)
    {
        var body = new HtmlParser().ParseDocument("<body>" + html).Body!;
        var address = new Url(page);
        foreach (var name in Allowed.UriAttributes)
        {
            foreach (var element in body.QuerySelectorAll($"[{name}]"))
            {
                var written = element.GetAttribute(name)!;
                if (SchemePattern().IsMatch(written))
                    continue;
                var resolved = new Url(address, written);
                if (!resolved.IsInvalid)
                    element.SetAttribute(name, resolved.Href);
            }
        }
        return body.InnerHtml;
    }

    static void TidyAttributes(IElement element)
    {
        if (element.GetAttribute("style") is { } style)
        {
            element.RemoveAttribute("style");
            if (TextAlignPattern().Match(style) is { Success: true } align)
                element.SetAttribute("align", align.Groups[1].Value.ToLowerInvariant());
        }
        foreach (var attribute in element.Attributes.ToArray())
        {
            var elements = AllowedAttributes[attribute.Name];
            if (elements.Length > 0 && !elements.Contains(element.LocalName))
                element.RemoveAttribute(attribute.Name);
        }
    }

    // Headings in Markdown get ids from the renderer. Headings in raw HTML may have ids of their own, or none. An id is
    // kept unless an earlier heading has the same.
    static List<Section> NameHeadings(IElement body)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        var sections = new List<Section>();
        foreach (var heading in body.QuerySelectorAll(Headings))
        {
            var text = BlankPattern().Replace(ReadPlainText(heading), " ").Trim();
            var anchor = BlankPattern().Replace((heading.Id ?? "").Trim(), "-");
            if (anchor == "")
                anchor = LinkHelper.UrilizeAsGfm(text);
            if (anchor == "")
                anchor = "section";
            var unique = anchor;
            for (var i = 1; !taken.Add(unique); i++)
                unique = $"{anchor}-{i}";
            heading.Id = unique;
            var level = heading.LocalName[1] - '0';
            sections.Add(new Section(level, text, unique));
        }
        return sections;
    }

    static string ReadPlainText(INode node)
    {
        var text = new StringBuilder();
        Append(node);
        return text.ToString();

        void Append(INode node)
        {
            foreach (var child in node.ChildNodes)
            {
                if (child is IText words)
                    text.Append(words.Data);
                if (child is not IElement element)
                    continue;
                var separates = !InlineElements.Contains(element.LocalName);
                // A snippet must not begin with a blank.
                if (separates && text.Length > 0)
                    text.Append('\n');
                if (element.LocalName == "img")
                    text.Append(element.GetAttribute("alt"));
                Append(element);
                if (separates)
                    text.Append('\n');
            }
        }
    }

    // Walks the document with a stack of its own. The sanitizer and the serializer call themselves for each level, and
    // a stack overflow would end the process.
    static bool IsTooDeep(string html)
    {
        var nodes = new Stack<(INode Node, int Depth)>();
        nodes.Push((new HtmlParser().ParseDocument(html).Body!, 0));
        while (nodes.TryPop(out var current))
        {
            if (current.Depth > DeepestNesting)
                return true;
            foreach (var child in current.Node.ChildNodes)
                nodes.Push((child, current.Depth + 1));
        }
        return false;
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"\s+")]
    private static partial Regex BlankPattern();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SchemePattern();

    [GeneratedRegex("text-align: *(left|center|right)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TextAlignPattern();
}
