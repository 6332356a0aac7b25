using Certctl.Tests.Architecture;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>
/// Each page in both themes: nothing that axe-core finds, nothing that the page's policy forbids, no other host. With
/// CERTCTL_TEST_UPDATE_DOCS the pictures of docs/screenshots are made.
/// </summary>
[Collection(PagesCollection.Name)]
public sealed class PageLookTests(PagesServer server)
{
    private const int MaxTransfer = 500_000;

    private static readonly (string Name, string Path, string Shows)[] Pages =
    [
        ("overview", "/ui/", "h1"), ("scep-profiles", "/ui/scep", "#profile-corp"),
        ("scep-intune", "/ui/scep?tab=intune&profile=corp", "#intune-corp"), ("scep-activity", "/ui/scep?tab=activity", ".chips"),
        ("certificates", "/ui/certificates", "#certificates"), ("certificates-revoke", "/ui/certificates/revoke", "#criteria"),
        ("enrolments", "/ui/enrolments", "#enrolments"), ("approvals", "/ui/approvals", ".approval"),
        ("audit", "/ui/audit", "#events"), ("issuers", "/ui/issuers", ".card"), ("est", "/ui/est", "h1"),
        ("api-keys", "/ui/api-keys", "#keys"), ("probe", "/ui/probe", "#probe"),
    ];

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Every_page_is_accessible_and_asks_no_other_host(ColorScheme theme)
    {
        if (!PagesServer.CanRun)
            return;
        var device = await server.EnrolAsync("/scep/lab", "CN=looked at", PagesServer.LabPassword);
        await server.AskAtDoorAsync("CN=waits and is looked at", "looked-at");
        await using (var door = await server.OpenAsync(theme))
        {
            await door.Page.GotoAsync("/ui/sign-in");
            await CheckAsync(door.Page, "sign-in", theme);
        }

        await using var open = await server.SignInAsync("/ui/", theme: theme);
        foreach (var (name, path, shows) in Pages)
        {
            await open.Page.GotoAsync(path);
            await open.Page.Locator(shows).First.WaitForAsync();
            await CheckAsync(open.Page, name, theme);
        }

        await open.Page.GotoAsync($"/ui/certificates/{device.SerialNumber}");
        await open.Page.Locator("#extensions").WaitForAsync();
        await CheckAsync(open.Page, "certificate", theme);
        await open.Page.Locator("#history").ClickAsync();
        await open.Page.Locator("#enrolments a").First.ClickAsync();
        await open.Page.Locator("#timeline").WaitForAsync();
        await CheckAsync(open.Page, "enrolment", theme);
        await open.Page.GotoAsync("/ui/scep?tab=intune");
        await open.Page.Locator("#intune-corp .reload").ClickAsync();
        await open.Page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await CheckAsync(open.Page, "scep-reload", theme);
        Assert.Empty(open.Complaints);
        Assert.All(open.Asked, asked => Assert.True(
            asked.Scheme is "data" or "blob" || asked.Authority == server.Host.Url.Authority, asked.ToString()));
    }

    [Fact]
    public async Task A_first_page_is_small_and_the_theme_is_remembered()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/");
        var transferred = await open.Page.EvaluateAsync<int>(
            "performance.getEntriesByType('resource').reduce((sum, entry) => sum + entry.transferSize, 0)");
        Assert.InRange(transferred, 1, MaxTransfer);

        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Dark theme" }).ClickAsync();
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Light theme" }).WaitForAsync();
        await open.Page.ReloadAsync();
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Light theme" }).WaitForAsync();
    }

    private static async Task CheckAsync(IPage page, string name, ColorScheme theme)
    {
        if (Environment.GetEnvironmentVariable("CERTCTL_TEST_UPDATE_DOCS") == "1")
        {
            await page.ScreenshotAsync(new()
            {
                Path = SourceTree.PathOf($"docs/screenshots/{name}{(theme == ColorScheme.Dark ? "-dark" : "")}.png"),
            });
        }

        var found = await page.RunAxe();
        Assert.True(
            found.Violations.Length == 0,
            name + ": " + string.Join("; ", found.Violations.Select(violation => $"{violation.Id}: {violation.Help}: "
                + string.Join(", ", violation.Nodes.Select(node => node.Html)))));
    }
}
