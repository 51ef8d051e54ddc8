using System.Data.Common;
using System.Text.Json;
using Api.Data;
using Dapper;
using NodaTime;
using NodaTime.Extensions;

namespace Api.Articles;

/// <summary>All SQL on articles, except for the full-text search in <see cref="ArticleSearch"/>.</summary>
sealed class ArticleStore(Database db, ArticleSearch search, TimeProvider time)
{
    /// <summary>
    /// The rows of <c>articles a</c> that the public may see at <c>@now</c>. Every public query has this condition. It
    /// is not true for drafts, because their published_at is NULL.
    /// </summary>
    public const string IsPublic = "a.published_at <= @now";

    public const string SummaryColumns =
        "a.slug, a.title, a.summary, a.tags, a.author, a.published_at, a.updated_at, a.reading_minutes";

    /// <summary>Lists public articles, newest first, starting after the last article of the previous page.</summary>
    public async Task<IReadOnlyList<ArticleSummary>> ListAsync(
        Instant now,
        string? tag,
        (Instant PublishedAt, string Slug)? after,
        int limit,
        CancellationToken ct
    )
    {
        const string Sql = $"""
            SELECT {SummaryColumns}
            FROM articles a
            WHERE {IsPublic}
              AND (@tag IS NULL OR EXISTS (SELECT 1 FROM article_tags t WHERE t.tag = @tag AND t.article_id = a.id))
              AND a.published_at <= @before
              AND (a.published_at < @before OR a.slug > @slug)
            ORDER BY a.published_at DESC, a.slug
            LIMIT @limit
            """;
        var before = after?.PublishedAt ?? Instant.MaxValue;
        var slug = after?.Slug ?? "";
        var query = new CommandDefinition(
            Sql,
            new
            {
                now,
                tag,
                before,
                slug,
                limit,
            },
            cancellationToken: ct
        );
        return [.. await db.ReadAsync(connection => connection.QueryAsync<ArticleSummary>(query), ct)];
    }

