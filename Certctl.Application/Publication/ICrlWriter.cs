using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication;

/// <summary>Signs the CRLs of one CA. The private key stays behind this interface.</summary>
public interface ICrlWriter
{
    /// <summary>
    /// A CRL of version 2 (RFC 5280 §5). Entries are encoded as they come: there may be very many. Throws when the key fails: an accident,
    /// not a refusal.
    /// </summary>
    Task<PublishedCrl> WriteAsync(CrlHeader header, IAsyncEnumerable<RevokedCertificate> entries, CancellationToken cancellationToken);
}

/// <summary>What a CRL says beside its entries. All times in whole seconds.</summary>
/// <param name="Number">cRLNumber (RFC 5280 §5.2.3): greater in every later list of the same CA.</param>
public sealed record CrlHeader(long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate);

/// <param name="SerialNumber">As <see cref="IssuedCertificate.SerialNumber"/>.</param>
public sealed record RevokedCertificate(string SerialNumber, DateTimeOffset RevokedAt, RevocationReason Reason);
