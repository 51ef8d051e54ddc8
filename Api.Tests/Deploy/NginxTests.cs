using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Api.Http;
using Api.Tests.Contact;

namespace Api.Tests.Deploy;

/// <summary>The program behind nginx, as Api/deploy sets both up.</summary>
[AnyEngine]
public sealed class NginxTests(NginxTests.Deployment deployment) : IClassFixture<NginxTests.Deployment>
{
    const string Messages = "/api/v1/contact-submissions";

    public sealed class Deployment : IAsyncLifetime
    {
        ApiFactory? api;

        internal Nginx Nginx { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            // Each test is skipped then. A skip in here would fail it.
            if (!Tools.Have("nginx"))
                return;
            var theirs = DeployFiles
                .ReadSettings(withExamples: false)
                .Where(setting => !setting.Contains(":Folder=", StringComparison.Ordinal));
            api = await ApiFactory.StartAsync(api =>
                api.Settings.AddRange([.. theirs, "--Contact:Limits:PerClient:Requests=2"])
            );
            Nginx = await Nginx.StartAsync(new Uri(api.App.Urls.Single()).Port);
        }

        public async ValueTask DisposeAsync()
        {
            if (Nginx is not null)
                await Nginx.DisposeAsync();
            if (api is not null)
                await api.DisposeAsync();
        }
    }

    Nginx Nginx
    {
        get
        {
            Tools.Need("nginx");
            return deployment.Nginx;
        }
    }

    static async Task<HttpResponseMessage> GetAsync(
        HttpClient client,
        string url,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        return await client.SendAsync(request);
    }

    static string? CacheStatusOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues("X-Cache-Status", out var values) ? values.Single() : null;

