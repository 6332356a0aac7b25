using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication;

/// <summary>Signs the CRLs of one CA. The private key stays behind this interface.</summary>
public interface ICrlWriter
{
    /// <summary>A CRL of version 2 as DER (RFC 5280 §5). Throws when the key fails: an accident, not a refusal.</summary>
    byte[] Write(RevocationList list);
}

/// <summary>What a CRL says. All times in whole seconds.</summary>
/// <param name="Number">cRLNumber (RFC 5280 §5.2.3): greater in every later list of the same CA.</param>
/// <param name="Entries">Oldest revocation first.</param>
public sealed record RevocationList(
    long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, IReadOnlyList<RevokedCertificate> Entries);

/// <param name="SerialNumber">As <see cref="IssuedCertificate.SerialNumber"/>.</param>
public sealed record RevokedCertificate(string SerialNumber, DateTimeOffset RevokedAt, RevocationReason Reason);
