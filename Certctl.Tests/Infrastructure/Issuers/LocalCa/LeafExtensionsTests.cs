using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Infrastructure.Crypto.X509;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>RFC 5280 §4.2 and RFC 7633: the extensions of a leaf, as openssl reads them.</summary>
public sealed class LeafExtensionsTests
{
    private static readonly LocalCaSettings Published = new(
        "iss-local", ["http://crl.example/ca.crl", "http://crl2.example/ca.crl"], "http://ocsp.example", "http://pki.example/ca.cer");

    [Theory]
    [InlineData("rsa", "clientAuth", "Digital Signature, Key Encipherment")]
    [InlineData("ec", "clientAuth", "Digital Signature")]
    [InlineData("rsa", "emailProtection", "Digital Signature, Non Repudiation, Key Encipherment")]
    [InlineData("ec", "emailProtection", "Digital Signature, Non Repudiation")]
    [Trait("Conformance", "P-14")]
    [Trait("Conformance", "P-17")]
    public void Key_usage_follows_the_key_and_is_critical(string key, string eku, string usage)
    {
        var issued = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template(key: key, profile: Profile(eku)));
        Assert.Contains($"X509v3 Key Usage: critical\n                {usage}\n", issued.Text(), StringComparison.Ordinal);
        Assert.Contains("X509v3 Basic Constraints: critical\n                CA:FALSE\n", issued.Text(), StringComparison.Ordinal);
        using var certificate = issued.Certificate();
        Assert.Equal([0x30, 0x00], certificate.Extension("2.5.29.19", critical: true));

