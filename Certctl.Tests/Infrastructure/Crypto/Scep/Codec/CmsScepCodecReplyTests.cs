using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Infrastructure.Crypto.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>CertReps, read by the platform's CMS and by openssl.</summary>
public sealed class CmsScepCodecReplyTests(ITestOutputHelper output)
{
    private static readonly AsnEncodingRules Strict = AsnEncodingRules.DER;
    private readonly CmsScepCodec _codec = ScepTestKeys.Codec();

    [Fact]
    [Trait("Conformance", "S-P1")]
    [Trait("Conformance", "S-P2")]
    [Trait("Conformance", "S-P6")]
    [Trait("Conformance", "S-P7")]
    [Trait("Conformance", "S-P9")]
    [Trait("Conformance", "S-P10")]
    public void A_FAILURE_says_why_and_repeats_what_it_answers()
    {
        var reply = Fail(new ForgedRequest());

        var attributes = Check(reply, [], SHA256.HashData([]));
        Assert.Equal(["0606092A864886F70D010701"[2..]], attributes["1.2.840.113549.1.9.3"]);
        Assert.Equal(Hex(ForgedRequest.Printable("3")), Assert.Single(attributes["2.16.840.1.113733.1.9.2"]));
        Assert.Equal(Hex(ForgedRequest.Printable("2")), Assert.Single(attributes["2.16.840.1.113733.1.9.3"]));
        Assert.Equal(Hex(ForgedRequest.Printable("4")), Assert.Single(attributes["2.16.840.1.113733.1.9.4"]));
        Assert.Equal(Hex(ForgedRequest.Printable("TX-1")), Assert.Single(attributes["2.16.840.1.113733.1.9.7"]));
        Assert.Equal(Hex(ForgedRequest.Octets(ForgedRequest.Nonce)), Assert.Single(attributes["2.16.840.1.113733.1.9.6"]));
        Assert.Equal("0C" + "08" + Hex(Encoding.UTF8.GetBytes("because ")), Assert.Single(attributes["1.3.6.1.5.5.7.24.1"]));
        var nonce = Assert.Single(attributes["2.16.840.1.113733.1.9.5"]);
        Assert.StartsWith("0410", nonce, StringComparison.Ordinal);
        Assert.NotEqual(nonce, Assert.Single(Check(Fail(new ForgedRequest()), [], SHA256.HashData([]))["2.16.840.1.113733.1.9.5"]));
        Assert.Equal(9, attributes.Count);
    }

