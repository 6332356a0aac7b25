using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolment;

namespace Certctl.Infrastructure.Crypto.X509;

/// <summary>Reads the fields of a certificate without judging it: devices sign with v1, over-long serials and a century of validity.</summary>
internal static class CertificateReader
{
    /// <summary>False, with the defect in words, when the bytes are no Certificate (RFC 5280 §4.1).</summary>
    public static bool TryRead(ReadOnlyMemory<byte> der, out RequestSigner? certificate, out string? defect) => throw new NotImplementedException();

    /// <summary>Content octets of the subjectKeyIdentifier extension, or null: CMS signers may be named by it.</summary>
    public static ReadOnlyMemory<byte>? FindSubjectKeyIdentifier(ReadOnlyMemory<byte> der) => throw new NotImplementedException();

    /// <summary>Subject alternative names of a certificate, in order; empty when it has none. For renewals: same names as before.</summary>
    public static IReadOnlyList<SubjectAltName> ReadSubjectAltNames(ReadOnlyMemory<byte> der) => throw new NotImplementedException();
}

/// <summary>Reads a Name (RFC 5280 §4.1.2.4).</summary>
internal static class NameReader
{
    public static bool TryRead(ReadOnlyMemory<byte> nameDer, out SubjectName? name, out string? defect) => throw new NotImplementedException();
}

/// <summary>Reads a SubjectPublicKeyInfo.</summary>
internal static class PublicKeyReader
{
    public static bool TryRead(ReadOnlyMemory<byte> spkiDer, out PublicKeyInfo? key, out string? defect) => throw new NotImplementedException();
}

/// <summary>Reads a PKCS#10 and verifies its signature.</summary>
internal static class CsrReader
{
    /// <summary>
    /// Reads exactly one CertificationRequest (RFC 2986 §4): trailing octets are a defect. BER is tolerated by way of <see cref="Asn1.BerNormaliser"/>;
    /// the signature is verified over the CertificationRequestInfo as received.
    /// </summary>
    public static CsrReading Read(ReadOnlyMemory<byte> bytes) => throw new NotImplementedException();
}

/// <summary>What became of a PKCS#10.</summary>
internal abstract record CsrReading
{
    private CsrReading()
    {
    }

    public sealed record Valid(CertificateSigningRequest Csr) : CsrReading;

    /// <summary>Not a PKCS#10, or one whose signature is wrong. The defect is for the log: on the wire all of these are one answer.</summary>
    public sealed record Invalid(string Defect) : CsrReading;

    /// <summary>Readable, but signed with an algorithm that policy refuses (MD5 and older).</summary>
    public sealed record ForbiddenAlgorithm(string Defect) : CsrReading;
}
