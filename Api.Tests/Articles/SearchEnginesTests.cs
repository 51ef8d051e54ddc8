using System.Diagnostics.Metrics;
using Api.Articles;
using Api.Data;
using Api.Data.Postgres;
using Api.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NodaTime;

namespace Api.Tests.Articles;

/// <summary>Both engines find the same articles for the same words, each with its own ranking.</summary>
[AnyEngine]
public sealed class SearchEnginesTests : IAsyncLifetime
{
    const string DatabaseName = "search_engines";
    const int Articles = 120;

    static readonly Instant Now = Instant.FromDateTimeOffset(ApiFactory.Now);

    static readonly string[] Roots =
    [
        .. "medic therap anxi depress psycholog relat care run hop happi stud creat generat nation condit oper form real".Split(
            ' '
        ),
        .. "activ adjust allow bowdl control decis differ electr feed formal fals grat hesit inferenc irrit light matt".Split(
            ' '
        ),
        .. "motor plast predic probat radic rat rol sens siz sky tripl vile vietnam y ab éclair naïve 2024 café über 心".Split(
            ' '
        ),
    ];

    static readonly string[] Suffixes =
    [
        .. " s es ed ing ation ational ator alism iveness fulness ousness aliti iviti biliti icate ative alize iciti".Split(
            ' '
        ),
        .. "ical ful ness al ance ence er ic able ible ant ement ment ent ion ou ism ate iti ous ive ize eed y ies sses".Split(
            ' '
        ),
        .. "logi bli ly ably ologi ogist ibly eli ousli enci anci izer abli alli entli eing ying ee tt ll zz ss x w".Split(
            ' '
        ),
    ];

    readonly TempFolder folder = new();
    readonly ServiceProvider services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    readonly StorageHealth health = new(TimeProvider.System, NullLogger<StorageHealth>.Instance);
    SqliteDatabase sqlite = null!;
    PostgresDatabase postgres = null!;

    public ValueTask InitializeAsync()
    {
        var server = PostgresServer.Shared;
        server.DropDatabase(DatabaseName);
        server.CreateDatabase(DatabaseName);
        SqlTypes.MapAsJson<IReadOnlyList<Section>>();
        sqlite = new SqliteDatabase(
            Options.Create(new DatabaseOptions { Folder = folder.Path }),
            new HostingEnvironment { ContentRootPath = "/" },
            health,
            new WriteQueueMetrics(services.GetRequiredService<IMeterFactory>())
        );
        postgres = new PostgresDatabase(
            Options.Create(new DatabaseOptions { ConnectionString = server.ConnectionString(DatabaseName) }),
            health
        );
        new SqliteMigrator(sqlite, NullLogger<SqliteMigrator>.Instance).Migrate();
        new PostgresMigrator(postgres, NullLogger<PostgresMigrator>.Instance).Migrate();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await sqlite.DisposeAsync();
        await postgres.DisposeAsync();
        PostgresServer.Shared.DropDatabase(DatabaseName);
        await services.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Both_engines_find_the_same_articles()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string RandomWord() =>
            Pick(random, Roots) + Pick(random, Suffixes) + (random.Next(8) == 0 ? Pick(random, Suffixes) : "");
        string[] vocabulary =
        [
            .. Enumerable.Range(0, 500).Select(_ => RandomWord()),
            // FTS5 stems neither very short nor very long words.
            "as",
            "is",
            // A letter that FTS5 does not know.
            "\u1C90",
            "a\u1C90b",
            new string('a', 60) + "ings",
            new string('a', 61) + "ings",
            new string('é', 40) + "ings",
        ];
        (ArticleDraft, ArticleText)[] articles =
        [
            .. Enumerable.Range(0, Articles).Select(i => Article(i, random, vocabulary)),
        ];
        using var terms = new SearchTerms();
        ArticleSearch[] searches = [new SqliteArticleSearch(sqlite), new PostgresArticleSearch(postgres, terms)];
        await SaveAsync(sqlite, searches[0], articles);
        await SaveAsync(postgres, searches[1], articles);

        var found = 0;
        foreach (var word in vocabulary.Concat(vocabulary.Select(word => word[..random.Next(1, word.Length + 1)])))
        {
            var query = random.Next(4) == 0 ? $"{Pick(random, vocabulary)} {word}" : word;
            var results = await Task.WhenAll(searches.Select(search => FindAsync(search, query)));
            Assert.True(
                results[0].SequenceEqual(results[1]),
                $"Seed {seed}: '{query}' finds {string.Join(' ', results[0])} on SQLite and "
                    + $"{string.Join(' ', results[1])} on PostgreSQL."
            );
            found += results[0].Length;
        }
        Assert.True(found > 1000, $"{found}");
    }

    static T Pick<T>(Random random, IReadOnlyList<T> values) => values[random.Next(values.Count)];

    static (ArticleDraft, ArticleText) Article(int number, Random random, string[] vocabulary)
    {
        string Words(int count) =>
            string.Join(' ', Enumerable.Range(0, count).Select(_ => Pick(random, vocabulary).ToUpperInvariant()));
        var markdown = Words(8) + "\n";
        var draft = new ArticleDraft($"a{number}", Words(1), Words(2), [], null, Now, markdown);
        return (draft, ArticleText.Render(markdown));
    }

    static Task<int> SaveAsync(Database db, ArticleSearch search, (ArticleDraft, ArticleText)[] articles)
    {
        var store = new ArticleStore(db, search, new FakeTimeProvider(ApiFactory.Now));
        return db.WriteAsync(
            async connection =>
            {
                foreach (var (draft, text) in articles)
                    await store.SaveAsync(connection, draft, text);
                return articles.Length;
            },
            default
        );
    }

    static async Task<string[]> FindAsync(ArticleSearch search, string query)
    {
        var matches = await search.FindAsync(Now, query, tag: null, after: null, limit: Articles, default);
        return [.. matches.Select(match => match.Article.Slug).Order(StringComparer.Ordinal)];
    }
}
