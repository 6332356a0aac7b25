using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>
/// Reads the fields of a certificate without judging it: devices sign with v1, over-long serials and a century of validity.
/// </summary>
internal static class CertificateReader
{
    /// <summary>
    /// False, with the defect in words, when the bytes are no Certificate (RFC 5280 §4.1). Keeps slices of <paramref name="der"/>.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, out RequestSigner? certificate, out string? defect) =>
        TryRead(der, anyTimes: false, out certificate, out defect);

    /// <summary>
    /// The same of a certificate that signs a request. The validity of a self-signed one serves no purpose, and devices without a calendar
    /// write what they like there (no seconds, an offset, the year 0000): it is read past.
    /// </summary>
    public static bool TryReadSigner(ReadOnlyMemory<byte> der, out RequestSigner? certificate) =>
        TryRead(der, anyTimes: true, out certificate, out _);

    private static bool TryRead(ReadOnlyMemory<byte> der, bool anyTimes, out RequestSigner? certificate, out string? defect)
    {
        certificate = null;
        if (!TryReadFields(der, out var fields, out defect)
            || !NameReader.TryRead(fields.Issuer, out var issuer, out defect)
            || !NameReader.TryRead(fields.Subject, out var subject, out defect)
            || !PublicKeyReader.TryRead(fields.PublicKey, out var key, out defect))
            return false;
        anyTimes = anyTimes && issuer!.Der.Span.SequenceEqual(subject!.Der.Span);
        if (!TryReadValidity(fields.Validity, out var notBefore, out var notAfter)
            && !(anyTimes && AreTimes(fields.Validity, out notBefore, out notAfter)))
        {
            defect = "a certificate's validity is no pair of UTCTime or GeneralizedTime within the calendar";
            return false;
        }

        certificate = new RequestSigner
        {
            CertificateDer = der,
            Subject = subject!,
            Issuer = issuer!,
            SerialNumber = fields.SerialNumber,
            PublicKey = key!,
            NotBefore = notBefore,
            NotAfter = notAfter,
        };
        return true;
    }

    /// <summary>Content octets of the subjectKeyIdentifier extension, or null: CMS signers may be named by it.</summary>
    public static ReadOnlyMemory<byte>? FindSubjectKeyIdentifier(ReadOnlyMemory<byte> der)
    {
        if (FindExtension(der, ExtensionReader.SubjectKeyIdentifierOid) is not { } value)
            return null;
        var reader = new DerReader(value);

        // The cast: null alone would become an empty memory, because ReadOnlyMemory converts from a null array.
        return reader.TryRead(DerTag.OctetString, out var identifier) && reader.AtEnd ? identifier : (ReadOnlyMemory<byte>?)null;
    }

    /// <summary>The keyIdentifier of the authorityKeyIdentifier extension (RFC 5280 §4.2.1.1), or null.</summary>
    public static ReadOnlyMemory<byte>? FindAuthorityKeyIdentifier(ReadOnlyMemory<byte> der)
    {
        if (FindExtension(der, ExtensionReader.AuthorityKeyIdentifierOid) is not { } value)
            return null;
        var reader = new DerReader(value);
        return reader.TryEnter(DerTag.Sequence, out var fields) && fields.TryRead(DerTag.Context(0), out var identifier)
            ? identifier
            : (ReadOnlyMemory<byte>?)null;
    }

    /// <summary>The value of the subjectAltName extension (RFC 5280 §4.2.1.6), or null.</summary>
    public static ReadOnlyMemory<byte>? FindSubjectAltNames(ReadOnlyMemory<byte> der) =>
        FindExtension(der, ExtensionReader.SubjectAltNameOid);

    private static ReadOnlyMemory<byte>? FindExtension(ReadOnlyMemory<byte> der, string oid) =>
        TryReadFields(der, out var fields, out _)
        && fields.Extensions is { } extensions
        && ExtensionReader.TryReadAll(extensions, out var values, out _)
        && values.TryGetValue(oid, out var value)
            ? value
            : (ReadOnlyMemory<byte>?)null;