    /// <summary>Finds a public article with its text.</summary>
    public Task<Article?> FindAsync(string slug, Instant now, CancellationToken ct)
    {
        const string Sql = $"""
            SELECT {SummaryColumns}, a.markdown, a.html, a.sections
            FROM articles a
            WHERE a.slug = @slug AND {IsPublic}
            """;
        var query = new CommandDefinition(Sql, new { slug, now }, cancellationToken: ct);
        return db.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Article>(query), ct);
    }

    /// <summary>Lists the newest public articles with their texts.</summary>
    public async Task<IReadOnlyList<Article>> ListWithTextAsync(Instant now, int limit, CancellationToken ct)
    {
        const string Sql = $"""
            SELECT {SummaryColumns}, a.markdown, a.html, a.sections
            FROM articles a
            WHERE {IsPublic}
            ORDER BY a.published_at DESC, a.slug
            LIMIT @limit
            """;
        var query = new CommandDefinition(Sql, new { now, limit }, cancellationToken: ct);
        return [.. await db.ReadAsync(connection => connection.QueryAsync<Article>(query), ct)];
    }

    /// <summary>Lists the tags of public articles by name, each with its number of articles.</summary>
    public async Task<IReadOnlyList<Tag>> ListTagsAsync(Instant now, CancellationToken ct)
    {
        const string Sql = $"""
            SELECT t.tag AS name, count(*) AS count
            FROM article_tags t
            JOIN articles a ON a.id = t.article_id
            WHERE {IsPublic}
            GROUP BY t.tag
            ORDER BY t.tag
            """;
        var query = new CommandDefinition(Sql, new { now }, cancellationToken: ct);
        return [.. await db.ReadAsync(connection => connection.QueryAsync<Tag>(query), ct)];
    }

    /// <summary>Finds out when the next scheduled article becomes public.</summary>
    /// <returns><c>null</c> when no article is scheduled.</returns>
    public Task<Instant?> FindNextPublicationAsync(Instant now, CancellationToken ct)
    {
        const string Sql = """
            SELECT a.published_at
            FROM articles a
            WHERE a.published_at > @now
            ORDER BY a.published_at
            LIMIT 1
            """;
        var query = new CommandDefinition(Sql, new { now }, cancellationToken: ct);
        return db.ReadAsync(connection => connection.QuerySingleOrDefaultAsync<Instant?>(query), ct);
    }

    /// <summary>
    /// Writes a new or changed article inside <see cref="Database.WriteAsync"/>. An unchanged article stays as it is. A
    /// changed one counts as updated now, but not before it is published.
    /// </summary>
    /// <param name="connection">The connection of the write.</param>
    /// <param name="draft">The article.</param>
    /// <param name="text">The article's rendered Markdown.</param>
    public async Task SaveAsync(DbConnection connection, ArticleDraft draft, ArticleText text)
    {
        var id = await connection.QuerySingleOrDefaultAsync<long?>(
            """
            INSERT INTO articles (slug, title, summary, author, tags, published_at, updated_at,
                                  markdown, html, sections, reading_minutes, renderer)
            VALUES (@Slug, @Title, @Summary, @Author, @Tags, @PublishedAt, coalesce(@PublishedAt, @now),
                    @Markdown, @Html, @sections, @ReadingMinutes, @Renderer)
            ON CONFLICT (slug) DO UPDATE SET
                title = excluded.title, summary = excluded.summary, author = excluded.author, tags = excluded.tags,
                published_at = excluded.published_at, markdown = excluded.markdown,
                updated_at = CASE WHEN excluded.published_at > @now THEN excluded.published_at ELSE @now END,
                html = excluded.html, sections = excluded.sections, reading_minutes = excluded.reading_minutes,
                renderer = excluded.renderer
            WHERE articles.title <> excluded.title
               OR articles.summary <> excluded.summary
               OR articles.author IS DISTINCT FROM excluded.author
               OR articles.tags <> excluded.tags
               OR articles.published_at IS DISTINCT FROM excluded.published_at
               OR articles.markdown <> excluded.markdown
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
            }
        );
        if (id is null)
            return;

        await connection.ExecuteAsync("DELETE FROM article_tags WHERE article_id = @id", new { id });
        await connection.ExecuteAsync(
            "INSERT INTO article_tags (tag, article_id) VALUES (@tag, @id)",
            draft.Tags.Distinct(StringComparer.Ordinal).Select(tag => new { tag, id })
        );
        await search.IndexAsync(connection, id.Value, draft.Title, draft.Summary, text.PlainText);
    }

    /// <summary>Indexes all articles for the search. Called inside <see cref="Database.WriteAsync"/>.</summary>
    public async Task IndexAllAsync(DbConnection connection)
    {
        var articles = await connection.QueryAsync<StoredArticle>("SELECT id, title, summary, markdown FROM articles");
        foreach (var article in articles)
        {
            var text = TryRender(article)?.PlainText ?? article.Markdown;
            await search.IndexAsync(connection, article.Id, article.Title, article.Summary, text);
        }
    }

    /// <summary>
    /// Renders and indexes the articles of an older renderer again, so that an upgrade that corrects the sanitizer also
    /// corrects what is stored.
    /// </summary>
    public async Task RenderOutdatedAsync(CancellationToken ct)
    {
        var query = new CommandDefinition(
            "SELECT id, title, summary, markdown FROM articles WHERE renderer <> @Renderer",
            new { ArticleText.Renderer },
            cancellationToken: ct
        );
        var rows = await db.ReadAsync(connection => connection.QueryAsync<StoredArticle>(query), ct);
        var outdated = new List<(StoredArticle Article, ArticleText Text)>();
        foreach (var row in rows)
        {
            if (TryRender(row) is { } text)
                outdated.Add((row, text));
        }
        if (outdated.Count == 0)
            return;

        await db.WriteAsync(
            async connection =>
            {
                foreach (var (article, text) in outdated)
                    await RenderAgainAsync(connection, article, text);
                return outdated.Count;
            },
            ct
        );
    }

    // An older renderer accepted deeper nesting. Its HTML is sanitized too, and must not stop the start.
    static ArticleText? TryRender(StoredArticle article)
    {
        try
        {
            return ArticleText.Render(article.Markdown);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    async Task RenderAgainAsync(DbConnection connection, StoredArticle article, ArticleText text)
    {
        var updated = await connection.ExecuteAsync(
            """
            UPDATE articles
            SET html = @Html, sections = @sections, reading_minutes = @ReadingMinutes, renderer = @Renderer
            WHERE id = @Id AND title = @Title AND summary = @Summary AND markdown = @Markdown
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
            }
        );
        // Another program may have changed the article since it was read.
        if (updated == 0)
            return;
        await search.IndexAsync(connection, article.Id, article.Title, article.Summary, text.PlainText);
    }

    sealed record StoredArticle
    {
        public required long Id { get; init; }
        public required string Title { get; init; }
        public required string Summary { get; init; }
        public required string Markdown { get; init; }
    }
}
