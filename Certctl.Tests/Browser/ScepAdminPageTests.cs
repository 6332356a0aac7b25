using System.Globalization;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>The SCEP Administration page, as an operator sees it.</summary>
[Collection(PagesCollection.Name)]
public sealed class ScepAdminPageTests(PagesServer server)
{
    private const string Script = "CN=\"<img src=x onerror=alert(1)>\"";

    // The dialog hears Escape once the focus is in it.
    private const string IsInDialog = "!!document.activeElement.closest('[role=dialog], .mud-dialog-container')";

    [Fact]
    public async Task Another_role_sees_the_gate_and_nothing_of_the_profiles()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/scep", PagesServer.Operator);
        await open.Page.Locator("#gate").WaitForAsync();
        Assert.Equal(0, await open.Page.Locator(".tabs, .card, #refresh").CountAsync());
        Assert.DoesNotContain("corp", await open.Page.Locator("main").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Profiles_come_first_and_the_address_says_which_tab_and_which_profile()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/scep");
        var page = open.Page;
        await open.SeesAsync("4 profiles");
        Assert.EndsWith("/ui/scep", page.Url, StringComparison.Ordinal);
        Assert.Equal("page", await page.Locator("#tab-profiles").GetAttributeAsync("aria-current"));
        await open.SeesAsync("Last updated");
        Assert.Equal(["branch", "corp", "door", "lab"], await page.Locator(".card h2").AllInnerTextsAsync());
        Assert.Equal(
            ["Challenge password set", "mTLS disabled", "Intune disabled"],
            (await page.Locator("#profile-lab .badge").AllInnerTextsAsync()).Skip(1));
        Assert.Equal(
            ["Challenge password set", "mTLS disabled", "Intune enabled"],
            (await page.Locator("#profile-corp .badge").AllInnerTextsAsync()).Skip(1));
        Assert.Matches("^RA certificate: [0-9]+ days left$", await page.Locator("#profile-corp .badge.good").First.InnerTextAsync());
        Assert.Equal(0, await page.Locator("#profile-lab a").CountAsync());

        await page.Locator("#profile-corp a").ClickAsync();
        await page.Locator("#intune-corp.chosen").WaitForAsync();
        Assert.EndsWith("/ui/scep?tab=intune&profile=corp", page.Url, StringComparison.Ordinal);
        await page.ReloadAsync();
        await page.Locator("#intune-corp.chosen").WaitForAsync();
        Assert.Equal(1, await page.Locator(".card.chosen").CountAsync());
        await page.Locator("#tab-activity").ClickAsync();
        await page.Locator(".chips").WaitForAsync();
        await page.GoBackAsync();
        await page.Locator("#intune-corp.chosen").WaitForAsync();
        await page.GoBackAsync();
        await page.Locator("#profile-corp").WaitForAsync();
        await page.GoForwardAsync();
        await page.Locator("#intune-corp.chosen").WaitForAsync();
    }

    [Fact]
    public async Task Old_addresses_open_the_Intune_tab_and_devices_are_answered_as_ever()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/scep/intune");
        await open.Page.Locator("#intune-corp").WaitForAsync();
        Assert.EndsWith("/ui/scep?tab=intune", open.Page.Url, StringComparison.Ordinal);

