using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.ScepClient.Messages;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>
/// Requests that EC keys signed, and the replies to them (RFC 5753), read by openssl and by the product's own client,
/// which shares no code with the codec.
/// </summary>
public sealed class CmsScepCodecEcTests(ITestOutputHelper output)
{
    private const string DesOid = "1.3.14.3.2.7";

    private static readonly Dictionary<string, (ECDsa Key, X509Certificate2 Certificate)> Devices = new[]
    {
        ECCurve.NamedCurves.nistP256, ECCurve.NamedCurves.nistP384, ECCurve.NamedCurves.nistP521,
    }.Select(curve => ECDsa.Create(curve)).ToDictionary(key => $"P-{key.KeySize}", key => (key, ScepTestKeys.SelfSigned("CN=ec", key)));

    public static TheoryData<string, string, int> CurvesAndCiphers
    {
        get
        {
            var cases = new TheoryData<string, string, int>();
            foreach (var curve in new[] { "P-256", "P-384", "P-521" })
            {
                cases.Add(curve, ForgedRequest.Aes128Oid, 16);
                cases.Add(curve, "2.16.840.1.101.3.4.1.22", 24);
                cases.Add(curve, "2.16.840.1.101.3.4.1.42", 32);
                cases.Add(curve, "1.2.840.113549.3.7", 24);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(CurvesAndCiphers))]
    [Trait("Conformance", "S-P13")]
    public void Openssl_and_the_client_open_the_reply_on_each_curve_in_each_cipher(string curve, string cipher, int keyLength)
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        var (key, certificate) = Devices[curve];
        var request = Forge(curve, cipher, keyLength);

        var head = Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(request.Build())).Head;
        var envelope = EnvelopeOf(ScepTestKeys.Codec().EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));

        var opened = OpenSsl.Run(
            envelope, "cms", "-decrypt", "-inform", "DER", "-binary", "-recip", OpenSsl.Pem(certificate), "-inkey",
            OpenSsl.TempFile(Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem())));
        Assert.Equal([ScepTestKeys.Leaf.RawData], CmsScepCodecReplyTests.CertificatesOf(opened));
        Assert.Equal(opened, AgreedEnvelope.Open(envelope, certificate, key));
    }

    [Theory]
    [InlineData("P-256", 16, "1.3.132.1.11.1", "2.16.840.1.101.3.4.1.5")]
    [InlineData("P-384", 32, "1.3.132.1.11.2", "2.16.840.1.101.3.4.1.45")]
    [InlineData("P-521", 32, "1.3.132.1.11.3", "2.16.840.1.101.3.4.1.45")]
    public void The_scheme_follows_the_curve_and_the_key_wrap_the_cipher(string curve, int keyLength, string scheme, string wrap)
    {
        var request = Forge(curve, keyLength == 16 ? ForgedRequest.Aes128Oid : "2.16.840.1.101.3.4.1.42", keyLength);
        var head = Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(request.Build())).Head;
        var one = EnvelopeOf(ScepTestKeys.Codec().EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));
        var other = EnvelopeOf(ScepTestKeys.Codec().EncodeCertRep(head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));

        // RFC 5652 §6.1 and §6.2.2, RFC 5753 §3.1.1: strict DER throughout.
        var (version, infoVersion, originator, found, wraps, recipient) = ReadAgreement(one);
        Assert.Equal((2, 3, scheme, wrap), (version, infoVersion, found, wraps));
        Assert.Equal(ForgedRequest.IssuerAndSerial(Devices[curve].Certificate), recipient);
        Assert.NotEqual(originator, ReadAgreement(other).Originator);
    }

    [Theory]
    [InlineData("SHA1", "1.3.14.3.2.26", "1.2.840.10045.4.1")]
    [InlineData("SHA256", "2.16.840.1.101.3.4.2.1", "1.2.840.10045.4.3.2")]
    [InlineData("SHA384", "2.16.840.1.101.3.4.2.2", "1.2.840.10045.4.3.3")]
    [InlineData("SHA512", "2.16.840.1.101.3.4.2.3", "1.2.840.10045.4.3.4")]
    public void A_request_signed_with_ECDSA_is_read_with_the_digests_of_the_policy(string name, string digest, string signature)
    {
        foreach (var curve in Devices.Keys)
        {
            var request = Forge(curve);
            (request.Digest, request.DigestOid, request.SignatureOid) = (new HashAlgorithmName(name), digest, signature);
            var message = request.Build();

            var readable = Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(message));
            Assert.IsType<ScepContent.CertificationRequest>(readable.Content);
            Assert.Equal(Devices[curve].Certificate.RawData, readable.Head.Signer!.CertificateDer.ToArray());
            if (name == "SHA1")
                Assert.Equal(
                    FailureReason.UnsupportedAlgorithm,
                    Refusal(new CmsScepCodec(ScepTestKeys.Ring(), ScepTestKeys.Clock(), CryptoPolicy.Modern), message));
        }
    }

    [Fact]
    public void A_wrong_ECDSA_signature_and_one_of_another_kind_are_refused()
    {
        var spoiled = Forge("P-256");
        spoiled.SpoilSignature = signature => signature[^1] ^= 1;
        Assert.Equal(FailureReason.MessageCheckFailed, Refusal(ScepTestKeys.Codec(), spoiled.Build()));

        var named = Forge("P-256");
        named.SignatureOid = ForgedRequest.RsaOid;
        Assert.Equal(FailureReason.MessageCheckFailed, Refusal(ScepTestKeys.Codec(), named.Build()));
    }

    // One block of 64 bits cannot be wrapped, and the reply mirrors the cipher.
    [Fact]
    public void Single_DES_is_no_cipher_for_an_EC_key_and_is_refused_before_anything_is_issued()
    {
        Assert.Equal(FailureReason.UnreadableContent, Refusal(Legacy(), WithDes().Build()));

        var request = WithDes();
        (request.SignerKey, request.SignerCertificate) = Devices["P-256"];
        (request.Certificates, request.SignatureOid) = ([request.SignerCertificate.RawData], "1.2.840.10045.4.3.2");
        Assert.Equal(FailureReason.UnsupportedAlgorithm, Refusal(Legacy(), request.Build()));

        static ForgedRequest WithDes() =>
            new() { CipherOid = DesOid, Iv = new byte[8], Ciphertext = new byte[64], ContentKey = new byte[8] };

        static CmsScepCodec Legacy() => new(ScepTestKeys.Ring(), ScepTestKeys.Clock(), CryptoPolicy.Legacy);
    }

    private static ForgedRequest Forge(string curve, string cipher = ForgedRequest.Aes128Oid, int keyLength = 16)
    {
        var (key, certificate) = Devices[curve];
        return new ForgedRequest
        {
            SignerKey = key,
            SignerCertificate = certificate,
            Certificates = [certificate.RawData],
            SignatureOid = "1.2.840.10045.4.3.2",
            CipherOid = cipher,
            ContentKey = RandomNumberGenerator.GetBytes(keyLength),
            Iv = RandomNumberGenerator.GetBytes(cipher == "1.2.840.113549.3.7" ? 8 : 16),
        };
    }

    private static FailureReason Refusal(CmsScepCodec codec, byte[] message) =>
        Assert.IsType<ScepContent.Refused>(Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(message)).Content).Failure.Reason;

    internal static byte[] EnvelopeOf(byte[] reply)
    {
        var signed = new System.Security.Cryptography.Pkcs.SignedCms();
        signed.Decode(reply);
        return signed.ContentInfo.Content;
    }

    private static (int Version, int InfoVersion, byte[] Originator, string Scheme, string Wrap, byte[] Recipient) ReadAgreement(
        byte[] envelope)
    {
        var (context0, context1) = (new Asn1Tag(TagClass.ContextSpecific, 0), new Asn1Tag(TagClass.ContextSpecific, 1));
        var contentInfo = new AsnReader(envelope, AsnEncodingRules.DER).ReadSequence();
        Assert.Equal(ForgedRequest.EnvelopedDataOid, contentInfo.ReadObjectIdentifier());
        var fields = contentInfo.ReadSequence(context0).ReadSequence();
        Assert.True(fields.TryReadInt32(out var version));
        var info = fields.ReadSetOf().ReadSequence(context1);
        Assert.True(info.TryReadInt32(out var infoVersion));
        var originator = info.ReadSequence(context0).ReadSequence(context1);
        Assert.Equal("1.2.840.10045.2.1", originator.ReadSequence().ReadObjectIdentifier());
        var point = originator.ReadBitString(out _);
        var algorithm = info.ReadSequence();
        var scheme = algorithm.ReadObjectIdentifier();
        var wrap = algorithm.ReadSequence();
        var oid = wrap.ReadObjectIdentifier();
        Assert.False(wrap.HasData);
        var keys = info.ReadSequence();
        var recipient = keys.ReadSequence().ReadEncodedValue().ToArray();
        Assert.False(keys.HasData);
        return (version, infoVersion, point, scheme, oid, recipient);
    }
}
