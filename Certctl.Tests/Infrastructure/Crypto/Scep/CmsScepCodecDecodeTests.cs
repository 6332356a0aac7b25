using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolment;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest;

namespace Certctl.Tests.Infrastructure.Crypto.Scep;

/// <summary>One rule a test: first what is accepted, then what is refused and how.</summary>
public sealed class CmsScepCodecDecodeTests
{
    [Fact]
    [Trait("Conformance", "S-M4")]
    public void A_good_request_gives_the_PKCS10_and_all_that_the_reply_mirrors()
    {
        var decoding = Readable(new ForgedRequest());

        var csr = Assert.IsType<ScepContent.CertificationRequest>(decoding.Content).Csr;
        Assert.Equal(ScepTestKeys.Csr, csr.Der.ToArray());
        Assert.Equal("TX-1", decoding.Head.TransactionId.Value);
        Assert.Equal(0x13, decoding.Head.TransactionIdTag);
        Assert.Equal(Nonce, decoding.Head.SenderNonce.ToArray());
        Assert.Equal(MessageType.PkcsReq, decoding.Head.MessageType);
        Assert.Equal(Sha256Oid, decoding.Head.DigestOid);
        Assert.Equal(Aes128Oid, decoding.Head.CipherOid);
        Assert.Equal(ScepTestKeys.DeviceSelfSigned.RawData, decoding.Head.Signer!.CertificateDer.ToArray());
    }

    [Fact]
    [Trait("Conformance", "S-M6")]
    public void The_signer_is_found_behind_a_decoy()
    {
        var request = new ForgedRequest();
        request.Certificates.Insert(0, ScepTestKeys.Ca.RawData);

        Assert.Equal(ScepTestKeys.DeviceSelfSigned.RawData, Accepted(request).Head.Signer!.CertificateDer.ToArray());
    }

