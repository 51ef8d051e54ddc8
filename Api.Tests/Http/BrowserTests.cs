using Api.Access;
using Api.Contact;
using Api.Http;
using Api.Tests.Access;
using Api.Tests.Contact;
using Api.Tests.Npm;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using OpenQA.Selenium;

namespace Api.Tests.Http;

/// <summary>The docs page, the problem pages, and the ALTCHA widget on a web site, in a real browser.</summary>
[AnyEngine]
public sealed class BrowserTests(ApiFactory api) : IClassFixture<ApiFactory>
{
    [Fact]
    public async Task The_docs_page_renders_without_errors_and_Try_it_out_works()
    {
        using var redirect = await api.Client.GetAsync("/");
        Assert.Equal("/docs/index.html", redirect.Headers.Location?.ToString());

        using var browser = new Chromium();
        await browser.OpenAsync(new Uri(api.Client.BaseAddress!, "/"));
        Assert.Contains("Clinic API", browser.When(".info .title").Text, StringComparison.Ordinal);
        Assert.False(browser.Driver.FindElement(By.CssSelector(".topbar")).Displayed);
        var document = await api.GetAsync("/openapi.json");
        var operations = document["paths"]!.AsObject().Concat(document["webhooks"]!.AsObject());
        var count = operations.Sum(path => path.Value!.AsObject().Count);
        browser.Until(() => browser.Driver.FindElements(By.CssSelector(".opblock")).Count == count);

        // A GET ...
        browser.When("#operations-Locations-getLocation .opblock-summary-control").Click();
        browser.When("#operations-Locations-getLocation .try-out__btn").Click();
        browser.When("#operations-Locations-getLocation .execute").Click();
        Assert.Equal(
            "200",
            browser.When("#operations-Locations-getLocation .live-responses-table .response .response-col_status").Text
        );
        Assert.Contains(
            "\"Jonesboro\"",
            browser
                .When("#operations-Locations-getLocation .live-responses-table .response .response-col_description")
                .Text,
            StringComparison.Ordinal
        );

        // ... and a message, with the body that the document gives as its example.
        browser.When("#operations-Contact-createContactSubmission .opblock-summary-control").Click();
        browser.When("#operations-Contact-createContactSubmission .try-out__btn").Click();
        browser.When("#operations-Contact-createContactSubmission .execute").Click();
        Assert.Equal(
            "201",
            browser
                .When(
                    "#operations-Contact-createContactSubmission .live-responses-table .response .response-col_status"
                )
                .Text
        );

        // The stylesheet of the problem pages changes nothing here.
        Assert.Equal(
            true,
            browser.Driver.ExecuteScript(
                """
                const isPlain = code => getComputedStyle(code).backgroundColor === 'rgba(0, 0, 0, 0)';
                return [...document.querySelectorAll('pre code')].every(isPlain)
                    && document.querySelector('.opblock').offsetWidth > 0.9 * document.body.offsetWidth
                    && document.querySelector('meta[name=viewport]') !== null;
                """
            )
        );

        if (Environment.GetEnvironmentVariable("SCREENSHOT") is { Length: > 0 } file)
            browser.Driver.GetScreenshot().SaveAsFile(file);
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task On_the_docs_page_the_staff_sign_in_with_a_key_and_handle_a_message()
    {
        var key = await api.CreateKeyAsync([Role.Inbox], "Front desk of Jonesboro");
        var message = Submissions.Valid(("message", "A message for the docs page."));
        var reference = (string)(await api.ReceivedAsync(message))["reference"]!;
        using var browser = new Chromium();
        await browser.OpenAsync(new Uri(api.Client.BaseAddress!, "/docs/index.html"));
        Prepare("getStaffMember");
        Execute("getStaffMember", "401", "A credential is needed");

        browser.When(".scheme-container .authorize").Click();
        browser.Paste(browser.When(".modal-ux .auth-container input"), key.Text);
        browser.When(".modal-ux .auth-btn-wrapper .authorize").Click();
        browser.When(".modal-ux .auth-btn-wrapper .btn-done").Click();
        Execute("getStaffMember", "200", "Front desk of Jonesboro");

        Prepare("listSubmissions");
        foreach (var filter in new[] { "location", "assignee", "from", "to", "state" })
            Clear("listSubmissions", filter);
        Execute("listSubmissions", "200", reference);
        Prepare("getSubmission", reference);
        Execute("getSubmission", "200", "A message for the docs page.");
        // With the body of the example.
        Prepare("setSubmissionState", reference);
        Execute("setSubmissionState", "200", "\"handled\"");
        // The browser itself reports the first answer.
        browser.AssertNoComplaints(401);

        void Prepare(string operation, string? reference = null)
        {
            browser.When($"#operations-Staff-{operation} .opblock-summary-control").Click();
            browser.When($"#operations-Staff-{operation} .try-out__btn").Click();
            if (reference is not null)
                browser.Paste(Clear(operation, "reference"), reference);
        }

        IWebElement Clear(string operation, string parameter)
        {
            var field = browser.When(
                $"#operations-Staff-{operation} tr[data-param-name={parameter}] :is(input, select)"
            );
            if (field.TagName == "select")
                field.FindElement(By.CssSelector("option")).Click();
            else
                field.SendKeys(Keys.Control + "a" + Keys.Null + Keys.Delete);
            return field;
        }

        void Execute(string operation, string status, string text)
        {
            browser.When($"#operations-Staff-{operation} .execute").Click();
            browser.Until(() => Answer("status") == status);
            Assert.Contains(text, Answer("description"), StringComparison.Ordinal);

            string Answer(string column) =>
                browser
                    .When($"#operations-Staff-{operation} .live-responses-table .response .response-col_{column}")
                    .Text;
        }
    }

    [Fact]
    public async Task The_problem_pages_render_without_errors()
    {
        using var browser = new Chromium();
        await browser.OpenAsync(new Uri(api.Client.BaseAddress!, "/problems?in=es"));
        Assert.Equal("Todos los problemas", browser.Driver.FindElement(By.TagName("h1")).Text);
        await browser.OpenAsync(new Uri(api.Client.BaseAddress!, "/problems"));
        Assert.Equal(ProblemTypes.All.Count, browser.Driver.FindElements(By.CssSelector("li a")).Count);
        browser.Driver.FindElement(By.PartialLinkText("422")).Click();
        Assert.Equal("422: The request breaks rules", browser.Driver.FindElement(By.TagName("h1")).Text);
        browser.AssertNoComplaints();
    }

    [Fact]
    public async Task The_ALTCHA_widget_solves_a_challenge_and_sends_a_valid_solution()
    {
        using var browser = new Chromium();
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

        await browser.OpenAsync(new Uri(site.Urls.Single()));
        browser.When("altcha-widget input[type=checkbox]").Click();
        browser.When("altcha-widget [data-state=verified]");
        if (Environment.GetEnvironmentVariable("SCREENSHOT") is { Length: > 0 } file)
            browser.Driver.GetScreenshot().SaveAsFile(file);

        // A field of the form, as it is sent with the others.
        var payload = browser.Driver.FindElement(By.CssSelector("form input[name=altcha]")).GetDomProperty("value");
        Assert.Equal(ChallengeVerdict.Valid, api.App.Services.GetRequiredService<Altcha>().Verify(payload, out _));
        browser.AssertNoComplaints();
    }

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
}
