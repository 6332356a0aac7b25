using System.Security.Cryptography;
using System.Security.Cryptography.Pkcs;
using System.Security.Cryptography.X509Certificates;
using Certctl.Application.Scep;
using Xunit;
using Xunit.Abstractions;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>
/// Requests made by the platform's CMS and by openssl, in every combination that we promise to read; the replies read by them again.
/// </summary>
public sealed class CmsScepCodecRoundTripTests(ITestOutputHelper output)
{
    private const string Des3 = "1.2.840.113549.3.7";
    private const string Aes192 = "2.16.840.1.101.3.4.1.22";
    private const string Aes256 = "2.16.840.1.101.3.4.1.42";
    private const string Sha1 = "1.3.14.3.2.26";
    private const string Sha384 = "2.16.840.1.101.3.4.2.2";
    private const string Sha512 = "2.16.840.1.101.3.4.2.3";

    public static TheoryData<string, string, string> Combinations()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var cipher in new[] { ForgedRequest.Aes128Oid, Aes192, Aes256, Des3 })
        {
            foreach (var digest in new[] { Sha1, ForgedRequest.Sha256Oid, Sha384, Sha512 })
            {
                foreach (var transport in new[] { "pkcs1", "SHA1", "SHA256", "SHA384", "SHA512" })
                    data.Add(cipher, digest, transport);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    [Trait("Conformance", "S-M17")]
    [Trait("Conformance", "S-M18")]
    [Trait("Conformance", "S-M27")]
    [Trait("Conformance", "S-P11")]
    public void The_platforms_request_is_read_and_answered_in_its_own_algorithms(string cipher, string digest, string transport)
    {
        var padding = transport == "pkcs1" ? RSAEncryptionPadding.Pkcs1 : RSAEncryptionPadding.CreateOaep(new HashAlgorithmName(transport));
        var enveloped = new EnvelopedCms(new ContentInfo(ScepTestKeys.Csr), new AlgorithmIdentifier(new Oid(cipher)));
        enveloped.Encrypt(new CmsRecipient(ScepTestKeys.Ra, padding));

        AssertEnrols(Sign(enveloped.Encode(), digest), cipher, digest);
    }

    [Theory]
    [InlineData("-aes128", ForgedRequest.Aes128Oid)]
    [InlineData("-aes192", Aes192)]
    [InlineData("-aes256", Aes256)]
    [InlineData("-des3", Des3)]
    [InlineData("-aes128", ForgedRequest.Aes128Oid, "rsa_padding_mode:oaep")]
    [InlineData("-aes256", Aes256, "rsa_padding_mode:oaep", "rsa_oaep_md:sha256")]
    [InlineData("-aes256", Aes256, "rsa_padding_mode:oaep", "rsa_oaep_md:sha256", "rsa_mgf1_md:sha1")]
    [Trait("Conformance", "S-M18")]
    [Trait("Conformance", "S-M23")]
    public void Openssls_envelope_is_read_in_DER_and_in_BER(string cipher, string oid, params string[] transport)
    {
        if (!OpenSsl.IsAvailable(output))
            return;
        foreach (var stream in new[] { "-nosmimecap", "-stream" })
        {
            List<string> arguments =
                ["cms", "-encrypt", "-binary", "-outform", "DER", cipher, stream, "-recip", OpenSsl.Pem(ScepTestKeys.Ra)];
            foreach (var option in transport)
                arguments.AddRange(["-keyopt", option]);

            var envelope = OpenSsl.Run(ScepTestKeys.Csr, [.. arguments]);
            Assert.Equal(stream == "-stream", envelope[1] == 0x80);
            AssertEnrols(Sign(envelope, ForgedRequest.Sha256Oid), oid, ForgedRequest.Sha256Oid);
        }
    }

    private static void AssertEnrols(byte[] message, string cipher, string digest)
    {
        var codec = ScepTestKeys.Codec();
        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(codec.Decode(message));
        if (decoding.Content is ScepContent.Refused refused)
            Assert.Fail($"{refused.Failure.Reason}: {refused.Failure.Detail}");
        Assert.Equal(
            SHA256.HashData(ScepTestKeys.Csr), Assert.IsType<ScepContent.CertificationRequest>(decoding.Content).Csr.Sha256.ToArray());

        var reply = new SignedCms();
        reply.Decode(codec.EncodeCertRep(decoding.Head, new ScepReply.Success(ScepTestKeys.Leaf.RawData)));
        reply.CheckSignature(verifySignatureOnly: true);
        Assert.Equal(digest, reply.SignerInfos[0].DigestAlgorithm.Value);
        var bag = CmsScepCodecReplyTests.Decrypt(reply.ContentInfo.Content, cipher);
        Assert.Equal([ScepTestKeys.Leaf.RawData], CmsScepCodecReplyTests.CertificatesOf(bag));
    }

    private static byte[] Sign(byte[] envelope, string digest)
    {
        var signed = new SignedCms(new ContentInfo(envelope));
        using var certificate = ScepTestKeys.DeviceSelfSigned.CopyWithPrivateKey(ScepTestKeys.Device);
        var signer = new CmsSigner(SubjectIdentifierType.IssuerAndSerialNumber, certificate)
        {
            DigestAlgorithm = new Oid(digest),
            IncludeOption = X509IncludeOption.EndCertOnly,
        };
        Add(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("19"));
        Add(ForgedRequest.TransactionIdOid, ForgedRequest.Printable("TX-2"));
        Add(ForgedRequest.SenderNonceOid, ForgedRequest.Octets(ForgedRequest.Nonce));
        signed.ComputeSignature(signer);
        return signed.Encode();

        void Add(string oid, byte[] value) => signer.SignedAttributes.Add(new AsnEncodedData(new Oid(oid), value));
    }
}
