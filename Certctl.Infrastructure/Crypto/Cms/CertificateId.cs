using Certctl.Domain.Certificates;
using Certctl.Domain.Enrolments;
using Certctl.Infrastructure.Crypto.Asn1;
using Certctl.Infrastructure.Crypto.X509;

namespace Certctl.Infrastructure.Crypto.Cms;

/// <summary>
/// SignerIdentifier and RecipientIdentifier (RFC 5652 §5.3, §6.2.1): issuer and serial number, or a subjectKeyIdentifier.
/// </summary>
/// <param name="Issuer">The Name as DER; empty for the second form.</param>
/// <param name="SerialNumber">The INTEGER's content octets.</param>
/// <param name="SubjectKeyIdentifier">Null for the first form.</param>
internal readonly record struct CertificateId(
    ReadOnlyMemory<byte> Issuer, ReadOnlyMemory<byte> SerialNumber, ReadOnlyMemory<byte>? SubjectKeyIdentifier)
{
    public static bool TryRead(ref DerReader reader, out CertificateId id)
    {
        id = default;
        if (reader.TryRead(DerTag.Context(0), out var keyIdentifier))
        {
            id = new CertificateId(default, default, keyIdentifier);
            return true;
        }

        if (!reader.TryEnter(DerTag.Sequence, out var fields)
            || !fields.TryRead(DerTag.Sequence, out _, out var issuer)
            || !fields.TryRead(DerTag.Integer, out var serialNumber)
            || !fields.AtEnd)
            return false;
        id = new CertificateId(issuer, serialNumber, null);
        return true;
    }

    /// <summary>An IssuerAndSerialNumber that is all there is (RFC 5652 §10.2.4); null for anything else.</summary>
    public static IssuerAndSerialNumber? ReadIssuerAndSerialNumber(ReadOnlyMemory<byte> der)
    {
        var reader = new DerReader(der);
        return TryRead(ref reader, out var id) && reader.AtEnd
            && id.SubjectKeyIdentifier is null && NameReader.TryRead(id.Issuer, out var issuer, out _)
            ? new IssuerAndSerialNumber(issuer!, id.SerialNumber)
            : null;
    }

    /// <summary>True when this names <paramref name="certificate"/>.</summary>
    public bool Matches(RequestSigner certificate)
    {
        if (SubjectKeyIdentifier is { } wanted)
            return CertificateReader.FindSubjectKeyIdentifier(certificate.CertificateDer) is { } found
                && wanted.Span.SequenceEqual(found.Span);
        return Significant(SerialNumber.Span).SequenceEqual(Significant(certificate.SerialNumber.Span))
            && IsSameName(Issuer, certificate.Issuer);
    }

    /// <summary>For logs.</summary>
    public override string ToString()
    {
        if (SubjectKeyIdentifier is { } keyIdentifier)
            return $"subjectKeyIdentifier {Convert.ToHexStringLower(keyIdentifier.Span)}";
        var issuer = NameReader.TryRead(Issuer, out var name, out _) ? name!.ToString() : "an unreadable issuer";
        return Describe(issuer, SerialNumber);
    }

    public static string Describe(string issuer, ReadOnlyMemory<byte> serialNumber) =>
        $"serial number {Convert.ToHexStringLower(serialNumber.Span)} of {issuer}";

    // Compat: embedded stacks re-encode the issuer with other string types (client-quirks, PKIOperation): type and text count, not the
    // octets.
    private static bool IsSameName(ReadOnlyMemory<byte> encoded, SubjectName name) =>
        encoded.Span.SequenceEqual(name.Der.Span)
        || (NameReader.TryRead(encoded, out var other, out _) && other!.Rdns.Count == name.Rdns.Count
            && other.Rdns.Zip(name.Rdns).All(pair => IsSameRdn(pair.First, pair.Second)));

    private static bool IsSameRdn(IReadOnlyList<NameAttribute> one, IReadOnlyList<NameAttribute> other) =>
        one.Count == other.Count && one.All(a => other.Any(b => a.Oid == b.Oid && a.Value == b.Value));

    // A zero in front of a positive number is not minimal DER, and some stacks put one there, or forget one.
    private static ReadOnlySpan<byte> Significant(ReadOnlySpan<byte> number) => number.TrimStart((byte)0);
}
