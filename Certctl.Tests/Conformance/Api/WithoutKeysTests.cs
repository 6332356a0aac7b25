using System.Net;
using Certctl.Tests.Api.Hosting;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>CERTCTL_AUTH_TYPE=none: everybody on the machine, and nobody through its browser.</summary>
public sealed class WithoutKeysTests(OperatorFolder folder) : IClassFixture<OperatorFolder>
{
    [Fact]
    public async Task The_machine_itself_is_admin_and_a_page_of_another_site_is_nobody()
    {
        await using var serving = await CommandLine.ServeAsync(folder.Settings(("CERTCTL_AUTH_TYPE", "none")));
        using var http = ScepWire.NewClient(folder.CaFile);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(null, null));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync($"https://localhost:{serving.Port}", null));
        foreach (var origin in new[] { "https://evil.example", "null", $"http://localhost:{serving.Port}", "https://localhost:1" })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(origin, null));

        // A name of theirs that they let point here.
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(null, "rebound.example"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync("https://rebound.example", "rebound.example"));

        async Task<HttpStatusCode> StatusAsync(string? origin, string? host)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"https://localhost:{serving.Port}/api/v1/admin/scep/profiles"));
            if (origin is not null)
                request.Headers.TryAddWithoutValidation("Origin", origin);
            request.Headers.Host = host;
            using var answer = await http.SendAsync(request);
            return answer.StatusCode;
        }
    }
}
