using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>CERTCTL_AUTH_TYPE=none: everybody on the machine, and nobody through its browser.</summary>
public sealed class WithoutKeysTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task The_machine_itself_is_admin_and_a_page_of_another_site_is_nobody()
    {
        await using var serving = await CommandLine.ServeAsync(folder.Settings(("CERTCTL_AUTH_TYPE", "none")));
        Assert.Equal("200", Status());
        Assert.Equal("200", Status($"Origin: https://localhost:{serving.Port}"));
        foreach (var origin in new[] { "https://evil.example", "null", $"http://localhost:{serving.Port}", "https://localhost:1" })
            Assert.Equal("401", Status($"Origin: {origin}"));

        // A name of theirs that they let point here.
        Assert.Equal("401", Status("Host: rebound.example"));
        Assert.Equal("401", Status("Host: rebound.example", "Origin: https://rebound.example"));

        string Status(params string[] headers) => ExternalTool.RunIn(
            folder.Host.Folder,
            "curl",
            ["-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", folder.CaFile, .. headers.SelectMany(header => new[] { "-H", header }), $"https://localhost:{serving.Port}/api/v1/admin/scep/profiles"])
            .MustSucceed().Output;
    }
}
