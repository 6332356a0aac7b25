using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Domain.Profiles;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Issuers.LocalCa;
using Certctl.Tests.Fixtures;
using Xunit;
using static Certctl.Tests.Domain.Profiles.Requests;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>RFC 5280 §4.1: the fields of a leaf, read by openssl and by the platform.</summary>
public sealed class LocalCaIssuerTests
{
    private const string RsaSha256 = "300D06092A864886F70D01010B0500";
    private const string EcdsaSha256 = "300A06082A8648CE3D040302";
    private const string EcdsaSha384 = "300A06082A8648CE3D040303";

    [Theory]
    [InlineData("rsa", "rsa", RsaSha256)]
    [InlineData("rsa", "ec", RsaSha256)]
    [InlineData("p-256", "rsa", EcdsaSha256)]
    [InlineData("p-256", "ec", EcdsaSha256)]
    [InlineData("p-384", "rsa", EcdsaSha384)]
    [InlineData("p-384", "ec", EcdsaSha384)]
    [Trait("Conformance", "P-1")]
    [Trait("Conformance", "P-4")]
    [Trait("Conformance", "P-11")]
    public void Every_kind_of_CA_signs_every_kind_of_leaf(string caKind, string leafKind, string algorithm)
    {
        var issuer = TestCa.Issuer(TestCa.Root(caKind));
        var issued = issuer.Issue(TestCa.Template(key: leafKind, sans: [Dns("d.example")]));
        issued.MustVerify(issuer);

        var outer = new AsnReader(issued.Der, AsnEncodingRules.DER).ReadSequence();
        var body = outer.ReadSequence();
        Assert.Equal(algorithm, Convert.ToHexString(outer.ReadEncodedValue().Span));
        Assert.Equal(2, body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadInteger());
        body.ReadInteger();
        Assert.Equal(algorithm, Convert.ToHexString(body.ReadEncodedValue().Span));
        for (var i = 0; i < 3; i++)
            body.ReadEncodedValue();
        Assert.Equal(TestCa.LeafKey(leafKind).Der.ToArray(), body.ReadEncodedValue().ToArray());

        // Neither issuerUniqueID [1] nor subjectUniqueID [2]: the extensions [3] follow at once, and nothing follows them.
        Assert.Equal(new Asn1Tag(TagClass.ContextSpecific, 3, isConstructed: true), body.PeekTag());
        body.ReadEncodedValue();
        Assert.False(body.HasData);
    }

