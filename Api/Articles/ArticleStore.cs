using System.Text.Json;
using Api.Data;
using Dapper;
using Microsoft.Data.Sqlite;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Articles;

/// <summary>All SQL on articles, but for the full-text search, which is <see cref="ArticleSearch"/>'s.</summary>
sealed class ArticleStore(Database db, TimeProvider time)
{
    /// <summary>
    /// What the public may see of <c>articles a</c> at <c>@now</c>: every public read, count, feed and search has it. A
    /// draft's published_at is NULL, which is no less than anything.
    /// </summary>
    public const string IsPublic = "a.published_at <= @now";

    /// <summary>The rows of <c>articles a</c> that <see cref="IsPublic"/> leaves out: few, and found by an index.</summary>
    public const string IsHidden = "(a.published_at IS NULL OR a.published_at > @now)";

    public const string SummaryColumns =
        "a.slug, a.title, a.summary, a.tags, a.author, a.published_at, a.updated_at, a.reading_minutes";

    /// <summary>Public articles, newest first, after the one that a page ended with.</summary>
    public async Task<IReadOnlyList<ArticleSummary>> ListAsync(
        Instant now, string? tag, (Instant PublishedAt, string Slug)? after, int limit, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<ArticleSummary>(new CommandDefinition(
            $"""
            SELECT {SummaryColumns}
            FROM articles a
            WHERE {IsPublic}
              AND (@tag IS NULL OR EXISTS (SELECT 1 FROM article_tags t WHERE t.tag = @tag AND t.article_id = a.id))
              AND a.published_at <= @before
              AND (a.published_at < @before OR a.slug > @slug)
            ORDER BY a.published_at DESC, a.slug
            LIMIT @limit
            """,
            new { now, tag, before = after?.PublishedAt ?? Instant.MaxValue, slug = after?.Slug ?? "", limit },
            cancellationToken: ct))];
    }

    /// <summary>One public article with its text, or <c>null</c>.</summary>
    public async Task<Article?> FindAsync(string slug, Instant now, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Article>(new CommandDefinition(
            $"""
            SELECT {SummaryColumns}, a.markdown, a.html, a.sections
            FROM articles a
            WHERE a.slug = @slug AND {IsPublic}
            """,
            new { slug, now }, cancellationToken: ct));
    }

    /// <summary>The newest public articles with their texts, for the feeds.</summary>
    public async Task<IReadOnlyList<Article>> NewestAsync(Instant now, int limit, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<Article>(new CommandDefinition(
            $"""
            SELECT {SummaryColumns}, a.markdown, a.html, a.sections
            FROM articles a
            WHERE {IsPublic}
            ORDER BY a.published_at DESC, a.slug
            LIMIT @limit
            """,
            new { now, limit }, cancellationToken: ct))];
    }

    /// <summary>The tags of public articles with their counts, by name.</summary>
    public async Task<IReadOnlyList<Tag>> TagsAsync(Instant now, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return [.. await connection.QueryAsync<Tag>(new CommandDefinition(
            $"""
            SELECT t.tag AS name, count(*) AS count
            FROM article_tags t
            JOIN articles a ON a.id = t.article_id
            WHERE {IsPublic}
            GROUP BY t.tag
            ORDER BY t.tag
            """,
            new { now }, cancellationToken: ct))];
    }

    /// <summary>When the next scheduled article becomes public, or <c>null</c> when none is scheduled.</summary>
    public async Task<Instant?> NextPublicationAsync(Instant now, CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<Instant?>(new CommandDefinition(
            """
            SELECT a.published_at
            FROM articles a
            WHERE a.published_at > @now
            ORDER BY a.published_at
            LIMIT 1
            """,
            new { now }, cancellationToken: ct));
    }

    /// <summary>
    /// Writes an article, new or changed, with all that is made of its text. What is the same already stays as it is; what
    /// is new counts as unchanged since its publication, however late it is loaded, and no change counts as older than the
    /// publication. Called inside <see cref="Database.WriteAsync"/>.
    /// </summary>
    public void Save(SqliteConnection connection, ArticleDraft draft) => Save(connection, draft, ArticleText.Render(draft.Markdown));

    /// <inheritdoc cref="Save(SqliteConnection, ArticleDraft)"/>
    /// <param name="connection">The writer.</param>
    /// <param name="draft">The article.</param>
    /// <param name="text">What was made of its Markdown.</param>
    public void Save(SqliteConnection connection, ArticleDraft draft, ArticleText text)
    {
        var id = connection.QuerySingleOrDefault<long?>(
            """
            INSERT INTO articles (slug, title, summary, author, tags, published_at, updated_at, markdown, html, sections,
                                  reading_minutes, renderer)
            VALUES (@Slug, @Title, @Summary, @Author, @Tags, @PublishedAt, coalesce(@PublishedAt, @now), @Markdown, @Html, @sections,
                    @ReadingMinutes, @Renderer)
            ON CONFLICT (slug) DO UPDATE SET
                title = excluded.title, summary = excluded.summary, author = excluded.author, tags = excluded.tags,
                published_at = excluded.published_at, markdown = excluded.markdown,
                updated_at = CASE WHEN excluded.published_at > @now THEN excluded.published_at ELSE @now END,
                html = excluded.html, sections = excluded.sections, reading_minutes = excluded.reading_minutes,
                renderer = excluded.renderer
            WHERE (title, summary, author, tags, published_at, markdown) IS NOT
                  (excluded.title, excluded.summary, excluded.author, excluded.tags, excluded.published_at, excluded.markdown)
            RETURNING id
            """,
            new
            {
                draft.Slug,
                draft.Title,
                draft.Summary,
                draft.Author,
                draft.Tags,
                draft.PublishedAt,
                draft.Markdown,
                text.Html,
                text.ReadingMinutes,
                ArticleText.Renderer,
                sections = JsonSerializer.Serialize(text.Sections),
                now = time.GetCurrentInstant(),
            });
        if (id is null) return;

        connection.Execute(
            """
            DELETE FROM article_tags WHERE article_id = @id;
            INSERT INTO article_tags (tag, article_id) SELECT DISTINCT value, @id FROM json_each(@Tags);
            """,
            new { id, draft.Tags });
        ArticleSearch.Index(connection, id.Value, draft.Title, draft.Summary, text.PlainText);
    }

    /// <summary>
    /// Renders and indexes anew what an older renderer made, so that an upgrade that mends the sanitiser mends what is stored.
    /// </summary>
    public async Task RenderOutdatedAsync(CancellationToken ct)
    {
        await using var connection = await db.OpenAsync(ct);
        var rows = await connection.QueryAsync<OutdatedRow>(new CommandDefinition(
            "SELECT id, title, summary, markdown FROM articles WHERE renderer <> @Renderer",
            new { ArticleText.Renderer }, cancellationToken: ct));
        var outdated = new List<(OutdatedRow Article, ArticleText Text)>();
        foreach (var row in rows)
        {
            try
            {
                outdated.Add((row, ArticleText.Render(row.Markdown)));
            }
            catch (ArgumentException)
            {
                // An older renderer took deeper texts. What it made of this one is sanitised too, and must not stop the start.
            }
        }
        if (outdated.Count == 0) return;
        await db.WriteSynchronouslyAsync(write =>
        {
            foreach (var (article, text) in outdated)
            {
                var isSame = write.Execute(
                    """
                    UPDATE articles
                    SET html = @Html, sections = @sections, reading_minutes = @ReadingMinutes, renderer = @Renderer
                    WHERE id = @Id AND (title, summary, markdown) = (@Title, @Summary, @Markdown)
                    """,
                    new
                    {
                        article.Id,
                        article.Title,
                        article.Summary,
                        article.Markdown,
                        text.Html,
                        text.ReadingMinutes,
                        ArticleText.Renderer,
                        sections = JsonSerializer.Serialize(text.Sections),
                    }) == 1;
                if (isSame) ArticleSearch.Index(write, article.Id, article.Title, article.Summary, text.PlainText);
            }
            return outdated.Count;
        }, ct);
    }

    sealed record OutdatedRow
    {
        public required long Id { get; init; }
        public required string Title { get; init; }
        public required string Summary { get; init; }
        public required string Markdown { get; init; }
    }
}
