using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Ganss.Xss;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;
using Markdig.Helpers;

namespace Api.Articles;

/// <summary>What is made of an article's Markdown when it is written.</summary>
/// <param name="Html">The text as HTML that is safe to put into a page.</param>
/// <param name="Sections">Every heading of the text, in its order.</param>
/// <param name="PlainText">The words of the text, with the alternative texts of its images, for the search.</param>
/// <param name="ReadingMinutes">How long reading it takes.</param>
/// <param name="DroppedAddresses">The addresses that links and images lost, because their scheme is not allowed.</param>
sealed partial record ArticleText(
    string Html, IReadOnlyList<Section> Sections, string PlainText, int ReadingMinutes, IReadOnlyList<string> DroppedAddresses)
{
    /// <summary>
    /// Raised whenever the same Markdown would give other HTML, sections, reading time or words for the search, so that
    /// stored articles are rendered and indexed anew.
    /// </summary>
    public const int Renderer = 2;

    /// <summary>How deep elements may be nested. The parser and the serializer call themselves for each level.</summary>
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
    /// The schemes of the addresses that survive, in any case. Besides the web they open a mail program, a telephone, a
    /// map, a calendar or a messenger; none of them runs anything in the page.
    /// </summary>
    public static IReadOnlyList<string> AllowedSchemes { get; } =
    [
        "https", "http", "mailto", "tel", "sms", "smsto", "mms", "mmsto", "callto", "fax", "geo", "maps", "webcal", "webcals", "xmpp", "sip",
        "sips", "im", "facetime", "facetime-audio", "whatsapp", "skype", "ftp", "ftps",
    ];

    /// <summary>
    /// The attributes that survive, each with the elements on which it does. An id is a heading's only: another one could
    /// stand in for something of the page that the text is put into.
    /// </summary>
    public static IReadOnlyDictionary<string, string[]> AllowedAttributes { get; } = new Dictionary<string, string[]>(StringComparer.OrdinalIgnoreCase)
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

    // An allow-list: what is not named here does not get through, whether it comes from raw HTML or from Markdown.
    static readonly HtmlSanitizerOptions Allowed = new()
    {
        AllowedTags = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code",
            "em", "strong", "b", "i", "u", "s", "small", "del", "ins", "mark", "sub", "sup", "abbr", "cite", "q", "kbd", "a", "img", "figure",
            "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
        },
        // How Markdown aligns the columns of a table; it becomes the attribute align.
        AllowedAttributes = new HashSet<string>(AllowedAttributes.Keys, StringComparer.OrdinalIgnoreCase) { "style" },
        AllowedCssProperties = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "text-align" },
        AllowedSchemes = new HashSet<string>(AllowedSchemes, StringComparer.OrdinalIgnoreCase),
        UriAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href", "src" },
    };

    // Elements within a line of text. Every other element separates the words before it from those after it.
    static readonly HashSet<string> Inline = new(StringComparer.Ordinal)
    {
        "span", "code", "em", "strong", "b", "i", "u", "s", "small", "del", "ins", "mark", "sub", "sup", "abbr", "cite", "q", "kbd", "a",
    };

    /// <exception cref="ArgumentException">The text is nested too deeply.</exception>
    public static ArticleText Render(string markdown)
    {
        var html = Markdig.Markdown.ToHtml(markdown, Markdown);
        if (IsTooDeep(html)) throw new ArgumentException($"The text has more than {DeepestNesting} elements inside of each other.");

        var droppedAddresses = new List<string>();
        var sanitizer = new HtmlSanitizer(Allowed);
        sanitizer.RemovingAttribute += (_, removing) =>
        {
            if (removing.Reason == RemoveReason.NotAllowedUrlValue) droppedAddresses.Add(removing.Attribute.Value);
        };
        var body = sanitizer.SanitizeDom(html).Body!;
        foreach (var element in body.QuerySelectorAll("*")) TidyAttributes(element);

        var sections = NameHeadings(body);
        var text = PlainTextOf(body);
        var words = Word().Count(text);
        return new ArticleText(body.InnerHtml.Trim(), sections, text, Math.Max(1, (words + WordsPerMinute - 1) / WordsPerMinute), droppedAddresses);
    }

    /// <summary>The same HTML with every address in it absolute, for readers that do not know which page it is from.</summary>
    /// <param name="html">The HTML of an article.</param>
    /// <param name="page">The address of the article's page, absolute.</param>
    public static string ResolveAddresses(string html, string page)
    {
        var body = new HtmlParser().ParseDocument("<body>" + html).Body!;
        var address = new Url(page);
        foreach (var name in Allowed.UriAttributes)
        {
            foreach (var element in body.QuerySelectorAll($"[{name}]"))
            {
                var written = element.GetAttribute(name)!;
                if (Scheme().IsMatch(written)) continue;
                var resolved = new Url(address, written);
                if (!resolved.IsInvalid) element.SetAttribute(name, resolved.Href);
            }
        }
        return body.InnerHtml;
    }

    static void TidyAttributes(IElement element)
    {
        if (element.GetAttribute("style") is { } style)
        {
            element.RemoveAttribute("style");
            if (TextAlign().Match(style) is { Success: true } align) element.SetAttribute("align", align.Groups[1].Value.ToLowerInvariant());
        }
        foreach (var attribute in element.Attributes.ToArray())
        {
            if (AllowedAttributes[attribute.Name] is { Length: > 0 } elements && !elements.Contains(element.LocalName))
                element.RemoveAttribute(attribute.Name);
        }
    }

    // Markdown gives its headings ids, raw HTML may have some of its own or none: each is kept if it is an id that no
    // heading before it has.
    static Section[] NameHeadings(IElement body)
    {
        var taken = new HashSet<string>(StringComparer.Ordinal);
        return [.. body.QuerySelectorAll(Headings).Select(heading =>
        {
            var text = Blank().Replace(PlainTextOf(heading), " ").Trim();
            var anchor = Blank().Replace((heading.Id ?? "").Trim(), "-");
            if (anchor == "") anchor = LinkHelper.UrilizeAsGfm(text);
            if (anchor == "") anchor = "section";
            var unique = anchor;
            for (var i = 1; !taken.Add(unique); i++) unique = $"{anchor}-{i}";
            heading.Id = unique;
            return new Section(heading.LocalName[1] - '0', text, unique);
        })];
    }

    static string PlainTextOf(INode node)
    {
        var text = new StringBuilder();
        Append(node);
        return text.ToString();

        void Append(INode node)
        {
            foreach (var child in node.ChildNodes)
            {
                if (child is IText words) text.Append(words.Data);
                if (child is not IElement element) continue;
                var parts = !Inline.Contains(element.LocalName);
                // Nothing is parted from nothing: a snippet does not begin with a blank.
                if (parts && text.Length > 0) text.Append('\n');
                if (element.LocalName == "img") text.Append(element.GetAttribute("alt"));
                Append(element);
                if (parts) text.Append('\n');
            }
        }
    }

    // Walks without calling itself, unlike the sanitizer and the serializer, which would end the process.
    static bool IsTooDeep(string html)
    {
        INode root = new HtmlParser().ParseDocument(html).Body!;
        var (node, depth) = (root, 0);
        while (true)
        {
            if (node.FirstChild is { } child)
            {
                if (++depth > DeepestNesting) return true;
                node = child;
                continue;
            }
            while (node.NextSibling is null && node != root) (node, depth) = (node.Parent!, depth - 1);
            if (node == root) return false;
            node = node.NextSibling!;
        }
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex("^[a-z][a-z0-9+.-]*:", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Scheme();

    [GeneratedRegex("text-align: *(left|center|right)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TextAlign();
}
