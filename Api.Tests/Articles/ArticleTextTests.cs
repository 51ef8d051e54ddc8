using Api.Articles;

namespace Api.Tests.Articles;

public sealed class ArticleTextTests
{
    static string Html(string markdown) => ArticleText.Render(markdown).Html;

    [Theory]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("<img src=x onerror=alert(1)>")]
    [InlineData("[x](javascript:alert(1))")]
    [InlineData("[x](JaVaScRiPt:alert(1))")]
    [InlineData("[x](java&#x0a;script:alert(1))")]
    [InlineData("<a href=\"&#106;avascript:alert(1)\">x</a>")]
    [InlineData("[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)")]
    [InlineData("[x](vbscript:alert)")]
    [InlineData("<svg onload=alert(1)><script>alert(1)</script></svg>")]
    [InlineData("<math><mi xlink:href=\"javascript:alert(1)\">x</mi></math>")]
    [InlineData("<iframe src=https://example.com></iframe>")]
    [InlineData("<p style=\"background:url(javascript:alert(1))\">x</p>")]
    [InlineData("<style>*{color:red}</style>")]
    [InlineData("<form action=javascript:alert(1)><button>x</button></form>")]
    [InlineData("<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">")]
    [InlineData("<body onload=alert(1)>")]
    [InlineData("<a href=x onclick=alert(1)>x</a>")]
    [InlineData("| a |\n|:-:|\n| <b onmouseover=alert(1)>x</b> |")]
    [InlineData("<base href=https://evil.example/>")]
    [InlineData("<meta http-equiv=refresh content=0>")]
    [InlineData("<object data=x></object><embed src=x>")]
    public void Nothing_that_runs_or_styles_survives(string markdown)
    {
        var document = new AngleSharp.Html.Parser.HtmlParser().ParseDocument("<body>" + Html(markdown));
        foreach (var element in document.Body!.QuerySelectorAll("*"))
        {
            Assert.DoesNotContain(element.LocalName, new[] { "script", "style", "svg", "math", "iframe", "form", "base", "meta", "object", "embed" });
            Assert.DoesNotContain(element.Attributes, attribute =>
                attribute.Name.StartsWith("on", StringComparison.Ordinal) || attribute.Name == "style" ||
                attribute.Value.Replace("\n", "", StringComparison.Ordinal).Contains("script:", StringComparison.OrdinalIgnoreCase) ||
                attribute.Value.StartsWith("data:", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void What_Markdown_has_is_rendered()
    {
        Assert.Equal("<ul>\n<li>a</li>\n</ul>\n<ol start=\"3\">\n<li>b</li>\n</ol>", Html("- a\n\n3. b"));
        Assert.Equal("<blockquote>\n<p>q</p>\n</blockquote>", Html("> q"));
        Assert.Equal("<p><a href=\"https://www.example.com/\">x</a></p>", Html("[x](https://www.example.com/)"));
        Assert.Equal("<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n</tr>\n</tbody>\n</table>", Html("| a |\n| --- |\n| 1 |"));
        Assert.Equal("<p><strong>b</strong> <em>i</em> <code>c</code></p>", Html("**b** *i* `c`"));
    }

    [Fact]
    public void Anchors_are_unique_and_the_same_every_time()
    {
        const string Text = "## Same\n## Same\n## Übung\n## !!!";
        var sections = ArticleText.Render(Text).Sections;
        Assert.Equal(["same", "same-1", "übung"], sections.Take(3).Select(section => section.Anchor));
        Assert.Equal(4, sections.Select(section => section.Anchor).Where(anchor => anchor != "").Distinct().Count());
        Assert.Equal(sections, ArticleText.Render(Text).Sections);
    }

    [Fact]
    public void Only_headings_may_have_an_id() =>
        Assert.Equal("<p>x</p>\n<h2 id=\"y\">y</h2>", Html("<p id=\"location\">x</p>\n\n## y"));

    [Theory]
    [InlineData(0, 1), InlineData(1, 1), InlineData(200, 1), InlineData(201, 2), InlineData(1000, 5)]
    public void Reading_time_is_words_at_200_a_minute_rounded_up(int words, int minutes) =>
        Assert.Equal(minutes, ArticleText.Render(string.Join(' ', Enumerable.Repeat("word", words))).ReadingMinutes);
}
