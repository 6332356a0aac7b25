using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa;

/// <summary>RFC 5280 §5, by the platform's ASN.1 reader and by openssl.</summary>
public sealed class LocalCrlWriterTests
{
    private static readonly DateTimeOffset ThisUpdate = TestCa.Now;

    [Theory]
    [InlineData("rsa")]
    [InlineData("p-256")]
    [InlineData("p-384")]
    public void Openssl_verifies_it_whatever_the_CA_key(string kind)
    {
        var ca = TestCa.Root(kind);
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["ca"], ca.Certificate.ExportCertificatePem());
        File.WriteAllBytes(folder["crl"], Crl(ca));

        Assert.Contains(
            "verify OK",
            OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-CAfile", folder["ca"], "-noout"),
            StringComparison.Ordinal);
    }

    // 3, 2,000 and 70,000 entries: lengths of one, two and three octets.
    [Theory]
    [InlineData(3)]
    [InlineData(2000)]
    [InlineData(70000)]
    public void Openssl_counts_all_entries_of_a_long_list(int count)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["crl"], Crl(TestCa.Root(), [.. Enumerable.Range(1, count).Select(
            serial => new RevokedCertificate($"{serial:x40}", ThisUpdate, RevocationReason.Superseded))]));

        var text = OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-noout", "-text");
        Assert.Equal(count, text.Split("Serial Number:").Length - 1);
    }

    [Fact]
    [Trait("Conformance", "L-13")]
    public void No_entry_is_dated_after_the_list()
    {
        var crl = Crl(TestCa.Root(), new RevokedCertificate("01", ThisUpdate.AddSeconds(3), RevocationReason.Superseded));
        var fields = new AsnReader(crl, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        for (var before = 0; before < 5; before++)
            fields.ReadEncodedValue();
        var entry = fields.ReadSequence().ReadSequence();
        entry.ReadInteger();
        Assert.Equal(ThisUpdate, entry.ReadUtcTime());
    }

    [Fact]
    [Trait("Conformance", "L-1")]
    [Trait("Conformance", "L-2")]
    [Trait("Conformance", "L-3")]
    [Trait("Conformance", "L-5")]
    [Trait("Conformance", "L-6")]
    public void Every_field_is_where_the_RFC_has_it_and_an_empty_list_is_absent()
    {
        var ca = TestCa.Root();
        var outer = new AsnReader(Crl(ca), AsnEncodingRules.DER).ReadSequence();
        var fields = outer.ReadSequence();
        Assert.Equal(1, fields.ReadInteger());
        Assert.Equal(fields.ReadEncodedValue().ToArray(), outer.PeekEncodedValue().ToArray());
        Assert.Equal(ca.Certificate.SubjectName.RawData, fields.ReadEncodedValue().ToArray());
        Assert.Equal(ThisUpdate, fields.ReadUtcTime());
        Assert.Equal(ThisUpdate.AddDays(1), fields.ReadUtcTime());
        var extensions = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        Assert.False(fields.HasData);
        var key = ca.Certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.ToArray();
        Assert.Equal(("2.5.29.35", "3016" + "8014" + Convert.ToHexString(key)), Extension(extensions));
        Assert.Equal(("2.5.29.20", "020107"), Extension(extensions));
        Assert.False(extensions.HasData);
    }

    [Fact]
    [Trait("Conformance", "L-8")]
    public void An_entry_has_its_reason_unless_there_is_none()
    {
        var crl = Crl(
            TestCa.Root(),
            new RevokedCertificate("00000000000000000000000000000000000000ff", ThisUpdate.AddDays(-2), RevocationReason.Unspecified),
            new RevokedCertificate("7f".PadRight(40, '1'), ThisUpdate.AddDays(-1), RevocationReason.PrivilegeWithdrawn));
        var fields = new AsnReader(crl, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        for (var before = 0; before < 5; before++)
            fields.ReadEncodedValue();
        var entries = fields.ReadSequence();

        var first = entries.ReadSequence();
        Assert.Equal("020200FF", Convert.ToHexString(first.ReadEncodedValue().Span));
        Assert.Equal(ThisUpdate.AddDays(-2), first.ReadUtcTime());
        Assert.False(first.HasData);
        var second = entries.ReadSequence();
        Assert.Equal("0214" + "7F".PadRight(40, '1'), Convert.ToHexString(second.ReadEncodedValue().Span));
        Assert.Equal(ThisUpdate.AddDays(-1), second.ReadUtcTime());
        Assert.Equal(("2.5.29.21", "0A0109"), Extension(second.ReadSequence()));
        Assert.False(entries.HasData);
    }

    [Fact]
    [Trait("Conformance", "L-16")]
    public void A_CA_whose_key_usage_lacks_cRLSign_signs_none()
    {
        Assert.Null(TestCa.Issuer(TestCa.Root(more: new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, critical: true))).Crls);
        Assert.NotNull(TestCa.Issuer(TestCa.Root(more: new X509Extension("2.5.29.15", [], critical: true))).Crls);
    }

    [Fact]
    public void A_CA_knows_what_it_issued_from_what_a_namesake_did()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (first, second) = (TestCa.Issuer(TestCa.Root()), TestCa.Issuer(TestCa.Root(key, TestCa.Root().Certificate.SubjectName)));
        var issued = first.Issue(TestCa.Template());

        Assert.True(first.HasIssued(issued));
        Assert.False(second.HasIssued(issued));
        Assert.False(TestCa.Issuer(TestCa.Root(subject: "CN=another name")).HasIssued(issued));
    }

    private static byte[] Crl(Certctl.Infrastructure.Crypto.Keys.KeyPair ca, params RevokedCertificate[] entries) =>
        TestCa.Issuer(ca).Crls!.Write(new CrlHeader(7, ThisUpdate, ThisUpdate.AddDays(1)), entries);

    private static (string Oid, string Value) Extension(AsnReader extensions)
    {
        var fields = extensions.ReadSequence();
        var oid = fields.ReadObjectIdentifier();
        var value = Convert.ToHexString(fields.ReadOctetString());
        Assert.False(fields.HasData);
        return (oid, value);
    }
}
