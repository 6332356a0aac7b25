using Certctl.Tests.Fixtures;
using Certctl.Tests.Fixtures.Databases;
using Microsoft.Playwright;
using Npgsql;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>An open page when what it stands on goes away, and one that is used without a pointer.</summary>
[Collection(PagesCollection.Name)]
public sealed class RobustPageTests(PagesServer server, PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    // Its job is unknown, so it asks the database every two seconds.
    private const string Asking = "/ui/certificates/revoke?job=00000000-0000-0000-0000-000000000001";

    [Fact]
    public async Task A_page_says_that_the_database_is_away_and_goes_on_by_itself_and_outlives_its_process()
    {
        if (!PagesServer.CanRun || !postgres.IsAvailable)
            return;
        var direct = new NpgsqlConnectionStringBuilder(await postgres.CreateDatabaseAsync(migrated: true));
        await using var gate = new TcpGate(direct.Host!, direct.Port);
        direct.Port = gate.Port;
        await using var first = await CertctlHost.StartAsync(
            direct.ConnectionString, ("CERTCTL_API_KEYS_NAMED", $"alice:{PagesServer.Admin}:admin"));
        await using var front = new TcpGate("127.0.0.1", first.Url.Port);
        await using var open = await server.SignInAsync($"https://localhost:{front.Port}{Asking}");
        var page = open.Page;
        await page.Locator("#criteria").WaitForAsync();
        await gate.ShutAsync();
        await page.Locator("#unavailable").WaitForAsync();
        gate.Open();
        await page.Locator("#unavailable").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.Empty(open.Complaints);

        // Another process takes over the address: the page is loaded again, on the same session.
        await page.EvaluateAsync("document.body.setAttribute('data-before', '')");
        await first.KillAsync();
        await using var second = await CertctlHost.StartBesideAsync(first);
        front.Turn(second.Url.Port);
        await page.Locator("body:not([data-before]) #criteria").WaitForAsync();
        await page.GetByText("alice · admin").WaitForAsync();
    }

    [Fact]
    public async Task Everything_is_reached_by_keyboard_and_the_focus_returns_from_a_dialog()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.OpenAsync();
        var page = open.Page;
        await page.GotoAsync("/ui/scep?tab=intune&profile=corp");
        await page.GetByLabel("API key").WaitForAsync();
        await page.Keyboard.TypeAsync(PagesServer.Admin);
        await page.Keyboard.PressAsync("Enter");
        await page.Locator("#intune-corp.chosen").WaitForAsync();

        // Past the menu at once.
        await TabToAsync(page, ".skip", fromStart: true);
        await page.Keyboard.PressAsync("Enter");
        await TabToAsync(page, "#refresh");
        await TabToAsync(page, "#tab-activity");
        await page.Keyboard.PressAsync("Enter");
        await page.Locator(".chips").WaitForAsync();
        await page.GoBackAsync();
        await page.Locator("#intune-corp.chosen").WaitForAsync();
        await TabToAsync(page, "#intune-corp .reload", fromStart: true);
        await page.Keyboard.PressAsync("Enter");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await page.Locator("[role=dialog] :focus, .mud-dialog-container:focus, .mud-dialog-container :focus").First.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.Keyboard.PressAsync("Escape");
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.Locator("#intune-corp .reload:focus").WaitForAsync();
    }

    private static async Task TabToAsync(IPage page, string selector, bool fromStart = false)
    {
        const int Most = 60;
        if (fromStart)
            await page.EvaluateAsync("document.body.tabIndex = -1; document.body.focus()");
        for (var i = 0; i < Most; i++)
        {
            await page.Keyboard.PressAsync("Tab");
            if (await page.EvaluateAsync<bool>("selector => document.activeElement.matches(selector)", selector))
                return;
        }

        Assert.Fail($"{selector} was not reached by {Most} times Tab");
    }
}
