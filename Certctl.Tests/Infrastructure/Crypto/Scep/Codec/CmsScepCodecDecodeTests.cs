using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Xunit;
using static Certctl.Tests.Infrastructure.Crypto.Scep.ForgedRequest;

namespace Certctl.Tests.Infrastructure.Crypto.Scep.Codec;

/// <summary>One rule a test: here what is accepted, in the other part what is refused and how.</summary>
public sealed partial class CmsScepCodecDecodeTests
{
    [Fact]
    [Trait("Conformance", "S-M4")]
    public void A_good_request_gives_the_PKCS10_and_all_that_the_reply_mirrors()
    {
        var decoding = Readable(new ForgedRequest());

        var csr = Assert.IsType<ScepContent.CertificationRequest>(decoding.Content).Csr;
        Assert.Equal(SHA256.HashData(ScepTestKeys.Csr), csr.Sha256.ToArray());
        Assert.Equal("TX-1", decoding.Head.TransactionId.Value);
        Assert.Equal(0x13, decoding.Head.TransactionIdTag);
        Assert.Equal(Nonce, decoding.Head.SenderNonce.ToArray());
        Assert.Equal(MessageType.PkcsReq, decoding.Head.MessageType);
        Assert.Equal(Sha256Oid, decoding.Head.DigestOid);
        Assert.Equal(Aes128Oid, decoding.Head.CipherOid);
        Assert.Equal(ScepTestKeys.DeviceSelfSigned.RawData, decoding.Head.Signer!.CertificateDer.ToArray());
    }

    [Theory]
    [InlineData("21")]
    [InlineData("22")]
    [Trait("Conformance", "S-M15")]
    public void A_query_names_a_certificate_and_one_that_cannot_be_read_names_none(string type)
    {
        var named = Query(IssuerAndSerial(ScepTestKeys.Ra))!;
        Assert.Equal(ScepTestKeys.Ra.IssuerName.RawData, named.Issuer.Der.ToArray());
        Assert.Equal(ScepTestKeys.Ra.SerialNumberBytes.ToArray(), named.SerialNumber.ToArray());

        Assert.Null(Query(ScepTestKeys.Csr));
        Assert.Null(Query([.. IssuerAndSerial(ScepTestKeys.Ra), 0]));
        Assert.Null(Query(IssuerAndSerial(ScepTestKeys.Ra)[..^1]));
        Assert.Null(Query(KeyIdentifier(ScepTestKeys.Ra)));
        Assert.Null(
            Query(IssuerAndSerial(ScepTestKeys.Ra), request => request.Ciphertext = request.Encrypt(new byte[32], PaddingMode.None)));
        Assert.Null(Query(IssuerAndSerial(ScepTestKeys.Ra), request => request.EncryptedKey = new byte[256]));

        Certctl.Domain.Certificates.IssuerAndSerialNumber? Query(byte[] content, Action<ForgedRequest>? spoil = null)
        {
            var request = new ForgedRequest { Plaintext = content }.Replace(MessageTypeOid, Printable(type));
            spoil?.Invoke(request);
            return Assert.IsType<ScepContent.CertQuery>(Readable(request).Content).Named;
        }
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
        var reencoded = new X500DistinguishedName(
            "CN=Test CA,O=Certctl", X500DistinguishedNameFlags.ForceUTF8Encoding | X500DistinguishedNameFlags.Reversed);
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
        Assert.IsType<ScepContent.CertificationRequest>(
            Readable([.. new ForgedRequest().Build(), .. Encoding.ASCII.GetBytes(tail)]).Content);

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
    public void A_missing_senderNonce_is_tolerated() =>
        Assert.True(Accepted(new ForgedRequest().Remove(SenderNonceOid)).Head.SenderNonce.IsEmpty);

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

    [Theory]
    [InlineData("the two names")]
    [InlineData("a PKCS#10")]
    [InlineData("bad padding")]
    [Trait("Conformance", "S-R15")]
    [Trait("Conformance", "S-R17")]
    public void GetCertInitial_is_not_judged_by_its_content(string what)
    {
        var request = new ForgedRequest().Replace(MessageTypeOid, Printable("20"));
        if (what == "the two names")
            request.Plaintext = IssuerAndSubject();
        if (what == "bad padding")
            request.Ciphertext = request.Encrypt(new byte[32], PaddingMode.None);

        Assert.IsType<ScepContent.CertPoll>(Readable(request).Content);
    }

    private static byte[] IssuerAndSubject() => Der(w =>
    {
        using (w.PushSequence())
        {
            w.WriteEncodedValue(ScepTestKeys.Ca.SubjectName.RawData);
            w.WriteEncodedValue(ScepTestKeys.DeviceSelfSigned.SubjectName.RawData);
        }
    });

    [Fact]
    public void GetCertInitial_must_be_encrypted_to_us() =>
        Refused(FailureReason.NotEncryptedToUs, new ForgedRequest { Recipient = ScepTestKeys.Ca }.Replace(MessageTypeOid, Printable("20")));

    private static ScepDecoding.PkiMessage Readable(byte[] message) =>
        Assert.IsType<ScepDecoding.PkiMessage>(ScepTestKeys.Codec().Decode(message));

    private static ScepDecoding.PkiMessage Readable(ForgedRequest request) => Readable(request.Build());

    private static ScepDecoding.PkiMessage Accepted(ForgedRequest request)
    {
        var decoding = Readable(request);
        if (decoding.Content is ScepContent.Refused refused)
            Assert.Fail($"{refused.Failure.Reason}: {refused.Failure.Detail}");
        Assert.IsType<ScepContent.CertificationRequest>(decoding.Content);
        return decoding;
    }

    private static ScepDecoding.PkiMessage Refused(FailureReason reason, ForgedRequest request)
    {
        var decoding = Readable(request);
        var failure = Assert.IsType<ScepContent.Refused>(decoding.Content).Failure;
        Assert.True(failure.Reason == reason, $"{failure.Reason}: {failure.Detail}");
        Assert.NotEmpty(failure.Detail);

        // A refusal is answered: whatever is known must be enough for a CertRep.
        Assert.NotEmpty(ScepTestKeys.Codec().EncodeCertRep(decoding.Head, new ScepReply.Failure(FailInfo.BadRequest, "refused")));
        return decoding;
    }

    private static void Unreadable(byte[] message) =>
        Assert.NotEmpty(Assert.IsType<ScepDecoding.Unreadable>(ScepTestKeys.Codec().Decode(message)).Detail);

    private static byte[] KeyIdentifier(X509Certificate2 certificate) => Der(w => w.WriteOctetString(
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span, Context0));

    // The platform's parser of names may turn the RDNs around; what is wanted is the same order in another string type.
    private static X500DistinguishedName SameOrder(X500DistinguishedName name, byte[] original)
    {
        var first = new AsnReader(original, AsnEncodingRules.DER).ReadSequence().ReadSetOf().ReadSequence().ReadObjectIdentifier();
        var ours = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence().ReadSetOf().ReadSequence().ReadObjectIdentifier();
        return first == ours ? name : new X500DistinguishedName("CN=Test CA,O=Certctl", X500DistinguishedNameFlags.ForceUTF8Encoding);
    }

    // Every definite constructed universal or context element outside the certificates becomes one of indefinite length; OCTET STRINGs come
    // in two pieces.
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
