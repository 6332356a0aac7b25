using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Api.Hosting.Startup;
using Certctl.Tests.Api.Configuration;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Api.Hosting;

/// <summary>The files of a compliance service are looked at before the start; here they are the only ones that exist.</summary>
public sealed class CompliancePreflightTests : IDisposable
{
    private static readonly BootstrapCa Root = BootstrapCa.Root("CN=compliance root");

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, string> _environment;

    public CompliancePreflightTests()
    {
        _environment = Settings.Complete()
            .With("CERTCTL_SCEP_COMPLIANCE_URL", "https://mdm.example")
            .With("CERTCTL_SCEP_COMPLIANCE_CLIENT_CERT_PATH", _folder["client.crt"])
            .With("CERTCTL_SCEP_COMPLIANCE_CLIENT_KEY_PATH", _folder["client.key"])
            .With("CERTCTL_SCEP_COMPLIANCE_CA_PATH", _folder["roots.pem"]);
        Place(Root.Issue("CN=certctl"));
        File.WriteAllText(_folder["roots.pem"], Root.Pem);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Good_files_have_nothing_to_say()
    {
        var checks = Checks();
        Assert.Equal(
            ["SCEP profile <root>, compliance client certificate", $"SCEP profile <root>, compliance CA bundle {_folder["roots.pem"]}"],
            checks.Select(check => check.Name));
        Assert.All(checks, check => Assert.Empty(check.Problems.Concat(check.Warnings)));
    }

    [Fact]
    public void Those_of_an_EST_profile_are_looked_at_too()
    {
        _environment.With("CERTCTL_EST_ENABLED", "true").With("CERTCTL_EST_ALLOWED_AUTH_MODES", "approval")
            .With("CERTCTL_EST_COMPLIANCE_URL", "https://mdm.example")
            .With("CERTCTL_EST_COMPLIANCE_BEARER_TOKEN", "a-token-of-some-length")
            .With("CERTCTL_EST_COMPLIANCE_CA_PATH", _folder["missing.pem"]);
        var check = Checks()[^1];
        Assert.Equal($"EST profile <root>, compliance CA bundle {_folder["missing.pem"]}", check.Name);
        Assert.Contains("does not exist", Assert.Single(check.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_a_problem()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        File.WriteAllText(_folder["client.key"], other.ExportPkcs8PrivateKeyPem());
        Assert.Contains("does not belong to the first certificate", Assert.Single(Checks()[0].Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_open_to_others_is_a_problem()
    {
        File.SetUnixFileMode(_folder["client.key"], UnixFileMode.UserRead | UnixFileMode.GroupRead);
        Assert.Contains("chmod 600", Assert.Single(Checks()[0].Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(10, false)]
    public void An_expired_certificate_is_a_problem_and_one_that_soon_will_be_a_warning(int toDays, bool problem)
    {
        Place(Root.Issue("CN=certctl", toDays: toDays));
        var check = Checks()[0];
        Assert.Single(problem ? check.Problems : check.Warnings);
        Assert.Empty(problem ? check.Warnings : check.Problems);
    }

    [Theory]
    [InlineData(null, "does not exist")]
    [InlineData("no certificate", "no CERTIFICATE block")]
    public void A_CA_bundle_that_cannot_be_read_is_a_problem(string? text, string says)
    {
        File.Delete(_folder["roots.pem"]);
        if (text is not null)
            File.WriteAllText(_folder["roots.pem"], text);
        Assert.Contains(says, Assert.Single(Checks()[1].Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_CA_bundle_without_a_root_is_a_problem()
    {
        File.WriteAllText(_folder["roots.pem"], Root.Below("CN=between").Pem);
        Assert.Contains("no root is in it", Assert.Single(Checks()[1].Problems), StringComparison.Ordinal);
    }

    private List<PreflightCheck> Checks() =>
        [.. Preflight.Run(_environment.Options(), DateTimeOffset.UtcNow).Checks
            .Where(check => check.Name.Contains("compliance", StringComparison.Ordinal))];

    private void Place(X509Certificate2 certificate)
    {
        File.WriteAllText(_folder["client.crt"], certificate.ExportCertificatePem());
        File.WriteAllText(_folder["client.key"], certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.SetUnixFileMode(_folder["client.key"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }
}
