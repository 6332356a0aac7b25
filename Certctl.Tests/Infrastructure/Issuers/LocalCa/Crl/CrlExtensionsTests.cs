using System.Formats.Asn1;
using Certctl.Application.Publication;
using Certctl.Domain.Certificates;
using Certctl.Tests.Fixtures;
using Xunit;

namespace Certctl.Tests.Infrastructure.Issuers.LocalCa.Crl;

/// <summary>Partitioned and delta CRLs (RFC 5280 §5.2.4 to §5.2.6), by the platform's ASN.1 reader, by openssl and by GnuTLS.</summary>
public sealed class CrlExtensionsTests
{
    private const string Shard = "http://pki.example.org/.well-known/pki/crl/ca/7";
    private const string Delta = "http://pki.example.org/.well-known/pki/crl/ca/7/delta";
    private static readonly CrlHeader Plain = new(300, TestCa.Now, TestCa.Now.AddDays(1));

    [Fact]
    [Trait("Conformance", "L-10")]
    public void A_partition_says_critically_the_URL_that_the_certificates_say_and_nothing_else()
    {
        var ca = TestCa.Root();
        var crl = Write(Plain with { Partition = Shard, FreshestUrl = Delta });
        var extensions = Extensions(crl);
        Assert.Equal(["2.5.29.35", "2.5.29.20", "2.5.29.28", "2.5.29.46"], extensions.Keys);

        // cRLDistributionPoints of a certificate is a SEQUENCE OF what stands here.
        var settings = TestCa.Plain with { CrlUrls = [Shard] };
        using var leaf = TestCa.Issuer(ca, settings).Issue(TestCa.Template()).Certificate();
        var points = new AsnReader(leaf.Extension("2.5.29.31", critical: false), AsnEncodingRules.DER).ReadSequence();
        Assert.Equal((true, Convert.ToHexString(points.ReadEncodedValue().Span)), extensions["2.5.29.28"]);

        var text = Text(crl);
        Assert.Matches(@"X509v3 Issuing Distribution Point: critical\s+Full Name:\s+URI:" + Shard + "\n", text);
        Assert.Matches(@"X509v3 Freshest CRL: \s+Full Name:\s+URI:" + Delta + "\n", text);
        Assert.DoesNotContain("Only", text, StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "L-8")]
    [Trait("Conformance", "L-9")]
    [Trait("Conformance", "L-11")]
    public void A_delta_says_critically_what_it_is_to_and_may_take_entries_back()
    {
        var crl = Write(
            Plain with { BaseNumber = 255, Partition = Shard },
            new RevokedCertificate("0a", TestCa.Now.AddDays(-1), null),
            new RevokedCertificate("0b", TestCa.Now.AddDays(-1), RevocationReason.KeyCompromise) { InvalidSince = TestCa.Now.AddDays(-9) });
        Assert.Equal((true, "020200FF"), Extensions(crl)["2.5.29.27"]);

        var text = Text(crl);
        Assert.Matches(@"X509v3 CRL Number: \s+300\s", text);
        Assert.Matches(@"X509v3 Delta CRL Indicator: critical\s+255\s", text);
        Assert.Matches(@"Serial Number: 0A\s+Revocation Date: Nov 24 12:00:00 2026 GMT\s+CRL entry extensions:\s+"
            + @"X509v3 CRL Reason Code: \s+Remove From CRL\s", text);
        Assert.Matches(@"Key Compromise\s+Invalidity Date: \s+Nov 16 12:00:00 2026 GMT", text);
    }

    [Fact]
    public void A_list_for_all_certificates_has_none_of_these()
    {
        Assert.Equal(["2.5.29.35", "2.5.29.20"], Extensions(Write(Plain)).Keys);
        Assert.Equal((false, "0202012C"), Extensions(Write(Plain))["2.5.29.20"]);
    }

    [Fact]
    public void GnuTLS_reads_all_of_it()
    {
        using var folder = new TemporaryFolder();
        var revoked = new RevokedCertificate("0b", TestCa.Now.AddDays(-1), RevocationReason.KeyCompromise) { InvalidSince = TestCa.Now };
        foreach (var (header, expected) in new (CrlHeader, string)[]
        {
            (Plain with { Partition = Shard, FreshestUrl = Delta }, "2.5.29.28"),
            (Plain with { Partition = Shard, BaseNumber = 255 }, "2.5.29.27"),
        })
        {
            File.WriteAllBytes(folder["crl"], Write(header, revoked));
            var text = ExternalTool.Run("certtool", "--crl-info", "--inder", "--infile", folder["crl"]).MustSucceed().Output;
            Assert.Contains("CRL Number (not critical): 012c", text, StringComparison.Ordinal);
            Assert.Contains($"Unknown extension {expected} (critical)", text, StringComparison.Ordinal);
            Assert.Contains("Serial Number (hex): 0b", text, StringComparison.Ordinal);
        }
    }

    [Fact]
    [Trait("Conformance", "L-10")]
    [Trait("Conformance", "L-11")]
    public async Task A_header_that_no_CRL_may_have_is_refused_before_an_entry_is_read()
    {
        foreach (var (header, why) in new (CrlHeader, string)[]
        {
            (Plain with { BaseNumber = 255, FreshestUrl = Delta }, "names no delta CRL"),
            (Plain with { BaseNumber = 301 }, "its base 301 is later"),
            (Plain with { Partition = "" }, "has no URL"),
            (Plain with { FreshestUrl = "" }, "has no URL"),
        })
        {
            var writer = TestCa.Issuer(TestCa.Root()).Crls!;
            var failure = await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteAsync(header, Unread(), default));
            Assert.Contains(why, failure.Message, StringComparison.Ordinal);
        }
    }

    private static async IAsyncEnumerable<RevokedCertificate> Unread()
    {
        await Task.CompletedTask;
        Assert.Fail("The entries are read.");
        yield break;
    }

    private static byte[] Write(CrlHeader header, params RevokedCertificate[] entries) =>
        TestCa.Issuer(TestCa.Root()).Crls!.Write(header, entries);

    private static string Text(byte[] crl)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["crl"], crl);
        return OpenSsl.Run("crl", "-inform", "DER", "-in", folder["crl"], "-noout", "-text");
    }

    /// <summary>In their order, each with its value in hex digits.</summary>
    private static Dictionary<string, (bool Critical, string Value)> Extensions(byte[] crl)
    {
        var fields = new AsnReader(crl, AsnEncodingRules.DER).ReadSequence().ReadSequence();
        while (!fields.PeekTag().HasSameClassAndValue(new Asn1Tag(TagClass.ContextSpecific, 0)))
            fields.ReadEncodedValue();
        var list = fields.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        var found = new Dictionary<string, (bool, string)>();
        while (list.HasData)
        {
            var one = list.ReadSequence();
            var oid = one.ReadObjectIdentifier();
            var critical = one.PeekTag() == Asn1Tag.Boolean && one.ReadBoolean();
            found.Add(oid, (critical, Convert.ToHexString(one.ReadOctetString())));
        }

        return found;
    }
}
