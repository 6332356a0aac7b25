using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

public sealed partial class CmsScepCodecDecodeTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("18")]
    [InlineData("23")]
    [InlineData("19 ")]
    [InlineData("019")]
    [InlineData("abc")]
    [Trait("Conformance", "S-M13")]
    [Trait("Conformance", "S-M14")]
    public void Another_messageType_is_unknown(string type) =>
        Refused(FailureReason.UnknownMessageType, new ForgedRequest().Replace(MessageTypeOid, Printable(type)));

    [Fact]
    [Trait("Conformance", "S-M11")]
    public void A_messageType_that_is_a_number_is_malformed() =>
        Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(MessageTypeOid, Der(w => w.WriteInteger(19))));

    [Theory]
    [InlineData(ContentTypeOid)]
    [InlineData(MessageTypeOid)]
    [InlineData(SenderNonceOid)]
    [Trait("Conformance", "S-M9")]
    public void A_repeated_attribute_is_malformed(string type) => Refused(FailureReason.MalformedRequest, new ForgedRequest().Repeat(type));

    [Fact]
    [Trait("Conformance", "S-M9")]
    public void An_attribute_with_two_values_is_malformed()
    {
        Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(MessageTypeOid, Printable("19"), Printable("20")));
        Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(SenderNonceOid, Octets(Nonce), Octets(Nonce)));
        Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(MessageDigestOid, Octets(new byte[32]), Octets(new byte[32])));
    }

    [Fact]
    [Trait("Conformance", "S-M9")]
    public void A_missing_messageType_is_malformed() => Refused(FailureReason.MalformedRequest, new ForgedRequest().Remove(MessageTypeOid));

    [Fact]
    [Trait("Conformance", "S-M10")]
    public void A_messageType_among_the_unsigned_attributes_does_not_count() => Refused(
        FailureReason.MalformedRequest,
        new ForgedRequest { UnsignedAttributes = Attribute(MessageTypeOid, Printable("19")) }.Remove(MessageTypeOid));

    [Fact]
    [Trait("Conformance", "S-M12")]
    public void A_senderNonce_of_65_octets_is_malformed_and_not_repeated()
    {
        var decoding = Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(SenderNonceOid, Octets(new byte[65])));

        Assert.True(decoding.Head.SenderNonce.IsEmpty);
    }

    [Theory]
    [InlineData("a\nb")]
    [InlineData("a\u007f")]
    public void A_transactionID_with_control_characters_is_malformed(string id) =>
        Refused(FailureReason.MalformedRequest, new ForgedRequest().Replace(TransactionIdOid, Printable(id)));

    [Fact]
    [Trait("Conformance", "S-F6")]
    public void Without_exactly_one_transactionID_there_is_no_reply()
    {
        Unreadable(new ForgedRequest().Remove(TransactionIdOid).Build());
        Unreadable(new ForgedRequest().Repeat(TransactionIdOid).Build());
        Unreadable(new ForgedRequest().Replace(TransactionIdOid, Printable("a"), Printable("b")).Build());
        Unreadable(new ForgedRequest().Replace(TransactionIdOid, Printable(string.Empty)).Build());
        Unreadable(new ForgedRequest().Replace(TransactionIdOid, Octets([1, 2])).Build());
        Unreadable(new ForgedRequest()
            .Replace(TransactionIdOid, Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, new string('a', 257)))).Build());
        Accepted(new ForgedRequest()
            .Replace(TransactionIdOid, Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, new string('a', 256)))));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [Trait("Conformance", "S-M3")]
    public void Without_exactly_one_signer_there_is_no_reply(int signers) => Unreadable(new ForgedRequest { Signers = signers }.Build());

    [Fact]
    [Trait("Conformance", "S-M3")]
    public void Without_signed_attributes_there_is_no_reply() => Unreadable(new ForgedRequest { OmitSignedAttributes = true }.Build());

    [Fact]
    [Trait("Conformance", "S-F6")]
    public void What_is_no_SignedData_is_unreadable()
    {
        Unreadable([]);
        Unreadable(new byte[100]);
        Unreadable(Encoding.ASCII.GetBytes("<html>"));
        Unreadable(new ForgedRequest().Envelope());
        Unreadable(ScepTestKeys.Csr);
    }

    [Fact]
    [Trait("Conformance", "S-M1")]
    public void Another_eContentType_is_malformed() =>
        Refused(FailureReason.MalformedRequest, new ForgedRequest { OuterContentType = EnvelopedDataOid });

    [Fact]
    [Trait("Conformance", "S-M4")]
    [Trait("Conformance", "A-25")]
    public void A_wrong_or_missing_messageDigest_fails_the_check()
    {
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest { MessageDigest = new byte[32] });
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest { MessageDigest = [] });
    }

    [Fact]
    [Trait("Conformance", "S-M4")]
    public void A_wrong_or_missing_contentType_attribute_fails_the_check()
    {
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest().Remove(ContentTypeOid));
        Refused(
            FailureReason.MessageCheckFailed,
            new ForgedRequest().Replace(ContentTypeOid, Der(w => w.WriteObjectIdentifier(EnvelopedDataOid))));
    }

    [Fact]
    [Trait("Conformance", "S-M5")]
    [Trait("Conformance", "S-M30")]
    public void A_wrong_signature_fails_the_check_and_names_no_signer()
    {
        var decoding = Refused(FailureReason.MessageCheckFailed, new ForgedRequest { SpoilSignature = signature => signature[20] ^= 1 });

        Assert.Null(decoding.Head.Signer);
    }

    [Fact]
    [Trait("Conformance", "S-M30")]
    public void Nothing_is_looked_at_inside_before_the_signature_was_right() => Refused(
        FailureReason.MessageCheckFailed,
        new ForgedRequest { SpoilSignature = signature => signature[20] ^= 1, Recipient = ScepTestKeys.Ca, CipherOid = "1.3.14.3.2.7" });

    [Fact]
    [Trait("Conformance", "S-M6")]
    public void Without_the_signers_certificate_the_check_fails()
    {
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest { Certificates = [] });
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest { Certificates = [ScepTestKeys.Ca.RawData] });
    }

    [Theory]
    [InlineData("1.2.840.113549.2.5", RsaOid)]
    [InlineData("2.16.840.1.101.3.4.2.4", RsaOid)]
    [InlineData(Sha256Oid, "1.2.840.113549.1.1.4")]
    [InlineData(Sha256Oid, "1.2.840.113549.1.1.5")]
    [InlineData(Sha256Oid, "1.2.840.113549.1.1.10")]
    [Trait("Conformance", "S-M19")]
    [Trait("Conformance", "S-F1")]
    public void Digests_and_signatures_that_are_weak_unknown_or_contradict_each_other_are_refused(string digest, string signature) =>
        Refused(FailureReason.UnsupportedAlgorithm, new ForgedRequest { DigestOid = digest, SignatureOid = signature });

    [Fact]
    [Trait("Conformance", "S-M26")]
    public void A_signer_of_1024_bits_is_refused()
    {
        using var key = RSA.Create(1024);
        using var certificate = ScepTestKeys.SelfSigned("CN=weak", key, 10);

        Refused(
            FailureReason.UnsupportedAlgorithm,
            new ForgedRequest { SignerKey = key, SignerCertificate = certificate, Certificates = [certificate.RawData] });
    }

    [Theory]
    [InlineData("1.3.14.3.2.7", 8)]
    [InlineData("1.2.840.113549.3.2", 8)]
    [InlineData("2.16.840.1.101.3.4.1.6", 16)]
    [Trait("Conformance", "S-M19")]
    public void DES_RC2_and_GCM_are_refused(string cipher, int iv) =>
        Refused(FailureReason.UnsupportedAlgorithm, new ForgedRequest { CipherOid = cipher, Ciphertext = new byte[64], Iv = new byte[iv] });

    [Theory]
    [InlineData(0)]
    [InlineData(8)]
    public void An_initialisation_vector_of_another_length_is_malformed(int length)
    {
        var request = new ForgedRequest();
        request.Ciphertext = request.Encrypt(ScepTestKeys.Csr);
        request.Iv = new byte[length];

        Refused(FailureReason.MalformedRequest, request);
    }

    [Fact]
    public void A_degenerate_3DES_key_is_like_any_other_wrong_key() => Refused(
        FailureReason.UnreadableContent,
        new ForgedRequest { CipherOid = "1.2.840.113549.3.7", Iv = new byte[8], ContentKey = new byte[24], Ciphertext = new byte[64] });

    [Fact]
    [Trait("Conformance", "S-M2")]
    public void Another_content_type_inside_the_envelope_is_malformed() =>
        Refused(FailureReason.MalformedRequest, new ForgedRequest { InnerContentType = SignedDataOid });

    [Fact]
    [Trait("Conformance", "S-M2")]
    public void A_bare_EnvelopedData_is_malformed()
    {
        var request = new ForgedRequest();
        request.Content = Der(request.WriteEnvelopedData);

        Refused(FailureReason.MalformedRequest, request);
    }

    [Fact]
    [Trait("Conformance", "S-M20")]
    [Trait("Conformance", "S-M21")]
    public void A_PKCS10_in_the_clear_is_malformed() =>
        Refused(FailureReason.MalformedRequest, new ForgedRequest { Content = ScepTestKeys.Csr });

    [Fact]
    public void A_message_without_content_is_malformed()
    {
        Refused(FailureReason.MalformedRequest, new ForgedRequest { OmitContent = true });
        Refused(FailureReason.MalformedRequest, new ForgedRequest { Content = [] });
    }

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void A_request_for_another_RA_says_which_one()
    {
        var decoding = Refused(FailureReason.NotEncryptedToUs, new ForgedRequest { Recipient = ScepTestKeys.DeviceSelfSigned });

        var detail = ((ScepContent.Refused)decoding.Content).Failure.Detail;
        Assert.Contains("device-1", detail, StringComparison.Ordinal);
        Assert.Contains("Test CA", detail, StringComparison.Ordinal);
        Assert.Contains(ScepTestKeys.Ra.SerialNumber, detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    [Trait("Conformance", "S-M20")]
    public void Recipients_of_other_kinds_alone_are_unsupported() => Refused(
        FailureReason.UnsupportedAlgorithm,
        new ForgedRequest { RecipientInfos = [[0xA1, 0x03, 0x02, 0x01, 0x00]] });

    [Fact]
    public void A_password_recipient_that_cannot_be_read_is_another_recipient_and_does_no_harm_beside_one_that_can()
    {
        byte[] unreadable = [0xA3, 0x03, 0x02, 0x01, 0x00];
        Refused(FailureReason.UnsupportedAlgorithm, new ForgedRequest { RecipientInfos = [unreadable] });

        var request = new ForgedRequest();
        request.RecipientInfos = [unreadable, request.RecipientInfo(), unreadable];
        var decoding = Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(request.Build()));
        Assert.IsType<ScepContent.CertificationRequest>(decoding.Content);
    }

    [Fact]
    public void More_than_32_recipients_are_malformed()
    {
        var request = new ForgedRequest();
        request.RecipientInfos = [.. Enumerable.Repeat(request.RecipientInfo(), 33)];

        Refused(FailureReason.MalformedRequest, request);
    }

    [Fact]
    [Trait("Conformance", "S-F1")]
    public void Another_key_transport_is_refused() =>
        Refused(
            FailureReason.UnsupportedAlgorithm,
            new ForgedRequest { KeyTransport = Der(w => WriteAlgorithm(w, "1.2.840.113549.1.9.16.3.14")) });

    [Theory]
    [MemberData(nameof(UnreadableContents))]
    [Trait("Conformance", "S-M22")]
    [Trait("Conformance", "S-R3")]
    public void Whatever_fails_inside_the_envelope_is_one_and_the_same_refusal(string what)
    {
        var request = new ForgedRequest();
        Spoil(request, what);

        Refused(FailureReason.UnreadableContent, request);
    }

    public static TheoryData<string> UnreadableContents() =>
        ["key padding", "key length", "key octets", "short key octets", "content padding", "wrong content key", "no CSR", "CSR signature",
         "trailing octets",
         "half a block", "no ciphertext", "no PKCS#1 at all"];

    private static void Spoil(ForgedRequest request, string what)
    {
        using var ra = ScepTestKeys.Ra.GetRSAPublicKey()!;
        switch (what)
        {
            case "key padding":
                request.EncryptedKey = ra.Encrypt(request.ContentKey, RSAEncryptionPadding.OaepSHA1);
                break;
            case "key length":
                request.EncryptedKey = ra.Encrypt(new byte[24], RSAEncryptionPadding.Pkcs1);
                break;
            case "key octets":
                request.EncryptedKey = new byte[256];
                break;
            case "short key octets":
                request.EncryptedKey = new byte[255];
                break;
            case "no PKCS#1 at all":
                request.EncryptedKey = [.. Enumerable.Repeat((byte)0xFF, 256)];
                break;
            case "content padding":
                request.Ciphertext = request.Encrypt(new byte[64], PaddingMode.None);
                break;
            case "wrong content key":
                request.EncryptedKey = ra.Encrypt(new byte[16], RSAEncryptionPadding.Pkcs1);
                break;
            case "no CSR":
                request.Plaintext = Encoding.ASCII.GetBytes("not a request at all");
                break;
            case "CSR signature":
                request.Plaintext = [.. ScepTestKeys.Csr];
                request.Plaintext[^1] ^= 1;
                break;
            case "trailing octets":
                request.Plaintext = [.. ScepTestKeys.Csr, 0];
                break;
            case "half a block":
                request.Ciphertext = new byte[40];
                break;
            case "no ciphertext":
                request.Ciphertext = [];
                break;
        }
    }
}
