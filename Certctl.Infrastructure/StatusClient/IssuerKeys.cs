using System.Security.Cryptography.X509Certificates;
using Certctl.Infrastructure.ScepClient;

namespace Certctl.Infrastructure.StatusClient;

/// <summary>What ties a certificate to the CA that issued it.</summary>
internal static class IssuerKeys
{
    /// <summary>subjectKeyIdentifier as lower-case hex; null: there is none.</summary>
    public static string? KeyId(this X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().FirstOrDefault()?.SubjectKeyIdentifier?.ToLowerInvariant();

    /// <summary>The octets of the BIT STRING subjectPublicKey, which OCSP hashes (RFC 6960 §4.1.1).</summary>
    public static ReadOnlyMemory<byte> KeyBits(this X509Certificate2 certificate)
    {
        var fields = new AsnFields(certificate.PublicKey.ExportSubjectPublicKeyInfo()).Sequence("subjectPublicKeyInfo");
        fields.Encoded("algorithm");
        return fields.Bits("subjectPublicKey");
    }

    /// <summary>Null when the certificate carries this CA's name as its issuer and a signature by its key; else a sentence.</summary>
    public static string? WhyNotIssuedBy(this X509Certificate2 certificate, X509Certificate2 ca)
    {
        var (subject, issuer) = (Text(certificate.Subject), Text(ca.Subject));
        if (!certificate.IssuerName.RawData.AsSpan().SequenceEqual(ca.SubjectName.RawData))
            return $"The issuer of {subject} is {Text(certificate.Issuer)} and not {issuer}.";
        var whole = new AsnFields(certificate.RawDataMemory).Sequence("certificate");
        var signed = whole.Encoded("tbsCertificate");
        var scheme = SignatureScheme.Read(ref whole, "signatureAlgorithm");
        return scheme.WhyNotSigned(ca, signed.Span, whole.Bits("signatureValue").Span) is { } problem ? $"{subject}: {problem}" : null;
    }

    private static string Text(string name) => ScepStageNames.Printable(name);
}
