using Certctl.Application.Publication;

namespace Certctl.Infrastructure.Persistence.Availability.Bounded;

/// <summary>Status of certificates, within the request's deadline.</summary>
internal sealed class BoundedRevocationStore(IRevocationStore inner, DatabaseAccess access) : IRevocationStore
{
    public Task<long> EpochAsync(string issuerId, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.EpochAsync(issuerId, cancellationToken));

    public Task<CertificateStanding?> FindAsync(string issuerId, string serialNumber, CancellationToken cancellationToken) =>
        access.RunAsync(() => inner.FindAsync(issuerId, serialNumber, cancellationToken));

    public IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, DateTimeOffset endsAfter, CancellationToken cancellationToken) =>
        access.StreamAsync(inner.ListRevokedAsync(issuerId, keyId, endsAfter, cancellationToken), cancellationToken);

    public IAsyncEnumerable<RevokedCertificate> ListRevokedAsync(
        string issuerId, string keyId, string partition, DateTimeOffset endsAfter, CancellationToken cancellationToken) =>
        access.StreamAsync(inner.ListRevokedAsync(issuerId, keyId, partition, endsAfter, cancellationToken), cancellationToken);

    public IAsyncEnumerable<RevokedCertificate> ListChangedAsync(
        string issuerId, string keyId, DateTimeOffset since, DateTimeOffset endsAfter, CancellationToken cancellationToken) =>
        access.StreamAsync(inner.ListChangedAsync(issuerId, keyId, since, endsAfter, cancellationToken), cancellationToken);

    public Task<DateTimeOffset?> FindLastEndAsync(string keyId, CancellationToken cancellationToken) =>
        access.ListAsync(() => inner.FindLastEndAsync(keyId, cancellationToken));
}
