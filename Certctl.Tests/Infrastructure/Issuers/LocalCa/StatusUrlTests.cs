using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.Crypto.Keys;
using Certctl.Infrastructure.Issuers.LocalCa;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>The URLs in certificates that no setting names: those of this server, under the name that the CA has for good.</summary>
public sealed class StatusUrlTests
{
    private const string Base = "http://pki.example.com:8080";

    private static readonly LocalCaSettings Own = TestCa.Plain with { PublicationUrl = Base };

    [Fact]
    [Trait("Conformance", "P-21")]
    [Trait("Conformance", "P-22")]
    public void Each_generation_of_a_CA_points_to_its_own_CRL_responder_and_certificate()
    {
        KeyPair[] generations = [TestCa.Root(), TestCa.Root("p-384", "CN=Test Root 2")];
        var names = generations.Select(ca => "iss-local-" + Convert.ToHexStringLower(ca.Certificate.Extensions
            .OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span)[..16]).ToList();
        Assert.NotEqual(names[0], names[1]);
        foreach (var (ca, name) in generations.Zip(names))
        {
            var text = TestCa.Issuer(ca, Own).Issue(TestCa.Template()).Text();
            Assert.Contains($"URI:{Base}/.well-known/pki/crl/{name}.crl\n", text, StringComparison.Ordinal);
            Assert.Contains($"OCSP - URI:{Base}/.well-known/pki/ocsp/{name}\n", text, StringComparison.Ordinal);
            Assert.Contains($"CA Issuers - URI:{Base}/.well-known/pki/ca/{name}.cer\n", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_setting_names_wins_each_by_itself()
    {
        var ca = TestCa.Root();
        var issuer = TestCa.Issuer(ca, Own with { CrlUrls = ["http://crl.example/ca.crl"] });
        var text = issuer.Issue(TestCa.Template()).Text();
        Assert.Contains("URI:http://crl.example/ca.crl\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("/.well-known/pki/crl/", text, StringComparison.Ordinal);
        Assert.Contains($"OCSP - URI:{Base}/", text, StringComparison.Ordinal);

        var others = TestCa.Issuer(ca, Own with { OcspUrl = "http://ocsp.example", CaIssuersUrl = "http://ca.example/ca.cer" })
            .Issue(TestCa.Template()).Text();
        Assert.Contains($"URI:{Base}/.well-known/pki/crl/", others, StringComparison.Ordinal);
        Assert.Contains("OCSP - URI:http://ocsp.example\n", others, StringComparison.Ordinal);
        Assert.Contains("CA Issuers - URI:http://ca.example/ca.cer\n", others, StringComparison.Ordinal);
    }

    [Fact]
    public void A_CA_that_may_not_sign_CRLs_promises_none()
    {
        var ca = TestCa.Root(more: new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true));
        var text = TestCa.Issuer(ca, Own).Issue(TestCa.Template()).Text();
        Assert.DoesNotContain("CRL Distribution", text, StringComparison.Ordinal);
        Assert.Contains($"OCSP - URI:{Base}/", text, StringComparison.Ordinal);
    }
}
