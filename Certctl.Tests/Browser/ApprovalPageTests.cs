using Certctl.Tests.Conformance;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>Requests that wait, decided on the page while the device polls.</summary>
[Collection(PagesCollection.Name)]
public sealed class ApprovalPageTests(PagesServer server)
{
    [Fact]
    public async Task Two_persons_approve_and_the_device_gets_its_certificate_at_the_next_poll()
    {
        if (!PagesServer.CanRun)
            return;
        var poll = await server.AskAtDoorAsync("CN=<b>let me in</b>", "page-approved");
        await using var alice = await server.SignInAsync("/ui/approvals");
        var card = alice.Page.Locator(".approval", new() { HasText = "let me in" });
        await card.WaitForAsync();
        Assert.Equal(0, await card.Locator("h2 b").CountAsync());
        await DecideAsync(alice.Page, card, ".approve", "seen the device", "After you another person");
        await card.GetByText("1 of 2 approvals").WaitForAsync();
        using var wire = server.Host.Connect("/scep/door");
        (await wire.SendAsync(poll)).MustWait("page-approved");

        // The same person once more: refused, and the dialog says so.
        await card.Locator(".approve").ClickAsync();
        await alice.Page.Locator("#confirm").ClickAsync();
        await alice.Page.Locator("#problem", new() { HasText = "another person must" }).WaitForAsync();
        await alice.Page.Keyboard.PressAsync("Escape");
        await alice.Page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });

        await using var olga = await server.SignInAsync("/ui/approvals", PagesServer.Operator);
        var hers = olga.Page.Locator(".approval", new() { HasText = "let me in" });
        await hers.GetByText("seen the device").WaitForAsync();
        await DecideAsync(olga.Page, hers, ".approve", "", null);
        await hers.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        using var issued = (await wire.SendAsync(poll)).Issued(ScepDevice.Shared());
        await alice.Page.GotoAsync($"/ui/certificates/{issued.SerialNumber}");
        await alice.Page.Locator("#extensions").WaitForAsync();
        Assert.Empty(alice.Complaints);
    }

    [Fact]
    public async Task A_denial_ends_it_and_stands_in_the_audit_trail_which_is_exported_as_the_REST_API_does()
    {
        if (!PagesServer.CanRun)
            return;
        await server.AskAtDoorAsync("CN=turned away", "page-denied");
        await using var open = await server.SignInAsync("/ui/approvals");
        var page = open.Page;
        var card = page.Locator(".approval", new() { HasText = "turned away" });
        await DecideAsync(page, card, ".deny", "not ours <script>alert(1)</script>", null);
        await card.WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.GotoAsync("/ui/approvals?all=true");
        await card.GetByText("Denied").First.WaitForAsync();

        await page.GotoAsync("/ui/audit");
        await page.GetByLabel("Action", new() { Exact = true }).SelectOptionAsync("deny_enrolment");
        await page.Locator("#search").ClickAsync();
        await open.IsAtAsync("/ui/audit?action=deny_enrolment");
        await page.Locator("#events td", new() { HasText = "not ours <script>" }).WaitForAsync();
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("#ndjson").ClickAsync());
        using var reader = new StreamReader(await download.CreateReadStreamAsync());
        using var request = new HttpRequestMessage(
            HttpMethod.Get, new Uri(server.Host.Url, "/api/v1/audit/export?action=deny_enrolment&format=ndjson"));
        request.Headers.Authorization = new("Bearer", PagesServer.Admin);
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal(await answer.Content.ReadAsStringAsync(), await reader.ReadToEndAsync());
        Assert.Empty(open.Complaints);
    }

    private static async Task DecideAsync(IPage page, ILocator card, string button, string note, string? notice)
    {
        await card.Locator(button).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        if (notice is not null)
            await page.Locator("#second", new() { HasText = notice }).WaitForAsync();
        await page.GetByLabel("Note").FillAsync(note);
        await page.Locator("#confirm").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
    }
}
