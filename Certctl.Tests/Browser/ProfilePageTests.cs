using System.Net;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>Certificate profiles and API keys, made and changed on their pages.</summary>
[Collection(PagesCollection.Name)]
public sealed class ProfilePageTests(PagesServer server)
{
    private const string Profile = "/api/v1/profiles/page-made";

    [Fact]
    public async Task A_profile_is_made_and_changed_after_a_look_at_what_changes_and_never_over_what_another_has_saved()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/certificate-profiles");
        var page = open.Page;
        await page.Locator("#new").ClickAsync();
        await page.Locator("#compare").ClickAsync();
        await page.Locator("#field-id-problem").WaitForAsync();
        await page.Locator("#field-name-problem").WaitForAsync();
        Assert.Equal("true", await page.Locator("#field-name").GetAttributeAsync("aria-invalid"));
        await page.Locator("#field-id").FillAsync("page-made");
        await page.Locator("#field-name").FillAsync("made <b>here</b>");
        await page.Locator("#field-allowed_key_algorithms").FillAsync("RSA many");
        await page.Locator("#compare").ClickAsync();
        await page.Locator("#field-allowed_key_algorithms-problem").WaitForAsync();
        await page.Locator("#field-allowed_key_algorithms").FillAsync("RSA 3072\nECDSA 256");
        await page.Locator("#compare").ClickAsync();
        await page.Locator("#changes th", new() { HasText = "allowed_key_algorithms" }).WaitForAsync();
        await page.Locator("#save").ClickAsync();
        await open.IsAtAsync("/ui/certificate-profiles/page-made");
        var stored = await server.RestAsync(HttpMethod.Get, Profile);
        Assert.Equal("made <b>here</b>", stored.GetProperty("name").GetString());
        Assert.Equal(3072, stored.GetProperty("allowed_key_algorithms")[0].GetProperty("min_size").GetInt32());

        await page.Locator("#field-requires_approval").CheckAsync();
        await page.Locator("#compare").ClickAsync();
        Assert.Equal("requires_approval\tFalse\tTrue", (await page.Locator("#changes tbody").InnerTextAsync()).Replace("false", "False")
            .Replace("true", "True").Trim());

        // Another saves meanwhile.
        await page.Locator("#back").ClickAsync();
        await using (var other = await server.SignInAsync("/ui/certificate-profiles/page-made"))
        {
            await other.Page.Locator("#field-description").FillAsync("the other was here");
            await other.Page.Locator("#compare").ClickAsync();
            await other.Page.Locator("#save").ClickAsync();
            await other.Page.Locator("#saved").WaitForAsync();
        }

        await page.Locator("#compare").ClickAsync();
        await page.Locator("#save").ClickAsync();
        await page.Locator("#problem", new() { HasText = "was changed meanwhile" }).WaitForAsync();
        Assert.True(await page.Locator("#field-requires_approval").IsCheckedAsync());
        Assert.False((await server.RestAsync(HttpMethod.Get, Profile)).GetProperty("requires_approval").GetBoolean());

        await using var olga = await server.SignInAsync("/ui/certificate-profiles/page-made", PagesServer.Operator);
        await olga.Page.Locator("#profile").WaitForAsync();
        Assert.Equal(0, await olga.Page.Locator("#compare").CountAsync());
        Assert.Empty(open.Complaints);
    }

    [Fact]
    public async Task A_key_that_is_made_on_the_page_opens_the_API_until_it_is_revoked_there()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/api-keys");
        var page = open.Page;
        await page.Locator("#make").ClickAsync();
        await page.GetByRole(AriaRole.Dialog).WaitForAsync();
        await page.Locator("#name").FillAsync("system");
        await page.Locator("#confirm").ClickAsync();
        await page.Locator("#problem", new() { HasText = "must not be one of" }).WaitForAsync();
        await page.Locator("#name").FillAsync("olga");
        await page.Locator("#confirm").ClickAsync();
        await page.Locator("#problem", new() { HasText = "has another role by the configuration" }).WaitForAsync();
        await page.Locator("#name").FillAsync("page-key");
        await page.Locator("#confirm").ClickAsync();
        var key = await page.Locator("#made").InnerTextAsync();
        Assert.Equal(HttpStatusCode.OK, await AskAsync(key));
        await page.Locator("#close").ClickAsync();
        var row = page.Locator("#keys tr", new() { HasText = "page-key" });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await page.Locator("#confirm").ClickAsync();
        await row.GetByText("Revoked").WaitForAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(key));
        Assert.DoesNotContain(key, await page.ContentAsync(), StringComparison.Ordinal);

        await using var olga = await server.SignInAsync("/ui/api-keys", PagesServer.Operator);
        await olga.Page.Locator("#gate").WaitForAsync();
        Assert.Equal(0, await olga.Page.Locator("#keys, #make").CountAsync());
        Assert.DoesNotContain(key, server.Host.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_issuer_shows_its_CA_and_its_CRLs_and_is_tested()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/issuers");
        var page = open.Page;
        await page.Locator("#issuer-iss-local .test").ClickAsync();
        await page.Locator("#issuer-iss-local [role=status].good").WaitForAsync();
        await page.Locator("#crls tbody tr .good").First.WaitForAsync();
        var issuer = (await server.RestAsync(HttpMethod.Get, "/api/v1/issuers")).GetProperty("data")[0];
        Assert.Contains(
            issuer.GetProperty("ca").GetProperty("fingerprint_sha256").GetString()!,
            await page.Locator("#issuer-iss-local").InnerTextAsync(),
            StringComparison.Ordinal);
        Assert.Equal("success", issuer.GetProperty("test_status").GetString());
    }

    [Fact]
    public async Task Another_server_is_asked_and_what_it_says_is_kept()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/probe", PagesServer.Operator);
        var page = open.Page;
        await page.Locator("#url").FillAsync("https://10.0.0.1/scep");
        await page.Locator("#ask").ClickAsync();
        await page.Locator("#problem", new() { HasText = "is no public address" }).WaitForAsync();
        await page.Locator("#url").FillAsync($"https://127.0.0.1:{server.Host.Url.Port}/scep/lab");
        await page.Locator("#ask").ClickAsync();
        var card = page.Locator(".probe", new() { HasText = "/scep/lab" });
        await card.WaitForAsync();
        Assert.Contains("SCEPStandard", await card.InnerTextAsync(), StringComparison.Ordinal);
        await page.ReloadAsync();
        await card.WaitForAsync();
    }

    private async Task<HttpStatusCode> AskAsync(string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/api/v1/issuers"));
        request.Headers.Authorization = new("Bearer", key);
        using var answer = await server.Http.SendAsync(request);
        return answer.StatusCode;
    }
}
