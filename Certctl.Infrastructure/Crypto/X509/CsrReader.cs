using System.Security.Cryptography;
using Certctl.Application.Enrolments;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads a PKCS#10 and verifies its signature.</summary>
internal static class CsrReader
{
    /// <summary>
    /// Reads exactly one CertificationRequest (RFC 2986 §4): trailing octets are a defect. BER is tolerated by way of
    /// <see cref="BerNormaliser"/>; the signature is verified over the CertificationRequestInfo as received,
    /// with an algorithm that <paramref name="policy"/> takes.
    /// </summary>
    public static CsrReading Read(ReadOnlyMemory<byte> bytes, CryptoPolicy policy)
    {
        if (!TryParse(bytes, out var frame, out var request, out var defect))
            return new CsrReading.Invalid(defect!);

        // An algorithm that policy refuses is no case of its own: it would be answered before the signature is verified, and so tell of a
        // spliced plaintext whether it is well-formed (ADR 6).
        if (!CsrSignatureAlgorithm.TryRead(frame.Algorithm, policy, out var algorithm, out defect))
            return new CsrReading.Invalid(defect!);
        return IsSigned(bytes, frame, request!.PublicKey, algorithm!)
            ? new CsrReading.Valid(request)
            : new CsrReading.Invalid("the request's own signature does not verify with the key in it");
    }

    /// <summary>
    /// Reads a request that <see cref="Read"/> once found valid and the journal kept without its challenge; null when it is none. Its
    /// signature, over the challenge too, can no longer be verified.
    /// </summary>
    public static CertificateSigningRequest? ReadKept(ReadOnlyMemory<byte> der) =>
        TryParse(der, out _, out var request, out _) ? request : null;

    /// <summary>
    /// Reads a request without asking whose key signed it; null, with the defect in words, when it is none. For what a server is to make
    /// a key for (RFC 7030 §4.4.1): the key in the request and its signature mean nothing there.
    /// </summary>
    public static CertificateSigningRequest? ReadUnsigned(ReadOnlyMemory<byte> bytes, out string? defect) =>
        TryParse(bytes, out _, out var request, out defect) ? request : null;

    private static bool TryParse(ReadOnlyMemory<byte> bytes, out Frame frame, out CertificateSigningRequest? request, out string? defect)
    {
        (frame, request) = (default, null);
        if (!BerNormaliser.TryNormalise(bytes, out var der, out var consumed, out defect))
            defect = $"the request is no ASN.1: {defect}";
        else if (consumed != bytes.Length)
            defect = "octets follow the request";
        else if (!TryReadFrame(der, out frame) || !TryReadInfo(frame, out var info))
            defect = "the request is no CertificationRequest";
        else if (NameReader.TryRead(info.Subject, out var subject, out defect)
            && PublicKeyReader.TryRead(info.PublicKey, out var key, out defect)
            && CsrAttributes.TryRead(info.Attributes, out var attributes, out defect))
            request = new CertificateSigningRequest
            {
                DerWithoutChallenge = Blank(der, attributes!.ChallengeOctets),
                Subject = subject!,
                PublicKey = key!,
                SubjectAltNames = attributes.SubjectAltNames,
                OtherExtensions = attributes.OtherExtensions,
                ChallengePassword = attributes.ChallengePassword,
                AttributeOids = attributes.Oids,
                RequestedValidity = attributes.RequestedValidity,
                Sha256 = SHA256.HashData(bytes.Span),
            };
        return request is not null;
    }

    // Zeros are text in every string type, so that the request can still be parsed.
    private static ReadOnlyMemory<byte> Blank(ReadOnlyMemory<byte> der, ReadOnlyMemory<byte> secret)
    {
        if (secret.IsEmpty || !der.Span.Overlaps(secret.Span, out var offset))
            return der;
        var blanked = der.ToArray();
        blanked.AsSpan(offset, secret.Length).Clear();
        return blanked;
    }

    // RFC 2986 §4.2: SEQUENCE { certificationRequestInfo, signatureAlgorithm, signature BIT STRING }.
    private static bool TryReadFrame(ReadOnlyMemory<byte> der, out Frame frame)
    {
        frame = default;
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryRead(DerTag.Sequence, out _, out var info)
            || !fields.TryRead(DerTag.Sequence, out _, out var algorithm)
            || !fields.TryReadOctetsInBitString(out var signature)
            || !fields.AtEnd)
            return false;
        frame = new Frame(info, algorithm, signature);
        return true;
    }

    // RFC 2986 §4.1: SEQUENCE { version, subject, subjectPKInfo, attributes [0] IMPLICIT }.
    private static bool TryReadInfo(Frame frame, out Info info)
    {
        info = default;
        var reader = new DerReader(frame.Info);
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            // RFC 2986 §4.1: version shall be 0. Compat: macOS 2016 wrote 2 (docs/divergences.md).
            || !fields.TryReadInt32(out var version) || version is not (0 or 2)
            || !fields.TryRead(DerTag.Sequence, out _, out var subject)
            || !fields.TryRead(DerTag.Sequence, out _, out var key))
            return false;
        // Compat: some clients leave [0] out altogether instead of sending it empty.
        ReadOnlyMemory<byte> attributes = default;
        if (!fields.AtEnd && !fields.TryRead(DerTag.ContextConstructed(0), out attributes))
            return false;
        info = new Info(subject, key, attributes);
        return fields.AtEnd;
    }

    // RFC 2986 §4.2 signs the DER encoding. A sender of BER may have signed that, or what it sent: both prove possession of the key.
    private static bool IsSigned(ReadOnlyMemory<byte> received, Frame frame, PublicKeyInfo key, CsrSignatureAlgorithm algorithm)
    {
        var asReceived = InfoAsReceived(received);
        return algorithm.Verifies(key, asReceived.Span, frame.Signature.Span)
            || (!asReceived.Span.SequenceEqual(frame.Info.Span) && algorithm.Verifies(key, frame.Info.Span, frame.Signature.Span));
    }

    private static ReadOnlyMemory<byte> InfoAsReceived(ReadOnlyMemory<byte> received) =>
        BerHeader.TryRead(received.Span, out var header, out _)
        && BerNormaliser.TryNormalise(received[header.Size..], out _, out var length, out _)
            ? received.Slice(header.Size, length)
            : default;

    private readonly record struct Frame(ReadOnlyMemory<byte> Info, ReadOnlyMemory<byte> Algorithm, ReadOnlyMemory<byte> Signature);

    private readonly record struct Info(ReadOnlyMemory<byte> Subject, ReadOnlyMemory<byte> PublicKey, ReadOnlyMemory<byte> Attributes);
}
