using Api.Data;

namespace Api.Articles;

static class ArticleServices
{
    public static IServiceCollection AddArticles(this IServiceCollection services)
    {
        SqlTypes.MapAsJson<IReadOnlyList<Section>>();
        return services
            .AddSingleton<ArticleStore>()
            .AddSingleton<SearchTerms>()
            .AddSingleton<ArticleSearch>(provider =>
            {
                var db = provider.GetRequiredService<Database>();
                return db.EngineName == "sqlite"
                    ? new SqliteArticleSearch(db)
                    : new PostgresArticleSearch(db, provider.GetRequiredService<SearchTerms>());
            });
    }
}
