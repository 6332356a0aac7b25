using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.Crypto.Keys;

/// <summary>
/// What a file holds that should hold PEM and does not: the kind of thing that it is, with the command that makes PEM of it.
/// Quotes nothing of the file.
/// </summary>
internal static class PemDiagnosis
{
    private const string SignedDataOid = "1.2.840.113549.1.7.2";

    /// <summary>Why no certificate was found.</summary>
    /// <param name="labels">Of the PEM blocks that are in it.</param>
    public static string NoCertificate(string path, ReadOnlyMemory<byte> octets, IReadOnlyList<string> labels) => labels switch
    {
        _ when labels.Any(IsKey) => "it holds a private key and no certificate. Are the paths of certificate and key swapped?",
        _ when labels.Contains("CERTIFICATE REQUEST") || labels.Contains("NEW CERTIFICATE REQUEST") =>
            "it holds a certificate request. Name the certificate that a CA made of it.",
        _ when labels.Contains("PKCS7") || labels.Contains("CMS") =>
            $"it holds PKCS#7. Take the certificates out: openssl pkcs7 -print_certs -in '{path}' -out '{path}.pem'",
        _ when labels.Contains("TRUSTED CERTIFICATE") =>
            $"it holds OpenSSL's TRUSTED CERTIFICATE. Convert it: openssl x509 -in '{path}' -out '{path}.pem'",
        _ => KindOf(octets) switch
        {
            FileKind.Utf16 => Utf16(path),
            FileKind.Pkcs12 => $"it is PKCS#12. Take the certificates out: openssl pkcs12 -in '{path}' -nokeys -out '{path}.pem'",
            FileKind.Certificate => $"it is DER. Convert it: openssl x509 -inform DER -in '{path}' -out '{path}.pem'",
            FileKind.Pkcs7 =>
                $"it is PKCS#7. Take the certificates out: openssl pkcs7 -inform DER -print_certs -in '{path}' -out '{path}.pem'",
            FileKind.Key => "it holds a private key in DER and no certificate. Are the paths of certificate and key swapped?",
            _ => "no CERTIFICATE block. The file must be PEM: text between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----.",
        },
    };

    /// <summary>Why no private key was found.</summary>
    public static string NoKey(string path, ReadOnlyMemory<byte> octets, IReadOnlyList<string> labels) => labels switch
    {
        _ when labels.Any(label => label.EndsWith("CERTIFICATE", StringComparison.Ordinal)) =>
            "no private key: it holds a certificate. Are the paths of certificate and key swapped?",
        _ when labels.Any(label => label.EndsWith("PUBLIC KEY", StringComparison.Ordinal)) =>
            "no private key: it holds the public key alone. Name the file with the private key.",
        _ => KindOf(octets) switch
        {
            FileKind.Utf16 => Utf16(path),
            FileKind.Pkcs12 => $"no private key in PEM: it is PKCS#12. Take the key out: openssl pkcs12 -in '{path}' -nocerts -noenc | "
                + $"openssl pkey -out '{path}.pem'",
            FileKind.Certificate => "no private key: it holds a certificate in DER. Are the paths of certificate and key swapped?",
            FileKind.Key => $"no private key in PEM: it is DER. Convert it: openssl pkey -inform DER -in '{path}' -out '{path}.pem'",
            _ => "no private key. The file must be PEM: PKCS#8, PKCS#1 or SEC1.",
        },
    };

    private static bool IsKey(string label) => label.EndsWith("PRIVATE KEY", StringComparison.Ordinal);

    private static string Utf16(string path) =>
        $"it is UTF-16, as Windows writes text, and PEM is ASCII. Convert it: iconv -f UTF-16 -t UTF-8 '{path}' > '{path}.pem'";

    private static FileKind KindOf(ReadOnlyMemory<byte> octets)
    {
        if (TextEncodings.IsUtf16(octets.Span))
            return FileKind.Utf16;
        try
        {
            var outer = new AsnReader(octets, AsnEncodingRules.BER).ReadSequence();
            var first = outer.PeekTag();
            if (first == Asn1Tag.ObjectIdentifier)
                return outer.ReadObjectIdentifier() == SignedDataOid ? FileKind.Pkcs7 : FileKind.Other;
            if (first == Asn1Tag.Integer)
                return KindOfVersioned(outer);
        }
        catch (AsnContentException)
        {
            return FileKind.Other;
        }

        return IsCertificate(octets.Span) ? FileKind.Certificate : IsEncryptedKey(octets) ? FileKind.Key : FileKind.Other;
    }

    // RFC 7292 §4: PFX is version 3 and a ContentInfo; keys (RFC 5208 §5, RFC 8017 §A.1.2, RFC 5915 §3) have version 0 or 1.
    private static FileKind KindOfVersioned(AsnReader outer) =>
        outer.TryReadInt32(out var version) && outer.HasData
            ? version switch { 3 => FileKind.Pkcs12, 0 or 1 => FileKind.Key, _ => FileKind.Other }
            : FileKind.Other;

    private static bool IsCertificate(ReadOnlySpan<byte> octets)
    {
        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(octets);
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    // RFC 5208 §6: AlgorithmIdentifier, OCTET STRING.
    private static bool IsEncryptedKey(ReadOnlyMemory<byte> octets)
    {
        try
        {
            var outer = new AsnReader(octets, AsnEncodingRules.BER).ReadSequence();
            outer.ReadSequence();
            return outer.PeekTag() == Asn1Tag.PrimitiveOctetString;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private enum FileKind
    {
        Other,
        Utf16,
        Certificate,
        Pkcs12,
        Pkcs7,
        Key,
    }
}
