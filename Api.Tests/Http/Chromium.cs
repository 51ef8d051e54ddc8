using OpenQA.Selenium;
using OpenQA.Selenium.Chrome;
using OpenQA.Selenium.Support.UI;

namespace Api.Tests.Http;

/// <summary>Chromium with its driver. It starts when it is first used, and where it is missing the test is skipped.</summary>
public sealed class Chromium : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly TempFolder profile = new();
    ChromeDriver? driver;

    /// <summary>The languages that the browser asks for.</summary>
    public string Languages { get; init; } = "en-US";

    public ChromeDriver Driver => driver ??= Start();

    public Task OpenAsync(Uri address) => Driver.Navigate().GoToUrlAsync(address);

    /// <summary>Leaves the page that another test has opened, and what it wrote to the console.</summary>
    public async Task ForgetAsync()
    {
        await OpenAsync(new Uri("about:blank"));
        Driver.Manage().Logs.GetLog(LogType.Browser);
    }

    /// <summary>Waits for a visible element.</summary>
    public IWebElement When(string selector, Func<IWebElement, bool>? condition = null) =>
        Until(() =>
            Driver
                .FindElements(By.CssSelector(selector))
                .FirstOrDefault(element => element.Displayed && condition?.Invoke(element) != false)
        )!;

    /// <summary>Waits for a result that is neither <c>null</c> nor false.</summary>
    public T Until<T>(Func<T> condition)
    {
        var wait = new WebDriverWait(Driver, Patience) { PollingInterval = TimeSpan.FromMilliseconds(50) };
        // The page replaces its elements while they are looked at.
        wait.IgnoreExceptionTypes(typeof(StaleElementReferenceException));
        return wait.Until(_ => condition());
    }

    /// <summary>
    /// Pastes a text. The docs page takes a tenth of a second for each key that is pressed.
    /// </summary>
    public void Paste(IWebElement field, string text)
    {
        field.Click();
        Command("Input.insertText", (nameof(text), text));
    }

    /// <summary>Runs a command of the DevTools protocol.</summary>
    public void Command(string name, params (string Name, object? Value)[] parameters) =>
        Driver.ExecuteCdpCommand(
            name,
            parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value)
        );

    /// <summary>Asserts that nothing was written to the console since the last time.</summary>
    /// <param name="expected">The status codes that the browser itself reports there.</param>
    public void AssertNoComplaints(params int[] expected)
    {
        var complaints = Driver
            .Manage()
            .Logs.GetLog(LogType.Browser)
            .Select(entry => entry.Message)
            .Where(message =>
                !expected.Any(status => message.Contains($"status of {status}", StringComparison.Ordinal))
            );
        Assert.Equal("", string.Join('\n', complaints));
    }

    public void Dispose()
    {
        driver?.Dispose();
        profile.Dispose();
    }

    ChromeDriver Start()
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
            $"--accept-lang={Languages}",
            $"--user-data-dir={profile.Path}"
        );
        options.SetLoggingPreference(LogType.Browser, OpenQA.Selenium.LogLevel.All);
        return new ChromeDriver(
            ChromeDriverService.CreateDefaultService(Path.GetDirectoryName(tools[1])),
            options,
            Patience
        );
    }
}
