using System.Security.Cryptography;
using System.Text;
using Certctl.Api.Scep;
using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.Scep;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Tests.Infrastructure.Crypto.Scep;
using Certctl.Tests.Infrastructure.Crypto.Scep.Codec;
using Certctl.Tests.Infrastructure.Crypto.X509;

namespace Certctl.Tests.Hostile.Fuzz.Targets;

internal static class ScepTargets
{
    private static readonly CmsScepCodec Codec = ScepTestKeys.Codec();
    private static readonly EnvelopePasswords Passwords = new(new Secret(CmsScepCodecPasswordTests.Password), null);
    private static readonly byte[] GoodEnvelope = new ForgedRequest().Envelope();
    private static readonly byte[] MessageType = ForgedRequest.Attribute(ForgedRequest.MessageTypeOid, ForgedRequest.Printable("19"));
    private static readonly byte[] TransactionIdAttribute = ForgedRequest.Attribute(
        ForgedRequest.TransactionIdOid, ForgedRequest.Printable("TX-1"));
    private static readonly byte[] GoodCsr = SHA256.HashData(ScepTestKeys.Csr);

    public static void Attributes(byte[] input)
    {
        if (!ScepAttributes.TryRead(input, out var attributes, out var defect))
        {
            ContradictionException.Unless(defect is not null, "what is refused has a defect");
            return;
        }

        _ = (attributes!.MessageType, attributes.FindDefect(), attributes.ContentType.Length, attributes.MessageDigest.Length);
        ContradictionException.Unless(
            attributes.TransactionId.Value.Length is > 0 and <= TransactionId.MaxLength, "a transactionID is neither empty nor long");
        ContradictionException.Unless(attributes.SenderNonce.Length <= 64, "a nonce fits into the reply");
    }

    /// <summary>As it came over the network: most of what is changed breaks the signature.</summary>
    public static void Message(byte[] input)
    {
        if (Codec.Decode(input) is ScepDecoding.PkiMessage { Content: ScepContent.CertificationRequest request })
            ContradictionException.Unless(request.Csr.Sha256.Span.SequenceEqual(GoodCsr), "only what was signed is issued");
    }

    /// <summary>Perhaps a PKCS#10 in the clear.</summary>
    public static void ClearRequest(byte[] input)
    {
        if (Codec.Decode(input, takesRawCsr: true) is ScepDecoding.RawCsr)
            ContradictionException.Unless(Codec.Decode(input) is not ScepDecoding.PkiMessage, "what is in the clear is no pkiMessage");
    }

    /// <summary>Rightly signed, whatever the signer's certificate; and sent a certificate, for that signer alone to open.</summary>
    public static void SignerCertificate(byte[] input)
    {
        var name = CertificateReader.TryRead(input, out var signer, out _)
            ? Der.Sequence(signer!.Issuer.Der.ToArray(), Der.Tlv(0x02, signer.SerialNumber.ToArray()))
            : ForgedRequest.IssuerAndSerial(ScepTestKeys.DeviceSelfSigned);
        var attributes = SignedMessage.Attributes(GoodEnvelope, MessageType, TransactionIdAttribute);
        if (Codec.Decode(SignedMessage.Wrap(attributes, GoodEnvelope, input, name, ScepTestKeys.Device))
            is ScepDecoding.PkiMessage { Content: ScepContent.CertificationRequest } readable)
            _ = Codec.EncodeCertRep(readable.Head, new ScepReply.Success(ScepTestKeys.Leaf.RawData));
    }

    /// <summary>Rightly signed, whatever the attributes; and answered.</summary>
    public static void SignedAttributes(byte[] input)
    {
        var message = SignedMessage.Wrap(input, GoodEnvelope, ScepTestKeys.DeviceSelfSigned, ScepTestKeys.Device);
        if (Codec.Decode(message) is ScepDecoding.PkiMessage readable)
            _ = Codec.EncodeCertRep(readable.Head, new ScepReply.Failure(FailInfo.BadRequest, "no"));
    }

    /// <summary>Rightly signed, whatever the content.</summary>
    public static void Envelope(byte[] input)
    {
        var attributes = SignedMessage.Attributes(input, MessageType, TransactionIdAttribute);
        var decoding = Codec.Decode(SignedMessage.Wrap(attributes, input, ScepTestKeys.DeviceSelfSigned, ScepTestKeys.Device), Passwords);
        ContradictionException.Unless(decoding is ScepDecoding.PkiMessage { Head.Signer: not null }, "what is signed rightly is answered");
        ContradictionException.Unless(
            decoding is ScepDecoding.PkiMessage { Head.ReplyPassword: null }, "a key that can decrypt is answered without a password");
    }

    /// <summary>What GetCert and GetCRL carry in the envelope.</summary>
    public static void IssuerAndSerial(byte[] input)
    {
        if (CertificateId.ReadIssuerAndSerialNumber(input) is { } named)
            ContradictionException.Unless(named.ToString().Length > 0 && named.Issuer.SameAs(named.Issuer), "what is named is itself");
    }

    public static void Query(byte[] input)
    {
        var query = Encoding.Latin1.GetString(input);
        _ = ScepQuery.Operation(query);
        if (ScepQuery.Message(query) is not { } message)
            return;
        var again = ScepQuery.Message("?message=" + Uri.EscapeDataString(Convert.ToBase64String(message)));
        ContradictionException.Unless(
            again is not null && again.AsSpan().SequenceEqual(message), "a message that was read can be sent again");
    }
}