        Assert.Contains("AES", await open.Page.EvaluateAsync<string>(
            "fetch('/scep/corp?operation=GetCACaps', { headers: { Accept: 'text/html' } }).then(answer => answer.text())"));
    }

    [Fact]
    public async Task Signed_challenges_are_counted_and_their_anchors_are_read_again_or_the_reason_stays_in_sight()
    {
        if (!PagesServer.CanRun)
            return;
        await server.EnrolAsync("/scep/corp", "CN=counted", server.Connector.For("counted"));
        await using var open = await server.SignInAsync("/ui/scep?tab=intune");
        var page = open.Page;
        var corp = page.Locator("#intune-corp");
        await corp.WaitForAsync();
        var labels = await corp.Locator("[data-counter]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.counter)");
        Assert.Equal(
            [
                "success", "signature_invalid", "expired", "not_yet_valid", "wrong_audience", "replay", "rate_limited", "claim_mismatch",
                "compliance_failed", "malformed", "unknown_version",
            ],
            labels);
        Assert.All(
            await corp.Locator("[data-counter=success] td").AllInnerTextsAsync(),
            count => Assert.InRange(int.Parse(count, CultureInfo.InvariantCulture), 1, 9));
        await page.Locator("#intune-events td", new() { HasText = "counted" }).First.WaitForAsync();

        var branch = page.Locator("#intune-branch");
        Assert.Equal("Trust anchors: EXPIRED", await branch.Locator(".head .badge.bad").InnerTextAsync());
        await branch.Locator("summary").ClickAsync();
        Assert.Equal(
            ["19 days left, renew soon", "EXPIRED"],
            (await branch.Locator(".anchors .badge").AllInnerTextsAsync()).Order(StringComparer.Ordinal));

        var good = await File.ReadAllTextAsync(server.CorpAnchors);
        await File.WriteAllTextAsync(server.CorpAnchors, "no certificate");
        try
        {
            await corp.Locator(".reload").ClickAsync();
            await page.GetByRole(AriaRole.Dialog).WaitForAsync();
            while (!await page.EvaluateAsync<bool>(IsInDialog))
                await Task.Yield();
            await page.Keyboard.PressAsync("Escape");
            await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });

            await corp.Locator(".reload").ClickAsync();
            await page.Locator("#reload-confirm").ClickAsync();
            await page.Locator("#reload-problem").WaitForAsync();
            Assert.Contains("The old trust anchors stay in use", await page.Locator("#reload-problem").InnerTextAsync());
            for (var i = 0; i < 8; i++)
            {
                await page.Keyboard.PressAsync("Tab");
                Assert.True(await page.EvaluateAsync<bool>(IsInDialog));
            }
        }
        finally
        {
            await File.WriteAllTextAsync(server.CorpAnchors, good);
        }

        await page.Locator("#reload-confirm").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        var events = (await server.RestAsync(HttpMethod.Get, "/api/v1/audit?action=scep_intune_trust_reloaded")).GetProperty("data");
        Assert.Equal(["done", "refused"], events.EnumerateArray().Take(2).Select(row => row.GetProperty("outcome").GetString()!));
        Assert.Equal("alice", events[0].GetProperty("actor").GetString());
        Assert.Equal("127.0.0.1", events[0].GetProperty("details").GetProperty("source_address").GetString());
    }

    [Fact]
    public async Task Chips_narrow_the_activity_and_what_a_device_says_is_text()
    {
        if (!PagesServer.CanRun)
            return;
        await server.EnrolAsync("/scep/lab", Script, PagesServer.LabPassword);
        await server.EnrolAsync("/scep/corp", "CN=signed one", server.Connector.For("signed one"));
        await using var open = await server.SignInAsync("/ui/scep?tab=activity");
        var page = open.Page;
        await page.Locator("#activity td", new() { HasText = "img src" }).First.WaitForAsync();
        Assert.Equal(0, await page.Locator("img").CountAsync());
        Assert.Empty(open.Complaints);

        await ChooseAsync(page, "Static");
        Assert.All(await ActionsAsync(page), action => Assert.Equal("scep_pkcsreq", action));
        await ChooseAsync(page, "Intune");
        Assert.All(await ActionsAsync(page), action => Assert.Equal("scep_pkcsreq_intune", action));
        await ChooseAsync(page, "Initial");
        Assert.Equal(["scep_pkcsreq", "scep_pkcsreq_intune"], (await ActionsAsync(page)).Distinct().Order());
        await ChooseAsync(page, "All");
        Assert.Equal(["scep_pkcsreq", "scep_pkcsreq_intune"], (await ActionsAsync(page)).Distinct().Order());
        await page.Locator(".chips button", new() { HasText = "Renewal" }).ClickAsync();
        await open.SeesAsync("No recorded request matches this filter.");
    }

    private static async Task ChooseAsync(IPage page, string chip)
    {
        await page.Locator(".chips button", new() { HasText = chip }).ClickAsync();
        await page.Locator(".chips button[aria-pressed=true]", new() { HasText = chip }).WaitForAsync();
        await page.Locator("#activity").WaitForAsync();
    }

    private static async Task<IReadOnlyList<string>> ActionsAsync(IPage page) =>
        await page.Locator("#activity td:nth-child(2)").AllInnerTextsAsync();
}
