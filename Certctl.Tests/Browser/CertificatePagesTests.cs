using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Tests.Conformance;
using Certctl.Tests.Conformance.Publication;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Microsoft.Playwright;
using Xunit;
using OpenSsl = Certctl.Tests.Fixtures.OpenSsl;

namespace Certctl.Tests.Browser;

/// <summary>Certificates and what devices asked for, as an operator sees them.</summary>
[Collection(PagesCollection.Name)]
public sealed class CertificatePagesTests(PagesServer server)
{
    private const string Script = "<img src=x onerror=alert(1)>";

    [Fact]
    public async Task A_certificate_is_found_read_downloaded_and_revoked()
    {
        if (!PagesServer.CanRun)
            return;
        using var issued = await server.EnrolAsync("/scep/lab", $"CN=\"sought {Script}\"", PagesServer.LabPassword);
        using var party = new RelyingParty(server.Host, "iss-local");
        Assert.Equal("good", await party.StatusAsync(issued));
        await using var open = await server.SignInAsync("/ui/certificates");
        var page = open.Page;
        await page.GetByLabel("Contains").FillAsync("sought");
        await page.Locator("#search").ClickAsync();
        await open.IsAtAsync("/ui/certificates?q=sought");
        await page.ReloadAsync();
        Assert.Equal("sought", await page.GetByLabel("Contains").InputValueAsync());
        var row = page.Locator("#certificates tbody tr");
        await row.WaitForAsync();
        Assert.Contains("img src=x onerror", await row.InnerTextAsync(), StringComparison.Ordinal);
        await row.Locator("a").ClickAsync();
        await page.Locator("#extensions").WaitForAsync();
        Assert.Matches("^[0-9]+ days left$", await page.Locator("#state").InnerTextAsync());
        Assert.Contains("Digital Signature", await page.Locator("#extensions").InnerTextAsync(), StringComparison.Ordinal);

        using var folder = new TemporaryFolder();
        foreach (var id in new[] { "pem", "der", "chain" })
            await (await page.RunAndWaitForDownloadAsync(() => page.Locator($"#{id}").ClickAsync())).SaveAsAsync(folder[id]);
        Assert.Equal(issued.RawData, await File.ReadAllBytesAsync(folder["der"]));
        Assert.Contains(": OK", OpenSsl.Run("verify", "-CAfile", server.Host.CaFile, folder["pem"]), StringComparison.Ordinal);
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(folder["chain"]);
        Assert.Equal([issued.Subject, issued.Issuer], chain.Select(certificate => certificate.Subject));

        await RevokeAsync(page);
        Assert.Equal("revoked keyCompromise", await party.StatusAsync(issued));
        Assert.Equal(0, await page.Locator("#revoke").CountAsync());
        await page.GoBackAsync();
        await page.Locator("#certificates .badge.bad", new() { HasText = "Revoked" }).WaitForAsync();
        Assert.Equal(0, await page.Locator("main img").CountAsync());
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task Many_are_counted_before_they_are_revoked_and_an_operator_has_no_such_button()
    {
        if (!PagesServer.CanRun)
            return;
        using var issued = await server.EnrolAsync("/scep/branch", "CN=one of many", PagesServer.LabPassword);
        await using (var olga = await server.SignInAsync("/ui/certificates", PagesServer.Operator))
        {
            await olga.Page.Locator("#certificates").WaitForAsync();
            Assert.Equal(0, await olga.Page.Locator("#bulk").CountAsync());
            await olga.Page.GotoAsync("/ui/certificates/revoke");
            await olga.Page.Locator("#gate").WaitForAsync();
            Assert.Equal(0, await olga.Page.Locator("#criteria").CountAsync());
            var typed = await olga.Page.Context.APIRequest.GetAsync("/ui/audit/export?outcome=nonsense", new() { IgnoreHTTPSErrors = true });
            Assert.Equal(400, typed.Status);
        }

        await using var open = await server.SignInAsync("/ui/certificates/revoke");
        var page = open.Page;
        await page.Locator("#count").ClickAsync();
        await page.Locator("#problem", new() { HasText = "must name at least one" }).WaitForAsync();
        await page.GetByLabel("Path (PathID)").FillAsync("branch");
        await page.Locator("#count").ClickAsync();
        await page.Locator("#counted", new() { HasText = "1 certificates are named: 1 would be revoked" }).WaitForAsync();
        Assert.Equal("active", await StatusAsync(issued));
        await page.Locator("#start").ClickAsync();
        await open.IsAtAsync("/ui/certificates/revoke?job=");
        await page.Locator("#job-state", new() { HasText = "Done" }).WaitForAsync();
        Assert.Equal("1", await page.Locator("#revoked").InnerTextAsync());
        Assert.Equal("revoked", await StatusAsync(issued));
    }

    [Fact]
    public async Task The_history_of_a_request_says_why_it_was_refused_and_in_the_end_which_certificate_came_of_it()
    {
        if (!PagesServer.CanRun)
            return;
        using (var wire = server.Host.Connect("/scep/lab"))
        {
            var device = ScepDevice.Shared();
            var request = (await wire.RequestAsync(device.Csr($"CN=\"late {Script}\"", "not the password of this path"), device))
                .Replace(ForgedRequest.TransactionIdOid, ForgedRequest.Printable("refused-once"));
            (await wire.SendAsync(request.Build())).MustFail(FailureReason.ChallengeWrong);
        }

        await server.EnrolAsync("/scep/lab", "CN=late", PagesServer.LabPassword);
        await using var open = await server.SignInAsync("/ui/enrolments?q=late");
        var page = open.Page;
        await page.Locator("#enrolments tbody tr").Nth(1).WaitForAsync();
        await page.GetByLabel("Outcome").SelectOptionAsync("refused");
        await page.Locator("#search").ClickAsync();
        await open.IsAtAsync("outcome=refused");
        await page.Locator("#enrolments tbody tr .good").WaitForAsync(new() { State = WaitForSelectorState.Detached });
        Assert.Equal(1, await page.Locator("#enrolments tbody tr").CountAsync());
        await page.Locator("#enrolments a").ClickAsync();
        await page.Locator("#timeline").WaitForAsync();
        var stage = await page.Locator("#timeline li").InnerTextAsync();
        Assert.Contains("The challengePassword is not valid for this profile.", stage, StringComparison.Ordinal);
        Assert.Contains("challenge_wrong", stage, StringComparison.Ordinal);

        await page.GotoAsync("/ui/enrolments?q=late&outcome=issued");
        await page.Locator("#enrolments a").First.ClickAsync();
        await page.Locator("#timeline").WaitForAsync();
        await page.Locator("#serials a").First.ClickAsync();
        await page.Locator("#extensions").WaitForAsync();
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task A_filter_that_makes_no_sense_says_so_and_reads_nothing()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/certificates?serial=nonsense&status=lost");
        await open.Page.Locator(".field .error").Nth(1).WaitForAsync();
        Assert.Equal(0, await open.Page.Locator("#certificates").CountAsync());
        await open.Page.GetByRole(AriaRole.Link, new() { Name = "Clear" }).ClickAsync();
        await open.Page.Locator("#certificates").WaitForAsync();
    }

    private static async Task RevokeAsync(IPage page)
    {
        await page.Locator("#revoke").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await page.GetByLabel("Reason").SelectOptionAsync("KeyCompromise");
        await page.GetByLabel("Note").FillAsync($"lost {Script}");
        await page.Locator("#confirm").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync(new() { State = WaitForSelectorState.Detached });
        await page.Locator("#state", new() { HasText = "Revoked" }).WaitForAsync();
        Assert.Contains("keyCompromise", await page.Locator("#revoked-at").InnerTextAsync(), StringComparison.Ordinal);
    }

    private async Task<string> StatusAsync(X509Certificate2 certificate) =>
        (await server.RestAsync(HttpMethod.Get, $"/api/v1/certificates/{certificate.SerialNumber}")).GetProperty("status").GetString()!;
}
