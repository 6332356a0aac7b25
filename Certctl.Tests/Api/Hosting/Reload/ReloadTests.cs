using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Audit;
using Certctl.Tests.Conformance;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting.Reload;

/// <summary>
/// SIGHUP on the real executable: every RA pair and the TLS certificate are exchanged without a lost request; what cannot be used keeps
/// itself alone.
/// </summary>
public sealed class ReloadTests : IAsyncLifetime
{
    private const string Reloaded = "Reloaded the TLS certificate";
    private const string Refused = "Reload refused";
    private static readonly TimeSpan Year = TimeSpan.FromDays(365);
    private static readonly Lazy<RSA[]> Keys = new(() => [RSA.Create(2048), RSA.Create(2048)]);

    private CertctlHost? _host;

    private CertctlHost Host => _host!;

    /// <summary>Two RA pairs of ours, a valid one and one that has expired.</summary>
    public async Task InitializeAsync()
    {
        _host = await CertctlHost.PrepareAsync(null);
        TestRa.Write(Host, "first", Keys.Value[0], TimeSpan.FromDays(90));
        TestRa.Write(Host, "second", Keys.Value[1], -Year);
        Host.Settings["CERTCTL_SCEP_RA_CERT_PATH"] = $"{TestRa.Paths(Host, "first").Cert},{TestRa.Paths(Host, "second").Cert}";
        Host.Settings["CERTCTL_SCEP_RA_KEY_PATH"] = $"{TestRa.Paths(Host, "first").Key},{TestRa.Paths(Host, "second").Key}";
        Host.Settings["CERTCTL_SERVER_TLS_CERT_PATH"] = TestRa.Paths(Host, "tls").Cert;
        Host.Settings["CERTCTL_SERVER_TLS_KEY_PATH"] = TestRa.Paths(Host, "tls").Key;
        WriteTls();
        await Host.StartAgainAsync();
    }

    public async Task DisposeAsync() => await Host.DisposeAsync();

    [Fact]
    [Trait("Conformance", "S-G3")]
    public async Task A_rotated_RA_signs_and_is_announced_first_the_old_one_still_decrypts_and_no_request_is_lost()
    {
        using var wire = Host.Connect();
        var old = Assert.Single(await wire.CaCertificatesAsync(), certificate => certificate.Subject == "CN=RA first");
        var device = ScepDevice.Shared();
        using var stop = new CancellationTokenSource();
        var load = Task.Run(async () =>
        {
            var count = 0;
            for (; !stop.IsCancellationRequested; count++)
                (await wire.SendAsync((await wire.RequestAsync(device.Csr($"CN=load-{count}", Host.Challenge), device)).Build()))
                    .Issued(device);
            return count;
        });

        var made = TestRa.Write(Host, "second", Keys.Value[1], Year);
        await Host.SignalAsync("HUP");
        await Host.LoggedAsync(Reloaded);

        Assert.Equal(
            ["CN=RA second", "CN=RA first"], (await wire.CaCertificatesAsync()).Take(2).Select(certificate => certificate.Subject));
        var request = await wire.RequestAsync(device.Csr("CN=late", Host.Challenge), device);
        request.Recipient = old;
        var reply = await wire.SendAsync(request.Build());
        reply.Issued(device);
        Assert.Equal(made.RawData, reply.Signer.RawData);
        await stop.CancelAsync();
        Assert.NotEqual(0, await load);
        var line = await OnlyLineAsync();
        Assert.Equal(
            ("ra_pairs", "", AuditOutcome.Done, "SIGHUP", "System"),
            (line.ResourceId, line.PathId, line.Outcome, line.Actor, line.ActorType));
        var both = string.Join(", ", new[] { Hash(old), Hash(made) }.Order(StringComparer.Ordinal));
        Assert.Equal($"signal: {Hash(old)} was replaced by {both}", line.Detail);
    }

    [Fact]
    public async Task A_new_TLS_certificate_is_shown_to_new_connections()
    {
        var before = await ShownAsync();
        using var old = X509CertificateLoader.LoadCertificateFromFile(TestRa.Paths(Host, "tls").Cert);
        var made = WriteTls();
        using var next = X509CertificateLoader.LoadCertificateFromFile(TestRa.Paths(Host, "tls").Cert);
        Assert.Equal(before, await ShownAsync());
        await Host.SignalAsync("HUP");
        await Host.LoggedAsync(Reloaded);
        Assert.Equal(made, await ShownAsync());
        var line = await OnlyLineAsync();
        Assert.Equal(
            ("tls", null, AuditOutcome.Done, "SIGHUP", "System"), (line.ResourceId, line.PathId, line.Outcome, line.Actor, line.ActorType));
        Assert.Equal($"signal: {Hash(old)} was replaced by {Hash(next)}", line.Detail);
    }

    [Theory]
    [InlineData("broken key")]
    [InlineData("EC key")]
    [InlineData("all expired")]
    [InlineData("open key file")]
    public async Task A_bad_part_is_named_and_keeps_itself_alone(string defect)
    {
        using var wire = Host.Connect();
        var before = (await wire.CaCertificatesAsync())[0].RawData;
        var made = WriteTls();
        var (cert, key) = TestRa.Paths(Host, "first");
        switch (defect)
        {
            case "broken key":
                await File.WriteAllTextAsync(key, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
                break;
            case "EC key":
                using (var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256))
                    TestRa.Write(Host, "first", ec, Year);
                break;
            case "all expired":
                TestRa.Write(Host, "first", Keys.Value[0], -Year);
                break;
            default:
                File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
                break;
        }

        await Host.SignalAsync("HUP");
        await Host.LoggedAsync(Refused);

        if (defect != "all expired")
            Assert.Contains(Host.Log.Split('\n'), line => line.Contains(Refused, StringComparison.Ordinal)
                && (line.Contains(cert, StringComparison.Ordinal) || line.Contains(key, StringComparison.Ordinal)));
        Assert.DoesNotContain(Reloaded, Host.Log, StringComparison.Ordinal);
        Assert.Equal(before, (await wire.CaCertificatesAsync())[0].RawData);
        Assert.Equal(made, await ShownAsync());
        var device = ScepDevice.Shared();
        (await wire.SendAsync((await wire.RequestAsync(device.Csr("CN=still-served", Host.Challenge), device)).Build())).Issued(device);
        var lines = (await Host.Database.ReloadLinesAsync(2)).OrderBy(line => line.ResourceId).ToList();
        Assert.Equal(
            [("ra_pairs", "", AuditOutcome.Refused), ("tls", null, AuditOutcome.Done)],
            lines.Select(line => (line.ResourceId, line.PathId, line.Outcome)));
        Assert.StartsWith("signal: the old one stays in use: ", lines[0].Detail, StringComparison.Ordinal);
    }

    private string WriteTls()
    {
        using var certificate = ShownCertificate.Write(Host);
        return certificate.SerialNumber;
    }

    private Task<string> ShownAsync() => ShownCertificate.SerialAsync(Host.Url.Port, Host.CaFile);

    private async Task<AuditEvent> OnlyLineAsync() => Assert.Single(await Host.Database.ReloadLinesAsync(1));

    private static string Hash(X509Certificate2 certificate) => Convert.ToHexStringLower(SHA256.HashData(certificate.RawData));
}
