using System.Buffers;
using System.Buffers.Text;
using Certctl.Application.Scep;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.Cms;
using Certctl.Infrastructure.Crypto.X509;
using Certctl.Infrastructure.Publication;

namespace Certctl.Infrastructure.Crypto.Scep;

/// <summary>A PKCS#10 in the clear (ADR 14): bare or in a SignedData that is no pkiMessage, as DER, BER or base64.</summary>
public sealed partial class CmsScepCodec
{
    public byte[] EncodeCertificates(IReadOnlyList<ReadOnlyMemory<byte>> certificates) => CertificatesOnly.Write(certificates);

    // Null when the message is of another kind.
    private ScepContent? ReadRawCsr(ReadOnlyMemory<byte> message)
    {
        var octets = FromBase64(message.Span) ?? message;
        if (!BerNormaliser.TryNormalise(octets, out var der, out var consumed, out _) || !IsPadding(octets.Span[consumed..]))
            return null;
        if (IsCertificationRequest(der))
            return ReadInTheClear(octets[..consumed]);
        if (!TryReadClearContent(der, out var content, out var isSigned))
            return null;
        return isSigned ? ReadSigned(der, content) : ReadInTheClear(content);
    }

    private ScepContent ReadInTheClear(ReadOnlyMemory<byte> request) => CsrReader.Read(request, policy) switch
    {
        CsrReading.Valid valid => new ScepContent.CertificationRequest(valid.Csr),
        CsrReading.Invalid invalid => Refuse(FailureReason.RawCsrUnreadable, invalid.Defect),
        _ => throw new InvalidOperationException("A request is valid or invalid."),
    };

    // A signature is optional, since the request signs itself; one that is there must be valid. Null for a pkiMessage.
    private ScepContent? ReadSigned(ReadOnlyMemory<byte> der, ReadOnlyMemory<byte> request)
    {
        if (!SignedData.TryRead(der, out var signedData, out var defect))
            return Refuse(FailureReason.RawCsrUnreadable, defect!);
        if (signedData!.Signers is not [var signer])
            return Refuse(FailureReason.RawCsrUnreadable, "more than one SignerInfo");
        if (!ScepAttributes.TryReadAny(signer.SignedAttributes, out var attributes))
            return Refuse(FailureReason.RawCsrUnreadable, "signedAttrs are missing or cannot be read");

        // RFC 8894 §3.1: a pkiMessage without an envelope is a defective pkiMessage, and is told so in its CertRep.
        if (attributes!.AreOfAPkiMessage)
            return null;
        var reading = new Reading(signedData, signer, attributes, policy);
        var failure = Verify(reading);

        // The answer is not encrypted, so a key that can only sign is as good as any.
        return reading.Signer is null ? new ScepContent.Refused(failure!) : ReadInTheClear(request);
    }

    /// <summary>
    /// The content of a SignedData where that is a PKCS#10, as an OCTET STRING (RFC 5652 §5.2) or as it is (RFC 2315 §9.1).
    /// </summary>
    private static bool TryReadClearContent(ReadOnlyMemory<byte> der, out ReadOnlyMemory<byte> content, out bool isSigned)
    {
        (content, isSigned) = (default, false);
        var outer = new DerReader(der);
        if (!outer.TryEnter(DerTag.Sequence, out var contentInfo)
            || !contentInfo.TryRead(DerTag.Oid, out _, out var type)
            || !type.Span.SequenceEqual(CmsOid.SignedData)
            || !contentInfo.TryEnter(DerTag.ContextConstructed(0), out var wrapped)
            || !wrapped.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadInt32(out _)
            || !fields.TryRead(DerTag.Set, out _)
            || !fields.TryEnter(DerTag.Sequence, out var encapsulated)
            || !encapsulated.TryRead(DerTag.Oid, out _)
            || !encapsulated.TryEnter(DerTag.ContextConstructed(0), out var holder)
            || !holder.TryReadAny(out var tag, out var inside, out var whole))
            return false;
        fields.TryRead(DerTag.ContextConstructed(0), out _);
        fields.TryRead(DerTag.ContextConstructed(1), out _);
        if (!fields.TryRead(DerTag.Set, out var signers))
            return false;
        isSigned = !signers.IsEmpty;
        content = tag == DerTag.OctetString ? inside : whole;
        return !IsContentInfo(content) && BerNormaliser.TryNormalise(content, out var request, out _, out _)
            && IsCertificationRequest(request);
    }

    // What a pkiMessage has inside, told at once.
    private static bool IsContentInfo(ReadOnlyMemory<byte> der)
    {
        var outer = new DerReader(der);
        return outer.TryEnter(DerTag.Sequence, out var fields) && fields.PeekTag == DerTag.Oid;
    }

    // RFC 2986 §4: SEQUENCE { SEQUENCE { INTEGER …, SEQUENCE, BIT STRING }.
    // A ContentInfo begins with an OBJECT IDENTIFIER, so that neither is ever taken for the other.
    private static bool IsCertificationRequest(ReadOnlyMemory<byte> der)
    {
        var outer = new DerReader(der);
        return outer.TryEnter(DerTag.Sequence, out var fields)
            && fields.TryEnter(DerTag.Sequence, out var info)
            && info.PeekTag == DerTag.Integer
            && fields.TryRead(DerTag.Sequence, out _)
            && fields.PeekTag == DerTag.BitString;
    }

    // Base64 of a SEQUENCE longer than 127 octets begins with M, which begins no SEQUENCE.
    private static ReadOnlyMemory<byte>? FromBase64(ReadOnlySpan<byte> text)
    {
        if (!text.TrimStart(" \t\r\n"u8).StartsWith("M"u8))
            return null;
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        return Base64.DecodeFromUtf8(text, octets, out _, out var written) == OperationStatus.Done ? octets.AsMemory(0, written) : null;
    }
}