    [Fact]
    [Trait("Conformance", "S-P5")]
    [Trait("Conformance", "S-P6")]
    public void A_PENDING_has_no_failInfo_and_a_content_of_no_octets()
    {
        var reply = _codec.EncodeCertRep(Head(new ForgedRequest()), new ScepReply.Pending());

        var attributes = Check(reply, [], SHA256.HashData([]));
        Assert.Equal(Hex(ForgedRequest.Printable("3")), Assert.Single(attributes["2.16.840.1.113733.1.9.3"]));
        Assert.False(attributes.ContainsKey("2.16.840.1.113733.1.9.4"));
        Assert.False(attributes.ContainsKey("1.3.6.1.5.5.7.24.1"));

        // certmonger and others cannot do without it: [0] { OCTET STRING of length 0 }.
        Assert.Contains("06092A864886F70D010701A0020400", Hex(reply), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SHA1", "1.3.14.3.2.26", 20)]
    [InlineData("SHA384", "2.16.840.1.101.3.4.2.2", 48)]
    [InlineData("SHA512", "2.16.840.1.101.3.4.2.3", 64)]
    [Trait("Conformance", "S-P11")]
    public void The_digest_is_the_requests_own(string name, string oid, int length)
    {
        var digest = new HashAlgorithmName(name);
        var reply = Fail(new ForgedRequest { Digest = digest, DigestOid = oid });

        var expected = CryptographicOperations.HashData(digest, []);
        Assert.Equal(length, expected.Length);
        Check(reply, [], expected);
    }

    [Fact]
    public void A_digest_that_is_not_ours_is_answered_with_SHA256() =>
        Check(Fail(new ForgedRequest { DigestOid = "1.2.840.113549.2.5" }), [], SHA256.HashData([]));

    [Fact]
    [Trait("Conformance", "S-P14")]
    public void The_transactionID_comes_back_byte_for_byte_in_its_string_type()
    {
        Assert.Equal("0C05" + "C3A92B2F3D", Echo([0x0C, 5, 0xC3, 0xA9, 0x2B, 0x2F, 0x3D]));
        Assert.Equal("1603" + "5F402A", Echo([0x16, 3, 0x5F, 0x40, 0x2A]));
        Assert.Equal("1303" + "5F402A", Echo([0x13, 3, 0x5F, 0x40, 0x2A]));
        Assert.Equal("1303" + "5F402A", Echo([0x14, 3, 0x5F, 0x40, 0x2A]));

        string Echo(byte[] value)
        {
            var reply = Fail(new ForgedRequest().Replace(ForgedRequest.TransactionIdOid, value));
            return Assert.Single(Check(reply, [], SHA256.HashData([]))["2.16.840.1.113733.1.9.7"]);
        }
    }

    [Fact]
    public void Without_a_senderNonce_there_is_no_recipientNonce() => Assert.False(
        Check(Fail(new ForgedRequest().Remove(ForgedRequest.SenderNonceOid)), [], SHA256.HashData([]))
            .ContainsKey("2.16.840.1.113733.1.9.6"));

    [Fact]
    public void A_SUCCESS_without_a_verified_signer_cannot_be_made()
    {
        var head = Head(new ForgedRequest { SpoilSignature = s => s[9] ^= 1 });

        Assert.Throws<InvalidOperationException>(() => _codec.EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));
    }

    [Fact]
    [Trait("Conformance", "S-P3")]
    [Trait("Conformance", "S-P4")]
    [Trait("Conformance", "S-P12")]
    public void A_SUCCESS_is_DER_throughout_and_holds_the_leaf_alone()
    {
        var reply = _codec.EncodeCertRep(Head(new ForgedRequest()), new ScepReply.Success(ScepTestKeys.Leaf.RawData));

        var signed = Decode(reply);
        var envelope = signed.ContentInfo.Content;
        AssertStrict(envelope);
        var bag = Decrypt(envelope, ForgedRequest.Aes128Oid);
        AssertStrict(bag);
        Assert.Equal([ScepTestKeys.Leaf.RawData], CertificatesOf(bag));
        Assert.Equal(
            Hex(ForgedRequest.Printable("0")), Assert.Single(Check(reply, envelope, SHA256.HashData(envelope))["2.16.840.1.113733.1.9.3"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Openssl_verifies_FAILURE_and_PENDING_against_the_CA(bool pending)
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var reply = pending ? _codec.EncodeCertRep(Head(new ForgedRequest()), new ScepReply.Pending()) : Fail(new ForgedRequest());

        Assert.Empty(OpenSsl.Run(
            reply, "cms", "-verify", "-inform", "DER", "-binary", "-CAfile", OpenSsl.Pem(ScepTestKeys.Ca), "-attime", Epoch, "-purpose",
            "any"));
        Assert.Contains(
            ":SHA256",
            Encoding.ASCII.GetString(OpenSsl.Run(reply, "asn1parse", "-inform", "DER")).ToUpperInvariant(),
            StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Conformance", "S-P3")]
    [Trait("Conformance", "A-26")]
    public void Openssl_verifies_opens_and_reads_a_SUCCESS()
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var reply = _codec.EncodeCertRep(Head(new ForgedRequest()), new ScepReply.Success(ScepTestKeys.Leaf.RawData));

        var envelope = OpenSsl.Run(
            reply, "cms", "-verify", "-inform", "DER", "-binary", "-CAfile", OpenSsl.Pem(ScepTestKeys.Ca), "-attime", Epoch, "-purpose",
            "any");
        var bag = OpenSsl.Run(
            envelope, "cms", "-decrypt", "-inform", "DER", "-binary", "-recip", OpenSsl.Pem(ScepTestKeys.DeviceSelfSigned), "-inkey",
            OpenSsl.Pem(ScepTestKeys.Device));
        var printed = Encoding.ASCII.GetString(OpenSsl.Run(bag, "pkcs7", "-inform", "DER", "-print_certs"));
        Assert.Contains("device-1", printed, StringComparison.Ordinal);
        Assert.Contains("Test CA", printed, StringComparison.Ordinal);
    }

    private static string Epoch => ScepTestKeys.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    private byte[] Fail(ForgedRequest request) =>
        _codec.EncodeCertRep(Head(request), new ScepReply.Failure(FailInfo.BadCertId, "because "));

    private ScepRequestHead Head(ForgedRequest request) => Assert.IsType<ScepDecoding.PkiMessage>(_codec.Decode(request.Build())).Head;

    private static SignedCms Decode(byte[] reply)
    {
        var signed = new SignedCms();
        signed.Decode(reply);
        return signed;
    }

    /// <summary>Signature, shape and DER; the signed attributes by OID, their values in hex.</summary>
    private static Dictionary<string, List<string>> Check(byte[] reply, byte[] content, byte[] digest)
    {
        AssertStrict(reply);
        var signed = Decode(reply);
        Assert.Equal(1, signed.Version);
        Assert.Equal(content, signed.ContentInfo.Content);
        Assert.Equal(ForgedRequest.DataOid, signed.ContentInfo.ContentType.Value);
        Assert.Equal(ScepTestKeys.Ra.RawData, Assert.Single(signed.Certificates).RawData);
        var signer = Assert.Single(signed.SignerInfos.Cast<SignerInfo>());
        signer.CheckSignature(verifySignatureOnly: true);
        Assert.Equal(ForgedRequest.RsaOid, signer.SignatureAlgorithm.Value);
        Assert.Equal(1, signer.Version);
        var attributes = signer.SignedAttributes.Cast<CryptographicAttributeObject>().ToDictionary(
            a => a.Oid.Value!, a => a.Values.Cast<AsnEncodedData>().Select(v => Hex(v.RawData)).ToList());
        Assert.Equal(Hex(ForgedRequest.Octets(digest)), Assert.Single(attributes["1.2.840.113549.1.9.4"]));
        AssertSorted(reply);
        return attributes;
    }

    private static void AssertSorted(byte[] reply)
    {
        var signedData = new AsnReader(reply, Strict).ReadSequence();
        signedData.ReadObjectIdentifier();
        signedData = signedData.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0)).ReadSequence();
        signedData.ReadInteger();
        signedData.ReadSetOf();
        signedData.ReadSequence();
        signedData.ReadEncodedValue();
        var signer = signedData.ReadSetOf().ReadSequence();
        signer.ReadInteger();
        signer.ReadSequence();
        signer.ReadSequence();

        // The strict reader throws when a SET OF does not ascend.
        Assert.True(signer.ReadSetOf(new Asn1Tag(TagClass.ContextSpecific, 0)).HasData);
    }

    private static void AssertStrict(ReadOnlyMemory<byte> der)
    {
        var reader = new AsnReader(der, Strict);
        while (reader.HasData)
        {
            var tag = reader.PeekTag();
            var element = reader.ReadEncodedValue();
            if (tag.IsConstructed)
                AssertStrict(reader.RuleSet == Strict ? Content(element) : default);
        }

        static ReadOnlyMemory<byte> Content(ReadOnlyMemory<byte> element)
        {
            AsnDecoder.ReadEncodedValue(element.Span, Strict, out var offset, out var length, out _);
            return element.Slice(offset, length);
        }
    }

    internal static byte[] Decrypt(byte[] envelope, string cipherOid)
    {
        var enveloped = new EnvelopedCms();
        enveloped.Decode(envelope);
        Assert.Equal(cipherOid, enveloped.ContentEncryptionAlgorithm.Oid.Value);
        Assert.Equal(0, enveloped.Version);
        enveloped.Decrypt(Assert.Single(enveloped.RecipientInfos.Cast<RecipientInfo>()), ScepTestKeys.Device);
        return enveloped.ContentInfo.Content;
    }

    internal static List<byte[]> CertificatesOf(byte[] bag)
    {
        var signed = Decode(bag);
        Assert.Empty(signed.SignerInfos);
        return [.. signed.Certificates.Cast<X509Certificate2>().Select(c => c.RawData)];
    }

    private static string Hex(byte[] octets) => Convert.ToHexString(octets);
}
