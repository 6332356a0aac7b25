using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Certctl.Tests.Conformance.Api;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Interop;

/// <summary>The reference page in a real browser, which asks its user for name and password.</summary>
public sealed class ReferenceInBrowserTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_browser_shows_every_tag_asks_no_other_host_and_what_it_remembers_opens_nothing_but_this()
    {
        if (!ExternalTool.AllPresent(Fixtures.Browser.Program))
            return;
        using var tls = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(server.Host.Data, "tls.crt"));
        await using var browser = await Fixtures.Browser.StartAsync(tls, "any name", ApiServer.Auditor);
        await browser.OpenAsync(new Uri(server.Host.Url, "/openapi/reference"));

        var text = await browser.ReadAsync("The issued certificates");
        var document = JsonNode.Parse(await server.TextAsync("/openapi/v1.json"))!;
        var tags = ReferenceTests.Operations(document).SelectMany(operation => operation.Operation["tags"]!.AsArray())
            .Select(tag => (string)tag!).Distinct().ToList();
        Assert.True(tags.Count > 8);
        Assert.All(tags, tag => Assert.Contains(tag, text, StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("Generate SDK", text, StringComparison.Ordinal);
        Assert.Empty(browser.Complaints);
        Assert.Contains(browser.Asked, asked => asked.AbsolutePath == "/openapi/v1.json");
        Assert.All(browser.Asked, asked => Assert.True(
            asked.Scheme is "data" or "blob" || asked.Authority == server.Host.Url.Authority, asked.ToString()));

        Assert.Equal(
            "401", await browser.EvaluateAsync("fetch('/api/v1/auth/check', { credentials: 'include' }).then(answer => answer.status)"));
        const string Violation = "new Promise(told => { document.addEventListener('securitypolicyviolation', "
            + "refused => told(refused.blockedURI), { once: true }); fetch('https://example.com/').catch(() => {}); })";
        Assert.Equal("https://example.com/", await browser.EvaluateAsync(Violation));
    }
}