    [Fact]
    [Trait("Conformance", "S-M6")]
    public void A_signer_named_by_subjectKeyIdentifier_is_found() =>
        Accepted(new ForgedRequest { SignerIdentifier = KeyIdentifier(ScepTestKeys.DeviceSelfSigned) });

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void A_recipient_named_by_subjectKeyIdentifier_is_ours()
    {
        var request = new ForgedRequest();
        request.RecipientInfos = [request.RecipientInfo(KeyIdentifier(ScepTestKeys.Ra))];

        Accepted(request);
    }

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void A_recipient_whose_issuer_was_encoded_with_another_string_type_is_ours()
    {
        var reencoded = new X500DistinguishedName("CN=Test CA,O=Certctl", X500DistinguishedNameFlags.ForceUTF8Encoding | X500DistinguishedNameFlags.Reversed);
        var request = new ForgedRequest();
        var original = ScepTestKeys.Ra.IssuerName.RawData;
        Assert.NotEqual(original, SameOrder(reencoded, original).RawData);
        request.RecipientInfos = [request.RecipientInfo(IssuerAndSerial(ScepTestKeys.Ra, SameOrder(reencoded, original)))];

        Accepted(request);
    }

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void Our_recipient_is_found_among_several()
    {
        var request = new ForgedRequest { Recipient = ScepTestKeys.Ca };
        var foreign = request.RecipientInfo();
        request.Recipient = ScepTestKeys.Ra;
        request.RecipientInfos = [foreign, request.RecipientInfo()];

        Accepted(request);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    [Trait("Conformance", "S-M23")]
    public void Unsorted_attributes_are_accepted_whichever_order_was_signed(bool signUnsorted) =>
        Accepted(new ForgedRequest { TransmitUnsorted = true, SignUnsorted = signUnsorted });

    [Fact]
    [Trait("Conformance", "S-M23")]
    public void Encrypted_content_in_pieces_is_joined() => Accepted(new ForgedRequest { ChunkedCiphertext = true });

    [Fact]
    [Trait("Conformance", "S-M23")]
    public void Indefinite_lengths_inside_and_outside_are_accepted()
    {
        var request = new ForgedRequest();
        request.Content = Indefinite(request.Envelope());

        Assert.IsType<ScepContent.CertificationRequest>(Readable(Indefinite(request.Build())).Content);
    }

    [Theory]
    [InlineData("\0\0\0\0")]
    [InlineData("\r\n")]
    [Trait("Conformance", "S-M24")]
    public void A_few_zeros_or_line_ends_behind_the_message_are_tolerated(string tail) =>
        Assert.IsType<ScepContent.CertificationRequest>(Readable([.. new ForgedRequest().Build(), .. Encoding.ASCII.GetBytes(tail)]).Content);

    [Theory]
    [InlineData("X")]
    [InlineData("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0")]
    [Trait("Conformance", "S-M24")]
    public void Anything_else_behind_the_message_is_not(string tail) =>
        Unreadable([.. new ForgedRequest().Build(), .. Encoding.ASCII.GetBytes(tail)]);

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.IA5String)]
    [InlineData(UniversalTagNumber.T61String)]
    [Trait("Conformance", "S-M11")]
    public void A_transactionID_of_another_string_type_is_read_and_its_tag_kept(UniversalTagNumber type)
    {
        var head = Accepted(new ForgedRequest().Replace(TransactionIdOid, Text(type, "a+/=_@*"))).Head;

        Assert.Equal("a+/=_@*", head.TransactionId.Value);
        Assert.Equal((byte)type, head.TransactionIdTag);
    }

    [Theory]
    [InlineData(UniversalTagNumber.UTF8String)]
    [InlineData(UniversalTagNumber.IA5String)]
    [Trait("Conformance", "S-M11")]
    public void A_messageType_of_another_string_type_is_read(UniversalTagNumber type) =>
        Accepted(new ForgedRequest().Replace(MessageTypeOid, Text(type, "19")));

    [Theory]
    [InlineData(8)]
    [InlineData(64)]
    [Trait("Conformance", "S-M12")]
    public void A_senderNonce_of_another_length_is_kept(int length) =>
        Assert.Equal(length, Accepted(new ForgedRequest().Replace(SenderNonceOid, Octets(new byte[length]))).Head.SenderNonce.Length);

    [Fact]
    [Trait("Conformance", "S-M12")]
    public void A_missing_senderNonce_is_tolerated() => Assert.True(Accepted(new ForgedRequest().Remove(SenderNonceOid)).Head.SenderNonce.IsEmpty);

    [Fact]
    [Trait("Conformance", "S-M29")]
    public void Unknown_signed_attributes_and_an_old_signingTime_are_ignored()
    {
        var request = new ForgedRequest();
        request.Replace("1.2.840.113549.1.9.5", Der(w => w.WriteUtcTime(new DateTimeOffset(2001, 1, 1, 0, 0, 0, TimeSpan.Zero))));
        request.Replace("1.2.840.113549.1.9.25.3", Octets([1, 2, 3]));

        Accepted(request);
    }

    [Fact]
    public void RenewalReq_is_read_like_PKCSReq() =>
        Assert.Equal(MessageType.RenewalReq, Accepted(new ForgedRequest().Replace(MessageTypeOid, Printable("17"))).Head.MessageType);

    [Fact]
    [Trait("Conformance", "S-R15")]
    public void GetCertInitial_gives_both_names()
    {
        var request = new ForgedRequest
        {
            Plaintext = Der(w =>
            {
                using (w.PushSequence())
                {
                    w.WriteEncodedValue(ScepTestKeys.Ca.SubjectName.RawData);
                    w.WriteEncodedValue(ScepTestKeys.DeviceSelfSigned.SubjectName.RawData);
                }
            }),
        };

        var content = Assert.IsType<ScepContent.IssuerAndSubject>(Readable(request.Replace(MessageTypeOid, Printable("20"))).Content);
        Assert.Equal("Test CA", content.Issuer!.CommonName);
        Assert.Equal("device-1", content.Subject!.CommonName);
    }

    [Theory]
    [InlineData("a PKCS#10")]
    [InlineData("bad padding")]
    [Trait("Conformance", "S-R17")]
    public void GetCertInitial_is_not_refused_for_its_content(string what)
    {
        var request = new ForgedRequest().Replace(MessageTypeOid, Printable("20"));
        if (what == "bad padding")
            request.Ciphertext = request.Encrypt(new byte[32], PaddingMode.None);

        Assert.IsType<ScepContent.IssuerAndSubject>(Readable(request).Content);
    }

    [Fact]
    public void GetCertInitial_must_be_encrypted_to_us() =>
        Refused(FailureReason.NotEncryptedToUs, new ForgedRequest { Recipient = ScepTestKeys.Ca }.Replace(MessageTypeOid, Printable("20")));

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("3")]
    [InlineData("18")]
    [InlineData("21")]
    [InlineData("22")]
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
        Unreadable(new ForgedRequest().Replace(TransactionIdOid, Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, new string('a', 257)))).Build());
        Accepted(new ForgedRequest().Replace(TransactionIdOid, Der(w => w.WriteCharacterString(UniversalTagNumber.PrintableString, new string('a', 256)))));
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
        Refused(FailureReason.MessageCheckFailed, new ForgedRequest().Replace(ContentTypeOid, Der(w => w.WriteObjectIdentifier(EnvelopedDataOid))));
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

    [Fact]
    [Trait("Conformance", "S-P13")]
    public void An_EC_signer_cannot_receive_and_is_told_so_once_its_signature_was_right()
    {
        using var certificate = ScepTestKeys.SelfSigned("CN=ec", ScepTestKeys.EcDevice);
        ForgedRequest Forge() => new()
        {
            SignerKey = ScepTestKeys.EcDevice,
            SignerCertificate = certificate,
            Certificates = [certificate.RawData],
            SignatureOid = "1.2.840.10045.4.3.2",
        };

        var decoding = Refused(FailureReason.RequesterCannotReceive, Forge());
        Assert.NotNull(decoding.Head.Signer);
        var spoiled = Forge();
        spoiled.SpoilSignature = signature => signature[^1] ^= 1;
        Refused(FailureReason.MessageCheckFailed, spoiled);
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
    public void A_PKCS10_in_the_clear_is_malformed() => Refused(FailureReason.MalformedRequest, new ForgedRequest { Content = ScepTestKeys.Csr });

    [Fact]
    public void A_message_without_content_is_malformed()
    {
        Refused(FailureReason.MalformedRequest, new ForgedRequest { OmitContent = true });
        Refused(FailureReason.MalformedRequest, new ForgedRequest { Content = [] });
    }

    [Fact]
    [Trait("Conformance", "S-M16")]
    public void A_request_for_somebody_else_says_whom_it_took_us_for()
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
        new ForgedRequest { RecipientInfos = [[0xA3, 0x03, 0x02, 0x01, 0x00]] });

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
        Refused(FailureReason.UnsupportedAlgorithm, new ForgedRequest { KeyTransport = Der(w => WriteAlgorithm(w, "1.2.840.113549.1.9.16.3.14")) });

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
        ["key padding", "key length", "key octets", "short key octets", "content padding", "wrong content key", "no CSR", "CSR signature", "trailing octets",
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

    private static ScepDecoding.Readable Readable(byte[] message) => Assert.IsType<ScepDecoding.Readable>(ScepTestKeys.Codec().Decode(message));

    private static ScepDecoding.Readable Readable(ForgedRequest request) => Readable(request.Build());

    private static ScepDecoding.Readable Accepted(ForgedRequest request)
    {
        var decoding = Readable(request);
        if (decoding.Content is ScepContent.Refused refused)
            Assert.Fail($"{refused.Failure.Reason}: {refused.Failure.Detail}");
        Assert.IsType<ScepContent.CertificationRequest>(decoding.Content);
        return decoding;
    }

    private static ScepDecoding.Readable Refused(FailureReason reason, ForgedRequest request)
    {
        var decoding = Readable(request);
        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.True(failure.Reason == reason, $"{failure.Reason}: {failure.Detail}");
        Assert.NotEmpty(failure.Detail);

        // A refusal is answered: whatever is known must be enough for a CertRep.
        Assert.NotEmpty(ScepTestKeys.Codec().EncodeCertRep(decoding.Head, new ScepReply.Failure(FailInfo.BadRequest, "refused")));
        return decoding;
    }

    private static void Unreadable(byte[] message) => Assert.NotEmpty(Assert.IsType<ScepDecoding.Unreadable>(ScepTestKeys.Codec().Decode(message)).Detail);

    private static byte[] KeyIdentifier(X509Certificate2 certificate) => Der(w => w.WriteOctetString(
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span, Context0));

    // The platform's parser of names may turn the RDNs around; what is wanted is the same order in another string type.
    private static X500DistinguishedName SameOrder(X500DistinguishedName name, byte[] original)
    {
        var first = new AsnReader(original, AsnEncodingRules.DER).ReadSequence().ReadSetOf().ReadSequence().ReadObjectIdentifier();
        var ours = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence().ReadSetOf().ReadSequence().ReadObjectIdentifier();
        return first == ours ? name : new X500DistinguishedName("CN=Test CA,O=Certctl", X500DistinguishedNameFlags.ForceUTF8Encoding);
    }

    // Every definite constructed universal or context element outside the certificates becomes one of indefinite length; OCTET STRINGs come in two pieces.
    private static byte[] Indefinite(byte[] der)
    {
        var output = new List<byte>();
        Convert(der, output, depth: 0);
        return [.. output];

        static void Convert(ReadOnlySpan<byte> elements, List<byte> output, int depth)
        {
            while (!elements.IsEmpty)
            {
                AsnDecoder.ReadEncodedValue(elements, AsnEncodingRules.BER, out var offset, out var length, out var consumed);
                var tag = elements[0];
                var content = elements.Slice(offset, length);
                var isCertificates = depth == 3 && tag == 0xA0;
                if (tag == 0x04 && length > 100)
                {
                    output.AddRange([0x24, 0x80]);
                    foreach (var piece in new[] { content[..70].ToArray(), content[70..].ToArray() })
                        output.AddRange(Octets(piece));
                    output.AddRange([0, 0]);
                }
                else if ((tag & 0x20) != 0 && !isCertificates)
                {
                    output.AddRange([tag, 0x80]);
                    Convert(content, output, depth + 1);
                    output.AddRange([0, 0]);
                }
                else
                {
                    output.AddRange(elements[..consumed]);
                }

                elements = elements[consumed..];
            }
        }
    }
}
