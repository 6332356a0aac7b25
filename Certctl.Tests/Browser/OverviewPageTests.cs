using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Deque.AxeCore.Playwright;
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
        Assert.Empty((await page.RunAxe()).Violations);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GetByRole(AriaRole.Button, new() { Name = "Copy: URL" }).ClickAsync();
        await open.SeesAsync("Copied");
        Assert.Equal(new Uri(host.Url, "/scep").AbsoluteUri, await page.EvaluateAsync<string>("navigator.clipboard.readText()"));

        // Who asks with the wrong password is seen here with the reason, and so is the one that follows it.
        await open.SeesAsync("Waiting for the first request");
        using var wire = host.Connect();
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=wrong", "a wrong password"), device)).Build())).MustFail("2");
        await page.Locator("#first-answer .bad").WaitForAsync();
        await open.SeesAsync("what happened, step by step");
        await page.GetByRole(AriaRole.Button, new() { Name = "Apple" }).ClickAsync();
        await page.GetByLabel("Device name (CN)").FillAsync("iPhone of <Mona> & Lisa");
        var scep = await PlistAsync(page, host, "iPhone of <Mona> & Lisa");
        using (var issued = await EnrolAsync(wire, device, scep))
            Assert.Equal("iPhone of <Mona> & Lisa", issued.GetNameInfo(X509NameType.SimpleName, forIssuer: false));
        await page.Locator("#first-answer .good").WaitForAsync();
        await page.Locator("#numbers-list").GetByText("1", new() { Exact = true }).First.WaitForAsync();
        Assert.Empty(open.Complaints);
        Assert.DoesNotContain(host.Challenge, await page.ContentAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_an_administrator_gets_a_file_with_the_challenge_and_only_of_a_profile_that_has_one()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/scep", PagesServer.Operator);
        Assert.Equal(403, (await GetAsync(open, "first-device/apple.mobileconfig?path_id=lab&name=phone")).Status);
        await using var admin = await server.SignInAsync("/ui/scep");
        foreach (var (query, status) in new[]
        {
            ("path_id=lab&name=", 400), ("path_id=lab&name=" + new string('x', 65), 400), ("path_id=lab&name=a%0Ab", 400),
            ("path_id=nowhere&name=phone", 404), ("path_id=lab&name=phone", 200),
        })
        {
            var answer = await GetAsync(admin, "first-device/apple.mobileconfig?" + query);
            Assert.Equal((query, status), (query, answer.Status));
            Assert.Equal(status == 200, (await answer.TextAsync()).Contains(PagesServer.LabPassword, StringComparison.Ordinal));
        }

        using var stranger = await server.Http.GetAsync(new Uri(server.Host.Url, "/ui/first-device/apple.mobileconfig?path_id=lab&name=x"));
        Assert.Equal(System.Net.HttpStatusCode.Found, stranger.StatusCode);
        var trail = await server.RestAsync(HttpMethod.Get, "/api/v1/audit?action=apple_profile_downloaded");
        var row = Assert.Single(trail.GetProperty("data").EnumerateArray());
        Assert.Equal(("alice", "lab"), (row.GetProperty("actor").GetString(), row.GetProperty("resource_id").GetString()));
        Assert.DoesNotContain(PagesServer.LabPassword, row.GetRawText() + server.Host.Log, StringComparison.Ordinal);
    }

    private static Task<IAPIResponse> GetAsync(OpenPage open, string path) =>
        open.Page.Context.APIRequest.GetAsync("/ui/" + path, new APIRequestContextOptions { MaxRedirects = 0 });

    // What an iPhone would read, by Python's plistlib, and what its camera would, by zbar.
    private static async Task<JsonElement> PlistAsync(IPage page, CertctlHost host, string name)
    {
        using var folder = new TemporaryFolder();
        var download = await page.RunAndWaitForDownloadAsync(() => page.Locator("#download").ClickAsync());
        await download.SaveAsAsync(folder["profile.mobileconfig"]);
        await page.Locator("svg.qr").ScreenshotAsync(new() { Path = folder["code.png"] });
        Assert.Equal(download.Url.Replace("+", "%20", StringComparison.Ordinal), ExternalTool.Run("zbarimg", "--raw", "-q", folder["code.png"]).MustSucceed().Output.Trim());
        const string ToJson = "import base64,json,plistlib,sys;"
            + "print(json.dumps(plistlib.load(open(sys.argv[1],'rb')),default=lambda o:base64.b64encode(o).decode()))";
        var plist = JsonDocument.Parse(
            ExternalTool.Run("/usr/bin/python3", "-c", ToJson, folder["profile.mobileconfig"]).MustSucceed().Output).RootElement;
        Assert.Equal($"Enrolment of {name}", plist.GetProperty("PayloadDisplayName").GetString());
        var payloads = plist.GetProperty("PayloadContent").EnumerateArray().ToDictionary(
            payload => payload.GetProperty("PayloadType").GetString()!, payload => payload.GetProperty("PayloadContent"));
        using var ca = X509CertificateLoader.LoadCertificateFromFile(host.CaFile);
        Assert.Equal(ca.RawData, payloads["com.apple.security.root"].GetBytesFromBase64());
        var scep = payloads["com.apple.security.scep"];
        Assert.Equal(SHA256.HashData(ca.RawData), scep.GetProperty("CAFingerprint").GetBytesFromBase64());
        Assert.Equal(
            (2048, 5, "RSA"),
            (scep.GetProperty("Keysize").GetInt32(), scep.GetProperty("Key Usage").GetInt32(), scep.GetProperty("Key Type").GetString()));
        return scep;
    }

    private static async Task<X509Certificate2> EnrolAsync(ScepWire wire, ScepDevice device, JsonElement scep)
    {
        Assert.Equal(new Uri(wire.Server, wire.Path).AbsoluteUri, scep.GetProperty("URL").GetString());
        var pair = scep.GetProperty("Subject")[0][0];
        var csr = device.Csr($"{pair[0].GetString()}={pair[1].GetString()}", scep.GetProperty("Challenge").GetString()!);
        return (await wire.SendAsync((await wire.RequestAsync(csr, device)).Build())).Issued(device);
    }

    private static async Task<int> NumberAsync(ILocator locator) =>
        int.Parse(await locator.InnerTextAsync(), CultureInfo.InvariantCulture);
}