    private static bool TryReadFields(ReadOnlyMemory<byte> der, out Fields fields, out string? defect)
    {
        fields = new Fields();
        defect = "the bytes are no Certificate in DER";
        var reader = new DerReader(der);
        if (!reader.TryEnter(DerTag.Sequence, out var certificate)
            || !reader.AtEnd
            || !certificate.TryEnter(DerTag.Sequence, out var tbs)
            || !certificate.TryRead(DerTag.Sequence, out _)
            || !certificate.TryRead(DerTag.BitString, out _)
            || !certificate.AtEnd)
            return false;

        if (!TryReadVersion(ref tbs)
            || !tbs.TryRead(DerTag.Integer, out fields.SerialNumber)
            || !tbs.TryRead(DerTag.Sequence, out _)
            || !tbs.TryRead(DerTag.Sequence, out _, out fields.Issuer)
            || !tbs.TryRead(DerTag.Sequence, out _, out fields.Validity)
            || !tbs.TryRead(DerTag.Sequence, out _, out fields.Subject)
            || !tbs.TryRead(DerTag.Sequence, out _, out fields.PublicKey))
            return false;

        if (fields.SerialNumber.Length is 0 or > DecodingLimits.SerialNumberOctets)
        {
            defect = $"a serial number of no octets or more than {DecodingLimits.SerialNumberOctets}";
            return false;
        }

        if (!TryReadTail(ref tbs, ref fields))
            return false;
        defect = null;
        return true;
    }

    // RFC 5280 §4.1.2.1: [0] EXPLICIT, 0 to 2 for v1 to v3. Compat: an explicit v1, and a version that contradicts the extensions,
    // are read all the same.
    private static bool TryReadVersion(ref DerReader tbs) =>
        tbs.PeekTag != DerTag.ContextConstructed(0)
        || (tbs.TryEnter(DerTag.ContextConstructed(0), out var inner)
            && inner.TryReadInt32(out var version) && inner.AtEnd && version is >= 0 and <= 2);

    // issuerUniqueID [1], subjectUniqueID [2], extensions [3], each optional.
    private static bool TryReadTail(ref DerReader tbs, ref Fields fields)
    {
        for (var unique = 1; unique <= 2; unique++)
        {
            if (tbs.PeekTag == DerTag.Context(unique) && !tbs.TryRead(DerTag.Context(unique), out _))
                return false;
        }

        if (tbs.PeekTag == DerTag.ContextConstructed(3))
        {
            if (!tbs.TryRead(DerTag.ContextConstructed(3), out var extensions))
                return false;
            fields.Extensions = extensions;
        }

        return tbs.AtEnd;
    }

    private static bool TryReadValidity(ReadOnlyMemory<byte> der, out DateTimeOffset notBefore, out DateTimeOffset notAfter)
    {
        notBefore = notAfter = default;
        var reader = new DerReader(der);
        return reader.TryEnter(DerTag.Sequence, out var times)
            && DerTime.TryRead(ref times, out notBefore)
            && DerTime.TryRead(ref times, out notAfter)
            && times.AtEnd;
    }

    /// <summary>Two times, whatever they say: valid for ever.</summary>
    private static bool AreTimes(ReadOnlyMemory<byte> der, out DateTimeOffset notBefore, out DateTimeOffset notAfter)
    {
        (notBefore, notAfter) = (DateTimeOffset.MinValue, DateTimeOffset.MaxValue);
        var reader = new DerReader(der);
        return reader.TryEnter(DerTag.Sequence, out var times)
            && times.TryReadAny(out var first, out _, out _) && first is DerTag.UtcTime or DerTag.GeneralizedTime
            && times.TryReadAny(out var second, out _, out _) && second is DerTag.UtcTime or DerTag.GeneralizedTime
            && times.AtEnd;
    }

    private struct Fields
    {
        public ReadOnlyMemory<byte> SerialNumber;
        public ReadOnlyMemory<byte> Issuer;
        public ReadOnlyMemory<byte> Validity;
        public ReadOnlyMemory<byte> Subject;
        public ReadOnlyMemory<byte> PublicKey;
        public ReadOnlyMemory<byte>? Extensions;
    }
}
