using Api.Articles;

namespace Api.Seed;

/// <summary>
/// The file of an article: front matter between two lines of <c>---</c>, and the text in Markdown below it.
/// </summary>
/// <param name="Draft">The article.</param>
/// <param name="Text">The article's rendered Markdown.</param>
/// <param name="Warnings">What is left out of the text, each with its line.</param>
sealed record ArticleFile(ArticleDraft Draft, ArticleText Text, IReadOnlyList<string> Warnings)
{
    const string FrontMatterExample =
        "title: Sleep, slug: sleep and summary: How to sleep well, each on a line of its own";

    /// <param name="text">The whole file.</param>
    /// <param name="name">The file's name without its extension.</param>
    /// <exception cref="SeedMistake">The file has a mistake.</exception>
    public static ArticleFile Read(string text, string name)
    {
        var lines = SeedText.SplitLines(text);
        var end = Array.FindIndex(lines, 1, line => line.TrimEnd() == "---");
        if (lines[0].TrimEnd() != "---" || end < 0)
        {
            throw new SeedMistake(
                1,
                "the file must begin with front matter between two lines of ---: "
                    + "write --- above and below title, slug and summary."
            );
        }

        var draft = ReadDraft(lines, end, name);
        var rendered = Render(draft.Markdown, firstLine: end + 2);
        var warnings = rendered.DroppedAddresses.Select(address => DescribeDropped(address, lines, end + 1));
        return new ArticleFile(draft, rendered, [.. warnings]);
    }

    static ArticleDraft ReadDraft(string[] lines, int end, string name)
    {
        var frontMatter = string.Join('\n', lines[1..end]);
        var root =
            YamlReader.Read(frontMatter, firstLine: 2)
            ?? throw new SeedMistake(2, $"there is nothing between the lines of ---: write {FrontMatterExample}.");
        string[] names = ["title", "slug", "summary", "tags", "author", "published"];
        var map = new SeedMap(root, "front matter", names, FrontMatterExample);

        var slug = map.RequireText("slug", "sleep", SeedFiles.ReadSlug);
        if (slug != name)
        {
            throw new SeedMistake(
                map.LineOf("slug"),
                $"the slug '{slug}' must be the file's name: " + $"rename the file to {slug}.md, or change the slug."
            );
        }
        var tags = map.FindTexts("tags", "sleep", SeedFiles.ReadSlug) ?? [];
        return new ArticleDraft(
            slug,
            map.RequireText("title", "Sleep", SeedFiles.ReadText),
            map.RequireText("summary", "How to sleep well", SeedFiles.ReadText),
            [.. tags.Distinct(StringComparer.Ordinal)],
            map.FindText("author", "A. Writer", SeedFiles.ReadText),
            map.FindValue("published", "2026-01-12T15:00:00Z", SeedFiles.ReadInstant),
            string.Join('\n', lines[(end + 1)..]).Trim() + "\n"
        );
    }

    static ArticleText Render(string markdown, int firstLine)
    {
        try
        {
            return ArticleText.Render(markdown);
        }
        catch (ArgumentException)
        {
            throw new SeedMistake(
                firstLine,
                "the text is nested too deeply: write fewer quotations, lists and tags in one another."
            );
        }
    }

    static string DescribeDropped(string address, string[] lines, int textStart)
    {
        var found = Array.FindIndex(lines, textStart, line => line.Contains(address, StringComparison.Ordinal));
        var line = Math.Max(found, textStart) + 1;
        return $"line {line}: the address {SeedMistake.Quote(address)} is left out, because its kind is not allowed: "
            + "write one that begins with https:, mailto:, tel:, sms: or another harmless scheme.";
    }
}
