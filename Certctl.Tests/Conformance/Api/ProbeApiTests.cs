using System.Net;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Api;

/// <summary>Other servers are asked only where that is let, and what went wrong is told without what is inside.</summary>
public sealed class ProbeApiTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Probe = "/api/v1/network-scan/scep-probe";

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data/")]
    [InlineData("http://10.0.0.1/scep")]
    [InlineData("http://[::1]:1/scep")]
    [InlineData("http://[::ffff:10.0.0.1]/scep")]
    [Trait("Conformance", "A-20")]
    public async Task A_private_address_is_not_dialled_and_the_trail_says_who_wanted_it(string url)
    {
        var problem = await server.SendAsync(
            HttpMethod.Post, Probe, ApiServer.Operator, HttpStatusCode.UnprocessableEntity, ApiServer.Json(new { url }));
        Assert.Contains("is no public address", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        var refused = (await server.GetAsync("/api/v1/audit?action=scep_probe&reason=target_not_allowed&actor=olga"))
            .GetProperty("data").EnumerateArray();
        Assert.Contains(refused, entry => entry.GetProperty("resource_id").GetString() == new Uri(url).ToString());
    }

    [Fact]
    public async Task Who_does_not_answer_is_a_result_with_its_reason()
    {
        var result = await server.SendAsync(
            HttpMethod.Post, Probe, ApiServer.Operator, HttpStatusCode.OK, ApiServer.Json(new { url = "http://127.0.0.1:1/scep" }));
        Assert.False(result.GetProperty("reachable").GetBoolean());
        Assert.NotEqual("", result.GetProperty("error").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("scep.example.com")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://example.com/")]
    [InlineData("http://example.com@10.0.0.1/scep")]
    public async Task What_is_no_web_address_is_a_400_that_names_the_field(string url)
    {
        var problem = await server.SendAsync(
            HttpMethod.Post, Probe, ApiServer.Operator, HttpStatusCode.BadRequest, ApiServer.Json(new { url }));
        Assert.True(problem.GetProperty("errors").TryGetProperty("url", out _), problem.GetRawText());
    }

    [Fact]
    [Trait("Conformance", "A-20")]
    public async Task Unless_enabled_no_server_is_probed()
    {
        await using var host = await CertctlHost.StartAsync(null, ("CERTCTL_API_KEYS_NAMED", $"alice:{ApiServer.Admin}:admin"));
        using var http = ScepWire.NewClient(host.CaFile);
        http.DefaultRequestHeaders.Authorization = new("Bearer", ApiServer.Admin);
        using var answer = await http.PostAsync(new Uri(host.Url, Probe), ApiServer.Json(new { url = "http://127.0.0.1:1/scep" }));
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains(
            "\"reason\":\"turned_off\"",
            await http.GetStringAsync(new Uri(host.Url, "/api/v1/audit?action=scep_probe")),
            StringComparison.Ordinal);
    }
}
