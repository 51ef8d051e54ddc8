using System.Collections.Concurrent;
using Api.Contact;
using Api.Contact.Inbox;
using Api.Tests.Contact;
using Dapper;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenQA.Selenium;
using OpenQA.Selenium.Interactions;

namespace Api.Tests.Http;

/// <summary>
/// The web site in Api/Examples/site, in a real browser. It is at another origin than the API, with a strict
/// Content-Security-Policy, as a clinic's own web site may be.
/// </summary>
[AnyEngine]
public sealed class ExampleSiteTests(Chromium shared) : IClassFixture<Chromium>, IAsyncLifetime
{
    const string Send = "form > button",
        Status = "form [role=status]",
        Reference = "#contact .reference";

    // A test that changes the browser takes one of its own.
    Chromium browser = shared;

    /// <summary>The requests that have arrived at the API, such as <c>GET /v1/hours</c>.</summary>
    readonly ConcurrentQueue<string> requests = [];

    /// <summary>What happens to them there.</summary>
    Func<HttpContext, RequestDelegate, Task> handle = PassOn;

    WebApplication site = null!;
    ApiFactory api = null!;

    Uri Home => new(site.Urls.Single());

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        site = builder.Build();
        site.MapGet("/{file=index.html}", (string file, HttpContext http) => GetFileAsync(file, http));
        await site.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await site.DisposeAsync();
        // Missing when the test is skipped.
        if (api is not null)
            await api.DisposeAsync();
    }

    // As a developer does: copies the files, and changes the address of the API.
    async Task<IResult> GetFileAsync(string file, HttpContext http)
    {
        var url = api.Client.BaseAddress!.ToString().TrimEnd('/');
        using var copied = await api.Client.GetAsync($"/docs/example/{file}");
        var content = await copied.Content.ReadAsStringAsync();
        http.Response.Headers.ContentSecurityPolicy =
            $"default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src {url}; "
            + "base-uri 'none'; form-action 'none'";
        return TypedResults.Text(
            content.Replace("content=\"../..\"", $"content=\"{url}\"", StringComparison.Ordinal),
            copied.Content.Headers.ContentType!.ToString()
        );
    }

    /// <summary>Starts an API that the site's script may call.</summary>
    async Task StartAsync(params string[] settings)
    {
        api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                $"--Cors:Origins:0={site.Urls.Single()}",
                "--Contact:MinimumSeconds=0",
                "--Contact:Challenge:MaxNumber=5000",
                .. settings,
            ]);
            factory.Configure = builder =>
                builder.Services.AddSingleton<IStartupFilter>(new ApiFactory.OutermostMiddleware(HandleAsync));
        });
        await browser.ForgetAsync();
    }

    Task HandleAsync(HttpContext http, RequestDelegate next)
    {
        requests.Enqueue($"{http.Request.Method} {http.Request.Path}");
        return handle(http, next);
    }

    int CountRequests(string request) => requests.Count(arrived => arrived == request);

    Task OpenAsync(string query = "") => browser.OpenAsync(new Uri(Home, query));

    string TextOf(string selector) => browser.When(selector).Text;

    void WaitForText(string selector, string text) => browser.When(selector, element => element.Text == text);

    void Follow(string link) =>
        browser.Until(() => browser.Driver.FindElements(By.LinkText(link)).FirstOrDefault())!.Click();

    string? FocusedId() => browser.Driver.SwitchTo().ActiveElement().GetDomAttribute("id");

    void FillIn(string message = "Two lines,\nlike these.")
    {
        browser.When("[name=name]").SendKeys("Sam Example");
        browser.When("[name=email]").SendKeys("sam@example.com");
        browser.When("[name=preferredContact][value=email]").Click();
        browser.When("[name=location] option[value=paragould]").Click();
        browser.When("[name=message]").SendKeys(message);
        browser.When("[name=consent]").Click();
    }

    async Task<SubmissionContent> StoredAsync() => (await api.OpenAsync(TextOf(Reference)))!;

    [Fact]
    public async Task Articles_are_listed_page_by_page_and_opened()
    {
        await StartAsync();
        await OpenAsync();
        Assert.Equal("Combining Psychotropic Medication with Therapy", TextOf(".articles > li:first-child h3"));
        Assert.Equal("June 15, 2026 · 4 min read · medication · therapy · treatment", TextOf(".articles .facts"));
        Assert.Equal(4, browser.Driver.FindElements(By.CssSelector(".articles > li")).Count);
        browser.When("#articles button").SendKeys(Keys.Enter);
        browser.When(".articles > li:nth-child(6)");
        Assert.Empty(browser.Driver.FindElements(By.CssSelector("#articles button")));
        Assert.Equal(TextOf(".articles > li:nth-child(5) a"), browser.Driver.SwitchTo().ActiveElement().Text);

        Follow("Understanding Anxiety");
        WaitForText("h1", "Understanding Anxiety");
        Assert.Equal("Understanding Anxiety – Clinic", browser.Driver.Title);
        Assert.Equal("What anxiety feels like", TextOf("article h2"));
        Follow("All articles");
        browser.When(".articles > li");
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task A_missing_article_is_explained()
    {
        await StartAsync();
        await OpenAsync("?article=no%20such");
        Assert.Equal("There is no article 'no such'.", TextOf("#article"));
        browser.AssertNoComplaints(404);
    }

    [Fact]
    public async Task Locations_say_whether_they_are_open_and_are_asked_again_when_that_changes()
    {
        using var slow = new Chromium();
        browser = slow;
        await StartAsync();
        // Half an hour before the opening. The browser's clock is set to it, its timers wait for the test, and it asks
        // the API each time.
        var now = new DateTimeOffset(2026, 7, 1, 12, 30, 0, TimeSpan.Zero);
        api.Clock.SetUtcNow(now);
        browser.Command("Network.enable");
        browser.Command("Network.setCacheDisabled", ("cacheDisabled", true));
        browser.Command(
            "Page.addScriptToEvaluateOnNewDocument",
            (
                "source",
                $$"""
                Date.now = () => {{now.ToUnixTimeMilliseconds()}};
                window.timers = [];
                window.setTimeout = (callback, wait) => window.timers.push({ callback, wait });
                """
            )
        );
        const string Jonesboro = ".locations > li:nth-child(2) ";
        await OpenAsync();
        WaitForText(Jonesboro + "h3", "Jonesboro");
        Assert.Equal("Closed. Opens at 8:00 am", TextOf(Jonesboro + ".status"));
        Assert.Equal(1, CountRequests("GET /v1/locations"));
        browser.When(Jonesboro + "summary").Click();
        Assert.Equal(
            """
            Monday 8:00 am–5:00 pm
            Tuesday 8:00 am–5:00 pm
            Wednesday 8:00 am–5:00 pm
            Thursday 8:00 am–5:00 pm
            Friday 8:00 am–5:00 pm
            Saturday Closed
            Sunday Closed
            """,
            TextOf(Jonesboro + "table")
        );

        Assert.Equal(TimeSpan.FromSeconds(30 * 60 + 1), WaitOfTimer());
        await api.AdvanceAsync(TimeSpan.FromMinutes(30));
        RunTimer();
        WaitForText(Jonesboro + ".status", "Open until 5:00 pm");
        // The visitor has opened it.
        Assert.True(browser.Driver.FindElement(By.CssSelector(Jonesboro + "table")).Displayed);

        // Without an answer, the page does not go on to say what may be wrong.
        handle = Break;
        RunTimer();
        browser.Until(() => browser.Driver.FindElement(By.CssSelector(Jonesboro + ".status")).Text == "");
        handle = PassOn;
        Assert.Equal(TimeSpan.FromMinutes(1), WaitOfTimer());
        RunTimer();
        WaitForText(Jonesboro + ".status", "Open until 5:00 pm");

        TimeSpan WaitOfTimer() =>
            TimeSpan.FromMilliseconds((long)browser.Driver.ExecuteScript("return timers[0].wait")!);
        void RunTimer() => browser.Driver.ExecuteScript("timers.shift().callback()");
    }

    [Fact]
    public async Task The_page_speaks_the_language_of_the_browser_or_the_one_that_is_chosen()
    {
        using var spanish = new Chromium { Languages = "fr,es-MX,en" };
        browser = spanish;
        await StartAsync();
        await OpenAsync();
        WaitForText(".locations > li .status", "Cerrado. Abre a las 8:00");
        Assert.Equal("Sedes", TextOf("#locations-title"));
        Assert.Equal("Su nombre", TextOf("label[for=contact-name]"));
        browser.When(Send).Click();
        WaitForText("#contact-name-error", "Falta su nombre.");

        Follow("English");
        WaitForText(".locations > li .status", "Closed. Opens at 8:00 am");
        Follow("Understanding Anxiety");
        WaitForText("#back", "All articles");
        Assert.Equal("en", browser.Driver.FindElement(By.TagName("html")).GetDomAttribute("lang"));
        browser.AssertNoComplaints(422);
    }

    [Theory]
    [InlineData("off", 0)]
    [InlineData("required", 1)]
    public async Task A_message_is_written_with_the_keyboard_and_sent(string challenge, int challenges)
    {
        await StartAsync($"--Contact:Challenge:Mode={challenge}");
        await OpenAsync();
        Assert.Contains("988", TextOf(".emergency"), StringComparison.Ordinal);
        browser.When("[name=name]").Click();
        new Actions(browser.Driver)
            .SendKeys("Sam Example")
            .SendKeys(Keys.Tab)
            .SendKeys("sam@example.com")
            .SendKeys(Keys.Tab)
            .SendKeys(Keys.Tab)
            .SendKeys(Keys.Space)
            .SendKeys(Keys.Tab)
            .SendKeys("Para")
            .SendKeys(Keys.Tab)
            .SendKeys("Two lines,\nlike these.")
            .SendKeys(Keys.Tab)
            .SendKeys(Keys.Space)
            .SendKeys(Keys.Tab)
            .SendKeys(Keys.Space)
            .Perform();
        WaitForText("#contact h3", "Thank you. Your message has arrived.");
        Assert.Equal("Thank you. Your message has arrived.", browser.Driver.SwitchTo().ActiveElement().Text);

        var stored = await StoredAsync();
        Assert.Equal(
            ("Sam Example", "sam@example.com", null, "Two lines,\nlike these."),
            (stored.Name, stored.Email, stored.Telephone, stored.Message)
        );
        Assert.Equal(
            "paragould",
            await api.QueryAsync<string>("SELECT slug FROM locations JOIN submissions ON locations.id = location_id")
        );
        Assert.Empty(await api.ListAsync(SubmissionState.Spam));
        Assert.Equal(challenges, CountRequests("GET /v1/contact-challenge"));
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task A_challenge_is_solved_also_if_the_form_was_shown_before_the_clinic_used_any()
    {
        await StartAsync();
        await OpenAsync();
        FillIn();
        var options = api.App.Services.GetRequiredService<IOptions<ContactOptions>>().Value;
        options.Challenge.Mode = ChallengeMode.Required;
        // Until the cache of the API forgets the form.
        await api.AdvanceAsync(TimeSpan.FromMinutes(2));
        browser.When(Send).Click();
        Assert.Equal("Sam Example", (await StoredAsync()).Name);
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task Each_error_is_shown_at_its_field_and_what_was_typed_stays()
    {
        await StartAsync();
        await OpenAsync();
        browser.When("[name=email]").SendKeys("nobody");
        browser.When(Send).Click();
        WaitForText(Status, "Your message was not sent yet. Please correct the marked fields.");
        Assert.Equal(
            [
                "Your name is needed.",
                "This is not an e-mail address.",
                "Say how you would like to be answered: email or telephone.",
                "Say at which location you would like to be seen.",
                "A message is needed.",
                "Your consent is needed, or the message cannot be kept.",
            ],
            browser.Driver.FindElements(By.CssSelector(".error")).Select(error => error.Text).Where(text => text != "")
        );
        Assert.Equal("contact-name", FocusedId());
        var email = browser.When("[name=email][aria-invalid=true]");
        Assert.Equal("nobody", email.GetDomProperty("value"));
        Assert.Equal("This is not an e-mail address.", TextOf("#" + email.GetDomAttribute("aria-describedby")));

        email.Clear();
        FillIn();
        browser.When(Send).Click();
        Assert.Equal("Sam Example", (await StoredAsync()).Name);
        browser.AssertNoComplaints(422);
    }

    [Fact]
    public async Task A_second_press_sends_nothing()
    {
        await StartAsync();
        await OpenAsync();
        FillIn();
        new Actions(browser.Driver).DoubleClick(browser.When(Send)).Perform();
        await StoredAsync();
        Assert.Equal(1, CountRequests("POST /v1/contact-submissions"));
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task While_the_API_is_down_nothing_typed_is_lost()
    {
        await StartAsync();
        await OpenAsync();
        FillIn();
        handle = Break;
        browser.When(Send).Click();
        WaitForText(Status, "The clinic’s server does not answer. Your message is still here: please send it again.");
        handle = PassOn;
        browser.When(Send).Click();
        Assert.Equal("Two lines,\nlike these.", (await StoredAsync()).Message);
    }

    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 2)]
    public async Task A_message_whose_answer_was_lost_is_stored_once_unless_it_is_changed(bool change, int messages)
    {
        await StartAsync();
        await OpenAsync();
        FillIn("Hello");
        handle = LoseAnswerToMessage;
        browser.When(Send).Click();
        browser.When(Status, status => status.Text.Contains("does not answer", StringComparison.Ordinal));
        Assert.Equal(1, await api.CountAsync());
        handle = PassOn;
        if (change)
            browser.When("[name=message]").SendKeys(" again");
        browser.When(Send).Click();
        Assert.Equal(change ? "Hello again" : "Hello", (await StoredAsync()).Message);
        Assert.Equal(messages, await api.CountAsync());
    }

    [Fact]
    public async Task A_limit_is_explained_with_the_time_to_wait()
    {
        await StartAsync("--Contact:Limits:PerClient:Requests=1");
        await OpenAsync();
        FillIn();
        browser.When(Send).Click();
        browser.When(Reference);
        browser.When("#contact button").Click();
        FillIn();
        browser.When(Send).Click();
        WaitForText(Status, "Too many messages have arrived. Please send yours in 10 minutes.");
        Assert.Equal("Sam Example", browser.When("[name=name]").GetDomProperty("value"));
        browser.AssertNoComplaints(429);
    }

    [Fact]
    [SqliteOnly("A full disk")]
    public async Task A_message_that_cannot_be_stored_is_explained_with_the_time_to_wait()
    {
        const int DiskFull = 13;
        await StartAsync();
        await OpenAsync();
        FillIn();
        await api.Database.WriteSynchronouslyAsync(
            connection =>
            {
                ((SqliteConnection)connection).CreateFunction<int>(
                    "fail",
                    () => throw new SqliteException("", DiskFull)
                );
                return connection.Execute(
                    "CREATE TEMP TRIGGER faulty BEFORE INSERT ON submissions BEGIN SELECT fail(); END"
                );
            },
            default
        );
        browser.When(Send).Click();
        WaitForText(Status, "The clinic’s server is busy. Please send your message again in 1 minute.");
        browser.AssertNoComplaints(507);
    }

    [Theory]
    [InlineData("--Contact:MinimumSeconds=60", "")]
    [InlineData("--Contact:MinimumSeconds=0", "https://spam.example")]
    public async Task What_a_program_sends_is_set_aside(string setting, string website)
    {
        await StartAsync(setting);
        await OpenAsync();
        FillIn();
        browser.Driver.ExecuteScript("document.querySelector('[name=website]').value = arguments[0]", website);
        browser.When(Send).Click();
        var reference = TextOf(Reference);
        Assert.Equal(reference, Assert.Single(await api.ListAsync(SubmissionState.Spam)).Reference);
    }

    [Fact]
    public async Task The_page_fits_a_telephone()
    {
        using var telephone = new Chromium();
        browser = telephone;
        await StartAsync();
        browser.Command(
            "Emulation.setDeviceMetricsOverride",
            ("width", 320),
            ("height", 640),
            ("deviceScaleFactor", 2),
            ("mobile", true)
        );
        await OpenAsync();
        browser.When(Send);
        browser.When(".articles > li");
        browser.When(".locations summary").Click();
        Assert.Equal(320L, browser.Driver.ExecuteScript("return document.documentElement.scrollWidth"));
    }

    [Fact]
    public async Task The_API_serves_the_page_under_its_path()
    {
        await StartAsync("--Site:ApiUrl=https://www.example.com/api");
        await browser.OpenAsync(new Uri(api.Client.BaseAddress!, "/api/docs/example"));
        browser.When(".locations > li");
        browser.When(".articles > li");
        FillIn();
        browser.When(Send).Click();
        await StoredAsync();
        Assert.All(requests, request => Assert.Contains(" /api/", request, StringComparison.Ordinal));
        browser.AssertNoComplaints();
    }

    static Task PassOn(HttpContext http, RequestDelegate next) => next(http);

    static Task Break(HttpContext http, RequestDelegate next)
    {
        http.Abort();
        return Task.CompletedTask;
    }

    static async Task LoseAnswerToMessage(HttpContext http, RequestDelegate next)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            await next(http);
            return;
        }
        // It must not reach the browser before the connection ends.
        http.Response.Body = new MemoryStream();
        await next(http);
        http.Abort();
    }
}
