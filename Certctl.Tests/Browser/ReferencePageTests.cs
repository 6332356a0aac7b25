using System.Net;
using System.Text.Json.Nodes;
using Certctl.Tests.Conformance.Api;
using Xunit;

namespace Certctl.Tests.Browser;

/// <summary>The API reference, opened by the session of the pages.</summary>
[Collection(PagesCollection.Name)]
public sealed class ReferencePageTests(PagesServer server)
{
    [Fact]
    public async Task It_shows_every_tag_asks_no_other_host_and_the_session_opens_nothing_of_the_API()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.OpenAsync();
        await open.Page.GotoAsync("/openapi/reference");
        await open.Page.GetByLabel("API key").FillAsync(PagesServer.Admin);
        await open.Page.GetByLabel("API key").PressAsync("Enter");
        await open.SeesAsync("The issued certificates");
        Assert.Contains("/ui/reference", open.Page.Url, StringComparison.Ordinal);

        var text = await open.Page.InnerTextAsync("body");
        var document = JsonNode.Parse((await server.RestAsync(HttpMethod.Get, "/openapi/v1.json")).GetRawText())!;
        var tags = ReferenceTests.Operations(document).SelectMany(operation => operation.Operation["tags"]!.AsArray())
            .Select(tag => (string)tag!).Distinct().ToList();
        Assert.True(tags.Count > 8);
        Assert.All(tags, tag => Assert.Contains(tag, text, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("Generate SDK", text, StringComparison.Ordinal);
        Assert.Empty(open.Complaints);
        Assert.All(open.Asked, asked => Assert.True(
            asked.Scheme is "data" or "blob" || asked.Authority == server.Host.Url.Authority, asked.ToString()));

        var drawn = JsonNode.Parse(await open.Page.EvaluateAsync<string>("fetch('/ui/openapi.json').then(answer => answer.text())"));
        Assert.True(JsonNode.DeepEquals(document, drawn));
        Assert.Equal(401, await open.Page.EvaluateAsync<int>("fetch('/api/v1/auth/check').then(answer => answer.status)"));
        const string Violation = "new Promise(told => { document.addEventListener('securitypolicyviolation', "
            + "refused => told(refused.blockedURI), { once: true }); fetch('https://example.com/').catch(() => {}); })";
        Assert.Equal("https://example.com/", await open.Page.EvaluateAsync<string>(Violation));
    }

    [Theory]
    [InlineData("/ui/reference/")]
    [InlineData("/ui/reference/scalar.js")]
    [InlineData("/ui/openapi.json")]
    public async Task Without_a_session_there_is_no_part_of_it(string path)
    {
        using var answer = await server.Http.GetAsync(new Uri(server.Host.Url, path));
        Assert.Equal(HttpStatusCode.Found, answer.StatusCode);
        Assert.StartsWith("/ui/sign-in?return=", answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Basic YWxpY2U6YWRtaW4ta2V5LTAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5")]
    [InlineData("Basic !")]
    public async Task A_password_is_taken_nowhere(string header)
    {
        foreach (var path in new[] { "/openapi/v1.json", "/api/v1/audit" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Host.Url, path));
            request.Headers.TryAddWithoutValidation("Authorization", header);
            using var answer = await server.Http.SendAsync(request);
            Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
            Assert.Equal("Bearer realm=\"certctl\"", Assert.Single(answer.Headers.WwwAuthenticate).ToString());
        }
    }

    [Fact]
    public async Task Scripts_run_by_the_nonce_of_the_answer_alone()
    {
        if (!PagesServer.CanRun)
            return;
        await using var open = await server.SignInAsync("/ui/scep");
        var nonces = new HashSet<string>();
        for (var i = 0; i < 2; i++)
        {
            var answer = (await open.Page.GotoAsync("/ui/reference/"))!;
            var html = await answer.TextAsync();
            var policy = (await answer.HeaderValueAsync("content-security-policy"))!;
            var nonce = policy.Split("'nonce-")[1].Split('\'')[0];
            Assert.True(nonces.Add(nonce) && nonce.Length == 32);
            Assert.Equal(html.Split("<script").Length, html.Split($"nonce=\"{nonce}\"").Length);
            Assert.StartsWith("default-src 'none'; ", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("http", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe-eval", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("//cdn", html, StringComparison.OrdinalIgnoreCase);
            Assert.Equal("no-store", await answer.HeaderValueAsync("cache-control"));
            Assert.Equal("DENY", await answer.HeaderValueAsync("x-frame-options"));
        }
    }
}
