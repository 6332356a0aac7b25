using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Certctl.Infrastructure.ScepClient;

/// <summary>The few things that the client asks a certificate.</summary>
public static class CertificateTraits
{
    /// <summary>
    /// Makes the platform read now what it reads only when asked, and throws its <see cref="CryptographicException"/> where a stranger's
    /// certificate is accepted, not wherever it is used later.
    /// </summary>
    public static X509Certificate2 ReadWhole(this X509Certificate2 certificate)
    {
        _ = (
            certificate.NotBefore, certificate.NotAfter, certificate.Subject, certificate.Issuer, certificate.IsCa(),
            certificate.KeyUsage(), certificate.KeyName());
        return certificate;
    }

    public static bool IsCa(this X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault()?.CertificateAuthority ?? false;

    /// <summary>Null when there is no such extension, which forbids nothing (RFC 5280 §4.2.1.3).</summary>
    public static X509KeyUsageFlags? KeyUsage(this X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault()?.KeyUsages;

    public static bool MayUse(this X509Certificate2 certificate, X509KeyUsageFlags usage) =>
        certificate.KeyUsage() is not { } allowed || (allowed & usage) != 0;

    public static bool IsValidAt(this X509Certificate2 certificate, DateTimeOffset time) =>
        new DateTimeOffset(certificate.NotBefore.ToUniversalTime()) <= time
        && time < new DateTimeOffset(certificate.NotAfter.ToUniversalTime());

    public static bool IsSelfIssued(this X509Certificate2 certificate) =>
        certificate.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData);

    public static bool SameAs(this X509Certificate2 certificate, X509Certificate2 other) =>
        certificate.RawDataMemory.Span.SequenceEqual(other.RawDataMemory.Span);

    public static bool HasKeyOf(this X509Certificate2 certificate, byte[] subjectPublicKeyInfo) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(subjectPublicKeyInfo);

    public static bool HasRsaKey(this X509Certificate2 certificate) => certificate.PublicKey.Oid.Value == "1.2.840.113549.1.1.1";

    /// <summary>0 when the key is not RSA.</summary>
    public static int RsaBits(this X509Certificate2 certificate)
    {
        using var rsa = certificate.HasRsaKey() ? certificate.GetRSAPublicKey() : null;
        return rsa?.KeySize ?? 0;
    }

    /// <summary>"RSA-3072", "ECDSA-P256".</summary>
    public static string KeyName(this X509Certificate2 certificate)
    {
        if (certificate.HasRsaKey())
            return $"RSA-{certificate.RsaBits()}";
        if (certificate.PublicKey.Oid.Value != "1.2.840.10045.2.1")
            return certificate.PublicKey.Oid.FriendlyName ?? certificate.PublicKey.Oid.Value ?? "unknown";
        using var ec = certificate.GetECDsaPublicKey();
        return $"ECDSA-P{ec?.KeySize}";
    }

    public static string Sha256Fingerprint(this X509Certificate2 certificate) => certificate.GetCertHashString(HashAlgorithmName.SHA256);

    /// <summary>"digitalSignature, keyEncipherment"; "any" without the extension.</summary>
    public static string KeyUsageText(this X509Certificate2 certificate)
    {
        if (certificate.KeyUsage() is not { } usage)
            return "any";
        (X509KeyUsageFlags Flag, string Name)[] names =
        [
            (X509KeyUsageFlags.DigitalSignature, "digitalSignature"), (X509KeyUsageFlags.NonRepudiation, "nonRepudiation"),
            (X509KeyUsageFlags.KeyEncipherment, "keyEncipherment"), (X509KeyUsageFlags.DataEncipherment, "dataEncipherment"),
            (X509KeyUsageFlags.KeyAgreement, "keyAgreement"),
            (X509KeyUsageFlags.KeyCertSign, "keyCertSign"),
            (X509KeyUsageFlags.CrlSign, "cRLSign"),
            (X509KeyUsageFlags.EncipherOnly, "encipherOnly"), (X509KeyUsageFlags.DecipherOnly, "decipherOnly"),
        ];
        return string.Join(", ", names.Where(entry => usage.HasFlag(entry.Flag)).Select(entry => entry.Name));
    }
}
