using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Challenges.SignedToken;
using Certctl.Infrastructure.Intune;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Intune;

/// <summary>A bundle of connectors: what is believed, what is told, and that a broken one changes nothing.</summary>
public sealed class FileTrustAnchorsTests : IDisposable
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UtcNow;
    private static readonly byte[] Input = Encoding.ASCII.GetBytes("header.payload");
    private static readonly (string Pem, ECDsa Key) One = Ec("CN=one");
    private static readonly (string Pem, ECDsa Key) Two = Ec("CN=two");
    private static readonly (string Pem, ECDsa Key) Past = Ec("CN=past", -30, -1);
    private static readonly (string Pem, ECDsa Key) Future = Ec("CN=future", 1, 90);

    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder["connectors.pem"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    [Trait("Conformance", "J-11")]
    public void Each_valid_anchor_of_the_right_kind_is_tried()
    {
        using var rsa = RSA.Create(2048);
        var anchors = Load(
            One.Pem + Two.Pem + Pem(new CertificateRequest("CN=three", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.Equal("CN=two", Find(anchors, JwsAlgorithm.Es256, Two.Key.SignData(Input, HashAlgorithmName.SHA256)));
        Assert.Equal(
            "CN=three", Find(anchors, JwsAlgorithm.Rs256, rsa.SignData(Input, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)));
        Assert.Null(Find(anchors, JwsAlgorithm.Rs256, Two.Key.SignData(Input, HashAlgorithmName.SHA256)));
        Assert.Equal(["ECDSA-P256", "ECDSA-P256", "RSA-2048"], anchors.All.Select(anchor => anchor.KeyAlgorithm));
    }

    [Fact]
    public void An_anchor_is_judged_when_it_is_used_and_told_of_when_it_is_read()
    {
        var (read, problems, warnings) = Read(Past.Pem + Future.Pem + One.Pem);
        Assert.Empty(problems);
        Assert.Equal(
            ["CN=past expired at", "CN=future is not valid before"],
            warnings.Select(warning => warning[..warning.IndexOf(" 2", StringComparison.Ordinal)]));
        var anchors = new FileTrustAnchors(read);
        var (past, future) = (Past.Key.SignData(Input, HashAlgorithmName.SHA256), Future.Key.SignData(Input, HashAlgorithmName.SHA256));
        Assert.Null(Find(anchors, JwsAlgorithm.Es256, past));
        Assert.Null(Find(anchors, JwsAlgorithm.Es256, future));
        Assert.Equal("CN=past", anchors.FindSigner(JwsAlgorithm.Es256, Input, past, Now.AddDays(-2))?.Subject);
        Assert.Equal("CN=future", anchors.FindSigner(JwsAlgorithm.Es256, Input, future, Now.AddDays(2))?.Subject);
    }

    [Fact]
    public void A_bundle_of_which_nothing_is_valid_is_read_and_said_to_refuse_everything()
    {
        var (read, problems, warnings) = Read(Past.Pem);
        Assert.Single(read);
        Assert.Empty(problems);
        Assert.Equal("none of its certificates is valid now: every signed challenge is refused", warnings[^1]);
        Assert.Contains("expires at", Assert.Single(Read(Ec("CN=soon", -1, 29).Pem).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "J-9")]
    public void A_key_that_can_sign_no_challenge_forbids_the_file()
    {
        using var small = RSA.Create(1024);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var (read, problems, _) = Read(
            One.Pem + Pem(new CertificateRequest("CN=small", small, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))
            + Pem(new CertificateRequest("CN=other", other, HashAlgorithmName.SHA256)));
        Assert.Empty(read);
        Assert.Equal(
            ["CN=small has a key RSA-1024", "CN=other has a key ECDSA-P384"],
            problems.Select(problem => problem[..problem.IndexOf(',', StringComparison.Ordinal)]));
    }

    [Fact]
    public void What_is_no_certificate_is_passed_over_and_one_that_stands_twice_counts_once()
    {
        var key = One.Key.ExportPkcs8PrivateKeyPem();
        Assert.Equal("CN=one", Assert.Single(Read(key + "\n" + One.Pem + One.Pem).Anchors).Anchor.Subject);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("nothing", "no CERTIFICATE block")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", "is not a certificate")]
    public void A_broken_bundle_says_why(string text, string said)
    {
        Assert.Contains(said, Assert.Single(Read(text).Problems), StringComparison.Ordinal);
        File.Delete(FilePath);
        Assert.NotEmpty(ConnectorBundle.Load(FilePath, Now).Problems);
    }

    [Fact]
    public async Task While_it_is_exchanged_every_signature_finds_its_anchor()
    {
        var anchors = Load(One.Pem + Two.Pem);
        var signature = One.Key.SignData(Input, HashAlgorithmName.SHA256);
        using var done = new CancellationTokenSource();
        var searching = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            while (!done.IsCancellationRequested)
                Assert.Equal("CN=one", Find(anchors, JwsAlgorithm.Es256, signature));
        })));
        for (var i = 0; i < 50; i++)
        {
            var (read, problems, _) = Read(i % 2 == 0 ? One.Pem : Two.Pem + One.Pem);
            Assert.Empty(problems);
            anchors.Stage(read)();
        }

        await done.CancelAsync();
        await searching;
    }

    private FileTrustAnchors Load(string pem)
    {
        var (read, problems, warnings) = Read(pem);
        Assert.Empty(problems.Concat(warnings));
        return new FileTrustAnchors(read);
    }

    private (IReadOnlyList<ConnectorAnchor> Anchors, IReadOnlyList<string> Problems, IReadOnlyList<string> Warnings) Read(string pem)
    {
        File.WriteAllText(FilePath, pem);
        return ConnectorBundle.Load(FilePath, Now);
    }

    private static string? Find(FileTrustAnchors anchors, JwsAlgorithm algorithm, byte[] signature) =>
        anchors.FindSigner(algorithm, Input, signature, Now)?.Subject;

    private static (string Pem, ECDsa Key) Ec(string subject, int from = -1, int until = 365)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return (Pem(new CertificateRequest(subject, key, HashAlgorithmName.SHA256), from, until), key);
    }

    private static string Pem(CertificateRequest request, int from = -1, int until = 365)
    {
        using var certificate = request.CreateSelfSigned(Now.AddDays(from), Now.AddDays(until));
        return certificate.ExportCertificatePem() + "\n";
    }
}