    [Fact]
    public async Task A_test_says_why_a_CA_cannot_issue()
    {
        Assert.Empty(await TestCa.Issuer(TestCa.Root("rsa")).TestAsync(default));

        var over = TestCa.Root(TestCa.Key("rsa"), new X500DistinguishedName("CN=over"), TestCa.Now.AddYears(-3), TestCa.Now.AddDays(-1));
        Assert.Contains("it expired", Assert.Single(await TestCa.Issuer(over).TestAsync(default)), StringComparison.Ordinal);
        using var faulty = new FaultyKey();
        Assert.Contains(
            "does not verify",
            Assert.Single(await TestCa.Issuer(TestCa.Root() with { Key = faulty }).TestAsync(default)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_record_says_what_the_certificate_says()
    {
        var issuer = TestCa.Issuer(TestCa.Root());
        var issued = issuer.Issue(TestCa.Template(
            Name(("2.5.4.10", "Corp"), (CommonName, "d")), [Dns("d.example"), LeafExtensionsTests.RealUpn("eve@corp.example")]));
        using var certificate = issued.Certificate();
        Assert.Equal(
            ("iss-local", "vpn", "corp", "SCEP", "CN=d,O=Corp", "d"),
            (issued.IssuerId, issued.ProfileId, issued.PathId, issued.Source, issued.Subject, issued.CommonName));
        Assert.Equal(["DNS:d.example", "UPN:eve@corp.example"], issued.SubjectAltNames);
        Assert.Equal(certificate.SerialNumber.PadLeft(40, '0'), issued.SerialNumber, ignoreCase: true);
        Assert.Equal(
            (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()),
            (issued.NotBefore.UtcDateTime, issued.NotAfter.UtcDateTime));
        Assert.Equal(SHA256.HashData(issued.Der), issued.Sha256);
        Assert.Equal(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()), issued.PublicKeySha256);
        Assert.Equal(("ECDSA-P256", TestCa.Now), (issued.KeyAlgorithm, issued.CreatedAt));
    }

    [Fact]
    [Trait("Conformance", "P-2")]
    [Trait("Conformance", "P-3")]
    public void Ten_thousand_serial_numbers_are_positive_short_different_and_random_in_every_bit()
    {
        const int Count = 10_000;
        var ones = new int[160];
        var seen = new HashSet<BigInteger>();
        for (var i = 0; i < Count; i++)
        {
            var serial = SerialNumbers.Next();
            Assert.Equal(20, serial.Length);
            var number = new BigInteger(serial, isUnsigned: false, isBigEndian: true);
            Assert.True(number.Sign > 0);
            Assert.True(seen.Add(number));
            for (var bit = 0; bit < 160; bit++)
                ones[bit] += (serial[bit / 8] >> (7 - (bit % 8))) & 1;
        }

        Assert.Equal(0, ones[0]);

        // Ten standard deviations of a fair coin: no run of these tests will see that by chance.
        Assert.All(ones[1..], count => Assert.InRange(count, (Count / 2) - 500, (Count / 2) + 500));
    }

    [Fact]
    [Trait("Conformance", "P-2")]
    public void Serial_numbers_in_certificates_are_integers_of_twenty_octets_at_most()
    {
        var issuer = TestCa.Issuer(TestCa.Root());
        var template = TestCa.Template();
        var issued = Enumerable.Range(0, 300).Select(_ => issuer.Issue(template)).ToList();
        Assert.Equal(300, issued.Select(certificate => certificate.SerialNumber).Distinct().Count());
        foreach (var certificate in issued)
        {
            var body = new AsnReader(certificate.Der, AsnEncodingRules.DER).ReadSequence().ReadSequence();
            body.ReadEncodedValue();

            // DER: the reader refuses leading zeros that are not needed.
            var octets = body.ReadIntegerBytes();
            Assert.InRange(octets.Length, 1, 20);
            Assert.True(octets.Span[0] < 0x80);
            Assert.Matches("^[0-9a-f]{40}\\z", certificate.SerialNumber);
            Assert.EndsWith(Convert.ToHexStringLower(octets.Span), certificate.SerialNumber, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(UniversalTagNumber.PrintableString, "Old Root")]
    [InlineData(UniversalTagNumber.TeletexString, "Wurzel Zürich")]
    [InlineData(UniversalTagNumber.BMPString, "Wurzel 設備")]
    [InlineData(UniversalTagNumber.UTF8String, "  Two  Spaces ")]
    [Trait("Conformance", "P-5")]
    public void The_issuer_is_the_CA_s_subject_octet_for_octet(UniversalTagNumber type, string name)
    {
        var subject = new X500DistinguishedName(
            NameOf([Attribute("2.5.4.6", UniversalTagNumber.PrintableString, "CH")], [Attribute(CommonName, type, name)]).Der.Span);
        var ca = TestCa.Root(TestCa.Key("p-256"), subject);
        var issuer = TestCa.Issuer(ca);
        var issued = issuer.Issue(TestCa.Template());
        using var certificate = issued.Certificate();
        Assert.Equal(subject.RawData, certificate.IssuerName.RawData);
        issued.MustVerify(issuer);
    }

    [Fact]
    public void An_RSA_key_without_its_NULL_gets_it_back()
    {
        // The device's encoding, less 05 00 in the AlgorithmIdentifier and two octets in both lengths.
        var whole = TestCa.LeafKey("rsa").Der.ToArray();
        byte[] bare =
            [.. whole[..2], .. BitConverter.GetBytes((ushort)(whole.Length - 6)).Reverse(), 0x30, 0x0B, .. whole[6..17], .. whole[19..]];
        Assert.True(PublicKeyReader.TryRead(bare, out var key, out var defect), defect);
        var template = TestCa.Template(key: "rsa");
        var copy = Assert.IsType<Approval.Granted>(Profile().Approve(Csr(key), TimeSpan.FromDays(30), TestCa.Now)).Template;
        Assert.Equal(bare, copy.PublicKey.Der.ToArray());

        using var certificate = TestCa.Issuer(TestCa.Root()).Issue(copy).Certificate();

        Assert.Equal(template.PublicKey.Der.ToArray(), certificate.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.True(certificate.RawData.AsSpan().IndexOf(whole) > 0);
    }

    [Fact]
    [Trait("Conformance", "P-10")]
    [Trait("Conformance", "P-5")]
    public void The_subject_is_written_in_the_string_types_of_today()
    {
        var subject = NameOf(
            [Attribute("2.5.4.6", UniversalTagNumber.UTF8String, "DE")],
            [Attribute("2.5.4.10", UniversalTagNumber.TeletexString, "Müller")],
            [Attribute("1.2.840.113549.1.9.1", UniversalTagNumber.UTF8String, "a@b.example")],
            [Attribute(CommonName, UniversalTagNumber.BMPString, "設備")]);
        var dump = Dump(TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template(subject)));
        Assert.Matches("countryName\n.* PRINTABLESTRING +:DE\n", dump);
        Assert.Matches("organizationName\n.* UTF8STRING +:Müller\n", dump);
        Assert.Matches("emailAddress\n.* IA5STRING +:a@b.example\n", dump);
        Assert.Matches("commonName\n.* UTF8STRING +:設備\n", dump);
    }

    [Fact]
    [Trait("Conformance", "P-27")]
    [Trait("Conformance", "P-6")]
    public void A_leaf_begins_five_minutes_ago()
    {
        var text = TestCa.Issuer(TestCa.Root()).Issue(TestCa.Template()).Text();
        Assert.Contains("Not Before: Nov 25 11:55:00 2026 GMT", text, StringComparison.Ordinal);
        Assert.Contains("Not After : Nov 25 11:55:00 2027 GMT", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2049-12-31T23:59:59Z", UniversalTagNumber.UtcTime, "491231235959Z")]
    [InlineData("2050-01-01T00:00:00Z", UniversalTagNumber.GeneralizedTime, "20500101000000Z")]
    [InlineData("2060-06-30T12:00:00Z", UniversalTagNumber.GeneralizedTime, "20600630120000Z")]
    [Trait("Conformance", "P-6")]
    public void Times_are_UTCTime_until_2049_and_GeneralizedTime_from_2050(string end, UniversalTagNumber tag, string written)
    {
        var notAfter = DateTimeOffset.Parse(end, CultureInfo.InvariantCulture);
        var issuer = TestCa.Issuer(TestCa.Root(notAfter: notAfter));
        var approval = Profile().Approve(Csr(TestCa.LeafKey()), TimeSpan.FromDays(365 * 40), TestCa.Now);
        var issued = issuer.Issue(Assert.IsType<Certctl.Domain.Profiles.Approval.Granted>(approval).Template);
        Assert.Equal(notAfter, issued.NotAfter);
        issued.MustVerify(issuer);

        var kind = tag == UniversalTagNumber.UtcTime ? "UTCTIME" : "GENERALIZEDTIME";
        Assert.Matches($"UTCTIME +:261125115500Z\n.*{kind} +:{written}\n", Dump(issued));
    }

    [Fact]
    [Trait("Conformance", "P-7")]
    public void A_leaf_lies_within_the_life_of_its_CA()
    {
        var (begin, end) = (TestCa.Now.AddMinutes(-1), TestCa.Now.AddDays(10));
        var issuer = TestCa.Issuer(TestCa.Root(notBefore: begin, notAfter: end));
        var issued = issuer.Issue(TestCa.Template());
        Assert.Equal((begin, end, end), (issued.NotBefore, issued.NotAfter, issuer.NotAfter));
        using var certificate = issued.Certificate();
        Assert.Equal(
            (begin.UtcDateTime, end.UtcDateTime), (certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime()));
        Assert.True(issued.Verify(issuer.Chain, begin).Verifies);
        Assert.True(issued.Verify(issuer.Chain, end.AddSeconds(-1)).Verifies);
        Assert.False(issued.Verify(issuer.Chain, end.AddSeconds(1)).Verifies);
    }

    [Fact]
    [Trait("Conformance", "P-7")]
    public void A_CA_that_has_ended_signs_nothing() =>
        Assert.Throws<InvalidOperationException>(
            () => TestCa.Issuer(TestCa.Root(notAfter: TestCa.Now.AddMinutes(-10))).Issue(TestCa.Template()));

    [Theory]
    [InlineData("rsa", "p-384")]
    [InlineData("p-384", "rsa")]
    [InlineData("rsa", "p-256")]
    public void Below_a_sub_CA_the_whole_chain_verifies(string rootKind, string subKind)
    {
        var root = TestCa.Root(rootKind);
        var sub = TestCa.Sub(root, subKind);
        var issuer = TestCa.Issuer(sub);
        Assert.Equal([sub.Certificate.RawData, root.Certificate.RawData], issuer.Chain.Select(der => der.ToArray()));
        Assert.Empty(LocalCaIssuer.Check(sub, TestCa.Now));
        foreach (var key in (string[])["rsa", "ec"])
            issuer.Issue(TestCa.Template(key: key)).MustVerify(issuer);
    }

    [Fact]
    public void The_chain_goes_from_the_CA_to_the_root_whatever_the_order_of_its_file()
    {
        var root = TestCa.Root("rsa");
        var middle = TestCa.Sub(root, "p-384", "CN=Middle");
        var lowest = TestCa.Sub(middle, "p-256", "CN=Lowest");
        var stranger = TestCa.Root("p-384", "CN=Stranger").Certificate;

        // Same name as the root, another key: named as issuer, but it has signed nothing here.
        var impostor = TestCa.Root("p-384").Certificate;
        var shuffled = lowest with { Chain = [impostor, root.Certificate, stranger, middle.Certificate] };
        var issuer = TestCa.Issuer(shuffled);
        Assert.Equal(
            [lowest.Certificate.RawData, middle.Certificate.RawData, root.Certificate.RawData],
            issuer.Chain.Select(der => der.ToArray()));
        Assert.All(LocalCaIssuer.Check(shuffled, TestCa.Now), warning => Assert.Contains(
            "which is on no path from the CA to its root", warning, StringComparison.Ordinal));
        Assert.Equal(2, LocalCaIssuer.Check(shuffled, TestCa.Now).Count);
        issuer.Issue(TestCa.Template()).MustVerify(issuer);
    }

    private static string Dump(Certctl.Domain.Certificates.IssuedCertificate issued)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["leaf"], issued.Der);
        return OpenSsl.Run("asn1parse", "-inform", "DER", "-in", folder["leaf"]);
    }

    // Signs as a broken machine does.
    private sealed class FaultyKey : ECDsa
    {
        public FaultyKey() => (LegalKeySizesValue, KeySizeValue) = ([new KeySizes(256, 256, 0)], 256);

        public override byte[] SignHash(byte[] hash) => [.. Enumerable.Repeat((byte)1, 64)];

        public override bool VerifyHash(byte[] hash, byte[] signature) => false;

        public override ECParameters ExportParameters(bool includePrivateParameters) => new() { Curve = ECCurve.NamedCurves.nistP256 };
    }
}