    /// <summary>Asserts that nginx answers as the API would.</summary>
    static async Task AssertProblemAsync(HttpResponseMessage response, ProblemType type)
    {
        Assert.Equal(type.Status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.ToString());
        Assert.True(response.Headers.CacheControl?.NoStore);
        Assert.Equal("*", response.Headers.GetValues("Access-Control-Allow-Origin").Single());
        var problem = (await response.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal(
            ["type", "title", "status", "detail", "instance", "traceId"],
            problem.Select(member => member.Key)
        );
        Assert.Equal(
            ("/api" + type.Path, type.Title, type.Status),
            ((string?)problem["type"], (string?)problem["title"], (int?)problem["status"])
        );
        Assert.Equal(response.RequestMessage!.RequestUri!.AbsolutePath, (string?)problem["instance"]);
        Assert.Matches("^[0-9a-f]{32}$", (string?)problem["traceId"]);
    }

    [Fact]
    public async Task Http_leads_to_https()
    {
        using var client = Nginx.ClientFrom("127.0.0.2");
        using var response = await client.GetAsync("http://www.example.com/api/v1/articles?q=sleep");
        Assert.Equal(HttpStatusCode.MovedPermanently, response.StatusCode);
        Assert.Equal("https://www.example.com/api/v1/articles?q=sleep", response.Headers.Location!.ToString());
    }

    [Fact]
    public async Task A_message_is_taken_in_and_neither_it_nor_its_receipt_is_cached()
    {
        using var client = Nginx.ClientFrom("127.0.0.3");
        using var created = await client.PostAsJsonAsync(Messages, Submissions.Valid());
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        Assert.Null(CacheStatusOf(created));
        Assert.True(created.Headers.Contains("Strict-Transport-Security"));
        var receipt = created.Headers.Location!.ToString();
        Assert.StartsWith("/api/v1/contact-receipts/", receipt, StringComparison.Ordinal);
        for (var i = 0; i < 2; i++)
        {
            using var read = await client.GetAsync(receipt);
            Assert.Equal((HttpStatusCode.OK, "MISS"), (read.StatusCode, CacheStatusOf(read)));
        }

        var log = Nginx.Log;
        Assert.Contains(" 200 GET /api/v1/contact-receipts/* ", log, StringComparison.Ordinal);
        Assert.DoesNotContain(receipt.Split('/')[^1], log, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.3", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_have_the_public_address_and_the_prefix_whatever_the_client_claims()
    {
        using var client = Nginx.ClientFrom("127.0.0.4");
        using var feed = await GetAsync(client, "/api/v1/articles/feed.json", ("X-Forwarded-Prefix", "/evil"));
        var content = (await feed.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal("https://www.example.com/api/v1/articles/feed.json", (string?)content["feed_url"]);
        using var page = await GetAsync(client, "/api/v1/articles?limit=1", ("X-Forwarded-Prefix", "/evil"));
        Assert.StartsWith(
            "</api/v1/articles?limit=1&cursor=",
            page.Headers.GetValues("Link").Single(),
            StringComparison.Ordinal
        );
        using var missing = await GetAsync(client, "/api/v1/articles/none", ("X-Forwarded-Prefix", "/evil"));
        var problem = (await missing.Content.ReadFromJsonAsync<JsonObject>())!;
        Assert.Equal(
            ("/api/problems/not-found", "/api/v1/articles/none"),
            ((string?)problem["type"], (string?)problem["instance"])
        );
    }

    [Fact]
    public async Task The_rate_limit_counts_the_client_s_own_address()
    {
        // Each may send two messages.
        foreach (var address in (string[])["127.0.0.5", "127.0.0.6"])
        {
            using var client = Nginx.ClientFrom(address);
            List<HttpStatusCode> statuses = [];
            for (var i = 0; i < 3; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, Messages);
                request.Content = JsonContent.Create(Submissions.Valid());
                request.Headers.Add("X-Forwarded-For", $"203.0.113.{i}");
                using var response = await client.SendAsync(request);
                statuses.Add(response.StatusCode);
            }
            Assert.Equal([HttpStatusCode.Created, HttpStatusCode.Created, HttpStatusCode.TooManyRequests], statuses);
        }
    }

    [Fact]
    public async Task The_cache_keeps_answers_apart_as_Vary_says()
    {
        using var client = Nginx.ClientFrom("127.0.0.7");
        const string Article = "/api/v1/articles/understanding-anxiety";
        using var first = await GetAsync(client, Article);
        using var second = await GetAsync(client, Article);
        Assert.Equal(("MISS", "HIT"), (CacheStatusOf(first), CacheStatusOf(second)));
        Assert.Equal(first.Headers.ETag, second.Headers.ETag);
        Assert.False(first.Headers.ETag!.IsWeak);
        Assert.Equal(first.Headers.CacheControl, second.Headers.CacheControl);
        var text = await first.Content.ReadAsStringAsync();
        Assert.Equal(text, await second.Content.ReadAsStringAsync());

        for (var i = 0; i < 2; i++)
        {
            using var compressed = await GetAsync(client, Article, ("Accept-Encoding", "gzip"));
            Assert.Equal(i == 0 ? "MISS" : "HIT", CacheStatusOf(compressed));
            Assert.Equal(["gzip"], compressed.Content.Headers.ContentEncoding);
            Assert.NotEqual(first.Headers.ETag, compressed.Headers.ETag);
            Assert.False(compressed.Headers.ETag!.IsWeak);
        }

        using var unchanged = await GetAsync(client, Article, ("If-None-Match", first.Headers.ETag.ToString()));
        Assert.Equal((HttpStatusCode.NotModified, "HIT"), (unchanged.StatusCode, CacheStatusOf(unchanged)));
        // The API has no ranges, so the answer is the whole.
        using var part = await GetAsync(client, Article, ("Range", "bytes=2-9"));
        Assert.Equal((HttpStatusCode.OK, "HIT"), (part.StatusCode, CacheStatusOf(part)));
        Assert.Equal(text, await part.Content.ReadAsStringAsync());
        using var head = await client.SendAsync(new HttpRequestMessage(HttpMethod.Head, Article));
        Assert.Equal((HttpStatusCode.OK, "HIT"), (head.StatusCode, CacheStatusOf(head)));

        const string Status = "/api/v1/locations/jonesboro/status";
        using var english = await GetAsync(client, Status);
        using var spanish = await GetAsync(client, Status, ("Accept-Language", "es"));
        Assert.Equal(["es"], spanish.Content.Headers.ContentLanguage);
        using var again = await GetAsync(client, Status);
        Assert.Equal(["en"], again.Content.Headers.ContentLanguage);
    }

    [Fact]
    public async Task A_cached_answer_has_the_date_of_the_API_so_that_browsers_know_its_age()
    {
        using var client = Nginx.ClientFrom("127.0.0.11");
        const string Article = "/api/v1/articles/sleep-and-mental-health";
        using var first = await GetAsync(client, Article);
        // Until the next second.
        while (true)
        {
            using var other = await GetAsync(client, "/api/v1/articles/none");
            if (other.Headers.Date > first.Headers.Date)
                break;
            await Task.Delay(20);
        }
        using var cached = await GetAsync(client, Article);
        Assert.Equal(("HIT", first.Headers.Date), (CacheStatusOf(cached), cached.Headers.Date));
    }

    [Fact]
    public async Task It_speaks_http_2()
    {
        using var client = Nginx.ClientFrom("127.0.0.8");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/health/ready")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory, InlineData(false), InlineData(true)]
    public async Task The_largest_body_of_the_API_gets_through_and_is_not_written_to_a_file(bool isChunked)
    {
        const int Largest = 64 * 1024;
        Nginx.ForbidTemporaryBodies();
        using var client = Nginx.ClientFrom(isChunked ? "127.0.0.9" : "127.0.0.10");
        foreach (var (size, status) in new[] { (Largest, 201), (Largest + 1, 413) })
        {
            var body = Encoding.UTF8.GetBytes(Submissions.Valid().ToJsonString().PadRight(size));
            using var request = new HttpRequestMessage(HttpMethod.Post, Messages)
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } },
            };
            request.Headers.TransferEncodingChunked = isChunked;
            using var response = await client.SendAsync(request);
            Assert.Equal(status, (int)response.StatusCode);
            if (status == 413)
                await AssertProblemAsync(response, ProblemTypes.TooLarge);
        }
    }

    [Fact]
    public async Task Without_the_API_it_answers_with_a_problem_document_and_logs_no_address()
    {
        await using var nginx = await Nginx.StartAsync(ApiProcess.FreePort());
        using var client = nginx.ClientFrom("127.0.0.2");
        using var got = await client.GetAsync("/api/v1/contact-receipts/7k3q?q=%22secret");
        await AssertProblemAsync(got, ProblemTypes.Busy);
        Assert.Equal(TimeSpan.FromSeconds(30), got.Headers.RetryAfter!.Delta);
        using var sent = await client.PostAsJsonAsync(Messages, Submissions.Valid());
        await AssertProblemAsync(sent, ProblemTypes.Busy);

        var log = nginx.Log;
        Assert.Contains(" 503 GET /api/v1/contact-receipts/* ", log, StringComparison.Ordinal);
        foreach (var secret in (string[])["7k3q", "secret", "127.0.0.2"])
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
    }
}
