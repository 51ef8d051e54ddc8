using Api.Articles;

namespace Api.Tests.Articles;

[AnyEngine]
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
    public void Scripts_and_styles_are_removed(string markdown)
    {
        var document = new AngleSharp.Html.Parser.HtmlParser().ParseDocument("<body>" + Html(markdown));
        foreach (var element in document.Body!.QuerySelectorAll("*"))
        {
            Assert.DoesNotContain(
                element.LocalName,
                new[] { "script", "style", "svg", "math", "iframe", "form", "base", "meta", "object", "embed" }
            );
            Assert.DoesNotContain(
                element.Attributes,
                attribute =>
                    attribute.Name.StartsWith("on", StringComparison.Ordinal)
                    || attribute.Name == "style"
                    || attribute
                        .Value.Replace("\n", "", StringComparison.Ordinal)
                        .Contains("script:", StringComparison.OrdinalIgnoreCase)
                    || attribute.Value.StartsWith("data:", StringComparison.Ordinal)
            );
        }
    }

    [Fact]
    public void Markdown_is_rendered()
    {
        Assert.Equal("<ul>\n<li>a</li>\n</ul>\n<ol start=\"3\">\n<li>b</li>\n</ol>", Html("- a\n\n3. b"));
        Assert.Equal("<blockquote>\n<p>q</p>\n</blockquote>", Html("> q"));
        Assert.Equal("<p><a href=\"https://www.example.com/\">x</a></p>", Html("[x](https://www.example.com/)"));
        Assert.Equal(
            "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n</tr>\n</tbody>\n</table>",
            Html("| a |\n| --- |\n| 1 |")
        );
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

    [Theory]
    [InlineData("[text 988](sms:988)", "<p><a href=\"sms:988\">text 988</a></p>")]
    [InlineData("[text](SMS:988?body=Hello%20there)", "<p><a href=\"SMS:988?body=Hello%20there\">text</a></p>")]
    [InlineData(
        "<a href=\"sms:+18705550100;?&amp;body=Hi\">text</a>",
        "<p><a href=\"sms:+18705550100;?&amp;body=Hi\">text</a></p>"
    )]
    [InlineData("<sms:988>", "<p><a href=\"sms:988\">sms:988</a></p>")]
    [InlineData("[call](tel:988)", "<p><a href=\"tel:988\">call</a></p>")]
    [InlineData(
        "[write](mailto:info@example.com?subject=Help)",
        "<p><a href=\"mailto:info@example.com?subject=Help\">write</a></p>"
    )]
    [InlineData("[map](geo:35.84,-90.70?q=x)", "<p><a href=\"geo:35.84,-90.70?q=x\">map</a></p>")]
    [InlineData(
        "[hours](WebCal://example.com/hours.ics)",
        "<p><a href=\"WebCal://example.com/hours.ics\">hours</a></p>"
    )]
    [InlineData("[chat](xmpp:info@example.com)", "<p><a href=\"xmpp:info@example.com\">chat</a></p>")]
    [InlineData("[video](skype:clinic?call)", "<p><a href=\"skype:clinic?call\">video</a></p>")]
    [InlineData("[map](/map?x=1#y)", "<p><a href=\"/map?x=1#y\">map</a></p>")]
    public void Harmless_addresses_stay(string markdown, string html)
    {
        var text = ArticleText.Render(markdown);
        Assert.Equal(html, text.Html);
        Assert.Empty(text.DroppedAddresses);
    }

    [Fact]
    public void Every_allowed_scheme_stays_in_any_case()
    {
        foreach (
            var scheme in ArticleText.AllowedSchemes.SelectMany(scheme => new[] { scheme, scheme.ToUpperInvariant() })
        )
            Assert.Equal($"<p><a href=\"{scheme}:x\">y</a></p>", Html($"<a href=\"{scheme}:x\">y</a>"));
    }

    [Theory]
    [InlineData("[x](javascript:alert(1))", "javascript:alert(1)")]
    [InlineData("[x](vbscript:x)", "vbscript:x")]
    [InlineData("<a href=\"data:text/html,x\">x</a>", "data:text/html,x")]
    [InlineData("![x](file:///etc/passwd)", "file:///etc/passwd")]
    public void Dropped_addresses_are_reported(string markdown, string address) =>
        Assert.Equal([address], ArticleText.Render(markdown).DroppedAddresses);

    [Fact]
    public void Only_the_allowed_attributes_stay_and_only_on_their_elements()
    {
        string[] others =
        [
            "class",
            "style",
            "name",
            "onclick",
            "target",
            "rel",
            "role",
            "aria-label",
            "data-x",
            "srcset",
            "width",
            "hidden",
            "tabindex",
            "contenteditable",
            "is",
            "part",
            "slot",
        ];
        string[] elements = ["p", "h2", "ol", "li", "td", "th", "a", "img"];
        var survived = new List<string>();
        foreach (var element in elements)
        {
            var attributes = string.Join(
                ' ',
                ArticleText.AllowedAttributes.Keys.Concat(others).Select(name => $"{name}=\"1\"")
            );
            var html = element is "td" or "th"
                ? $"<table><tr><{element} {attributes}>x</{element}></tr></table>"
                : $"<div><{element} {attributes}></div>";
            var found = new AngleSharp.Html.Parser.HtmlParser()
                .ParseDocument("<body>" + Html(html))
                .QuerySelector(element)!;
            survived.AddRange(found.Attributes.Select(attribute => $"{element} {attribute.Name}"));
        }
        var expected = elements.SelectMany(element =>
            ArticleText
                .AllowedAttributes.Where(allowed => allowed.Value.Length == 0 || allowed.Value.Contains(element))
                .Select(allowed => $"{element} {allowed.Key}")
        );
        Assert.Equal(expected.Order(StringComparer.Ordinal), survived.Order(StringComparer.Ordinal));
        Assert.Equal(
            [
                "abbr",
                "align",
                "alt",
                "colspan",
                "dir",
                "href",
                "id",
                "lang",
                "reversed",
                "rowspan",
                "scope",
                "src",
                "start",
                "title",
                "type",
                "value",
            ],
            ArticleText.AllowedAttributes.Keys.Order(StringComparer.Ordinal)
        );
    }

    [Fact]
    public void Columns_stay_aligned_and_cells_keep_their_spans()
    {
        Assert.Equal(
            "<table>\n<thead>\n<tr>\n<th align=\"left\">a</th>\n<th align=\"center\">b</th>\n<th align=\"right\">c</th>\n<th>d</th>\n</tr>\n</thead>\n"
                + "<tbody>\n<tr>\n<td align=\"left\">1</td>\n<td align=\"center\">2</td>\n<td align=\"right\">3</td>\n<td>4</td>\n</tr>\n</tbody>\n</table>",
            Html("| a | b | c | d |\n|:--|:-:|--:|---|\n| 1 | 2 | 3 | 4 |")
        );
        Assert.Equal(
            "<table><tbody><tr><th scope=\"col\" colspan=\"2\" align=\"right\">x</th><td rowspan=\"3\">y</td><td align=\"center\">z</td></tr></tbody></table>",
            Html(
                "<table><tr><th scope=\"col\" colspan=\"2\" align=\"right\">x</th><td rowspan=\"3\">y</td><td style=\"color: red; text-align: center\">z</td></tr></table>"
            )
        );
        Assert.Equal(
            "<ol reversed=\"\" start=\"9\"><li value=\"7\">x</li></ol>",
            Html("<ol reversed start=\"9\"><li value=\"7\">x</li></ol>")
        );
        Assert.Equal("<p>x</p>", Html("<p style=\"text-align: left\" align=\"left\">x</p>"));
    }

    [Theory]
    [InlineData(
        "## Help\n\n<h2 id=\"help\">R</h2>\n<h2>N</h2>\n<h3 id=\"a b\">S</h3>\n<h3 id=\"\">E</h3>",
        "help",
        "help-1",
        "n",
        "a-b",
        "e"
    )]
    [InlineData("<h2 id=\"help-1\">R</h2>\n\n## Help\n\n## Help", "help-1", "help", "help-1-1")]
    [InlineData("<h2 id=\"help\">R</h2>\n\n## Help", "help", "help-1")]
    [InlineData("<h2>Same</h2>\n<h2>Same</h2>\n\n## Same", "same", "same-1", "same-2")]
    [InlineData("<h2></h2>\n<h2> </h2>\n<h2>!!!</h2>", "section", "section-1", "section-2")]
    [InlineData("<h2 id=\" \">&nbsp;</h2>\n<h2 id=\"\t\">x</h2>", "section", "x")]
    [InlineData("## A\n\n<div><blockquote><h5>A</h5></blockquote></div>\n<h6 id=a>A</h6>", "a", "a-1", "a-2")]
    public void Every_heading_has_a_unique_anchor(string markdown, params string[] anchors)
    {
        var text = ArticleText.Render(markdown);
        Assert.Equal(anchors, text.Sections.Select(section => section.Anchor));
        var headings = new AngleSharp.Html.Parser.HtmlParser()
            .ParseDocument("<body>" + text.Html)
            .QuerySelectorAll("h1, h2, h3, h4, h5, h6");
        Assert.Equal(anchors, headings.Select(heading => heading.Id));
    }

    [Fact]
    public void Headings_of_all_six_levels_are_in_the_outline() =>
        Assert.Equal(
            [
                .. Enumerable
                    .Range(1, 6)
                    .Select(level => new Section(level, $"Part {"abcdef"[level - 1]}", $"part-{"abcdef"[level - 1]}")),
            ],
            ArticleText
                .Render(
                    string.Join(
                        "\n\n",
                        Enumerable.Range(1, 6).Select(level => $"{new string('#', level)} Part {"abcdef"[level - 1]}")
                    )
                )
                .Sections
        );

    [Fact]
    public void A_heading_is_one_line_of_plain_text_with_the_words_of_its_image() =>
        Assert.Equal(
            [new Section(2, "One two, a map", "one-two-a-map")],
            ArticleText.Render("<h2>One\n <br>two, <img src=\"/map.png\" alt=\"a map\"></h2>").Sections
        );

    [Theory]
    [InlineData("<p>one</p><p>two</p>", "one two")]
    [InlineData("<div>one<p>two</p>three</div>", "one two three")]
    [InlineData("<ul><li>one</li><li>two</li></ul>", "one two")]
    [InlineData("<table><tr><td>one</td><td>two</td></tr><tr><td>three</td></tr></table>", "one two three")]
    [InlineData("<dl><dt>one</dt><dd>two</dd></dl>", "one two")]
    [InlineData("one<br>two<hr>three", "one two three")]
    [InlineData("<h2>one</h2><p>two</p>", "one two")]
    [InlineData("<blockquote>one</blockquote><pre>two</pre>", "one two")]
    [InlineData("<figure><img src=x alt=one><figcaption>two</figcaption></figure>", "one two")]
    [InlineData("one![two](x.png)three", "one two three")]
    [InlineData("H<sub>2</sub>O and <b>un</b>clear", "H2O and unclear")]
    [InlineData("<script>one</script>two", "two")]
    public void Words_of_neighbouring_elements_stay_separate(string markdown, string words)
    {
        var text = ArticleText.Render(markdown);
        Assert.Equal(words.Split(' '), text.PlainText.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public void Reading_time_counts_the_words_of_neighbouring_elements() =>
        Assert.Equal(2, ArticleText.Render(string.Concat(Enumerable.Repeat("<p>word</p>", 201))).ReadingMinutes);

    [Theory]
    [InlineData("/x", "https://www.example.com/x")]
    [InlineData("x", "https://www.example.com/read/x")]
    [InlineData("./x", "https://www.example.com/read/x")]
    [InlineData("../x", "https://www.example.com/x")]
    [InlineData("../../x", "https://www.example.com/x")]
    [InlineData("?x=1&amp;y=2", "https://www.example.com/read/one?x=1&amp;y=2")]
    [InlineData("#x", "https://www.example.com/read/one?a=b#x")]
    [InlineData("", "https://www.example.com/read/one?a=b")]
    [InlineData("//cdn.example.com/x", "https://cdn.example.com/x")]
    [InlineData("https://other.example.com/a b?c#d", "https://other.example.com/a b?c#d")]
    [InlineData("mailto:info@example.com", "mailto:info@example.com")]
    [InlineData("SMS:988", "SMS:988")]
    public void Addresses_are_resolved_against_the_page(string written, string absolute)
    {
        const string Page = "https://www.example.com/read/one?a=b";
        Assert.Equal(
            $"<p><a href=\"{absolute}\">x</a></p>",
            ArticleText.ResolveAddresses($"<p><a href=\"{written}\">x</a></p>", Page)
        );
        Assert.Equal(
            $"<p><img src=\"{absolute}\" alt=\"y\"></p>",
            ArticleText.ResolveAddresses($"<p><img src=\"{written}\" alt=\"y\"></p>", Page)
        );
    }

    [Theory]
    [
        InlineData("<div>"),
        InlineData("<b>"),
        InlineData("> "),
        InlineData("<table><tr><td>"),
        InlineData("<ul><li>"),
        InlineData("*a **b ")
    ]
    public void A_text_that_is_nested_too_deeply_is_refused_and_does_not_end_the_process(string part)
    {
        Assert.NotEmpty(Html(string.Concat(Enumerable.Repeat(part, 10)) + "x"));
        try
        {
            ArticleText.Render(string.Concat(Enumerable.Repeat(part, 3_000)) + "x");
        }
        catch (ArgumentException e)
        {
            Assert.NotEmpty(e.Message);
        }
    }
}
