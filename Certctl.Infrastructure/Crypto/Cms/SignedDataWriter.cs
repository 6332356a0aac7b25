using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>SignedData (RFC 5652 §5.1) as DER, field by field.</summary>
internal static class SignedDataWriter
{
    private static ReadOnlySpan<byte> Version1 => [DerTag.Integer, 1, 1];

    /// <summary>IssuerAndSerialNumber (RFC 5652 §10.2.4): name and number byte for byte as they stand in the certificate.</summary>
    public static byte[] IssuerAndSerialNumber(RequestSigner certificate)
    {
        using var writer = new DerWriter(256);
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(certificate.Issuer.Der.Span);
            writer.Write(DerTag.Integer, certificate.SerialNumber.Span);
        }

        return writer.ToArray();
    }

    /// <summary>AlgorithmIdentifier with parameters NULL.</summary>
    public static void WriteRsaEncryption(DerWriter writer)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.RsaEncryption);
            writer.Write(DerTag.Null, []);
        }
    }

    /// <summary>
    /// A degenerate SignedData in its ContentInfo: certificates in the order given, no content, no signer (RFC 8894 §3.4).
    /// </summary>
    public static void WriteCertificatesOnly(DerWriter writer, IReadOnlyList<ReadOnlyMemory<byte>> certificates) =>
        WriteDegenerate(writer, DerTag.ContextConstructed(0), certificates);

    /// <summary>The same with one CRL and no certificate.</summary>
    public static void WriteCrlOnly(DerWriter writer, ReadOnlyMemory<byte> crl) =>
        WriteDegenerate(writer, DerTag.ContextConstructed(1), [crl]);

    private static void WriteDegenerate(DerWriter writer, byte field, IReadOnlyList<ReadOnlyMemory<byte>> elements)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.SignedData);
            using (writer.Open(DerTag.ContextConstructed(0)))
            using (writer.Open(DerTag.Sequence))
            {
                writer.WriteEncoded(Version1);
                writer.Write(DerTag.Set, []);
                using (writer.Open(DerTag.Sequence))
                    writer.WriteEncoded(CmsOid.Data);
                using (writer.Open(field))
                {
                    foreach (var element in elements)
                        writer.WriteEncoded(element.Span);
                }

                writer.Write(DerTag.Set, []);
            }
        }
    }

    /// <summary>A SignedData in its ContentInfo: one signer, its certificate beside it.</summary>
    /// <param name="content">The octets of eContent; present even when there are none.</param>
    /// <param name="certificate">The signer's certificate as DER; others may follow it.</param>
    /// <param name="signedAttributes">The content of the SET, sorted as DER demands.</param>
    public static void WriteSigned(
        DerWriter writer,
        MessageDigest digest,
        ReadOnlySpan<byte> content,
        ReadOnlySpan<byte> certificate,
        ReadOnlySpan<byte> issuerAndSerialNumber,
        ReadOnlySpan<byte> signedAttributes,
        ReadOnlySpan<byte> signature)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(CmsOid.SignedData);
            using (writer.Open(DerTag.ContextConstructed(0)))
            using (writer.Open(DerTag.Sequence))
            {
                // RFC 5652 §5.1: version 1 while the content is data and signers are named by issuer and serial number.
                writer.WriteEncoded(Version1);
                using (writer.Open(DerTag.Set))
                    WriteDigest(writer, digest);
                using (writer.Open(DerTag.Sequence))
                {
                    writer.WriteEncoded(CmsOid.Data);
                    using (writer.Open(DerTag.ContextConstructed(0)))
                        writer.Write(DerTag.OctetString, content);
                }

                writer.Write(DerTag.ContextConstructed(0), certificate);
                using (writer.Open(DerTag.Set))
                    WriteSignerInfo(writer, digest, issuerAndSerialNumber, signedAttributes, signature);
            }
        }
    }

    private static void WriteSignerInfo(
        DerWriter writer,
        MessageDigest digest,
        ReadOnlySpan<byte> issuerAndSerialNumber,
        ReadOnlySpan<byte> signedAttributes,
        ReadOnlySpan<byte> signature)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(Version1);
            writer.WriteEncoded(issuerAndSerialNumber);
            WriteDigest(writer, digest);
            writer.Write(DerTag.ContextConstructed(0), signedAttributes);

            // RFC 3370 §3.2. Compat: strongSwan 5.9 reads nothing but rsaEncryption here.
            WriteRsaEncryption(writer);
            writer.Write(DerTag.OctetString, signature);
        }
    }

    // RFC 5754 §2: parameters absent. RFC 3370 §2.2: NULL with MD5.
    private static void WriteDigest(DerWriter writer, MessageDigest digest)
    {
        using (writer.Open(DerTag.Sequence))
        {
            writer.WriteEncoded(digest.EncodedOid);
            if (digest == MessageDigest.Md5)
                writer.Write(DerTag.Null, []);
        }
    }
}
