using System.Net;
using System.Security.Cryptography;
using Certctl.Domain.Audit;
using Certctl.Tests.Api.Hosting.Reload;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Conformance.Mtls;

/// <summary>SIGHUP and the trust bundles: each is exchanged by itself, and a bad one stays as it was.</summary>
public sealed class MtlsReloadTests : IAsyncLifetime
{
    private readonly MtlsServer _server = new();

    public Task InitializeAsync() => _server.InitializeAsync();

    public Task DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_new_bundle_counts_from_the_next_request_on_also_on_connections_that_are_open()
    {
        using var old = _server.Connect("/scep-mtls/a", BootstrapCa.Shown(_server.A.Issue("CN=of a")));
        using var next = _server.Connect("/scep-mtls/a", BootstrapCa.Shown(_server.B.Issue("CN=of b")));
        Assert.Equal(HttpStatusCode.OK, (await MtlsServer.AskAsync(old)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await MtlsServer.AskAsync(next)).Status);

        await File.WriteAllTextAsync(_server.BundlePath("a"), _server.B.Pem);
        await _server.Host.SignalAsync("HUP");
        await _server.Host.LoggedAsync("Reloaded the TLS certificate");

        Assert.Equal(HttpStatusCode.Unauthorized, (await MtlsServer.AskAsync(old)).Status);
        Assert.Equal(HttpStatusCode.OK, (await MtlsServer.AskAsync(next)).Status);
        var line = Assert.Single(await _server.Host.Database.ReloadLinesAsync(1));
        Assert.Equal(("mtls_trust", "a", AuditOutcome.Done, "SIGHUP"), (line.ResourceId, line.PathId, line.Outcome, line.Actor));
        Assert.Equal($"signal: {Hash(_server.A)} was replaced by {Hash(_server.B)}", line.Detail);
        Assert.DoesNotContain("CN = maker a", await Handshake.SeeAsync(_server.Host, _server.Host.Url.Port), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("empty")]
    [InlineData("no CA")]
    [InlineData("all expired")]
    [InlineData("gone")]
    public async Task A_bad_bundle_is_named_with_its_profile_and_keeps_itself_alone(string defect)
    {
        using var newRa = RSA.Create(2048);
        TestRa.Write(_server.Host, "b", newRa, TimeSpan.FromDays(400));
        await File.WriteAllTextAsync(_server.BundlePath("b"), _server.A.Pem);
        var path = _server.BundlePath("a");
        if (defect == "gone")
            File.Delete(path);
        else
        {
            await File.WriteAllTextAsync(path, defect switch
            {
                "empty" => "nothing",
                "no CA" => _server.A.Issue("CN=a leaf").ExportCertificatePem(),
                _ => BootstrapCa.Root("CN=past", -30, -1).Pem,
            });
        }

        using var b = _server.Connect("/scep-mtls/b", BootstrapCa.Shown(_server.B.Issue("CN=of b")));
        var ra = (await b.CaCertificatesAsync())[0].RawData;
        await _server.Host.SignalAsync("HUP");
        await _server.Host.LoggedAsync("Reload refused");

        Assert.Contains(_server.Host.Log.Split('\n'), line => line.Contains("Reload refused", StringComparison.Ordinal)
            && line.Contains($"SCEP profile \"a\", mTLS trust bundle {path}", StringComparison.Ordinal));

        // The other profile's new RA and new bundle are in use.
        using var newB = _server.Connect("/scep-mtls/b", BootstrapCa.Shown(_server.A.Issue("CN=of b by a")));
        Assert.NotEqual(ra, (await newB.CaCertificatesAsync())[0].RawData);
        Assert.Equal(HttpStatusCode.OK, (await _server.AskAsync("/scep-mtls/a", BootstrapCa.Shown(_server.A.Issue("CN=of a")))).Status);
        var lines = await _server.Host.Database.ReloadLinesAsync(3);
        Assert.Equal(
            [("mtls_trust", "a", AuditOutcome.Refused), ("mtls_trust", "b", AuditOutcome.Done), ("ra_pairs", "b", AuditOutcome.Done)],
            lines.Select(line => (line.ResourceId, line.PathId, line.Outcome)).Order());
    }

    private static string Hash(BootstrapCa ca) => Convert.ToHexStringLower(SHA256.HashData(ca.Certificate.RawData));
}
