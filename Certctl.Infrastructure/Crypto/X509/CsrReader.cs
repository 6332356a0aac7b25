using System.Security.Cryptography;
using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads a PKCS#10 and verifies its signature.</summary>
internal static class CsrReader
{
    /// <summary>
    /// Reads exactly one CertificationRequest (RFC 2986 §4): trailing octets are a defect. BER is tolerated by way of <see cref="BerNormaliser"/>;
    /// the signature is verified over the CertificationRequestInfo as received, and for BER over its DER form too.
    /// </summary>
    public static CsrReading Read(ReadOnlyMemory<byte> bytes)
    {
        if (!BerNormaliser.TryNormalise(bytes, out var der, out var consumed, out var defect))
            return new CsrReading.Invalid(defect!);
        if (consumed != bytes.Length)
            return new CsrReading.Invalid($"{bytes.Length - consumed} octets behind the request");
        if (!TryReadFields(der, out var fields))
            return new CsrReading.Invalid("the bytes are no CertificationRequest");
        if (!NameReader.TryRead(fields.Subject, out var subject, out defect) || !PublicKeyReader.TryRead(fields.PublicKey, out var key, out defect))
            return new CsrReading.Invalid(defect!);
        if (!CsrAttributes.TryRead(fields.Attributes, out var attributes, out defect))
            return new CsrReading.Invalid(defect!);
        if (!CsrSignatureAlgorithm.TryRead(fields.Algorithm, out var algorithm, out defect))
            return new CsrReading.ForbiddenAlgorithm(defect!);

        // RFC 2986 §4.2: proof of possession, over the octets that were signed.
        if (!algorithm.Verify(key!, fields.Info.Span, fields.Signature.Span) && !VerifyAsReceived(algorithm, key!, bytes, der, fields.Signature))
            return new CsrReading.Invalid($"the request's own signature is wrong ({key!.Describe()})");

        return new CsrReading.Valid(new CertificateSigningRequest
        {
            Der = bytes,
            Sha256 = SHA256.HashData(bytes.Span),
            Subject = subject!,
            PublicKey = key!,
            SubjectAltNames = attributes.SubjectAltNames,
            ChallengePassword = attributes.ChallengePassword,
            AttributeOids = attributes.Oids,
        });
    }

    // Compat: a request in BER was signed over its BER form by some encoders. Its first inner element is found by its own header and trailer.
    private static bool VerifyAsReceived(
        CsrSignatureAlgorithm algorithm, PublicKeyInfo key, ReadOnlyMemory<byte> received, ReadOnlyMemory<byte> der, ReadOnlyMemory<byte> signature)
    {
        if (received.Length == der.Length || !BerHeader.TryRead(received.Span, out var outer, out _))
            return false;
        var inside = received[outer.Size..];
        return BerNormaliser.TryNormalise(inside, out _, out var length, out _) && algorithm.Verify(key, inside.Span[..length], signature.Span);
    }

    private static bool TryReadFields(ReadOnlyMemory<byte> der, out Fields fields)
    {
        fields = default;
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var request)
            || !reader.AtEnd
            || !request.TryRead(DerTag.Sequence, out var info, out fields.Info)
            || !request.TryRead(DerTag.Sequence, out fields.Algorithm)
            || !request.TryReadOctetsInBitString(out fields.Signature)
            || !request.AtEnd)
            return false;

        // RFC 2986 §4.1: version is v1(0).
        var parts = new DerReader(info);
        if (!parts.TryReadInt32(out var version)
            || version != 0
            || !parts.TryRead(DerTag.Sequence, out _, out fields.Subject)
            || !parts.TryRead(DerTag.Sequence, out _, out fields.PublicKey))
            return false;

        // Compat: attributes [0] is not optional, and some clients leave it out when it would be empty.
        return parts.AtEnd || (parts.TryRead(DerTag.ContextConstructed(0), out fields.Attributes) && parts.AtEnd);
    }

    private struct Fields
    {
        public ReadOnlyMemory<byte> Info;
        public ReadOnlyMemory<byte> Algorithm;
        public ReadOnlyMemory<byte> Signature;
        public ReadOnlyMemory<byte> Subject;
        public ReadOnlyMemory<byte> PublicKey;
        public ReadOnlyMemory<byte> Attributes;
    }
}
