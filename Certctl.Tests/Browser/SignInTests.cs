using System.Net;
using Microsoft.Playwright;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>Sessions of the operator's pages.</summary>
[Collection(PagesCollection.Name)]
public sealed class SignInTests(PagesServer server)
{
    private const string SessionCookie = "__Secure-certctl-session";

    [Fact]
    public async Task A_key_opens_a_session_that_does_not_hold_it_and_signing_out_ends_it()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.OpenAsync();
        var page = open.Page;
        await page.GotoAsync("/");
        await page.GetByLabel("API key").FillAsync("no key of anyone's");
        await page.GetByLabel("API key").PressAsync("Enter");
        await open.SeesAsync("This key is not accepted.");
        Assert.DoesNotContain(await page.Context.CookiesAsync(), kept => kept.Name == SessionCookie);

        await page.GetByLabel("API key").FillAsync(PagesServer.Admin);
        await page.GetByLabel("API key").PressAsync("Enter");
        await open.SeesAsync("alice · admin");
        var cookie = (await page.Context.CookiesAsync()).Single(cookie => cookie.Name == SessionCookie);
        Assert.True(cookie is { HttpOnly: true, Secure: true, SameSite: SameSiteAttribute.Strict, Path: "/ui" });
        Assert.DoesNotContain(await page.Context.CookiesAsync(), kept => kept.Value.Contains(PagesServer.Admin, StringComparison.Ordinal));
        Assert.DoesNotContain(PagesServer.Admin, await page.ContentAsync(), StringComparison.Ordinal);
        Assert.Equal("{}", await page.EvaluateAsync<string>("JSON.stringify({ ...localStorage, ...sessionStorage })"));

        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await page.GetByLabel("API key").WaitForAsync();
        await page.GotoAsync("/ui/scep");
        await page.GetByLabel("API key").WaitForAsync();
        Assert.Contains("/ui/sign-in?return=%2Fui%2Fscep", page.Url, StringComparison.Ordinal);
        var actions = (await server.RestAsync(HttpMethod.Get, "/api/v1/audit?actor=alice&resource_type=session"))
            .GetProperty("data").EnumerateArray().Select(row => row.GetProperty("action").GetString()).ToList();
        Assert.Equal(["session_closed", "session_opened"], actions.Take(2));
    }

    [Fact]
    public async Task A_session_ends_when_its_key_is_revoked()
    {
        if (!PagesServer.CanRun)
            return;
        var made = await server.RestAsync(HttpMethod.Post, "/api/v1/api-keys", new { name = "short", role = "admin" });
        await using var open = await server.SignInAsync("/ui/scep", made.GetProperty("key").GetString()!);
        await open.SeesAsync("4 profiles");

        await server.RestAsync(HttpMethod.Delete, $"/api/v1/api-keys/{made.GetProperty("id").GetString()}");
        await open.Page.GetByRole(AriaRole.Button, new() { Name = "Refresh now" }).ClickAsync();
        await open.Page.GetByLabel("API key").WaitForAsync();
    }

    [Fact]
    public async Task Without_a_session_there_is_no_page_and_no_circuit_and_a_form_of_another_site_opens_none()
    {
        using (var page = await server.Http.GetAsync(new Uri(server.Host.Url, "/ui/scep")))
        {
            Assert.Equal(HttpStatusCode.Found, page.StatusCode);
            Assert.Equal("/ui/sign-in?return=%2Fui%2Fscep", page.Headers.Location!.OriginalString);
        }

        using (var circuit = await server.Http.PostAsync(new Uri(server.Host.Url, "/ui/_blazor/negotiate?negotiateVersion=1"), null))
            Assert.Equal(HttpStatusCode.Found, circuit.StatusCode);

        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["key"] = PagesServer.Admin });
        using var foreign = await server.Http.PostAsync(new Uri(server.Host.Url, "/ui/session"), form);
        Assert.Equal(HttpStatusCode.SeeOther, foreign.StatusCode);
        var set = foreign.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [];
        Assert.DoesNotContain(set, cookie => cookie.StartsWith(SessionCookie, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Behind_the_path_of_a_proxy_links_cookies_and_redirects_begin_with_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/ui/scep?tab=intune"));
        request.Headers.Add("X-Forwarded-Prefix", "/certctl");
        using var answer = await server.Http.SendAsync(request);
        Assert.Equal("/certctl/ui/sign-in?return=%2Fcertctl%2Fui%2Fscep%3Ftab%3Dintune", answer.Headers.Location!.OriginalString);

        using var page = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/ui/sign-in"));
        page.Headers.Add("X-Forwarded-Prefix", "/certctl");
        using var shown = await server.Http.SendAsync(page);
        Assert.Contains("<base href=\"/certctl/ui/\"", await shown.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("path=/certctl/ui", string.Join(' ', shown.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);

        using var lied = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, "/ui/sign-in"));
        lied.Headers.Add("X-Forwarded-Prefix", "//evil.example/\"><script>");
        using var unmoved = await server.Http.SendAsync(lied);
        Assert.Contains("<base href=\"/ui/\"", await unmoved.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