        // X.690 §11.2.2: no trailing zero bits, which the platform's DER reader does not check and this compares.
        byte[] bits = certificate.Extension("2.5.29.15", critical: true);
        Assert.Equal(BitCount(usage), 8 - bits[2]);
    }

    [Fact]
    [Trait("Conformance", "P-20")]
    public void Extended_key_usage_is_the_profile_s_and_not_critical()
    {
        var text = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template(profile: Profile("serverAuth", "clientAuth"))).Text();
        Assert.Contains(
            "X509v3 Extended Key Usage: \n                TLS Web Server Authentication, TLS Web Client Authentication\n",
            text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("ec")]
    [Trait("Conformance", "P-12")]
    [Trait("Conformance", "P-13")]
    public void Key_identifiers_are_the_issuer_s_own_and_the_hash_of_RFC_7093(string key)
    {
        // A non-standard identifier: it shows whether the value is copied or computed.
        byte[] strange = [0xDE, 0xAD, 0xBE, 0xEF];
        var ca = TestCa.Root(more: new X509SubjectKeyIdentifierExtension(strange, critical: false));
        using var certificate = TestCa.Issuer(ca).Issue(TestCa.Template(key: key)).Certificate();
        Assert.Equal([0x30, 0x06, 0x80, 0x04, .. strange], certificate.Extension("2.5.29.35", critical: false));

        var bits = new AsnReader(TestCa.LeafKey(key).Der, AsnEncodingRules.DER).ReadSequence();
        bits.ReadEncodedValue();
        Assert.Equal([0x04, 20, .. SHA256.HashData(bits.ReadBitString(out _))[..20]], certificate.Extension("2.5.29.14", critical: false));
    }

    [Fact]
    [Trait("Conformance", "P-12")]
    public void A_CA_without_an_identifier_gets_one_computed_and_a_warning()
    {
        var ca = TestCa.Root(more: new X509Extension("2.5.29.14", [], critical: false));
        using var certificate = TestCa.Issuer(ca).Issue(TestCa.Template()).Certificate();
        var identifier = LeafExtensions.KeyIdentifier(ca.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.Equal([0x30, 22, 0x80, 20, .. identifier], certificate.Extension("2.5.29.35", critical: false));
        Assert.Contains("subjectKeyIdentifier", Assert.Single(LocalCaIssuer.Check(ca, TestCa.Now)), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-9")]
    public void Alternative_names_are_critical_exactly_when_there_is_no_subject()
    {
        var issuer = TestCa.Issuer(TestCa.Root());
        var without = issuer.Issue(TestCa.Template(Name(), [Dns("d.example")]));
        Assert.Contains(
            "X509v3 Subject Alternative Name: critical\n                DNS:d.example\n", without.Text(), StringComparison.Ordinal);
        using (var certificate = without.Certificate())
            Assert.Equal([0x30, 0x00], certificate.SubjectName.RawData);
        without.MustVerify(issuer);
        Assert.Contains(
            "X509v3 Subject Alternative Name: \n                DNS:d.example\n",
            issuer.Issue(TestCa.Template(sans: [Dns("d.example")])).Text(),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-16")]
    public void Alternative_names_stay_of_their_kind_and_in_their_order()
    {
        const string Sid = "tag:microsoft.com,2022-09-14:sid:S-1-5-21-1-2-3-1001";
        SubjectAltName[] names =
            [Uri(Sid), RealUpn("eve@corp.example"), Dns("d.example"), Mail("eve@corp.example"), RealIp("192.0.2.7"), RealIp("2001:db8::7")];
        var issued = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template(sans: names));
        Assert.Contains(
            $"URI:{Sid}, othername: UPN::eve@corp.example, DNS:d.example, email:eve@corp.example, IP Address:192.0.2.7, "
                + "IP Address:2001:DB8:0:0:0:0:0:7\n",
            issued.Text(), StringComparison.Ordinal);
        using var certificate = issued.Certificate();
        Assert.Equal(Der.Sequence([.. names.Select(name => name.Der.ToArray())]), certificate.Extension("2.5.29.17", critical: false));
    }

    [Fact]
    [Trait("Conformance", "P-16")]
    public void Without_alternative_names_there_is_no_extension()
    {
        using var certificate = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template()).Certificate();
        Assert.DoesNotContain(certificate.Extensions, extension => extension.Oid!.Value == "2.5.29.17");
    }

    [Fact]
    [Trait("Conformance", "P-21")]
    [Trait("Conformance", "S-R21")]
    public void Each_CRL_URL_is_a_distribution_point_of_its_own()
    {
        using var certificate = TestCa.Issuer(TestCa.Root(), Published).Issue(TestCa.Template()).Certificate();
        Assert.Equal(
            Der.Sequence(Point("http://crl.example/ca.crl"), Point("http://crl2.example/ca.crl")),
            certificate.Extension("2.5.29.31", critical: false));

        static byte[] Point(string url) => Der.Sequence(Der.Tlv(0xA0, Der.Tlv(0xA0, Der.Text(0x86, url))));
    }

    [Fact]
    [Trait("Conformance", "P-22")]
    public void Authority_information_access_names_OCSP_and_the_issuer_s_certificate()
    {
        var text = TestCa.Issuer(TestCa.Root(), Published).Issue(TestCa.Template()).Text();
        Assert.Contains(
            "Authority Information Access: \n                OCSP - URI:http://ocsp.example\n                CA Issuers - "
                + "URI:http://pki.example/ca.cer\n", text, StringComparison.Ordinal);
        var ocsp = TestCa.Issuer(TestCa.Root(), Published with { CaIssuersUrl = null }).Issue(TestCa.Template()).Text();
        Assert.Contains("OCSP - URI:http://ocsp.example\n", ocsp, StringComparison.Ordinal);
        Assert.DoesNotContain("CA Issuers", ocsp, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-21")]
    [Trait("Conformance", "P-22")]
    public void What_is_not_published_is_not_promised()
    {
        var text = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template()).Text();
        Assert.DoesNotContain("CRL Distribution", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Authority Information Access", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "P-30")]
    public void Must_staple_is_the_bytes_of_RFC_7633_and_only_where_the_profile_asks()
    {
        var issuer = TestCa.Issuer(TestCa.Root());
        var issued = issuer.Issue(TestCa.Template(profile: MustStaple()));
        using (var certificate = issued.Certificate())
            Assert.Equal([0x30, 0x03, 0x02, 0x01, 0x05], certificate.Extension("1.3.6.1.5.5.7.1.24", critical: false));
        Assert.Contains("TLS Feature: \n                status_request\n", issued.Text(), StringComparison.Ordinal);
        Assert.DoesNotContain("TLS Feature", issuer.Issue(TestCa.Template()).Text(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new[] { 5 }, false, "3003020105")]
    [InlineData(new[] { 5 }, true, "3003020105")]
    [InlineData(new[] { 17 }, false, "3003020111")]
    [InlineData(new[] { 17 }, true, "3006020111020105")]
    [InlineData(new[] { 5, 17 }, false, "3006020105020111")]
    [InlineData(new[] { 5, 17 }, true, "3006020105020111")]
    [Trait("Conformance", "P-31")]
    public void What_the_CA_promises_its_leaves_promise_too(int[] features, bool mustStaple, string expected)
    {
        var ca = TestCa.Root(more: TestCa.TlsFeature(features));
        Assert.Empty(LocalCaIssuer.Check(ca, TestCa.Now));
        using var certificate = TestCa.Issuer(ca).Issue(TestCa.Template(profile: mustStaple ? MustStaple() : null)).Certificate();
        Assert.Equal(expected, Convert.ToHexString(certificate.Extension("1.3.6.1.5.5.7.1.24", critical: false)));
    }

    [Fact]
    [Trait("Conformance", "P-31")]
    public void A_CA_whose_promise_cannot_be_read_does_not_start()
    {
        var ca = TestCa.Root(more: TestCa.TlsFeature(5, 5));
        Assert.Contains("TLS feature", Assert.Single(LocalCaIssuer.Check(ca, TestCa.Now)), StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => TestCa.Issuer(ca));
    }

    [Fact]
    [Trait("Conformance", "P-23")]
    public void No_extension_stands_twice_with_everything_in_it()
    {
        var issuer = TestCa.Issuer(TestCa.Root(more: TestCa.TlsFeature(5)), Published);
        var issued = issuer.Issue(TestCa.Template(sans: [Dns("d.example")], profile: MustStaple()));
        using var certificate = issued.Certificate();
        var oids = certificate.Extensions.Select(extension => extension.Oid!.Value!).ToList();
        Assert.Equal(oids.Distinct(), oids);
        Assert.Equal(
            [
                "1.3.6.1.5.5.7.1.1", "1.3.6.1.5.5.7.1.24", "2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.31", "2.5.29.35",
                "2.5.29.37",
            ],
            oids.Order(StringComparer.Ordinal));
        issued.MustVerify(issuer);
    }

    [Fact]
    [Trait("Conformance", "P-24")]
    public void The_largest_certificate_is_not_very_large()
    {
        var uris = Enumerable.Range(0, 100).Select(i => Uri($"https://host.example/{i:D3}/{new string('a', 999)}"));
        var subject = Name([.. Enumerable.Range(0, 32).Select(_ => ("2.5.4.11", new string('x', 64)))]);
        var issued = TestCa.Issuer(TestCa.Root("rsa"), Published).Issue(TestCa.Template(subject, uris, "rsa"));
        Assert.InRange(issued.Der.Length, 100_000, 120_000);
        Assert.Contains("https://host.example/099/", issued.Text(), StringComparison.Ordinal);
    }

    /// <summary>A UPN as a device encodes it.</summary>
    internal static SubjectAltName RealUpn(string text) => new(
        SubjectAltNameKind.OtherName,
        text,
        Der.Tlv(0xA0, Der.Oid(SubjectAltName.UserPrincipalNameOid), Der.Tlv(0xA0, Der.Text(0x0C, text))),
        SubjectAltName.UserPrincipalNameOid);

    internal static SubjectAltName RealIp(string address) =>
        new(SubjectAltNameKind.IpAddress, address, Der.Tlv(0x87, System.Net.IPAddress.Parse(address).GetAddressBytes()));

    private static int BitCount(string usage) => usage.EndsWith("Key Encipherment", StringComparison.Ordinal)
        ? 3
        : usage.EndsWith("Non Repudiation", StringComparison.Ordinal) ? 2 : 1;

    private static CertificateProfile MustStaple()
    {
        var plain = Profile();
        return new CertificateProfile
        {
            Id = plain.Id,
            Name = plain.Name,
            AllowedKeyAlgorithms = plain.AllowedKeyAlgorithms,
            AllowedEkus = plain.AllowedEkus,
            MustStaple = true,
        };
    }
}
