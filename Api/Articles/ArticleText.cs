using System.Text.RegularExpressions;
using Ganss.Xss;
using Markdig;
using Markdig.Extensions.AutoIdentifiers;

namespace Api.Articles;

/// <summary>What is made of an article's Markdown when it is written.</summary>
sealed partial record ArticleText(string Html, IReadOnlyList<Section> Sections, string PlainText, int ReadingMinutes)
{
    /// <summary>Raised whenever the same Markdown would give something else, so that stored articles are made anew.</summary>
    public const int Renderer = 1;

    const int WordsPerMinute = 200;

    static readonly MarkdownPipeline Markdown = new MarkdownPipelineBuilder()
        .UseAutoIdentifiers(AutoIdentifierOptions.GitHub)
        .UsePipeTables()
        .UseEmphasisExtras()
        .UseAutoLinks()
        .Build();

    // An allow-list: what is not named here does not get through, whether it comes from raw HTML or from Markdown.
    static readonly HtmlSanitizer Sanitizer = new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
        {
            "h1", "h2", "h3", "h4", "h5", "h6", "p", "div", "span", "br", "hr", "blockquote", "ul", "ol", "li", "dl", "dt", "dd", "pre", "code",
            "em", "strong", "b", "i", "u", "s", "small", "del", "ins", "mark", "sub", "sup", "abbr", "cite", "q", "kbd", "a", "img", "figure",
            "figcaption", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td",
        },
        AllowedAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "id", "href", "title", "src", "alt", "start" },
        AllowedSchemes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "https", "http", "mailto", "tel" },
        UriAttributes = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "href", "src" },
    });

    public static ArticleText Render(string markdown)
    {
        var document = Sanitizer.SanitizeDom(Markdig.Markdown.ToHtml(markdown, Markdown));
        var body = document.Body!;
        // An id that is not a heading's could stand in for something of the page that the text is put into.
        foreach (var element in body.QuerySelectorAll("[id]:not(h1, h2, h3, h4, h5, h6)")) element.RemoveAttribute("id");

        Section[] sections = [.. body.QuerySelectorAll("h1, h2, h3, h4, h5, h6").Select(heading =>
            new Section(heading.LocalName[1] - '0', heading.TextContent.Trim(), heading.Id ?? ""))];
        var words = Word().Count(body.TextContent);
        return new ArticleText(body.InnerHtml.Trim(), sections, body.TextContent, Math.Max(1, (words + WordsPerMinute - 1) / WordsPerMinute));
    }

    [GeneratedRegex(@"\S+")]
    private static partial Regex Word();
}
