using Api.Articles;

namespace Api.Seed;

/// <summary>An article's file: front matter between two lines of <c>---</c>, and the text in Markdown below it.</summary>
/// <param name="Draft">What is in it.</param>
/// <param name="Text">What is made of the Markdown.</param>
/// <param name="Warnings">What gets lost on the way, with the lines.</param>
sealed record ArticleFile(ArticleDraft Draft, ArticleText Text, IReadOnlyList<string> Warnings)
{
    /// <param name="text">The whole file.</param>
    /// <param name="name">The file's name without its extension.</param>
    /// <exception cref="SeedMistake">There is a mistake in it.</exception>
    public static ArticleFile Read(string text, string name)
    {
        var lines = SeedText.Lines(text);
        var end = Array.FindIndex(lines, 1, line => line.TrimEnd() == "---");
        if (lines[0].TrimEnd() != "---" || end < 0)
            throw new SeedMistake(1, "the file must begin with front matter between two lines of ---: write --- above and below title, slug and summary.");

        const string Example = "title: Sleep, slug: sleep and summary: How to sleep well, each on a line of its own";
        var root = YamlReader.Read(string.Join('\n', lines[1..end]), firstLine: 2) ??
            throw new SeedMistake(2, $"there is nothing between the lines of ---: write {Example}.");
        var map = new SeedMap(root, "front matter", ["title", "slug", "summary", "tags", "author", "published"], Example);
        var slug = map.Require("slug", "sleep", SeedMap.Text("slug", "sleep", SeedFiles.ReadSlug));
        if (slug != name)
            throw new SeedMistake(map.LineOf("slug"), $"the slug '{slug}' must be the file's name: rename the file to {slug}.md, or write the slug that its name is.");
        var tags = map.Find("tags", "[sleep]", SeedMap.List("tags", "sleep", SeedMap.Text("tags", "sleep", SeedFiles.ReadSlug))) ?? [];
        var draft = new ArticleDraft(
            slug,
            map.Require("title", "Sleep", SeedMap.Text("title", "Sleep", SeedFiles.ReadText)),
            map.Require("summary", "How to sleep well", SeedMap.Text("summary", "How to sleep well", SeedFiles.ReadText)),
            [.. tags.Distinct(StringComparer.Ordinal)],
            map.Find("author", "A. Writer", SeedMap.Text("author", "A. Writer", SeedFiles.ReadText)),
            map.FindValue("published", "2026-01-12T15:00:00Z", SeedMap.Text("published", "2026-01-12T15:00:00Z", SeedFiles.ReadInstant)),
            string.Join('\n', lines[(end + 1)..]).Trim() + "\n");

        ArticleText rendered;
        try
        {
            rendered = ArticleText.Render(draft.Markdown);
        }
        catch (ArgumentException)
        {
            throw new SeedMistake(end + 2, "the text has too many elements inside of each other: write fewer quotations, lists and tags in one another.");
        }
        return new ArticleFile(draft, rendered, [.. rendered.DroppedAddresses.Select(address =>
        {
            var line = Array.FindIndex(lines, end + 1, candidate => candidate.Contains(address, StringComparison.Ordinal));
            return $"line {Math.Max(line, end + 1) + 1}: the address {SeedMistake.Quote(address)} is left out, because its kind is not allowed: write one that begins with " +
                "https:, mailto:, tel:, sms: or another harmless scheme.";
        })]);
    }
}
