using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>SignedData (RFC 5652 §5.1), taken apart and not judged.</summary>
/// <param name="ContentType">eContentType, tag and length included.</param>
/// <param name="Content">The octets of eContent; null when absent.</param>
/// <param name="Certificates">Every element of the certificates field as DER.</param>
/// <param name="Signers">At most <see cref="DecodingLimits.Signers"/>.</param>
internal sealed record SignedData(
    ReadOnlyMemory<byte> ContentType,
    ReadOnlyMemory<byte>? Content,
    IReadOnlyList<ReadOnlyMemory<byte>> Certificates,
    IReadOnlyList<SignerInfo> Signers)
{
    /// <summary>
    /// Reads ContentInfo and SignedData from normalised <paramref name="der"/>. False, with the defect in words, when it is none.
    /// </summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, out SignedData? signedData, out string? defect)
    {
        signedData = null;
        defect = "not a ContentInfo";
        var outer = new DerReader(der);
        if (!outer.TryEnter(DerTag.Sequence, out var contentInfo) || !contentInfo.TryRead(DerTag.Oid, out _, out var type))
            return false;
        defect = "the message is not a SignedData";
        if (!type.Span.SequenceEqual(CmsOid.SignedData)
            || !contentInfo.TryEnter(DerTag.ContextConstructed(0), out var content)
            || !content.TryEnter(DerTag.Sequence, out var fields)
            || !content.AtEnd
            || !contentInfo.AtEnd)
            return false;
        return TryReadFields(ref fields, out signedData, out defect);
    }

    private static bool TryReadFields(ref DerReader fields, out SignedData? signedData, out string? defect)
    {
        signedData = null;
        defect = "a SignedData of no known version";
        if (!fields.TryReadInt32(out var version) || version is < 1 or > 5)
            return false;
        defect = "SignedData: digestAlgorithms or encapContentInfo cannot be read";
        if (!fields.TryRead(DerTag.Set, out _) || !TryReadContent(ref fields, out var contentType, out var content))
            return false;
        defect = $"SignedData: certificates cannot be read or are more than {DecodingLimits.Certificates}";
        if (!TryReadCertificates(ref fields, out var certificates))
            return false;
        fields.TryRead(DerTag.ContextConstructed(1), out _);
        defect = "SignedData: signerInfos cannot be read";
        if (!fields.TryEnter(DerTag.Set, out var signerInfos) || !fields.AtEnd)
            return false;
        var signers = new List<SignerInfo>(1);
        while (!signerInfos.AtEnd && signers.Count < DecodingLimits.Signers)
        {
            if (!SignerInfo.TryRead(ref signerInfos, out var signer))
                return false;
            signers.Add(signer!);
        }

        defect = null;
        signedData = new SignedData(contentType, content, certificates, signers);
        return true;
    }

    private static bool TryReadContent(ref DerReader fields, out ReadOnlyMemory<byte> type, out ReadOnlyMemory<byte>? content)
    {
        content = null;
        type = default;
        if (!fields.TryEnter(DerTag.Sequence, out var encapsulated) || !encapsulated.TryRead(DerTag.Oid, out _, out type))
            return false;
        if (encapsulated.AtEnd)
            return true;
        if (!encapsulated.TryEnter(DerTag.ContextConstructed(0), out var wrapped)
            || !wrapped.TryRead(DerTag.OctetString, out var octets)
            || !wrapped.AtEnd)
            return false;
        content = octets;
        return encapsulated.AtEnd;
    }

    private static bool TryReadCertificates(ref DerReader fields, out List<ReadOnlyMemory<byte>> certificates)
    {
        certificates = [];
        if (!fields.TryEnter(DerTag.ContextConstructed(0), out var set))
            return true;
        while (!set.AtEnd)
        {
            if (!set.TryReadAny(out _, out _, out var certificate) || certificates.Count == DecodingLimits.Certificates)
                return false;
            certificates.Add(certificate);
        }

        return true;
    }
}

/// <summary>SignerInfo (RFC 5652 §5.3). Its unsignedAttrs prove nothing and are not kept.</summary>
/// <param name="SignedAttributes">The [0] element as it was transmitted; empty when absent.</param>
internal sealed record SignerInfo(
    CertificateId Signer,
    AlgorithmId Digest,
    ReadOnlyMemory<byte> SignedAttributes,
    AlgorithmId SignatureAlgorithm,
    ReadOnlyMemory<byte> Signature)
{
    public static bool TryRead(ref DerReader reader, out SignerInfo? signerInfo)
    {
        signerInfo = null;
        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryReadInt32(out _)
            || !CertificateId.TryRead(ref fields, out var signer)
            || !AlgorithmId.TryRead(ref fields, out var digest))
            return false;
        fields.TryRead(DerTag.ContextConstructed(0), out _, out var signedAttributes);
        if (!AlgorithmId.TryRead(ref fields, out var signatureAlgorithm) || !fields.TryRead(DerTag.OctetString, out var signature))
            return false;
        fields.TryRead(DerTag.ContextConstructed(1), out _);
        signerInfo = new SignerInfo(signer, digest, signedAttributes, signatureAlgorithm, signature);
        return fields.AtEnd;
    }
}
