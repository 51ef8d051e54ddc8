using System.Text.Json.Nodes;
using Api.Articles;
using NodaTime;

namespace Api.Tests.Articles;

public sealed class ArticleTests : IAsyncLifetime
{
    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    readonly TempFolder seed = new();
    ApiFactory api = null!;

    /// <summary>Starts with no articles: each test writes its own.</summary>
    public async ValueTask InitializeAsync()
    {
        File.WriteAllText(
            seed.File("clinic.yaml"),
            "clinic: { timeZone: America/Chicago }\nlocations:\n  - { slug: here, name: Here }\n"
        );
        api = await ApiFactory.StartAsync(factory => factory.Settings.Add($"--Seed:Folder={seed.Path}"));
    }

    public async ValueTask DisposeAsync()
    {
        await api.DisposeAsync();
        seed.Dispose();
    }

    Task SaveAsync(params ArticleDraft[] drafts) => api.SaveArticlesAsync(drafts);

    static ArticleDraft Draft(
        string slug,
        string markdown = "Text.",
        string? title = null,
        string summary = "Summary.",
        Duration? ago = null,
        string[]? tags = null,
        string? author = null
    ) => new(slug, title ?? slug, summary, tags ?? [], author, Now - (ago ?? Duration.FromDays(1)), markdown);

    async Task<JsonNode> ReadAnewAsync(string slug)
    {
        await api.ForgetAnswersAsync();
        return await api.GetAsync($"/v1/articles/{slug}");
    }

    async Task<string[]> SlugsAsync(string query = "")
    {
        await api.ForgetAnswersAsync();
        return
        [
            .. (await api.GetAsync("/v1/articles?" + query))["items"]!.AsArray().Select(item => (string)item!["slug"]!),
        ];
    }

    [Fact]
    public async Task A_list_item_has_everything_but_the_text()
    {
        await SaveAsync(
            Draft(
                "one",
                string.Concat(Enumerable.Repeat("word ", 401)),
                "One",
                "About one.",
                Duration.FromHours(2),
                ["b", "a"],
                "A. Writer"
            )
        );
        JsonAssert.Equal(
            """
            {
              "items": [{
                "slug": "one", "title": "One", "summary": "About one.", "tags": ["b", "a"], "author": "A. Writer",
                "publishedAt": "2026-07-01T10:00:00Z", "updatedAt": "2026-07-01T10:00:00Z", "readingMinutes": 3,
                "url": "http://localhost:5080/v1/articles/one", "snippet": null
              }],
              "nextCursor": null
            }
            """,
            await api.GetAsync("/v1/articles")
        );
    }

    [Fact]
    public async Task An_article_has_its_text_as_Markdown_and_HTML_with_an_outline()
    {
        await SaveAsync(Draft("one", "Hello.\n\n## First *part*\n\n### Deeper\n\n## Été & more\n", "One"));
        JsonAssert.Equal(
            """
            {
              "slug": "one", "title": "One", "summary": "Summary.", "tags": [], "author": null,
              "publishedAt": "2026-06-30T12:00:00Z", "updatedAt": "2026-06-30T12:00:00Z", "readingMinutes": 1,
              "url": "http://localhost:5080/v1/articles/one",
              "markdown": "Hello.\n\n## First *part*\n\n### Deeper\n\n## Été & more\n",
              "html": "<p>Hello.</p>\n<h2 id=\"first-part\">First <em>part</em></h2>\n<h3 id=\"deeper\">Deeper</h3>\n<h2 id=\"été--more\">Été &amp; more</h2>",
              "sections": [
                { "level": 2, "heading": "First part", "anchor": "first-part" },
                { "level": 3, "heading": "Deeper", "anchor": "deeper" },
                { "level": 2, "heading": "Été & more", "anchor": "été--more" }
              ]
            }
            """,
            await api.GetAsync("/v1/articles/one")
        );
    }

