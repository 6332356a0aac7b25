using System.Security.Cryptography;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>What is a PKCS#10 in the clear, and what never is.</summary>
public sealed class CmsScepCodecRawCsrTests
{
    public static TheoryData<string> Forms => new(ClearRequest.Forms);

    [Theory]
    [MemberData(nameof(Forms))]
    public void It_is_read_in_each_of_its_forms(string form)
    {
        var csr = Assert.IsType<ScepContent.CertificationRequest>(Read(ClearRequest.In(form, ScepTestKeys.Csr, new ForgedRequest()))).Csr;
        Assert.Equal("CN=device-1", csr.Subject.ToString());
        Assert.Equal(SHA256.HashData(ScepTestKeys.Csr), csr.Sha256.ToArray());
    }

    [Fact]
    public void An_EC_key_may_sign_since_nothing_is_encrypted_to_it()
    {
        var certificate = ScepTestKeys.SelfSigned("CN=ec", ScepTestKeys.EcDevice);
        var signer = new ForgedRequest
        {
            SignerKey = ScepTestKeys.EcDevice,
            SignerCertificate = certificate,
            Certificates = [certificate.RawData],
            SignatureOid = "1.2.840.10045.4.3.2",
        };
        Assert.IsType<ScepContent.CertificationRequest>(Read(ClearRequest.Signed(ScepTestKeys.Csr, signer).Build()));
    }

    [Fact]
    public void An_enveloped_message_is_none_whatever_is_wrong_with_it()
    {
        ForgedRequest[] messages =
        [
            new(),
            new() { Plaintext = "garbage"u8.ToArray() },
            new() { Ciphertext = RandomNumberGenerator.GetBytes(160) },
            new() { Recipient = ScepTestKeys.OtherRa },
            new() { EncryptedKey = new byte[256] },
            new() { SpoilSignature = signature => signature[9] ^= 1 },
            new() { OmitContent = true },
            new() { OmitSignedAttributes = true },
            new() { Signers = 2 },
            new() { Content = "neither"u8.ToArray() },
            new ForgedRequest().Remove(TransactionIdOid),
        ];
        Assert.All(messages, message => Assert.Null(Read(message.Build())));
    }

    [Theory]
    [InlineData(MessageTypeOid)]
    [InlineData(TransactionIdOid)]
    [InlineData(SenderNonceOid)]
    [Trait("Conformance", "S-M21")]
    public void A_pkiMessage_without_an_envelope_is_none_either(string attribute)
    {
        Assert.Null(Read(new ForgedRequest { Content = ScepTestKeys.Csr }.Build()));

        // One attribute of SCEP is enough to mean a pkiMessage.
        var kept = new ForgedRequest().Attributes.Single(a => a.Type == attribute);
        var message = ClearRequest.Signed(ScepTestKeys.Csr, new ForgedRequest());
        message.Attributes.Add(kept);
        Assert.Null(Read(message.Build()));
    }

    [Fact]
    public void Other_octets_are_none()
    {
        byte[][] others =
        [
            [], [0x30], "M"u8.ToArray(), "MIIB"u8.ToArray(), "-----BEGIN CERTIFICATE REQUEST-----\n"u8.ToArray(), ScepTestKeys.Ca.RawData,
            new ForgedRequest().Envelope(), [.. ScepTestKeys.Csr, 1], new byte[4096],
        ];
        Assert.All(others, octets => Assert.Null(Read(octets)));
    }

    [Fact]
    public void A_signature_that_is_there_must_verify()
    {
        Refused(FailureReason.MessageCheckFailed, message => message.SpoilSignature = signature => signature[9] ^= 1);
        Refused(FailureReason.MessageCheckFailed, message => message.MessageDigest = new byte[32]);
        Refused(FailureReason.MessageCheckFailed, message => message.Certificates = [ScepTestKeys.Ca.RawData]);
        Refused(FailureReason.UnsupportedAlgorithm, message => message.DigestOid = "1.2.840.113549.2.5");
        Refused(FailureReason.RawCsrUnreadable, message => message.OmitSignedAttributes = true);
        Refused(FailureReason.RawCsrUnreadable, message => message.Signers = 2);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void The_signature_of_the_request_itself_must_verify(string form)
    {
        var spoilt = ScepTestKeys.Csr.ToArray();
        spoilt[^5] ^= 1;
        Assert.Equal(
            FailureReason.RawCsrUnreadable,
            Assert.IsType<ScepContent.Refused>(Read(ClearRequest.In(form, spoilt, new ForgedRequest()))).Failure.Reason);
    }

    private static void Refused(FailureReason reason, Action<ForgedRequest> defect)
    {
        var message = ClearRequest.Signed(ScepTestKeys.Csr, new ForgedRequest());
        defect(message);
        Assert.Equal(reason, Assert.IsType<ScepContent.Refused>(Read(message.Build())).Failure.Reason);
    }

    private static ScepContent? Read(byte[] message) =>
        (ScepTestKeys.Codec().Decode(message, takesRawCsr: true) as ScepDecoding.RawCsr)?.Content;
}
