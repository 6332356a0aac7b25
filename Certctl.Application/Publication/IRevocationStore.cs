using Certctl.Domain.Certificates;

namespace Certctl.Application.Publication;

/// <summary>What relying parties may be told of issued certificates, as it is committed now.</summary>
public interface IRevocationStore
{
    /// <summary>
    /// A number that grows with every revocation and release of this issuer, in the same transaction: while it is the same, so is every
    /// status. It goes by the time, so that it does not come back to an old value after a backup was restored. 0: nothing was ever revoked.
    /// </summary>
    Task<long> EpochAsync(string issuerId, CancellationToken cancellationToken);

    /// <summary>Null: this issuer never issued it.</summary>
    /// <param name="serialNumber">40 lower-case hex digits.</param>
    Task<CertificateStanding?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken);

    /// <summary>
    /// Every certificate of this CA that is revoked and ends after <paramref name="endsAfter"/>, in the order of revocation. One at a time:
    /// there may be very many.
    /// </summary>
    /// <param name="keyId">As <see cref="Issuers.IPublishesStatus.KeyId"/>.</param>
    IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, DateTimeOffset endsAfter, CancellationToken cancellationToken);

    /// <summary>The same of the certificates of one partition.</summary>
    /// <param name="partition">As <see cref="CrlScope.Partition"/>.</param>
    IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, string partition, DateTimeOffset endsAfter, CancellationToken cancellationToken);

    /// <summary>
    /// What became of the certificates of this CA since a moment, as a delta CRL says it: revoked, or on hold no more (then without a
    /// reason).
    /// </summary>
    IAsyncEnumerable<RevokedCertificate> ListChangedAsync(
        string issuerId, string keyId, DateTimeOffset since, DateTimeOffset endsAfter, CancellationToken cancellationToken);

    /// <summary>NotAfter of the certificate of this CA that ends last; null: it issued none.</summary>
    /// <param name="keyId">As <see cref="Issuers.IPublishesStatus.KeyId"/>.</param>
    Task<DateTimeOffset?> FindLastEndAsync(string keyId, CancellationToken cancellationToken);
}

/// <summary>Where one certificate stands.</summary>
/// <param name="KeyId">Which generation of the issuer signed it, as <see cref="Issuers.IPublishesStatus.KeyId"/>.</param>
/// <param name="RevokedAt">Null: it counts.</param>
public sealed record CertificateStanding(string KeyId, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt, RevocationReason? Reason)
{
    /// <summary>As <see cref="RevokedCertificate.InvalidSince"/>.</summary>
    public DateTimeOffset? InvalidSince { get; init; }
}
