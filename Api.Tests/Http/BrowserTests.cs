using System.Runtime.CompilerServices;
using Api.Contact;
using Api.Http;
using Api.Tests.Contact;
using Api.Tests.Npm;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using OpenQA.Selenium.Support.UI;

namespace Api.Tests.Http;

/// <summary>
/// The docs page, and a web site that asks the API, in a real browser: Chromium with its driver, where they are
/// installed.
/// </summary>
public sealed class BrowserTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    static ChromeDriver Browser(TempFolder profile)
    {
        var tools = Tools.Need("chromium", "chromedriver");
        var options = new ChromeOptions { BinaryLocation = tools[0] };
        options.AddArguments(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1200,2000",
            $"--user-data-dir={profile.Path}"
        );
        options.SetLoggingPreference(LogType.Browser, OpenQA.Selenium.LogLevel.All);
        return new ChromeDriver(
            ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(tools[1])),
            options,
            Patience
        );
    }

    [Fact]
    public async Task The_docs_page_renders_without_errors_and_Try_it_out_works()
    {
        using var redirect = await api.Client.GetAsync("/");
        Assert.Equal("/docs/index.html", redirect.Headers.Location?.ToString());

        using var profile = new TempFolder();
        using var browser = Browser(profile);
        var wait = new WebDriverWait(browser, Patience);
        IWebElement When(string selector) =>
            wait.Until(page =>
                page.FindElements(By.CssSelector(selector)).FirstOrDefault(element => element.Displayed)
            )!;

        await browser.Navigate().GoToUrlAsync(new Uri(api.Client.BaseAddress!, "/"));
        Assert.Contains("Clinic API", When(".info .title").Text, StringComparison.Ordinal);
        Assert.False(browser.FindElement(By.CssSelector(".topbar")).Displayed);
        var document = await api.GetAsync("/openapi.json");
        var operations = document["paths"]!.AsObject().Concat(document["webhooks"]!.AsObject());
        var count = operations.Sum(path => path.Value!.AsObject().Count);
        Assert.True(wait.Until(page => page.FindElements(By.CssSelector(".opblock")).Count == count));

        // A GET ...
        When("#operations-Locations-getLocation .opblock-summary-control").Click();
        When("#operations-Locations-getLocation .try-out__btn").Click();
        When("#operations-Locations-getLocation .execute").Click();
        Assert.Equal(
            "200",
            When("#operations-Locations-getLocation .live-responses-table .response .response-col_status").Text
        );
        Assert.Contains(
            "\"Jonesboro\"",
            When("#operations-Locations-getLocation .live-responses-table .response .response-col_description").Text,
            StringComparison.Ordinal
        );

        // ... and a message, with the body that the document gives as its example.
        When("#operations-Contact-createContactSubmission .opblock-summary-control").Click();
        When("#operations-Contact-createContactSubmission .try-out__btn").Click();
        When("#operations-Contact-createContactSubmission .execute").Click();
        Assert.Equal(
            "201",
            When(
                "#operations-Contact-createContactSubmission .live-responses-table .response .response-col_status"
            ).Text
        );

        if (Environment.GetEnvironmentVariable("SCREENSHOT") is { Length: > 0 } file)
            browser.GetScreenshot().SaveAsFile(file);
        AssertNoComplaints(browser);
    }

    [Fact]
    public async Task The_problem_pages_render_without_errors()
    {
        using var profile = new TempFolder();
        using var browser = Browser(profile);
        await browser.Navigate().GoToUrlAsync(new Uri(api.Client.BaseAddress!, "/problems?in=es"));
        Assert.Equal("Todos los problemas", browser.FindElement(By.TagName("h1")).Text);
        await browser.Navigate().GoToUrlAsync(new Uri(api.Client.BaseAddress!, "/problems"));
        Assert.Equal(ProblemTypes.All.Count, browser.FindElements(By.CssSelector("li a")).Count);
        browser.FindElement(By.PartialLinkText("422")).Click();
        Assert.Equal("422: The request breaks rules", browser.FindElement(By.TagName("h1")).Text);
        Assert.DoesNotContain(
            browser.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message),
            message => !message.Contains("favicon", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task The_ALTCHA_widget_solves_a_challenge_and_sends_a_valid_solution()
    {
        using var profile = new TempFolder();
        using var browser = Browser(profile);
        var page = "";
        await using var site = await SiteAsync(() => page, await NodeModules.FileAsync("altcha/dist/altcha.js"));
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                "--Contact:Challenge:Mode=required",
                "--Contact:Challenge:MaxNumber=5000",
                $"--Cors:Origins:0={site.Urls.Single()}",
            ]);
            // The browser's, which tells the widget when to ask for another challenge.
            factory.Configure = builder => builder.Services.AddSingleton(TimeProvider.System);
        });
        page = $$"""
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <link rel="icon" href="data:,">
            <title>Contact</title>
            <script type="module" src="/altcha.js"></script>
            <form>
              <altcha-widget challengeurl="{{api.Client.BaseAddress}}v1/contact-challenge"></altcha-widget>
              <button>Send</button>
            </form>
            </html>
            """;

        var wait = new WebDriverWait(browser, Patience);
        IWebElement When(string selector) =>
            wait.Until(page => page.FindElements(By.CssSelector(selector)).FirstOrDefault())!;
        await browser.Navigate().GoToUrlAsync(site.Urls.Single());
        When("altcha-widget input[type=checkbox]").Click();
        When("altcha-widget [data-state=verified]");
        if (Environment.GetEnvironmentVariable("SCREENSHOT") is { Length: > 0 } file)
            browser.GetScreenshot().SaveAsFile(file);

        // A field of the form, as it is sent with the others.
        var payload = When("form input[name=altcha]").GetDomProperty("value");
        Assert.Equal(ChallengeVerdict.Valid, api.App.Services.GetRequiredService<Altcha>().Verify(payload, out _));
        AssertNoComplaints(browser);
    }

    [Fact]
    public async Task A_web_site_can_draw_and_send_the_contact_form_from_its_description()
    {
        using var profile = new TempFolder();
        using var browser = Browser(profile);
        var page = await File.ReadAllTextAsync(
            Path.Combine(Path.GetDirectoryName(ThisFile())!, "..", "Contact", "form.html")
        );
        await using var site = await SiteAsync(() => page, await NodeModules.FileAsync("altcha/dist/altcha.js"));
        await using var api = await ApiFactory.StartAsync(factory =>
        {
            factory.Settings.AddRange([
                "--Contact:Challenge:Mode=required",
                "--Contact:Challenge:MaxNumber=5000",
                $"--Cors:Origins:0={site.Urls.Single()}",
                "--Contact:MinimumSeconds=0",
            ]);
            factory.Configure = builder => builder.Services.AddSingleton(TimeProvider.System);
        });
        page = page.Replace("API_URL", api.Client.BaseAddress!.ToString().TrimEnd('/'), StringComparison.Ordinal);

        var wait = new WebDriverWait(browser, Patience);
        IWebElement When(string selector) =>
            wait.Until(page => page.FindElements(By.CssSelector(selector)).FirstOrDefault())!;
        await browser.Navigate().GoToUrlAsync(site.Urls.Single());
        When("form[data-drawn]");
        Assert.Contains("988", When(".notice").Text, StringComparison.Ordinal);
        When("[name=name]").SendKeys("Sam Example");
        When("[name=email]").SendKeys("sam@example.com");
        When("[name=preferredContact] option[value=email]").Click();
        When("[name=location] option[value=paragould]").Click();
        When("textarea[name=message]").SendKeys("Two lines,\nlike these.");
        When("altcha-widget input[type=checkbox]").Click();
        When("altcha-widget [data-state=verified]");

        // Without consent: the error names the member that the page has to show it at.
        When("form > button").Click();
        Assert.Equal(
            """[{"pointer":"#/consent","detail":"Your consent is needed, or the message cannot be kept."}]""",
            When("output[data-status='422']").Text
        );
        When("[name=consent]").Click();
        When("form > button").Click();
        var said = When("output[data-status='201']").Text.Split(' ');
        if (Environment.GetEnvironmentVariable("SCREENSHOT") is { Length: > 0 } file)
            browser.GetScreenshot().SaveAsFile(file);

        var stored = (await api.Inbox().OpenAsync(said[0], default))!;
        Assert.Equal(
            ("Sam Example", "sam@example.com", "Two lines,\nlike these."),
            (stored.Name, stored.Email, stored.Message)
        );
        Assert.Empty(await api.Inbox().ListAsync(quarantined: true, 1, default));
        Assert.Equal("received", (string?)(await api.GetAsync($"/v1/contact-receipts/{said[1]}"))["status"]);
        // The browser itself reports the 422.
        Assert.DoesNotContain(
            browser.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message),
            message => !message.Contains("422", StringComparison.Ordinal)
        );
    }

    static string ThisFile([CallerFilePath] string file = "") => file;

    /// <summary>A web site, which is of another origin than the API: one page and one script.</summary>
    static async Task<WebApplication> SiteAsync(Func<string> page, string script)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        var site = builder.Build();
        site.MapGet("/", () => TypedResults.Text(page(), "text/html"));
        site.MapGet("/altcha.js", () => TypedResults.PhysicalFile(script, "text/javascript"));
        await site.StartAsync();
        return site;
    }

    static void AssertNoComplaints(ChromeDriver browser)
    {
        var complaints = string.Join(
            '\n',
            browser.Manage().Logs.GetLog(LogType.Browser).Select(entry => entry.Message)
        );
        Assert.True(complaints == "", complaints);
    }
}