    [Fact]
    public async Task Unknown_draft_and_scheduled_articles_get_the_same_404()
    {
        await SaveAsync(
            Draft("draft") with
            {
                PublishedAt = null,
            },
            Draft("scheduled", ago: -Duration.FromMilliseconds(1)),
            Draft("just-now", ago: Duration.Zero)
        );
        foreach (var slug in new[] { "unknown", "draft", "scheduled", "JUST-NOW" })
        {
            using var response = await api.Client.GetAsync($"/v1/articles/{slug}");
            await JsonAssert.ProblemAsync(response, 404, "not-found", $"There is no article '{slug}'.");
        }
        await api.GetAsync("/v1/articles/just-now");
        Assert.Equal(["just-now"], await SlugsAsync());
    }

    [Fact]
    public async Task Pages_list_every_article_once_newest_first_even_with_equal_instants()
    {
        await SaveAsync([
            .. Enumerable.Range(0, 25).Select(i => Draft($"a{i:00}", ago: Duration.FromDays(1 + (i / 10)))),
        ]);
        var seen = new List<string>();
        var path = "/v1/articles?limit=7";
        while (path is not null)
        {
            using var response = await api.Client.GetAsync(path);
            var page = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["slug"]!));
            path = response.Headers.TryGetValues("Link", out var link)
                ? link.Single()[1..link.Single().IndexOf('>', StringComparison.Ordinal)]
                : null;
            Assert.Equal(path is null, page["nextCursor"] is null);
        }
        Assert.Equal(Enumerable.Range(0, 25).Select(i => $"a{i:00}"), seen);
        Assert.Equal(20, (await SlugsAsync()).Length);
    }

    [Fact]
    public async Task An_article_published_between_two_pages_neither_shifts_nor_repeats_anything()
    {
        await SaveAsync([.. Enumerable.Range(1, 4).Select(i => Draft($"a{i}", ago: Duration.FromDays(i)))]);
        var first = await api.GetAsync("/v1/articles?limit=2");
        await SaveAsync(Draft("newest", ago: Duration.Zero), Draft("between", ago: Duration.FromDays(2.5)));
        Assert.Equal(["between", "a3"], await SlugsAsync($"limit=2&cursor={first["nextCursor"]}"));
    }

    [Fact]
    public async Task Tags_filter_and_are_counted()
    {
        await SaveAsync(
            Draft("a", tags: ["sleep", "mood"], ago: Duration.FromDays(1)),
            Draft("b", tags: ["mood"], ago: Duration.FromDays(2)),
            Draft("c", tags: ["hidden", "mood"]) with
            {
                PublishedAt = null,
            }
        );
        Assert.Equal(["a", "b"], await SlugsAsync("tag=mood"));
        Assert.Equal(["a"], await SlugsAsync("tag=sleep"));
        Assert.Empty(await SlugsAsync("tag=hidden"));
        Assert.Empty(await SlugsAsync("tag=%27%20OR%201=1"));
        JsonAssert.Equal(
            """{ "items": [{ "name": "mood", "count": 2 }, { "name": "sleep", "count": 1 }] }""",
            await api.GetAsync("/v1/tags")
        );
    }

    [Fact]
    public async Task Saving_an_unchanged_article_changes_nothing_and_saving_another_text_updates_it()
    {
        await SaveAsync(Draft("one", tags: ["a"]));
        var before = await ReadAnewAsync("one");
        await api.AdvanceAsync(TimeSpan.FromMinutes(5));
        await SaveAsync(Draft("one", tags: ["a"]));
        JsonAssert.Equal(before.ToJsonString(), await ReadAnewAsync("one"));

        await SaveAsync(Draft("one", "Elephant.", tags: ["b"]));
        var after = await ReadAnewAsync("one");
        Assert.Equal("2026-07-01T12:05:00Z", (string?)after["updatedAt"]);
        Assert.Equal("<p>Elephant.</p>", (string?)after["html"]);
        Assert.Equal(["one"], await SlugsAsync("q=elephant"));
        Assert.Empty(await SlugsAsync("q=text"));
        Assert.Equal(["one"], await SlugsAsync("tag=b"));
        Assert.Empty(await SlugsAsync("tag=a"));
    }

    [Theory]
    [
        InlineData("medication"),
        InlineData("MEDICATIONS"),
        InlineData("m"),
        InlineData("med"),
        InlineData("medica"),
        InlineData("medicatio")
    ]
    [
        InlineData("cafe"),
        InlineData("CAFÉ"),
        InlineData("naive happiness"),
        InlineData("happines"),
        InlineData("therapies medicat"),
        InlineData("sleeping")
    ]
    [InlineData("ünïçödé")]
    public async Task Search_finds_every_form_of_a_word_with_or_without_accents_and_an_incomplete_last_word(string q)
    {
        await SaveAsync(
            Draft("one", "Medication and therapy. Sleep. A naïve café. Happiness. Unicode."),
            Draft("other", "Nothing of the kind.")
        );
        Assert.Equal(["one"], await SlugsAsync("q=" + Uri.EscapeDataString(q)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("\"")]
    [InlineData("\"\"")]
    [InlineData("'")]
    [InlineData("*")]
    [InlineData("-")]
    [InlineData("AND")]
    [InlineData("text AND")]
    [InlineData("NOT text")]
    [InlineData("NEAR(text, 2)")]
    [InlineData("title:text")]
    [InlineData("^text")]
    [InlineData("(text")]
    [InlineData("text\"; DROP TABLE articles; --")]
    [InlineData("{title} : x")]
    [InlineData("😀")]
    [InlineData("%")]
    [InlineData("\u0301")]
    [InlineData("هلا والله")]
    public async Task Any_search_is_safe(string q)
    {
        await SaveAsync(Draft("one"));
        var found = await SlugsAsync("q=" + Uri.EscapeDataString(q));
        Assert.True(found.Length <= 1);
        Assert.Equal(["one"], await SlugsAsync("q=text"));
    }

    [Fact]
    public async Task A_query_that_is_too_long_is_refused()
    {
        using var response = await api.Client.GetAsync("/v1/articles?q=" + new string('a', 201));
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: """[{ "parameter": "q", "detail": "q must have at most 200 characters." }]"""
        );
        await api.GetAsync("/v1/articles?q=" + new string('a', 200));
    }

    [Theory]
    [InlineData("q"), InlineData("tag")]
    public async Task A_null_character_is_refused(string parameter)
    {
        using var response = await api.Client.GetAsync($"/v1/articles?{parameter}=a%00b");
        await JsonAssert.ProblemAsync(
            response,
            422,
            "invalid",
            errors: $$"""[{ "parameter": "{{parameter}}", "detail": "{{parameter}} must not have the character U+0000." }]"""
        );
    }

    [Fact]
    public async Task A_match_in_the_title_ranks_above_one_in_the_summary_above_one_in_the_text()
    {
        await SaveAsync(
            Draft("body", "Something about zebras.", ago: Duration.FromDays(1)),
            Draft("summary", summary: "About zebras.", ago: Duration.FromDays(2)),
            Draft("title", title: "Zebras", ago: Duration.FromDays(3)),
            Draft("none", ago: Duration.FromDays(4))
        );
        Assert.Equal(["title", "summary", "body"], await SlugsAsync("q=zebra"));
    }

    [Fact]
    public async Task A_snippet_marks_the_matches_and_escapes_everything_else()
    {
        await SaveAsync(Draft("one", "Is 1 < 2 & a `<b>` tag? Medication works; medications too."));
        var item = (await api.GetAsync("/v1/articles?q=medication"))["items"]![0]!;
        Assert.Equal(
            "Is 1 &lt; 2 &amp; a &lt;b&gt; tag? <mark>Medication</mark> works; <mark>medications</mark> too. ",
            (string?)item["snippet"]
        );
    }

    [Fact]
    public async Task Search_pages_list_every_match_once()
    {
        // Many matches are equally good. None of them may be lost or repeated between two pages.
        await SaveAsync([
            .. Enumerable
                .Range(0, 223)
                .Select(i => Draft($"a{i:000}", string.Concat(Enumerable.Repeat("zebra ", 1 + (i % 3))))),
        ]);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await api.GetAsync(
                $"/v1/articles?q=zebra&limit=5" + (cursor is null ? "" : $"&cursor={cursor}")
            );
            seen.AddRange(page["items"]!.AsArray().Select(item => (string)item!["slug"]!));
            cursor = (string?)page["nextCursor"];
        } while (cursor is not null);
        Assert.Equal(223, seen.Count);
        Assert.Equal(223, seen.Distinct().Count());
    }

    [Fact]
    public async Task Search_can_be_limited_to_a_tag()
    {
        await SaveAsync(Draft("a", "Zebra.", tags: ["x"]), Draft("b", "Zebra.", tags: ["y"]));
        Assert.Equal(["b"], await SlugsAsync("q=zebra&tag=y"));
    }

    [Fact]
    public async Task The_JSON_feed_follows_the_format()
    {
        await SaveAsync(
            Draft("one", "Hello.", "One", tags: ["a"], author: "A. Writer"),
            Draft("two", "Hello.", "Two", ago: Duration.FromDays(2))
        );
        using var response = await api.Client.GetAsync("/v1/articles/feed.json");
        Assert.Equal("application/feed+json", response.Content.Headers.ContentType!.MediaType);
        JsonAssert.Equal(
            """
            {
              "version": "https://jsonfeed.org/version/1.1", "title": "Health articles",
              "home_page_url": "http://localhost:5080/", "feed_url": "http://localhost:5080/v1/articles/feed.json",
              "items": [
                { "id": "urn:uuid:5b29d465-b70e-59cd-9161-e93d5eea5246", "url": "http://localhost:5080/v1/articles/one", "title": "One",
                  "summary": "Summary.", "content_html": "<p>Hello.</p>", "date_published": "2026-06-30T12:00:00Z",
                  "date_modified": "2026-06-30T12:00:00Z", "tags": ["a"], "authors": [{ "name": "A. Writer" }] },
                { "id": "urn:uuid:ca183fe9-6360-5419-b793-dd073d12314c", "url": "http://localhost:5080/v1/articles/two", "title": "Two",
                  "summary": "Summary.", "content_html": "<p>Hello.</p>", "date_published": "2026-06-29T12:00:00Z",
                  "date_modified": "2026-06-29T12:00:00Z", "tags": [] }
              ]
            }
            """,
            JsonNode.Parse(await response.Content.ReadAsStringAsync())
        );
    }

    [Fact]
    public async Task The_Atom_feed_can_be_read_back()
    {
        await SaveAsync(Draft("one", "Hello & <b>goodbye</b>.", "One & \u0007only", tags: ["a"], author: "A. Writer"));
        using var response = await api.Client.GetAsync("/v1/articles/feed.atom");
        Assert.Equal("application/atom+xml", response.Content.Headers.ContentType!.MediaType);
        using var xml = System.Xml.XmlReader.Create(await response.Content.ReadAsStreamAsync());
        var feed = System.ServiceModel.Syndication.SyndicationFeed.Load(xml);
        Assert.Equal("urn:uuid:3acf58ed-2ca1-5d96-9816-6843ce407e41", feed.Id);
        Assert.Equal(new DateTimeOffset(2026, 6, 30, 12, 0, 0, TimeSpan.Zero), feed.LastUpdatedTime);
        var item = Assert.Single(feed.Items);
        Assert.Equal("urn:uuid:5b29d465-b70e-59cd-9161-e93d5eea5246", item.Id);
        Assert.Equal(
            "<p>Hello &amp; <b>goodbye</b>.</p>",
            ((System.ServiceModel.Syndication.TextSyndicationContent)item.Content).Text
        );
        Assert.Equal("A. Writer", Assert.Single(item.Authors).Name);
        Assert.Equal("a", Assert.Single(item.Categories).Name);
    }

    [Fact]
    public async Task Links_follow_the_configured_site()
    {
        await using var site = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                "--Site:ApiUrl=https://api.example.com",
                "--Site:ArticleUrl=https://www.example.com/read/{slug}.html",
            ])
        );
        var feed = await site.GetAsync("/v1/articles/feed.json");
        Assert.Equal("https://www.example.com/", (string?)feed["home_page_url"]);
        Assert.Equal("https://api.example.com/v1/articles/feed.json", (string?)feed["feed_url"]);
        Assert.Equal(
            "https://www.example.com/read/combining-psychotropic-medication-with-therapy.html",
            (string?)feed["items"]![0]!["url"]
        );
        Assert.Equal(
            "https://www.example.com/read/combining-psychotropic-medication-with-therapy.html",
            (string?)(await site.GetAsync("/v1/articles"))["items"]![0]!["url"]
        );
    }

    [Fact]
    public async Task The_ids_of_a_feed_and_its_articles_stay_the_same_when_the_site_moves()
    {
        static async Task<(string?[] Json, string[] Atom)> IdsAsync(params string[] settings)
        {
            await using var site = await ApiFactory.StartAsync(factory => factory.Settings.AddRange(settings));
            using var xml = System.Xml.XmlReader.Create(await site.Client.GetStreamAsync("/v1/articles/feed.atom"));
            var atom = System.ServiceModel.Syndication.SyndicationFeed.Load(xml);
            var json = (await site.GetAsync("/v1/articles/feed.json"))["items"]!.AsArray();
            return ([.. json.Select(item => (string?)item!["id"])], [atom.Id, .. atom.Items.Select(item => item.Id)]);
        }

        var before = await IdsAsync();
        var after = await IdsAsync(
            "--Site:ApiUrl=https://api.example.com/v2",
            "--Site:ArticleUrl=https://www.example.com/read/{slug}.html",
            "--Site:FeedTitle=Other"
        );
        Assert.Equal(before.Json, after.Json);
        Assert.Equal(before.Atom, after.Atom);
        Assert.Equal(before.Json, before.Atom.Skip(1));
        Assert.Equal(before.Atom.Length, before.Atom.Distinct().Count());
        Assert.All(
            before.Atom,
            id => Assert.Matches("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id)
        );
    }

    [Fact]
    public async Task Links_and_images_in_both_feeds_are_absolute()
    {
        await using var site = await ApiFactory.StartAsync(factory =>
            factory.Settings.AddRange([
                $"--Seed:Folder={seed.Path}",
                "--Site:ApiUrl=https://api.example.com",
                "--Site:ArticleUrl=https://www.example.com/learn/{slug}",
            ])
        );
        await site.SaveArticlesAsync(
            Draft("one", "[a](/a) [b](b) [c](../c) [d](?d) [e](#e) [f](//cdn.example.com/f) [g](sms:988) ![h](/h.png)")
        );
        const string Html =
            "<p><a href=\"https://www.example.com/a\">a</a> <a href=\"https://www.example.com/learn/b\">b</a> "
            + "<a href=\"https://www.example.com/c\">c</a> <a href=\"https://www.example.com/learn/one?d\">d</a> "
            + "<a href=\"https://www.example.com/learn/one#e\">e</a> <a href=\"https://cdn.example.com/f\">f</a> "
            + "<a href=\"sms:988\">g</a> <img src=\"https://www.example.com/h.png\" alt=\"h\"></p>";
        Assert.Equal(Html, (string?)(await site.GetAsync("/v1/articles/feed.json"))["items"]![0]!["content_html"]);
        using var xml = System.Xml.XmlReader.Create(await site.Client.GetStreamAsync("/v1/articles/feed.atom"));
        var item = Assert.Single(System.ServiceModel.Syndication.SyndicationFeed.Load(xml).Items);
        Assert.Equal(Html, ((System.ServiceModel.Syndication.TextSyndicationContent)item.Content).Text);
        // The article itself keeps its addresses: it is shown on the page that they belong to.
        Assert.Contains(
            "<a href=\"/a\">",
            (string?)(await site.GetAsync("/v1/articles/one"))["html"],
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task An_article_is_never_updated_before_it_is_published()
    {
        async Task<(string? PublishedAt, string? UpdatedAt)> DatesAsync()
        {
            var article = await ReadAnewAsync("one");
            return ((string?)article["publishedAt"], (string?)article["updatedAt"]);
        }

        // Written an hour before it becomes public, and changed an hour later, an hour before its new time.
        await SaveAsync(Draft("one", ago: -Duration.FromHours(1)));
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(("2026-07-01T13:00:00Z", "2026-07-01T13:00:00Z"), await DatesAsync());
        await SaveAsync(Draft("one", "Other.", ago: -Duration.FromHours(2)));
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal(("2026-07-01T14:00:00Z", "2026-07-01T14:00:00Z"), await DatesAsync());
        // A change after the publication counts.
        await api.AdvanceAsync(TimeSpan.FromHours(1));
        await SaveAsync(Draft("one", "Another.", ago: -Duration.FromHours(2)));
        Assert.Equal(("2026-07-01T14:00:00Z", "2026-07-01T15:00:00Z"), await DatesAsync());
    }

    [Fact]
    [SqliteOnly("A migration that PostgreSQL does not have")]
    public async Task The_migration_corrects_articles_that_were_updated_before_their_publication()
    {
        await SaveAsync(Draft("one"), Draft("two") with { PublishedAt = null });
        using var script = new StreamReader(
            typeof(Program).Assembly.GetManifestResourceStream("migrations/sqlite/0015_updated_when_published.sql")!
        );
        var sql = await script.ReadToEndAsync();
        await api.ExecuteAsync("UPDATE articles SET updated_at = '2020-01-01T00:00:00.000Z'");
        await api.ExecuteAsync(sql);
        Assert.Equal("2026-06-30T12:00:00Z", (string?)(await api.GetAsync("/v1/articles/one"))["updatedAt"]);
        await api.ExecuteAsync("UPDATE articles SET published_at = '2021-01-01T00:00:00.000Z' WHERE slug = 'two'");
        Assert.Equal("2020-01-01T00:00:00Z", (string?)(await api.GetAsync("/v1/articles/two"))["updatedAt"]);
    }

    [Fact]
    public async Task Drafts_and_scheduled_articles_that_match_better_do_not_shorten_a_search_page()
    {
        await SaveAsync(
            Draft("draft", "Zebra.", title: "Zebra") with
            {
                PublishedAt = null,
            },
            Draft("scheduled", "Zebra.", title: "Zebra", ago: -Duration.FromDays(1)),
            Draft("one", "A zebra.", ago: Duration.FromDays(1)),
            Draft("two", "A zebra among others.", ago: Duration.FromDays(2))
        );
        var first = await api.GetAsync("/v1/articles?q=zebra&limit=1");
        Assert.Equal(["one"], first["items"]!.AsArray().Select(item => (string?)item!["slug"]));
        Assert.NotNull(first["nextCursor"]);
        var second = await api.GetAsync($"/v1/articles?q=zebra&limit=1&cursor={first["nextCursor"]}");
        Assert.Equal(["two"], second["items"]!.AsArray().Select(item => (string?)item!["slug"]));
        Assert.Null(second["nextCursor"]);
    }

    [Fact]
    public async Task Alternative_texts_and_words_in_neighbouring_elements_are_found()
    {
        await SaveAsync(Draft("one", "<p>first</p><p>second</p>\n\n![A giraffe](/g.png)"));
        foreach (var word in new[] { "first", "second", "giraffe" })
            Assert.Equal(["one"], await SlugsAsync($"q={word}"));
        Assert.Equal(
            "first <mark>second</mark> A giraffe ",
            (string?)(await api.GetAsync("/v1/articles?q=second"))["items"]![0]!["snippet"]
        );
    }

    [Fact]
    public async Task Articles_of_an_older_renderer_are_rendered_and_indexed_again_at_the_start()
    {
        await SaveAsync(Draft("one", "Hello, <b>zebra</b>.\n\n## Part", "One"));
        var before = await ReadAnewAsync("one");
        await api.ExecuteAsync(
            """
            UPDATE articles SET html = '<script>', sections = '[]', reading_minutes = 9, renderer = 1;
            DELETE FROM article_search;
            """
        );
        Assert.Equal("<script>", (string?)(await ReadAnewAsync("one"))["html"]);
        Assert.Empty(await SlugsAsync("q=zebra"));
        await Api.CommandLine.Startup.PrepareAsync(api.App);
        JsonAssert.Equal(before.ToJsonString(), await ReadAnewAsync("one"));
        Assert.Equal(["one"], await SlugsAsync("q=zebra"));
    }

    [Fact]
    public async Task An_old_text_that_is_nested_too_deeply_now_keeps_its_HTML()
    {
        await SaveAsync(Draft("one", "Hello."));
        var deep = string.Concat(Enumerable.Repeat("<div>", 300));
        await api.ExecuteAsync(
            "UPDATE articles SET html = '<p>Old.</p>', markdown = @deep, renderer = 1",
            new { deep }
        );
        await Api.CommandLine.Startup.PrepareAsync(api.App);
        Assert.Equal("<p>Old.</p>", (string?)(await api.GetAsync("/v1/articles/one"))["html"]);
    }
}
