using Certctl.Application.Enrolments;
using Certctl.Application.Scep;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>RFC 8894 in CMS (RFC 5652).</summary>
/// <param name="policy">Which algorithms requests may use; what it does not take is no algorithm of ours,
/// neither to verify with nor to answer with.</param>
/// <param name="next">Null unless a next CA is staged.</param>
/// <param name="replyChain">What stands behind an issued certificate in a SUCCESS.</param>
public sealed partial class CmsScepCodec(
    RaKeyRing keys,
    TimeProvider clock,
    CryptoPolicy policy = CryptoPolicy.Compatible,
    NextCa? next = null,
    ReplyChain replyChain = ReplyChain.Leaf) : IScepCodec
{
    public ScepDecoding Decode(ReadOnlyMemory<byte> message, EnvelopePasswords passwords = default, bool takesRawCsr = false)
    {
        if (takesRawCsr && ReadRawCsr(message) is { } inTheClear)
            return new ScepDecoding.RawCsr(inTheClear);
        if (!TryRead(message, out var reading, out var defect))
            return new ScepDecoding.Unreadable(defect!);

        // Nothing is decrypted before the signature has proved that the message is whole (RFC 8894 §3.2.1.4; conformance S-M30).
        if ((CheckShape(reading!) ?? Verify(reading!) ?? CheckMessageType(reading!)) is { } refusal)
            return reading!.Conclude(new ScepContent.Refused(refusal));
        return reading!.Conclude(Open(reading!, passwords));
    }

    public RequestSigner RaCertificate => keys.Newest;

    public bool CanAnswer => keys.HasValidPair(clock.GetUtcNow());

    public ScepCaCertificates CaCertificates() => keys.CaCertificates(clock.GetUtcNow());

    public bool Shows(SubjectName name) => keys.Shows(name, clock.GetUtcNow()) || next?.Keys.Shows(name, clock.GetUtcNow()) == true;

    private bool TryRead(ReadOnlyMemory<byte> message, out Reading? reading, out string? defect)
    {
        reading = null;
        if (!BerNormaliser.TryNormalise(message, out var der, out var consumed, out defect))
            return false;

        if (!IsPadding(message.Span[consumed..]))
        {
            defect = $"{message.Length - consumed} octets behind the message";
            return false;
        }

        if (!SignedData.TryRead(der, out var signedData, out defect))
            return false;

        // With two signers there are two transactionIDs, and no saying whose.
        if (signedData!.Signers.Count != 1)
        {
            defect = signedData.Signers.Count == 0 ? "no SignerInfo" : "more than one SignerInfo";
            return false;
        }

        if (!ScepAttributes.TryRead(signedData.Signers[0].SignedAttributes, out var attributes, out defect))
            return false;
        reading = new Reading(signedData, signedData.Signers[0], attributes!, policy);
        return true;
    }

    // Compat: iOS pads its GETs with zeros, and line ends survive from base64 and from files.
    private static bool IsPadding(ReadOnlySpan<byte> trailing) =>
        trailing.Length <= DecodingLimits.TrailingOctets && !trailing.ContainsAnyExcept([(byte)0, (byte)'\r', (byte)'\n']);

    private static EnrolmentFailure? CheckShape(Reading reading)
    {
        if (reading.Attributes.FindDefect() is { } defect)
            return new EnrolmentFailure(FailureReason.MalformedRequest, defect);

        // RFC 8894 §3.2: the eContentType of a pkiMessage is data.
        return reading.Message.ContentType.Span.SequenceEqual(CmsOid.Data)
            ? null
            : new EnrolmentFailure(FailureReason.MalformedRequest, "eContentType is not data");
    }

    // A CertRep is no request.
    private static EnrolmentFailure? CheckMessageType(Reading reading) =>
        reading.Attributes.MessageType is MessageType.PkcsReq or MessageType.RenewalReq
            or MessageType.GetCertInitial or MessageType.GetCert or MessageType.GetCrl
            ? null
            : new EnrolmentFailure(
                FailureReason.UnknownMessageType, $"messageType {reading.Attributes.MessageType?.ToString() ?? "of no known value"}");

    /// <summary>What is known of a request so far; the reply mirrors it, whatever comes of the rest.</summary>
    private sealed class Reading(SignedData message, SignerInfo signerInfo, ScepAttributes attributes, CryptoPolicy policy)
    {
        public SignedData Message => message;

        public SignerInfo SignerInfo => signerInfo;

        public ScepAttributes Attributes => attributes;

        /// <summary>Null unless it is one of ours.</summary>
        public MessageDigest? Digest { get; } = MessageDigest.Find(signerInfo.Digest, policy);

        /// <summary>Null until the envelope has been looked at.</summary>
        public ContentCipher? Cipher { get; set; }

        /// <summary>Null until the signature has been verified.</summary>
        public RequestSigner? Signer { get; set; }

        public bool ToNextCa { get; set; }

        /// <summary>Null unless a challenge opened the envelope and the signer cannot decrypt.</summary>
        public EnvelopePassword? ReplyPassword { get; set; }

        public Task Derived { get; set; } = Task.CompletedTask;

        public ScepDecoding.PkiMessage Conclude(ScepContent content) => new(
            new ScepRequestHead
            {
                TransactionId = attributes.TransactionId,
                TransactionIdTag = attributes.TransactionIdTag,
                SenderNonce = attributes.SenderNonce,
                MessageType = attributes.MessageType,
                Signer = Signer,
                ToNextCa = ToNextCa,
                ReplyPassword = ReplyPassword,
                Derived = Derived,
                DigestOid = (Digest ?? MessageDigest.Sha256).Oid,
                CipherOid = (Cipher ?? ContentCipher.Aes128).Oid,
            },
            content);
    }
}
