using Certctl.Tests.Fixtures;
using Microsoft.Playwright;

namespace Certctl.Tests.Browser;

/// <summary>Debian's Chromium without a window, by Playwright.</summary>
internal sealed class PageBrowser : IAsyncDisposable
{
    /// <summary>Milliseconds; a machine may be slow.</summary>
    public const float Patience = 120_000;

    private const string Chromium = "/usr/bin/chromium";

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private PageBrowser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static bool CanRun => ExternalTool.AllPresent(Chromium);

    public static async Task<PageBrowser> StartAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Chromium,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
            Timeout = Patience,
        });
        return new PageBrowser(playwright, browser);
    }

    /// <summary>A window of a browser that remembers nothing.</summary>
    public async Task<OpenPage> OpenAsync(Uri server, ColorScheme theme = ColorScheme.Light)
    {
        var context = await _browser.NewContextAsync(new BrowserNewContextOptions
        {
            IgnoreHTTPSErrors = true,
            ColorScheme = theme,
            ReducedMotion = ReducedMotion.Reduce,
            ViewportSize = new ViewportSize { Width = 1280, Height = 900 },
            BaseURL = server.AbsoluteUri,
        });
        context.SetDefaultTimeout(Patience);
        return new OpenPage(await context.NewPageAsync());
    }

    /// <summary>The same, signed in, at a page.</summary>
    /// <param name="path">Or the whole address at another server.</param>
    public async Task<OpenPage> SignInAsync(Uri server, string path, string key, ColorScheme theme = ColorScheme.Light)
    {
        var open = await OpenAsync(server, theme);
        await open.Page.GotoAsync(path);
        await open.Page.GetByLabel("API key").FillAsync(key);
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).WaitForAsync();
        return open;
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
