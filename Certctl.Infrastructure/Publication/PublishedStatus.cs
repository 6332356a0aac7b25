using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.Publication;

/// <summary>What a relying party would make of a CRL and of an OCSP answer that came from a URL of a certificate.</summary>
public static class PublishedStatus
{
    private const string Sha1 = "1.3.14.3.2.26";

    private static readonly string[] OcspStatuses =
        ["successful", "malformedRequest", "internalError", "tryLater", "4", "sigRequired", "unauthorized"];

    /// <summary>Why this is no CRL of the CA that counts now; null: it is one.</summary>
    /// <param name="crl">CertificateList (RFC 5280 §5.1) as DER.</param>
    public static string? FindDefectOfCrl(ReadOnlyMemory<byte> crl, X509Certificate2 ca, DateTimeOffset now)
    {
        try
        {
            var list = new AsnReader(crl, AsnEncodingRules.DER).ReadSequence();
            var signed = list.PeekEncodedValue();
            var fields = list.ReadSequence();
            var algorithm = list.ReadSequence().ReadObjectIdentifier();
            var signature = list.ReadBitString(out _);
            fields.ReadInteger();
            fields.ReadSequence();
            if (!fields.ReadEncodedValue().Span.SequenceEqual(ca.SubjectName.RawData))
                return "it is the CRL of another CA";
            ReadTime(fields);
            var nextUpdate = ReadTime(fields);
            if (!Verifies(ca, algorithm, signed.Span, signature))
                return "its signature is not the CA's";
            return nextUpdate <= now ? $"it ended at {nextUpdate:u}" : null;
        }
        catch (AsnContentException)
        {
            return "it is no CRL";
        }
    }

    /// <summary>An OCSPRequest (RFC 6960 §4.1.1) for one certificate of the CA.</summary>
    /// <param name="serialNumber">Unsigned, most significant octet first.</param>
    public static byte[] OcspRequest(X509Certificate2 ca, ReadOnlySpan<byte> serialNumber)
    {
        var key = new AsnReader(ca.PublicKey.ExportSubjectPublicKeyInfo(), AsnEncodingRules.DER).ReadSequence();
        key.ReadSequence();
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(Sha1);
                writer.WriteNull();
            }

            // RFC 6960 §4.1.1: hashes that name the issuer. SHA-1 is what every responder knows, and nothing depends on its strength.
            writer.WriteOctetString(SHA1.HashData(ca.SubjectName.RawData));
            writer.WriteOctetString(SHA1.HashData(key.ReadBitString(out _)));
            writer.WriteIntegerUnsigned(serialNumber);
        }

        return writer.Encode();
    }

    /// <summary>Why this is no OCSP answer about a certificate; null: it is one. Its signature is not looked at.</summary>
    public static string? FindDefectOfOcsp(ReadOnlyMemory<byte> response)
    {
        try
        {
            var fields = new AsnReader(response, AsnEncodingRules.DER).ReadSequence();
            var status = fields.ReadEnumeratedBytes().Span;
            if (status is [0])
                return fields.HasData ? null : "it has no content";
            return $"the responder says {(status is [var code] && code < OcspStatuses.Length ? OcspStatuses[code] : "nothing known")}";
        }
        catch (AsnContentException)
        {
            return "it is no OCSP answer";
        }
    }

    private static bool Verifies(X509Certificate2 ca, string algorithm, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        HashAlgorithmName? hash = algorithm switch
        {
            "1.2.840.113549.1.1.11" or "1.2.840.10045.4.3.2" => HashAlgorithmName.SHA256,
            "1.2.840.113549.1.1.12" or "1.2.840.10045.4.3.3" => HashAlgorithmName.SHA384,
            "1.2.840.113549.1.1.13" or "1.2.840.10045.4.3.4" => HashAlgorithmName.SHA512,
            _ => null,
        };
        using var rsa = ca.GetRSAPublicKey();
        using var ecdsa = ca.GetECDsaPublicKey();
        return hash is { } name && (rsa is not null
            ? rsa.VerifyData(signed, signature, name, RSASignaturePadding.Pkcs1)
            : ecdsa?.VerifyData(signed, signature, name, DSASignatureFormat.Rfc3279DerSequence) == true);
    }

    // RFC 5280 §5.1.2.4: UTCTime through 2049, GeneralizedTime later.
    private static DateTimeOffset ReadTime(AsnReader fields) =>
        fields.PeekTag().HasSameClassAndValue(new Asn1Tag(UniversalTagNumber.UtcTime))
            ? fields.ReadUtcTime()
            : fields.ReadGeneralizedTime();
}
