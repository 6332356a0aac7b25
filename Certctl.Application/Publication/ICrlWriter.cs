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
public sealed record CrlHeader(long Number, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate)
{
    /// <summary>
    /// The URL of a list that is for a part of the certificates only, byte by byte as in their cRLDistributionPoints (RFC 5280 §5.2.5,
    /// issuingDistributionPoint). Null: the list is for all certificates of the CA.
    /// </summary>
    public string? Partition { get; init; }

    /// <summary>A delta CRL to the complete list of this number (RFC 5280 §5.2.4); null: it is complete.</summary>
    public long? BaseNumber { get; init; }

    /// <summary>Where the delta CRL to this list is found (RFC 5280 §5.2.6); null: there is none.</summary>
    public string? FreshestUrl { get; init; }
}

/// <param name="SerialNumber">As <see cref="IssuedCertificate.SerialNumber"/>.</param>
/// <param name="Reason">Null: not revoked any more, and said so by removeFromCRL(8), which stands in delta CRLs alone.</param>
public sealed record RevokedCertificate(string SerialNumber, DateTimeOffset RevokedAt, RevocationReason? Reason)
{
    /// <summary>Since when the key is known or thought to be compromised (RFC 5280 §5.3.2); null: not known.</summary>
    public DateTimeOffset? InvalidSince { get; init; }
}
