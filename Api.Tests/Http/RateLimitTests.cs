using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Api.Contact;
using Api.Http.RateLimiting;
using Api.Tests.Contact;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Api.Tests.Http;

public sealed class RateLimitTests
{
    const string Path = "/v1/contact-submissions";

    const string Message = """
        { "name": "Test Sender", "email": "sender@example.com", "preferredContact": "email", "location": "jonesboro",
          "message": "Hello.", "consent": true }
        """;

    /// <summary>
    /// An API behind a proxy at 127.0.0.1 and others in 10.0.0.0/8, with the limits of the defaults unless others are
    /// given.
    /// </summary>
    static Task<ApiFactory> StartAsync(
        int perClient = 5,
        int window = 600,
        int overall = 1000,
        int overallWindow = 600,
        Action<ApiFactory>? change = null
    ) =>
        ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                "--Proxies:Known:0=127.0.0.1",
                "--Proxies:Known:1=10.0.0.0/8",
                $"--Contact:Limits:PerClient:Requests={perClient}",
                $"--Contact:Limits:PerClient:WindowSeconds={window}",
                $"--Contact:Limits:Overall:Requests={overall}",
                $"--Contact:Limits:Overall:WindowSeconds={overallWindow}",
            ]);
            change?.Invoke(factory);
        });

    static Task<HttpResponseMessage> PostAsync(
        ApiFactory api,
        string? from = null,
        string body = Message,
        string type = "application/json"
    )
    {
        var request = new HttpRequestMessage(HttpMethod.Post, Path)
        {
            Content = new StringContent(body, Encoding.UTF8, type),
        };
        if (from is not null)
            request.Headers.Add("X-Forwarded-For", from);
        return api.Client.SendAsync(request);
    }

    static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    /// <summary>The status, and what the answer tells of the limits.</summary>
    static async Task<string> SendAsync(
        ApiFactory api,
        string? from = null,
        string body = Message,
        string type = "application/json"
    )
    {
        using var response = await PostAsync(api, from, body, type);
        return $"{(int)response.StatusCode} {Header(response, "RateLimit")}".TrimEnd();
    }

    static async Task<int> StatusAsync(
        ApiFactory api,
        string? from = null,
        string body = Message,
        string type = "application/json"
    )
    {
        using var response = await PostAsync(api, from, body, type);
        return (int)response.StatusCode;
    }

    [Fact]
    public async Task By_default_a_client_may_send_5_messages_in_10_minutes_and_all_clients_1000()
    {
        await using var defaults = Program.Compose([]);
        var limits = defaults.Services.GetRequiredService<IOptions<ContactOptions>>().Value.Limits;
        Assert.Equal(
            (5, 600, 1000, 600),
            (
                limits.PerClient.Requests,
                limits.PerClient.WindowSeconds,
                limits.Overall.Requests,
                limits.Overall.WindowSeconds
            )
        );
    }

    [Fact]
    public async Task Every_answer_says_what_is_left_and_a_429_says_when_to_try_again()
    {
        await using var api = await StartAsync();
        for (var left = 4; left >= 0; left--)
        {
            using var taken = await PostAsync(api);
            Assert.Equal(HttpStatusCode.Created, taken.StatusCode);
            Assert.Equal("\"contact\";q=5;w=600, \"contact-overall\";q=1000;w=600", Header(taken, "RateLimit-Policy"));
            Assert.Equal(
                $"\"contact\";r={left};t={560 + left * 10}, \"contact-overall\";r={995 + left};t={560 + left * 10}",
                Header(taken, "RateLimit")
            );
            Assert.Null(taken.Headers.RetryAfter);
            api.Clock.Advance(TimeSpan.FromSeconds(10));
        }
        using var response = await PostAsync(api);
        await JsonAssert.ProblemAsync(
            response,
            429,
            "quota-exceeded",
            "The limit is reached: 5 in 600 s from one address. Try again in 550 s."
        );
        Assert.Equal("550", response.Headers.RetryAfter!.ToString());
        Assert.Equal("\"contact\";q=5;w=600, \"contact-overall\";q=1000;w=600", Header(response, "RateLimit-Policy"));
        Assert.Equal("\"contact\";r=0;t=550, \"contact-overall\";r=995;t=550", Header(response, "RateLimit"));
        JsonAssert.Equal(
            """["contact"]""",
            JsonNode.Parse(await response.Content.ReadAsStringAsync())!["violated-policies"]
        );
        Assert.Equal(5, await api.CountAsync());
    }

    [Fact]
    public async Task Retry_After_is_right_to_the_second()
    {
        await using var api = await StartAsync(perClient: 1);
        Assert.Equal(201, await StatusAsync(api));
        api.Clock.Advance(TimeSpan.FromSeconds(59));
        using (var refused = await PostAsync(api))
            Assert.Equal("541", refused.Headers.RetryAfter!.ToString());
        api.Clock.Advance(TimeSpan.FromSeconds(541) - TimeSpan.FromMilliseconds(1));
        using (var refused = await PostAsync(api))
            Assert.Equal("1", refused.Headers.RetryAfter!.ToString());
        api.Clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal("201 \"contact\";r=0;t=600, \"contact-overall\";r=999;t=600", await SendAsync(api));

        // Part of a second is a whole one: never too early.
        api.Clock.Advance(TimeSpan.FromMilliseconds(599_001));
        using (var refused = await PostAsync(api))
            Assert.Equal("1", refused.Headers.RetryAfter!.ToString());
        api.Clock.Advance(TimeSpan.FromMilliseconds(-1 + 1000));
        Assert.Equal(201, await StatusAsync(api));
    }

    [Fact]
    public async Task A_window_begins_with_the_client_s_own_first_message()
    {
        await using var api = await StartAsync(perClient: 1, window: 60);
        Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
        api.Clock.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal("201 \"contact\";r=0;t=60, \"contact-overall\";r=998;t=550", await SendAsync(api, "203.0.113.2"));
        api.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
        Assert.Equal("429 \"contact\";r=0;t=50, \"contact-overall\";r=997;t=540", await SendAsync(api, "203.0.113.2"));
    }

    [Fact]
    public async Task The_overall_limit_refuses_a_message_without_counting_it_for_the_client()
    {
        await using var api = await StartAsync(overall: 2, overallWindow: 60);
        Assert.Equal("201 \"contact\";r=4;t=600, \"contact-overall\";r=1;t=60", await SendAsync(api, "203.0.113.1"));
        Assert.Equal("201 \"contact\";r=4;t=600, \"contact-overall\";r=0;t=60", await SendAsync(api, "203.0.113.2"));
        using (var response = await PostAsync(api, "203.0.113.3"))
        {
            await JsonAssert.ProblemAsync(
                response,
                429,
                "quota-exceeded",
                "The limit is reached: 2 in 60 s from all clients together. Try again in 60 s."
            );
            Assert.Equal("60", response.Headers.RetryAfter!.ToString());
            Assert.Equal("\"contact\";r=5;t=600, \"contact-overall\";r=0;t=60", Header(response, "RateLimit"));
            JsonAssert.Equal(
                """["contact-overall"]""",
                JsonNode.Parse(await response.Content.ReadAsStringAsync())!["violated-policies"]
            );
        }
        api.Clock.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal("201 \"contact\";r=4;t=600, \"contact-overall\";r=1;t=60", await SendAsync(api, "203.0.113.3"));
        Assert.Equal("201 \"contact\";r=3;t=540, \"contact-overall\";r=0;t=60", await SendAsync(api, "203.0.113.1"));
    }

    [Theory]
    [InlineData(600, 60, 600, "600 s from one address"), InlineData(60, 600, 600, "600 s from all clients together")]
    public async Task When_both_limits_are_reached_the_longer_wait_counts(
        int window,
        int overallWindow,
        int wait,
        string which
    )
    {
        await using var api = await StartAsync(perClient: 1, window: window, overall: 1, overallWindow: overallWindow);
        Assert.Equal(201, await StatusAsync(api));
        using var response = await PostAsync(api);
        await JsonAssert.ProblemAsync(
            response,
            429,
            "quota-exceeded",
            $"The limit is reached: 1 in {which}. Try again in {wait} s."
        );
        Assert.Equal($"{wait}", response.Headers.RetryAfter!.ToString());
        JsonAssert.Equal(
            """["contact", "contact-overall"]""",
            JsonNode.Parse(await response.Content.ReadAsStringAsync())!["violated-policies"]
        );
    }

    [Fact]
    public async Task A_limit_of_0_means_no_limit()
    {
        await using (var api = await StartAsync(perClient: 0, overall: 1))
        {
            Assert.Equal("201 \"contact-overall\";r=0;t=600", await SendAsync(api));
            Assert.Equal("429 \"contact-overall\";r=0;t=600", await SendAsync(api));
        }
        await using (var api = await StartAsync(perClient: 1, overall: 0))
        {
            Assert.Equal("201 \"contact\";r=0;t=600", await SendAsync(api));
            Assert.Equal("429 \"contact\";r=0;t=600", await SendAsync(api));
        }
        await using (var api = await StartAsync(perClient: 0, overall: 0))
        {
            using var response = await PostAsync(api);
            Assert.Equal(HttpStatusCode.Created, response.StatusCode);
            Assert.False(response.Headers.Contains("RateLimit-Policy"));
            Assert.False(response.Headers.Contains("RateLimit"));
        }
    }

    [Theory]
    [InlineData(
        "PerClient:Requests=-1",
        "Contact:Limits:PerClient:Requests is -1: set it to a number of requests, or 0 for no limit."
    )]
    [InlineData("Overall:WindowSeconds=0", "Contact:Limits:Overall:WindowSeconds is 0: set it to 1 or more.")]
    public void An_invalid_limit_stops_the_start(string setting, string sentence) =>
        Assert.Equal(
            sentence,
            Assert.Throws<OptionsValidationException>(() => Program.Compose([$"--Contact:Limits:{setting}"])).Message
        );

    [Theory]
    [
        InlineData("PerClient:Requests=five", "Contact:Limits:PerClient:Requests is 'five': "),
        InlineData("Overall:WindowSeconds=99999999999", "Contact:Limits:Overall:WindowSeconds is '99999999999': ")
    ]
    public async Task A_limit_that_is_not_a_number_stops_the_start_with_one_sentence(string setting, string named)
    {
        using var folder = new TempFolder();
        var (exitCode, _, errors) = await Command.RunAsync(
            "migrate",
            $"--Database:Folder={folder.Path}",
            $"--Contact:Limits:{setting}"
        );
        Assert.Equal(1, exitCode);
        Assert.StartsWith(named, errors, StringComparison.Ordinal);
        Assert.Single(errors.Trim().Split('\n'));
    }

    [Fact]
    public async Task Correcting_a_form_does_not_count()
    {
        await using var api = await StartAsync(perClient: 2);
        Assert.Equal("422 \"contact\";r=2;t=600, \"contact-overall\";r=1000;t=600", await SendAsync(api, body: "{}"));
        Assert.Equal(201, await StatusAsync(api));
        api.Clock.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(
                "422 \"contact\";r=1;t=599, \"contact-overall\";r=999;t=599",
                await SendAsync(api, body: "{}")
            );
            // This one passes the validator, and the write refuses it.
            Assert.Equal(
                "422 \"contact\";r=1;t=599, \"contact-overall\";r=999;t=599",
                await SendAsync(api, body: Message.Replace("jonesboro", "nowhere", StringComparison.Ordinal))
            );
        }
        Assert.Equal(201, await StatusAsync(api));
        Assert.Equal(429, await StatusAsync(api, body: "{}"));
    }

    [Fact]
    public async Task A_message_that_fails_on_the_server_does_not_count()
    {
        await using var api = await StartAsync(perClient: 1);
        await api.ExecuteAsync("ALTER TABLE submissions RENAME TO away");
        for (var i = 0; i < 3; i++)
            Assert.Equal("500 \"contact\";r=1;t=600, \"contact-overall\";r=1000;t=600", await SendAsync(api));
        await api.ExecuteAsync("ALTER TABLE away RENAME TO submissions");
        Assert.Equal("201 \"contact\";r=0;t=600, \"contact-overall\";r=999;t=600", await SendAsync(api));
    }

    [Fact]
    public async Task A_message_refused_by_a_full_queue_does_not_count_and_has_its_own_Retry_After()
    {
        await using var api = await StartAsync(
            perClient: 1,
            // The program's own writes take a place at times, so one place would not always be left for the message.
            change: factory => factory.Settings.Add("--Database:WriteQueueCapacity=8")
        );
        await using (await api.FillWithWritesAsync())
        {
            using var response = await PostAsync(api);
            await JsonAssert.ProblemAsync(response, 503, "busy");
            Assert.Equal("1", response.Headers.RetryAfter!.ToString());
            Assert.Equal("\"contact\";r=1;t=600, \"contact-overall\";r=1000;t=600", Header(response, "RateLimit"));
        }
        Assert.Equal(201, await StatusAsync(api));
    }

    [Fact]
    public async Task A_flood_of_unreadable_bodies_is_not_counted()
    {
        await using var api = await StartAsync(perClient: 1, overall: 1);
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("400", await SendAsync(api, body: "{"));
            Assert.Equal("415", await SendAsync(api, type: "text/plain"));
            Assert.Equal("413", await SendAsync(api, body: new string(' ', 70_000)));
        }
        Assert.Equal(0, await api.CountAsync());
        Assert.Equal("201 \"contact\";r=0;t=600, \"contact-overall\";r=0;t=600", await SendAsync(api));
        // Nor does a client that is at its limit learn anything else from it.
        Assert.Equal("400", await SendAsync(api, body: "{"));
    }

    [Fact]
    public async Task Behind_proxies_a_client_is_the_address_that_the_outermost_proxy_saw()
    {
        await using var api = await StartAsync(perClient: 1);
        Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
        Assert.Equal(429, await StatusAsync(api, "203.0.113.1"));
        Assert.Equal(201, await StatusAsync(api, "203.0.113.2"));
        // What the client itself claims stands first, and is not looked at.
        Assert.Equal(429, await StatusAsync(api, "198.51.100.7, 203.0.113.1"));
        Assert.Equal(429, await StatusAsync(api, "127.0.0.1, 203.0.113.1"));
        Assert.Equal(429, await StatusAsync(api, "nonsense, 203.0.113.1"));
        // Two proxies in a row.
        Assert.Equal(201, await StatusAsync(api, "203.0.113.3, 10.0.0.2"));
        Assert.Equal(201, await StatusAsync(api, "203.0.113.4, 10.0.0.2"));
        Assert.Equal(429, await StatusAsync(api, "198.51.100.8, 203.0.113.4, 10.0.0.2"));
        Assert.Equal(429, await StatusAsync(api, "198.51.100.9, 203.0.113.4:4711, 10.0.0.2"));
    }

    [Fact]
    public async Task A_client_gains_nothing_by_forging_the_proxy_header()
    {
        foreach (var proxy in new[] { "--Proxies:Known=", "--Proxies:Known:0=192.0.2.1" })
        {
            await using var api = await ApiFactory.StartAsync(factory =>
                factory.Settings.AddRange(["--Contact:Limits:PerClient:Requests=1", proxy])
            );
            Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
            Assert.Equal(429, await StatusAsync(api, "203.0.113.2"));
            Assert.Equal(429, await StatusAsync(api, "203.0.113.3, 192.0.2.1"));
        }
    }

    [Fact]
    public async Task IPv6_clients_are_counted_by_64_and_mapped_IPv4_addresses_as_IPv4()
    {
        await using var api = await StartAsync(perClient: 1);
        Assert.Equal(201, await StatusAsync(api, "2001:db8:0:1::1"));
        Assert.Equal(429, await StatusAsync(api, "2001:db8:0:1:ffff:ffff:ffff:ffff"));
        Assert.Equal(429, await StatusAsync(api, "[2001:db8:0:1::7]:4711"));
        Assert.Equal(201, await StatusAsync(api, "2001:db8:0:2::1"));
        Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
        Assert.Equal(429, await StatusAsync(api, "::ffff:203.0.113.1"));
        Assert.Equal(201, await StatusAsync(api, "::ffff:203.0.113.2"));
    }

    [Theory]
    [
        InlineData("64:ff9b::203.0.113.1"),
        InlineData("64:ff9b::cb00:7101"),
        InlineData("::ffff:203.0.113.1"),
        InlineData("2002:cb00:7101::1"),
        InlineData("2002:cb00:7101:1234::5678")
    ]
    public async Task A_translated_address_counts_as_the_IPv4_address_in_it(string translated)
    {
        await using var api = await StartAsync(perClient: 1);
        Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
        Assert.Equal(429, await StatusAsync(api, translated));
        Assert.Equal(201, await StatusAsync(api, "64:ff9b::203.0.113.2"));
        Assert.Equal(429, await StatusAsync(api, "203.0.113.2"));
    }

    [Fact]
    public async Task A_56_may_send_4_times_and_a_48_10_times_as_much_as_a_client()
    {
        await using var api = await StartAsync(perClient: 1);
        for (var i = 0; i < 4; i++)
            Assert.Equal(201, await StatusAsync(api, $"2001:db8:1:{i:x}::1"));
        using (var refused = await PostAsync(api, "2001:db8:1:ff::1"))
        {
            await JsonAssert.ProblemAsync(
                refused,
                429,
                "quota-exceeded",
                "The limit is reached: 4 in 600 s from one network. Try again in 600 s."
            );
            Assert.Equal(
                "\"contact\";q=1;w=600, \"contact-overall\";q=1000;w=600",
                Header(refused, "RateLimit-Policy")
            );
            Assert.Equal("\"contact\";r=0;t=600, \"contact-overall\";r=996;t=600", Header(refused, "RateLimit"));
            JsonAssert.Equal(
                """["contact"]""",
                JsonNode.Parse(await refused.Content.ReadAsStringAsync())!["violated-policies"]
            );
        }
        // What is refused takes nothing, from anybody.
        for (var i = 0; i < 6; i++)
            Assert.Equal(201, await StatusAsync(api, $"2001:db8:1:{i + 1:x}00::1"));
        Assert.Equal(429, await StatusAsync(api, "2001:db8:1:ff00::1"));
        Assert.Equal(201, await StatusAsync(api, "2001:db8:2::1"));
        Assert.Equal(11, await api.CountAsync());
    }

    [Fact]
    public async Task A_client_is_told_to_wait_for_its_network_if_that_takes_longer()
    {
        await using var api = await StartAsync(perClient: 1);
        Assert.Equal(201, await StatusAsync(api, "2001:db8:1:1::1"));
        api.Clock.Advance(TimeSpan.FromSeconds(500));
        Assert.Equal(201, await StatusAsync(api, "2001:db8:1:2::1"));
        // The network's window has ended, and the client's has not.
        api.Clock.Advance(TimeSpan.FromSeconds(101));
        for (var i = 3; i < 7; i++)
            Assert.Equal(201, await StatusAsync(api, $"2001:db8:1:{i:x}::1"));
        using var refused = await PostAsync(api, "2001:db8:1:2::1");
        Assert.StartsWith("\"contact\";r=0;t=600,", Header(refused, "RateLimit"), StringComparison.Ordinal);
        Assert.Equal("600", Header(refused, "Retry-After"));
    }

    [Fact]
    public async Task One_network_never_uses_more_than_half_of_the_overall_limit()
    {
        await using var api = await StartAsync(perClient: 5, overall: 20);
        var statuses = new List<int>();
        for (var i = 0; i < 12; i++)
            statuses.Add(await StatusAsync(api, $"2001:db8:1:{i:x}00::1"));
        Assert.Equal(10, statuses.Count(status => status == 201));
        for (var i = 0; i < 5; i++)
            Assert.Equal(201, await StatusAsync(api, "203.0.113.1"));
    }

    [Fact]
    public async Task No_address_is_stored_or_logged()
    {
        await using var api = await StartAsync(perClient: 1);
        foreach (var address in new[] { "203.0.113.77", "2001:db8:77::77" })
        {
            Assert.Equal(201, await StatusAsync(api, address));
            Assert.Equal(429, await StatusAsync(api, address));
            Assert.Equal(429, await StatusAsync(api, address, "{}"));
        }
        foreach (var file in Directory.GetFiles(api.Folder.Path))
        {
            // SQLite has it open, and lets others read.
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream, Encoding.Latin1);
            var bytes = await reader.ReadToEndAsync();
            foreach (
                var form in new[]
                {
                    "203.0.113.77",
                    "2001:db8:77",
                    Encoding.Latin1.GetString([203, 0, 113, 77]),
                    Encoding.Latin1.GetString([0x20, 0x01, 0x0d, 0xb8, 0, 0x77]),
                }
            )
                Assert.DoesNotContain(form, bytes, StringComparison.Ordinal);
        }
        Assert.DoesNotContain("203.0.113.77", api.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("2001:db8:77", api.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_of_a_client_differs_in_every_process()
    {
        var address = IPAddress.Parse("203.0.113.1");
        var key = new ClientKey();
        Assert.Equal(key.Of(address), key.Of(address));
        Assert.NotEqual(key.Of(address), new ClientKey().Of(address));
        // A Unix socket has no address.
        Assert.Equal(key.Of(null), key.Of(null));
    }

    [Fact]
    public async Task Setting_the_wall_clock_back_or_forward_changes_nothing()
    {
        var clock = new TwoClocks();
        await using var api = await StartAsync(
            perClient: 1,
            change: factory => factory.Configure = builder => builder.Services.AddSingleton<TimeProvider>(clock)
        );
        Assert.Equal(201, await StatusAsync(api));
        foreach (var wall in new[] { ApiFactory.Now.AddYears(-1), ApiFactory.Now.AddYears(1) })
        {
            clock.Wall = wall;
            Assert.Equal("429 \"contact\";r=0;t=600, \"contact-overall\";r=999;t=600", await SendAsync(api));
        }
        clock.Passed = 600 * clock.TimestampFrequency;
        Assert.Equal(201, await StatusAsync(api));
    }

    sealed class TwoClocks : TimeProvider
    {
        public DateTimeOffset Wall { get; set; } = ApiFactory.Now;
        public long Passed { get; set; }

        public override DateTimeOffset GetUtcNow() => Wall;

        public override long GetTimestamp() => Passed;
    }

    [Fact]
    public async Task Simultaneous_senders_never_exceed_the_limit()
    {
        await using var api = await StartAsync(perClient: 7, overall: 20);
        var statuses = await Task.WhenAll(Enumerable.Range(0, 120).Select(i => StatusAsync(api, $"203.0.113.{i % 4}")));
        Assert.Equal(20, statuses.Count(status => status == 201));
        Assert.Equal(100, statuses.Count(status => status == 429));
        Assert.Equal(20, await api.CountAsync());
    }

    static RateLimit Limit(TimeProvider clock, int requests = 5, int mostClients = 100) =>
        new("x", isPerClient: true, new LimitOptions { Requests = requests, WindowSeconds = 600 }, clock, mostClients);

    [Fact]
    public void Threads_that_take_and_return_permits_never_exceed_the_limit()
    {
        var limit = Limit(new FakeTimeProvider(), requests: 100_000);
        var taken = 0;
        Parallel.For(
            0,
            400_000,
            i =>
            {
                if (!limit.TryTake(1, out var quota))
                    return;
                if (i % 2 == 0)
                    limit.GiveBack(1, quota);
                else
                    Interlocked.Increment(ref taken);
            }
        );
        Assert.Equal(100_000, taken + limit.Peek(1).Remaining);
        Assert.InRange(taken, 1, 100_000);
    }

    [Fact]
    public void Windows_are_forgotten_when_they_end_and_when_all_their_permits_are_returned()
    {
        var clock = new FakeTimeProvider();
        var limit = Limit(clock);
        for (var client = 0u; client < 50; client++)
            Assert.True(limit.TryTake(client, out _));
        Assert.Equal(50, limit.Clients);
        clock.Advance(TimeSpan.FromSeconds(600));
        for (var client = 1000u; client < 1050; client++)
            Assert.True(limit.TryTake(client, out _));
        Assert.Equal(50, limit.Clients);

        for (var client = 2000u; client < 3000; client++)
        {
            Assert.True(limit.TryTake(client, out var taken));
            Assert.Equal(new Quota(5, 600, null), limit.GiveBack(client, taken));
        }
        Assert.Equal(50, limit.Clients);
    }

    [Fact]
    public void Too_many_clients_push_out_the_oldest_and_memory_does_not_grow()
    {
        var clock = new FakeTimeProvider();
        var limit = Limit(clock, requests: 1);
        for (var client = 0u; client < 10_000; client++)
        {
            Assert.True(limit.TryTake(client, out _));
            Assert.InRange(limit.Clients, 1, 100);
            clock.Advance(TimeSpan.FromMilliseconds(1));
        }
        Assert.False(limit.TryTake(9_999, out _));
        Assert.False(limit.TryTake(9_900, out _));
        Assert.True(limit.TryTake(9_899, out _));
    }

    [Fact]
    public void A_permit_that_is_returned_late_does_not_count_for_the_next_window()
    {
        var clock = new FakeTimeProvider();
        var limit = Limit(clock, requests: 2);
        Assert.True(limit.TryTake(1, out var early));
        clock.Advance(TimeSpan.FromSeconds(600));
        Assert.True(limit.TryTake(1, out _));
        Assert.Equal(1, limit.GiveBack(1, early).Remaining);
        Assert.True(limit.TryTake(1, out _));
        Assert.False(limit.TryTake(1, out _));
    }
}
