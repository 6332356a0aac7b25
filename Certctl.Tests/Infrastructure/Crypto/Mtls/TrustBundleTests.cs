using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Mtls;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Crypto.Mtls;

/// <summary>A bundle file: what of it can vouch for clients, what is left out with a word, and when nothing is left.</summary>
public sealed class TrustBundleTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly BootstrapCa Good = BootstrapCa.Root("CN=good");
    private static readonly BootstrapCa Past = BootstrapCa.Root("CN=past", -30, -1);
    private static readonly BootstrapCa Future = BootstrapCa.Root("CN=future", 1, 30);

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_valid_CA_of_the_file_is_an_anchor_root_or_not()
    {
        var below = Good.Below("CN=below");
        var (anchors, problems, warnings) = Load(Good.Pem + below.Pem);
        Assert.Equal(["CN=good", "CN=below"], anchors.Select(anchor => anchor.Subject));
        Assert.Empty(problems.Concat(warnings));
    }

    [Fact]
    public void What_cannot_vouch_is_left_out_with_a_warning_while_something_else_can()
    {
        using var leaf = Good.Issue("CN=leaf");
        var (anchors, problems, warnings) = Load(Past.Pem + leaf.ExportCertificatePem() + "\n" + Good.Pem + Future.Pem + SignsNothing());
        Assert.Equal("CN=good", Assert.Single(anchors).Subject);
        Assert.Empty(problems);
        Assert.Equal(
            [
                "CN=past expired at",
                "CN=leaf is no CA certificate",
                "CN=future is not valid before",
                "CN=signs nothing has a keyUsage without keyCertSign",
            ],
            warnings.Select(Beginning));
    }

    [Fact]
    public void A_file_of_which_nothing_is_left_is_a_problem_that_says_why()
    {
        var (anchors, problems, _) = Load(Past.Pem + Future.Pem);
        Assert.Empty(anchors);
        var problem = Assert.Single(problems);
        Assert.StartsWith("no valid CA certificate is in it: CN=past expired at", problem, StringComparison.Ordinal);
        Assert.Contains("CN=future is not valid before", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("nothing", "no CERTIFICATE block")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "CERTIFICATE block 1 is not a certificate")]
    public void A_file_that_cannot_be_read_is_a_problem_even_beside_a_good_CA(string text, string said)
    {
        Assert.Contains(said, Assert.Single(Load(text).Problems), StringComparison.Ordinal);
        if (text.StartsWith('-'))
            Assert.Contains(said, Assert.Single(Load(text + Good.Pem).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_not_there_is_a_problem() =>
        Assert.Contains("does not exist", Assert.Single(TrustBundle.Load(_folder["absent.pem"], Now).Problems), StringComparison.Ordinal);

    [Fact]
    public void A_CA_near_its_end_is_used_and_told()
    {
        var (anchors, problems, warnings) = Load(BootstrapCa.Root("CN=soon", -30, 20).Pem);
        Assert.Single(anchors);
        Assert.Empty(problems);
        Assert.StartsWith("CN=soon expires at", Assert.Single(warnings), StringComparison.Ordinal);
    }

    private (IReadOnlyList<X509Certificate2> Anchors, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Load(string text)
    {
        File.WriteAllText(_folder["bundle.pem"], text);
        return TrustBundle.Load(_folder["bundle.pem"], Now);
    }

    private static string SignsNothing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=signs nothing", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign, critical: true));
        using var certificate = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(100));
        return certificate.ExportCertificatePem() + "\n";
    }

    private static string Beginning(string warning) => warning.Split([" 20", ", and"], StringSplitOptions.None)[0];
}
