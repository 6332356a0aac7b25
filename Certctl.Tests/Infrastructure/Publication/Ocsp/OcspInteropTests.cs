using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Certctl.Tests.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Publication.Ocsp;

/// <summary>Requests that openssl and GnuTLS make, and responses that they read and verify with the CA's certificate alone.</summary>
public sealed class OcspInteropTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("rsa", "-sha1")]
    [InlineData("rsa", "-sha256")]
    [InlineData("p-256", "-sha256")]
    [InlineData("p-384", "-sha1")]
    [InlineData("p-384", "-sha384")]
    [InlineData("sub", "-sha1")]
    [InlineData("sub", "-sha256")]
    [InlineData("sub", "-sha512")]
    [Trait("Conformance", "O-6")]
    [Trait("Conformance", "O-7")]
    [Trait("Conformance", "O-8")]
    [Trait("Conformance", "O-11")]
    public async Task Openssl_verifies_good_hold_revoked_and_unknown_whatever_the_CA(string kind, string hash)
    {
        using var bench = Bench(kind);
        foreach (var leading in new[] { "", "0", "00" })
        {
            var serial = Leaf(bench, leading);
            Assert.Contains("leaf: unknown", await OpenSslAsync(bench, hash), StringComparison.Ordinal);
            bench.Issue(serial);
            Assert.Contains("leaf: good", await OpenSslAsync(bench, hash), StringComparison.Ordinal);
            bench.Store.Revoke(serial, DateTimeOffset.UtcNow, RevocationReason.CertificateHold);
            Assert.Matches("leaf: revoked(?s).*Reason: certificateHold", await OpenSslAsync(bench, hash));
            bench.Store.Release(serial);
            Assert.Contains("leaf: good", await OpenSslAsync(bench, hash), StringComparison.Ordinal);
            bench.Store.Revoke(serial, DateTimeOffset.UtcNow, RevocationReason.KeyCompromise);
            Assert.Matches("leaf: revoked(?s).*Reason: keyCompromise", await OpenSslAsync(bench, hash));
        }
    }

    [Fact]
    [Trait("Conformance", "O-15")]
    public async Task Openssl_finds_its_nonce_again()
    {
        using var bench = Bench("p-256");
        bench.Issue(Leaf(bench, ""));
        await OpenSslAsync(bench, "-sha1", "-nonce");
        var (code, words) = OpenSsl.TryRun(
            "ocsp", "-reqin", _folder["request"], "-respin", _folder["response"], "-CAfile", _folder["ca"]);
        Assert.True(code == 0, words);
        Assert.Contains("Response verify OK", words, StringComparison.Ordinal);
        Assert.DoesNotContain("nonce", words, StringComparison.OrdinalIgnoreCase);

        // It does look: another request's nonce is none of this response.
        OpenSsl.Run("ocsp", "-issuer", _folder["ca"], "-cert", _folder["leaf"], "-nonce", "-reqout", _folder["other"]);
        Assert.Contains(
            "Nonce Verify error",
            OpenSsl.TryRun("ocsp", "-reqin", _folder["other"], "-respin", _folder["response"], "-CAfile", _folder["ca"]).Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [InlineData("p-384")]
    [InlineData("sub")]
    [Trait("Conformance", "O-11")]
    [Trait("Conformance", "O-14")]
    public async Task GnuTLS_verifies_it_too(string kind)
    {
        if (!ExternalTool.AllPresent("/usr/bin/ocsptool"))
            return;
        using var bench = Bench(kind);
        var serial = bench.Issue(Leaf(bench, "0"));
        foreach (var status in new[] { "good", "revoked" })
        {
            ExternalTool.Run(
                "ocsptool", "--generate-request", "--load-issuer", _folder["ca"], "--load-cert", _folder["leaf"],
                "--outder", "--outfile", _folder["request"]).MustSucceed();
            File.WriteAllBytes(_folder["response"], (await bench.AskAsync(File.ReadAllBytes(_folder["request"]))).Der);
            var info = ExternalTool.Run(
                "ocsptool", "--inder", "--response-info", "--infile", _folder["response"]).MustSucceed().Output;
            Assert.Contains("Certificate Status: " + status, info, StringComparison.Ordinal);
            var verified = ExternalTool.Run(
                "ocsptool", "--inder", "--verify-response", "--load-response", _folder["response"], "--load-trust", _folder["trust"]);
            Assert.Contains("Success", verified.All, StringComparison.Ordinal);
            bench.Store.Revoke(serial, DateTimeOffset.UtcNow);
        }

        // GnuTLS sends a nonce only itself.
        await OpenSslAsync(bench, "-sha1", "-nonce");
        Assert.Matches(
            "Nonce: [0-9a-f]{32}",
            ExternalTool.Run("ocsptool", "--inder", "--response-info", "--infile", _folder["response"]).MustSucceed().Output);
    }

    [Fact]
    [Trait("Conformance", "O-11")]
    public async Task Openssl_does_not_believe_a_response_of_another_CA()
    {
        using var bench = Bench("p-256");
        bench.Issue(Leaf(bench, ""));
        await OpenSslAsync(bench, "-sha1");
        File.WriteAllText(_folder["stranger"], TestCa.Root("rsa", "CN=Test Root,O=Certctl").Certificate.ExportCertificatePem());
        Assert.Contains(
            "Response Verify Failure",
            OpenSsl.TryRun("ocsp", "-respin", _folder["response"], "-CAfile", _folder["stranger"]).Output,
            StringComparison.OrdinalIgnoreCase);
    }

    private OcspBench Bench(string kind)
    {
        var ca = kind == "sub" ? TestCa.Sub(TestCa.Root("rsa")) : TestCa.Root(kind);
        File.WriteAllText(_folder["ca"], ca.Certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(
            _folder["trust"], string.Concat(ca.Chain.Prepend(ca.Certificate).Select(one => one.ExportCertificatePem() + "\n")));
        return new OcspBench(ca);
    }

    /// <summary>A certificate of the CA whose serial number begins with these digits; the serial number.</summary>
    private string Leaf(OcspBench bench, string leading)
    {
        IssuedCertificate issued;
        do
            issued = ((LocalCaIssuer)bench.Issuer).Issue(TestCa.Template());
        while (!issued.SerialNumber.StartsWith(leading, StringComparison.Ordinal));
        File.WriteAllText(_folder["leaf"], PemEncoding.WriteString("CERTIFICATE", issued.Der));
        return issued.SerialNumber;
    }

    /// <summary>What openssl says of the answer to a request of its own; the response verifies.</summary>
    private async Task<string> OpenSslAsync(OcspBench bench, string hash, string nonce = "-no_nonce")
    {
        string[] asked = ["-issuer", _folder["ca"], hash, "-cert", "leaf"];
        ExternalTool.RunIn(_folder.Path, "openssl", ["ocsp", .. asked, nonce, "-reqout", "request"]).MustSucceed();
        await File.WriteAllBytesAsync(_folder["response"], (await bench.AskAsync(await File.ReadAllBytesAsync(_folder["request"]))).Der);
        var read = ExternalTool.RunIn(
            _folder.Path, "openssl", ["ocsp", .. asked, "-no_nonce", "-respin", "response", "-CAfile", "trust"]).MustSucceed();
        Assert.Contains("Response verify OK", read.All, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", read.All, StringComparison.Ordinal);
        return read.All;
    }
}
