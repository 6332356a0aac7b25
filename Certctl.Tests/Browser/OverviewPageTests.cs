using System.Globalization;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>The page that an operator opens first.</summary>
[Collection(PagesCollection.Name)]
public sealed class OverviewPageTests(PagesServer server)
{
    [Fact]
    public async Task What_is_wrong_what_waits_and_how_enrolments_went_is_one_click_from_its_cause()
    {
        if (!PagesServer.CanRun)
            return;
        using var issued = await server.EnrolAsync("/scep/lab", "CN=seen on the overview", PagesServer.LabPassword);
        await server.AskAtDoorAsync("CN=seen waiting", "overview-waits");
        await using var open = await server.SignInAsync("/ui/");
        var page = open.Page;
        await page.Locator("#health-items").WaitForAsync();
        var health = await page.Locator("#health-items li").AllInnerTextsAsync();
        Assert.StartsWith("EXPIRED Trust anchor", health[0].Replace('\n', ' '), StringComparison.Ordinal);
        Assert.Contains(health, item => item.Contains("days left, renew soon", StringComparison.Ordinal));

        // /metrics says the same of the same certificate.
        using var scrape = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/metrics"));
        scrape.Headers.Authorization = new("Bearer", PagesServer.MetricsToken);
        using var scraped = await server.Http.SendAsync(scrape);
        var metrics = await scraped.Content.ReadAsStringAsync();
        var ended = metrics.Split('\n').Where(line => line.StartsWith("certctl_certificate_expiry", StringComparison.Ordinal)
            && line.Contains("profile=\"branch\"", StringComparison.Ordinal) && line.Contains("intune_anchor", StringComparison.Ordinal))
            .Select(line => double.Parse(line[(line.LastIndexOf('}') + 2)..].Split(' ')[0], CultureInfo.InvariantCulture)).Order();
        Assert.True(ended.First() < DateTimeOffset.UtcNow.ToUnixTimeSeconds());

        Assert.InRange(await NumberAsync(page.Locator("#pending")), 1, 100);
        await page.Locator("summary").ClickAsync();
        var newest = await page.Locator("#rates-table tbody tr").First.Locator("td.number").AllInnerTextsAsync();
        var issuedEvents = await server.RestAsync(HttpMethod.Get, "/api/v1/audit?outcome=issued&per_page=1");
        Assert.InRange(
            int.Parse(newest[0], CultureInfo.InvariantCulture), 1, issuedEvents.GetProperty("total").GetInt32());
        Assert.InRange(await page.Locator("#chart rect").CountAsync(), 72, 72);

        await page.GetByRole(AriaRole.Link, new() { Name = "30d" }).ClickAsync();
        await open.IsAtAsync("/ui/?span=30d");
        await page.Locator("#chart rect").Nth(89).WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.GoBackAsync();
        await page.Locator("#health-items a").First.ClickAsync();
        await page.Locator("#intune-branch.chosen").WaitForAsync();
        await page.GoBackAsync();
        await page.Locator("#pending").ClickAsync();
        await page.Locator(".approval").First.WaitForAsync();
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task An_empty_server_says_how_to_enrol_a_first_device_until_one_has()
    {
        if (!PagesServer.CanRun)
            return;
        await using var host = await CertctlHost.StartAsync(null, ("CERTCTL_API_KEYS_NAMED", $"alice:{PagesServer.Admin}:admin"));
        await using var open = await server.SignInAsync(new Uri(host.Url, "/ui/").AbsoluteUri);
        var page = open.Page;
        await page.Locator("#first-device").WaitForAsync();
        Assert.Contains(
            $"certctl scep enroll {host.Url.GetLeftPart(UriPartial.Authority)}/scep ", await page.Locator("#command").InnerTextAsync(),
            StringComparison.Ordinal);
        var shown = await page.Locator("#ca-fingerprint").InnerTextAsync();
        Assert.Equal(
            OpenSsl.Run("x509", "-in", host.CaFile, "-noout", "-fingerprint", "-sha256").Split('=')[1].Trim().Replace(":", "")
                .ToLowerInvariant(),
            shown);
        using (var wire = host.Connect())
        {
            var device = ScepDevice.Shared();
            (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=first", host.Challenge), device)).Build())).Issued(device);
        }

        await page.Locator("#refresh").ClickAsync();
        await page.Locator("#first-device").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.DoesNotContain(host.Challenge, await page.ContentAsync(), StringComparison.Ordinal);
    }

    private static async Task<int> NumberAsync(ILocator locator) =>
        int.Parse(await locator.InnerTextAsync(), CultureInfo.InvariantCulture);
}
