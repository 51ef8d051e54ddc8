using Api.Http;

namespace Api.Tests.Http;

public sealed class PagingTests : IAsyncLifetime
{
    readonly ApiFactory api = new();

    public ValueTask InitializeAsync() => api.InitializeAsync();

    public ValueTask DisposeAsync() => api.DisposeAsync();

    async Task<(string[] Ids, string? Cursor)> PageAsync(string path)
    {
        var page = await api.GetAsync(path);
        return (
            [.. page["items"]!.AsArray().Select(item => (string)(item!["slug"] ?? item["location"])!)],
            (string?)page["nextCursor"]
        );
    }

    [Theory]
    [InlineData("/v1/locations"), InlineData("/v1/hours"), InlineData("/v1/locations?include=status")]
    public async Task A_cursor_becomes_invalid_when_its_location_is_gone(string path)
    {
        path += path.Contains('?', StringComparison.Ordinal) ? "&limit=1" : "?limit=1";
        var (ids, cursor) = await PageAsync(path);
        await api.ExecuteAsync("UPDATE locations SET slug = 'gone' WHERE slug = @slug", new { slug = ids[0] });
        await api.ForgetAnswersAsync();
        using var next = await api.SendAsync(HttpMethod.Get, $"{path}&cursor={cursor}");
        await JsonAssert.ProblemAsync(
            next,
            400,
            "invalid-cursor",
            "The cursor was not made for this list and these filters, or its item is gone. Start again without it."
        );
    }

    [Theory]
    [InlineData("/v1/articles?limit=1"), InlineData("/v1/articles?limit=1&q=treatment")]
    public async Task A_list_of_articles_continues_after_an_article_that_is_gone(string path)
    {
        var (first, cursor) = await PageAsync(path);
        var (second, _) = await PageAsync($"{path}&cursor={cursor}");
        await api.ExecuteAsync("UPDATE articles SET published_at = NULL WHERE slug = @slug", new { slug = first[0] });
        await api.ForgetAnswersAsync();
        Assert.Equal(second, (await PageAsync($"{path}&cursor={cursor}")).Ids);
    }

    [Theory]
    [InlineData("/v1/articles", "articles\n\n", 2), InlineData("/v1/locations", "locations", 1)]
    public async Task A_forged_cursor_with_a_null_character_is_refused(string path, string list, int parts)
    {
        string[] key = [.. new[] { "2026-01-01T00:00:00Z", "a\0b" }.TakeLast(parts)];
        using var page = await api.SendAsync(HttpMethod.Get, $"{path}?cursor={Paging.Cursor(list, key)}");
        await JsonAssert.ProblemAsync(page, 400, "invalid-cursor");
    }

    [Theory]
    [
        InlineData("/v1/articles"),
        InlineData("/v1/articles?q=treatment"),
        InlineData("/v1/articles?tag=treatment"),
        InlineData("/v1/locations"),
        InlineData("/v1/hours")
    ]
    public async Task A_page_that_is_exactly_full_is_the_last_one(string path)
    {
        path += path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
        var (all, none) = await PageAsync($"{path}limit=100");
        Assert.Null(none);
        Assert.True(all.Length >= 2);
        using (var full = await api.SendAsync(HttpMethod.Get, $"{path}limit={all.Length}"))
            Assert.False(full.Headers.Contains("Link"));
        Assert.Equal(
            (string.Join(' ', all), null),
            (
                string.Join(' ', (await PageAsync($"{path}limit={all.Length}")).Ids),
                (await PageAsync($"{path}limit={all.Length}")).Cursor
            )
        );
        var (some, cursor) = await PageAsync($"{path}limit={all.Length - 1}");
        Assert.Equal(all[..^1], some);
        Assert.NotNull(cursor);
        var (rest, end) = await PageAsync($"{path}limit={all.Length - 1}&cursor={cursor}");
        Assert.Equal((all[^1], null), (rest.Single(), end));
    }
}
