using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>The certificate of an OCSP responder: RFC 6960 §4.2.2.2.</summary>
public sealed class ResponderCertificateTests
{
    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [InlineData("p-384")]
    [Trait("Conformance", "O-11")]
    [Trait("Conformance", "O-13")]
    public void Openssl_finds_an_OCSP_responder_in_it_and_no_more(string kind)
    {
        var settings = new LocalCaSettings("iss-local", ["http://ca.example/crl"], "http://ca.example/ocsp", "http://ca.example/ca");
        var issuer = TestCa.Issuer(TestCa.Root(kind), settings);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["ca"], PemEncoding.WriteString("CERTIFICATE", issuer.Chain[0].Span));
        File.WriteAllBytes(folder["responder"], Certify(issuer).RawData);
        File.WriteAllText(folder["pem"], Certify(issuer).ExportCertificatePem());

        var text = OpenSsl.Run("x509", "-inform", "DER", "-in", folder["responder"], "-noout", "-text", "-ext",
            "basicConstraints,keyUsage,extendedKeyUsage,noCheck,subjectKeyIdentifier,authorityKeyIdentifier");
        Assert.Matches("Key Usage: critical\\s+Digital Signature\\n", text);
        Assert.Matches("Extended Key Usage: ?\\s+OCSP Signing\\n", text);
        Assert.Matches("OCSP No Check: ?", text);
        Assert.Matches("Basic Constraints: critical\\s+CA:FALSE", text);
        Assert.DoesNotContain("http://", text, StringComparison.Ordinal);
        Assert.Contains("OK", OpenSsl.Run(
            "verify", "-x509_strict", "-partial_chain", "-no-CApath", "-no-CAstore", "-purpose", "ocsphelper",
            "-attime", TestCa.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
            "-CAfile", folder["ca"], folder["pem"]), StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_the_name_of_the_CA_but_for_the_common_name()
    {
        Assert.Equal(
            "CN=OCSP responder of Sub, OU=PKI, O=Certctl",
            Certify(TestCa.Issuer(TestCa.Root(subject: "CN=Sub,OU=PKI,O=Certctl"))).Subject);
        Assert.Equal("CN=OCSP responder, O=Certctl", Certify(TestCa.Issuer(TestCa.Root(subject: "O=Certctl"))).Subject);

        // RFC 5280 appendix A.1: 64 characters.
        var name = new string('x', 46);
        Assert.Equal("CN=OCSP responder of " + name[..46], Certify(TestCa.Issuer(TestCa.Root(subject: $"CN={name}yy"))).Subject);
    }

    [Fact]
    public void It_lives_no_longer_than_its_CA_and_has_a_serial_number_of_its_own()
    {
        var issuer = TestCa.Issuer(TestCa.Root(notBefore: TestCa.Now, notAfter: TestCa.Now.AddDays(2)));
        var (one, other) = (Certify(issuer), Certify(issuer));
        Assert.Equal(TestCa.Now, one.NotBefore.ToUniversalTime());
        Assert.Equal(TestCa.Now.AddDays(2), one.NotAfter.ToUniversalTime());
        Assert.NotEqual(one.SerialNumber, other.SerialNumber);
        Assert.Throws<InvalidOperationException>(
            () => issuer.CertifyResponder(TestCa.LeafKey().Der.Span, TestCa.Now.AddDays(2), TestCa.Now.AddDays(30)));
    }

    [Fact]
    public void What_the_CA_promises_in_its_TLS_feature_stands_in_it_too()
    {
        var responder = Certify(TestCa.Issuer(TestCa.Root(more: TestCa.TlsFeature(5))));
        Assert.Equal("3003020105", Convert.ToHexString(responder.Extension("1.3.6.1.5.5.7.1.24", critical: false)));
    }

    [Fact]
    public void The_key_identifier_tells_generations_apart()
    {
        var ca = TestCa.Root();
        Assert.Equal(
            ca.Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifier!.ToLowerInvariant(),
            TestCa.Issuer(ca).KeyId);
    }

    private static X509Certificate2 Certify(LocalCaIssuer issuer) => X509CertificateLoader.LoadCertificate(
        issuer.CertifyResponder(TestCa.LeafKey().Der.Span, TestCa.Now.AddMinutes(-5), TestCa.Now.AddDays(30)));
}
