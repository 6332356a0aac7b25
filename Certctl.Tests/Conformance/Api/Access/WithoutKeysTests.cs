using Certctl.Tests.Api.Hosting;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api.Access;

/// <summary>CERTCTL_AUTH_TYPE=none: the users of the machine, and no page in its browser.</summary>
public sealed class WithoutKeysTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task The_machine_itself_is_admin_and_a_page_of_another_site_is_refused()
    {
        await using var serving = await CommandLine.ServeAsync(folder.Settings(("CERTCTL_AUTH_TYPE", "none")));
        Assert.Equal("200", Status());
        Assert.Equal("200", Status($"Origin: https://localhost:{serving.Port}"));
        foreach (var origin in new[] { "https://evil.example", "null", $"http://localhost:{serving.Port}", "https://localhost:1" })
            Assert.Equal("401", Status($"Origin: {origin}"));

        // A name of theirs that they let point here.
        Assert.Equal("401", Status("Host: rebound.example"));
        Assert.Equal("401", Status("Host: rebound.example", "Origin: https://rebound.example"));

        // RFC 9112 §3.2.2: an absolute-form target counts, and not what Host says.
        Assert.Equal(401, await AbsoluteAsync("https://rebound.example", $"localhost:{serving.Port}"));
        Assert.Equal(
            401, await AbsoluteAsync("https://rebound.example", $"localhost:{serving.Port}", "Origin: https://rebound.example\r\n"));
        Assert.Equal(200, await AbsoluteAsync($"https://localhost:{serving.Port}", "rebound.example"));
        Assert.Equal(
            401, await AbsoluteAsync($"https://localhost:{serving.Port}", "rebound.example", "Origin: https://rebound.example\r\n"));

        async Task<int> AbsoluteAsync(string target, string host, string more = "")
        {
            await using var raw = await RawHttp.ConnectAsync(new Uri($"https://localhost:{serving.Port}"), folder.CaFile);
            await raw.SendAsync($"GET {target}/api/v1/admin/scep/profiles HTTP/1.1\r\nHost: {host}\r\n{more}\r\n");
            return (await raw.ReadAsync()).Status;
        }

        string Status(params string[] headers) => ExternalTool.RunIn(
            folder.Host.Folder,
            "curl",
            [
                "-s",
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                "--cacert",
                folder.CaFile,
                .. headers.SelectMany(header => new[] { "-H", header }),
                $"https://localhost:{serving.Port}/api/v1/admin/scep/profiles",
            ])
            .MustSucceed().Output;
    }
}
